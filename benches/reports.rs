//! What reports cost: a run of 2,000 scenarios with all of them beside the same run without.
//!
//! `cargo bench --bench reports` prints a line for each report and one for all; `-- --smoke` runs each once
//! with few scenarios, to see that it works. The runs take turns and the median of each is taken: on a busy
//! machine CPU time is what can be compared. All reports are to cost at most half of the run again.

#![allow(clippy::expect_used, reason = "a table for people; what fails ends it")]

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SCENARIO: &str = r#"tags: [tcp]
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - send:    { from: client, text: "GET / HTTP/1.0\r\n\r\n" }
  - expect:  { at: conn, until: "\r\n\r\n" }
  - send:    { from: conn, text: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello" }
  - expect:  { at: client, contains: "hello" }
  - close:   client
  - expect:  { at: conn, eof: true }
"#;

/// Every flag that writes a report, as one set and one by one.
const REPORTS: &[(&str, &str)] = &[
    ("none", ""),
    ("none, again", ""),
    ("--junit", "--junit r.xml"),
    ("--tap", "--tap r.tap"),
    ("--markdown", "--markdown r.md"),
    ("--html", "--html r.html"),
    ("--json=FILE", "--json=r.jsonl"),
    ("--pcapng", "--pcapng r.pcapng"),
    ("all", "--junit r.xml --tap r.tap --markdown r.md --html r.html --json=r.jsonl --pcapng r.pcapng"),
];

fn main() {
    let smoke = std::env::args().any(|argument| argument == "--smoke");
    let (scenarios, rounds) = if smoke { (20, 1) } else { (2_000, 7) };
    let directory = tempfile::tempdir().expect("a directory");
    let files = directory.path().join("scenarios");
    std::fs::create_dir(&files).expect("a directory in it");
    for number in 0..scenarios {
        let text = format!("name: an answer, number {number}\n{SCENARIO}");
        std::fs::write(files.join(format!("{number:04}.yaml")), text).expect("a file in it");
    }
    let mut times = vec![Vec::new(); REPORTS.len()];
    for _ in 0..rounds {
        for ((_, flags), times) in REPORTS.iter().zip(&mut times) {
            times.push(played(directory.path(), flags));
        }
    }
    let median = |times: &[(Duration, Duration)], of: fn(&(Duration, Duration)) -> Duration| {
        let mut times: Vec<Duration> = times.iter().map(of).collect();
        times.sort();
        times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64()
    };
    let base = times.first().map(|times| (median(times, |time| time.0), median(times, |time| time.1)));
    let (cpu, wall) = base.unwrap_or_default();
    let mut table = format!("{:<14}{:>9}{:>9}{:>9}{:>9}\n", "reports", "CPU s", "ratio", "wall s", "ratio");
    for ((what, _), times) in REPORTS.iter().zip(&times) {
        let own = (median(times, |time| time.0), median(times, |time| time.1));
        let row =
            format!("{what:<14}{:>9.3}{:>9.2}{:>9.3}{:>9.2}\n", own.0, own.0 / cpu, own.1, own.1 / wall);
        table.push_str(&row);
    }
    std::io::Write::write_all(&mut std::io::stdout(), table.as_bytes()).expect("a place to print");
}

/// CPU and wall time of a run with these flags.
fn played(directory: &Path, flags: &str) -> (Duration, Duration) {
    let (began, before) = (Instant::now(), cpu_time());
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockdrill"));
    command.args(["replay", "scenarios", "--quiet"]).args(flags.split_whitespace());
    command.current_dir(directory).stdout(Stdio::null()).stdin(Stdio::null());
    assert!(command.status().expect("sockdrill").success());
    (cpu_time().saturating_sub(before), began.elapsed())
}

/// User and system time of the children that were waited for.
fn cpu_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("usage");
    let spent = (usage.user_time() + usage.system_time()).num_microseconds();
    Duration::from_micros(u64::try_from(spent).unwrap_or(0))
}
