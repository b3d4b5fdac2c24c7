//! `serve` from outside, against real sockets: for each situation stdout, stderr and exit code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics where it fails"
)]

mod desk;

use desk::{LONG, Serving, all, has, plain, program, reset, run};
use nix::sys::signal::Signal;
use std::io::{BufRead as _, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};

const BANNER: &str = "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop\n";

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
fn rules_answer_and_what_matches_none_is_reset() {
    let words = ["--on", "PING", "--reply", r"PONG\r\n", "--on", r"LOGIN (?<who>\w+)\r\n"];
    let server =
        Serving::new(&[&words[..], &["--reply", r"HELLO ${who}\r\n", "--otherwise", "reset"]].concat());
    assert_eq!(server.ask(b"PING\r\nLOGIN bob\r\n"), b"PONG\r\nHELLO bob\r\n");
    let mut stream = server.connect();
    stream.write_all(b"\0\xff\x1b[").unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    let told = server.stop();
    assert_eq!(
        told.out(),
        r"#1 *        connected 127.0.0.1:OTHER
#1 <     6  PING\r\n
#1 >     6  PONG\r\n
#1 <    11  LOGIN bob\r\n
#1 >    11  HELLO bob\r\n
#1 *        closed by peer (FIN): in 17 B, out 17 B, T s
#2 *        connected 127.0.0.1:OTHER
#2 <     4  \0\xff\e[
#2 *        no rule matched: reset sent: in 4 B, out 0 B, T s
"
    );
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
#1 *        closed by peer (FIN): in 8 B, out 3 B, T s
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
    assert!(told.out().contains("#1 <     4  two\\n\n"), "{}", told.out());
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
fn a_client_that_resets_while_it_is_answered_has_ended_badly() {
    let server = Serving::new(&["--once", "--on", r"(\w+)\n", "--reply", r"ok\n"]);
    let mut stream = server.connect();
    stream.write_all(b"one\n").unwrap();
    stream.read_exact(&mut [0; 3]).unwrap();
    reset(stream);
    let told = server.end();
    assert!(told.err.contains("#1 *        reset by peer (RST): in 4 B, out 3 B"), "{}", told.err);
    assert!(told.err.ends_with("1 ended badly\n"), "{}", told.err);
    assert_eq!((told.out(), told.code), ("one\n".to_owned(), Some(5)));
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
fn discard_source_short_and_reply_do_what_they_say() {
    let server = Serving::new(&["--discard"]);
    assert_eq!(server.ask(&vec![7; 1_000_000]), b"");
    assert!(server.stop().err.contains("in 1000000 B, out 0 B"));
    let server = Serving::new(&["--source", "2500000"]);
    let came = server.ask(b"");
    assert_eq!((came.len(), &came[(1 << 20) + 8..][..8]), (2_500_000, &1u64.to_be_bytes()[..]));
    server.stop();
    let server = Serving::new(&["--source"]);
    server.connect().read_exact(&mut vec![0; 5_000_000]).unwrap();
    server.stop();
    let server = Serving::new(&["--short", "--reply", "bye"]);
    let mut stream = server.connect();
    stream.write_all(b"hello").unwrap();
    assert_eq!(all(&mut stream), b"bye");
    server.stop();
    let server = Serving::new(&["--reply", r"ok\n"]);
    assert_eq!(server.ask(b"one\ntwo\n"), b"ok\nok\n");
    server.stop();
}

#[test]
fn a_script_is_done_with_each_client() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("steps.yaml");
    std::fs::write(&script, "steps:\n  - send: { from: conn, text: \"220 ready\\r\\n\" }\n  - expect: { at: conn, until: \"\\n\" }\n  - close: conn\n").unwrap();
    let server = Serving::new(&["--script", script.to_str().unwrap()]);
    for _ in 0..2 {
        let mut stream = server.connect();
        stream.write_all(b"HELO x\r\n").unwrap();
        assert_eq!(all(&mut stream), b"220 ready\r\n");
    }
    let mut stream = server.connect();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(all(&mut stream), b"220 ready\r\n");
    let told = server.stop();
    assert!(told.out().contains("#2 <     8  HELO x\\r\\n\n"), "{}", told.out());
    assert!(told.err.contains("3 clients") && told.err.contains("1 ended badly"), "{}", told.err);
}

#[test]
fn a_script_that_fails_says_so_once_and_what_it_wanted() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("steps.yaml");
    std::fs::write(&script, "steps:\n  - expect: { at: conn, text: abc }\n").unwrap();
    let wanted = "= wanted    abc\n  = seen      xyz\n";
    let server = Serving::new(&["--close-listener-after", "1", "--script", script.to_str().unwrap()]);
    server.connect().write_all(b"xyz").unwrap();
    let told = server.end();
    assert_eq!(told.out().matches("failed: expected text at conn").count(), 1, "{}", told.out());
    assert_eq!(told.err.matches("error: expected text at conn").count(), 1, "{}", told.err);
    assert!(told.err.contains(wanted), "{}", told.err);
    let send = [env!("CARGO_BIN_EXE_sockdrill"), "send", "{port}", "xyz", "--quiet"];
    let serve = ["serve", "0", "--quiet", "--script", script.to_str().unwrap(), "--"];
    let told = run(&[&serve[..], &send].concat());
    assert!(told.err.contains("error: expected text at conn") && told.err.contains(wanted), "{}", told.err);
}

