//! `send` from outside, against real sockets: for each situation stdout, stderr and exit code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics where it fails"
)]

mod desk;
#[path = "send/progress.rs"]
mod progress;
#[allow(dead_code, reason = "the tests of the prompt use the rest")]
#[path = "prompt/pty.rs"]
mod pty;

use desk::ports::free_port;
use desk::{Peer, Serving, Told, all, echo, finish, has, plain, program, reset, run, run_with};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

fn same(told: &Told, port: u16, out: &str, err: &str, code: i32) {
    assert_eq!(told.out(), out, "{}", told.err);
    assert_eq!(plain(&told.err, port), err);
    assert_eq!(told.code, Some(code));
}

const CONNECTED: &str = "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms\n";

#[test]
fn the_answer_is_stdout_and_how_it_ended_is_stderr() {
    let peer = Peer::new(echo);
    let told = run(&["send", &peer.at(), r"PING\r\n\xff\0"]);
    assert_eq!(told.out, b"PING\r\n\xff\0");
    let err = format!("{CONNECTED}* closed by peer (FIN) after T s: sent 8 B, received 8 B\n");
    assert_eq!(plain(&told.err, peer.port), err);
    assert_eq!((told.code, peer.end()), (Some(0), 8));
}

#[test]
fn a_signal_is_heard_though_nobody_reads_what_never_ends() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let server = Serving::new(&["--source"]);
        let mut child = program(&["send", &server.at(), "hi"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0]).unwrap();
        kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
        // Its end comes before anything more is read.
        assert_eq!(child.wait().unwrap().code(), Some(code));
        drop(stdout);
        server.stop();
    }
}

#[test]
fn a_transcript_is_escaped_and_has_times_where_it_is_asked_for() {
    let peer = Peer::new(|mut stream| {
        stream.write_all(b"\x1b[31mred\x07\r\nnext \xff\n").unwrap();
        all(&mut stream)
    });
    let told = run(&["send", &peer.at(), "hi", "--view", "text"]);
    let out = plain(&told.out(), peer.port);
    assert!(out.contains("> T     2  hi\n"), "{out}");
    assert!(out.contains(r"< T    18  \e[31mred\x07\r\nnext \xff\n"), "{out}");
    assert_eq!((told.code, peer.end()), (Some(0), b"hi".to_vec()));
}

#[test]
fn what_listens_nowhere_refuses() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let told = run(&["send", &format!("127.0.0.1:{port}"), "x"]);
    let err = "error: 127.0.0.1:PORT: connection refused
hint: nothing listens there; `--retry 10s` waits for a server that is starting\n";
    same(&told, port, "", err, 3);
}

#[test]
fn every_address_tried_is_named_when_none_works() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let told = run(&["send", "localhost", &port.to_string(), "x"]);
    assert!(told.err.contains(&format!("127.0.0.1:{port} connection refused")), "{}", told.err);
    assert_eq!(told.code, Some(3));
}

#[test]
fn an_unknown_host_is_said_in_words() {
    // A label of 64 letters is no name: no resolver is asked.
    let host = format!("{}.invalid:80", "a".repeat(64));
    let told = run(&["send", &host, "x"]);
    assert!(told.err.starts_with(&format!("error: {host}: the name does not resolve")), "{}", told.err);
    assert!(!told.err.contains("os error"), "{}", told.err);
    assert_eq!(told.code, Some(3));
}

#[test]
fn wrong_usage_is_shown_under_the_argument() {
    for (words, problem) in [
        (&["send", "localhost:70000", "x"][..], "error: port 70000 is above 65535\n --> command line:1:16\n"),
        (&["send", "localhost", "x"], "error: `localhost` has no port\n --> command line:1:16\n"),
        (&["send", "9", r"a\q"], "error: `\\q` is no escape"),
        (&["send", "9", "x", "--expect", r"re:a+"], "error: "),
        (&["send", "9", "${nobody}"], "error: "),
        (&["send", "9", "@/no/such/file"], "error: "),
        (&["send", "9", "-", "x"], "error: standard input is sent last\n"),
        (&["send", "9", "--repeat", "3"], "error: there is no DATA to repeat\n"),
        (&["send", "9", "x", "--option", "nodelay"], "error: `nodelay` has no value\n"),
        (&["send", "udp://localhost:9", "x"], "error: `udp://localhost:9` is not for this command\n"),
        (&["send"], "error: "),
    ] {
        let told = run(words);
        assert!(told.err.starts_with(problem), "{words:?}: {}", told.err);
        assert_eq!((told.code, told.out.len()), (Some(2), 0), "{words:?}");
    }
}

