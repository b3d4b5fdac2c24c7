//! How fast scenarios are played and checked, beside the same system calls made by hand.
//!
//! `cargo bench --bench scenarios` prints the table; `-- --smoke` runs each row small, to see that it works.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "what fails ends it, and it prints a table")]

mod compare;

use compare::programs::{self, command, ours, ran};
use compare::{Contest, Measured, Must, Size, at_most, median, verdict};
use sockdrill::engine::{Play, Stop, Suite};
use sockdrill::event::{Detail, SinkSet};
use sockdrill::script::load::{Loaded, load_source};
use sockdrill::text::{Source, TimeScale};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Instant;

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

fn main() {
    let size = Size::asked();
    small(size);
    thousand_files(size);
    checked(size);
    large(size);
    compare::finish();
    programs::tidy();
}

fn small(size: Size) {
    let runs: u32 = size.of(10_000, 50);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("small.yaml");
    std::fs::write(&file, SMALL).unwrap();
    let (file, repeat, ours) = (file.to_str().unwrap(), runs.to_string(), ours());
    Contest::new("the small scenario, one worker", "runs")
        .entry("sockdrill replay -j 1 --repeat", || {
            ran(&mut command(&[&ours, "replay", file, "-j", "1", "--repeat", &repeat], 0), f64::from(runs))
        })
        .entry("limit", || myself(runs, || by_hand(runs)))
        .entry("the library, nobody told", || myself(runs, || played(runs)))
        .must(Must::Reach(5000.0))
        .run(size.of(5, 1));
}

/// What something done in this process took.
fn myself(units: u32, work: impl FnOnce()) -> Measured {
    let (before, began) = (programs::of_myself(), Instant::now());
    work();
    let cpu = programs::of_myself().saturating_sub(before);
    Measured { units: f64::from(units), wall: began.elapsed(), cpu }
}

/// The system calls that the small scenario is made of, and nothing else.
fn by_hand(runs: u32) {
    let mut buffer = [0; 16];
    for _ in 0..runs {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut conn, _) = listener.accept().unwrap();
        client.write_all(b"hello").unwrap();
        assert_eq!(conn.read(&mut buffer).unwrap(), 5);
        drop(client);
        assert_eq!(conn.read(&mut buffer).unwrap(), 0);
    }
}

fn played(repeat: u32) {
    let mut loaded = Loaded::default();
    load_source(&Source::new("bench.yaml", SMALL), Path::new("."), &HashMap::new(), &mut loaded);
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
}

fn thousand_files(size: Size) {
    let count: u32 = size.of(1000, 20);
    let directory = tempfile::tempdir().unwrap();
    for number in 0..count {
        std::fs::write(directory.path().join(format!("{number:04}.yaml")), SMALL).unwrap();
    }
    let (path, ours) = (directory.path().to_str().unwrap(), ours());
    Contest::new("1,000 files, found, checked and played", "files")
        .entry("sockdrill replay DIRECTORY", || {
            ran(&mut command(&[&ours, "replay", path], 0), f64::from(count))
        })
        .must(Must::Reach(1000.0))
        .run(size.of(5, 1));
}

/// Files of 100 kB each, many scenarios in each.
fn checked(size: Size) {
    let directory = tempfile::tempdir().unwrap();
    let mut megabytes = 0.0;
    for file in 0..size.of(100, 1) {
        let mut text = String::new();
        for number in 1..=400 {
            let _ = write!(text, "---\n{}", SMALL.replacen("small", &format!("small {file} {number}"), 1));
        }
        #[allow(clippy::cast_precision_loss, reason = "a file of 100 kB")]
        let length = text.len() as f64;
        megabytes += length / 1e6;
        std::fs::write(directory.path().join(format!("{file:03}.yaml")), &text).unwrap();
    }
    let (path, ours) = (directory.path().to_str().unwrap(), ours());
    Contest::new("10 MB of scenario files, checked", "MB")
        .entry("sockdrill check DIRECTORY", || ran(&mut command(&[&ours, "check", path], 0), megabytes))
        .must(Must::Reach(10.0))
        .run(size.of(3, 1));
}

/// A payload that counts itself, sent in one lane and expected in the other: time and memory by size.
fn large(size: Size) {
    let ours = ours();
    let directory = tempfile::tempdir().unwrap();
    println!("{:<44} {:>10} {:>10} {:>14}", "expect over a stream", "MiB/s", "CPU µs/MiB", "peak MiB");
    let mut each = Vec::new();
    for mebibytes in size.of([16, 64, 256], [1, 2, 4]) {
        let path = directory.path().join(format!("{mebibytes}.yaml"));
        std::fs::write(&path, stream_of(mebibytes)).unwrap();
        let path = path.to_str().unwrap();
        let runs = (0..size.of(5, 1))
            .filter_map(|_| ran(&mut command(&[&ours, "replay", path], 0), f64::from(mebibytes)));
        let runs: Vec<Measured> = runs.collect();
        let of = |what: fn(&Measured) -> f64| median(runs.iter().map(what).collect()).unwrap_or(f64::NAN);
        let (rate, cpu) = (of(Measured::rate), of(Measured::cpu));
        let peak = programs::peak(&[&ours, "replay", path]).unwrap_or(f64::NAN) / 1024.0;
        println!("  {:<42} {rate:>10.0} {cpu:>10.0} {peak:>14.1}", format!("{mebibytes} MiB"));
        each.push((cpu, peak));
    }
    let [(_, small_peak), (one, peak), (four, large_peak)] = each[..] else { return };
    at_most("CPU a MiB of 256 MiB to that of 64 MiB", four / one, 1.2, "");
    let grown = large_peak - small_peak;
    at_most("memory, 256 MiB to 16 MiB, grown by", grown, 4.0, "MiB");
    verdict("expect over a stream", "memory over 64 MiB, under 32 MiB", &format!("{peak:.1}"), peak < 32.0);
}

fn stream_of(mebibytes: i32) -> String {
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