#[test]
fn a_client_that_leaves_before_all_was_sent_is_told_as_that() {
    let server = Serving::new(&["--source", "--once"]);
    let mut stream = server.connect();
    stream.shutdown(Shutdown::Write).unwrap();
    stream.read_exact(&mut [0; 100]).unwrap();
    // What came is unread: the kernel answers what comes with a reset.
    drop(stream);
    let told = server.end();
    assert!(told.err.contains("closed by peer (FIN), before all was sent: in 0 B, out "), "{}", told.err);
    assert!(told.err.ends_with("1 ended badly\n"), "{}", told.err);
    assert_eq!(told.code, Some(5));
}

#[test]
fn drips_delays_and_cuts_are_as_asked() {
    let server = Serving::new(&["--echo", "--drip", "2/1ms", "--delay", "1ms"]);
    assert_eq!(server.ask(b"hello world"), b"hello world");
    server.stop();
    let server = Serving::new(&["--echo", "--close-after", "5"]);
    let mut stream = server.connect();
    stream.write_all(b"hello world").unwrap();
    assert_eq!(all(&mut stream), b"hello");
    assert!(server.stop().out().contains("cut as asked for: closed by us: in 11 B, out 5 B"));
    let server = Serving::new(&["--reply", r"ok\n", "--reset-after", "2msg"]);
    let mut stream = server.connect();
    stream.write_all(b"a\nb\nc\n").unwrap();
    let mut came = Vec::new();
    let end = stream.read_to_end(&mut came).unwrap_err();
    assert_eq!(end.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(came == b"ok\nok\n", "{came:?}");
    server.stop();
    let server = Serving::new(&["--close-after", "3"]);
    assert_eq!(server.ask(b"hello"), b"");
    assert!(server.stop().out().contains("cut as asked for"));
}

#[test]
fn a_server_that_hangs_reads_and_sends_nothing() {
    let server = Serving::new(&["--hang"]);
    let told = run(&["send", &server.at(), "hello", "--wait", "100ms"]);
    assert_eq!(told.code, Some(4), "{}", told.err);
    assert!(server.stop().err.contains("1 client in T s: in 0 B, out 0 B"));
}

#[test]
fn an_idle_client_is_closed() {
    let server = Serving::new(&["--idle", "100ms"]);
    assert_eq!(all(&mut server.connect()), b"");
    assert!(
        server.stop().out().contains("#1 *        nothing passed for 100ms: closed by us: in 0 B, out 0 B")
    );
}

#[test]
fn a_closed_listener_refuses_and_accepted_clients_live_on() {
    let server = Serving::new(&["--echo", "--close-listener-after", "2"]);
    let (mut one, mut two) = (server.connect(), server.connect());
    for stream in [&mut one, &mut two] {
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut [0]).unwrap();
    }
    // Both are accepted; a third one may have come into the queue, and is reset then.
    let third = TcpStream::connect(("127.0.0.1", server.port));
    let refused = third.and_then(|mut stream| stream.read(&mut [0]));
    assert!(refused.is_err(), "{refused:?}");
    one.write_all(b"y").unwrap();
    one.read_exact(&mut [0]).unwrap();
    drop((one, two));
    let told = server.end();
    assert_eq!(told.code, Some(0), "{}", told.err);
}

