//! From files to scenarios: reading, heads, rows of `cases`; every mistake of a file at once.

use super::check::Checker;
use super::draft::{Draft, DraftStep};
use super::node::{Node, Value};
use super::step::{Requirement, Scenario};
use super::yaml::{LARGEST_FILE, read_documents};
use crate::text::{Diagnostic, Place, Severity, Source, did_you_mean};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The deadline of a step where nothing names one.
pub const DEFAULT_WITHIN: Duration = Duration::from_secs(5);

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
pub fn load_file(path: &Path, sets: &HashMap<String, String>) -> Loaded {
    let mut loaded = Loaded::default();
    match read_file(path) {
        Ok(source) => load_source(&source, path.parent().unwrap_or(Path::new(".")), sets, &mut loaded),
        Err(problem) => loaded.problems.push(problem),
    }
    loaded
}

/// The text of a scenario file; what is no text, or too much of it, is refused.
fn read_file(path: &Path) -> Result<Arc<Source>, Diagnostic> {
    let name = path.display().to_string();
    let refuse = |what: String| Diagnostic::new(Severity::Error, what, None);
    let metadata = std::fs::metadata(path).map_err(|error| Diagnostic::from((path, &error)))?;
    if metadata.is_file() && metadata.len() > LARGEST_FILE as u64 {
        let size = metadata.len().div_ceil(1 << 20);
        return Err(refuse(format!("{name} is {size} MiB large; a scenario file has at most 16 MiB"))
            .help("large payloads go into a file of their own: `file: payload.bin`"));
    }
    let bytes = std::fs::read(path).map_err(|error| Diagnostic::from((path, &error)))?;
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, text)),
        Err(error) => {
            let at = error.valid_up_to();
            let line = memchr::memchr_iter(b'\n', bytes.get(..at).unwrap_or_default()).count() + 1;
            Err(refuse(format!("{name} is no text: byte {at}, on line {line}, is not UTF-8"))
                .help("bytes that are no text are written with `bytes:`, `hex:` or `file:`"))
        }
    }
}

/// Checks a source whose relative files are in `directory`, and adds what it holds to `loaded`.
pub fn load_source(
    source: &Arc<Source>,
    directory: &Path,
    sets: &HashMap<String, String>,
    loaded: &mut Loaded,
) {
    let (documents, syntax) = read_documents(source);
    if documents.is_empty() && syntax.is_none() {
        let place = Place::new(source, 0..0);
        let problem = Diagnostic::error("there is no scenario in this file", &place);
        loaded.problems.push(problem.help("a scenario has `name:` and `steps:`"));
    }
    let mut names: Vec<(String, Place)> = Vec::new();
    for document in &documents {
        let draft = Draft::read(document, &mut loaded.problems);
        let head = Head::read(&draft, source, &mut loaded.problems);
        if let Some((_, before)) = names.iter().find(|(name, _)| *name == head.name) {
            let place = draft.head("name").map_or(&draft.place, |node| &node.place);
            let what = format!("two scenarios of this file are called `{}`", head.name);
            let problem = Diagnostic::error(what, place);
            loaded.problems.push(problem.help(format!("the other one is on line {}", before.line())));
        }
        names.push((head.name.clone(), first_line(&draft.place)));
        loaded.vars.extend(head.vars.keys().cloned());
        for row in &head.rows {
            loaded.scenarios.extend(check_row(&draft, &head, row, directory, sets, &mut loaded.problems));
        }
    }
    loaded.problems.extend(syntax);
    // Rows and rounds meet mistakes in their own order; people read a file from its top.
    loaded.problems.sort_by_key(|problem| {
        problem.at.as_ref().map(|at| (at.name != source.name(), at.name.clone(), at.line, at.column))
    });
}

fn first_line(place: &Place) -> Place {
    let start = place.range().start;
    Place::new(place.source(), start..start)
}

