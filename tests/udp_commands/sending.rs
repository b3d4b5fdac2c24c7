//! `udp-send`.

use crate::desk::running::{Input, Running};
use crate::desk::{Told, run, shell};
use crate::harness::{next, port_of, settled, socket, start, start_with};
use nix::sys::signal::Signal;

/// stdout, stderr and exit code.
fn all(ended: &Told, port: &str) -> (String, String, Option<i32>) {
    (ended.out(), settled(&ended.err, &[(port, "PORT")]), ended.code)
}

fn told(out: &str, err: &str, code: i32) -> (String, String, Option<i32>) {
    (out.to_owned(), err.to_owned(), Some(code))
}

#[test]
fn one_datagram_is_sent_and_nothing_needs_to_be_said() {
    let peer = socket();
    let port = port_of(&peer);
    assert_eq!(all(&run(&["udp-send", &port, r"ping\r\n\xff"]), &port), told("", "", 0));
    assert_eq!(next(&peer).0, b"ping\r\n\xff");
    assert_eq!(all(&run(&["udp-send", "127.0.0.1", &port, "--empty"]), &port), told("", "", 0));
    assert_eq!(next(&peer).0, b"");
    assert_eq!(
        all(&run(&["udp-send", &format!("udp://localhost:{port}"), "-4", "hex:00 ff"]), &port),
        told("", "", 0)
    );
    assert_eq!(next(&peer).0, [0, 0xff]);
}

#[test]
fn a_closed_port_is_told_in_words() {
    let port = port_of(&socket());
    let wanted = "* ICMP port unreachable from 127.0.0.1:PORT (nothing is bound there)\n";
    assert_eq!(all(&run(&["udp-send", &port, "x"]), &port), told("", wanted, 3));
    let quiet = "error: ICMP port unreachable from 127.0.0.1:PORT (nothing is bound there)\n";
    assert_eq!(all(&run(&["udp-send", &port, "x", "--quiet"]), &port), told("", quiet, 3));
    // Whoever was refused does not answer: nothing is waited for.
    for waiting in
        [&["--replies", "1"][..], &["--wait", "1h"], &["--replies", "2", "--count", "3", "--wait", "1h"]]
    {
        let ended = run(&[&["udp-send", &port, "x"], waiting].concat());
        assert!(all(&ended, &port).1.starts_with(wanted), "{waiting:?}: {}", ended.err);
        assert_eq!(ended.code, Some(3), "{waiting:?}: {}", ended.err);
    }
    for many in [&[][..], &["--count", "1"], &["--count", "5"]] {
        let flood = run(&[&["udp-send", &port, "x", "--flood"], many].concat());
        assert!(flood.err.starts_with("* ICMP port unreachable from 127.0.0.1:"), "{}", flood.err);
        assert_eq!(flood.code, Some(3), "{many:?}");
    }
}

#[test]
fn its_scenario_fails_where_it_fails_and_passes_where_it_does_not() {
    let (closed, silent, answering) = (port_of(&socket()), socket(), socket());
    let silent = port_of(&silent);
    let at = port_of(&answering);
    std::thread::spawn(move || {
        loop {
            let (bytes, from) = next(&answering);
            answering.send_to(&bytes, from).unwrap();
        }
    });
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("scenario.yaml");
    let file = file.to_str().unwrap();
    for (port, ways) in [
        (&closed, [(&["x"][..], 3), (&["x", "y", "--count", "2"], 3), (&["x", "--replies", "1"], 3)]),
        (&silent, [(&["x"], 0), (&["--empty"], 0), (&["x", "--replies", "1", "--wait", "50ms"], 4)]),
        (&at, [(&["x"], 0), (&["x", "--count", "2"], 0), (&["x", "--replies", "1", "--wait", "60"], 0)]),
    ] {
        for (words, code) in ways {
            let words = [&["udp-send", port], words].concat();
            assert_eq!(run(&words).code, Some(code), "{words:?}");
            let scenario = run(&[&words[..], &["--as-scenario"]].concat());
            std::fs::write(file, &scenario.out).unwrap();
            let replayed = run(&["replay", file]);
            assert_eq!(replayed.code, Some(i32::from(code != 0)), "{}{}", scenario.out(), replayed.err);
        }
    }
}

