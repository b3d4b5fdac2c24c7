//! What is expected of the answer, once or after each round.

use crate::desk::{Peer, Told, echo, plain, reset, run};
use crate::{CONNECTED, same};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

#[test]
fn a_reset_that_was_expected_is_one_whether_it_comes_before_the_half_close_or_after_it() {
    for _ in 0..10 {
        let peer = Peer::new(|mut stream| {
            stream.read_exact(&mut [0; 2]).unwrap();
            reset(stream);
        });
        let told = run(&["send", &peer.at(), "hi", "--expect", "reset"]);
        let err = format!("{CONNECTED}* reset by peer (RST) after T s: sent 2 B, received 0 B\n");
        same(&told, peer.port, "", &err, 0);
        peer.end();
    }
}

#[test]
fn a_reset_that_was_expected_may_come_while_sending() {
    let paced: &[&str] = &["0123456789", "--chunk", "1", "--every", "50ms"];
    let sent: [&[&str]; 3] = [&["--pattern", "20MiB"], paced, &["hello"]];
    for (sent, reads) in sent.into_iter().zip([true, true, false]) {
        let peer = Peer::new(move |mut stream| {
            if reads {
                stream.read_exact(&mut [0]).unwrap();
            }
            reset(stream);
        });
        let told = run(&[&["send", &peer.at(), "--expect", "reset"], sent].concat());
        assert_eq!(told.code, Some(0), "{}", told.err);
        assert!(told.err.contains("* reset by peer (RST) after "), "{}", told.err);
        assert!(!told.err.contains("error"), "{}", told.err);
        peer.end();
    }
}

#[test]
fn no_scenario_says_that_a_reset_may_come_at_any_time() {
    let told = run(&["send", "localhost:9", "hello", "--expect", "reset", "--as-scenario"]);
    assert_eq!((told.out().as_str(), told.code), ("", Some(2)), "{}", told.err);
    assert!(told.err.contains("the reset may come while sending"), "{}", told.err);
}

#[test]
fn a_large_send_and_its_scenario_read_the_answer_while_they_send() {
    for words in [&["--pattern", "24MiB"][..], &["--pattern", "24MiB", "--expect-size", "25165824"]] {
        let peer = Peer::new(echo);
        let told = run(&[&["send", &peer.at(), "--quiet"], words].concat());
        assert_eq!((told.code, peer.end()), (Some(0), 24 << 20), "{}", told.err);
        let peer = Peer::new(echo);
        let printed = run(&[&["send", &peer.at(), "--as-scenario"], words].concat());
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("printed.yaml");
        std::fs::write(&path, &printed.out).unwrap();
        let played = run(&["replay", path.to_str().unwrap()]);
        assert_eq!((played.code, peer.end()), (Some(0), 24 << 20), "{}{}", played.out(), played.err);
    }
}

#[test]
fn what_comes_after_what_was_expected_does_not_keep_the_sending_from_its_end() {
    let peer = Peer::new(echo);
    let told = run(&["send", &peer.at(), "--pattern", "30MiB", "--expect-size", "1000", "--quiet"]);
    assert_eq!((told.out.len(), told.err.as_str(), told.code), (1000, "", Some(0)));
    // It may still be answering when we close.
    drop(peer);
}

