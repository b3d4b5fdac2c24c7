//! The table of situations: for each command in each of them stdout, stderr and exit code, to the byte; beside it what nc,
//! ncat and socat do, where they are installed. And the commands with them at the other end, and at a terminal.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test panics where it fails, and says what it skips"
)]

mod desk;
#[path = "situations/files.rs"]
mod files;
#[path = "situations/others.rs"]
mod others;
#[path = "situations/peers.rs"]
mod peers;
#[allow(dead_code, reason = "the tests of the prompt use the rest")]
#[path = "prompt/pty.rs"]
mod pty;
#[path = "situations/scenes.rs"]
mod scenes;
#[path = "situations/stand.rs"]
mod stand;
#[path = "situations/table.rs"]
mod table;
#[path = "situations/terminal.rs"]
mod terminal;

use others::{Does, OTHERS, PROGRAMS};
use stand::{Row, Said, play, play_other};
use std::collections::BTreeSet;
use table::{HOLES, TABLE};

/// Every situation that must stand in the table.
const SITUATIONS: &[&str] = &[
    "refused",
    "unknown host",
    "port in use",
    "bad port",
    "the peer closes",
    "the peer resets after data",
    "half-close, and the answer 1.5 s later",
    "silence",
    "connect time-out",
    "an empty datagram",
    "closed UDP port",
    "another port answers",
    "broadcast without the option",
    "five clients at once",
    "stdin is closed",
    "stdin is /dev/null",
    "stdin stays open",
    "stdout is closed early",
    "escape codes from the peer",
    "Ctrl-C",
    "SIGTERM",
    "20,000 bytes on stdin",
];

/// The code of one that goes on, and is ended: 128 and SIGTERM.
const GOES_ON: i32 = 143;

const COMMANDS: [&str; 4] = ["send", "serve", "udp-send", "udp-recv"];

fn command_of(row: &Row) -> &str {
    let after = row.line.split("sockdrill ").nth(1).unwrap();
    after.split(' ').next().unwrap()
}

fn plays_as_written(command: &str) {
    let mut wrong = Vec::new();
    for row in TABLE.iter().filter(|row| command_of(row) == command) {
        let said = play(row);
        let wanted = Said { out: row.out.to_owned(), err: row.err.to_owned(), code: Some(row.code) };
        if said != wanted {
            wrong.push(format!("{}: {}\nwanted {wanted:#?}\nseen   {said:#?}", row.situation, row.line));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn send_says_what_happened() {
    plays_as_written("send");
}

#[test]
fn serve_says_what_happened() {
    plays_as_written("serve");
}

#[test]
fn udp_send_says_what_happened() {
    plays_as_written("udp-send");
}

#[test]
fn udp_recv_says_what_happened() {
    plays_as_written("udp-recv");
}

#[test]
fn every_command_stands_in_every_situation_or_it_is_said_why_not() {
    let named: BTreeSet<&str> = TABLE.iter().map(|row| row.situation).collect();
    assert_eq!(named, SITUATIONS.iter().copied().collect());
    for (situation, command) in cells() {
        let rows =
            TABLE.iter().filter(|row| row.situation == situation && command_of(row) == command).count();
        let holes = HOLES.iter().filter(|hole| hole.0 == situation && hole.1.contains(&command)).count();
        assert_eq!((rows > 0, holes), (holes == 0, usize::from(rows == 0)), "{situation}: {command}");
    }
}

#[test]
fn nc_ncat_and_socat_stand_beside_every_row_or_it_is_said_why_not() {
    for (situation, command) in cells() {
        let stands = TABLE.iter().any(|row| row.situation == situation && command_of(row) == command);
        let beside =
            OTHERS.iter().filter(|beside| (beside.situation, beside.command) == (situation, command));
        assert_eq!(beside.count(), usize::from(stands), "{situation}: {command}");
    }
    for beside in OTHERS {
        for (program, does) in PROGRAMS.iter().zip(&beside.does) {
            match does {
                // It is the first word of a part of the line.
                Does::Plays { line, .. } => assert!(
                    line.split("| ").any(|part| part.split(' ').next() == Some(program)),
                    "{}: {program}: {line}",
                    beside.situation
                ),
                Does::Apart(why) => assert!(!why.is_empty(), "{}: {program}", beside.situation),
            }
        }
    }
}

/// Every situation with every command.
fn cells() -> impl Iterator<Item = (&'static str, &'static str)> {
    SITUATIONS.iter().flat_map(|situation| COMMANDS.map(|command| (*situation, command)))
}

/// What the others do is a fact about the versions that were looked at: with another one it is not judged.
fn is_the_version_looked_at(program: &str) -> bool {
    if !desk::installed::has(program) {
        return false;
    }
    let (ask, known): (&[&str], &str) = match program {
        "nc" => (&["-h"], "OpenBSD netcat"),
        "ncat" => (&["--version"], "Ncat: Version 7."),
        "socat" => (&["-V"], "socat version 1."),
        // Sockets are the same in all of them.
        _ => return true,
    };
    let output = std::process::Command::new(program).args(ask).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if !said.contains(known) {
        eprintln!("skipped: this {program} is not the one that was looked at");
    }
    said.contains(known)
}

fn others_do_as_written(program: &str) {
    if !is_the_version_looked_at(program) {
        return;
    }
    let at = PROGRAMS.iter().position(|other| *other == program).unwrap();
    let mut wrong = Vec::new();
    for beside in OTHERS {
        let Does::Plays { line, out, err, code } = &beside.does[at] else { continue };
        let of = |row: &&Row| (row.situation, command_of(row)) == (beside.situation, beside.command);
        let row = TABLE.iter().find(of).unwrap();
        let told = play_other(line, row.scene, (*code == GOES_ON).then_some(*out));
        let says = if err.is_empty() { told.err.is_empty() } else { told.err.contains(err) };
        if (told.out.as_str(), told.code) != (out, Some(*code)) || !says {
            wrong.push(format!(
                "{}: {line}\nwanted {out:?} {err:?} {code}\nseen   {told:#?}",
                beside.situation
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn nc_does_what_stands_beside_it() {
    others_do_as_written("nc");
}

#[test]
fn ncat_does_what_stands_beside_it() {
    others_do_as_written("ncat");
}

#[test]
fn socat_does_what_stands_beside_it() {
    others_do_as_written("socat");
}
