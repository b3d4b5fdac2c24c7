//! `SinkSet`: several sinks as one. Every sink gets every event, though another fails.

use super::aside::Asides;
use super::{Detail, Event, Sink};
use std::io;

/// Several sinks as one.
#[derive(Default)]
pub struct SinkSet {
    here: Vec<(Box<dyn Sink>, Option<io::Error>)>,
    asides: Asides,
}

impl SinkSet {
    /// Adds a sink that hears of each fact at once, on the thread that tells it.
    pub fn push(&mut self, sink: impl Sink + 'static) {
        self.here.push((Box::new(sink), None));
    }

    /// Adds a sink that nobody reads before it is finished: it works on a thread of its own. Where `detail` is
    /// `Outcomes` it does not hear what happens in scenarios.
    pub fn push_aside(&mut self, sink: impl Sink + Send + 'static, detail: Detail) {
        self.asides.push(sink, detail);
    }

    /// Gives a fact to every sink that has not failed.
    pub fn take(&mut self, event: Event) {
        for (sink, failed) in self.here.iter_mut().filter(|(_, failed)| failed.is_none()) {
            *failed = sink.take(&event).err();
        }
        self.asides.take(event);
    }

    /// Finishes every sink; the sentences say which could not write and why.
    pub fn finish(self) -> Vec<String> {
        let asides = self.asides.finish();
        let here = self.here.into_iter().map(|(mut sink, failed)| {
            let failed = failed.or_else(|| sink.finish().err());
            (sink.target(), failed)
        });
        let failed = asides.chain(here).filter_map(|(target, failed)| Some((target, failed?)));
        // Where nobody reads any more that is no fault.
        let failed = failed.filter(|(_, error)| error.kind() != io::ErrorKind::BrokenPipe);
        failed.map(|(target, error)| format!("cannot write {target}: {error}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::What;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    struct Counting(Arc<AtomicU32>, bool);

    impl Sink for Counting {
        fn take(&mut self, _: &Event) -> io::Result<()> {
            self.0.fetch_add(1, Ordering::Relaxed);
            if self.1 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }

        fn finish(&mut self) -> io::Result<()> {
            Ok(())
        }

        fn target(&self) -> String {
            "report.xml".to_owned()
        }
    }

    /// Keeps what it was told, and whether it was finished.
    struct Keeping(Arc<Mutex<(Vec<String>, bool)>>);

    impl Sink for Keeping {
        fn take(&mut self, event: &Event) -> io::Result<()> {
            let What::Note { text } = &event.what else { return Ok(()) };
            self.0.lock().unwrap().0.push(text.clone());
            Ok(())
        }

        fn finish(&mut self) -> io::Result<()> {
            self.0.lock().unwrap().1 = true;
            Ok(())
        }

        fn target(&self) -> String {
            "report.xml".to_owned()
        }
    }

    fn note(text: impl Into<String>) -> Event {
        let what = What::Note { text: text.into() };
        Event { at: Duration::ZERO, scenario: None, lane: "".into(), step: None, what }
    }

    #[test]
    fn every_sink_gets_every_event_though_another_fails() {
        let [good, bad, aside, bad_aside] = [0; 4].map(|none| Arc::new(AtomicU32::new(none)));
        let mut set = SinkSet::default();
        set.push(Counting(bad.clone(), true));
        set.push(Counting(good.clone(), false));
        set.push_aside(Counting(bad_aside.clone(), true), Detail::Everything);
        set.push_aside(Counting(aside.clone(), false), Detail::Everything);
        set.take(note(""));
        set.take(note(""));
        assert_eq!(set.finish(), ["cannot write report.xml: no storage space"; 2]);
        let counts = [good, bad, aside, bad_aside].map(|count| count.load(Ordering::Relaxed));
        assert_eq!(counts, [2, 1, 2, 1]);
    }

    #[test]
    fn what_is_told_aside_comes_whole_and_in_order_however_much_it_is() {
        let kept = Arc::new(Mutex::new((Vec::new(), false)));
        let mut set = SinkSet::default();
        set.push_aside(Keeping(kept.clone()), Detail::Everything);
        let all: Vec<String> = (0..20_000).map(|number: u32| number.to_string()).collect();
        for text in &all {
            set.take(note(text));
        }
        assert!(set.finish().is_empty());
        assert_eq!(*kept.lock().unwrap(), (all, true));
    }

    #[test]
    fn who_wants_to_hear_outcomes_hears_nothing_else() {
        let heard = Arc::new(AtomicU32::new(0));
        let mut set = SinkSet::default();
        set.push_aside(Counting(heard.clone(), false), Detail::Outcomes);
        set.push_aside(Counting(Arc::default(), false), Detail::Everything);
        set.take(note("a detail"));
        set.take(Event { what: What::FileRefused { problem: String::new(), at: None }, ..note("") });
        assert!(set.finish().is_empty());
        assert_eq!(heard.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_sink_aside_of_a_run_that_is_given_up_is_not_finished() {
        let kept = Arc::new(Mutex::new((Vec::new(), false)));
        let mut set = SinkSet::default();
        set.push_aside(Keeping(kept.clone()), Detail::Everything);
        set.take(note("lost"));
        drop(set);
        // The thread lets go of it when it has heard that nothing comes.
        while Arc::strong_count(&kept) > 1 {
            std::thread::yield_now();
        }
        assert!(!kept.lock().unwrap().1);
    }
}
