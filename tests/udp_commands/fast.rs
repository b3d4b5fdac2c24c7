//! `udp-send` so fast that datagrams are counted and not told one by one.

use crate::desk::run;
use crate::desk::running::{Input, Running};
use crate::harness::{port_of, socket};
use nix::sys::signal::Signal;

/// Sends back what comes, until the test ends.
fn echo() -> String {
    let peer = socket();
    let port = port_of(&peer);
    std::thread::spawn(move || {
        let mut bytes = [0; 2048];
        while let Ok((count, from)) = peer.recv_from(&mut bytes) {
            let _ = peer.send_to(bytes.get(..count).unwrap(), from);
        }
    });
    port
}

#[test]
fn a_closed_port_keeps_no_schedule_from_its_end() {
    for rate in ["900/s", "20000/s"] {
        let port = port_of(&socket());
        let ended = run(&["udp-send", &port, "x", "--count", "300", "--rate", rate]);
        assert!(ended.err.contains("* sent 300 datagrams, 300 B in "), "{rate}: {}", ended.err);
        assert_eq!(ended.code, Some(3), "{rate}");
    }
}

#[test]
fn a_flood_that_nobody_takes_says_that_it_stops() {
    let port = port_of(&socket());
    let ended = run(&["udp-send", &port, "x", "--flood"]);
    assert!(ended.err.contains("\n* the flood stops: nobody is there to take it\n"), "{}", ended.err);
}

#[test]
fn the_answers_of_the_peer_itself_are_not_told_apart_at_any_rate() {
    let port = echo();
    for rate in ["900/s", "2000/s"] {
        let words = ["udp-send", &port, "x", "--count", "5", "--rate", rate, "--replies", "5"];
        let ended = run(&words);
        assert_eq!((ended.out().as_str(), ended.code), ("xxxxx", Some(0)), "{}", ended.err);
        assert!(!ended.err.contains("answer from"), "{}", ended.err);
    }
}

#[test]
fn an_answer_that_finds_no_room_is_not_called_lost() {
    let peer = socket();
    let port = port_of(&peer);
    let words = ["udp-send", &port, "x", "--count", "200", "--rate", "1000000/s", "--wait", "3s"];
    let small = ["--option", "receive_buffer=2KiB"];
    let sender = Running::start(&mut crate::desk::program(&[&words[..], &small].concat()), Input::Null);
    let mut bytes = [0; 16];
    let mut sources = Vec::new();
    for _ in 0..200 {
        sources.push(peer.recv_from(&mut bytes).unwrap().1);
    }
    // It cannot read while it stands still, and so little fits.
    sender.signal(Signal::SIGSTOP);
    for from in sources {
        peer.send_to(b"x", from).unwrap();
    }
    sender.signal(Signal::SIGCONT);
    let ended = sender.end();
    assert!(ended.err.contains(", 0 lost, "), "{}", ended.err);
    assert!(ended.err.contains(" dropped here (receive buffer full)"), "{}", ended.err);
}