/// Checks one row of a draft.
fn check_row(
    draft: &Draft,
    head: &Head,
    row: &Row,
    directory: &Path,
    sets: &HashMap<String, String>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Scenario> {
    let mut vars = head.vars.clone();
    vars.extend(sets.iter().map(|(name, text)| (name.clone(), text.clone())));
    vars.extend(row.vars.iter().cloned());
    let before = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let mut checker = Checker::new(directory, vars, problems);
    let steps = checker.steps(&draft.steps);
    checker.lenient = true;
    checker.reopen_all();
    let finally = checker.steps(&draft.finally);
    if draft.steps.is_empty() && problems.is_empty() {
        let place = first_line(&draft.place);
        problems.push(Diagnostic::error("this scenario has no steps", &place));
    }
    let after = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    (after == before).then(|| Scenario {
        name: match &row.label {
            Some(label) => format!("{} [{label}]", head.name),
            None => head.name.clone(),
        },
        about: head.about.clone(),
        tags: head.tags.clone(),
        requires: head.requires.clone(),
        within: head.within,
        serial: head.serial.clone(),
        steps,
        finally,
        place: first_line(&draft.place),
        directory: directory.to_owned(),
    })
}

/// What stands above the steps.
struct Head {
    name: String,
    about: Option<String>,
    tags: Vec<String>,
    requires: Vec<Requirement>,
    within: Duration,
    serial: Option<String>,
    vars: HashMap<String, String>,
    rows: Vec<Row>,
}

/// One row of `cases`.
struct Row {
    label: Option<String>,
    vars: Vec<(String, String)>,
}

impl Head {
    fn read(draft: &Draft, source: &Source, problems: &mut Vec<Diagnostic>) -> Self {
        let mut reader = HeadReader { problems };
        let name = draft.head("name").and_then(|node| reader.text(node, "name"));
        let name = name.map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "));
        let vars = draft.head("vars").map(|node| reader.text_map(node, "vars")).unwrap_or_default();
        Self {
            name: name.filter(|name| !name.is_empty()).unwrap_or_else(|| stem(source.name())),
            about: draft.head("about").and_then(|node| reader.text(node, "about")),
            tags: draft.head("tags").map(|node| reader.words(node, "tags")).unwrap_or_default(),
            requires: draft.head("requires").map(|node| reader.requires(node)).unwrap_or_default(),
            within: draft.head("within").and_then(|node| reader.duration(node)).unwrap_or(DEFAULT_WITHIN),
            serial: draft.head("serial").and_then(|node| reader.text(node, "serial")),
            vars: vars.into_iter().collect(),
            rows: match draft.head("cases") {
                Some(node) => reader.rows(node),
                None => vec![Row { label: None, vars: Vec::new() }],
            },
        }
    }
}

fn stem(name: &str) -> String {
    Path::new(name).file_stem().map_or_else(|| name.to_owned(), |stem| stem.to_string_lossy().into_owned())
}

struct HeadReader<'a> {
    problems: &'a mut Vec<Diagnostic>,
}