#[test]
fn once_serves_one_client_and_its_bytes_are_stdout() {
    let server = Serving::new(&["--once"]);
    server.ask(b"raw\0\xff\n");
    let told = server.end();
    assert_eq!(told.out(), String::from_utf8_lossy(b"raw\0\xff\n"));
    assert!(told.err.contains("#1 *        closed by peer (FIN): in 6 B, out 0 B, T s\n"), "{}", told.err);
    assert_eq!(told.code, Some(0));
    let server = Serving::new(&["--once"]);
    reset(server.connect());
    assert_eq!(server.end().code, Some(5));
}

#[test]
fn typed_lines_go_to_all_clients() {
    let mut server = Serving::start(program(&["serve", "0", "--stdin"]).stdin(Stdio::piped()));
    let (mut one, mut two) = (server.connect(), server.connect());
    let mut shown = server.stdout();
    // A client that is shown to have said something is there to hear something.
    for stream in [&mut one, &mut two] {
        stream.write_all(b"here\n").unwrap();
    }
    let mut seen = String::new();
    while seen.matches("here").count() < 2 {
        shown.read_line(&mut seen).unwrap();
    }
    let mut stdin = server.stdin();
    stdin.write_all(b"to all\n").unwrap();
    drop(stdin);
    for stream in [&mut one, &mut two] {
        assert_eq!(all(stream), b"to all\n");
    }
    assert_eq!(server.stop().code, Some(130));
}

#[test]
fn standard_input_is_not_read_unless_asked() {
    let mut server = Serving::start(program(&["serve", "0", "--echo"]).stdin(Stdio::piped()));
    drop(server.stdin());
    assert_eq!(server.ask(b"still here"), b"still here");
    assert_eq!(server.stop().code, Some(130));
}

#[test]
fn clients_beyond_the_most_wait_in_the_queue() {
    // What is seen of them is served step by step, and the rest by a loop.
    for view in [&["--view", "text"][..], &[]] {
        let server = Serving::new(&[&["--echo", "--max-clients", "1"], view].concat());
        let mut first = server.connect();
        let mut second = server.connect();
        second.write_all(b"2").unwrap();
        for _ in 0..20 {
            first.write_all(b"1").unwrap();
            first.read_exact(&mut [0]).unwrap();
        }
        drop(first);
        second.read_exact(&mut [0]).unwrap();
        drop(second);
        let told = server.stop();
        let told = told.out() + &told.err;
        let line = |who: &str, what: &str| {
            let is = |line: &str| line.starts_with(who) && line.contains(what);
            told.lines().position(is).unwrap_or_else(|| panic!("no {who} {what} in {told}"))
        };
        assert!(line("#1 *", "closed by peer") < line("#2 *", "connected"), "{told}");
    }
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
fn a_port_in_use_is_said_with_a_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let told = run(&["serve", &port.to_string()]);
    let err = "error: 127.0.0.1:PORT: address already in use
hint: another socket has that port; port 0 gives a free one\n";
    assert_eq!((plain(&told.err, port).as_str(), told.code), (err, Some(3)));
}

#[test]
fn wrong_usage_is_exit_2() {
    for words in [
        &["serve", "70000"][..],
        &["serve", "0", "1", "2"],
        &["serve", "0", "--on", "a"],
        &["serve", "0", "--on", "a+", "--reply", "x"],
        &["serve", "0", "--echo", "--discard"],
        &["serve", "0", "--drip", "fast"],
        &["serve", "0", "--script", "/no/such/file"],
        &["serve", "0", "--reply", r"\q"],
        &["serve", "0", "--once", "--close-listener-after", "2"],
    ] {
        let told = run(words);
        assert_eq!(told.code, Some(2), "{words:?}: {}", told.err);
        assert!(told.err.starts_with("error: "), "{words:?}: {}", told.err);
    }
}

#[test]
fn the_banner_says_who_can_connect() {
    let banner = |address: &str| {
        let server = Serving::start(&mut program(&["serve", address, "--echo"]));
        let told = server.stop();
        told.err.lines().next().unwrap().to_owned()
    };
    assert!(banner("127.0.0.1:0").contains("(loopback only; *:PORT for all)"));
    assert!(banner("*:0").contains("(all interfaces)"));
}

