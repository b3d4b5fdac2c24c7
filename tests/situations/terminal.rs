//! The commands at a terminal: what keys do there, and what it looks like.

use crate::desk::{LONG, Peer, all, port_in};
use crate::pty::{Screen, Terminal};
use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::Signal;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

fn sockdrill(words: &[&str]) -> Terminal {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockdrill"));
    Terminal::run(command.args(["--color", "never"]).args(words), &std::env::temp_dir(), 100, 40)
}

/// The port of the banner.
fn port(terminal: &Terminal) -> u16 {
    terminal.see("* listening on ");
    let banner = terminal.look(Screen::lines).into_iter().find(|line| line.starts_with('*')).unwrap();
    port_in(&banner)
}

/// The program begins this line at the left edge, over the `^C` that the terminal has shown.
fn tells_over_the_caret(terminal: &Terminal, line: &str) {
    terminal.see(line);
    // The terminal may show its `^C` a moment before or after: what the program writes is the same.
    let raw = terminal.look(|screen| String::from_utf8_lossy(&screen.raw).replace("^C", ""));
    assert!(raw.contains(&format!("\r{line}")), "{raw:?}");
}

#[test]
fn ctrl_c_ends_what_listens_after_its_summary() {
    for (command, summary) in [("serve", "* 0 clients in "), ("udp-recv", "* 0 datagrams, 0 B in ")] {
        let mut terminal = sockdrill(&[command, "0"]);
        port(&terminal);
        terminal.keys(CTRL_C);
        assert_eq!(terminal.end(), 130);
        tells_over_the_caret(&terminal, summary);
    }
}

#[test]
fn ctrl_c_ends_send_while_a_line_is_typed() {
    let peer = Peer::new(|mut stream| all(&mut stream));
    let mut terminal = sockdrill(&["send", &peer.at()]);
    terminal.see("* connected ");
    terminal.keys("hello\rhal");
    terminal.see("     6  hello\\n");
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end(), 130);
    tells_over_the_caret(&terminal, "* interrupted: closed by us after ");
    assert_eq!(peer.end(), b"hello\n");
}

#[test]
fn ctrl_c_ends_udp_send_while_a_line_is_typed() {
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut terminal = sockdrill(&["udp-send", &peer.local_addr().unwrap().to_string()]);
    terminal.keys("hello\rhal");
    terminal.see("     5  hello");
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end(), 130);
    tells_over_the_caret(&terminal, "* sent 1 datagram, 5 B in ");
}

#[test]
fn ctrl_d_half_closes_and_the_answer_is_still_shown() {
    let peer = Peer::new(|mut stream| {
        let asked = all(&mut stream);
        stream.write_all(b"bye \x1b[31m\n").unwrap();
        asked
    });
    let mut terminal = sockdrill(&["send", &peer.at()]);
    terminal.see("* connected ");
    terminal.keys("hello\r");
    terminal.see("     6  hello\\n");
    terminal.keys(CTRL_D);
    assert_eq!(terminal.end(), 0);
    terminal.see("    10  bye \\e[31m\\n");
    terminal.see("* closed by peer (FIN) after ");
    assert_eq!(peer.end(), b"hello\n");
}

#[test]
fn the_peers_end_is_that_of_what_is_typed_and_the_way_around_it_is_named() {
    let peer = Peer::new(|mut stream| {
        stream.write_all(b"bye\n").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        all(&mut stream)
    });
    let mut terminal = sockdrill(&["send", &peer.at()]);
    assert_eq!(terminal.end(), 0);
    terminal.see("* closed by peer (FIN) after ");
    terminal.see("hint: the peer's end is that of what is typed; `cat | sockdrill send ");
    assert_eq!(peer.end(), b"");
}

#[test]
fn lines_typed_to_a_server_go_to_its_client_until_ctrl_d() {
    let mut terminal = sockdrill(&["serve", "0", "--stdin"]);
    let mut client = TcpStream::connect(("127.0.0.1", port(&terminal))).unwrap();
    client.set_read_timeout(Some(LONG)).unwrap();
    terminal.see("#1 *        connected ");
    terminal.keys("hello\r");
    terminal.see("#1 >     6  hello\\n");
    client.read_exact(&mut [0; 6]).unwrap();
    terminal.keys(CTRL_D);
    assert_eq!(all(&mut client), b"");
    drop(client);
    terminal.see("#1 *        closed by peer (FIN): in 0 B, out 6 B");
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end(), 130);
    tells_over_the_caret(&terminal, "* 1 client in ");
}

#[test]
fn the_end_of_the_only_client_is_that_of_what_is_typed_to_it() {
    let mut terminal = sockdrill(&["serve", "0", "--once", "--stdin"]);
    let mut client = TcpStream::connect(("127.0.0.1", port(&terminal))).unwrap();
    client.write_all(b"hi\n").unwrap();
    drop(client);
    assert_eq!(terminal.end(), 0);
    terminal.see("#1 *        closed by peer (FIN): in 3 B, out 0 B");
}