#[test]
fn expectations_have_exit_codes_of_their_own() {
    let asked = |words: &[&str]| {
        let peer = Peer::new(|mut stream| {
            stream.write_all(b"PONG\r\nmore").unwrap();
            // What is not expected is not received, so that it may end with a reset.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let told = run(&[&["send", &peer.at(), "PING"], words].concat());
        peer.end();
        told
    };
    let told = asked(&["--expect", r"PONG\r\n"]);
    assert_eq!((told.out(), told.code), ("PONG\r\n".to_owned(), Some(0)), "{}", told.err);
    let told = asked(&["--expect", r"re:P\w+\r\n", "--expect", "more"]);
    assert_eq!((told.out(), told.code), ("PONG\r\nmore".to_owned(), Some(0)), "{}", told.err);
    assert_eq!(asked(&["--expect-size", "4"]).out(), "PONG");
    assert_eq!(asked(&["--until", r"\n"]).out(), "PONG\r\n");
    let told = asked(&["--expect", "PENG"]);
    assert!(told.err.contains("offset 1: wanted `E`, seen `O`"), "{}", told.err);
    assert!(told.err.contains(" --> command line:1:"), "{}", told.err);
    assert_eq!(told.code, Some(1));
    let told = asked(&["--expect", "contains:never", "--no-shutdown", "--wait", "100ms"]);
    assert_eq!(told.code, Some(4), "{}", told.err);
    let told = asked(&["--expect", "contains:never"]);
    assert_eq!(told.code, Some(5), "{}", told.err);
}

#[test]
fn each_round_of_repeat_is_sent_and_expected() {
    let peer = Peer::new(echo);
    let told = run(&["send", &peer.at(), r"n${i}\n", "--repeat", "3", "--expect", r"re:n\d\n"]);
    assert_eq!((told.out(), told.code, peer.end()), ("n1\nn2\nn3\n".to_owned(), Some(0), 9), "{}", told.err);
}

#[test]
fn the_interval_is_between_rounds_and_not_after_the_last() {
    let told = run(&["send", "localhost:9", "x", "--repeat", "1", "--interval", "1h", "--as-scenario"]);
    assert!(
        told.out().contains("times: 1, pause: 1h") || told.out().contains("pause: 1h\n"),
        "{}",
        told.out()
    );
    let peer = Peer::new(echo);
    let told = run(&["send", &peer.at(), "x", "--repeat", "1", "--interval", "1h"]);
    assert_eq!((told.out(), told.code, peer.end()), ("x".to_owned(), Some(0), 1), "{}", told.err);
}

/// What is told of five rounds with a peer that answers the first one and then ends so.
fn ended_between_rounds(end: fn(TcpStream)) -> Told {
    let peer = Peer::new(move |mut stream| {
        stream.read_exact(&mut [0; 2]).unwrap();
        stream.write_all(b"a\n").unwrap();
        end(stream);
    });
    let told = run(&["send", &peer.at(), r"a\n", "--repeat", "5", "--interval", "100ms", "--expect", r"a\n"]);
    let err = plain(&told.err, peer.port);
    peer.end();
    Told { err, ..told }
}

#[test]
fn a_reset_between_two_rounds_is_told_by_the_close() {
    let told = ended_between_rounds(reset);
    assert!(told.err.contains("\n* reset by peer (RST) after T s"), "{}", told.err);
    assert!(!told.err.contains("closed by us"), "{}", told.err);
    assert_eq!((told.out(), told.code), ("a\n".to_owned(), Some(5)), "{}", told.err);
}

#[test]
fn a_peer_that_closes_between_two_rounds_is_told_by_the_close() {
    let told = ended_between_rounds(drop);
    assert!(told.err.contains("\n* closed by peer (FIN) after T s"), "{}", told.err);
    assert!(told.err.contains("error: ") && !told.err.contains("closed by us"), "{}", told.err);
    assert_eq!((told.out(), told.code), ("a\n".to_owned(), Some(5)), "{}", told.err);
}

#[test]
fn what_came_and_was_not_expected_is_stdout_all_the_same() {
    let peer = Peer::new(echo);
    let told = run(&["send", &peer.at(), "hi", "--expect", "bye"]);
    assert!(told.err.contains("offset 0: wanted `b`, seen `h`"), "{}", told.err);
    assert!(told.err.ends_with(": sent 2 B, received 2 B\n"), "{}", told.err);
    assert_eq!((told.out(), told.code, peer.end()), ("hi".to_owned(), Some(1), 2));
}

#[test]
fn a_size_that_does_not_come_is_shown_under_the_size() {
    for words in [&["--expect-size", "9"][..], &["--expect-size=9"]] {
        let peer = Peer::new(echo);
        let told = run(&[&["send", &peer.at(), "hello"], words].concat());
        assert!(
            told.err.contains("\n  |  ") && told.err.contains(" ^ wanted 9 bytes, 5 came"),
            "{}",
            told.err
        );
        assert_eq!(told.code, Some(5));
        peer.end();
    }
}