#[test]
fn a_peer_that_closes_at_once_is_a_clean_end() {
    let peer = Peer::new(drop);
    let told = run(&["send", &peer.at()]);
    let err = format!("{CONNECTED}* closed by peer (FIN) after T s: sent 0 B, received 0 B\n");
    same(&told, peer.port, "", &err, 0);
    peer.end();
}

#[test]
fn a_reset_after_data_delivers_the_data_and_is_exit_5() {
    let peer = Peer::new(|mut stream| {
        stream.write_all(b"half an ans").unwrap();
        stream.read_exact(&mut [0; 2]).unwrap();
        reset(stream);
    });
    let told = run(&["send", &peer.at(), "hi", "--no-shutdown"]);
    let err = format!("{CONNECTED}* reset by peer (RST) after T s: sent 2 B, received 11 B\n");
    same(&told, peer.port, "half an ans", &err, 5);
    peer.end();
}

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
fn what_comes_after_what_was_expected_does_not_keep_the_sending_from_its_end() {
    let peer = Peer::new(echo);
    let told = run(&["send", &peer.at(), "--pattern", "30MiB", "--expect-size", "1000", "--quiet"]);
    assert_eq!((told.out.len(), told.err.as_str(), told.code), (1000, "", Some(0)));
    // It may still be answering when we close.
    drop(peer);
}

#[test]
fn the_answer_after_the_half_close_is_still_read() {
    let peer = Peer::new(|mut stream| {
        let asked = all(&mut stream);
        stream.write_all(b"you said ").unwrap();
        stream.write_all(&asked).unwrap();
    });
    let told = run_with(&["send", &peer.at(), "--wait", "60"], b"a question");
    let err = format!("{CONNECTED}* closed by peer (FIN) after T s: sent 10 B, received 19 B\n");
    same(&told, peer.port, "you said a question", &err, 0);
    peer.end();
}

#[test]
fn silence_is_a_time_out_and_said() {
    let peer = Peer::new(|mut stream| all(&mut stream).len() + stream.read(&mut [0]).unwrap_or(0));
    let told = run(&["send", &peer.at(), "hi", "--wait", "50ms", "--no-shutdown"]);
    let err = format!(
        "{CONNECTED}error: 127.0.0.1:PORT: no answer within 50ms, and the connection is still open
hint: `--wait 30s` waits longer, `--wait 0` does not wait for an answer
* closed by us after T s: sent 2 B, received 0 B\n"
    );
    same(&told, peer.port, "", &err, 4);
    peer.end();
}

#[test]
fn an_answer_that_may_not_be_over_is_no_success_and_not_waiting_is() {
    let answer = || {
        Peer::new(|mut stream| {
            stream.write_all(b"more to come").unwrap();
            all(&mut stream)
        })
    };
    let peer = answer();
    let told = run(&["send", &peer.at(), "hi", "--wait", "100ms", "--no-shutdown"]);
    assert!(told.err.contains("the answer may not be over"), "{}", told.err);
    assert_eq!((told.out(), told.code), ("more to come".to_owned(), Some(4)));
    peer.end();
    let peer = answer();
    let told = run(&["send", &peer.at(), "hi", "-q", "0"]);
    assert_eq!((told.code, peer.end()), (Some(0), b"hi".to_vec()), "{}", told.err);
}

#[test]
fn nothing_passing_for_the_idle_time_ends_it() {
    let peer = Peer::new(|mut stream| all(&mut stream));
    let told = run(&["send", &peer.at(), "hi", "--idle", "100ms", "--wait", "60", "--no-shutdown"]);
    assert!(told.err.contains("nothing was sent or received for 100ms"), "{}", told.err);
    assert_eq!(told.code, Some(4));
    peer.end();
}

