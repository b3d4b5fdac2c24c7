//! A pseudo-terminal with the prompt in it, and what its screen shows. Everything waits for something to
//! be on the screen, with a long deadline.

use nix::pty::{Winsize, openpty};
use nix::sys::termios::{Termios, tcgetattr};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use unicode_width::UnicodeWidthChar as _;

/// Far beyond what anything here takes.
const DEADLINE: Duration = Duration::from_mins(1);

/// What a terminal shows, lines that have scrolled away included.
#[derive(Default)]
pub struct Screen {
    rows: Vec<Vec<char>>,
    top: usize,
    row: usize,
    col: usize,
    width: usize,
    height: usize,
    /// The last column was written, and the next character begins a row.
    wraps: bool,
    escape: Option<String>,
    /// Every byte that came.
    pub raw: Vec<u8>,
    pending: Vec<u8>,
}

impl Screen {
    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.pending.extend_from_slice(bytes);
        let valid = match std::str::from_utf8(&self.pending) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let rest = self.pending.split_off(valid);
        let text = String::from_utf8(std::mem::replace(&mut self.pending, rest)).unwrap();
        for c in text.chars() {
            self.put(c);
        }
    }

    fn put(&mut self, c: char) {
        if let Some(mut escape) = self.escape.take() {
            escape.push(c);
            match c {
                '[' if escape.len() == 1 => self.escape = Some(escape),
                _ if escape.starts_with('[') && !('@'..='~').contains(&c) => self.escape = Some(escape),
                _ => self.control(&escape),
            }
            return;
        }
        match c {
            '\u{1b}' => self.escape = Some(String::new()),
            '\r' => (self.col, self.wraps) = (0, false),
            '\n' => {
                self.wraps = false;
                self.down();
            }
            '\u{8}' => self.col = self.col.saturating_sub(1),
            c if c.is_control() => {}
            c => self.print(c),
        }
    }

    fn down(&mut self) {
        self.row += 1;
        if self.row >= self.top + self.height {
            self.top = self.row + 1 - self.height;
        }
    }

    fn print(&mut self, c: char) {
        let width = c.width().unwrap_or(0);
        if self.wraps || self.col + width > self.width {
            (self.col, self.wraps) = (0, false);
            self.down();
        }
        let (row, col) = (self.row, self.col);
        self.cells(row, col + width);
        self.rows[row][col] = c;
        if width == 2 {
            self.rows[row][col + 1] = '\0';
        }
        self.col += width;
        if self.col >= self.width {
            self.col = self.width - 1;
            self.wraps = true;
        }
    }

    fn cells(&mut self, row: usize, count: usize) {
        if self.rows.len() <= row {
            self.rows.resize(row + 1, Vec::new());
        }
        if self.rows[row].len() < count {
            self.rows[row].resize(count, ' ');
        }
    }

    fn control(&mut self, escape: &str) {
        let Some(last) = escape.chars().last().filter(|_| escape.starts_with('[')) else { return };
        let arguments = &escape[1..escape.len() - 1];
        let number = arguments.split(';').next().and_then(|text| text.parse().ok()).unwrap_or(1).max(1);
        self.wraps = self.wraps && last == 'm';
        let (row, col) = (self.row, self.col);
        match last {
            'A' => self.row = row.saturating_sub(number).max(self.top),
            'B' => self.row = (row + number).min(self.top + self.height - 1),
            'C' => self.col = (col + number).min(self.width - 1),
            'D' => self.col = col.saturating_sub(number),
            'H' => (self.row, self.col) = (self.top, 0),
            'K' => {
                self.cells(row, 0);
                self.rows[row].truncate(col);
            }
            'J' => {
                self.cells(row, 0);
                self.rows.truncate(row + 1);
                self.rows[row].truncate(col);
            }
            _ => {}
        }
    }

    /// The lines, without blanks at their ends.
    pub fn lines(&self) -> Vec<String> {
        let line =
            |row: &Vec<char>| row.iter().filter(|c| **c != '\0').collect::<String>().trim_end().to_owned();
        self.rows.iter().map(line).collect()
    }

    /// Whether a line holds `text`.
    pub fn shows(&self, text: &str) -> bool {
        self.lines().iter().any(|line| line.contains(text))
    }

    /// The row of the cursor.
    pub fn line(&self) -> String {
        self.lines().get(self.row).cloned().unwrap_or_default()
    }

    /// The rows from the last prompt on, in one.
    pub fn typed(&self) -> String {
        let lines = self.lines();
        let from = lines.iter().rposition(|line| line.starts_with("sockdrill:")).unwrap_or(0);
        lines[from..].concat()
    }
}

