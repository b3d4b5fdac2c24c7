//! Clients that do everything wrong, and one beside them that is served.

use crate::desk::{LONG, Serving, program, reset};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

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
    assert!(told.err.contains(": new clients wait until others leave"), "{}", told.err);
    assert_eq!(told.code, Some(130));
}