#[test]
fn a_full_backlog_is_a_connect_time_out() {
    let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    listener.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    listener.listen(0).unwrap();
    let at = listener.local_addr().unwrap().as_socket().unwrap();
    let _first = std::net::TcpStream::connect(at).unwrap();
    let told = run(&["send", &at.to_string(), "hi", "--connect-timeout", "100ms"]);
    let err = "error: 127.0.0.1:PORT: no answer to the connect within 100ms
hint: a full backlog and a dropped packet both look like this\n";
    same(&told, at.port(), "", err, 4);
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
fn standard_input_that_is_open_does_not_keep_it_when_the_peer_closes() {
    let peer = Peer::new(|mut stream| stream.write_all(b"bye").unwrap());
    let mut child = program(&["send", &peer.at()]).stdin(Stdio::piped()).spawn().unwrap();
    let held = child.stdin.take();
    let told = finish(child);
    drop(held);
    let err = format!("{CONNECTED}* closed by peer (FIN) after T s: sent 0 B, received 3 B\n");
    same(&told, peer.port, "bye", &err, 0);
    peer.end();
}

#[test]
fn standard_input_that_is_closed_is_empty() {
    let peer = Peer::new(|mut stream| {
        let asked = all(&mut stream);
        stream.write_all(b"bye").unwrap();
        asked
    });
    let shell = format!("exec {} send {} <&-", env!("CARGO_BIN_EXE_sockdrill"), peer.at());
    let mut command = Command::new("sh");
    command.args(["-c", &shell]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let told = finish(command.spawn().unwrap());
    assert_eq!((told.out(), told.code), ("bye".to_owned(), Some(0)), "{}", told.err);
    assert!(peer.end().is_empty());
}

#[test]
fn data_leaves_standard_input_alone() {
    let peer = Peer::new(|mut stream| all(&mut stream));
    let told = run_with(&["send", &peer.at(), "said"], b"not read");
    assert_eq!((told.code, peer.end()), (Some(0), b"said".to_vec()));
    let peer = Peer::new(|mut stream| all(&mut stream));
    let told = run_with(&["send", &peer.at(), "said, ", "-", "-C"], b"typed\n");
    assert_eq!((told.code, peer.end()), (Some(0), b"said, \r\ntyped\r\n".to_vec()));
}

#[test]
fn large_input_comes_back_byte_for_byte() {
    let peer = Peer::new(echo);
    let input: Vec<u8> = (0..20_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let told = run_with(&["send", &peer.at(), "--wait", "60"], &input);
    assert!(told.out == input, "{} bytes came back", told.out.len());
    assert_eq!((told.code, peer.end()), (Some(0), input.len()), "{}", told.err);
}

#[test]
fn a_file_without_a_length_is_sent_whole_too_and_one_without_an_end_is_refused() {
    for file in ["--file", "@"] {
        let name =
            |path: &str| if file == "@" { vec![format!("@{path}")] } else { vec![file.into(), path.into()] };
        let send = |peer: &Peer<Vec<u8>>, path: &str, input: &[u8]| {
            let words = [vec!["send".to_owned(), peer.at()], name(path)].concat();
            run_with(&words.iter().map(String::as_str).collect::<Vec<_>>(), input)
        };
        let peer = Peer::new(|mut stream| all(&mut stream));
        assert_eq!(send(&peer, "/dev/stdin", b"out of a pipe").code, Some(0), "{file}");
        assert_eq!(peer.end(), b"out of a pipe", "{file}");
        let peer = Peer::new(|mut stream| all(&mut stream));
        assert_eq!(send(&peer, "/proc/self/comm", b"").code, Some(0), "{file}");
        assert_eq!(peer.end(), b"sockdrill\n", "{file}");
        let peer = Peer::new(|mut stream| all(&mut stream));
        let told = send(&peer, "/dev/zero", b"");
        assert_eq!(told.code, Some(2), "{file}: {}", told.err);
        assert!(told.err.contains("cannot read /dev/zero: file too large"), "{file}: {}", told.err);
        peer.end();
    }
}

#[test]
fn a_file_and_a_pattern_are_sent_whole() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("data");
    std::fs::write(&file, vec![7; 3_000_000]).unwrap();
    let peer = Peer::new(|mut stream| all(&mut stream));
    let told = run(&["send", &peer.at(), "--file", file.to_str().unwrap()]);
    assert_eq!((told.code, peer.end() == vec![7; 3_000_000]), (Some(0), true), "{}", told.err);
    let peer = Peer::new(|mut stream| all(&mut stream));
    let told = run(&["send", &peer.at(), "--pattern", "3000000"]);
    let came = peer.end();
    assert_eq!((told.code, came.len()), (Some(0), 3_000_000), "{}", told.err);
    assert_eq!(came[(1 << 20) + 8..][..8], 1u64.to_be_bytes());
}

#[test]
fn nobody_reading_the_output_ends_it_quietly() {
    let peer = Peer::new(|mut stream| while stream.write_all(&[b'x'; 4096]).is_ok() {});
    let mut child = program(&["send", &peer.at(), "--wait", "60"]).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 100]).unwrap();
    drop(stdout);
    let told = finish(child);
    assert!(!told.err.contains("error") && !told.err.contains("panic"), "{}", told.err);
    assert_eq!(told.code, Some(0));
    peer.end();
}

