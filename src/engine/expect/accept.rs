//! `expect` where another payload is accepted: how much of what comes is the answer. A message has its
//! own end; a stream has one when it ends, or when nothing has come for a while.

use super::super::accept::{Came, Wish, share};
use super::super::mismatch::Taken;
use super::super::output::Look;
use super::super::process::Process;
use super::Expecting;
use crate::engine::trouble::Trouble;
use crate::net::{End, Incoming};
use crate::script::pattern::Matcher;
use crate::text::format_duration;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// So long nothing comes after what is taken for a whole answer.
const SILENCE: Duration = Duration::from_millis(300);

/// Longest answer that is accepted, in bytes.
const LONGEST: usize = 16 << 20;

/// An answer as far as it has come.
struct Answer<'a> {
    wish: &'a Wish,
    wanted: Vec<u8>,
    /// When it takes too long to be one; never, where that is too far for the clock.
    until: Option<Instant>,
    /// So long nothing comes after it.
    silence: Duration,
}

impl Answer<'_> {
    /// Where it ends, if what has come shows that.
    fn end(&self, came: &[u8]) -> Option<(usize, String)> {
        if self.wish.shares { share(&self.wanted, came) } else { None }
    }

    fn is_too_much(&self, came: &[u8]) -> bool {
        came.len() > LONGEST || self.until.is_some_and(|until| Instant::now() >= until)
    }
}

impl Expecting<'_> {
    /// What is wanted, if something else may come.
    fn answer(&self) -> Option<Answer<'_>> {
        let wish = self.lane.session.wishes.as_ref()?.of(self.number)?;
        let Matcher::Exactly(recipe) = self.matcher else { return None };
        let wanted = recipe.collect(LONGEST).ok().flatten()?;
        let silence = self.lane.session.patience.scale.stretch(SILENCE);
        let within = self.deadline.within.unwrap_or(self.lane.session.patience.within).max(silence * 2);
        Some(Answer { wish, wanted, until: Instant::now().checked_add(within), silence })
    }

    /// Whether something else may come here.
    pub(super) fn accepts(&self) -> bool {
        self.lane.session.wishes.as_ref().is_some_and(|wishes| wishes.of(self.number).is_some())
    }

    /// The payload came as it is written.
    pub(super) fn came_as_written(&self) {
        if let Some(wishes) = &self.lane.session.wishes {
            wishes.came_as_written(self.number);
        }
    }

    fn took(&self, answer: &Answer<'_>, bytes: &[u8], end: String, left: usize) {
        if let Some(wishes) = &self.lane.session.wishes {
            let (wanted, left) = (answer.wanted.len() as u64, left as u64);
            wishes.came(answer.wish, Came { bytes: bytes.to_vec(), end, wanted, left });
        }
    }

    /// Takes a whole message for what was wanted, if that may be.
    pub(super) fn accept_message(&self, body: &[u8]) -> bool {
        let Some(answer) = self.answer() else { return false };
        self.took(&answer, body, "the whole message".to_owned(), 0);
        true
    }

    /// Takes what comes at a stream for what was wanted, if that may be and it is whole.
    pub(super) async fn accept_stream(
        &self,
        incoming: &mut Incoming<'_>,
        taken: &mut Taken,
    ) -> Result<bool, Trouble> {
        let Some(answer) = self.answer() else { return Ok(false) };
        let (count, end) = loop {
            let window = incoming.window();
            let came = [taken.kept.as_deref().unwrap_or_default(), window].concat();
            if let Some(end) = answer.end(&came) {
                break end;
            }
            match incoming.end() {
                Some(End::Fin) if !came.is_empty() => {
                    break (came.len(), "through the end of stream".to_owned());
                }
                Some(_) => return Ok(false),
                None if answer.is_too_much(&came) => return Ok(false),
                None => {}
            }
            let beyond = window.len();
            match timeout(answer.silence, incoming.wait(beyond)).await {
                Ok(more) => more?,
                Err(_) if came.is_empty() => return Ok(false),
                Err(_) => break (came.len(), silence(answer.silence)),
            }
        };
        let rest = count.saturating_sub(usize::try_from(taken.count()).unwrap_or(usize::MAX));
        let left = incoming.window().len().saturating_sub(rest);
        taken.add(incoming.window().get(..rest).unwrap_or_default());
        self.lane.session.tap(&self.socket.name, incoming.window().get(..rest).unwrap_or_default());
        incoming.discard(rest).await?;
        self.took(&answer, taken.kept.as_deref().unwrap_or_default(), end, left);
        self.holds(taken, None);
        Ok(true)
    }

    /// Takes what a process writes for what was wanted, if that may be and it is whole.
    pub(super) async fn accept_output(&self, process: &Process, taken: &mut Taken, mut look: Look) -> bool {
        let Some(answer) = self.answer() else { return false };
        let output = process.output();
        let (rest, end) = loop {
            let before = taken.kept.as_deref().unwrap_or_default();
            let came = [before, &look.bytes].concat();
            if let Some((count, end)) = answer.end(&came) {
                break (count.saturating_sub(before.len()), end);
            }
            if look.ended {
                if came.is_empty() {
                    return false;
                }
                break (look.bytes.len(), "through the end of output".to_owned());
            }
            if answer.is_too_much(&came) {
                return false;
            }
            taken.add(&look.bytes);
            output.take(&look, look.bytes.len());
            let is_silent = timeout(answer.silence, output.wait()).await.is_err();
            look = output.look();
            if is_silent && look.bytes.is_empty() {
                if came.is_empty() {
                    return false;
                }
                break (0, silence(answer.silence));
            }
        };
        taken.add(look.bytes.get(..rest).unwrap_or_default());
        output.take(&look, rest);
        let left = look.bytes.len().saturating_sub(rest);
        self.took(&answer, taken.kept.as_deref().unwrap_or_default(), end, left);
        self.holds(taken, None);
        true
    }
}

fn silence(so_long: Duration) -> String {
    format!("all that came before {} of silence", format_duration(so_long))
}
