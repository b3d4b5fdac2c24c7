//! Standard input as pieces, read on a thread of its own: a terminal or a pipe can keep it waiting for ever,
//! and the process may end meanwhile.

use super::signals;
use crate::engine::{Input, Lines, Stop};
use crate::sink::is_device;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::cell::OnceCell;
use std::io::{self, BufRead as _, Read};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long SIGHUP may take to come once a terminal is gone.
const HANGING_UP: Duration = Duration::from_secs(1);

/// Standard input, which ends where its terminal is gone: SIGHUP says that, and not an error of input.
pub(super) struct Stdin;

impl Read for Stdin {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        let read = io::stdin().read(piece);
        let may_be_gone = match &read {
            Ok(count) => *count == 0,
            Err(error) => error.raw_os_error() == Some(Errno::EIO as i32),
        };
        if may_be_gone && has_hung_up() {
            // The kernel wakes readers first and sends SIGHUP then.
            std::thread::sleep(HANGING_UP);
            return Ok(0);
        }
        read
    }
}

/// Whether standard input is a terminal that is gone: a read that had begun fails of that, a later one finds an end.
fn has_hung_up() -> bool {
    let stdin = io::stdin();
    let mut asked = [PollFd::new(stdin.as_fd(), PollFlags::empty())];
    let hung_up = |asked: &PollFd<'_>| asked.revents().is_some_and(|now| now.contains(PollFlags::POLLHUP));
    is_device(stdin.as_fd()) && poll(&mut asked, PollTimeout::ZERO).is_ok() && asked.iter().any(hung_up)
}

/// How input is made into pieces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pieces {
    /// Largest piece.
    pub size: usize,
    pub pace: Option<Pace>,
    /// LF becomes CR LF.
    pub crlf: bool,
}

/// How fast pieces go.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pace {
    /// This is the time from one to the next.
    Every(Duration),
    /// So many bytes a second; a pipe gives less than a piece at a time, and the time to the next is that much shorter.
    Rate(u64),
}

impl Pace {
    /// The time from a piece of so many bytes to the next.
    fn pause(self, bytes: usize) -> Duration {
        match self {
            Self::Every(pause) => pause,
            #[allow(clippy::cast_precision_loss, reason = "a piece of 16 MiB at most")]
            Self::Rate(rate) => Duration::try_from_secs_f64(bytes as f64 / rate as f64).unwrap_or_default(),
        }
    }
}

/// The largest piece where nothing else is asked for.
pub(super) const LARGE: usize = 256 << 10;

/// A piece that is copied out of the buffer it was read into: a new buffer costs more.
const SMALL: usize = 4 << 10;

/// How many pieces are read ahead of who sends them.
const AHEAD: usize = 2;

/// How long nothing comes before it is asked whether to go on, in milliseconds.
const MOMENT: u8 = 50;

/// Begins to read. What is there already, to its end, needs no thread: a short request in a pipe is not worth one.
pub(super) fn read(pieces: Pieces) -> io::Result<Input> {
    let (to, input) = mpsc::channel(AHEAD);
    let mut reader = Reader { pieces, buffer: Vec::new(), due: Instant::now(), previous: b'\0' };
    for _ in 0..AHEAD {
        if pieces.pace.is_none() && is_there() && !reader.give(|piece| to.try_send(piece).is_ok()) {
            return Ok(input);
        }
    }
    std::thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(move || while reader.give(|piece| to.blocking_send(piece).is_ok()) {})?;
    Ok(input)
}

/// Whether a read would not wait now.
fn is_there() -> bool {
    comes_within(0)
}

/// Whether a read would not wait, before so many have passed.
fn comes_within(milliseconds: u8) -> bool {
    let stdin = io::stdin();
    let mut asked = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    poll(&mut asked, PollTimeout::from(milliseconds)).is_ok_and(|ready| ready > 0)
}

/// Standard input as a whole. It is given up when a signal comes; they are watched from when it is waited for.
#[derive(Debug, Default)]
pub(super) struct Whole {
    stop: OnceCell<Stop>,
}

impl Whole {
    /// What signals raise, where they are watched.
    pub fn watched(&self) -> Option<&Stop> {
        self.stop.get()
    }

    /// All of it, `most` bytes at most; none where a signal came first.
    pub fn read(&self, most: usize) -> io::Result<Option<Vec<u8>>> {
        let (mut bytes, mut piece) = (Vec::new(), vec![0; most.min(LARGE)]);
        while bytes.len() < most {
            if !comes_within(MOMENT) {
                match self.stop.get() {
                    Some(stop) if stop.reason().is_some() => return Ok(None),
                    None => signals::watch(self.stop.get_or_init(Stop::default))?,
                    _ => {}
                }
                continue;
            }
            match Stdin.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => bytes.extend_from_slice(piece.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(bytes))
    }
}

struct Reader {
    pieces: Pieces,
    /// Where a piece is read; given away with a large one.
    buffer: Vec<u8>,
    /// When the next piece may go.
    due: Instant,
    /// The last byte of the piece before.
    previous: u8,
}

impl Reader {
    /// Reads a piece and gives it away when its time has come; false where nothing follows it.
    fn give(&mut self, away: impl FnOnce(io::Result<Vec<u8>>) -> bool) -> bool {
        if self.buffer.is_empty() {
            self.buffer = vec![0; self.pieces.size];
        }
        let read = loop {
            match Stdin.read(&mut self.buffer) {
                Ok(0) => return false,
                Ok(read) => break read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    away(Err(error));
                    return false;
                }
            }
        };
        let mut piece = if read <= SMALL {
            self.buffer.get(..read).unwrap_or_default().to_vec()
        } else {
            let mut piece = std::mem::take(&mut self.buffer);
            piece.truncate(read);
            piece
        };
        if self.pieces.crlf {
            piece = with_crlf(&piece, &mut self.previous);
        }
        if let Some(pace) = self.pieces.pace {
            let pause = pace.pause(piece.len());
            std::thread::sleep(self.due.saturating_duration_since(Instant::now()));
            // From the moment that it was due: late pieces do not make the next ones late.
            self.due = self.due.max(Instant::now().checked_sub(pause).unwrap_or(self.due)) + pause;
        }
        away(Ok(piece))
    }
}

/// Says each line typed to everybody who is there, from when somebody is.
pub(super) fn lines(mut to: Lines) {
    let read = move || {
        while !to.are_heard() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut input = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            match input.read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => break,
                Ok(_) => to.say(line),
            }
        }
        to.end();
    };
    // Without a thread there is no input, as there is none after its end.
    drop(std::thread::Builder::new().name("stdin".to_owned()).spawn(read));
}

fn with_crlf(bytes: &[u8], previous: &mut u8) -> Vec<u8> {
    let mut lines = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    for byte in bytes {
        if *byte == b'\n' && *previous != b'\r' {
            lines.push(b'\r');
        }
        lines.push(*byte);
        *previous = *byte;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_holds_though_a_pipe_gives_less_than_a_piece() {
        let rate = Pace::Rate(20_000_000);
        assert_eq!(rate.pause(400_000), Duration::from_millis(20));
        assert_eq!(rate.pause(100_000), Duration::from_millis(5));
        let every = Duration::from_millis(20);
        assert_eq!(Pace::Every(every).pause(1), every, "a piece is a piece");
    }

    #[test]
    fn a_line_feed_becomes_cr_lf_once_across_pieces() {
        let mut previous = b'\0';
        assert_eq!(with_crlf(b"a\nb\r", &mut previous), b"a\r\nb\r");
        assert_eq!(with_crlf(b"\nc\n", &mut previous), b"\nc\r\n");
    }
}
