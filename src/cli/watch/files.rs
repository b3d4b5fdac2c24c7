//! What a scenario file stands on: itself, what it includes, payloads, certificates and programs in files,
//! and how each of them was when it was read.

use crate::script::load::Loaded;
use crate::script::pattern::Pattern;
use crate::script::recipe::Content;
use crate::script::step::{Action, Scenario, Spawn, Step};
use crate::script::template::Template;
use crate::script::walk::in_order;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Times of files are as coarse as this.
const COARSE: Duration = Duration::from_millis(20);

/// How a file is: another number, length or time is another file.
type Stamp = Option<(u64, u64, SystemTime)>;

/// How everything was that a scenario file stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    stamps: BTreeMap<PathBuf, Stamp>,
    /// Its mistakes: where it has some, what it stands on is not all known.
    problems: Vec<String>,
    /// Whether something may have changed after it was read and before it was looked at.
    shaky: bool,
}

impl Standing {
    /// How `file` stands, which was read as `loaded` after `began`; `before` is what it stood on last.
    pub fn new(file: &Path, loaded: &Loaded, began: SystemTime, before: Option<&Self>) -> Self {
        let mut files = BTreeSet::from([file.to_owned()]);
        for scenario in &loaded.scenarios {
            add_scenario(scenario, &mut files);
        }
        if loaded.has_errors() {
            files.extend(before.into_iter().flat_map(|before| before.stamps.keys().cloned()));
            files
                .extend(loaded.problems.iter().filter_map(|one| Some(PathBuf::from(&one.at.as_ref()?.name))));
        }
        let stamps: BTreeMap<PathBuf, Stamp> =
            files.into_iter().map(|file| (file.clone(), stamp(&file))).collect();
        let shaky = stamps.values().flatten().any(|(.., time)| *time + COARSE > began);
        Self { stamps, problems: problems_of(loaded), shaky }
    }

    /// Whether it is another now than `before` was: then it is to be played.
    pub fn differs(&self, before: &Self) -> bool {
        self.problems != before.problems || self.stamps != before.stamps
    }

    /// Whether it has to be read again to be sure of what was read.
    pub fn is_shaky(&self) -> bool {
        self.shaky
    }

    /// It was read again.
    pub fn read_again(&mut self, loaded: &Loaded) {
        self.problems = problems_of(loaded);
        self.shaky = false;
    }

    /// The files that are not as they were, as the user calls them.
    pub fn changed<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = &'a Path> {
        let changed = |(file, stamp): &(&PathBuf, &Stamp)| before.stamps.get(*file) != Some(stamp);
        self.stamps.iter().filter(changed).map(|(file, _)| file.as_path())
    }

    /// The directories that these files are in, and those through which links to them go.
    pub fn directories(&self) -> impl Iterator<Item = PathBuf> {
        self.stamps
            .keys()
            .flat_map(|file| [Some(file.clone()), fs::canonicalize(file).ok()])
            .flatten()
            .map(parent)
    }
}

fn problems_of(loaded: &Loaded) -> Vec<String> {
    loaded.problems.iter().map(|one| format!("{one:?}")).collect()
}

/// The directory that a file is in.
pub(super) fn parent(file: impl AsRef<Path>) -> PathBuf {
    match file.as_ref().parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn stamp(file: &Path) -> Stamp {
    let found = fs::metadata(file).ok()?;
    Some((found.ino(), found.len(), found.modified().ok()?))
}

fn add_scenario(scenario: &Scenario, files: &mut BTreeSet<PathBuf>) {
    for step in [&scenario.steps, &scenario.finally].into_iter().flat_map(|steps| in_order(steps)) {
        add_step(step, files);
    }
}

fn add_step(step: &Step, files: &mut BTreeSet<PathBuf>) {
    match &step.action {
        Action::Include { file, .. } => drop(files.insert(PathBuf::from(file))),
        Action::Send(send) => add_content(&send.content, files),
        Action::Expect(expect) => add_pattern(&expect.pattern, files),
        Action::Answer(answer) => {
            for rule in &answer.rules {
                add_pattern(&rule.pattern, files);
                rule.reply.iter().for_each(|reply| add_content(reply, files));
            }
        }
        Action::Tls(tls) => {
            let named = [&tls.ca, &tls.cert, &tls.key].into_iter().flatten();
            files.extend(named.filter_map(literal));
        }
        Action::Spawn(spawn) => add_program(spawn, files),
        _ => {}
    }
}

fn add_content(content: &Content, files: &mut BTreeSet<PathBuf>) {
    match content {
        Content::File(path) => files.extend(literal(path)),
        Content::Times(content, _) => add_content(content, files),
        Content::Text(_) | Content::Made(_) => {}
    }
}

fn add_pattern(pattern: &Pattern, files: &mut BTreeSet<PathBuf>) {
    match pattern {
        Pattern::Exactly(content)
        | Pattern::Contains(content)
        | Pattern::Starts(content)
        | Pattern::Until(content) => add_content(content, files),
        Pattern::AnyOf(patterns) => patterns.iter().for_each(|pattern| add_pattern(pattern, files)),
        _ => {}
    }
}

/// A program that is started by its path, and the files among its arguments.
fn add_program(spawn: &Spawn, files: &mut BTreeSet<PathBuf>) {
    let directory = &spawn.directory;
    let cwd = spawn.cwd.as_ref().and_then(literal).map(|cwd| directory.join(cwd));
    for argument in spawn.run.iter().filter_map(literal) {
        let places = cwd.iter().chain([directory]).map(|place| place.join(&argument));
        files.extend(places.filter(|path| path.is_file()));
    }
}

fn literal(template: &Template) -> Option<PathBuf> {
    let bytes = template.as_literal()?;
    Some(PathBuf::from(String::from_utf8_lossy(bytes).into_owned()))
}
