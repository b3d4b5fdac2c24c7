//! The loop: a submission in, its steps run, facts out. Everything here is on one thread; only lines are
//! read elsewhere.

use super::Show;
use super::addresses;
use super::command::{self, Command};
use super::exchange::{Known, Request, Submission};
use super::names::Names;
use super::record::{Record, Went};
use super::saved::Saved;
use super::signals::{Signals, is_recent, plain};
use super::statement::statements;
use crate::engine::{Stage, Watch};
use crate::event::{Detail, Event, Exit, Failure, FailureKind, Journal, Outcome, What};
use crate::script::draft::DraftStep;
use crate::script::line::{Parsed, parse_line};
use crate::script::load::DEFAULT_WITHIN;
use crate::script::wording::PROMPT;
use crate::text::{Diagnostic, ErrorKind, Source, TimeScale, count};
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval};

mod commands;

/// A session at the prompt.
pub(super) struct Prompt<'a> {
    stage: Stage,
    watch: Watch,
    journal: Journal,
    facts: Receiver<Event>,
    ticks: Interval,
    pub show: Box<dyn Show + 'a>,
    record: Record,
    saved: Saved,
    names: Names,
    addresses: Vec<String>,
    within: Duration,
    directory: PathBuf,
    interactive: bool,
    /// When Ctrl-C came between a line's end and the step that it asks for.
    stopped_early: Option<Instant>,
    /// The number of the next line.
    line: usize,
    /// How many submissions there were.
    entry: usize,
    failure: Option<Box<Failure>>,
    /// Failures of steps within the running one, which may fail of them too.
    within_it: Vec<Event>,
}

impl<'a> Prompt<'a> {
    pub fn new(show: Box<dyn Show + 'a>, interactive: bool) -> Self {
        let (to, facts) = std::sync::mpsc::channel();
        let run = Journal::new(to, Detail::Everything);
        run.state(What::RunStarted { scenarios: 1, time_scale: TimeScale::AS_WRITTEN });
        let journal = run.for_scenario(0);
        let mut ticks = interval(Watch::INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            stage: Stage::here(&journal, DEFAULT_WITHIN),
            watch: Watch::default(),
            journal,
            facts,
            ticks,
            show,
            record: Record::default(),
            saved: Saved::default(),
            names: Names::default(),
            addresses: Vec::new(),
            within: DEFAULT_WITHIN,
            directory: PathBuf::from("."),
            interactive,
            stopped_early: None,
            line: 1,
            entry: 0,
            failure: None,
            within_it: Vec::new(),
        }
    }

    pub fn begin(&mut self) {
        self.journal.state(What::ScenarioStarted {
            name: "a session at the prompt".into(),
            file: PROMPT.into(),
            line: 1,
            tags: Vec::new(),
            round: 1,
            began: Journal::time_of_day(),
        });
        self.tell(None);
    }

    /// Closes everything and tells how it was.
    pub async fn finish(mut self, exit: Exit) -> Exit {
        self.stage.finish().await;
        let outcome = match (self.failure.take(), exit) {
            (_, Exit::Interrupted | Exit::Terminated) => Outcome::Interrupted,
            (Some(failure), _) => Outcome::Failed(failure),
            (None, _) => Outcome::Passed,
        };
        let count = |which: bool| usize::from(which);
        let took = self.journal.elapsed();
        let ended = What::RunEnded {
            passed: count(matches!(outcome, Outcome::Passed)),
            failed: count(matches!(outcome, Outcome::Failed(_))),
            skipped: 0,
            unstable: 0,
            interrupted: matches!(outcome, Outcome::Interrupted),
            took,
        };
        self.journal.state(What::ScenarioEnded { outcome, took });
        self.journal.state(ended);
        tell(&self.facts, &mut self.record, &mut *self.show, &mut self.within_it, None);
        exit
    }

    fn tell(&mut self, running: Option<u32>) {
        tell(&self.facts, &mut self.record, &mut *self.show, &mut self.within_it, running);
    }

