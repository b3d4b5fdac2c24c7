//! `udp-recv`.

use crate::desk::ports::{free_udp_port, receives};
use crate::desk::running::{Input, Running};
use crate::desk::{LONG, run, shell};
use crate::harness::{next, port_of, settled, socket, start, start_with};
use nix::sys::signal::Signal;
use std::net::UdpSocket;

#[test]
fn each_datagram_is_a_line_and_an_empty_one_is_shown_as_what_it_is() {
    let receiver = start(&["udp-recv", "0", "--count", "3", "--time", "none"]);
    let port = receiver.port();
    let (one, other) = (socket(), socket());
    one.send_to(b"ping\n", ("127.0.0.1", port)).unwrap();
    receiver.shows("ping");
    other.send_to(b"", ("127.0.0.1", port)).unwrap();
    receiver.shows("(empty)");
    one.send_to(b"\x1b[31m\xff\\", ("127.0.0.1", port)).unwrap();
    let ended = receiver.end();
    let names = [(&*port_of(&one), "ONE"), (&*port_of(&other), "OTHER"), (&*port.to_string(), "PORT")];
    let line = |number: u32, from: &UdpSocket, rest: &str| {
        format!("{number:>5}  {:<15}  {rest}\n", from.local_addr().unwrap().to_string())
    };
    let wanted = line(1, &one, "    5  ping\\n")
        + &line(2, &other, "    0  (empty)")
        + &line(3, &one, "    7  \\e[31m\\xff\\\\");
    assert_eq!(ended.out(), wanted);
    assert_eq!(
        settled(&ended.err, &names),
        "* listening on udp 127.0.0.1:PORT\n* 3 datagrams, 12 B from 2 senders in T s\n"
    );
    assert_eq!(ended.code, Some(0));
}

#[test]
fn a_count_that_is_not_reached_in_time_is_a_time_out() {
    let receiver = start(&["udp-recv", "0", "--count", "2", "--within", "1s", "--time", "none"]);
    let port = receiver.port();
    let from = socket();
    from.send_to(b"only one", ("127.0.0.1", port)).unwrap();
    let ended = receiver.end();
    let port = port.to_string();
    let names = [(&*port, "PORT")];
    assert_eq!(
        settled(&ended.err, &names),
        "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 8 B from 1 sender in T s\n\
         error: 127.0.0.1:PORT: 1 of 2 datagrams came within 1s\n"
    );
    assert_eq!(ended.code, Some(4));
}

#[test]
fn silence_is_a_time_out_and_quiet_says_only_that() {
    let ended = run(&["udp-recv", "0", "--within", "50ms", "--quiet"]);
    let port = ended.err.split(':').nth(2).unwrap();
    assert_eq!(ended.err, format!("error: 127.0.0.1:{port}: nothing came within 50ms\n"));
    assert_eq!((ended.out().as_str(), ended.code), ("", Some(4)));
}

#[test]
fn silence_fails_its_scenario_too() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("scenario.yaml");
    for words in [&["--within", "50ms"][..], &["--within", "50ms", "--reply", "x"]] {
        let scenario = run(&[&["udp-recv", "0"], words, &["--as-scenario"]].concat());
        std::fs::write(&file, &scenario.out).unwrap();
        let replayed = run(&["replay", file.to_str().unwrap()]);
        assert_eq!(replayed.code, Some(1), "{}{}", scenario.out(), replayed.err);
    }
}

#[test]
fn an_empty_datagram_is_something_that_came_in_its_scenario_too() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("scenario.yaml");
    let (sender, port) = (socket(), free_udp_port());
    let at = port.to_string();
    for words in [&["--within", "3s", "--reply", "x"][..], &["--within", "60s", "--count", "1"]] {
        let words = [&["udp-recv", &at], words].concat();
        let scenario = run(&[&words[..], &["--as-scenario"]].concat());
        std::fs::write(&file, &scenario.out).unwrap();
        for arguments in [&words[..], &["replay", file.to_str().unwrap()]] {
            let receiver = start(arguments);
            receives(port);
            sender.send_to(b"", ("127.0.0.1", port)).unwrap();
            let ended = receiver.end();
            assert_eq!(ended.code, Some(0), "{arguments:?}: {}{}", scenario.out(), ended.err);
        }
    }
}

