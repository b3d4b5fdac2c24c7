//! The bar of a long transfer, on a pseudo-terminal; every peer waits until the bar is seen.

use crate::desk::running::{Input, Running};
use crate::desk::{Peer, all, program, reset, run};
use crate::pty::Terminal;
use nix::sys::signal::Signal;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::sync::mpsc::{Sender, channel};

/// More than the kernel keeps for a peer that does not read.
const SIZE: usize = 64 << 20;
const OF: &str = " of 64.0 MiB (";

/// A peer that reads a part, and then does this at each word.
fn peer<T: Send + 'static>(
    then: impl FnOnce(TcpStream, &dyn Fn()) -> T + Send + 'static,
) -> (Peer<T>, Sender<()>) {
    let (go, word) = channel();
    let peer = Peer::new(move |mut stream| {
        stream.read_exact(&mut vec![0; 1 << 20]).unwrap();
        then(stream, &|| word.recv().unwrap())
    });
    (peer, go)
}

fn send(home: &tempfile::TempDir, at: &str, words: &[&str]) -> Terminal {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockdrill"));
    Terminal::run(command.args(["send", at]).args(words), home.path(), 100, 40)
}

/// What stands on the screen after the end; the last line is the one that says how it ended.
fn left(terminal: &Terminal, end: &str) -> Vec<String> {
    terminal.wait(end, |screen| screen.shows(end) && screen.line().is_empty());
    let mut lines = terminal.look(crate::pty::Screen::lines);
    lines.retain(|line| !line.is_empty());
    assert!(!lines.iter().any(|line| line.contains(OF) || line.contains('╸')), "{lines:#?}");
    assert!(lines.last().unwrap().contains(end), "{lines:#?}");
    lines
}

#[test]
fn a_bar_shows_a_long_transfer_and_is_gone_before_its_end_is_told() {
    let home = tempfile::tempdir().unwrap();
    let (peer, go) = peer(|mut stream, wait| {
        wait();
        stream.write_all(b"half way\n").unwrap();
        wait();
        all(&mut stream).len()
    });
    let mut terminal = send(&home, &peer.at(), &["--pattern", "64MiB"]);
    terminal.see(OF);
    go.send(()).unwrap();
    terminal.see("< ");
    terminal.wait("a bar below what came", |screen| {
        let lines = screen.lines();
        let came = lines.iter().position(|line| line.contains("half way"));
        let bar = lines.iter().position(|line| line.contains(OF) && line.contains(", received 9 B"));
        came.is_some() && came < bar
    });
    go.send(()).unwrap();
    assert_eq!((terminal.end(), peer.end()), (0, SIZE - (1 << 20)));
    let lines = left(&terminal, "* closed by peer (FIN) after ");
    assert!(lines[0].starts_with("* connected "), "{lines:#?}");
}

#[test]
fn a_file_counts_while_it_is_sent() {
    let home = tempfile::tempdir().unwrap();
    std::fs::File::create(home.path().join("large")).unwrap().set_len(SIZE as u64).unwrap();
    let (peer, go) = peer(|mut stream, wait| {
        wait();
        all(&mut stream).len()
    });
    let mut terminal = send(&home, &peer.at(), &["--file", "large"]);
    terminal.wait("bytes of the file", |screen| screen.shows(OF) && !screen.shows("sent 0 B of"));
    go.send(()).unwrap();
    assert_eq!((terminal.end(), peer.end()), (0, SIZE - (1 << 20)));
    left(&terminal, "* closed by peer (FIN) after ");
}

#[test]
fn the_bar_is_gone_after_ctrl_c() {
    let home = tempfile::tempdir().unwrap();
    let (peer, go) = peer(|stream, wait| {
        wait();
        drop(stream);
    });
    let mut terminal = send(&home, &peer.at(), &["--pattern", "64MiB"]);
    terminal.see(OF);
    terminal.signal(Signal::SIGINT);
    assert_eq!(terminal.end(), 130);
    left(&terminal, "by us");
    go.send(()).unwrap();
    peer.end();
}

#[test]
fn the_bar_is_gone_after_a_failure() {
    let home = tempfile::tempdir().unwrap();
    let (peer, go) = peer(|stream, wait| {
        wait();
        reset(stream);
    });
    let mut terminal = send(&home, &peer.at(), &["--pattern", "64MiB"]);
    terminal.see(OF);
    go.send(()).unwrap();
    assert_eq!(terminal.end(), 5);
    left(&terminal, "* reset by peer (RST) after ");
    peer.end();
}

#[test]
fn a_pipe_gets_nothing_of_a_bar() {
    let peer = Peer::new(|mut stream| all(&mut stream).len());
    // Longer than it takes for a bar to be shown.
    let told = run(&["send", &peer.at(), "--pattern", "3000", "--rate", "2KB/s"]);
    assert!(!told.err.contains(" of ") && !told.err.contains('\u{1b}'), "{}", told.err);
    assert_eq!((told.err.lines().count(), told.code, peer.end()), (2, Some(0), 3000), "{}", told.err);
}

#[test]
fn a_peer_that_takes_nothing_is_seen_to_be_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let (peer, go) = peer(|mut stream, wait| {
        wait();
        all(&mut stream).len()
    });
    let mut terminal = send(&home, &peer.at(), &["--pattern", "64MiB"]);
    terminal.see(" (nothing taken for 1 s)");
    go.send(()).unwrap();
    left(&terminal, "* closed by peer (FIN)");
    assert_eq!((terminal.end(), peer.end()), (0, SIZE - (1 << 20)));
    let (peer, go) = self::peer(|mut stream, wait| {
        wait();
        all(&mut stream).len()
    });
    let child = Running::start(&mut program(&["send", &peer.at(), "--pattern", "64MiB", "-v"]), Input::Null);
    child.tells("* the peer takes nothing: waiting for it (`--idle 10s` gives up)\n");
    go.send(()).unwrap();
    let told = child.end();
    assert_eq!((told.code, told.err.matches("takes nothing").count()), (Some(0), 1), "{}", told.err);
    peer.end();
}

#[test]
fn a_narrow_terminal_shows_fewer_words_and_no_part_of_one() {
    let home = tempfile::tempdir().unwrap();
    for columns in [60, 50, 40, 30, 12] {
        let (peer, go) = peer(|stream, wait| {
            wait();
            reset(stream);
        });
        let mut command = Command::new(env!("CARGO_BIN_EXE_sockdrill"));
        command.args(["send", &peer.at(), "--pattern", "64MiB", "--color", "never"]);
        let mut terminal = Terminal::run(&command, home.path(), columns, 40);
        terminal.wait("the bar", |screen| screen.line().contains("MiB"));
        let lines = terminal.look(crate::pty::Screen::lines);
        let bar: Vec<_> = lines.iter().filter(|line| line.contains("MiB")).collect();
        assert_eq!(bar.len(), 1, "{columns}: {lines:#?}");
        // A rate, the time that nothing was taken, or an amount.
        let is_whole = ["/s)", " s)", " MiB"].iter().any(|end| bar[0].trim_end().ends_with(end));
        assert!(is_whole, "{columns}: {lines:#?}");
        go.send(()).unwrap();
        terminal.end();
        peer.end();
    }
}