    /// The running step is over: what failed within it is told, unless that is what it failed of.
    fn tell_what_failed_within(&mut self, result: &Result<Result<(), Box<Failure>>, Exit>) {
        let same =
            |it: &Failure| matches!(result, Ok(Err(of)) if (&of.message, &of.at) == (&it.message, &it.at));
        for event in std::mem::take(&mut self.within_it) {
            if !matches!(&event.what, What::Failed(failure) if same(failure)) {
                self.show.late(&event);
            }
        }
    }

    pub fn known(&self) -> Known {
        Known { line: self.line, names: self.names.open(), addresses: self.addresses.clone() }
    }

    /// Answers submissions until there are no more.
    pub async fn listen(&mut self, mut requests: mpsc::Receiver<Request>, signals: &mut Signals) -> Exit {
        loop {
            let request = tokio::select! {
                biased;
                signal = signals.next() => match signal {
                    // While a line is edited Ctrl-C is a key, so this one is meant for the step that
                    // was just asked for and is on its way here.
                    Exit::Interrupted if self.interactive => {
                        self.stopped_early = Some(Instant::now());
                        continue;
                    }
                    signal => return signal,
                },
                request = requests.recv() => request,
                _ = self.ticks.tick() => {
                    self.look();
                    continue;
                }
            };
            // Whoever reads says so at the end; one that is gone without a word has failed.
            let Some(Request { submission, answer }) = request else { return Exit::Unreachable };
            let flow = match submission {
                Submission::Text(text) => self.submit(&text, signals).await,
                Submission::End => Flow::End(Exit::Done),
                Submission::Failed(why, exit) => {
                    self.show.problem(&plain(why));
                    Flow::End(exit)
                }
            };
            match flow {
                // A reader that is gone reads no more.
                Flow::On => drop(answer.send(self.known())),
                Flow::End(exit) => return exit,
            }
        }
    }

    fn look(&mut self) {
        if self.interactive {
            self.watch.look(&self.stage);
        }
        self.tell(None);
    }

    /// Runs the statements of a submission.
    async fn submit(&mut self, text: &str, signals: &mut Signals) -> Flow {
        self.entry += 1;
        self.stage.forget_reads();
        let first = self.line;
        self.line += text.trim_end_matches('\n').split('\n').count();
        // Places are those of the whole session: line 3 is the third line that was typed.
        let lead = "\n".repeat(first.saturating_sub(1));
        let source = Source::new(PROMPT, format!("{lead}{text}"));
        let all = statements(text);
        let mut left = all.len();
        for range in all {
            left -= 1;
            let statement = text.get(range.clone()).unwrap_or_default();
            let exit = match command::read(statement) {
                Some(Ok(Command::Quit)) => return Flow::End(Exit::Done),
                Some(Ok(command)) => self.command(command, signals).await,
                Some(Err(why)) => {
                    self.show.problem(&plain(why));
                    Err(Exit::Usage)
                }
                None => match parse_line(&source, range.start + lead.len()..range.end + lead.len()) {
                    Ok(Parsed::Step(step)) => self.step(step, signals).await,
                    Ok(Parsed::Empty) => Ok(()),
                    Ok(Parsed::Incomplete) => {
                        self.show.problem(&plain("a block is not closed").help("end it with `}`"));
                        Err(Exit::Usage)
                    }
                    Err(mut problems) => {
                        if let (Some(near), [problem, ..]) = (command::near(statement), &mut *problems) {
                            problem.help = vec![format!("did you mean `{near}`?")];
                        }
                        self.refuse(&problems)
                    }
                },
            };
            match exit {
                Err(Exit::Terminated) => return Flow::End(Exit::Terminated),
                Err(exit) if !self.interactive => return Flow::End(exit),
                // What follows on the line was meant to happen after this.
                Err(_) => {
                    if left > 0 {
                        let steps = count(left, "step");
                        let were = if left == 1 { "was" } else { "were" };
                        self.show
                            .text(&format!("* {steps} after it {were} not run; Up brings the lines back\n"));
                    }
                    return Flow::On;
                }
                Ok(()) => {}
            }
        }
        Flow::On
    }

