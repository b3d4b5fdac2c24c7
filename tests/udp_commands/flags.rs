//! The table of flags: each is a step, which `--as-scenario` prints and `replay` does, or it is refused by name.

use crate::desk::ports::receives;
use crate::desk::run;
use crate::harness::{next, port_of, socket, start};
use sockdrill::cli::flags::{Flag, OF_EVERY_COMMAND, UDP_RECV, UDP_SEND, arguments};
use std::net::UdpSocket;

/// A command line as a shell would cut it.
fn words(command: &str, line: &str, port: &str) -> Vec<String> {
    let line = line.replace("{6}", &format!("[::1]:{port}")).replace("{}", &format!("127.0.0.1:{port}"));
    let (mut words, mut word, mut quoted) = (vec![command.to_owned()], None::<String>, false);
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn refs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// The scenario that a command is, in a file.
fn scenario(words: &[String], name: &str) -> String {
    let printed = run(&[&refs(words)[..], &["--as-scenario"]].concat());
    assert_eq!((printed.err.as_str(), printed.code), ("", Some(0)), "{words:?}");
    let path = format!("{}/{name}.yaml", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, printed.out).unwrap();
    let checked = run(&["check", &path]);
    assert_eq!(checked.code, Some(0), "{words:?}: {}", checked.err);
    path
}

#[test]
fn every_argument_is_in_the_table() {
    for (command, table) in [("udp-send", UDP_SEND), ("udp-recv", UDP_RECV)] {
        let known =
            |name: &str| OF_EVERY_COMMAND.contains(&name) || table.iter().any(|(one, _)| *one == name);
        let arguments = arguments(command);
        assert!(arguments.len() > 10);
        for (name, _) in &arguments {
            assert!(known(name), "{command}: `{name}` is not in the table");
        }
        for (name, _) in table {
            assert!(arguments.iter().any(|(one, _)| one == name), "{command} has no `{name}`");
        }
    }
}

#[test]
fn what_only_the_command_does_is_refused_by_name() {
    for (command, table) in [("udp-send", UDP_SEND), ("udp-recv", UDP_RECV)] {
        for (name, flag) in table {
            let Flag::CommandOnly(example) = flag else { continue };
            let words = words(command, example, "9");
            let ended = run(&[&refs(&words)[..], &["--as-scenario"]].concat());
            let flag = format!("--{}", name.replace('_', "-"));
            assert!(ended.err.contains(&flag), "{words:?}: {}", ended.err);
            assert_eq!((ended.out().as_str(), ended.code), ("", Some(2)), "{words:?}");
        }
    }
}

#[test]
fn the_scenario_of_a_command_sends_what_the_command_sends() {
    for (name, flag) in UDP_SEND {
        let Flag::Step(example) = flag else { continue };
        let at = if example.contains("{6}") { "[::1]:0" } else { "127.0.0.1:0" };
        let Ok(peer) = UdpSocket::bind(at) else {
            eprintln!("skipped: no {at}");
            continue;
        };
        peer.set_read_timeout(Some(crate::desk::LONG)).unwrap();
        let words = words("udp-send", example, &port_of(&peer));
        let path = scenario(&words, &format!("udp-send-{name}"));
        let mut heard = Vec::new();
        for arguments in [refs(&words), vec!["replay", &path]] {
            let running = start(&arguments);
            let count = if *name == "count" {
                3
            } else if *name == "words" {
                2
            } else {
                1
            };
            let mut got = Vec::new();
            for _ in 0..count {
                let (bytes, from) = next(&peer);
                // Who awaits an answer gets one.
                peer.send_to(b"answer", from).unwrap();
                got.push(bytes);
            }
            let ended = running.end();
            assert_eq!(ended.code, Some(0), "{arguments:?}: {}{}", ended.out(), ended.err);
            heard.push(got);
        }
        assert_eq!(heard[0], heard[1], "{words:?}");
    }
}

#[test]
fn the_scenario_of_a_receiver_receives_and_answers_what_the_receiver_does() {
    for (name, flag) in UDP_RECV {
        let Flag::Step(example) = flag else { continue };
        let client = socket();
        let port = port_of(&socket());
        let words = words("udp-recv", example, &port);
        if example.contains("--join") {
            scenario(&words, &format!("udp-recv-{name}"));
            continue;
        }
        let path = scenario(&words, &format!("udp-recv-{name}"));
        let answers = example.contains("--echo") || example.contains("--reply");
        let mut heard = Vec::new();
        for arguments in [refs(&words), vec!["replay", &path]] {
            let running = start(&arguments);
            receives(port.parse().unwrap());
            for _ in 0..3 {
                client.send_to(b"hello", ("127.0.0.1", port.parse::<u16>().unwrap())).unwrap();
                if answers {
                    heard.push(next(&client).0);
                }
            }
            if !example.contains("--count") {
                running.signal(nix::sys::signal::Signal::SIGTERM);
            }
            let ended = running.end();
            let code = if example.contains("--count") { 0 } else { 143 };
            assert_eq!(ended.code, Some(code), "{arguments:?}: {}{}", ended.out(), ended.err);
        }
        let (one, other) = heard.split_at(heard.len() / 2);
        assert_eq!(one, other, "{words:?}");
    }
}