#[test]
fn what_no_step_can_count_is_refused_as_a_scenario_with_the_reason() {
    for (words, beside) in [
        (&["--echo"][..], "`--echo`"),
        (&["--reply", ""], "a `--reply` that is not known to have bytes"),
        (&["--reply", "${time}"], "a `--reply` that is not known to have bytes"),
    ] {
        let ended = run(&[&["udp-recv", "0", "--within", "1s", "--as-scenario"], words].concat());
        let wanted =
            format!("error: `--within` is no step beside {beside}: no step counts empty datagrams\n");
        assert!(ended.err.starts_with(&wanted), "{words:?}: {}", ended.err);
        assert_eq!((ended.out().as_str(), ended.code), ("", Some(2)), "{words:?}");
    }
    // A mistake in what is answered is told, and not taken for an answer of unknown length.
    let ended = run(&["udp-recv", "0", "--within", "1s", "--as-scenario", "--reply", "${nope}"]);
    assert!(ended.err.starts_with("error: the variable `nope` is not defined here\n"), "{}", ended.err);
}

#[test]
fn a_port_in_use_and_a_bad_port_are_told_with_the_address() {
    let taken = socket();
    let port = port_of(&taken);
    let ended = run(&["udp-recv", &port]);
    assert_eq!(
        ended.err,
        format!(
            "error: 127.0.0.1:{port}: address already in use\nhint: another program has it; port 0 takes a free one\n"
        )
    );
    assert_eq!((ended.out().as_str(), ended.code), ("", Some(3)));
    let ended = run(&["udp-recv", "70000"]);
    assert!(ended.err.starts_with("error: port 70000 is above 65535\n"), "{}", ended.err);
    assert_eq!((ended.out().as_str(), ended.code), ("", Some(2)));
}

#[test]
fn signals_end_it_after_one_summary_line() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let receiver = start(&["udp-recv", "0"]);
        let port = receiver.port().to_string();
        receiver.signal(signal);
        let ended = receiver.end();
        assert_eq!(
            settled(&ended.err, &[(&port, "PORT")]),
            "* listening on udp 127.0.0.1:PORT\n* 0 datagrams, 0 B in T s\n"
        );
        assert_eq!((ended.out().as_str(), ended.code), ("", Some(code)));
    }
}

#[test]
fn a_full_disk_ends_it_at_once() {
    for flags in ["", "--view raw", "--view hex"] {
        let line = format!("exec sockdrill udp-recv 0 {flags} > /dev/full");
        let receiver = Running::start(&mut shell(&line), Input::Null);
        let port = receiver.port();
        socket().send_to(b"ping", ("127.0.0.1", port)).unwrap();
        let ended = receiver.end();
        let err = settled(&ended.err, &[(&port.to_string(), "PORT")]);
        let wanted = "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 4 B from 1 sender in T s\n\
                      error: cannot write to standard output: no space left on device\n";
        assert_eq!((err.as_str(), ended.code), (wanted, Some(3)), "{flags}");
    }
    let told = Running::start(&mut shell("exec sockdrill udp-recv 0 --json > /dev/full"), Input::Null).end();
    let wanted = "error: cannot write to standard output: no space left on device\n";
    assert_eq!((told.err.as_str(), told.code), (wanted, Some(3)));
}

#[test]
fn standard_input_is_not_read_whatever_it_is() {
    for input in [Input::Null, Input::Bytes(b"not read"), Input::Open] {
        let receiver = start_with(&["udp-recv", "0", "--count", "1", "--view", "raw"], input);
        let port = receiver.port();
        socket().send_to(b"\x1b[31mas it is\0\xff", ("127.0.0.1", port)).unwrap();
        let ended = receiver.end();
        assert_eq!((ended.out.as_slice(), ended.code), (&b"\x1b[31mas it is\0\xff"[..], Some(0)));
    }
}

