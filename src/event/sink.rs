//! `Sink`: who tells. `SinkSet`: every sink gets every event, though another fails.

use super::Event;
use std::io;

/// Something that tells what happened: a terminal, a report.
pub trait Sink {
    /// Takes one fact. An error is kept by the set and told at the end; later facts still come.
    fn take(&mut self, event: &Event) -> io::Result<()>;

    /// Everything has happened: a report is written now, whole or not at all.
    fn finish(&mut self) -> io::Result<()>;

    /// What it writes, for the sentence that says it could not.
    fn target(&self) -> String;
}

/// Several sinks as one.
#[derive(Default)]
pub struct SinkSet {
    sinks: Vec<(Box<dyn Sink>, Option<io::Error>)>,
}

impl SinkSet {
    /// Adds a sink.
    pub fn push(&mut self, sink: impl Sink + 'static) {
        self.sinks.push((Box::new(sink), None));
    }

    /// Gives a fact to every sink that has not failed.
    pub fn take(&mut self, event: &Event) {
        for (sink, failed) in self.sinks.iter_mut().filter(|(_, failed)| failed.is_none()) {
            *failed = sink.take(event).err();
        }
    }

    /// Finishes every sink; the sentences say which could not write and why.
    pub fn finish(mut self) -> Vec<String> {
        let mut problems = Vec::new();
        for (sink, failed) in &mut self.sinks {
            let failed = failed.take().or_else(|| sink.finish().err());
            match failed {
                // Nobody reads any more: that is no fault.
                Some(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                Some(error) => problems.push(format!("cannot write {}: {error}", sink.target())),
                None => {}
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::What;
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::Duration;

    struct Counting(Rc<Cell<u32>>, bool);

    impl Sink for Counting {
        fn take(&mut self, _: &Event) -> io::Result<()> {
            self.0.set(self.0.get() + 1);
            if self.1 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }

        fn finish(&mut self) -> io::Result<()> {
            Ok(())
        }

        fn target(&self) -> String {
            "report.xml".to_owned()
        }
    }

    #[test]
    fn every_sink_gets_every_event_though_another_fails() {
        let (good, bad) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let mut set = SinkSet::default();
        set.push(Counting(bad.clone(), true));
        set.push(Counting(good.clone(), false));
        let what = What::Note { text: String::new() };
        let event = Event { at: Duration::ZERO, scenario: None, lane: "".into(), step: None, what };
        set.take(&event);
        set.take(&event);
        assert_eq!((good.get(), bad.get()), (2, 1));
        assert_eq!(set.finish().len(), 1);
    }
}
