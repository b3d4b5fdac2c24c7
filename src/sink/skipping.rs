//! `Skipping`: output that does not wait for ever for its reader. A pipe that nobody reads is full after 64 KiB: a
//! server that waited would stop serving, for a reason that none of its clients can see, and a command that waited
//! would not hear a Ctrl-C.

use crate::text::count;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{SFlag, fstat};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// How long a reader may read nothing before it is taken for none.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often it is asked whether to give up, in milliseconds.
const SLICE: u16 = 100;

/// What a pipe that is ready takes at once (`PIPE_BUF`, pipe(7)).
const AT_ONCE: usize = 4096;

/// When the reader is given up, so that what finds no room is left out.
#[derive(Debug, Clone, Copy)]
pub enum GivesUp {
    /// Once it has read nothing for two seconds.
    InTime,
    /// Once this says so.
    When(fn() -> bool),
}

/// Writes to a pipe, socket or terminal as long as somebody reads. Once the reader is given up, what follows is left
/// out until there is room again, and a line says how much that was. To anything else it writes as it is.
#[derive(Debug)]
pub struct Skipping<W> {
    inner: W,
    gives_up: GivesUp,
    /// What is written are lines, among which another one may stand.
    has_lines: bool,
    can_be_full: bool,
    /// Lines left out since nobody reads; none while somebody does.
    left_out: Option<u64>,
    in_a_line: bool,
}

impl<W: Write + AsFd> Skipping<W> {
    /// Lines to `inner`.
    pub fn lines(inner: W, gives_up: GivesUp) -> Self {
        Self::new(inner, gives_up, true)
    }

    /// Bytes to `inner`: nothing is said among them.
    pub fn bytes(inner: W, gives_up: GivesUp) -> Self {
        Self::new(inner, gives_up, false)
    }

    fn new(inner: W, gives_up: GivesUp, has_lines: bool) -> Self {
        let kind = fstat(&inner).map(|stat| SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT);
        let can_be_full = match kind {
            Ok(SFlag::S_IFIFO | SFlag::S_IFSOCK) => true,
            // Who pauses a terminal is there, and reads on.
            Ok(SFlag::S_IFCHR) => matches!(gives_up, GivesUp::When(_)),
            _ => false,
        };
        Self { inner, gives_up, has_lines, can_be_full, left_out: None, in_a_line: false }
    }

    /// Whether a write finds room before so many milliseconds have passed.
    fn is_ready(&self, within: u16) -> bool {
        let mut asked = [PollFd::new(self.inner.as_fd(), PollFlags::POLLOUT)];
        poll(&mut asked, PollTimeout::from(within)).is_ok_and(|ready| ready > 0)
    }

    /// Waits for room; false where the reader is given up.
    fn has_room_in_time(&self) -> bool {
        let began = Instant::now();
        while !self.is_ready(SLICE) {
            let given_up = match self.gives_up {
                GivesUp::InTime => began.elapsed() >= PATIENCE,
                GivesUp::When(is_so) => is_so(),
            };
            if given_up {
                return false;
            }
        }
        true
    }

    fn skip(&mut self, bytes: &[u8]) {
        *self.left_out.get_or_insert(0) += memchr::memchr_iter(b'\n', bytes).count() as u64;
    }

    /// Says what was left out, once somebody reads again.
    fn catch_up(&mut self) -> io::Result<()> {
        // A part of a line that is not there is a line that is not there.
        let left_out = count(self.left_out.take().unwrap_or(0).max(1), "line");
        if !self.has_lines {
            return Ok(());
        }
        let end = if std::mem::take(&mut self.in_a_line) { "\n" } else { "" };
        self.inner.write_all(format!("{end}* {left_out} left out: nobody was reading\n").as_bytes())
    }
}

impl<W: AsFd> AsFd for Skipping<W> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl<W: Write + AsFd> Write for Skipping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.can_be_full {
            return self.inner.write(bytes);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let has_room = if self.left_out.is_some() { self.is_ready(0) } else { self.has_room_in_time() };
            if !has_room {
                self.skip(rest);
                break;
            }
            if self.left_out.is_some() {
                self.catch_up()?;
            }
            let (now, later) = rest.split_at(rest.len().min(AT_ONCE));
            self.inner.write_all(now)?;
            self.inner.flush()?;
            self.in_a_line = !now.ends_with(b"\n");
            rest = later;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.left_out.is_some() && self.is_ready(0) {
            self.catch_up()?;
        }
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn a_pipe_that_nobody_reads_is_left_out_and_counted_and_one_that_is_read_again_goes_on() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut skipping = Skipping::lines(writer, GivesUp::InTime);
        let line = [&[b'x'; 999][..], b"\n"].concat();
        for _ in 0..200 {
            skipping.write_all(&line).unwrap();
        }
        let mut read = vec![0; 1 << 20];
        let mut seen = Vec::new();
        let count = reader.read(&mut read).unwrap();
        seen.extend_from_slice(&read[..count]);
        skipping.write_all(b"after\n").unwrap();
        drop(skipping);
        reader.read_to_end(&mut seen).unwrap();
        let seen = String::from_utf8(seen).unwrap();
        let lines: Vec<_> = seen.lines().collect();
        assert_eq!(lines.last(), Some(&"after"));
        let told = lines[lines.len() - 2];
        let left_out: usize = told
            .strip_prefix("* ")
            .and_then(|told| told.strip_suffix(" lines left out: nobody was reading"))
            .and_then(|count| count.parse().ok())
            .unwrap_or_else(|| panic!("{told}"));
        let whole = lines.iter().filter(|line| line.len() == 999).count();
        assert_eq!(left_out + whole, 200, "each line is there or counted");
    }
    #[test]
    fn one_line_is_one_line() {
        let (mut reader, mut writer) = io::pipe().unwrap();
        // As much as a pipe holds.
        writer.write_all(&vec![b'x'; 64 << 10]).unwrap();
        let mut skipping = Skipping::lines(writer, GivesUp::When(|| true));
        skipping.write_all(b"lost\n").unwrap();
        reader.read_exact(&mut vec![0; 64 << 10]).unwrap();
        skipping.write_all(b"after\n").unwrap();
        drop(skipping);
        let mut seen = String::new();
        reader.read_to_string(&mut seen).unwrap();
        assert_eq!(seen, "* 1 line left out: nobody was reading\nafter\n");
    }
}
