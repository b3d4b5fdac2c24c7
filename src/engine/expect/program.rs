//! `expect` at a process: what it writes, and how it ends.

use super::super::ending::tell_exited;
use super::super::mismatch::{Flow, Seen, Taken};
use super::super::process::{Process, describe};
use super::Expecting;
use crate::engine::trouble::Trouble;
use crate::event::FailureKind;
use crate::net::End;
use crate::script::judge::{Ended, Judging, Verdict};
use crate::script::pattern::Exit;

impl Expecting<'_> {
    /// The output of a process: drained already, so there is nothing to peek at.
    pub(super) async fn output(&self, process: &Process) -> Result<(), Trouble> {
        let output = process.output();
        let mut judging = Judging::new(self.matcher);
        let mut taken = self.nothing_taken();
        loop {
            let look = output.look();
            let end = look.ended.then_some(&End::Fin);
            let verdict = match judging.feed(&look.bytes) {
                Verdict::Undecided(_) if look.ended => judging.end(Ended::Eof),
                verdict => verdict,
            };
            match verdict {
                Verdict::Holds(all) => {
                    let rest = usize::try_from(all - taken.count()).unwrap_or(usize::MAX);
                    taken.add(look.bytes.get(..rest).unwrap_or_default());
                    output.take(&look, rest);
                    self.came_as_written();
                    self.holds(&mut taken, end.filter(|_| all == 0));
                    return Ok(());
                }
                Verdict::Fails(found) => {
                    if self.accept_output(process, &mut taken, look.clone()).await {
                        return Ok(());
                    }
                    if look.ended {
                        process.settled().await;
                    }
                    let seen = Seen { taken: &taken, window: &look.bytes };
                    let trouble = self.expected().cannot_hold(&found, &seen, end, Flow::Output);
                    return Err(output_shown(trouble));
                }
                Verdict::Undecided(_) => {}
            }
            taken.add(&look.bytes);
            output.take(&look, look.bytes.len());
            if self.deadline.has_passed() {
                return self.late(process, &mut taken).await;
            }
            let quiet = self.matcher.silence().filter(|_| taken.count() == 0);
            let waited = match quiet {
                Some(silence) => {
                    if tokio::time::timeout(silence, output.wait()).await.is_err() {
                        self.silent();
                        return Ok(());
                    }
                    Ok(())
                }
                None => self.deadline.run(output.wait()).await,
            };
            if waited.is_err() {
                return self.late(process, &mut taken).await;
            }
        }
    }

    /// The deadline passed.
    async fn late(&self, process: &Process, taken: &mut Taken) -> Result<(), Trouble> {
        let look = process.output().look();
        if self.accept_output(process, taken, look).await {
            return Ok(());
        }
        Err(output_shown(self.expected().timeout(&Seen { taken, window: &[] }, self.deadline)))
    }

    pub(super) async fn exit(&self, process: &Process, wanted: &Exit) -> Result<(), Trouble> {
        use std::os::unix::process::ExitStatusExt as _;
        let expected = format!("expected {} of {}", self.matcher.describe(), self.step.at);
        let Ok(status) = self.deadline.run(process.ended()).await else {
            let message = format!("{expected}, it was still running after {}", self.deadline.words());
            return Err(state_shown(Trouble::timeout(message)));
        };
        let holds = match wanted {
            Exit::Code(code) => status.code() == Some(*code),
            Exit::Signal(name) => {
                let signal =
                    status.signal().and_then(|number| nix::sys::signal::Signal::try_from(number).ok());
                signal.is_some_and(|signal| signal.as_str().trim_start_matches("SIG") == *name)
            }
        };
        tell_exited(self.lane, Some(self.number), &self.step.at, process);
        if holds {
            return Ok(());
        }
        process.settled().await;
        let how = match status.code() {
            Some(_) => format!("it ended with {}", describe(status)),
            None => format!("it was {}", describe(status)),
        };
        Err(state_shown(Trouble::new(FailureKind::Process, format!("{expected}, {how}"))))
    }
}

fn output_shown(mut trouble: Trouble) -> Trouble {
    trouble.shown.output = true;
    trouble
}

fn state_shown(mut trouble: Trouble) -> Trouble {
    trouble.shown.state = true;
    trouble
}
