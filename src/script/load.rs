//! From files to scenarios: reading, rows of `cases`; every mistake of a file at once.

use super::check;
use super::checker::Checker;
use super::draft::{Draft, DraftStep, MOST_PROBLEMS};
pub use super::head::DEFAULT_WITHIN;
use super::head::{Head, Row};
use super::name::Vars;
use super::source::read_source;
use super::step::Scenario;
use super::wording::as_argument;
use super::yaml::read_documents;
use crate::text::{Diagnostic, Place, Severity, Source};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Most steps that the rows of a scenario's `cases` may have together.
const MOST_STEPS: usize = 1 << 20;

/// What a file holds.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The scenarios that are sound, rows of `cases` each on its own.
    pub scenarios: Vec<Scenario>,
    /// What is wrong, or may not be meant, in the order of the file.
    pub problems: Vec<Diagnostic>,
    /// The variables that the file's scenarios define under `vars`.
    pub vars: BTreeSet<String>,
}

impl Loaded {
    /// Whether a mistake (not only a warning) was found.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// Reads and checks a file. `sets` are the variables given by `--set`.
pub fn load_file(path: &Path, sets: &Vars) -> Loaded {
    let mut loaded = Loaded::default();
    match read_source(path) {
        Ok(source) => load_source(&source, path.parent().unwrap_or(Path::new(".")), sets, &mut loaded),
        Err(problem) => loaded.problems.push(*problem),
    }
    loaded
}

/// Checks a source whose relative files are in `directory`, and adds what it holds to `loaded`.
pub fn load_source(source: &Arc<Source>, directory: &Path, sets: &Vars, loaded: &mut Loaded) {
    let mut problems = Vec::new();
    let (documents, syntax) = read_documents(source);
    if documents.is_empty() && syntax.is_none() {
        let problem = Diagnostic::error("there is no scenario in this file", &Place::new(source, 0..0));
        problems.push(problem.help("a scenario has `name:` and `steps:`"));
    }
    let mut names: HashMap<String, usize> = HashMap::new();
    for document in documents {
        let before = count_errors(&problems);
        let draft = Draft::take(document, &mut problems);
        let head = Head::read(&draft, source, &mut problems);
        let place = draft.head("name").map_or_else(|| draft.place.beginning(), |node| node.place.clone());
        if let Some(line) = names.get(&head.name) {
            let what = format!("two scenarios of this file are called `{}`", head.name);
            let problem = Diagnostic::error(what, &place);
            problems.push(problem.help(format!("the other one is on line {line}; reports tell them by it")));
        } else {
            names.insert(head.name.clone(), place.line());
        }
        loaded.vars.extend(head.vars.keys().cloned());
        let sound = count_errors(&problems) == before;
        let scenarios = check_rows(&draft, &head, directory, sets, &mut problems);
        loaded.scenarios.extend(scenarios.into_iter().filter(|_| sound));
        if problems.len() > MOST_PROBLEMS {
            break;
        }
    }
    problems.extend(syntax);
    // Rows and rounds meet mistakes in their own order; people read a file from its top.
    problems.sort_by_cached_key(|problem| {
        let at = problem.at.as_ref();
        at.map(|at| (at.name != source.name(), at.name.clone(), at.line, at.column))
    });
    if problems.len() > MOST_PROBLEMS {
        problems.truncate(MOST_PROBLEMS);
        let what = format!("{} has more mistakes; these are the first {MOST_PROBLEMS}", source.name());
        problems.push(Diagnostic::new(Severity::Error, what, None));
    }
    loaded.problems.append(&mut problems);
}

fn count_errors(problems: &[Diagnostic]) -> usize {
    problems.iter().filter(|problem| problem.severity == Severity::Error).count()
}

/// Checks every row of a draft; a mistake that only some rows have says in which it was met first.
fn check_rows(
    draft: &Draft,
    head: &Head,
    directory: &Path,
    sets: &Vars,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Scenario> {
    let mut scenarios = Vec::with_capacity(head.rows.len());
    let mut met: Vec<(Diagnostic, usize, Option<&str>)> = Vec::new();
    let mut steps = 0;
    for row in &head.rows {
        let mut of_row = Vec::new();
        let (scenario, count) = check_row(draft, head, row, directory, sets, &mut of_row);
        scenarios.extend(scenario);
        for problem in of_row {
            let same = |other: &Diagnostic| other.message == problem.message && other.at == problem.at;
            match met.iter_mut().find(|(other, ..)| same(other)) {
                Some((_, rows, _)) => *rows += 1,
                None => met.push((problem, 1, row.label.as_deref())),
            }
        }
        steps += count;
        if steps > MOST_STEPS {
            let place = draft.head("cases").map_or(&draft.place, |node| &node.place);
            let what = format!("the rows of `cases` have more than {MOST_STEPS} steps together");
            problems.push(Diagnostic::error(what, place).help("split the scenario"));
            return Vec::new();
        }
        if met.len() > MOST_PROBLEMS {
            break;
        }
    }
    problems.extend(met.into_iter().map(|(problem, rows, label)| match label {
        Some(label) if rows < head.rows.len() => problem.row("in the case", label),
        _ => problem,
    }));
    scenarios
}

/// Checks one row of a draft: the scenario, if it is sound, and how many steps were looked at.
fn check_row(
    draft: &Draft,
    head: &Head,
    row: &Row,
    directory: &Path,
    sets: &Vars,
    problems: &mut Vec<Diagnostic>,
) -> (Option<Scenario>, usize) {
    let mut vars = head.vars.clone();
    vars.extend(sets.iter().map(|(name, text)| (name.clone(), text.clone())));
    vars.extend(row.vars.iter().cloned());
    let mut checker = Checker::new(directory, vars, problems);
    checker.sets.clone_from(sets);
    checker.lost = draft.lost.clone();
    checker.drafts = &draft.steps;
    let steps = check::steps(&mut checker, &draft.steps);
    checker.lenient = true;
    checker.reopen_all();
    let finally = check::steps(&mut checker, &draft.finally);
    let sound = checker.errors() == 0;
    let count = checker.count as usize;
    let name = match &row.label {
        Some(label) => format!("{} [{label}]", head.name),
        None => head.name.clone(),
    };
    let scenario = sound.then(|| Scenario {
        name,
        case: row.label.clone(),
        about: head.about.clone(),
        tags: head.tags.clone(),
        requires: head.requires.clone(),
        within: head.within,
        serial: head.serial.clone(),
        steps,
        finally,
        place: draft.place.beginning(),
        directory: directory.to_owned(),
    });
    (scenario, count)
}

/// A scenario as it is written, and what its head says for its steps.
#[derive(Debug)]
pub struct Written {
    /// Its steps.
    pub draft: Draft,
    /// Its variables.
    pub vars: Vars,
    /// The deadline of steps that name none.
    pub within: Duration,
}

/// Reads the only scenario of a file, as written; warnings go to `problems` too.
pub fn read_written(path: &Path, problems: &mut Vec<Diagnostic>) -> Option<Written> {
    let source = match read_source(path) {
        Ok(source) => source,
        Err(problem) => {
            problems.push(*problem);
            return None;
        }
    };
    let (documents, syntax) = read_documents(&source);
    problems.extend(syntax);
    let mut documents = documents.into_iter();
    match (documents.next(), documents.next()) {
        (Some(document), None) => {
            let draft = Draft::take(document, problems);
            let head = Head::read(&draft, &source, problems);
            if head.rows.iter().any(|row| !row.vars.is_empty()) {
                let what =
                    format!("{} has rows of `cases`, and at the prompt there is no row", path.display());
                let problem = Diagnostic::new(Severity::Error, what, None);
                problems.push(problem.help("`sockdrill replay` plays them all"));
            }
            (count_errors(problems) == 0).then_some(Written { draft, vars: head.vars, within: head.within })
        }
        (None, _) if problems.is_empty() => {
            let what = format!("there is no scenario in {}", path.display());
            problems.push(Diagnostic::new(Severity::Error, what, None));
            None
        }
        (None, _) => None,
        (Some(_), Some(second)) => {
            let problem = Diagnostic::error("this file holds several scenarios", &second.place.beginning());
            problems.push(problem.help("only a file with one can be run here"));
            None
        }
    }
}

/// Checks steps that a command made of its arguments, as one scenario called `name`.
pub fn load_steps(name: &str, steps: &[DraftStep], place: &Place) -> Result<Scenario, Vec<Diagnostic>> {
    load_script(name, steps, place).map(|(scenario, _)| scenario)
}

/// The same of steps that include a file: what is to be known of that comes with them.
pub fn load_script(
    name: &str,
    steps: &[DraftStep],
    place: &Place,
) -> Result<(Scenario, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let draft = Draft::of_steps(steps.to_vec(), place);
    let (head, row) = (Head::named(name), Row::default());
    let (scenario, _) = check_row(&draft, &head, &row, Path::new("."), &Vars::new(), &mut problems);
    let problems = problems.into_iter().map(as_argument).collect();
    match scenario {
        Some(scenario) => Ok((scenario, problems)),
        None => Err(problems),
    }
}