#[test]
fn it_ends_quietly_when_nobody_reads_its_output_any_more() {
    let line = r#"sockdrill udp-recv 0 | head -n 1; echo "done""#;
    let receiver = Running::start(&mut shell(line), Input::Null);
    let port = receiver.port();
    let from = socket();
    from.send_to(b"first", ("127.0.0.1", port)).unwrap();
    receiver.shows("first");
    // Which write meets the closed pipe depends on when `head` is gone, so more is sent until it is.
    from.connect(("127.0.0.1", port)).unwrap();
    let began = std::time::Instant::now();
    while from.send(b"more").is_ok() && began.elapsed() < LONG {
        std::thread::yield_now();
    }
    let ended = receiver.end();
    assert!(ended.out().ends_with("done\n"), "{}", ended.out());
    assert!(!ended.err.contains("error"), "{}", ended.err);
}

fn port_file(name: &str) -> String {
    format!("{}/{name}.port", env!("CARGO_TARGET_TMPDIR"))
}

#[test]
fn the_port_file_holds_the_real_port_before_anything_can_come() {
    let path = port_file("real");
    let receiver = start(&["udp-recv", "0", "--count", "1", "--port-file", &path]);
    let port = receiver.port();
    socket().send_to(b"x", ("127.0.0.1", port)).unwrap();
    assert_eq!(receiver.end().code, Some(0));
    assert_eq!(std::fs::read_to_string(path).unwrap(), format!("{port}\n"));
    let ended = run(&["udp-recv", "0", "--port-file", "/no/such/directory/port"]);
    assert_eq!(ended.code, Some(3));
    assert!(ended.err.starts_with("error: cannot write /no/such/directory/port: "), "{}", ended.err);
}

#[test]
fn echo_sends_each_back_and_reply_answers_each() {
    for (flags, wanted) in [(&["--echo"][..], ["a", "", "ccc"]), (&["--reply", r"ok\n"], ["ok\n"; 3])] {
        let receiver = start(&[&["udp-recv", "0", "--time", "none"], flags].concat());
        let port = receiver.port();
        let client = socket();
        for (sent, wanted) in ["a", "", "ccc"].into_iter().zip(wanted) {
            client.send_to(sent.as_bytes(), ("127.0.0.1", port)).unwrap();
            let (bytes, from) = next(&client);
            assert_eq!((bytes.as_slice(), from.port()), (wanted.as_bytes(), port));
        }
        receiver.shows("\n    >  127.0.0.1:");
        receiver.signal(Signal::SIGINT);
        assert_eq!(receiver.end().code, Some(130));
    }
}

#[test]
fn a_sender_that_is_gone_does_not_end_an_echo() {
    let receiver = start(&["udp-recv", "0", "--echo", "--count", "2"]);
    let port = receiver.port();
    socket().send_to(b"gone at once", ("127.0.0.1", port)).unwrap();
    receiver.shows("gone at once");
    let client = socket();
    client.send_to(b"still there?", ("127.0.0.1", port)).unwrap();
    assert_eq!(next(&client).0, b"still there?");
    assert_eq!(receiver.end().code, Some(0));
}

#[test]
fn numbered_datagrams_show_what_was_lost_double_and_late() {
    let receiver = start(&["udp-recv", "0", "--stats", "1h", "--count", "6"]);
    let port = receiver.port();
    let from = socket();
    for number in [1, 2, 5, 4, 4, 6] {
        from.send_to(format!("#{number} hello").as_bytes(), ("127.0.0.1", port)).unwrap();
    }
    let ended = receiver.end();
    assert_eq!(
        settled(&ended.err, &[(&port.to_string(), "PORT")]),
        "* listening on udp 127.0.0.1:PORT\n* 6 datagrams, 48 B from 1 sender in T s, 1 lost, 1 duplicate, 1 reordered\n"
    );
    assert_eq!((ended.out().as_str(), ended.code), ("", Some(0)));
}

#[test]
fn figures_are_told_while_nothing_comes_too() {
    let receiver = start(&["udp-recv", "0", "--stats", "20ms"]);
    receiver.port();
    receiver.tells("* 0 datagrams, 0 B (0/s)\n* 0 datagrams, 0 B (0/s)\n");
    receiver.signal(Signal::SIGTERM);
    assert_eq!(receiver.end().code, Some(143));
    for never in ["0", "0ms"] {
        let ended = run(&["udp-recv", "0", "--stats", never]);
        assert!(ended.err.contains("'--stats <TIME>': an interval is more than nothing"), "{}", ended.err);
        assert_eq!((ended.out().as_str(), ended.code), ("", Some(2)));
    }
}

