//! What clients get: rules, scripts, echoes, typed lines; and misbehaviour on demand.

use crate::desk::installed::has;
use crate::desk::{Serving, all, program, reset, run};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::io::{BufRead as _, Read as _, Write as _};
use std::net::Shutdown;
use std::process::{Command, Stdio};

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
fn a_client_that_half_closes_within_a_message_gets_what_is_said_of_those_that_match_nothing() {
    let server = Serving::new(&["--once", "--on", r"PING\n", "--reply", "x", "--otherwise", "reset"]);
    let mut stream = server.connect();
    stream.write_all(b"PIN").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    let told = server.end();
    let wanted =
        "#1 *        3 bytes came before the end that no rule matched: reset sent: in 3 B, out 0 B, T s\n";
    assert!(told.err.contains(wanted), "{}", told.err);
    assert_eq!((told.out(), told.code), ("PIN".to_owned(), Some(1)));
}

#[test]
fn a_rule_that_nothing_can_match_is_refused() {
    for on in [r"\r\n", r"[\r\n]+x", r"(?s-u)\x0a.\n"] {
        let told = run(&["serve", "0", "--on", on, "--reply", "x"]);
        let wanted =
            "error: this begins with CR or LF, which are skipped before a message\n --> command line:1:25\n";
        assert!(told.err.starts_with(wanted), "{on}: {}", told.err);
        assert_eq!((told.out(), told.code), (String::new(), Some(2)), "{on}");
    }
    // Where something else can stand there it is no mistake.
    for on in [r"\s", r"(\r\n|x)", r"[^a]"] {
        let told = run(&["serve", "0", "--on", on, "--reply", "x", "--as-scenario"]);
        assert_eq!((told.err.as_str(), told.code), ("", Some(0)), "{on}");
    }
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
    // A client that says nothing is answered too, as `recv` and `send` would.
    assert_eq!(server.ask(b""), b"bye");
    server.stop();
    let silent = [env!("CARGO_BIN_EXE_sockdrill"), "send", "{port}", "--quiet"];
    let told = run(&[&["serve", "0", "--quiet", "--short", "--reply", "bye", "--"][..], &silent].concat());
    assert_eq!((told.code, told.out()), (Some(0), "bye".to_owned()), "{}", told.err);
    let server = Serving::new(&["--reply", r"ok\n"]);
    assert_eq!(server.ask(b"one\ntwo\n"), b"ok\nok\n");
    server.stop();
}

#[test]
fn a_source_takes_what_comes_while_it_sends() {
    let server = Serving::new(&["--source", "20MB", "--close-listener-after", "1"]);
    let mut stream = server.connect();
    // More than the buffers hold, before anything is read.
    stream.write_all(&vec![7; 20_000_000]).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(all(&mut stream).len(), 20_000_000);
    let told = server.end();
    assert!(told.out().contains("#1 *        closed by peer (FIN): in "), "{}", told.out());
    assert!(told.err.ends_with("in 20000000 B, out 20000000 B\n"), "{}", told.err);
    assert_eq!(told.code, Some(0));
    // What has come is no reason to reset it.
    let server = Serving::new(&["--source", "--close-after", "5000000", "--once"]);
    let mut stream = server.connect();
    stream.write_all(b"request\n").unwrap();
    assert_eq!(all(&mut stream).len(), 5_000_000);
    let told = server.end();
    assert!(told.err.contains("cut as asked for: closed by us: in 8 B"), "{}", told.err);
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
fn a_client_that_leaves_before_it_had_read_all_is_told_as_that() {
    let server = Serving::new(&["--source", "--once"]);
    let mut stream = server.connect();
    stream.shutdown(Shutdown::Write).unwrap();
    stream.read_exact(&mut [0; 100]).unwrap();
    // What came is unread: the kernel answers what comes with a reset.
    drop(stream);
    let told = server.end();
    assert!(told.err.contains("closed by peer (FIN), before it had read all: in 0 B, out "), "{}", told.err);
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
fn a_cut_is_one_though_the_client_has_ended_by_then() {
    for _ in 0..10 {
        let server = Serving::new(&["--reset-after", "5"]);
        let mut stream = server.connect();
        stream.write_all(b"hello").unwrap();
        // The reset may be there first.
        let _ = stream.shutdown(Shutdown::Write);
        let reset = stream.read(&mut [0]).unwrap_err().kind();
        assert_eq!(reset, std::io::ErrorKind::ConnectionReset);
        server.stop();
    }
}

#[test]
fn a_server_that_hangs_reads_and_sends_nothing() {
    let server = Serving::new(&["--hang"]);
    let told = run(&["send", &server.at(), "hello", "--wait", "100ms"]);
    assert_eq!(told.code, Some(4), "{}", told.err);
    assert!(server.stop().err.contains("1 client in T s: in 0 B, out 0 B"));
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
    assert_eq!(all(&mut server.connect()), b"", "whoever comes later gets their end");
    assert_eq!(server.stop().code, Some(130));
}

#[test]
fn the_only_client_gets_lines_after_its_fin_until_none_comes() {
    let mut server = Serving::start(program(&["serve", "0", "--stdin", "--once"]).stdin(Stdio::piped()));
    let mut client = server.connect();
    client.shutdown(Shutdown::Write).unwrap();
    let mut stdin = server.stdin();
    stdin.write_all(b"you may still read\n").unwrap();
    assert_eq!(all(&mut client), b"you may still read\n");
    let told = server.end();
    drop(stdin);
    let why = "#1 *        standard input was not read to its end, nothing came from it for 5s; closed by peer (FIN): in 0 B, out 19 B";
    assert!(told.err.contains(why), "{}", told.err);
    assert_eq!(told.code, Some(0));
}

#[test]
fn the_only_client_that_has_closed_ends_it_with_the_first_line_that_it_resets() {
    let mut server = Serving::start(program(&["serve", "0", "--stdin", "--once"]).stdin(Stdio::piped()));
    drop(server.connect());
    let mut stdin = server.stdin();
    stdin.write_all(b"too late\n").unwrap();
    let told = server.end();
    drop(stdin);
    assert!(told.err.contains("closed by peer (FIN), before it had read all: in 0 B"), "{}", told.err);
    assert_eq!(told.code, Some(5));
}

#[test]
fn standard_input_is_not_read_unless_asked() {
    let mut server = Serving::start(program(&["serve", "0", "--echo"]).stdin(Stdio::piped()));
    drop(server.stdin());
    assert_eq!(server.ask(b"still here"), b"still here");
    assert_eq!(server.stop().code, Some(130));
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
fn what_a_pipe_gives_is_the_answer_to_every_client() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let server = Serving::new(&["--reply", &format!("@{}", pipe.display())]);
    let writing = std::thread::spawn(move || std::fs::write(pipe, "it").unwrap());
    assert_eq!(server.ask(b"x\n"), b"it");
    assert_eq!(server.ask(b"x\n"), b"it");
    writing.join().unwrap();
}

#[test]
fn a_short_reply_is_filled_as_any_other() {
    let server = Serving::new(&["--short", "--reply", "x$${i}"]);
    assert_eq!(server.ask(b"x"), b"x${i}");
    let server = Serving::new(&["--short", "--reply", "x${time}"]);
    let answer = String::from_utf8(server.ask(b"x")).unwrap();
    assert!(answer.strip_prefix('x').unwrap().parse::<f64>().is_ok(), "{answer}");
    let told = run(&["serve", "0", "--short", "--reply", "x${i}"]);
    assert_eq!(told.code, Some(2), "{}", told.err);
}
