//! The prompt in a real pseudo-terminal, and what it saves.

// clippy.toml allows these inside `#[test]` functions; here the whole crate is a test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics where it fails"
)]

#[path = "prompt/page.rs"]
mod page;
#[path = "prompt/panics.rs"]
mod panics;
#[path = "prompt/pty.rs"]
mod pty;
#[path = "prompt/save.rs"]
mod save;
#[path = "prompt/scripted.rs"]
mod scripted;

use nix::sys::signal::Signal;
use pty::Terminal;
use std::io::{Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A terminal with `server` listening and its port.
fn listening(home: &tempfile::TempDir, columns: u16) -> (Terminal, u16) {
    let mut terminal = Terminal::begin(home.path(), columns, 30, &[]);
    terminal.ready();
    terminal.enter("listen server 127.0.0.1:0");
    let port = terminal.port("server");
    (terminal, port)
}

/// The same with `conn` accepted, and its peer.
fn accepted(home: &tempfile::TempDir, columns: u16) -> (Terminal, TcpStream) {
    let (mut terminal, port) = listening(home, columns);
    let peer = TcpStream::connect(("127.0.0.1", port)).unwrap();
    terminal.enter("accept conn server");
    (terminal, peer)
}

#[test]
fn lines_are_typed_completed_and_remembered() {
    let home = home();
    let mut terminal = Terminal::begin(home.path(), 80, 30, &[]);
    terminal.ready();
    terminal.keys("liste\t");
    terminal.wait("the verb", |screen| screen.typed().starts_with("sockdrill:1> listen"));
    terminal.keys("server 127.0.0.1:0\r");
    terminal.see("* server listens at 127.0.0.1:");
    terminal.ready();
    terminal.enter("connect client s\t");
    terminal.see("* client connected");
    terminal.keys("\u{1b}[A");
    terminal.wait("the line before", |screen| screen.typed().contains("connect client server"));
    terminal.keys("\u{3}");
    terminal.wait("an empty line", |screen| screen.typed() == "sockdrill:3>");
    terminal.keys("\u{4}");
    assert_eq!(terminal.end(), 0);
    assert!(terminal.is_as_it_was());
    let history = home.path().join("state/sockdrill/history");
    assert_eq!(history.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let mut again = Terminal::begin(home.path(), 80, 30, &[]);
    again.ready();
    again.keys("\u{12}listen");
    again.wait("the line of the session before", |screen| screen.shows("listen server 127.0.0.1:0"));
    again.keys("\r");
    again.see("* server listens at");
}

#[test]
fn names_options_files_and_addresses_are_completed() {
    let home = home();
    std::fs::write(home.path().join("greeting.txt"), "hello").unwrap();
    let (mut terminal, port) = listening(&home, 80);
    terminal.enter(&format!("connect client 127.0.0.1:{port}"));
    terminal.enter("accept conn ser\t");
    terminal.see("* conn accepted at server");
    for (typed, completed) in [
        ("send client @gr\t", "send client @greeting.txt"),
        ("set conn nod\tt\t", "set conn nodelay=true"),
        ("check conn state=est\t", "check conn state=established"),
        ("set vi\th\t", "set view hex"),
        // What stands there in grey is taken by moving right.
        ("close cli\u{1b}[C", "close client"),
    ] {
        terminal.keys(typed);
        terminal.wait(completed, |screen| screen.typed().ends_with(completed));
        terminal.keys("\u{3}");
        terminal.wait("an empty line", |screen| screen.line().ends_with('>'));
    }
    terminal.keys("\u{4}");
    assert_eq!(terminal.end(), 0);
    let mut again = Terminal::begin(home.path(), 80, 30, &[]);
    again.ready();
    again.keys("connect x 127\t");
    let address = format!("connect x 127.0.0.1:{port}");
    again.wait("the address of the session before", |screen| screen.typed().ends_with(&address));
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_has_a_prompt_that_goes_on_after_failures() {
    let home = home();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockdrill"));
    let mut terminal = Terminal::run(command.arg("repl").env("TERM", "dumb"), home.path(), 80, 30);
    terminal.ready();
    terminal.enter("conect c s");
    terminal.see("did you mean `connect`?");
    terminal.enter("listen server 127.0.0.1:0");
    terminal.see("* server listens at");
    terminal.keys("\u{4}");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn bytes_that_are_no_text_lose_the_line_and_not_the_prompt() {
    let home = home();
    let mut terminal = Terminal::begin(home.path(), 80, 30, &[]);
    terminal.ready();
    terminal.bytes(b"note \xff\xfe");
    terminal.see("* what was typed is not UTF-8");
    terminal.wait("an empty line", |screen| screen.line() == "sockdrill:1>");
    terminal.enter("note text");
    terminal.see("* text");
}

#[test]
fn ctrl_c_with_nothing_running_empties_the_line() {
    let home = home();
    let mut terminal = Terminal::begin(home.path(), 80, 30, &[]);
    terminal.ready();
    for times in 1..=2 {
        terminal.keys("note never\u{3}");
        // What was typed is left where it was, and a new prompt stands below it.
        terminal.wait("another line", |screen| {
            let left = screen.lines().iter().filter(|line| line.ends_with("note never")).count();
            left == times && screen.line() == "sockdrill:1>"
        });
    }
    terminal.enter("note now");
    terminal.see("* now");
    assert!(!terminal.look(|screen| screen.shows("* never")));
}

#[test]
fn what_arrives_is_told_above_a_half_typed_line_and_stays_where_it_is() {
    let home = home();
    let (mut terminal, mut peer) = accepted(&home, 80);
    terminal.keys("expect conn \"he");
    terminal.wait("what was typed", |screen| screen.typed().ends_with("expect conn \"he"));
    peer.write_all(b"hello").unwrap();
    terminal.see("~ conn: 5 B wait  hello");
    terminal.wait("the line", |screen| screen.typed() == "sockdrill:3> expect conn \"he");
    terminal.keys("llo\"\r");
    terminal.see("< conn          5  hello");
    drop(peer);
    terminal.see("~ conn: closed by peer (FIN)");
    terminal.enter("expect conn eof");
    terminal.see("* conn closed by peer (FIN)");
}

#[test]
fn ends_resets_refusals_clients_and_processes_are_told_without_being_consumed() {
    let home = home();
    let (mut terminal, _) = listening(&home, 100);
    terminal.enter("connect client server");
    terminal.see("~ server: 1 client waits");
    terminal.enter("accept conn server");
    terminal.enter("abort conn");
    terminal.see("~ client: reset by peer (RST)");
    terminal.enter("expect client reset");
    terminal.see("* client reset by peer (RST)");
    let free = UdpSocket::bind("127.0.0.1:0").unwrap();
    let closed = free.local_addr().unwrap();
    drop(free);
    terminal.enter(&format!("bind udp 127.0.0.1:0 to={closed}"));
    terminal.enter("send udp \"x\"");
    terminal.see("ICMP port unreachable");
    terminal.enter("recv udp fails=refused");
    terminal.see("failed as told: connection refused");
    terminal.enter("spawn app [sh -c \"echo ready; read line; exit 3\"]");
    terminal.see("~ app: 6 B wait  ready\\n");
    terminal.enter("send app \"go\\n\"");
    terminal.see("~ app: exit 3");
}

#[test]
fn a_flood_leaves_the_line_as_it_was_and_is_counted() {
    let home = home();
    let (mut terminal, port) = listening(&home, 80);
    terminal.enter("each server conn { expect conn \"x\"; close conn }");
    terminal.keys("note half");
    terminal.wait("what was typed", |screen| screen.typed().ends_with("note half"));
    // Three facts of each: accepted, received, closed.
    for _ in 0..3400 {
        let mut peer = TcpStream::connect(("127.0.0.1", port)).unwrap();
        peer.write_all(b"x").unwrap();
        assert_eq!(peer.read(&mut [0]).unwrap(), 0);
    }
    terminal.keys(" a line");
    terminal.wait("the line", |screen| screen.typed() == "sockdrill:3> note half a line");
    terminal.keys("\r");
    terminal.see("* half a line");
    let told = terminal.look(|screen| {
        let lines = screen.lines();
        let shown = lines.iter().filter(|line| line.starts_with("[conn#")).count();
        let left_out =
            lines.iter().filter_map(|line| line.strip_prefix("… ")?.split(' ').next()?.parse::<usize>().ok());
        shown + left_out.sum::<usize>()
    });
    assert_eq!(told, 3 * 3400, "what was not shown was counted");
}

#[test]
fn arrivals_leave_a_wrapped_line_with_wide_characters_intact() {
    let home = home();
    let (mut terminal, mut peer) = accepted(&home, 40);
    let line = "send conn \"你好世界你好世界你好世界你好世界 grüße\"";
    terminal.keys(line);
    terminal.wait("the line", |screen| screen.typed() == format!("sockdrill:3> {line}"));
    peer.write_all(b"one").unwrap();
    terminal.see("~ conn: 3 B wait  one");
    terminal.wait("the line again", |screen| screen.typed() == format!("sockdrill:3> {line}"));
    terminal.keys("\r");
    let mut buffer = [0; 100];
    let count = peer.read(&mut buffer).unwrap();
    assert_eq!(String::from_utf8_lossy(&buffer[..count]), "你好世界你好世界你好世界你好世界 grüße");
}

#[test]
fn arrivals_leave_a_block_over_several_lines_intact() {
    let home = home();
    let (mut terminal, mut peer) = accepted(&home, 80);
    terminal.keys("repeat 2 {\r  send conn \"a");
    terminal.wait("two rows", |screen| screen.typed().ends_with("  send conn \"a"));
    peer.write_all(b"one").unwrap();
    terminal.see("~ conn: 3 B wait  one");
    terminal.wait("the block", |screen| screen.typed() == "sockdrill:3> repeat 2 {  send conn \"a");
    terminal.keys("b\"\r}\r");
    let mut buffer = [0; 4];
    peer.read_exact(&mut buffer).unwrap();
    assert_eq!(&buffer, b"abab");
}

#[test]
fn ctrl_c_stops_the_running_step_and_leaves_the_prompt_a_second_one_too() {
    let home = home();
    let (mut terminal, _peer) = accepted(&home, 80);
    for line in ["sockdrill:4>", "sockdrill:5>"] {
        terminal.keys("expect conn \"x\" within=1h\r");
        terminal.wait("the step to run", |screen| screen.line().is_empty());
        terminal.keys("\u{3}");
        terminal.wait("the next prompt", |screen| screen.line() == line);
    }
    assert_eq!(
        terminal.look(|screen| screen.lines().iter().filter(|line| line.contains("* stopped")).count()),
        2
    );
    terminal.enter("close conn");
    terminal.see("* conn closed by us");
    terminal.keys("\u{4}");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_line_survives_another_width_of_the_terminal() {
    let home = home();
    let (mut terminal, mut peer) = accepted(&home, 80);
    terminal.keys("note this is a line");
    terminal.wait("the line", |screen| screen.typed().ends_with("note this is a line"));
    terminal.resize(60);
    peer.write_all(b"x").unwrap();
    terminal.see("~ conn: 1 B wait");
    terminal.keys(" of mine\r");
    terminal.see("* this is a line of mine");
}

#[test]
fn many_pasted_lines_run_in_order() {
    let home = home();
    let mut terminal = Terminal::begin(home.path(), 80, 30, &[]);
    terminal.ready();
    let lines: Vec<String> = (0..40).map(|number| format!("note line {number}")).collect();
    let paste = format!("listen server 127.0.0.1:0\nsockets\n{}\nclose server", lines.join("\n"));
    terminal.keys(&format!("\u{1b}[200~{paste}\u{1b}[201~\r"));
    terminal.see("* server closed by us");
    let shown = terminal.look(|screen| {
        let notes = screen.lines().into_iter().filter(|line| line.starts_with("* line "));
        notes.collect::<Vec<_>>()
    });
    assert_eq!(shown, (0..40).map(|number| format!("* line {number}")).collect::<Vec<_>>());
    terminal.wait("the next line", |screen| screen.line() == "sockdrill:44>");
}

#[test]
fn a_paste_that_stops_at_a_line_says_how_much_of_it_was_not_run_and_is_brought_back() {
    let home = home();
    let mut terminal = Terminal::begin(home.path(), 80, 30, &[]);
    terminal.ready();
    terminal.keys("\u{1b}[200~note one\nnoet two\n# three\nnote four; note five\u{1b}[201~\r");
    terminal.see("* 2 steps after it were not run; Up brings the lines back");
    terminal.wait("the next line", |screen| screen.line() == "sockdrill:5>");
    terminal.keys("\u{1b}[A");
    terminal.wait("the lines again", |screen| screen.line().ends_with("note four; note five"));
    terminal.look(|screen| assert!(!screen.shows("* four"), "{:?}", screen.lines()));
}

#[test]
fn lines_that_come_faster_than_they_run_are_all_run() {
    let home = home();
    let mut terminal = Terminal::begin(home.path(), 80, 30, &[]);
    terminal.ready();
    // As a terminal pastes that does not know how to mark a paste, and as people type ahead.
    let lines: Vec<String> = (0..40).map(|number| format!("note line {number}\r")).collect();
    terminal.keys(&lines.concat());
    terminal.see("* line 39");
    let shown =
        terminal.look(|screen| screen.lines().iter().filter(|line| line.starts_with("* line ")).count());
    assert_eq!(shown, 40);
}

#[test]
fn escape_codes_of_a_peer_are_shown_and_not_obeyed() {
    let home = home();
    let (mut terminal, mut peer) = accepted(&home, 80);
    let evil = b"\x1b]0;owned\x07\x1b[2J\x1b[31m\x9b";
    peer.write_all(evil).unwrap();
    terminal.see(r"\e]0;owned\x07\e[2J\e[31m\x9b");
    terminal.enter("recv conn");
    terminal.enter("show conn");
    terminal.enter("timeline");
    let raw = terminal.look(|screen| screen.raw.clone());
    let holds = |part: &[u8]| raw.windows(part.len()).any(|window| window == part);
    assert!(!holds(b"\x1b]0;") && !holds(b"\x1b[2J") && !holds(b"\x9b"));
}

#[test]
fn mistakes_are_told_before_anything_happens() {
    let home = home();
    let (mut terminal, _) = listening(&home, 120);
    for (line, told) in [
        (
            "send server \"x\"",
            "`send` takes a stream, a datagram socket or a process, and `server` is a listener",
        ),
        ("conect c server", "did you mean `connect`?"),
        ("accept conn serve", "did you mean `server`?"),
        ("listen server 127.0.0.1:0", "`server` is open already"),
        ("accept conn", "help: as in `accept conn server`"),
        ("hlep", "did you mean `help`?"),
        ("xyzzy", "`help` lists them"),
    ] {
        terminal.enter(line);
        terminal.see(told);
    }
    terminal.enter("close server");
    terminal.enter("accept conn server");
    terminal.see("it was closed in prompt:9");
}

#[test]
fn the_terminal_is_left_as_it_was_by_signals_while_a_line_is_edited() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let home = home();
        let (mut terminal, _) = listening(&home, 80);
        terminal.keys("note half");
        terminal.wait("what was typed", |screen| screen.typed().ends_with("note half"));
        terminal.signal(signal);
        assert_eq!(terminal.end(), 143);
        assert!(terminal.is_as_it_was());
    }
}
