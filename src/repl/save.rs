//! `save`: the steps that worked become a scenario, which is checked and replayed before it is called
//! saved. What fixes ports is in `unfix`, what may be written over in `saved`.

use super::command::Save;
use super::record::{Record, Taken, Went};
use super::saved::Saved;
use super::signals::plain;
use super::unfix;
use crate::engine::{Play, Stop, Suite};
use crate::event::{Detail, Event, Failure, FailureKind, Outcome, Sink, SinkSet, What};
use crate::script::draft::{Draft, DraftStep};
use crate::script::load::{DEFAULT_WITHIN, load_file};
use crate::script::name::Vars;
use crate::script::node::{Entry, Node, nowhere};
use crate::script::verbs::verb;
use crate::script::wording::PROMPT;
use crate::script::write::write_draft;
use crate::text::{Diagnostic, ErrorKind, TimeScale, count, escape, format_duration};
use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Saves what was recorded; what is said about it, or why nothing was saved.
pub(super) async fn save(
    asked: &Save,
    record: &Record,
    saved: &mut Saved,
    within: Duration,
    vars: &Vars,
    stop: &Stop,
) -> Result<String, Vec<Diagnostic>> {
    let steps: Vec<DraftStep> = record.taken.iter().filter_map(|taken| as_saved(taken, asked.all)).collect();
    if steps.is_empty() {
        let help = "steps that held are saved; `save FILE --all` keeps failures as `fails=`";
        return Err(vec![plain("there is nothing to save").help(help)]);
    }
    let mut target = saved.target(&asked.file, asked.force)?;
    let mut known: Vec<(String, String)> =
        vars.iter().map(|(name, text)| (name.clone(), text.clone())).collect();
    known.sort();
    let steps = unfix::unfix(steps, record, &mut known);
    let steps_saved = count(steps.len(), "step");
    let text = write_draft(&draft(&asked.file, within, known, steps));
    target.write(&text)?;
    let (path, stop) = (target.beside().to_owned(), stop.clone());
    let began = Instant::now();
    let replayed = tokio::task::spawn_blocking(move || replay(&path, &stop));
    let file = asked.file.display();
    replayed.await.unwrap_or_else(|_| Err(("the replay did not end", Vec::new()))).map_err(
        |(why, problems)| {
            let mut told = vec![plain(format!("{file} is not saved: {why}"))];
            told.extend(problems.into_iter().map(|problem| renamed(problem, &asked.file)));
            told
        },
    )?;
    let took =
        format_duration(Duration::from_millis(u64::try_from(began.elapsed().as_millis()).unwrap_or(0)));
    let replaces = saved.keep(target, text)?;
    let over = if replaces { ", over the file that was there" } else { "" };
    Ok(format!("* saved {file}: {steps_saved}, checked and replayed in {took}{over}\n"))
}

/// The scenario, with its head.
fn draft(file: &Path, within: Duration, vars: Vec<(String, String)>, steps: Vec<DraftStep>) -> Draft {
    let place = nowhere(PROMPT);
    let mut draft = Draft::of_steps(steps, &place);
    let mut push = |key: &str, value: Node| draft.head.push(Entry { key: Node::scalar(key, &place), value });

    let stem =
        file.file_stem().map(|stem| stem.to_string_lossy().replace(['-', '_'], " ")).unwrap_or_default();
    push("name", Node::scalar(stem, &place));
    push("about", Node::scalar("Saved from a session at the prompt.", &place));
    if within != DEFAULT_WITHIN {
        push("within", Node::scalar(format_duration(within), &place));
    }
    if !vars.is_empty() {
        let vars = vars.into_iter().map(|(name, text)| (name, Node::scalar(text, &place)));
        push("vars", Node::map(vars, &place));
    }
    draft
}

/// The step as it is saved, if it is.
fn as_saved(taken: &Taken, all: bool) -> Option<DraftStep> {
    match taken.went {
        Went::Held => Some(expecting(taken)),
        Went::Failed(FailureKind::Error(kind))
            if all && ErrorKind::NAMED.contains(&kind) && taken.draft.get("fails").is_none() =>
        {
            let place = taken.draft.place.clone();
            Some(taken.draft.clone().with("fails", Node::scalar(kind.name(), &place)))
        }
        Went::Failed(_) | Went::Stopped => None,
    }
}

/// A bare `recv` judges nothing: saved, it expects what came.
fn expecting(taken: &Taken) -> DraftStep {
    let draft = &taken.draft;
    let (Some(expect), "recv", None) = (verb("expect"), draft.verb.name, draft.get("urgent")) else {
        return draft.clone();
    };
    let place = &draft.place;
    let mut step = DraftStep::new(expect, place);
    if let Some(at) = draft.get("at") {
        step = step.with("at", at.clone());
    }
    step = match (taken.received.as_slice(), &taken.ended) {
        ([], Some(_)) => step.with("eof", Node::scalar("true", place)),
        // More than an event carries, or a message that may have been cut: the length is what is known.
        ([data], None) if data.is_cut() => step.with("size", Node::scalar(data.len.to_string(), place)),
        ([data], None) => match std::str::from_utf8(&data.bytes) {
            Ok(text) => step.with("text", Node::scalar(text.replace("${", "$${"), place)),
            Err(_) => step.with("bytes", Node::scalar(escape(&data.bytes).replace("${", "$${"), place)),
        },
        _ => return draft.clone(),
    };
    for key in ["save", "within", "after"] {
        if let Some(value) = draft.get(key) {
            step = step.with(key, value.clone());
        }
    }
    step
}

/// Checks and plays the file as `replay` does; why it is not to be kept, and the problems that show it.
fn replay(path: &Path, stop: &Stop) -> Result<(), (&'static str, Vec<Diagnostic>)> {
    let loaded = load_file(path, &Vars::new());
    if loaded.has_errors() {
        return Err(("without the steps that are left out it is not sound", loaded.problems));
    }
    let failure = Rc::new(RefCell::new(None));
    let mut sinks = SinkSet::default();
    sinks.push(Failed(failure.clone()));
    let play = Play {
        jobs: 1,
        repeat: 1,
        fail_fast: false,
        detail: Detail::Outcomes,
        time_scale: TimeScale::AS_WRITTEN,
        isolation: None,
    };
    Suite::new(loaded.scenarios).play(play, &mut sinks, stop);
    match failure.take() {
        Some(failure) => Err(("replayed, it does not do what happened here", vec![failure.diagnostic()])),
        None if stop.reason().is_some() => Err(("the replay was stopped", Vec::new())),
        None => Ok(()),
    }
}

/// Keeps the failure of a play.
struct Failed(Rc<RefCell<Option<Box<Failure>>>>);

impl Sink for Failed {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        if let What::ScenarioEnded { outcome: Outcome::Failed(failure), .. } = &event.what {
            self.0.replace(Some(failure.clone()));
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn target(&self) -> String {
        "the failure".to_owned()
    }
}

/// The problem with the name of the file that was asked for, not that of the one that was tried.
fn renamed(mut problem: Diagnostic, file: &Path) -> Diagnostic {
    if let Some(at) = &mut problem.at {
        at.name = file.display().to_string();
    }
    problem
}