#[test]
fn the_wait_is_for_all_answers_together_in_its_scenario_too() {
    let peer = socket();
    let words = ["udp-send", &port_of(&peer), "a", "b", "--replies", "2", "--wait", "40s"];
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("scenario.yaml");
    let scenario = run(&[&words[..], &["--as-scenario"]].concat());
    std::fs::write(&file, &scenario.out).unwrap();
    // An answer that comes does not begin the wait anew.
    let printed = scenario.out();
    let (before, inside) = printed.split_once("steps:\n        -").unwrap();
    assert!(before.contains("within: 40s\n") && !inside.contains("within: 40s"), "{printed}");
    for arguments in [&words[..], &["replay", file.to_str().unwrap()]] {
        let sender = start(arguments);
        for _ in 0..2 {
            let (bytes, from) = next(&peer);
            peer.send_to(&bytes, from).unwrap();
        }
        assert_eq!(sender.end().code, Some(0), "{arguments:?}");
    }
    let few = ["udp-send", &port_of(&peer), "a", "b", "--replies", "2", "--wait", "300ms"];
    std::fs::write(&file, &run(&[&few[..], &["--as-scenario"]].concat()).out).unwrap();
    for (arguments, code) in [(&few[..], 4), (&["replay", file.to_str().unwrap()], 1)] {
        let sender = start(arguments);
        let (bytes, from) = next(&peer);
        peer.send_to(&bytes, from).unwrap();
        next(&peer);
        let ended = sender.end();
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.err);
    }
}

#[test]
fn an_answer_is_the_output_and_from_another_port_it_is_shown_as_such() {
    let (peer, other) = (socket(), socket());
    let port = port_of(&peer);
    let client =
        start(&["udp-send", &port, "question", "--replies", "2", "--view", "text", "--time", "none"]);
    let (_, from) = next(&peer);
    peer.send_to(b"\x1b[31manswer", from).unwrap();
    // The second one only once the first has been told, for two sockets have no order.
    client.shows("answer\n");
    other.send_to(b"", from).unwrap();
    let ended = client.end();
    assert_eq!(
        ended.out(),
        format!(
            ">     8  question\n<    11  \\e[31manswer\n<     0  from 127.0.0.1:{} (another port)  (empty)\n",
            port_of(&other)
        )
    );
    assert_eq!(
        settled(&ended.err, &[]),
        "* 1 of 1 answered after T ms, 0 lost, 0 duplicate, 0 reordered, 1 other\n"
    );
    assert_eq!(ended.code, Some(0));
}

#[test]
fn piped_the_output_is_the_answers_bytes_and_nothing_else() {
    let peer = socket();
    let client = start(&["udp-send", &port_of(&peer), "question", "--replies", "1", "--quiet"]);
    let (_, from) = next(&peer);
    peer.send_to(b"\x1b[31m\0\xff\r\n", from).unwrap();
    let ended = client.end();
    assert_eq!(
        (ended.out.as_slice(), ended.err.as_str(), ended.code),
        (&b"\x1b[31m\0\xff\r\n"[..], "", Some(0))
    );
}

#[test]
fn piped_it_is_told_beside_the_bytes_who_else_answers() {
    let (peer, other) = (socket(), socket());
    let port = port_of(&peer);
    let client = start(&["udp-send", &port, "question", "--replies", "1"]);
    let (_, from) = next(&peer);
    other.send_to(b"answer", from).unwrap();
    let ended = client.end();
    assert_eq!(ended.out, b"answer");
    let wanted =
        format!("* answer from 127.0.0.1:{} (another port)\n* 1 of 1 answered after T ms\n", port_of(&other));
    assert_eq!((settled(&ended.err, &[]), ended.code), (wanted, Some(0)));
}

#[test]
fn the_family_that_is_asked_for_is_the_only_one() {
    let peer = socket();
    let port = port_of(&peer);
    let ended = run(&["udp-send", "-6", &format!("127.0.0.1:{port}"), "hi"]);
    assert!(ended.err.contains("this is no IPv6 address"), "{}", ended.err);
    assert_eq!(ended.code, Some(3));
}