#[test]
fn events_are_one_json_object_a_line() {
    let receiver = start(&["udp-recv", "0", "--count", "1", "--json"]);
    receiver.shows("\"event\":\"bound\"");
    receiver.shows("\n");
    let first = {
        receiver.shows("}\n");
        receiver.seen()
    };
    let at = first.split("\"at\":\"127.0.0.1:").nth(1).unwrap();
    let port: u16 = at.split('"').next().unwrap().parse().unwrap();
    socket().send_to(b"\xff\n", ("127.0.0.1", port)).unwrap();
    let ended = receiver.end();
    assert!(ended.out().starts_with("{\"format\":\"sockdrill-events\",\"version\":1,"), "{}", ended.out());
    let kinds: Vec<String> = ended
        .out()
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["event"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(kinds, ["step-started", "bound", "step-held", "received", "measured", "closed"]);
    assert!(ended.out().contains(r#""data":{"len":2,"bytes":"\\xff\\n"}"#), "{}", ended.out());
    assert_eq!((ended.err.as_str(), ended.code), ("", Some(0)));
}

#[test]
fn a_long_datagram_is_cut_in_a_line_and_whole_as_bytes() {
    let long = vec![0xff; 40_000];
    let received = |view: &str| {
        let receiver = start(&["udp-recv", "0", "--count", "1", "--view", view, "--time", "none"]);
        socket().send_to(&long, ("127.0.0.1", receiver.port())).unwrap();
        receiver.end()
    };
    let line = received("text").out();
    assert!(line.ends_with("… 39500 B more\n"), "{line}");
    assert!(line.chars().count() < 2_100, "{line}");
    assert_eq!(received("raw").out, long);
    assert_eq!(received("hex").out().lines().count(), 1 + 40_000 / 16);
}

#[test]
fn a_hex_dump_stands_below_its_line() {
    let receiver = start(&["udp-recv", "0", "--count", "1", "--view", "hex", "--time", "none"]);
    let port = receiver.port();
    socket().send_to(b"PING\r\n", ("127.0.0.1", port)).unwrap();
    let ended = receiver.end();
    let dump = ended.out().lines().nth(1).unwrap().to_owned();
    assert_eq!(dump, "       0000  50 49 4e 47 0d 0a                                 PING..");
}

#[test]
fn a_group_is_joined_and_what_is_sent_to_it_arrives() {
    let group = "239.255.77.1";
    let probe = UdpSocket::bind("0.0.0.0:0").unwrap();
    if probe.join_multicast_v4(&group.parse().unwrap(), &"127.0.0.1".parse().unwrap()).is_err() {
        eprintln!("skipped: no multicast on loopback");
        return;
    }
    let receiver =
        start(&["udp-recv", "0", "--join", group, "--interface", "lo", "--count", "1", "--view", "raw"]);
    let port = receiver.port().to_string();
    let sent = run(&["udp-send", &format!("{group}:{port}"), "to all", "--interface", "lo", "--ttl", "1"]);
    assert_eq!((sent.err.as_str(), sent.code), ("", Some(0)));
    assert_eq!(receiver.end().out, b"to all");
}

#[test]
fn a_socket_that_no_group_reaches_is_refused_with_the_way_out() {
    for (at, host) in
        [("127.0.0.1:5000", "127.0.0.1"), ("[::1]:5000", "::1"), ("localhost:5000", "localhost")]
    {
        let ended = run(&["udp-recv", at, "--join", "239.1.2.3", "--interface", "lo"]);
        let sentence =
            format!("error: a socket that is bound to {host} never gets what is sent to a group\n");
        assert!(ended.err.starts_with(&sentence), "{}", ended.err);
        assert!(
            ended.err.contains("= help: `5000` or `'*:5000'` without that host hears 239.1.2.3\n"),
            "{}",
            ended.err
        );
        assert_eq!((ended.out().as_str(), ended.code), ("", Some(2)));
    }
}