#[test]
fn a_signal_ends_it_with_one_summary_line() {
    for (signal, why, code) in [(Signal::SIGINT, "interrupted", 130), (Signal::SIGTERM, "terminated", 143)] {
        let peer = Peer::new(|mut stream| all(&mut stream));
        let mut child =
            program(&["send", &peer.at(), "hi", "--wait", "60", "--no-shutdown"]).spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut connected = String::new();
        err.read_line(&mut connected).unwrap();
        kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
        let mut rest = String::new();
        err.read_to_string(&mut rest).unwrap();
        let rest = plain(&rest, peer.port);
        assert!(rest.starts_with(&format!("* {why}: closed by us after T s: sent ")), "{rest}");
        assert_eq!(rest.lines().count(), 1, "{rest}");
        assert_eq!(child.wait().unwrap().code(), Some(code));
        peer.end();
    }
}

#[test]
fn abort_ends_with_a_reset() {
    let peer = Peer::new(|mut stream| {
        let mut bytes = Vec::new();
        let end = stream.read_to_end(&mut bytes);
        end.map_err(|error| error.kind())
    });
    let told = run(&["send", &peer.at(), "hi", "--abort"]);
    let err = format!("{CONNECTED}* reset by us (RST) after T s: sent 2 B, received 0 B\n");
    same(&told, peer.port, "", &err, 0);
    assert_eq!(peer.end(), Err(std::io::ErrorKind::ConnectionReset));
}

#[test]
fn a_probe_says_whether_the_connection_is_accepted() {
    let peer = Peer::new(|mut stream| all(&mut stream));
    let told = run(&["send", "-z", &peer.at()]);
    assert_eq!((told.code, peer.end()), (Some(0), Vec::new()), "{}", told.err);
}

#[test]
fn retry_waits_for_a_server_that_is_starting() {
    let held = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    // Bound and not listening: refused, and nobody else can take the port.
    held.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    let at = held.local_addr().unwrap().as_socket().unwrap();
    let child = program(&["send", &at.to_string(), "hi", "--retry", "60", "-v"]).spawn();
    let mut child = child.unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut trying = String::new();
    err.read_line(&mut trying).unwrap();
    held.listen(1).unwrap();
    let (stream, _) = held.accept().unwrap();
    let mut stream = std::net::TcpStream::from(stream);
    assert_eq!(all(&mut stream), b"hi");
    drop(stream);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn source_address_and_family_are_as_asked() {
    let from = |words: &[&str]| {
        let peer = Peer::new(|stream| stream.peer_addr().unwrap().to_string());
        let told = run(&[&["send", &peer.at()], words].concat());
        assert_eq!(told.code, Some(0), "{}", told.err);
        peer.end()
    };
    assert!(from(&["-s", "127.0.0.2"]).starts_with("127.0.0.2:"));
    assert!(from(&["-4"]).starts_with("127.0.0.1:"));
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let told = run(&["send", "-6", "127.0.0.1", &peer.local_addr().unwrap().port().to_string(), "x"]);
    assert_eq!(told.code, Some(3), "{}", told.err);
}

#[test]
fn many_connections_do_the_same_at_once() {
    let server = Serving::new(&["--echo"]);
    let told = run(&["send", &server.at(), "hello", "--connections", "20"]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert_eq!(told.out(), "hello".repeat(20));
    let said = server.stop();
    assert!(said.err.contains("* 20 clients in T s: in 100 B, out 100 B"), "{}", said.err);
}

#[test]
fn a_unix_socket_is_an_address_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let peer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        stream.write_all(&bytes).unwrap();
    });
    let told = run(&["send", &format!("unix:{}", path.display()), "hi"]);
    peer.join().unwrap();
    assert_eq!((told.out(), told.code), ("hi".to_owned(), Some(0)), "{}", told.err);
    assert!(!told.err.contains("unnamed"), "{}", told.err);
}

#[test]
fn events_are_json_lines_and_nothing_else_is_on_stdout() {
    let peer = Peer::new(echo);
    let told = run(&["send", &peer.at(), "hi", "--json"]);
    let lines: Vec<serde_json::Value> =
        told.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["format"], "sockdrill-events");
    let kinds: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    for kind in ["connected", "sent", "shut-down", "received", "ended", "closed"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    assert_eq!((told.err.as_str(), told.code), ("", Some(0)));
    peer.end();
}