/// The prompt in a pseudo-terminal.
pub struct Terminal {
    pub child: Child,
    master: File,
    slave: OwnedFd,
    before: Termios,
    screen: Arc<(Mutex<Screen>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    /// Begins `sockdrill repl` in a terminal of this size; its state is kept below `home`.
    pub fn begin(home: &Path, columns: u16, rows: u16, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sockdrill"));
        Self::run(command.arg("repl").args(arguments), home, columns, rows)
    }

    /// Begins a program with arguments and environment of this command in a terminal of its own.
    pub fn run(of: &Command, home: &Path, columns: u16, rows: u16) -> Self {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(Some(&size), None).unwrap();
        let before = tcgetattr(&pty.slave).unwrap();
        let stdio = || Stdio::from(pty.slave.try_clone().unwrap());
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(of.get_program()).args(of.get_args());
        command
            .current_dir(home)
            .env("HOME", home)
            .env("XDG_STATE_HOME", home.join("state"))
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .env_remove("CI");
        command.envs(of.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let child = command.stdin(stdio()).stdout(stdio()).stderr(stdio()).spawn().unwrap();
        // The command holds descriptors of the terminal too, and the end would not be seen.
        drop(command);
        let screen = Screen { width: columns.into(), height: rows.into(), ..Screen::default() };
        let screen = Arc::new((Mutex::new(screen), Condvar::new()));
        let master = File::from(pty.master);
        let mut from = master.try_clone().unwrap();
        let to = screen.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                to.0.lock().unwrap().take(&buffer[..count]);
                to.1.notify_all();
            }
        });
        Self { child, master, slave: pty.slave, before, screen, reader: Some(reader) }
    }

    /// Types.
    pub fn keys(&mut self, keys: &str) {
        self.bytes(keys.as_bytes());
    }

    /// Types what need not be text.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.master.write_all(bytes).unwrap();
    }

    /// Types a line and waits for the next prompt.
    pub fn enter(&mut self, line: &str) {
        let before = self.look(prompts);
        self.keys(line);
        self.keys("\r");
        self.wait("the next prompt", |screen| prompts(screen) > before && screen.line().ends_with('>'));
    }

    /// Looks at the screen.
    pub fn look<T>(&self, look: impl Fn(&Screen) -> T) -> T {
        look(&self.screen.0.lock().unwrap())
    }

    /// Waits until the screen is so.
    pub fn wait(&self, what: &str, so: impl Fn(&Screen) -> bool) {
        let until = Instant::now() + DEADLINE;
        let mut screen = self.screen.0.lock().unwrap();
        while !so(&screen) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what} did not come; the screen:\n{}", screen.lines().join("\n"));
            screen = self.screen.1.wait_timeout(screen, left).unwrap().0;
        }
    }

    /// Waits until the screen shows `text`.
    pub fn see(&self, text: &str) {
        self.wait(text, |screen| screen.shows(text));
    }

    /// Waits for the first prompt.
    pub fn ready(&self) {
        self.wait("the prompt", |screen| screen.line().ends_with('>'));
    }

    /// The port that `server` listens on or is bound to, as the screen says it.
    pub fn port(&self, name: &str) -> u16 {
        self.see(&format!("* {name} "));
        self.look(|screen| {
            let lines = screen.lines();
            let line = lines.iter().rev().find(|line| line.starts_with(&format!("* {name} "))).unwrap();
            line.rsplit(':').next().unwrap().parse().unwrap()
        })
    }

    /// Gives the terminal another size; the screen is that of a new terminal.
    pub fn resize(&mut self, columns: u16) {
        self.screen.0.lock().unwrap().width = columns.into();
        let size = columns.to_string();
        let stty = Command::new("stty").args(["cols", &size]).stdin(self.slave.try_clone().unwrap()).status();
        assert!(stty.unwrap().success());
    }

    /// Waits for the end; exit code, or 128 and the signal.
    pub fn end(&mut self) -> i32 {
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or_else(|| 128 + status.signal().unwrap());
            }
            assert!(
                Instant::now() < until,
                "it did not end: {}",
                self.look(|screen| screen.lines().join("\n"))
            );
            std::thread::yield_now();
        }
    }

    /// Whether the terminal's settings are what they were, and nothing is left switched on; asked after
    /// the end, when all that was written has been read once the screen stands on a line of its own.
    pub fn is_as_it_was(&self) -> bool {
        self.wait("a line of its own", |screen| screen.col == 0);
        let raw = self.look(|screen| String::from_utf8_lossy(&screen.raw).into_owned());
        let switched_off = raw.rfind("\u{1b}[?2004l") > raw.rfind("\u{1b}[?2004h");
        tcgetattr(&self.slave).unwrap() == self.before && switched_off
    }

    /// Hangs up.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Hung up on, it takes with it what it has made; killed, it could not.
        let began = Instant::now();
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(nix::sys::signal::Signal::SIGHUP);
        }
        while matches!(self.child.try_wait(), Ok(None)) {
            if began.elapsed() > DEADLINE {
                let _ = self.child.kill();
            }
            std::thread::yield_now();
        }
        // The thread ends when the last descriptor of the terminal is closed.
        drop(self.reader.take());
    }
}

/// How many prompts there are.
fn prompts(screen: &Screen) -> usize {
    screen.lines().iter().filter(|line| line.starts_with("sockdrill:")).count()
}
