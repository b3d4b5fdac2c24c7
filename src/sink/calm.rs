//! `Calm`: a writer that takes a broken pipe calmly, for output that somebody may stop reading; and
//! the words for what it cannot take calmly.

use crate::text::in_words;
use std::io::{self, ErrorKind, Write};

/// The same error, in words.
pub(super) fn worded(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), in_words(error))
}

/// Writes until nobody reads any more, then lets the rest go unheard: `sockdrill … | head` is no fault.
#[derive(Debug)]
pub struct Calm<W> {
    inner: W,
    unheard: bool,
}

impl<W: Write> Calm<W> {
    /// A calm writer around `inner`.
    pub fn new(inner: W) -> Self {
        Self { inner, unheard: false }
    }

    /// Whether nobody reads any more.
    pub fn is_unheard(&self) -> bool {
        self.unheard
    }

    fn calmly(&mut self, result: io::Result<()>) -> io::Result<()> {
        match result {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.unheard = true;
                Ok(())
            }
            result => result.map_err(|error| worded(&error)),
        }
    }
}

impl<W: Write> Write for Calm<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.unheard {
            return Ok(bytes.len());
        }
        match self.inner.write(bytes) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.unheard = true;
                Ok(bytes.len())
            }
            result => result.map_err(|error| worded(&error)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.unheard {
            return Ok(());
        }
        let result = self.inner.flush();
        self.calmly(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pipe(ErrorKind);

    impl Write for Pipe {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_broken_pipe_is_no_fault_and_a_full_disk_is() {
        let mut calm = Calm::new(Pipe(ErrorKind::BrokenPipe));
        calm.write_all(b"line\n").unwrap();
        calm.flush().unwrap();
        assert!(Calm::new(Pipe(ErrorKind::StorageFull)).write_all(b"line\n").is_err());
    }
}