#[test]
fn an_event_names_the_step_that_did_it_and_none_where_none_did() {
    let step_of = |words: &[&str], event: &str| -> Vec<Option<u64>> {
        let told = run(words);
        let lines = told.out();
        let lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.filter(|line| line["event"] == event).map(|line| line["step"].as_u64()).collect()
    };
    let peer = Peer::new(echo);
    assert_eq!(step_of(&["send", &peer.at(), "hi", "--json", "--expect", "hi"], "received"), [Some(4)]);
    peer.end();
    // Nobody is to take what comes: it is no matter of the connect that it has come.
    for event in ["received", "ended"] {
        let peer = Peer::new(echo);
        assert_eq!(step_of(&["send", &peer.at(), "hi", "--json"], event), [None], "{event}");
        peer.end();
    }
    let peer = Peer::new(echo);
    let flags = ["--json", "--no-shutdown", "--idle", "50ms"];
    assert_eq!(step_of(&[&["send", &peer.at(), "hi"][..], &flags].concat(), "failed"), [None]);
    peer.end();
    // What was never open is not closed, and does not fail a second time for that.
    let free = free_port().to_string();
    assert_eq!(step_of(&["send", &free, "hi", "--json"], "failed"), [Some(1)]);
}

#[test]
fn quiet_leaves_data_and_errors() {
    let peer = Peer::new(echo);
    let told = run(&["send", &peer.at(), "hi", "--quiet"]);
    same(&told, peer.port, "hi", "", 0);
    peer.end();
}

#[test]
fn five_examples_stand_at_the_top_of_the_help() {
    for command in ["send", "serve"] {
        let told = run(&[command, "--help"]);
        let out = told.out();
        let examples: Vec<&str> = out.lines().take(8).filter(|line| line.contains("sockdrill ")).collect();
        assert!(out.starts_with("Examples:\n") && examples.len() == 5, "{out}");
        assert_eq!(told.code, Some(0));
    }
}

