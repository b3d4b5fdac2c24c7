//! `replay --watch`: plays everything, then again what a saved file touches, until a signal comes.

mod files;
mod saves;

use super::find::find;
use super::output::Output;
use super::read::{Read, read};
use super::select::{Choice, Selection, unknown_sets};
use crate::engine::{Stop, StopReason};
use crate::event::{Event, Exit, Outcome, Plays, Sink, Verdict, What};
use crate::script::load::Loaded;
use crate::script::step::Scenario;
use crate::sink::printable;
use crate::text::{Diagnostic, count};
use files::{Standing, parent};
use saves::Saves;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

/// What is watched.
pub(super) struct Watched<'a> {
    pub paths: &'a [PathBuf],
    pub sets: HashMap<String, String>,
    pub selection: &'a Selection,
    /// Whether warnings are told.
    pub warnings: bool,
}

/// A sink that keeps how each scenario ended last.
#[derive(Clone, Default)]
pub(super) struct Verdicts(Rc<RefCell<Kept>>);

#[derive(Default)]
struct Kept {
    playing: HashMap<u32, (String, String)>,
    /// By file and name.
    plays: BTreeMap<(String, String), Plays>,
}

/// Plays these and tells it; the root that their paths are shown from.
pub(super) type PlayThese<'a> = dyn FnMut(Option<&Path>, Vec<Scenario>, Verdicts) + 'a;

/// Plays and watches until `stop` is raised.
pub(super) fn run(watched: &Watched<'_>, output: &Output, stop: &Stop, play: &mut PlayThese<'_>) -> Exit {
    let mut saves = match Saves::new() {
        Ok(saves) => saves,
        Err(error) => {
            output.error(format!("cannot watch files: {error}"));
            return Exit::Unreachable;
        }
    };
    if let Err(problems) = find(watched.paths) {
        output.problems(&problems);
        return Exit::Usage;
    }
    let mut state = State { watched, output, known: BTreeMap::new(), verdicts: Verdicts::default(), runs: 0 };
    loop {
        saves.watch(&state.directories());
        if state.look_and_play(play, stop) {
            saves.watch(&state.directories());
            let files: BTreeSet<PathBuf> = state.known.keys().cloned().collect();
            output.complain(&format!("watching {}; Ctrl-C ends\n", count(files.len(), "file")));
        }
        if stop.reason().is_some() {
            break;
        }
        match saves.wait(stop) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                output.error(format!("cannot watch files any more: {error}"));
                return Exit::Unreachable;
            }
        }
    }
    output.say(&state.summary());
    match stop.reason() {
        Some(StopReason::Terminate) => Exit::Terminated,
        _ => Exit::Interrupted,
    }
}

struct State<'a> {
    watched: &'a Watched<'a>,
    output: &'a Output,
    /// Every scenario file, and how what it stands on was when it was played.
    known: BTreeMap<PathBuf, Standing>,
    verdicts: Verdicts,
    runs: usize,
}

