//! The table of situations: for each command in each of them stdout, stderr and exit code, to the byte; and beside it
//! what nc, ncat and socat do, where they are installed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test panics where it fails, and says what it skips"
)]

mod desk;
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

use stand::{Row, Told, play};
use std::collections::BTreeSet;
use table::TABLE;

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

const COMMANDS: [&str; 4] = ["send", "serve", "udp-send", "udp-recv"];

fn command_of(row: &Row) -> &str {
    let after = row.line.split("sockdrill ").nth(1).unwrap();
    after.split(' ').next().unwrap()
}

fn plays_as_written(command: &str) {
    let mut wrong = Vec::new();
    for row in TABLE.iter().filter(|row| command_of(row) == command) {
        let told = play(row.line, row.scene);
        let wanted = Told { out: row.out.to_owned(), err: row.err.to_owned(), code: Some(row.code) };
        if told != wanted {
            wrong.push(format!("{}: {}\nwanted {wanted:#?}\nseen   {told:#?}", row.situation, row.line));
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
fn every_situation_and_every_command_stands_in_the_table() {
    let named: BTreeSet<&str> = TABLE.iter().map(|row| row.situation).collect();
    assert_eq!(named, SITUATIONS.iter().copied().collect());
    let commands: BTreeSet<&str> = TABLE.iter().map(command_of).collect();
    assert_eq!(commands, COMMANDS.into());
}

/// What the others do is a fact about the versions that were looked at: with another one it is not judged.
fn is_the_version_looked_at(program: &str) -> bool {
    let (ask, known): (&[&str], &str) = match program {
        "nc" => (&["-h"], "OpenBSD netcat"),
        "ncat" => (&["--version"], "Ncat: Version 7."),
        _ => (&["-V"], "socat version 1."),
    };
    if !desk::has(program) {
        return false;
    }
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
    let mut wrong = Vec::new();
    for row in TABLE {
        for (line, out, code) in row.others {
            // It is the first word of a part of the line.
            if !line.split("| ").any(|part| part.split(' ').next() == Some(program)) {
                continue;
            }
            let told = play(line, row.scene);
            if (told.out.as_str(), told.code) != (out, Some(*code)) {
                wrong.push(format!("{}: {line}\nwanted {out:?} {code}\nseen   {told:#?}", row.situation));
            }
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
