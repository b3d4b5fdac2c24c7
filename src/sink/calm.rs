//! `Calm`: a writer that takes a broken pipe calmly, and a terminal that is gone, for output that somebody may stop
//! reading; and the words for what it cannot take calmly.

use crate::text::in_words;
use nix::errno::Errno;
use nix::sys::stat::{SFlag, fstat};
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, BorrowedFd};

/// The same error, in words.
pub(super) fn worded(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), in_words(error))
}

/// Whether a file is a terminal, or another device: a terminal that is gone no longer says that it is one.
pub fn is_device(file: BorrowedFd<'_>) -> bool {
    let kind = fstat(file).map(|stat| SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT);
    kind == Ok(SFlag::S_IFCHR)
}

/// Writes until nobody reads any more, then lets the rest go unheard: `sockdrill … | head` is no fault.
#[derive(Debug)]
pub struct Calm<W> {
    inner: W,
    is_device: bool,
    unheard: Option<Unheard>,
}

/// Why nobody reads any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unheard {
    /// The reader of a pipe has gone.
    Pipe,
    /// The terminal has gone: SIGHUP comes, or has come.
    Terminal,
}

impl<W: Write + AsFd> Calm<W> {
    /// A calm writer around `inner`.
    pub fn new(inner: W) -> Self {
        let is_device = is_device(inner.as_fd());
        Self { inner, is_device, unheard: None }
    }
}

impl<W: Write> Calm<W> {
    /// Why nobody reads any more, where nobody does.
    pub fn unheard(&self) -> Option<Unheard> {
        self.unheard
    }

    /// Takes calmly what can be.
    fn calmly<T>(&mut self, result: io::Result<T>, unheard: T) -> io::Result<T> {
        let Err(error) = result else { return result };
        let gone = match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::EIO) if self.is_device => Unheard::Terminal,
            _ if error.kind() == ErrorKind::BrokenPipe => Unheard::Pipe,
            _ => return Err(worded(&error)),
        };
        self.unheard = Some(gone);
        Ok(unheard)
    }
}

impl<W: Write> Write for Calm<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.unheard.is_some() {
            return Ok(bytes.len());
        }
        let written = self.inner.write(bytes);
        self.calmly(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.unheard.is_some() {
            return Ok(());
        }
        let flushed = self.inner.flush();
        self.calmly(flushed, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pipe(i32);

    impl Write for Pipe {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(self.0))
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::Error::from_raw_os_error(self.0))
        }
    }

    fn written(error: Errno, is_device: bool) -> (io::Result<()>, Option<Unheard>) {
        let mut calm = Calm { inner: Pipe(error as i32), is_device, unheard: None };
        let written = calm.write_all(b"line\n").and_then(|()| calm.flush());
        (written, calm.unheard())
    }

    #[test]
    fn a_broken_pipe_is_no_fault_and_a_full_disk_is() {
        let (broken, unheard) = written(Errno::EPIPE, false);
        assert!(broken.is_ok());
        assert_eq!(unheard, Some(Unheard::Pipe));
        assert!(written(Errno::ENOSPC, false).0.is_err());
    }

    #[test]
    fn a_terminal_that_is_gone_is_no_fault_and_a_disk_that_fails_is() {
        let (gone, unheard) = written(Errno::EIO, true);
        assert!(gone.is_ok());
        assert_eq!(unheard, Some(Unheard::Terminal));
        assert!(written(Errno::EIO, false).0.is_err());
    }
}
