//! `Skipping`: a transcript that holds nobody up. A pipe that nobody reads is full after 64 KiB; a server that
//! waited for its reader would stop serving, for a reason that none of its clients can see.

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{SFlag, fstat};
use std::io::{self, Write};
use std::os::fd::AsFd;

/// How long a reader may read nothing, in milliseconds, before it is taken for none.
const PATIENCE: u16 = 2000;

/// What a pipe that is ready takes at once (`PIPE_BUF`, pipe(7)).
const AT_ONCE: usize = 4096;

/// Writes to a pipe or socket as long as somebody reads; where nothing was read for two seconds, what follows is
/// left out until there is room again, and a line says how much that was. Anything else it writes as it is.
#[derive(Debug)]
pub struct Skipping<W> {
    inner: W,
    can_be_full: bool,
    /// Nobody was reading when something was last written.
    unread: bool,
    left_out: u64,
    in_a_line: bool,
}

impl<W: Write + AsFd> Skipping<W> {
    /// A skipping writer around `inner`.
    pub fn new(inner: W) -> Self {
        let kind = fstat(&inner).map(|stat| SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT);
        let can_be_full = matches!(kind, Ok(SFlag::S_IFIFO | SFlag::S_IFSOCK));
        Self { inner, can_be_full, unread: false, left_out: 0, in_a_line: false }
    }

    fn has_room(&self, within: u16) -> bool {
        let mut asked = [PollFd::new(self.inner.as_fd(), PollFlags::POLLOUT)];
        // What cannot be asked is written to, and says itself what is wrong.
        poll(&mut asked, PollTimeout::from(within)).is_ok_and(|ready| ready > 0)
    }

    fn skip(&mut self, bytes: &[u8]) {
        self.unread = true;
        self.left_out += memchr::memchr_iter(b'\n', bytes).count() as u64;
    }

    /// Says what was left out, once somebody reads again.
    fn catch_up(&mut self) -> io::Result<()> {
        let end = if std::mem::take(&mut self.in_a_line) { "\n" } else { "" };
        let left_out = std::mem::take(&mut self.left_out);
        self.unread = false;
        self.inner.write_all(format!("{end}* {left_out} lines left out: nobody was reading\n").as_bytes())
    }
}

impl<W: Write + AsFd> Write for Skipping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.can_be_full {
            return self.inner.write(bytes);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            if !self.has_room(if self.unread { 0 } else { PATIENCE }) {
                self.skip(rest);
                break;
            }
            if self.unread {
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
        if self.unread && self.has_room(0) {
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
        let mut skipping = Skipping::new(writer);
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
}
