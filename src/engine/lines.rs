//! Lines that go to every client of a server: who says them waits for who reads slowly, and not for who reads nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::broadcast::{self, error::RecvError, error::TryRecvError};

/// How many lines a client may be behind.
const BEHIND: usize = 1024;
/// How long a client that takes nothing keeps the others from the next line.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is looked at: nothing tells.
const LOOK: Duration = Duration::from_millis(1);

/// Where the lines are said.
#[derive(Debug, Clone)]
pub struct Lines {
    to: broadcast::Sender<Arc<[u8]>>,
    over: Arc<AtomicBool>,
    /// How long a client that takes nothing is waited for; without end where there are no others.
    patience: Option<Duration>,
    /// A client takes nothing, and is not waited for until there is room again.
    stuck: bool,
}

impl Default for Lines {
    fn default() -> Self {
        let (to, _) = broadcast::channel(BEHIND);
        Self { to, over: Arc::default(), patience: Some(PATIENCE), stuck: false }
    }
}

impl Lines {
    /// For the only client of a server: it keeps nobody else waiting, and misses nothing.
    pub fn to_one() -> Self {
        Self { patience: None, ..Self::default() }
    }

    /// Whether a client is there to hear them.
    pub fn are_heard(&self) -> bool {
        self.to.receiver_count() > 0
    }

    /// Says a line to all who are there. Blocks the thread while one of them is far behind and goes on taking lines.
    pub fn say(&mut self, line: Vec<u8>) {
        let (mut least, mut since) = (self.to.len(), Instant::now());
        self.stuck &= least > BEHIND / 2;
        while !self.stuck && self.to.len() >= BEHIND {
            std::thread::sleep(LOOK);
            let behind = self.to.len();
            if behind < least {
                (least, since) = (behind, Instant::now());
            }
            self.stuck = self.patience.is_some_and(|patience| since.elapsed() >= patience);
        }
        // Where nobody is there at the moment it goes to nobody.
        let _ = self.to.send(line.into());
    }

    /// There are no more, for clients to come either. Waits as a line does: it would push out the oldest one.
    pub fn end(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        self.say(Vec::new());
    }

    /// Hears the lines from here on.
    pub(super) fn hear(&self) -> Hearing {
        let from = self.to.subscribe();
        Hearing(if self.over.load(Ordering::SeqCst) { Source::Over } else { Source::Lines(from) })
    }
}

/// One client's hearing of them.
#[derive(Debug)]
pub(super) struct Hearing(Source);

#[derive(Debug)]
enum Source {
    Lines(broadcast::Receiver<Arc<[u8]>>),
    /// They are over, which is still to be told.
    Over,
    Nothing,
}

/// What a client hears.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Line(Arc<[u8]>),
    /// So many that it did not take in time.
    Missed(u64),
    Over,
}

impl Hearing {
    #[cfg(test)]
    fn len(&self) -> usize {
        let Source::Lines(from) = &self.0 else { return 0 };
        from.len()
    }

    /// Of a server that says nothing.
    pub fn nothing() -> Self {
        Self(Source::Nothing)
    }

    /// Whether there is something to come.
    pub fn goes_on(&self) -> bool {
        !matches!(self.0, Source::Nothing)
    }

    /// The next of them; never anything once they are over. Cancel safe.
    pub async fn next(&mut self) -> Heard {
        let heard = match &mut self.0 {
            Source::Lines(from) => from.recv().await,
            Source::Over => Err(RecvError::Closed),
            Source::Nothing => std::future::pending().await,
        };
        self.heard(heard)
    }

    /// The next, if it is there.
    pub fn try_next(&mut self) -> Option<Heard> {
        let heard = match &mut self.0 {
            Source::Lines(from) => match from.try_recv() {
                Ok(line) => Ok(line),
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Lagged(lines)) => Err(RecvError::Lagged(lines)),
                Err(TryRecvError::Closed) => Err(RecvError::Closed),
            },
            Source::Over => Err(RecvError::Closed),
            Source::Nothing => return None,
        };
        Some(self.heard(heard))
    }

    /// An empty line is their end: where they are said stays, for clients to come.
    fn heard(&mut self, heard: Result<Arc<[u8]>, RecvError>) -> Heard {
        match heard {
            Ok(line) if !line.is_empty() => Heard::Line(line),
            Err(RecvError::Lagged(lines)) => Heard::Missed(lines),
            Ok(_) | Err(RecvError::Closed) => {
                self.0 = Source::Nothing;
                Heard::Over
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_who_takes_nothing_misses_lines_and_is_told_how_many() {
        let mut lines = Lines::default();
        let mut hearing = lines.hear();
        for number in 0..BEHIND + 10 {
            lines.say(number.to_string().into_bytes());
        }
        assert_eq!(hearing.try_next(), Some(Heard::Missed(10)));
        assert_eq!(hearing.try_next(), Some(Heard::Line(b"10"[..].into())));
    }

    #[test]
    fn one_who_takes_them_slowly_misses_none() {
        let mut lines = Lines::default();
        let mut hearing = lines.hear();
        let saying = std::thread::spawn(move || {
            (0..3 * BEHIND).for_each(|number| lines.say(number.to_string().into_bytes()));
            lines.end();
        });
        let mut heard = 0;
        loop {
            match hearing.try_next() {
                Some(Heard::Line(line)) => {
                    assert_eq!(&*line, heard.to_string().as_bytes());
                    heard += 1;
                }
                Some(Heard::Over) => break,
                Some(missed) => panic!("{missed:?}"),
                None => std::thread::yield_now(),
            }
        }
        saying.join().unwrap();
        assert_eq!(heard, 3 * BEHIND);
    }

    #[test]
    fn the_only_one_is_waited_for_until_it_leaves() {
        let mut lines = Lines::to_one();
        lines.patience = lines.patience.map(|_| Duration::ZERO);
        let mut hearing = lines.hear();
        let (said, all_said) = std::sync::mpsc::channel();
        let saying = std::thread::spawn(move || {
            (0..=BEHIND).for_each(|number| lines.say(number.to_string().into_bytes()));
            said.send(()).unwrap();
            (0..=BEHIND).for_each(|number| lines.say(number.to_string().into_bytes()));
        });
        while hearing.len() < BEHIND {
            std::thread::yield_now();
        }
        assert!(all_said.try_recv().is_err(), "there is no room for the last one");
        assert_eq!(hearing.try_next(), Some(Heard::Line(b"0"[..].into())));
        all_said.recv().unwrap();
        drop(hearing);
        saying.join().unwrap();
    }

    #[test]
    fn the_end_pushes_no_line_out() {
        let mut lines = Lines::default();
        let mut hearing = lines.hear();
        (0..BEHIND).for_each(|number| lines.say(number.to_string().into_bytes()));
        let over = lines.over.clone();
        let ending = std::thread::spawn(move || lines.end());
        while !over.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        assert_eq!(hearing.try_next(), Some(Heard::Line(b"0"[..].into())));
        while hearing.try_next() != Some(Heard::Over) {}
        ending.join().unwrap();
    }

    #[test]
    fn who_comes_when_they_are_over_hears_that_once() {
        let mut lines = Lines::default();
        lines.end();
        let mut hearing = lines.hear();
        assert_eq!(hearing.try_next(), Some(Heard::Over));
        assert_eq!((hearing.try_next(), hearing.goes_on()), (None, false));
    }
}
