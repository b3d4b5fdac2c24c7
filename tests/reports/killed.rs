//! Whatever ends a run, and whenever: a report is the whole old one or the whole new one.

use crate::desk::{Desk, GOOD, HANGING, names_in};
use crate::{html, junit, markdown, pcapng, tap};
use nix::sys::signal::{Signal, kill};
use std::io::{BufRead as _, BufReader};

const REPORTS: [&str; 6] = ["r.xml", "r.tap", "r.md", "r.html", "r.jsonl", "r.pcapng"];

/// Sends a signal once the run has said this, and gives the exit code.
fn killed_at(desk: &Desk, said: &str, signal: Signal, more: &str) -> Option<i32> {
    for name in REPORTS {
        std::fs::write(desk.path(name), format!("old {name}")).unwrap();
    }
    let flags = "--junit r.xml --tap r.tap --markdown r.md --html r.html --json=r.jsonl --pcapng r.pcapng";
    let mut child = desk.command(&format!("replay . -j 1 --json {flags} {more}")).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.contains(said)).unwrap();
    kill(nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
    lines.for_each(drop);
    child.wait().unwrap().code()
}

fn knows_nameless_files(desk: &Desk) -> bool {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = nix::fcntl::OFlag::O_TMPFILE.bits();
    std::fs::OpenOptions::new().write(true).custom_flags(flags).open(desk.path("")).is_ok()
}

fn desk() -> Desk {
    Desk::new(&[("a.yaml", GOOD), ("b.yaml", HANGING), ("c.yaml", GOOD)])
}

#[test]
fn a_run_that_is_told_to_end_leaves_whole_new_reports() {
    let one = [(Signal::SIGINT, 130, ""), (Signal::SIGTERM, 143, "")];
    // The second scenario is not finished in the first round.
    let many =
        ["--repeat 2", "--until-fail", "--for 600s", "--shard 1/1"].map(|more| (Signal::SIGINT, 130, more));
    for (signal, code, more) in one.into_iter().chain(many) {
        let desk = desk();
        assert_eq!(killed_at(&desk, r#""verb":"expect","file":"./b.yaml""#, signal, more), Some(code));
        let cases = junit::check(&desk.read("r.xml"));
        assert_eq!((cases.tests, cases.failures, cases.skipped), (3, 0, 2), "{signal}");
        let tap = tap::parse(&desk.read("r.tap"));
        assert_eq!((tap.points.len(), tap.skipped(), tap.is_ok()), (3, 2, false), "{signal}");
        assert_eq!(tap.bail_out.as_deref(), Some("ended by a signal"));
        let page = desk.read("r.md");
        markdown::check(&page);
        assert!(
            page.starts_with("### ❌ sockdrill: 1 passed, 2 not finished; ended by a signal after"),
            "{page}"
        );
        let page = desk.read("r.html");
        assert_eq!(html::check(&page).headline, "1 passed, 2 not finished");
        assert!(page.contains("ended by a signal after") && page.contains("expect client"), "{page}");
        let plays = pcapng::plays(&std::fs::read(desk.path("r.pcapng")).unwrap());
        let said: Vec<&str> = plays.iter().map(|(_, how)| how.as_str()).collect();
        // Of a repeated one the play that was ended is there, and one more that says the same.
        let (passed, left) = if more == "--repeat 2" { (2, 3) } else { (1, 2) };
        assert_eq!(said, [vec!["passed"; passed], vec!["not finished"; left]].concat(), "{signal} {more}");
        let stream = desk.read("r.jsonl");
        assert!(stream.lines().last().unwrap().contains(r#""interrupted":true"#), "{stream}");
        assert_eq!(names_in(&desk.path("")).len(), 3 + REPORTS.len(), "{signal}");
    }
}

#[test]
fn a_run_that_is_killed_leaves_the_whole_old_reports() {
    for said in ["run-started", "scenario-started", r#""verb":"expect","file":"./b.yaml""#] {
        let desk = desk();
        assert_eq!(killed_at(&desk, said, Signal::SIGKILL, ""), None);
        for name in REPORTS {
            assert_eq!(desk.read(name), format!("old {name}"), "killed at {said}");
        }
        // The stream was being written: it had no name yet, where a file system knows files without one.
        let names = names_in(&desk.path(""));
        let hidden = names.iter().filter(|name| name.starts_with(".sockdrill-")).count();
        assert_eq!(names.len() - hidden, 3 + REPORTS.len());
        assert!(hidden == 0 || !knows_nameless_files(&desk), "{names:?}");
    }
}

/// Each report is the old one, or a new one that its own reader takes.
fn check_whole(desk: &Desk, when: &str) {
    for name in REPORTS {
        let report = std::fs::read(desk.path(name)).unwrap();
        if report == format!("old {name}").into_bytes() {
            continue;
        }
        let text = || String::from_utf8(report.clone()).unwrap();
        match name {
            "r.xml" => drop(junit::check(&text())),
            "r.tap" => drop(tap::parse(&text())),
            "r.md" => drop(markdown::check(&text())),
            "r.html" => drop(html::check(&text())),
            "r.pcapng" => drop(pcapng::check(&report)),
            _ => assert!(text().lines().last().unwrap().contains("run-ended"), "{when}: {name}"),
        }
    }
}

/// The last moments are those in which reports are written: nothing says when, so the signal comes at once.
#[test]
fn whenever_a_run_is_ended_each_report_is_whole() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL] {
        for line in [1, 5, 20, 37, 38, 39] {
            let desk = Desk::new(&[("a.yaml", GOOD), ("b.yaml", GOOD)]);
            for name in REPORTS {
                std::fs::write(desk.path(name), format!("old {name}")).unwrap();
            }
            let flags =
                "--junit r.xml --tap r.tap --markdown r.md --html r.html --json=r.jsonl --pcapng r.pcapng";
            let mut child = desk.command(&format!("replay . -j 1 --json {flags}")).spawn().unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
            let said = lines.by_ref().take(line).last().unwrap();
            let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
            // It may have ended by itself.
            let _ = kill(pid, signal);
            lines.for_each(drop);
            child.wait().unwrap();
            check_whole(&desk, &format!("{signal} after {said}"));
            let names = names_in(&desk.path(""));
            let hidden = names.iter().filter(|name| name.starts_with(".sockdrill-")).count();
            // A file that replaces another has a name of its own for the moment between two system calls, and
            // reports are written at the same time.
            let most = if signal == Signal::SIGKILL { REPORTS.len() } else { 0 };
            assert!(hidden <= most || !knows_nameless_files(&desk), "{signal} after {said}: {names:?}");
        }
    }
}

/// A report goes to a pipe that nobody opens: the run has ended and the program has not.
#[test]
fn whoever_waits_for_a_reader_of_a_report_can_be_interrupted_after_it_was_terminated() {
    let desk = Desk::new(&[("a.yaml", GOOD)]);
    nix::unistd::mkfifo(&desk.path("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut child = desk.command("replay . --tap pipe").spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.starts_with("1 passed")).unwrap();
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    kill(pid, Signal::SIGTERM).unwrap();
    let began = std::time::Instant::now();
    let ended = loop {
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        assert!(began.elapsed() < std::time::Duration::from_mins(1), "it cannot be ended");
        kill(pid, Signal::SIGINT).unwrap();
        std::thread::yield_now();
    };
    assert_eq!(ended.code(), Some(130));
}
