//! How clients leave, and what is told of it; its scenario judges the same.

use crate::desk::running::{Input, Running};
use crate::desk::{LONG, Serving, all, plain, program, reset, run, shell};
use nix::sys::signal::Signal;
use std::io::{BufRead as _, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

/// What a client does once it is connected.
type Client = fn(TcpStream);

fn leaves_at_once(stream: TcpStream) {
    drop(stream);
}

/// Resets after it has read all that comes.
fn resets_after_all(mut stream: TcpStream) {
    all(&mut stream);
    reset(stream);
}

fn resets(mut stream: TcpStream) {
    stream.write_all(b"hello\n").unwrap();
    reset(stream);
}

fn closes(mut stream: TcpStream) {
    stream.write_all(b"hello\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    all(&mut stream);
}

/// Says what no rule matches, whatever becomes of it.
fn says_other(mut stream: TcpStream) {
    stream.write_all(b"other\n").unwrap();
    // Where that is reset, it may be reset by now.
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.read_to_end(&mut Vec::new());
}

/// Plays the scenario that `serve 0` with these words is, with this client.
fn replayed(words: &[&str], client: Client) -> Option<i32> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("scenario.yaml");
    let scenario = run(&[&["serve", "0"], words, &["--as-scenario"]].concat());
    assert_eq!(scenario.code, Some(0), "{}", scenario.err);
    std::fs::write(&file, &scenario.out).unwrap();
    let mut replay = program(&["replay", file.to_str().unwrap(), "--json"]);
    let running = Running::start(&mut replay, Input::Null);
    running.shows("\"verb\":\"accept\"");
    let seen = running.seen();
    let at = seen.split("\"at\":\"").find_map(|rest| rest.split_once('"')?.0.parse().ok());
    let at: std::net::SocketAddr = at.unwrap_or_else(|| panic!("no address: {seen}"));
    let stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    client(stream);
    running.end().code
}

#[test]
fn how_the_one_client_left_is_the_exit_code_and_its_scenario_judges_it_too() {
    let source = &["--once", "--source", "10"][..];
    let rules = ["--once", "--on", r"hello\n", "--reply", "x"];
    let [waits, closing, resetting] =
        ["wait", "close", "reset"].map(|what| [&rules[..], &["--otherwise", what]].concat());
    let ways: [(&[&str], Client, i32); 14] = [
        (&waits, closes, 0),
        (&waits, says_other, 1),
        (&closing, says_other, 1),
        (&resetting, says_other, 1),
        (&["--once", "--reply", "x"], |mut stream| stream.write_all(b"no line").unwrap(), 1),
        (source, closes, 0),
        (source, leaves_at_once, 5),
        (source, resets_after_all, 5),
        (&["--once"], closes, 0),
        (&["--once"], resets, 5),
        (&["--once", "--echo"], resets, 5),
        (&["--once", "--discard"], resets, 5),
        (&["--once", "--reply", r"x\n"], closes, 0),
        (&["--once", "--reply", r"x\n"], resets, 5),
    ];
    for (words, client, code) in ways {
        let server = Serving::new(words);
        client(server.connect());
        let told = server.end();
        assert_eq!(told.code, Some(code), "{words:?}: {}", told.err);
        assert_eq!(told.err.contains("1 ended badly"), code != 0, "{words:?}: {}", told.err);
        assert_eq!(told.err.contains("no rule matched\n"), code == 1, "{words:?}: {}", told.err);
        assert!(!told.err.contains("not connected"), "{words:?}: {}", told.err);
        assert_eq!(replayed(words, client), Some(i32::from(code != 0)), "{words:?}");
    }
}

#[test]
fn a_client_that_ends_before_a_script_has_what_it_wants_is_told_with_what_came() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("steps.yaml");
    std::fs::write(&script, "steps:\n  - expect: { at: conn, text: \"hello\\n\" }\n").unwrap();
    let script = ["--script", script.to_str().unwrap()];
    let server = Serving::new(&[&["--once"][..], &script].concat());
    server.connect().write_all(b"hello").unwrap();
    let told = server.end();
    assert_eq!((told.out(), told.code), ("hello".to_owned(), Some(5)), "{}", told.err);
    for line in [
        "#1 *        failed: expected text at conn, the stream ended first\n",
        "#1 *        closed by peer (FIN): in 5 B, out 0 B",
        "wanted 6 bytes, 5 came before the end of stream\n",
    ] {
        assert!(told.err.contains(line), "{line}: {}", told.err);
    }
    // What it did not want is its data too, and of many a line of the transcript.
    let server = Serving::new(&[&["--once"][..], &script].concat());
    server.connect().write_all(b"other").unwrap();
    let told = server.end();
    assert_eq!((told.out(), told.code), ("other".to_owned(), Some(1)), "{}", told.err);
    let server = Serving::new(&[&["--close-listener-after", "1"][..], &script].concat());
    server.connect().write_all(b"other").unwrap();
    let told = server.end();
    assert!(told.out().contains("#1 <     5  other\n"), "{}", told.out());
}

#[test]
fn what_a_cut_lets_through_is_shown() {
    for (words, asks) in [
        (&["--reply", "hello"][..], &b"a\n"[..]),
        (&["--short", "--reply", "hello"], b"a\n"),
        (&["--echo", "--view", "text"], b"hello"),
        (&["--source", "1MiB"], b""),
    ] {
        let server = Serving::new(&[words, &["--close-listener-after", "1", "--close-after", "3"]].concat());
        let mut stream = server.connect();
        stream.write_all(asks).unwrap();
        stream.read_exact(&mut [0; 3]).unwrap();
        let told = server.end();
        assert!(told.out().contains("#1 >     3  "), "{words:?}: {}", told.out());
        assert!(told.out().contains(", out 3 B"), "{words:?}: {}", told.out());
    }
}