#[test]
fn the_port_is_in_the_file_and_in_the_first_event() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("port");
    let mut child =
        program(&["serve", "0", "--json", "--port-file", file.to_str().unwrap()]).spawn().unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let first: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (first["event"].as_str(), first["format"].as_str()),
        (Some("listening"), Some("sockdrill-events"))
    );
    let port: u16 = first["at"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
    drop(TcpStream::connect(("127.0.0.1", port)).unwrap());
    while !line.contains("accepted") {
        line.clear();
        out.read_line(&mut line).unwrap();
    }
    // Written before the first client is accepted.
    assert_eq!(std::fs::read_to_string(file).unwrap(), format!("{port}\n"));
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

#[test]
fn a_command_beside_gets_the_port_and_gives_its_status() {
    let told = run(&[
        "serve",
        "0",
        "--echo",
        "--",
        env!("CARGO_BIN_EXE_sockdrill"),
        "send",
        "{address}",
        "hi",
        "--quiet",
    ]);
    assert_eq!((told.out(), told.code), ("hi".to_owned(), Some(0)), "{}", told.err);
    assert_eq!(run(&["serve", "0", "--", "sh", "-c", "exit 7"]).code, Some(7));
    assert_eq!(run(&["serve", "0", "--", "sh", "-c", "kill -9 $$"]).code, Some(137));
    for (program, problem) in [
        ("/no/such/program", "error: cannot run /no/such/program: there is no such program\n"),
        ("/", "error: cannot run /: it is no program that you may run\n"),
        ("echo hi", "hint: each word is an argument of its own; a shell takes a line: `sh -c 'echo hi'`\n"),
    ] {
        let told = run(&["serve", "0", "--", program]);
        assert!(told.err.ends_with(problem), "{}", told.err);
        assert_eq!(told.code, Some(2));
    }
}

#[test]
fn a_command_beside_is_told_an_address_that_it_can_connect_to() {
    for all in ["*:0", "0.0.0.0:0"] {
        let sockdrill = env!("CARGO_BIN_EXE_sockdrill");
        let told =
            run(&["serve", all, "--echo", "--", sockdrill, "send", "{host}", "{port}", "hi", "--quiet"]);
        assert_eq!((told.out(), told.code), ("hi".to_owned(), Some(0)), "{}", told.err);
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
fn tls_with_a_certificate_made_on_the_fly_is_spoken_with_openssl() {
    if !has("openssl") {
        return;
    }
    let server = Serving::new(&["--tls", "--echo", "--alpn", "drill"]);
    let mut client = Command::new("openssl");
    client.args(["s_client", "-quiet", "-alpn", "drill", "-connect", &server.at()]);
    let mut client =
        client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = client.stdin.take().unwrap();
    stdin.write_all(b"hello\n").unwrap();
    let mut came = [0; 6];
    client.stdout.as_mut().unwrap().read_exact(&mut came).unwrap();
    assert_eq!(&came, b"hello\n");
    client.kill().unwrap();
    client.wait().unwrap();
    let told = server.stop();
    assert!(told.out().contains("#1 *        TLS T, ") && told.out().contains(", drill\n"), "{}", told.out());
}

#[test]
fn a_unix_socket_is_served_and_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let address = format!("unix:{}", path.display());
    let told = run(&[
        "serve",
        &address,
        "--echo",
        "--",
        env!("CARGO_BIN_EXE_sockdrill"),
        "send",
        &address,
        "hi",
        "--quiet",
    ]);
    assert_eq!((told.out(), told.code), ("hi".to_owned(), Some(0)), "{}", told.err);
    assert!(!path.exists());
}

#[test]
fn hostile_clients_do_not_hurt_a_well_behaved_one() {
    let server = Serving::new(&["--echo"]);
    // Connected and silent; reset in the middle; never reading what it asked for.
    let silent: Vec<TcpStream> = (0..200).map(|_| server.connect()).collect();
    let mut deaf = server.connect();
    deaf.set_nonblocking(true).unwrap();
    while deaf.write(&[b'x'; 16384]).is_ok() {}
    for _ in 0..500 {
        let mut stream = server.connect();
        stream.write_all(b"in the middle").unwrap();
        reset(stream);
    }
    let mut good = server.connect();
    good.set_read_timeout(Some(LONG)).unwrap();
    for round in 0..100u8 {
        good.write_all(&[round; 64]).unwrap();
        let mut came = [0; 64];
        good.read_exact(&mut came).unwrap();
        assert_eq!(came, [round; 64]);
    }
    drop((silent, deaf));
    server.stop();
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
fn a_second_ctrl_c_leaves_no_command_behind() {
    let script = "trap '' INT; echo $$; exec sleep 1000";
    let mut server = Serving::start(&mut program(&["serve", "0", "--", "sh", "-c", script]));
    let mut line = String::new();
    server.stdout().read_line(&mut line).unwrap();
    let id = nix::unistd::Pid::from_raw(line.trim().parse().unwrap());
    // Signals of one kind that come together are one: until it has ended there may be another.
    let began = std::time::Instant::now();
    while nix::sys::signal::kill(id, None).is_ok() {
        server.signal(Signal::SIGINT);
        assert!(began.elapsed() < LONG, "it is still there");
        std::thread::yield_now();
    }
    assert_eq!(server.end().code, Some(130));
}

#[test]
fn an_echo_over_tls_that_nobody_watches_shows_no_pieces() {
    let server = Serving::new(&["--echo", "--tls"]);
    let told = run(&["send", &server.at(), "hello", "--tls", "--insecure"]);
    assert_eq!((told.out(), told.code), ("hello".to_owned(), Some(0)), "{}", told.err);
    let out = server.stop().out();
    assert!(out.contains("#1 *        closed by peer (FIN): in 5 B, out 5 B"), "{out}");
    assert!(!out.contains("hello"), "{out}");
}

/// KiB that a process holds.
fn resident(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Asks and is answered, a hundred times.
fn is_answered(stream: &mut TcpStream) {
    for round in 0..100u8 {
        stream.write_all(&[round; 64]).unwrap();
        let mut came = [0; 64];
        stream.read_exact(&mut came).unwrap();
        assert_eq!(came, [round; 64]);
    }
}

#[test]
fn twenty_thousand_connects_and_resets_leave_memory_as_it_was() {
    // A transcript that nobody reads would stop the server once the pipe is full.
    let server = Serving::start(program(&["serve", "0", "--echo"]).stdout(Stdio::null()));
    let mut good = server.connect();
    let storm = |count: usize| {
        for _ in 0..count {
            reset(server.connect());
        }
    };
    storm(2000);
    is_answered(&mut good);
    let before = resident(server.id());
    storm(18_000);
    is_answered(&mut good);
    let after = resident(server.id());
    assert!(after < before + 8192, "{before} KiB before, {after} KiB after");
    drop(good);
    server.stop();
}

#[test]
fn one_that_says_a_byte_at_a_time_and_one_that_never_reads_keep_nobody_waiting() {
    let server = Serving::new(&["--echo"]);
    let (mut slow, mut deaf, mut good) = (server.connect(), server.connect(), server.connect());
    deaf.set_nonblocking(true).unwrap();
    while deaf.write(&[b'x'; 16384]).is_ok() {}
    for byte in b"slowly" {
        slow.write_all(&[*byte]).unwrap();
        is_answered(&mut good);
        let mut came = [0];
        slow.read_exact(&mut came).unwrap();
        assert_eq!(came, [*byte]);
    }
    drop((slow, deaf, good));
    server.stop();
}

#[test]
fn when_open_files_are_used_up_it_is_said_and_who_is_there_is_served_on() {
    let line = format!("ulimit -n 64; exec {} serve 0 --echo", env!("CARGO_BIN_EXE_sockdrill"));
    let mut command = Command::new("bash");
    command.args(["-c", &line]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let server = Serving::start(&mut command);
    let mut good = server.connect();
    is_answered(&mut good);
    let mut crowd: Vec<TcpStream> = (0..200).map(|_| server.connect()).collect();
    is_answered(&mut good);
    // Room again: those who waited in the queue get their turn.
    let mut last = crowd.pop().unwrap();
    drop(crowd);
    is_answered(&mut last);
    is_answered(&mut good);
    drop((good, last));
    let told = server.stop();
    assert!(told.err.contains("* no open file is left: new clients wait until others leave"), "{}", told.err);
    assert_eq!(told.code, Some(130));
}
