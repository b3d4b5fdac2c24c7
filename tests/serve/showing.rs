//! What is shown of clients, and where.

use crate::BANNER;
use crate::desk::{Serving, all, program, run};
use nix::sys::signal::Signal;
use std::io::{BufRead as _, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

#[test]
fn what_clients_say_is_shown_with_their_numbers() {
    let server = Serving::new(&[]);
    assert_eq!(server.ask(b"hello\r\n\x1b[31m\xff"), b"");
    assert_eq!(server.ask(b""), b"");
    let told = server.stop();
    assert_eq!(
        told.out(),
        r"#1 *        connected 127.0.0.1:OTHER
#1 <    13  hello\r\n\e[31m\xff
#1 *        closed by peer (FIN): in 13 B, out 0 B, T s
#2 *        connected 127.0.0.1:OTHER
#2 *        closed by peer (FIN): in 0 B, out 0 B, T s
"
    );
    assert_eq!(told.err, format!("{BANNER}* 2 clients in T s: in 13 B, out 0 B\n"));
    assert_eq!(told.code, Some(130));
}

#[test]
fn what_comes_before_the_end_and_matches_no_rule_is_received_and_shown() {
    let server = Serving::new(&["--reply", r"ok\n"]);
    // Left unread it would make our close a reset.
    assert_eq!(server.ask(b"one\ntail"), b"ok\n");
    assert_eq!(
        server.stop().out(),
        r"#1 *        connected 127.0.0.1:OTHER
#1 <     4  one\n
#1 >     3  ok\n
#1 <     4  tail
#1 *        4 bytes came before the end that no rule matched; closed by peer (FIN): in 8 B, out 3 B, T s
"
    );
}

#[test]
fn what_matches_no_rule_is_received_and_shown_whatever_is_done_then() {
    let server = Serving::new(&["--on", r"one\n", "--reply", r"ok\n"]);
    let mut stream = server.connect();
    stream.write_all(b"one\n").unwrap();
    stream.read_exact(&mut [0; 3]).unwrap();
    stream.write_all(b"two\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(all(&mut stream), b"");
    let told = server.stop();
    let ended =
        "#1 <     4  two\\n\n#1 *        no rule matched; closed by peer (FIN): in 8 B, out 3 B, T s\n";
    assert!(told.out().ends_with(ended), "{}", told.out());
    for otherwise in ["wait", "close"] {
        let words =
            ["--once", "--view", "raw", "--on", r"one\n", "--reply", r"ok\n", "--otherwise", otherwise];
        let server = Serving::new(&words);
        assert_eq!(server.ask(b"one\ntwo\n"), b"ok\n", "{otherwise}");
        assert_eq!(server.end().out(), "one\ntwo\n", "{otherwise}");
    }
}

#[test]
fn what_a_script_receives_is_stdout_too() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("steps.yaml");
    std::fs::write(&script, "steps:\n  - recv: { at: conn }\n  - expect: { at: conn, eof: true }\n").unwrap();
    let server = Serving::new(&["--once", "--script", script.to_str().unwrap()]);
    assert_eq!(server.ask(b"hello"), b"");
    assert_eq!(server.end().out(), "hello");
}

#[test]
fn what_is_skipped_before_a_message_is_stdout_too() {
    let rules = ["--once", "--on", r"PING\n", "--reply", "x"];
    for (view, wanted) in [("raw", "\r\n\nPING\n"), ("text", "#1 <     3  \\r\\n\\n\n#1 <     5  PING\\n\n")]
    {
        let server = Serving::new(&[&rules[..], &["--view", view]].concat());
        let mut stream = server.connect();
        // All of it is there before any of it is answered: one write.
        stream.write_all(b"\r\n\nPING\n").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(all(&mut stream), b"x");
        let told = server.end();
        assert!(told.out().starts_with(wanted), "{}", told.out());
        assert!(told.err.contains("in 8 B, out 1 B") && told.code == Some(0), "{}", told.err);
    }
}

#[test]
fn what_a_service_drops_or_echoes_is_stdout_too() {
    let directory = tempfile::tempdir().unwrap();
    let script = |verb: &str| {
        let path = directory.path().join(format!("{verb}.yaml"));
        std::fs::write(&path, format!("steps:\n  - {verb}: conn\n")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (echo, discard) = (script("echo"), script("discard"));
    // Longer than one receive takes.
    let said: Vec<u8> = (0..300_000_u32).flat_map(u32::to_be_bytes).collect();
    for (words, back) in [
        (&["--source", "5"][..], &[0; 5][..]),
        (&["--discard"], &[]),
        (&["--script", &discard], &[]),
        (&["--script", &echo], &said),
    ] {
        let mut server = Serving::new(&[&["--once"], words].concat());
        let mut stdout = server.stdout();
        let out = std::thread::spawn(move || {
            let mut out = Vec::new();
            stdout.read_to_end(&mut out).unwrap();
            out
        });
        let mut stream = server.connect();
        let mut sending = stream.try_clone().unwrap();
        let bytes = said.clone();
        let sender = std::thread::spawn(move || {
            sending.write_all(&bytes).unwrap();
            sending.shutdown(Shutdown::Write).unwrap();
        });
        assert!(all(&mut stream) == back, "{words:?}");
        sender.join().unwrap();
        assert!(out.join().unwrap() == said, "{words:?}");
        assert_eq!(server.end().code, Some(0), "{words:?}");
    }
}

#[test]
fn what_the_client_says_through_a_relay_is_on_standard_output_and_the_answer_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let (greeting, relaying) =
        (directory.path().join("greeting.yaml"), directory.path().join("relaying.yaml"));
    let steps = "steps:\n  - send: { from: conn, text: hello }\n  - echo: conn\n";
    std::fs::write(&greeting, steps).unwrap();
    let upstream = Serving::new(&["--script", greeting.to_str().unwrap()]);
    let steps = format!(
        "steps:\n  - connect: {{ as: up, to: \"{}\" }}\n  - expect: {{ at: up, text: hello }}\n  \
         - relay: {{ between: [conn, up] }}\n",
        upstream.at()
    );
    std::fs::write(&relaying, steps).unwrap();
    let server = Serving::new(&["--once", "--script", relaying.to_str().unwrap()]);
    assert_eq!(server.ask(b"to all"), b"to all");
    let told = server.end();
    assert_eq!((told.out().as_str(), told.code), ("to all", Some(0)), "{}", told.err);
}

#[test]
fn an_echo_that_nobody_watches_shows_open_and_close_only() {
    let server = Serving::new(&["--echo"]);
    assert_eq!(server.ask(&vec![7; 1_000_000]), vec![7; 1_000_000]);
    let told = server.stop();
    let out = "#1 *        connected 127.0.0.1:OTHER\n#1 *        closed by peer (FIN): in 1000000 B, out 1000000 B, T s\n";
    assert_eq!(told.out(), out);
}

#[test]
fn five_clients_at_once_are_told_apart() {
    let server = Serving::new(&[]);
    let clients: Vec<TcpStream> = (0..5).map(|_| server.connect()).collect();
    for (number, mut client) in clients.into_iter().enumerate() {
        client.write_all(format!("I am {number}").as_bytes()).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(all(&mut client), b"");
    }
    let out = server.stop().out();
    for number in 0..5 {
        assert!(out.contains(&format!("#{} <     6  I am {number}\n", number + 1)), "{out}");
    }
}

#[test]
fn nobody_reading_the_output_changes_nothing_for_clients() {
    let mut server = Serving::new(&[]);
    drop(server.stdout());
    for _ in 0..3 {
        assert_eq!(server.ask(b"hello"), b"");
    }
    let told = server.stop();
    assert!(!told.err.contains("error") && !told.err.contains("panic"), "{}", told.err);
    assert_eq!(told.code, Some(130));
}

#[test]
fn a_transcript_that_nobody_reads_keeps_no_client_waiting_and_says_what_is_not_in_it() {
    let mut server = Serving::new(&["--echo"]);
    // Each leaves more than two lines of it: a pipe holds less than all of them together.
    for _ in 0..1500 {
        assert_eq!(server.ask(b"hello"), b"hello");
    }
    let mut stdout = server.stdout();
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.starts_with("#1 *        connected"), "{line}");
    server.signal(Signal::SIGINT);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let told = server.end();
    assert!(told.err.contains("* 1500 clients"), "{}", told.err);
    assert!(rest.contains(" lines left out: nobody was reading\n"), "{rest}");
}

#[test]
fn an_echo_over_tls_that_nobody_watches_shows_no_pieces() {
    let server = Serving::new(&["--echo", "--tls"]);
    let told = run(&["send", &server.at(), "hello", "--tls", "--insecure"]);
    assert_eq!((told.out(), told.code), ("hello".to_owned(), Some(0)), "{}", told.err);
    let out = server.stop().out();
    assert!(out.contains("#1 *        closed by peer (close_notify): in 5 B, out 5 B"), "{out}");
    assert!(!out.contains("hello"), "{out}");
}

#[test]
fn what_a_script_notes_is_a_line_of_its_own_and_no_cause_of_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("notes.yaml");
    let steps = "name: notes\nsteps:\n  - note: hello there\n  - expect: { at: conn, eof: true }\n";
    std::fs::write(&script, steps).unwrap();
    let server = Serving::new(&["--script", script.to_str().unwrap()]);
    assert_eq!(server.ask(b""), b"");
    let out = server.stop().out();
    let told: Vec<&str> = out.lines().skip(1).collect();
    assert_eq!(
        told,
        ["#1 *        hello there", "#1 *        closed by peer (FIN): in 0 B, out 0 B, T s"],
        "{out}"
    );
}

#[test]
fn a_view_that_is_asked_for_is_shown_though_it_is_quiet() {
    for (words, shown) in [(&["--quiet"][..], ""), (&["--quiet", "--view", "text"], "#1 <     2  x\\n\n")] {
        let words = [&["serve", "0", "--port-file", "/dev/stderr"], words].concat();
        let server = Serving::start(&mut program(&words));
        drop(server.ask(b"x\n"));
        assert_eq!(server.stop().out(), shown, "{words:?}");
    }
}