impl State<'_> {
    /// Plays what has changed; whether something has.
    fn look_and_play(&mut self, play: &mut PlayThese<'_>, stop: &Stop) -> bool {
        let found = match find(self.watched.paths) {
            Ok(found) => found,
            Err(problems) => {
                let is_news = !self.known.is_empty();
                for file in std::mem::take(&mut self.known).into_keys() {
                    self.verdicts.forget(&file);
                }
                if is_news {
                    self.output.problems(&problems);
                }
                return is_news;
            }
        };
        let (mut read, now) = self.read(&found.files);
        let mut touched = BTreeSet::new();
        let mut saved: BTreeSet<PathBuf> = BTreeSet::new();
        for (file, standing) in &now {
            let before = self.known.get(file);
            if before.is_some_and(|before| !standing.differs(before)) {
                continue;
            }
            touched.insert(file.clone());
            match before {
                Some(before) => saved.extend(standing.changed(before).map(Path::to_owned)),
                None => drop(saved.insert(file.clone())),
            }
        }
        let gone: Vec<PathBuf> = self.known.keys().filter(|file| !now.contains_key(*file)).cloned().collect();
        self.known = now;
        for file in &gone {
            self.output.complain(&format!("gone: {}\n", printable(&file.to_string_lossy())));
            self.verdicts.forget(file);
        }
        if touched.is_empty() {
            return !gone.is_empty();
        }
        if self.runs > 0 {
            let names: Vec<String> =
                saved.iter().map(|file| printable(&file.to_string_lossy()).into_owned()).collect();
            self.output.complain(&format!("\nsaved: {}\n", names.join(", ")));
        }
        self.runs += 1;
        for file in &touched {
            self.verdicts.forget(file);
        }
        self.tell(&found.files, &mut read, &touched);
        let scenarios = self.chosen(read, &touched);
        if !scenarios.is_empty() && stop.reason().is_none() {
            play(found.root.as_deref(), scenarios, self.verdicts.clone());
        }
        true
    }

    /// Reads files, and looks at what they stand on.
    fn read(&self, files: &[PathBuf]) -> (Read, BTreeMap<PathBuf, Standing>) {
        let began = SystemTime::now();
        let first = read(files, &self.watched.sets);
        let mut now: BTreeMap<PathBuf, Standing> = BTreeMap::new();
        for (file, loaded) in files.iter().zip(&first.files) {
            now.insert(file.clone(), Standing::new(file, loaded, began, self.known.get(file)));
        }
        if !now.values().any(Standing::is_shaky) {
            return (first, now);
        }
        // What is saved after the look is another stamp then, and the next save that is told.
        let again = read(files, &self.watched.sets);
        for (file, loaded) in files.iter().zip(&again.files) {
            if let Some(standing) = now.get_mut(file) {
                standing.read_again(loaded);
            }
        }
        (again, now)
    }

    /// Tells the mistakes of what was touched.
    fn tell(&self, files: &[PathBuf], read: &mut Read, touched: &BTreeSet<PathBuf>) {
        let mut told = Read { files: Vec::new() };
        let touched = files.iter().zip(&mut read.files).filter(|(file, _)| touched.contains(*file));
        for (_, loaded) in touched {
            let (problems, vars) = (std::mem::take(&mut loaded.problems), loaded.vars.clone());
            told.files.push(Loaded { problems, vars, ..Loaded::default() });
        }
        told.tell(self.output, self.watched.warnings);
        let known = read.files.iter().flat_map(|file| file.vars.iter().cloned()).collect();
        self.output.problems(&unknown_sets(&self.watched.sets, &known));
        if let Some(mistakes) = told.mistakes() {
            self.output.complain(&format!("{mistakes}\n"));
        }
    }

    /// The scenarios that are meant, of files that were touched.
    fn chosen(&self, read: Read, touched: &BTreeSet<PathBuf>) -> Vec<Scenario> {
        let all: Vec<Scenario> = read.files.into_iter().flat_map(|file| file.scenarios).collect();
        if all.is_empty() {
            return all;
        }
        let is_touched = |one: &Scenario| touched.contains(Path::new(one.place.source().name()));
        match self.watched.selection.select(all) {
            Ok(Choice::These(scenarios)) => scenarios.into_iter().filter(is_touched).collect(),
            Ok(Choice::Nothing(why)) => {
                self.output.complain(&format!("{why}\n"));
                Vec::new()
            }
            Err(problem) => {
                let problem: Diagnostic = *problem;
                self.output.problem(&problem);
                Vec::new()
            }
        }
    }

    /// Everything that something may be saved in.
    fn directories(&self) -> BTreeSet<PathBuf> {
        let mut all: BTreeSet<PathBuf> = self.known.values().flat_map(Standing::directories).collect();
        for path in self.watched.paths {
            all.insert(parent(path));
            if path.is_dir() {
                add_directories(path, &mut all);
            }
        }
        all
    }

    fn summary(&self) -> String {
        let runs = count(self.runs, "run");
        let (passed, failed, other) = self.verdicts.counts();
        let other = if other > 0 { format!(", {other} neither") } else { String::new() };
        format!("{runs}; as it stands {passed} passed, {failed} failed{other}\n")
    }
}

/// A directory and those in it; links are not followed, for they may lead back.
fn add_directories(directory: &Path, all: &mut BTreeSet<PathBuf>) {
    all.insert(directory.to_owned());
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !hidden && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            add_directories(&entry.path(), all);
        }
    }
}

impl Verdicts {
    fn forget(&self, file: &Path) {
        let file = file.to_string_lossy();
        self.0.borrow_mut().plays.retain(|(of, _), _| *of != file);
    }

    /// How many passed, failed, and did neither.
    fn counts(&self) -> (usize, usize, usize) {
        let kept = self.0.borrow();
        let count = |wanted: &[Verdict]| {
            kept.plays.values().filter(|plays| wanted.contains(&plays.verdict())).count()
        };
        let (passed, failed) = (count(&[Verdict::Passed]), count(&[Verdict::Failed, Verdict::Unstable]));
        (passed, failed, kept.plays.len() - passed - failed)
    }
}

impl Sink for Verdicts {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        let Some(number) = event.scenario else { return Ok(()) };
        let mut kept = self.0.borrow_mut();
        match &event.what {
            What::ScenarioStarted { name, file, round, .. } => {
                let key = (file.to_string(), name.to_string());
                if *round == 1 {
                    kept.plays.insert(key.clone(), Plays::default());
                }
                kept.playing.insert(number, key);
            }
            What::ScenarioEnded { outcome, .. } => {
                let outcome: &Outcome = outcome;
                let key = kept.playing.remove(&number);
                if let Some(plays) = key.and_then(|key| kept.plays.get_mut(&key)) {
                    plays.add(outcome);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn target(&self) -> String {
        "verdicts".to_owned()
    }
}
