//! Both ways with nc, ncat, socat and Python's sockets, where they are installed.

use crate::harness::{Input, bound, port_of, run, socket, start, start_command};
use std::process::Command;

fn has(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap();
    if !found.status.success() {
        eprintln!("skipped: {program} is not installed");
    }
    found.status.success()
}

/// What a shell line with the port in `$0` sends to `udp-recv`.
fn received_from(line: &str, count: &str) -> Vec<u8> {
    let mut receiver = start(&["udp-recv", "0", "--count", count, "--view", "raw"]);
    let port = receiver.port().to_string();
    let mut command = Command::new("sh");
    command.args(["-c", line, &port]);
    let sender = start_command(command, Input::Null);
    let got = receiver.end();
    assert_eq!(got.code, Some(0), "{}", got.err);
    drop(sender.end());
    got.out
}

#[test]
fn what_other_programs_send_is_received() {
    for (program, line) in [
        ("nc", "printf 'hello\\0' | nc -u -q 0 -w 1 127.0.0.1 $0"),
        ("ncat", "printf 'hello\\0' | ncat -u --send-only 127.0.0.1 $0"),
        ("socat", "printf 'hello\\0' | socat -u - UDP:127.0.0.1:$0"),
        ("python3", "python3 -c 'import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b\"hello\\0\", (\"127.0.0.1\", int(sys.argv[1])))' $0"),
    ] {
        if has(program) {
            assert_eq!(received_from(line, "1"), b"hello\0", "{program}");
        }
    }
}

/// A port that was free a moment ago: other programs do not say which one they took.
fn free_port() -> String {
    port_of(&socket())
}

#[test]
fn other_programs_answer_what_is_sent() {
    for (program, line) in [
        ("ncat", "exec ncat -u -l 127.0.0.1 $0 -e /bin/cat"),
        ("socat", "exec socat UDP-LISTEN:$0,bind=127.0.0.1 EXEC:cat"),
        (
            "python3",
            "exec python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((\"127.0.0.1\", int(sys.argv[1])))
data, peer = s.recvfrom(65536)
s.sendto(data, peer)' $0",
        ),
    ] {
        if !has(program) {
            continue;
        }
        let port = free_port();
        let mut command = Command::new("sh");
        command.args(["-c", line, &port]);
        let server = start_command(command, Input::Null);
        bound(&port);
        let ended = run(&["udp-send", &port, r"echo\0this", "--replies", "1", "--quiet", "--wait", "60"]);
        server.signal(nix::sys::signal::Signal::SIGTERM);
        assert_eq!(
            (ended.out.as_slice(), ended.code),
            (&b"echo\0this"[..], Some(0)),
            "{program}: {}",
            ended.err
        );
        drop(server.end());
    }
}

#[test]
fn nc_receives_what_is_sent() {
    if !has("nc") {
        return;
    }
    let port = free_port();
    let mut command = Command::new("sh");
    command.args(["-c", "exec nc -u -l 127.0.0.1 $0", &port]);
    let mut server = start_command(command, Input::Open);
    bound(&port);
    let ended = run(&["udp-send", &port, r"to nc\n"]);
    assert_eq!((ended.err.as_str(), ended.code), ("", Some(0)));
    server.says("to nc\n");
    server.signal(nix::sys::signal::Signal::SIGTERM);
    drop(server.end());
}