impl HeadReader<'_> {
    fn text(&mut self, node: &Node, key: &str) -> Option<String> {
        let text = node.as_scalar().map(|text| text.trim_end().to_owned());
        if text.is_none() {
            let what = format!("`{key}` is a text, not {}", node.what());
            self.problems.push(Diagnostic::error(what, &node.place));
        }
        text
    }

    fn duration(&mut self, node: &Node) -> Option<Duration> {
        let text = self.text(node, "within")?;
        match crate::text::parse_duration(&text) {
            Ok(duration) if !duration.is_zero() => Some(duration),
            Ok(_) => {
                self.problems.push(Diagnostic::error("a deadline is longer than nothing", &node.place));
                None
            }
            Err(what) => {
                self.problems.push(Diagnostic::error(what, &node.place));
                None
            }
        }
    }

    fn words(&mut self, node: &Node, key: &str) -> Vec<String> {
        match &node.value {
            Value::List(items) => items.iter().filter_map(|item| self.text(item, key)).collect(),
            Value::Scalar(text, _) => vec![text.clone()],
            _ => {
                let what = format!("`{key}` is a list of words, not {}", node.what());
                self.problems
                    .push(Diagnostic::error(what, &node.place).help(format!("as in `{key}: [one, two]`")));
                Vec::new()
            }
        }
    }

    fn text_map(&mut self, node: &Node, key: &str) -> Vec<(String, String)> {
        let Value::Map(entries) = &node.value else {
            let what = format!("`{key}` is a map of texts, not {}", node.what());
            self.problems
                .push(Diagnostic::error(what, &node.place).help(format!("as in `{key}: {{ name: text }}`")));
            return Vec::new();
        };
        let mut map = Vec::new();
        for entry in entries {
            let name = entry.key.as_scalar().unwrap_or_default();
            if !super::check::is_name(name) || super::scope::RESERVED.contains(&name) {
                let what = format!("a variable cannot be called `{}`", name.escape_debug());
                let help = "a name begins with a letter a to z and goes on with a to z, 0 to 9, `-` and `_`";
                self.problems.push(Diagnostic::error(what, &entry.key.place).help(help));
            } else if map.iter().any(|(other, _)| other == name) {
                self.problems
                    .push(Diagnostic::error(format!("`{name}` stands here twice"), &entry.key.place));
            } else if let Some(text) = entry.value.as_scalar() {
                map.push((name.to_owned(), text.to_owned()));
            } else {
                let what = format!("`{name}` is a text, not {}", entry.value.what());
                self.problems
                    .push(Diagnostic::error(what, &entry.key.place).help("write `\"\"` for an empty one"));
            }
        }
        map
    }

    fn rows(&mut self, node: &Node) -> Vec<Row> {
        let Value::List(items) = &node.value else {
            let what = format!("`cases` is a list of maps, not {}", node.what());
            self.problems
                .push(Diagnostic::error(what, &node.place).help("as in `cases: [{ size: 1 }, { size: 2 }]`"));
            return Vec::new();
        };
        if items.is_empty() {
            let problem = Diagnostic::error("`cases` has no row, so nothing would run", &node.place);
            self.problems.push(problem);
        }
        let mut rows: Vec<Row> = Vec::new();
        for item in items {
            let vars = self.text_map(item, "a row of cases");
            let label =
                vars.iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>().join(" ");
            if rows.iter().any(|row| row.label.as_ref() == Some(&label)) {
                self.problems.push(Diagnostic::error("this row stands here twice", &item.place));
                continue;
            }
            rows.push(Row { label: Some(label), vars });
        }
        rows
    }

    fn requires(&mut self, node: &Node) -> Vec<Requirement> {
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        items.iter().filter_map(|item| self.requirement(item)).collect()
    }

    fn requirement(&mut self, node: &Node) -> Option<Requirement> {
        let words = ["linux", "ipv6", "unix", "root", "multicast"];
        if let Some(Node { value: Value::Scalar(command, _), .. }) = node.get("command") {
            return Some(Requirement::Command(command.clone()));
        }
        let word = node.as_scalar().unwrap_or_default();
        Some(match word {
            "linux" => Requirement::Linux,
            "ipv6" => Requirement::Ipv6,
            "unix" => Requirement::Unix,
            "root" => Requirement::Root,
            "multicast" => Requirement::Multicast,
            _ => {
                let near = did_you_mean(word, words).map(|near| format!("did you mean `{near}`?"));
                let help = near
                    .unwrap_or_else(|| format!("known are {} and {{ command: program }}", words.join(", ")));
                let what = format!("nothing is known of the requirement `{}`", word.escape_debug());
                self.problems.push(Diagnostic::error(what, &node.place).help(help));
                return None;
            }
        })
    }
}

/// Checks steps that a command made, as one scenario called `name`.
pub fn load_steps(name: &str, steps: &[DraftStep], place: &Place) -> Result<Scenario, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let head = Head {
        name: name.to_owned(),
        about: None,
        tags: Vec::new(),
        requires: Vec::new(),
        within: DEFAULT_WITHIN,
        serial: None,
        vars: HashMap::new(),
        rows: Vec::new(),
    };
    let draft = Draft { head: Vec::new(), steps: steps.to_vec(), finally: Vec::new(), place: place.clone() };
    let row = Row { label: None, vars: Vec::new() };
    let scenario = check_row(&draft, &head, &row, Path::new("."), &HashMap::new(), &mut problems);
    scenario.ok_or(problems)
}