#[test]
fn numbers_alone_are_sent_where_nothing_else_is_said() {
    let peer = socket();
    let ended = run(&["udp-send", &port_of(&peer), "--numbered", "--count", "2"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    for number in 1..=2 {
        let (bytes, _) = next(&peer);
        assert!(bytes.starts_with(format!("#{number:010} ").as_bytes()), "{}", bytes.escape_ascii());
    }
}

#[test]
fn silence_where_an_answer_was_awaited_is_a_time_out() {
    let peer = socket();
    let port = port_of(&peer);
    let ended = run(&["udp-send", &port, "anybody?", "--replies", "1", "--wait", "50ms"]);
    let wanted = "* 0 of 1 answered\nerror: 127.0.0.1:PORT: no answer within 50ms\n";
    assert_eq!(all(&ended, &port), told("", wanted, 4));
    let ended = run(&["udp-send", &port, "anybody?", "--wait", "50ms", "--quiet"]);
    assert_eq!(all(&ended, &port), told("", "error: 127.0.0.1:PORT: no answer within 50ms\n", 4));
}

#[test]
fn double_and_late_answers_are_counted() {
    let peer = socket();
    let port = port_of(&peer);
    let client = start(&["udp-send", &port, "#${i} ${time}", "--count", "4", "--replies", "4"]);
    let mut from = None;
    let questions: Vec<Vec<u8>> = (0..4)
        .map(|_| {
            let (bytes, at) = next(&peer);
            from = Some(at);
            bytes
        })
        .collect();
    for index in [0, 2, 1, 1] {
        peer.send_to(&questions[index], from.unwrap()).unwrap();
    }
    let ended = client.end();
    assert_eq!(ended.out, [0, 2, 1, 1].map(|index| questions[index].clone()).concat());
    assert!(questions[3].starts_with(b"#4 0."), "{:?}", questions[3]);
    let err = settled(&ended.err, &[]);
    assert!(
        err.ends_with(
            "; 3 of 4 answered, 1 not waited for, 1 duplicate, 1 reordered; round trip min T median T p99 T max T ms\n"
        ),
        "{err}"
    );
    assert_eq!(ended.code, Some(0));
}

#[test]
fn what_was_not_waited_for_is_not_called_lost() {
    let peer = socket();
    let ended = |how: &str| {
        let client = start(&[
            "udp-send",
            &port_of(&peer),
            "#${i}",
            "--count",
            "3",
            "--replies",
            "1",
            "--time",
            "none",
            how,
        ]);
        let asked: Vec<_> = (0..3).map(|_| next(&peer)).collect();
        peer.send_to(&asked[0].0, asked[0].1).unwrap();
        client.end()
    };
    let told = ended("--view=text");
    let err = settled(&told.err, &[]);
    assert!(err.contains("; 1 of 3 answered, 2 not waited for, 0 duplicate, 0 reordered; round"), "{err}");
    assert_eq!(told.code, Some(0));
    let events = ended("--json").out();
    let measured = events.lines().find(|line| line.contains(r#""event":"measured""#)).unwrap();
    assert!(measured.contains(r#""answered":1,"unawaited":2,"duplicate":0,"#), "{measured}");
    assert!(!measured.contains("lost"), "{measured}");
}

#[test]
fn what_did_not_come_while_it_was_waited_for_is_lost() {
    let peer = socket();
    let ended = run(&["udp-send", &port_of(&peer), "x", "--count", "3", "--replies", "1", "--wait", "50ms"]);
    let err = settled(&ended.err, &[]);
    assert!(err.contains("; 0 of 3 answered, 3 lost, 0 duplicate, 0 reordered\n"), "{err}");
    assert_eq!(ended.code, Some(4));
}

#[test]
fn what_is_no_answer_to_anything_is_no_repeated_answer() {
    let peer = socket();
    let client = start(&["udp-send", &port_of(&peer), "--numbered", "--count", "2", "--replies", "5"]);
    let asked: Vec<_> = (0..2).map(|_| next(&peer)).collect();
    for bytes in [b"tick", &asked[0].0[..], b"tick", &asked[1].0[..], &asked[1].0[..]] {
        peer.send_to(bytes, asked[0].1).unwrap();
    }
    let err = settled(&client.end().err, &[]);
    assert!(err.contains("; 2 of 2 answered, 0 lost, 1 duplicate, 0 reordered, 2 other; round"), "{err}");
}

#[test]
fn a_broadcast_needs_the_option() {
    let ended = run(&["udp-send", "127.255.255.255:9", "x"]);
    let wanted = "error: 127.255.255.255:9: permission denied\n\
                  hint: `--broadcast` allows sending to a broadcast address\n";
    assert_eq!(all(&ended, "none"), told("", wanted, 3));
    let all_of_us = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    all_of_us.set_read_timeout(Some(crate::desk::LONG)).unwrap();
    let to = format!("127.255.255.255:{}", port_of(&all_of_us));
    assert_eq!(all(&run(&["udp-send", "-b", &to, "hello all"]), "none"), told("", "", 0));
    assert_eq!(next(&all_of_us).0, b"hello all");
}

#[test]
fn mistakes_are_told_before_anything_is_sent() {
    let unknown = run(&["udp-send", &format!("{}.invalid:5", "a".repeat(64)), "x"]);
    assert!(unknown.err.contains(".invalid:5: the name does not resolve"), "{}", unknown.err);
    assert_eq!(unknown.code, Some(3));
    for (args, message) in [
        (&["udp-send", "127.0.0.1:70000", "x"][..], "error: port 70000 is above 65535\n"),
        (&["udp-send", "tcp://localhost:5", "x"], "error: `tcp://localhost:5` is not for this command\n"),
        (&["udp-send", "localhost:0", "x"], "error: nothing can be at port 0\n"),
        (&["udp-send", "localhost", "x"], "error: `localhost` has no port\n"),
        (&["udp-send", "9", r"\q"], "error: `\\q` is no escape"),
        (&["udp-send", "9", "@/no/such/file"], "error: "),
        (&["udp-send", "9", "x", "--size", "3"], "error: `--size` says what is sent already\n"),
        (
            &["udp-send", "9", "--size", "20", "--numbered"],
            "error: a numbered datagram has at least 26 bytes, not 20\n",
        ),
        (
            &["udp-send", "9", "x", "--rate", "soon"],
            "error: invalid value 'soon' for '--rate <RATE>': `soon` is no rate",
        ),
        (
            &["udp-send", "9", "x", "--count", "0"],
            "error: invalid value '0' for '--count <N>': a count is more than nothing",
        ),
        (
            &["udp-send", "9", "--size", "65508"],
            "error: 127.0.0.1:9: 65508 bytes, and a datagram over IPv4 holds at most 65507\n",
        ),
        (&["udp-send", "9", "--size", "65508", "--flood"], "error: 127.0.0.1:9: 65508 bytes, and a datagram"),
        (&["udp-send", "unix:/tmp/s", "x"], "error: `udp-send` sends over UDP\n"),
    ] {
        let ended = run(args);
        assert!(ended.err.starts_with(message), "{args:?}: {}", ended.err);
        assert_eq!((ended.out().as_str(), ended.code), ("", Some(2)), "{args:?}");
    }
}

#[test]
fn standard_input_is_one_datagram_and_nothing_is_none() {
    let peer = socket();
    let port = port_of(&peer);
    let bytes: Vec<u8> = (0..20_000u32).flat_map(u32::to_le_bytes).take(20_000).collect();
    let ended = start_with(&["udp-send", &port], Input::Bytes(&bytes)).end();
    assert_eq!(all(&ended, &port), told("", "", 0));
    assert_eq!(next(&peer).0, bytes);
    let nothing = "error: there is nothing to send: no DATA, and standard input is empty\n  \
                   help: `--empty` sends an empty datagram, `--size N` so many bytes\n";
    let normal = |text: &str| text.replace("\n  |\n  = help", "\n  help");
    let closed = Running::start(&mut shell(&format!("sockdrill udp-send {port} <&-")), Input::Null).end();
    for ended in [run(&["udp-send", &port]), closed] {
        assert_eq!((normal(&ended.err), ended.code), (nothing.to_owned(), Some(2)));
    }
    let long = vec![7; 65_536];
    let ended = start_with(&["udp-send", &port], Input::Bytes(&long)).end();
    assert!(
        ended.err.starts_with("error: standard input is longer than any datagram can be\n"),
        "{}",
        ended.err
    );
    assert_eq!(ended.code, Some(2));
}

#[test]
fn open_standard_input_keeps_nothing_waiting_where_data_is_given() {
    let peer = socket();
    let ended = start_with(&["udp-send", &port_of(&peer), "x"], Input::Open).end();
    assert_eq!((ended.err.as_str(), ended.code), ("", Some(0)));
    assert_eq!(next(&peer).0, b"x");
}

#[test]
fn each_line_is_a_datagram() {
    let peer = socket();
    let port = port_of(&peer);
    let ended = start_with(&["udp-send", &port, "--lines"], Input::Bytes(b"one\n\nthree\r\nfour")).end();
    for line in ["one", "", "three", "four"] {
        assert_eq!(next(&peer).0, line.as_bytes());
    }
    assert_eq!(all(&ended, &port), told("", "* sent 4 datagrams, 12 B in T s (T)\n", 0));
    // No line is no datagram, and no silence.
    let ended = start_with(&["udp-send", &port, "--lines"], Input::Bytes(b"")).end();
    assert_eq!(all(&ended, &port), told("", "* sent 0 datagrams, 0 B in T s\n", 0));
}

#[test]
fn many_are_sent_at_a_rate_and_numbered() {
    let peer = socket();
    let port = port_of(&peer);
    let began = std::time::Instant::now();
    let args = ["udp-send", &port, "hello", "--count", "21", "--rate", "200/s", "--numbered"];
    let ended = run(&args);
    assert!(began.elapsed() >= std::time::Duration::from_millis(100));
    for number in 1..=21 {
        let (bytes, _) = next(&peer);
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with(&format!("#{number:010} 00000")) && text.ends_with(" hello"), "{text}");
        assert_eq!(text.len(), 26 + 5);
    }
    assert_eq!(all(&ended, &port), told("", "* sent 21 datagrams, 651 B in T s (T)\n", 0));
}

#[test]
fn a_flood_of_equal_or_unequal_datagrams_arrives_as_it_was_sent() {
    for (payload, wanted) in [
        (
            &["--size", "64", "--numbered"][..],
            "300 datagrams, 19200 B from 1 sender in T s, 0 lost, 0 duplicate, 0 reordered",
        ),
        (&["#${i}"], "300 datagrams, 1092 B from 1 sender in T s, 0 lost, 0 duplicate, 0 reordered"),
        (&["--empty"], "300 datagrams, 0 B from 1 sender in T s"),
    ] {
        let receiver = start(&["udp-recv", "0", "--stats", "1h", "--count", "300"]);
        let port = receiver.port().to_string();
        let sent = run(&[&["udp-send", &port, "--count", "300", "--flood"], payload].concat());
        assert_eq!(sent.code, Some(0), "{}", sent.err);
        let ended = receiver.end();
        let last = settled(ended.err.lines().last().unwrap(), &[]);
        let last = last.split(", jitter").next().unwrap().to_owned();
        assert_eq!(last, format!("* {wanted}"), "{payload:?}");
    }
}

#[test]
fn signals_end_it_after_one_summary_line() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let peer = socket();
        let client = start(&["udp-send", &port_of(&peer), "tick", "--rate", "50/s"]);
        for _ in 0..3 {
            next(&peer);
        }
        client.signal(signal);
        let ended = client.end();
        assert!(
            settled(&ended.err, &[]).starts_with("* sent ") && ended.err.lines().count() == 1,
            "{}",
            ended.err
        );
        assert_eq!((ended.out().as_str(), ended.code), ("", Some(code)));
    }
}

#[test]
fn lines_that_may_still_come_keep_no_signal_waiting() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let peer = socket();
        let client = start_with(&["udp-send", &port_of(&peer), "--lines"], Input::OpenAfter(b"tick\n"));
        assert_eq!(next(&peer).0, b"tick");
        client.signal(signal);
        let ended = client.end();
        assert_eq!(settled(&ended.err, &[]), "* sent 1 datagram, 4 B in T s\n");
        assert_eq!((ended.out().as_str(), ended.code), ("", Some(code)));
    }
}

#[test]
fn a_signal_while_its_scenario_waits_for_standard_input_prints_none_and_is_the_exit_code() {
    for (signal, code, word) in [
        (Signal::SIGINT, 130, "interrupted"),
        (Signal::SIGTERM, 143, "terminated"),
        (Signal::SIGHUP, 143, "terminated"),
    ] {
        let client = start_with(&["udp-send", "9", "--as-scenario"], Input::Open);
        client.hears(signal);
        client.signal(signal);
        let ended = client.end();
        let line = format!("* {word}: standard input was not read to its end, nothing is printed\n");
        assert_eq!((ended.err, ended.out, ended.code), (line, Vec::new(), Some(code)));
    }
}

#[test]
fn a_signal_while_the_payload_is_waited_for_ends_it_after_its_last_line() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let at = format!("@{}", pipe.display());
    let peer = socket();
    let port = port_of(&peer);
    for payload in [&[][..], &["-"], &[at.as_str()], &[at.as_str(), "--count", "3"]] {
        for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 143)] {
            let client = start_with(&[&["udp-send", &port], payload].concat(), Input::Open);
            client.hears(signal);
            client.signal(signal);
            let ended = client.end();
            assert_eq!(settled(&ended.err, &[]), "* sent 0 datagrams, 0 B in T s\n", "{payload:?} {signal}");
            assert_eq!((ended.out().as_str(), ended.code), ("", Some(code)), "{payload:?} {signal}");
        }
    }
    let client = start(&["udp-send", &port, &at, "--count", "2"]);
    std::fs::write(&pipe, "at last").unwrap();
    assert_eq!((next(&peer).0.as_slice(), next(&peer).0.as_slice()), (&b"at last"[..], &b"at last"[..]));
    assert_eq!(client.end().code, Some(0));
}