/// Waits until a process is no more, or is dead and nobody has asked for its status.
fn is_gone(id: &str) {
    let began = std::time::Instant::now();
    let runs = || {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| !matches!(rest.trim().chars().next(), None | Some('Z' | 'X')))
    };
    while runs() {
        assert!(began.elapsed() < LONG, "{id} is still there");
        std::thread::yield_now();
    }
}

/// A command that does not end by a signal, and what it has started; the number of the latter is shown.
const STUBBORN: &str = "trap '' INT TERM; sleep 1000 & echo started $!.; wait; wait";

fn started(terminal: &Terminal) -> String {
    terminal.wait("a number", |screen| {
        screen.lines().iter().any(|line| line.starts_with("started ") && line.ends_with('.'))
    });
    let lines = terminal.look(Screen::lines);
    let line = lines.iter().find_map(|line| line.strip_prefix("started ")).unwrap();
    line.trim_end_matches('.').to_owned()
}

#[test]
fn a_command_that_ctrl_c_does_not_end_is_waited_for_and_a_second_one_kills_it() {
    let mut terminal = sockdrill(&["serve", "0", "--", "sh", "-c", STUBBORN]);
    let id = started(&terminal);
    terminal.keys(CTRL_C);
    tells_over_the_caret(&terminal, "* waiting for sh to end: Ctrl-C again kills it");
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end(), 130);
    is_gone(&id);
}

#[test]
fn a_command_that_sigterm_does_not_end_is_waited_for_and_a_second_one_kills_it() {
    let mut terminal = sockdrill(&["serve", "0", "--", "sh", "-c", STUBBORN]);
    let id = started(&terminal);
    terminal.signal(Signal::SIGTERM);
    terminal.see("* waiting for sh to end: SIGTERM again kills it");
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.end(), 143);
    is_gone(&id);
}

#[test]
fn a_command_ends_by_ctrl_c_with_a_status_of_its_own() {
    let script = "trap 'exit 7' INT; echo here; while :; do wait; sleep 0.01; done";
    let mut terminal = sockdrill(&["serve", "0", "--", "sh", "-c", script]);
    terminal.see("here");
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end(), 7);
    terminal.see("* 0 clients in ");
}

#[test]
fn sigterm_ends_a_command_and_what_it_has_started() {
    let mut terminal = sockdrill(&["serve", "0", "--", "sh", "-c", "sleep 1000 & echo started $!.; wait"]);
    let id = started(&terminal);
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.end(), 143);
    terminal.see("* 0 clients in ");
    is_gone(&id);
}

#[test]
fn a_terminal_that_goes_ends_a_command_and_what_it_has_started() {
    let mut terminal = sockdrill(&["serve", "0", "--", "sh", "-c", "sleep 1000 & echo started $!.; wait"]);
    let id = started(&terminal);
    terminal.signal(Signal::SIGHUP);
    assert_eq!(terminal.end(), 143);
    is_gone(&id);
}

/// Starts a command on a terminal, closes that once it shows this, and gives the exit code.
fn hung_up(words: &[&str], shown: &str) -> i32 {
    // Nobody else may hold it, no program that another test starts either.
    let mut master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let (path, noctty) = (ptsname_r(&master).unwrap(), OFlag::O_NOCTTY.bits());
    let slave = File::options().read(true).write(true).custom_flags(noctty).open(path).unwrap();
    let stdio = || Stdio::from(slave.try_clone().unwrap());
    let mut command = Command::new("setsid");
    command.arg("--ctty").arg(env!("CARGO_BIN_EXE_sockdrill")).args(["--color", "never"]).args(words);
    let mut child = command.stdin(stdio()).stdout(stdio()).stderr(stdio()).spawn().unwrap();
    drop((command, slave));
    let (mut seen, mut piece) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&seen).contains(shown) {
        let count = master.read(&mut piece).unwrap();
        seen.extend_from_slice(&piece[..count]);
    }
    drop(master);
    let status = child.wait().unwrap();
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap())
}

#[test]
fn a_terminal_that_is_closed_is_a_hang_up_whatever_was_done_there() {
    let silent = Peer::new(|mut stream| all(&mut stream));
    assert_eq!(hung_up(&["send", &silent.at()], "* connected "), 143, "while a line is typed");
    silent.end();
    let silent = Peer::new(|mut stream| all(&mut stream));
    assert_eq!(hung_up(&["send", &silent.at(), "--no-shutdown", "x"], "* connected "), 143, "waiting");
    silent.end();
    for view in ["text", "json"] {
        let talking = Peer::new(|mut stream| while stream.write_all(b"x\n").is_ok() {});
        let words = ["send", &talking.at(), "--view", view];
        assert_eq!(hung_up(&words, r"x\"), 143, "while {view} is written");
        talking.end();
    }
    for command in ["udp-recv", "serve"] {
        assert_eq!(hung_up(&[command, "0"], "* listening on "), 143, "{command}");
    }
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let to = peer.local_addr().unwrap().to_string();
    assert_eq!(hung_up(&["udp-send", &to, "x", "--rate", "100/s", "-v"], "x"), 143, "udp-send");
}
