//! A file as it is read for including: its first document, and what is wrong with its shape.

use super::draft::Draft;
use super::head::read_vars;
use super::source::read_source;
use super::yaml::read_documents;
use crate::text::{Diagnostic, Place, Severity};
use std::path::Path;

/// A file as it was read for including.
#[derive(Debug)]
pub struct Included {
    pub(super) draft: Draft,
    /// What was wrong with its shape, and warnings.
    pub(super) problems: Vec<Diagnostic>,
    /// Its own variables: what they are unless the step that includes it, or `--set`, says otherwise.
    pub(super) vars: Vec<(String, String)>,
}

/// Why a file cannot be included.
pub(super) enum Refused {
    /// The step that names it is wrong.
    Step(Box<Diagnostic>),
    /// The file is.
    File(Box<Diagnostic>),
}

/// Keys of a head that count in the scenario itself only.
const OUTERMOST: [(&str, &str); 4] = [
    ("cases", "its rows"),
    ("requires", "what it requires"),
    ("serial", "its `serial`"),
    ("within", "its `within`"),
];

impl Included {
    /// Reads a file that the value at `at` names.
    pub(super) fn read(path: &Path, at: &Place) -> Result<Self, Refused> {
        let source = read_source(path).map_err(|problem| {
            let help = problem.help.first();
            Refused::Step(Box::new(Diagnostic::error(problem.message.clone(), at).maybe_help(help)))
        })?;
        let (documents, syntax) = read_documents(&source);
        let mut problems = Vec::new();
        let mut documents = documents.into_iter();
        let Some(first) = documents.next() else {
            let nothing = || format!("there are no steps in {}", path.display());
            let refused = syntax.map(|syntax| Refused::File(Box::new(syntax)));
            return Err(refused.unwrap_or_else(|| Refused::Step(Box::new(Diagnostic::error(nothing(), at)))));
        };
        if let Some(second) = documents.next() {
            let place = second.place.beginning();
            let problem = Diagnostic::error("a file that is included holds one document", &place);
            problems.push(problem.help("only the steps of the first one would run"));
        }
        let draft = Draft::take(first, &mut problems);
        problems.extend(without_effect(&draft));
        let vars = draft.head("vars").map(|node| read_vars(node, &mut problems)).unwrap_or_default();
        problems.extend(syntax);
        problems.sort_by_key(|problem| problem.severity == Severity::Warning);
        Ok(Self { draft, problems, vars })
    }
}

/// Warns of what stands in the file and does nothing where it is included.
fn without_effect(draft: &Draft) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    let mut warn = |what: String, place: &Place| {
        let warning = Diagnostic::warning(what, place);
        warnings.push(warning.help("it belongs to the file that includes this one"));
    };
    for (key, what) in OUTERMOST {
        if let Some(entry) = draft.head.iter().find(|entry| entry.key.as_scalar() == Some(key)) {
            warn(format!("{what} would not count where this is included"), &entry.key.place);
        }
    }
    if let Some(step) = draft.finally.first() {
        warn("`finally` does not run where this is included".to_owned(), &step.place);
    }
    warnings
}