#[test]
fn of_a_name_with_addresses_of_both_families_the_way_to_the_other_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let hosts = directory.path().join("hosts");
    std::fs::write(&hosts, "::1 both.example\n127.0.0.1 both.example\n").unwrap();
    // A name of both only in there.
    let told = |flags: &str| {
        let line = format!(
            "exec unshare --user --map-root-user --net --mount bash -c 'mount --bind {} /etc/hosts && \
             ip link set lo up && exec sockdrill udp-send both.example 5999 x {flags}'",
            hosts.display()
        );
        Running::start(&mut shell(&line), Input::Null).end()
    };
    let both = told("");
    if !both.err.contains("ICMP") {
        eprintln!("skipped: no namespace with a name of both families here: {}", both.err);
        return;
    }
    let refused = |from: &str| format!("* ICMP port unreachable from {from}:5999 (nothing is bound there)\n");
    let hint = "hint: both.example is 127.0.0.1 too: `-4` sends there\n";
    assert_eq!((both.err, both.code), (refused("[::1]") + hint, Some(3)));
    assert_eq!(told("-4").err, refused("127.0.0.1"), "what was chosen is not questioned");
}

#[test]
fn a_group_that_no_route_leads_to_asks_for_an_interface() {
    let told = |line: &str| {
        let namespace =
            "exec unshare --user --map-root-user --net bash -c 'ip link set lo up && exec sockdrill";
        let line = format!("{namespace} {line}'");
        Running::start(&mut shell(&line), Input::Null).end()
    };
    let joined = told("udp-recv 0 --within 1s --join 224.0.0.5");
    if !joined.err.contains("joining") {
        eprintln!("skipped: no namespace without routes here: {}", joined.err);
        return;
    }
    let hint = "hint: `--interface NAME` says which one, as in `--interface eth0`\n";
    let problem = "error: joining 224.0.0.5: no route says on which interface\n";
    assert_eq!((joined.err, joined.code), (problem.to_owned() + hint, Some(3)));
    let joined = told("udp-recv 0 --within 10ms --join 224.0.0.5 --interface lo");
    assert!(!joined.err.contains("joining") && joined.code == Some(4), "{}", joined.err);
    let sent = told("udp-send 224.0.0.5:9 x");
    let problem = "error: 224.0.0.5:9: unreachable\n\
         hint: `--interface NAME` says where what goes to 224.0.0.5 leaves, as in `--interface eth0`\n";
    assert_eq!((sent.err.as_str(), sent.code), (problem, Some(3)));
}

#[test]
fn the_source_can_be_chosen() {
    let peer = socket();
    let source = port_of(&socket());
    let ended = run(&["udp-send", &port_of(&peer), "x", "-s", "127.0.0.2", "-p", &source]);
    assert_eq!((ended.err.as_str(), ended.code), ("", Some(0)));
    assert_eq!(next(&peer).1.to_string(), format!("127.0.0.2:{source}"));
}

#[test]
fn help_begins_with_five_examples() {
    for command in ["udp-send", "udp-recv"] {
        let ended = run(&[command, "--help"]);
        let text = ended.out();
        let examples = text.lines().skip(1).take_while(|line| line.starts_with("  sockdrill ")).count();
        assert!(text.starts_with("Examples:\n"), "{text}");
        assert_eq!((examples, ended.code), (5, Some(0)));
    }
}