#[test]
fn a_signal_within_a_message_takes_what_has_come_of_it() {
    let mut server = Serving::new(&["--reply", "PONG", "--once"]);
    let mut shown = server.stdout();
    let mut stream = server.connect();
    // What comes with a message is looked at with it.
    stream.write_all(b"PING\nPIN").unwrap();
    stream.read_exact(&mut [0; 4]).unwrap();
    server.signal(Signal::SIGINT);
    assert_eq!(all(&mut stream), b"", "a FIN, and no reset");
    let mut seen = Vec::new();
    shown.read_to_end(&mut seen).unwrap();
    let told = server.end();
    assert_eq!((seen, told.code), (b"PING\nPIN".to_vec(), Some(130)), "{}", told.err);
}

#[test]
fn a_reset_ends_one_that_hangs_and_a_half_close_does_not() {
    let server = Serving::new(&["--hang", "--once"]);
    let mut stream = server.connect();
    stream.write_all(b"unread").unwrap();
    reset(stream);
    let told = server.end();
    assert_eq!((told.out(), told.code), (String::new(), Some(5)), "{}", told.err);
    assert!(told.err.contains("reset by peer (RST): in 0 B, out 0 B"), "{}", told.err);
    let hanging = Running::start(&mut program(&["serve", "0", "--hang", "--once", "--json"]), Input::Null);
    hanging.shows("\"listening\"");
    let seen = hanging.seen();
    let at = seen.split("\"at\":\"").nth(1).unwrap().split('"').next().unwrap();
    let stream = TcpStream::connect(at).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    hanging.shows("\"how\":\"closed by peer (FIN)\"");
    reset(stream);
    hanging.shows("\"how\":\"reset by peer (RST)\"");
    let told = hanging.end();
    assert_eq!(told.code, Some(5), "{}", told.out());
    let server = Serving::new(&["--hang", "--once", "--idle", "50ms", "-v"]);
    drop(server.connect());
    let told = server.end();
    assert!(told.err.contains("#1 *        half-closed by peer (FIN came)\n"), "{}", told.err);
    assert!(told.err.contains("nothing passed for 50ms; closed by peer (FIN): in 0 B"), "{}", told.err);
    assert_eq!(told.code, Some(4));
}

#[test]
fn a_peer_that_leaves_in_the_middle_of_a_handshake_is_told_to_have_closed() {
    let server = Serving::new(&["--tls", "--once"]);
    let stream = server.connect();
    stream.shutdown(Shutdown::Write).unwrap();
    let told = server.end();
    drop(stream);
    assert!(told.err.contains("TLS failed: the peer closed during the handshake\n"), "{}", told.err);
    assert!(told.err.contains("#1 *        closed by peer (FIN): in 0 B, out 0 B"), "{}", told.err);
    assert!(!told.err.contains("closed by us"), "{}", told.err);
    assert_eq!(told.code, Some(3));
}

#[test]
fn beside_events_what_a_command_prints_is_not_among_them() {
    let told = run(&["serve", "0", "--json", "--", "echo", "hello"]);
    assert!(told.out().lines().all(|line| line.starts_with('{')), "{}", told.out());
    assert_eq!((told.err.as_str(), told.code), ("hello\n", Some(0)));
}

#[test]
fn a_full_disk_ends_it_at_once_and_the_last_line_of_a_client_is_told() {
    let full = "error: cannot write to standard output: no space left on device\n";
    for flags in ["", "--view hex", "--once --view text"] {
        let line = format!("exec sockdrill serve 0 {flags} > /dev/full");
        let server = Running::start(&mut shell(&line), Input::Null);
        let mut client = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        // It may have ended already: of many clients the connect is a line on standard output.
        let _ = client.write_all(b"hello");
        let told = server.end();
        assert!(told.err.ends_with(full), "{flags}: {}", told.err);
        assert_eq!(told.code, Some(3), "{flags}: {}", told.err);
        assert!(
            !flags.contains("--once") || told.err.contains("#1 *        closed by us: in 5 B"),
            "{}",
            told.err
        );
    }
    let told = Running::start(&mut shell("exec sockdrill serve 0 --json > /dev/full"), Input::Null).end();
    assert_eq!((told.err.as_str(), told.code), (full, Some(3)));
}

#[test]
fn whoever_is_there_when_an_echo_or_a_discard_stops_is_told_and_counted() {
    for (service, back) in [("--discard", 0), ("--echo", 5)] {
        let mut server = Serving::new(&[service]);
        let mut stream = server.connect();
        stream.write_all(b"hello").unwrap();
        let mut out = server.stdout();
        let mut told = String::new();
        out.read_line(&mut told).unwrap();
        stream.read_exact(&mut vec![0; back]).unwrap();
        server.signal(Signal::SIGINT);
        out.read_to_string(&mut told).unwrap();
        let (told, ended) = (plain(&told, server.port), server.end());
        assert!(told.contains(&format!("#1 *        closed by us: in 5 B, out {back} B, T s\n")), "{told}");
        assert!(ended.err.contains(&format!("* 1 client in T s: in 5 B, out {back} B\n")), "{}", ended.err);
    }
}

#[test]
fn what_a_command_beside_said_last_still_counts_when_it_has_ended() {
    let script = "exec 3<>/dev/tcp/127.0.0.1/{port}; head -c 3000000 /dev/zero >&3";
    for _ in 0..4 {
        let told = run(&["serve", "0", "--discard", "--", "bash", "-c", script]);
        assert_eq!(told.code, Some(0), "{}", told.err);
        assert!(told.err.contains("in 3000000 B, out 0 B\n"), "{}", told.err);
    }
}
