//! How fast scenarios are played and checked, beside the same system calls made by hand.
//!
//! `cargo bench --bench scenarios` prints the table; `-- --smoke` runs each row once, to see that it
//! works. Rates jump on a busy machine: compare the ratios of one run, CPU time per unit first.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a table for people; what fails ends it"
)]

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use sockdrill::engine::{Play, Stop, Suite};
use sockdrill::event::{Detail, SinkSet};
use sockdrill::script::load::{Loaded, load_file, load_source};
use sockdrill::text::{Source, TimeScale};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const SMALL: &str = r#"name: small
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - send:    { from: client, text: "hello" }
  - expect:  { at: conn, text: "hello" }
  - close:   client
  - expect:  { at: conn, eof: true }
"#;

/// What one row measured.
struct Row {
    what: &'static str,
    units: f64,
    unit: &'static str,
    wall: Duration,
    cpu: Duration,
}

fn main() {
    let smoke = std::env::args().any(|argument| argument == "--smoke");
    let runs = if smoke { 200 } else { 20_000 };
    let mut rows = vec![
        measure("small scenario, system calls by hand", "run", || by_hand(runs)),
        measure("small scenario, played, one worker", "run", || played(SMALL, runs)),
        measure("1,000 files, found, checked and played", "file", || {
            thousand_files(if smoke { 20 } else { 1000 })
        }),
        measure("10 MB of scenario files, checked", "MB", || {
            checked(if smoke { 100_000 } else { 10_000_000 })
        }),
    ];
    for mebibytes in if smoke { vec![1] } else { vec![16, 64, 256] } {
        let scenario = large(mebibytes);
        rows.push(measure(
            match mebibytes {
                16 => "expect over 16 MiB",
                64 => "expect over 64 MiB",
                256 => "expect over 256 MiB",
                _ => "expect over 1 MiB",
            },
            "MiB",
            || {
                played(&scenario, 1);
                f64::from(mebibytes)
            },
        ));
    }
    rows.push(measure("sockdrill --version", "start", || started(if smoke { 2 } else { 500 }, "sockdrill")));
    rows.push(measure("/bin/true, for comparison", "start", || started(if smoke { 2 } else { 500 }, "true")));
    print(&rows);
}

fn measure(what: &'static str, unit: &'static str, work: impl FnOnce() -> f64) -> Row {
    let (began, cpu) = (Instant::now(), cpu_time());
    let units = work();
    Row { what, units, unit, wall: began.elapsed(), cpu: cpu_time().saturating_sub(cpu) }
}

/// User and system time of this process and of the children it has waited for.
fn cpu_time() -> Duration {
    let of = |who| {
        let usage = getrusage(who).expect("getrusage");
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds()
    };
    let micros = of(UsageWho::RUSAGE_SELF) + of(UsageWho::RUSAGE_CHILDREN);
    Duration::from_micros(u64::try_from(micros).expect("time does not run backwards"))
}

fn print(rows: &[Row]) {
    println!("{:<42} {:>14} {:>16} {:>10}", "", "per second", "CPU per unit", "wall");
    for row in rows {
        let rate = row.units / row.wall.as_secs_f64();
        let cpu = row.cpu.as_secs_f64() * 1e6 / row.units;
        let (what, unit, wall) = (row.what, row.unit, row.wall.as_secs_f64());
        println!("{what:<42} {rate:>10.0} {unit:<5} {cpu:>10.1} µs    {wall:>8.3} s");
    }
}

/// The system calls that the small scenario is made of, and nothing else.
fn by_hand(runs: u32) -> f64 {
    let mut buffer = [0; 16];
    for _ in 0..runs {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let mut client = TcpStream::connect(listener.local_addr().expect("address")).expect("connect");
        let (mut conn, _) = listener.accept().expect("accept");
        client.write_all(b"hello").expect("write");
        assert_eq!(conn.read(&mut buffer).expect("read"), 5);
        drop(client);
        assert_eq!(conn.read(&mut buffer).expect("read"), 0);
    }
    f64::from(runs)
}

fn played(scenario: &str, repeat: u32) -> f64 {
    let mut loaded = Loaded::default();
    load_source(&Source::new("bench.yaml", scenario), Path::new("."), &HashMap::new(), &mut loaded);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let play = Play {
        jobs: 1,
        repeat,
        fail_fast: false,
        detail: Detail::Outcomes,
        time_scale: TimeScale::AS_WRITTEN,
        isolation: None,
    };
    let summary = Suite::new(loaded.scenarios).play(play, &mut SinkSet::default(), &Stop::default());
    assert_eq!(summary.passed, 1);
    f64::from(repeat)
}

/// A payload that counts itself, sent in one lane and expected in the other.
fn large(mebibytes: i32) -> String {
    format!(
        r"name: large
within: 60s
steps:
  - listen:  {{ as: server, at: 127.0.0.1:0 }}
  - connect: {{ as: client, to: server }}
  - accept:  {{ as: conn, at: server }}
  - parallel:
      sender:   [{{ send: {{ from: client, sequence: {mebibytes}MiB }} }}]
      receiver: [{{ expect: {{ at: conn, sequence: {mebibytes}MiB }} }}]
"
    )
}

fn thousand_files(count: usize) -> f64 {
    let directory = tempfile::tempdir().expect("temporary directory");
    for number in 0..count {
        std::fs::write(directory.path().join(format!("{number:04}.yaml")), SMALL).expect("write");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_sockdrill"))
        .arg("replay")
        .arg(directory.path())
        .output()
        .expect("run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    count as f64
}

/// Files of 100 kB each, as much as asked for.
fn checked(bytes: usize) -> f64 {
    let directory = tempfile::tempdir().expect("temporary directory");
    let mut text = String::new();
    let mut number = 0;
    while text.len() < 100_000 {
        number += 1;
        let _ = write!(text, "---\n{}", SMALL.replacen("small", &format!("small {number}"), 1));
    }
    let path = directory.path().join("many.yaml");
    std::fs::write(&path, &text).expect("write");
    let files = bytes.div_ceil(text.len());
    for _ in 0..files {
        assert!(!load_file(&path, &HashMap::new()).has_errors());
    }
    (files * text.len()) as f64 / 1e6
}

fn started(times: usize, program: &str) -> f64 {
    let path = if program == "true" { "/bin/true" } else { env!("CARGO_BIN_EXE_sockdrill") };
    for _ in 0..times {
        assert!(Command::new(path).arg("--version").output().expect("run").status.success());
    }
    times as f64
}
