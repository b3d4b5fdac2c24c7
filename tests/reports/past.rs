//! `report`: the same reports from the stream of a past run, whole or broken off.

use crate::desk::{Desk, FAILING, GOOD, SKIPPED};
use crate::{junit, tap};
use std::net::TcpListener;

fn played() -> Desk {
    let desk = Desk::new(&[("a.yaml", GOOD), ("b.yaml", FAILING), ("c.yaml", SKIPPED)]);
    let flags = "--junit r.xml --tap r.tap --markdown r.md --json=r.jsonl --pcapng r.pcapng";
    assert_eq!(desk.run(&format!("replay . {flags}")).code, Some(1));
    desk
}

#[test]
fn reports_of_a_past_run_are_those_that_the_run_wrote() {
    let desk = played();
    let told = desk.run("report r.jsonl --junit p.xml --tap p.tap --markdown p.md --pcapng p.pcapng");
    assert_eq!((told.code, told.out.as_str(), told.err.as_str()), (Some(0), "", ""));
    for (then, now) in [("r.xml", "p.xml"), ("r.tap", "p.tap"), ("r.md", "p.md"), ("r.pcapng", "p.pcapng")] {
        let read = |name: &str| std::fs::read(desk.path(name)).unwrap();
        assert!(read(then) == read(now), "{now}");
    }
}

#[test]
fn without_a_report_the_results_are_shown_as_replay_shows_them() {
    let desk = played();
    let told = desk.run("report r.jsonl");
    assert_eq!(told.code, Some(0));
    assert!(told.out.contains("1 passed, 1 failed, 1 skipped in"), "{}", told.out);
    assert!(told.err.contains("error: expected text at client"), "{}", told.err);
    assert!(desk.run("report r.jsonl -v").out.contains("pong"));
    assert!(desk.run("report r.jsonl --annotations").err.contains("::error file="));
}

#[test]
fn a_stream_that_breaks_off_anywhere_makes_reports_that_say_so() {
    let desk = played();
    let whole = desk.read("r.jsonl");
    let first = whole.find('\n').unwrap() + 1;
    for cut in (first..whole.len() - 1).step_by(whole.len() / 12) {
        std::fs::write(desk.path("half.jsonl"), &whole[..cut]).unwrap();
        let told = desk.run("report half.jsonl --junit p.xml --tap p.tap");
        assert_eq!(told.code, Some(0), "{}", told.err);
        assert!(told.err.contains("half.jsonl breaks off before its run ended"), "{}", told.err);
        junit::check(&desk.read("p.xml"));
        let tap = tap::parse(&desk.read("p.tap"));
        assert!(!tap.is_ok(), "cut at {cut}");
        assert_eq!(tap.bail_out.as_deref(), Some("its stream breaks off"), "cut at {cut}");
        // Nobody knows what ended it.
        let told = desk.run("report half.jsonl");
        assert!(told.out.ends_with("; its stream breaks off\n"), "{}", told.out);
    }
}

#[test]
fn what_is_no_stream_is_refused_with_its_line() {
    let desk = played();
    let stream = desk.read("r.jsonl");
    for (text, problem) in [
        (String::new(), "run.jsonl is empty: there is no run in it"),
        ("name: a scenario\n".to_owned(), "run.jsonl:1: this is no event: "),
        (format!("{stream}{{}}\n"), "this is no event: "),
        (format!("{stream}{stream}"), "another run begins here"),
        (stream.replacen("\"version\":1", "\"version\":9", 1), "version 9; this sockdrill reads"),
    ] {
        std::fs::write(desk.path("run.jsonl"), text).unwrap();
        let told = desk.run("report run.jsonl --tap never.tap");
        assert_eq!(told.code, Some(2), "{problem}");
        assert!(told.err.contains(problem), "{problem}: {}", told.err);
        assert!(!desk.path("never.tap").exists());
    }
    assert_eq!(desk.run("report nowhere.jsonl").code, Some(2));
    assert_eq!(desk.run("report r.jsonl --tap missing/x.tap").code, Some(3));
}

#[test]
fn the_stream_of_a_command_is_no_run() {
    let desk = played();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let told = desk.run(&format!("send 127.0.0.1:{port} x --json"));
    assert!(told.out.contains("\"event\":\"failed\""), "{}", told.out);
    std::fs::write(desk.path("command.jsonl"), &told.out).unwrap();
    let told = desk.run("report command.jsonl --tap never.tap");
    assert!(told.err.contains("command.jsonl is the stream of a command, not of a run"), "{}", told.err);
    assert_eq!((told.code, told.out.as_str()), (Some(2), ""));
    assert!(!desk.path("never.tap").exists());
}
