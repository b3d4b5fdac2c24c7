//! How it ends: by whom, in which words, with which exit code.

use crate::desk::{LONG, Peer, Serving, all, echo, finish, plain, program, reset, run, run_with};
use crate::{CONNECTED, same};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;
use std::sync::mpsc::channel;

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
fn a_peer_that_closes_at_once_is_a_clean_end() {
    let peer = Peer::new(drop);
    let told = run(&["send", &peer.at()]);
    let err = format!("{CONNECTED}* closed by peer (FIN) after T s: sent 0 B, received 0 B\n");
    same(&told, peer.port, "", &err, 0);
    peer.end();
}

#[test]
fn a_peer_that_had_closed_has_not_read_all_though_all_was_sent() {
    let peer = Peer::new(drop);
    let mut child = program(&["send", &peer.at(), "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    err.read_line(&mut told).unwrap();
    let port = peer.port;
    peer.end();
    stdin.write_all(b"hello").unwrap();
    drop(stdin);
    err.read_to_string(&mut told).unwrap();
    let wanted = format!(
        "{CONNECTED}error: 127.0.0.1:PORT: the peer had closed, and answered what was sent with a reset\n\
         * closed by peer (FIN) after T s, before it had read all: sent 5 B, received 0 B\n"
    );
    assert_eq!((plain(&told, port), child.wait().unwrap().code()), (wanted, Some(5)));
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
fn a_peer_that_resets_before_our_reset_is_named_as_who_did() {
    let peer = Peer::new(|mut stream| {
        stream.read_exact(&mut [0]).unwrap();
        reset(stream);
    });
    let told = run(&["send", &peer.at(), "--pattern", "100MiB", "--abort"]);
    assert!(told.err.contains("* reset by peer (RST) after "), "{}", told.err);
    assert!(!told.err.contains("by us"), "{}", told.err);
    assert_eq!(told.code, Some(5));
    peer.end();
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
fn a_signal_does_not_wait_for_a_close_that_lingers() {
    let (let_go, held) = std::sync::mpsc::channel::<()>();
    let peer = Peer::new(move |stream| {
        // Until it is let go nothing is read, so that nothing of the rest can leave.
        let _ = held.recv();
        drop(stream);
    });
    let words = ["send", &peer.at(), "--pattern", "64MiB", "--option", "linger=1h"];
    let mut child = program(&words).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    err.read_line(&mut String::new()).unwrap();
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
    let told = finish(child);
    let mut rest = String::new();
    err.read_to_string(&mut rest).unwrap();
    assert_eq!(told.code, Some(130), "{rest}");
    assert!(rest.starts_with("* interrupted: closed by us after "), "{rest}");
    let_go.send(()).unwrap();
    peer.end();
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
fn a_close_that_the_kernel_makes_a_reset_of_is_told_as_one() {
    let unread = ["--until", "\\n", "--no-shutdown"];
    let told = "closed by us with 4 B unread, so by a reset after T s: sent 2 B, received 3 B";
    let linger = ["--wait", "0", "--no-shutdown", "--option", "linger=0s"];
    let cases: [(&[&str], &str, &str); 2] =
        [(&unread, "ok\nmore", told), (&linger, "", "reset by us (RST) after T s: sent 2 B, received 0 B")];
    for (flags, answer, told) in cases {
        let peer = Peer::new(move |mut stream| {
            stream.read_exact(&mut [0; 2]).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            stream.read_to_end(&mut Vec::new()).map_err(|error| error.kind())
        });
        let at = peer.at();
        let words: Vec<&str> = ["send", &at, "hi"].iter().chain(flags).copied().collect();
        let err = plain(&run(&words).err, peer.port);
        assert!(err.contains(told), "{words:?}: {err}");
        assert_eq!(peer.end(), Err(std::io::ErrorKind::ConnectionReset), "{words:?}");
    }
}

#[test]
fn what_was_sent_arrives_though_the_peer_had_said_more_than_was_expected() {
    let (read_on, may_read) = channel::<()>();
    let peer = Peer::new(move |mut stream| {
        stream.write_all(b"220 hi\r\n").unwrap();
        // It reads when the client has what it wants and is about to close.
        may_read.recv_timeout(LONG).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).map_err(|error| error.kind())
    });
    let mut child = program(&["send", &peer.at(), "--pattern", "2MB", "--expect", "220"]).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 3]).unwrap();
    read_on.send(()).unwrap();
    assert_eq!(finish(child).code, Some(0));
    assert_eq!(peer.end(), Ok(2_000_000));
}

#[test]
fn who_waits_for_no_answer_gets_what_is_there_and_is_told_of_no_more() {
    for _ in 0..20 {
        let peer = Peer::new(|mut stream| {
            stream.write_all(b"hello\r\n").unwrap();
            all(&mut stream).len()
        });
        let told = run(&["send", &peer.at(), "--pattern", "300000", "--wait", "0"]);
        assert_eq!((peer.end(), told.code), (300_000, Some(0)), "{}", told.err);
        let err = plain(&told.err, 0);
        let counted = format!("sent 300000 B, received {} B", told.out.len());
        assert!(err.contains(&counted) && !err.contains(" 0 B of what"), "{err}");
    }
}

#[test]
fn a_peer_that_ends_before_the_input_has_its_turn_is_not_missed() {
    for words in [&[][..], &["--no-shutdown"], &["said", "-"]] {
        for _ in 0..10 {
            let peer = Peer::new(drop);
            let mut child = program(&[&["send", &peer.at(), "--wait", "100ms"], words].concat())
                .stdin(Stdio::piped())
                .spawn()
                .unwrap();
            let held = child.stdin.take();
            peer.end();
            let told = finish(child);
            drop(held);
            assert!(told.err.contains("closed by peer (FIN)") || told.code == Some(5), "{}", told.err);
        }
    }
}