    fn refuse(&mut self, problems: &[Diagnostic]) -> Result<(), Exit> {
        for problem in problems {
            self.show.problem(problem);
        }
        Err(Exit::Usage)
    }

    async fn steps(&mut self, drafts: Vec<DraftStep>, signals: &mut Signals) -> Result<(), Exit> {
        for draft in drafts {
            self.step(draft, signals).await?;
        }
        Ok(())
    }

    /// Proves and runs one step, telling facts as they come; a signal stops it.
    async fn step(&mut self, draft: DraftStep, signals: &mut Signals) -> Result<(), Exit> {
        let mut step = match self.names.check(&draft, &self.directory) {
            Ok((step, warnings)) => {
                for warning in &warnings {
                    self.show.problem(warning);
                }
                step
            }
            Err(problems) => return self.refuse(&problems),
        };
        step.default_within(self.within);
        self.note_addresses(&draft);
        let number = Some(step.number);
        let result = if is_recent(self.stopped_early.take()) {
            Err(Exit::Interrupted)
        } else {
            let mut running = std::pin::pin!(self.stage.run(&step));
            loop {
                tokio::select! {
                    biased;
                    signal = signals.next() => break Err(signal),
                    _ = self.ticks.tick() => {
                        if self.interactive {
                            self.watch.look(&self.stage);
                        }
                        tell(&self.facts, &mut self.record, &mut *self.show, &mut self.within_it, number);
                    }
                    result = &mut running => break Ok(result),
                }
            }
        };
        self.tell(number);
        self.tell_what_failed_within(&result);
        let (went, exit) = match result {
            Ok(Ok(())) => (Went::Held, Ok(())),
            Ok(Err(failure)) => {
                let exit = exit_of(failure.kind);
                let kind = failure.kind;
                self.failure.get_or_insert(failure);
                (Went::Failed(kind), Err(exit))
            }
            Err(signal) => {
                self.stopped(&step.line);
                (Went::Stopped, Err(signal))
            }
        };
        if went != Went::Held {
            self.names.settle(|name| self.stage.is_open(name));
        }
        self.record.done(self.entry, draft, went);
        exit?;
        match self.stage.failed_meanwhile() {
            Some(failure) if !self.interactive => {
                let exit = exit_of(failure.kind);
                self.failure.get_or_insert(failure);
                Err(exit)
            }
            _ => Ok(()),
        }
    }

    fn stopped(&mut self, what: &str) {
        // The terminal has echoed `^C` on this line.
        let lead = if self.interactive { "\n" } else { "" };
        self.show.text(&format!("{lead}* stopped: {what}\n"));
    }

    fn note_addresses(&mut self, draft: &DraftStep) {
        for key in ["to", "at", "bind"] {
            if let Some(text) = draft.get(key).and_then(|node| node.as_scalar()) {
                addresses::add(&mut self.addresses, text);
            }
        }
    }
}

/// Whether the prompt goes on.
enum Flow {
    On,
    End(Exit),
}

/// Shows and records the facts that have come.
fn tell(
    facts: &Receiver<Event>,
    record: &mut Record,
    show: &mut (dyn Show + '_),
    within_it: &mut Vec<Event>,
    running: Option<u32>,
) {
    for event in facts.try_iter() {
        // Steps are numbered as they are read: those within a step follow it.
        let is_within = running.is_some_and(|running| event.step.is_some_and(|step| step > running));
        if is_within && matches!(event.what, What::Failed(_)) {
            show.early(&event);
            within_it.push(event.clone());
        } else {
            show.fact(&event);
        }
        record.take(event, running);
    }
}

/// The exit code of a step that did not hold.
fn exit_of(kind: FailureKind) -> Exit {
    match kind {
        FailureKind::Error(kind) => match kind {
            ErrorKind::Timeout => Exit::TimedOut,
            ErrorKind::Reset | ErrorKind::Closed | ErrorKind::BrokenPipe => Exit::Ended,
            _ => Exit::Unreachable,
        },
        _ => Exit::Failed,
    }
}
