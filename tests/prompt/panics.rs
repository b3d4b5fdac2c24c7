//! The terminal is left as it was by a panic on any thread of the prompt. Each prompt runs in a process and
//! a terminal of its own, which is this test program again.

use crate::pty::Terminal;
use sockdrill::event::{Event, What};
use sockdrill::repl::{self, Above, Input, Setup, Show, View};
use sockdrill::text::Diagnostic;
use std::io::{self, Stdout, Write};
use std::net::TcpStream;
use std::process::Command;

/// Says on which thread to panic.
const WHERE: &str = "SOCKDRILL_TEST_PANIC";

/// What a panic is made of.
const WORDS: &str = "as it was told to";

/// Tells of listeners, clients and notes; panics at a client, on the runtime's thread, if it is to.
struct Telling {
    above: Above,
    panics: bool,
}

impl Show for Telling {
    fn early(&mut self, _: &Event) {}

    fn late(&mut self, _: &Event) {}

    fn fact(&mut self, event: &Event) {
        match &event.what {
            What::Listening { at, .. } => self.above.print(&format!("* server listens at {at}\n")),
            What::ClientsArrived { .. } => {
                assert!(!self.panics, "{WORDS}");
                self.above.print("a client\n");
            }
            What::Note { text } => self.above.print(&format!("{text}\n")),
            _ => {}
        }
    }

    fn problem(&mut self, _: &Diagnostic) {}

    fn text(&mut self, _: &str) {}

    fn ladder(&self, _: &mut dyn Iterator<Item = &Event>, _: u64) -> String {
        String::new()
    }

    fn view(&mut self, _: View) {}

    fn width(&self) -> usize {
        80
    }
}

/// A terminal that cannot show clients: who writes of one panics, and that is a thread of the editor's.
struct Breaking(Stdout);

impl Write for Breaking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(!bytes.windows(8).any(|window| window == b"a client"), "{WORDS}");
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Not a test of its own: the other side of those below.
#[test]
fn a_prompt_that_panics() {
    let Some(on) = std::env::var_os(WHERE) else { return };
    let panics = on == "runtime";
    let above = if panics { Above::new(io::stdout()) } else { Above::new(Breaking(io::stdout())) };
    let show = Box::new(Telling { above: above.clone(), panics });
    let input = Input::Terminal { above, history: None, styled: false };
    std::process::exit(i32::from(repl::run(Setup { show, input, file: None }).code()));
}

/// The prompt that panics on that thread, and the port that its server listens at.
fn panicking(home: &tempfile::TempDir, on: &str) -> (Terminal, u16) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "panics::a_prompt_that_panics", "--nocapture", "--test-threads=1"])
        .env(WHERE, on);
    let mut terminal = Terminal::run(&command, home.path(), 80, 30);
    terminal.ready();
    terminal.enter("listen server 127.0.0.1:0");
    let port = terminal.port("server");
    (terminal, port)
}

fn ended(mut terminal: Terminal) {
    terminal.see(WORDS);
    assert_ne!(terminal.end(), 0);
    assert!(terminal.is_as_it_was());
}

#[test]
fn on_the_runtimes_thread_and_on_the_editors_while_a_line_is_edited() {
    for on in ["runtime", "editor"] {
        let home = crate::home();
        let (mut terminal, port) = panicking(&home, on);
        terminal.keys("note half");
        terminal.wait("what was typed", |screen| screen.typed().ends_with("note half"));
        let _peer = TcpStream::connect(("127.0.0.1", port)).unwrap();
        ended(terminal);
    }
}

#[test]
fn on_the_printers_thread_while_a_step_runs() {
    let home = crate::home();
    let (mut terminal, _) = panicking(&home, "printer");
    terminal.keys("note a client; accept conn server within=1h\r");
    terminal.see(WORDS);
    // The step goes on until it is stopped; then there is nobody to print for.
    terminal.keys("\u{3}");
    ended(terminal);
}