/// A certificate for `localhost` by openssl, and its key.
fn certificate(directory: &Path, authority: bool) -> (PathBuf, PathBuf) {
    let (cert, key) = (directory.join("cert.pem"), directory.join("key.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    openssl.args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
    openssl.args(["-addext", if authority { "keyUsage=keyCertSign" } else { "basicConstraints=CA:FALSE" }]);
    openssl.arg("-keyout").arg(&key).arg("-out").arg(&cert).stderr(Stdio::null());
    assert!(openssl.status().unwrap().success());
    (cert, key)
}

/// openssl as a server that sends back each line from its end to its beginning.
fn openssl_server(port: u16, (cert, key): (&Path, &Path)) -> Child {
    let mut server = Command::new("openssl");
    server.args(["s_server", "-rev", "-naccept", "9", "-accept", &format!("127.0.0.1:{port}")]);
    server.arg("-cert").arg(cert).arg("-key").arg(key);
    server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    server.spawn().unwrap()
}

#[test]
fn tls_is_spoken_with_openssl() {
    if !has("openssl") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(directory.path(), false);
    let port = free_port();
    let mut server = openssl_server(port, (&cert, &key));
    let at = format!("127.0.0.1:{port}");
    let secrets = directory.path().join("secrets");
    let mut child =
        program(&["send", &at, r"hello\n", "--tls", "--insecure", "--until", r"\n", "--retry", "30"]);
    let told = finish(child.env("SSLKEYLOGFILE", &secrets).spawn().unwrap());
    assert_eq!((told.out(), told.code), ("olleh\n".to_owned(), Some(0)), "{}", told.err);
    assert!(told.err.contains("* TLS 1."), "{}", told.err);
    assert!(std::fs::read_to_string(secrets).unwrap().contains("CLIENT_"));
    let trusted = ["send", &at, r"hello\n", "--tls", "--ca", cert.to_str().unwrap(), "--until", r"\n"];
    let told = run(&trusted);
    assert_eq!((told.out(), told.code), ("olleh\n".to_owned(), Some(0)), "{}", told.err);
    let told = run(&["send", &at, "x", "--tls"]);
    assert!(told.code == Some(3) && told.err.contains("\nerror: "), "{}", told.err);
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn tls_that_ends_without_its_close_notify_is_told() {
    if !has("openssl") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(directory.path(), false);
    let port = free_port();
    let mut server = openssl_server(port, (&cert, &key));
    let at = format!("127.0.0.1:{port}");
    let words =
        ["send", &at, r"hello\n", "--tls", "--insecure", "--retry", "30", "--no-shutdown", "--wait", "60"];
    let mut child = program(&words).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
    // Killed, it says nothing more.
    server.kill().unwrap();
    server.wait().unwrap();
    let told = finish(child);
    assert!(told.err.contains("* closed by peer (FIN without close_notify) after"), "{}", told.err);
}

#[test]
fn the_certificate_of_an_authority_is_refused_in_words() {
    if !has("openssl") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(directory.path(), true);
    let port = free_port();
    let mut server = openssl_server(port, (&cert, &key));
    let at = format!("127.0.0.1:{port}");
    let told = run(&[
        "send",
        &at,
        "x",
        "--tls",
        "--ca",
        cert.to_str().unwrap(),
        "--sni",
        "localhost",
        "--retry",
        "30",
    ]);
    server.kill().unwrap();
    server.wait().unwrap();
    let words = "invalid peer certificate: it is a certificate authority's, and no server's own";
    assert!(told.err.contains(words), "{}", told.err);
    assert_eq!(told.code, Some(3));
}

#[test]
fn what_tls_needs_is_looked_at_before_anything_opens() {
    let directory = tempfile::tempdir().unwrap();
    let (text, log) = (directory.path().join("no.pem"), directory.path().join("missing/keys"));
    std::fs::write(&text, "no certificate").unwrap();
    let text = text.to_str().unwrap();
    for (words, problem) in [
        (&["send", "9", "x", "--tls", "--ca", text][..], "error: TLS: the PEM text holds no certificate\n"),
        (&["send", "9", "x", "--tls", "--sni", "bad name"], "error: TLS: `bad name` is no server name\n"),
        (
            &["serve", "0", "--tls", "--cert", text, "--key", text],
            "error: TLS: the PEM text holds no certificate\n",
        ),
    ] {
        let told = run(words);
        assert!(told.err.starts_with(problem), "{words:?}: {}", told.err);
        assert_eq!((told.code, told.out.len()), (Some(2), 0), "{words:?}");
    }
    let mut command = program(&["send", "9", "x", "--tls", "--insecure"]);
    let told = finish(command.env("SSLKEYLOGFILE", &log).spawn().unwrap());
    let wanted = format!(
        "error: cannot write {}, which SSLKEYLOGFILE names: no such file or directory\n",
        log.display()
    );
    assert_eq!((told.err, told.code), (wanted, Some(2)));
}

#[test]
fn flags_that_fingers_know_are_answered_with_where_to_look() {
    for (words, hint) in [
        (&["send", "9", "-u"][..], "datagrams are sent by `sockdrill udp-send`"),
        (&["serve", "-l", "9"], "it always listens"),
        (&["serve", "0", "-e", "cat"], "`--echo`, `--reply`, `--on` and `--script` answer"),
        (&["udp-send", "-z", "9"], "UDP accepts no connection"),
        (&["udp-recv", "-p", "9"], "the port is the argument"),
    ] {
        let told = run(words);
        assert!(told.err.contains(hint) && told.err.contains("`sockdrill help from-nc`"), "{}", told.err);
        assert_eq!((told.code, told.out.len()), (Some(2), 0), "{words:?}");
    }
}

#[test]
fn an_unknown_option_is_shown_where_it_stands() {
    let told = run(&["send", "9", "x", "--option", "nodely=true"]);
    let wanted = "error: there is no socket option `nodely`
 --> command line:1:29
  |
1 | sockdrill send 9 x --option nodely=true
  |                             ^^^^^^
  |
  = help: did you mean `nodelay`?
";
    assert_eq!((told.err.as_str(), told.code), (wanted, Some(2)));
}

#[test]
fn a_peer_that_ends_before_the_input_has_its_turn_is_not_missed() {
    for words in [&[][..], &["--no-shutdown"], &["said", "-"]] {
        for _ in 0..10 {
            let peer = Peer::new(drop);
            let mut child =
                program(&[&["send", &peer.at()], words].concat()).stdin(Stdio::piped()).spawn().unwrap();
            let held = child.stdin.take();
            peer.end();
            let told = finish(child);
            drop(held);
            assert!(told.err.contains("* closed by peer (FIN)") || told.code == Some(5), "{}", told.err);
        }
    }
}
