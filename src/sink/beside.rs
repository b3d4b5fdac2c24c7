//! `Beside`: a writer of what stands beside data. Where it takes no more the data goes on, and it is told at the end.

use std::io::{self, ErrorKind, Write};

/// Keeps the first error for the end, and lets go of what follows.
pub(super) struct Beside<W> {
    inner: W,
    failed: Option<io::Error>,
}

impl<W: Write> Beside<W> {
    pub fn new(inner: W) -> Self {
        Self { inner, failed: None }
    }

    /// Whether something could not be written.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Everything is written; what kept it from that, if something did.
    pub fn finish(&mut self) -> io::Result<()> {
        self.flush()?;
        // It is asked afterwards whether it has failed.
        self.failed.as_ref().map_or(Ok(()), |error| Err(io::Error::new(error.kind(), error.to_string())))
    }

    fn calmly<T>(&mut self, write: impl FnOnce(&mut W) -> io::Result<T>, unheard: T) -> io::Result<T> {
        if self.failed.is_some() {
            return Ok(unheard);
        }
        match write(&mut self.inner) {
            Err(error) if error.kind() != ErrorKind::Interrupted => {
                self.failed = Some(error);
                Ok(unheard)
            }
            written => written,
        }
    }
}

impl<W: Write> Write for Beside<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calmly(|inner| inner.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.calmly(Write::flush, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Data, Event, Sink as _, What};
    use crate::sink::{Conversation, Manner, Times, View};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    #[derive(Clone, Default)]
    struct Shown(Arc<Mutex<Vec<u8>>>);

    impl Write for Shown {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn data_goes_on_where_narration_finds_no_room_and_the_full_one_is_named() {
        let manner = Manner {
            view: View::Text,
            times: Times::None,
            data: true,
            narration: true,
            with_data: false,
            verbose: false,
            styled: false,
            styled_told: false,
            own_steps: false,
            width: None,
        };
        let shown = Shown::default();
        let mut conversation = Conversation::new(shown.clone(), Full, manner);
        let event = |what| Event { at: Duration::ZERO, scenario: Some(0), lane: "".into(), step: None, what };
        conversation.take(&event(What::Note { text: "hello".to_owned() })).unwrap();
        let data = Data::new(b"data");
        conversation.take(&event(What::Received { name: "c".into(), from: None, data })).unwrap();
        assert_eq!(shown.0.lock().unwrap().as_slice(), b"<     4  data\n");
        assert_eq!(conversation.finish().unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(conversation.target(), "to standard error");
        let mut conversation = Conversation::new(Full, shown, manner);
        let data = Data::new(b"data");
        assert!(conversation.take(&event(What::Received { name: "c".into(), from: None, data })).is_err());
        assert_eq!(conversation.target(), "to standard output");
    }
}
