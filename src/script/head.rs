//! The head of a scenario: name, requirements, variables, rows of `cases`; every mistake at once.

use super::draft::{Draft, MOST_PROBLEMS};
use super::hints;
use super::name::{NAME_HELP, RESERVED, Vars, is_name};
use super::node::{Node, Value};
use super::requirement::Requirement;
use crate::text::{Diagnostic, Place, Source, parse_duration, visible};
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

/// The deadline of a step where nothing names one.
pub const DEFAULT_WITHIN: Duration = Duration::from_secs(5);

/// What stands above the steps.
pub(super) struct Head {
    pub name: String,
    pub about: Option<String>,
    pub tags: Vec<String>,
    pub requires: Vec<Requirement>,
    pub within: Duration,
    pub serial: Option<String>,
    pub vars: Vars,
    pub rows: Vec<Row>,
}

/// One row of `cases`.
#[derive(Default)]
pub(super) struct Row {
    pub label: Option<String>,
    pub vars: Vec<(String, String)>,
}

impl Head {
    /// A head of which only the name is given.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            about: None,
            tags: Vec::new(),
            requires: Vec::new(),
            within: DEFAULT_WITHIN,
            serial: None,
            vars: Vars::new(),
            rows: vec![Row::default()],
        }
    }

    /// Reads the head of a draft; every mistake in it goes to `problems`.
    pub fn read(draft: &Draft, source: &Source, problems: &mut Vec<Diagnostic>) -> Self {
        let mut reader = HeadReader { problems };
        let mut head = Self::named(stem(source.name()));
        for entry in &draft.head {
            let Some(key) = entry.key.as_scalar() else { continue };
            if matches!(entry.value.value, Value::Null) {
                let problem = Diagnostic::error(format!("`{key}` has no value"), &entry.key.place);
                reader.problems.push(problem.help("write one after the colon, or leave the key out"));
                continue;
            }
            reader.entry(&mut head, key, &entry.value);
        }
        head
    }
}

fn stem(name: &str) -> String {
    Path::new(name).file_stem().map_or_else(|| name.to_owned(), |stem| stem.to_string_lossy().into_owned())
}

/// Reads `vars`; every mistake in it goes to `problems`.
pub(super) fn read_vars(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<(String, String)> {
    HeadReader { problems }.text_map(node, "`vars`", "as in `vars: { name: text }`")
}

struct HeadReader<'a> {
    problems: &'a mut Vec<Diagnostic>,
}

impl HeadReader<'_> {
    fn entry(&mut self, head: &mut Head, key: &str, node: &Node) {
        match key {
            "name" => {
                let name = self.text(node, key).unwrap_or_default();
                let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
                if !name.is_empty() {
                    head.name = name;
                }
            }
            "about" => head.about = self.text(node, key),
            "tags" => head.tags = self.words(node, key),
            "requires" => head.requires = self.requires(node),
            "within" => head.within = self.duration(node).unwrap_or(DEFAULT_WITHIN),
            "serial" => head.serial = self.text(node, key),
            "vars" => head.vars = read_vars(node, self.problems).into_iter().collect(),
            "cases" => head.rows = self.rows(node),
            _ => {}
        }
    }

    fn tell(&mut self, what: impl Into<String>, place: &Place, help: &str) {
        if self.problems.len() > MOST_PROBLEMS {
            return;
        }
        let help = (!help.is_empty()).then_some(help);
        self.problems.push(Diagnostic::error(what, place).maybe_help(help));
    }

    fn text(&mut self, node: &Node, key: &str) -> Option<String> {
        let text = node.as_scalar().map(|text| text.trim_end().to_owned());
        if text.is_none() {
            self.tell(format!("`{key}` is a text, not {}", node.what()), &node.place, "");
        }
        text
    }

    fn duration(&mut self, node: &Node) -> Option<Duration> {
        match parse_duration(&self.text(node, "within")?) {
            Ok(duration) if !duration.is_zero() => Some(duration),
            Ok(_) => {
                self.tell("a deadline is longer than nothing", &node.place, "");
                None
            }
            Err(what) => {
                self.tell(what, &node.place, "");
                None
            }
        }
    }

    fn words(&mut self, node: &Node, key: &str) -> Vec<String> {
        match &node.value {
            Value::List(items) => items.iter().filter_map(|item| self.text(item, key)).collect(),
            Value::Scalar(text, _) => vec![text.clone()],
            _ => {
                let help = format!("as in `{key}: [one, two]`");
                self.tell(format!("`{key}` is a list of words, not {}", node.what()), &node.place, &help);
                Vec::new()
            }
        }
    }

    fn text_map(&mut self, node: &Node, what: &str, example: &str) -> Vec<(String, String)> {
        let Value::Map(entries) = &node.value else {
            self.tell(format!("{what} is a map of texts, not {}", node.what()), &node.place, example);
            return Vec::new();
        };
        let mut map: Vec<(String, String)> = Vec::with_capacity(entries.len());
        let mut seen = HashSet::new();
        for entry in entries {
            let Some(name) = entry.key.as_scalar() else { continue };
            if !seen.insert(name) {
                continue;
            }
            match entry.value.as_scalar() {
                _ if !is_name(name) || RESERVED.contains(&name) => {
                    let what = format!("a variable cannot be called `{}`", visible(name));
                    let reserved = format!("{} are reserved", RESERVED.join(", "));
                    let help = if is_name(name) { &reserved } else { NAME_HELP };
                    self.tell(what, &entry.key.place, help);
                }
                Some(text) => map.push((name.to_owned(), text.to_owned())),
                None => {
                    let what = match entry.value.value {
                        Value::Null => format!("`{name}` has no value"),
                        _ => format!("`{name}` is a text, not {}", entry.value.what()),
                    };
                    self.tell(what, &entry.key.place, "write `\"\"` for an empty one");
                }
            }
        }
        map
    }

    fn rows(&mut self, node: &Node) -> Vec<Row> {
        let example = "as in `cases: [{ size: 1 }, { size: 2 }]`";
        let Value::List(items) = &node.value else {
            self.tell(format!("`cases` is a list of maps, not {}", node.what()), &node.place, example);
            return vec![Row::default()];
        };
        if items.is_empty() {
            self.tell("`cases` has no row, so nothing would run", &node.place, example);
        }
        let mut labels = HashSet::new();
        let mut rows = Vec::with_capacity(items.len());
        for item in items {
            let told = self.problems.len();
            let vars = self.text_map(item, "a row of `cases`", example);
            if self.problems.len() > told {
                continue;
            }
            let words = vars.iter().map(|(name, text)| format!("{name}={}", visible(text)));
            let label = words.collect::<Vec<_>>().join(" ");
            if labels.insert(label.clone()) {
                rows.push(Row { label: Some(label), vars });
            } else {
                self.tell("this row stands here twice", &item.place, "");
            }
        }
        // Where no row can be read, the steps are looked at once all the same.
        if rows.is_empty() { vec![Row::default()] } else { rows }
    }

    fn requires(&mut self, node: &Node) -> Vec<Requirement> {
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        items.iter().filter_map(|item| self.requirement(item)).collect()
    }

    fn requirement(&mut self, node: &Node) -> Option<Requirement> {
        if let Some(command) = node.get("command").and_then(Node::as_scalar) {
            return Some(Requirement::Command(command.to_owned()));
        }
        let word = match &node.value {
            Value::Map(entries) => entries.first().and_then(|entry| entry.key.as_scalar()),
            _ => node.as_scalar(),
        };
        let word = word.unwrap_or_default();
        let found = Requirement::from_word(word);
        if found.is_none() {
            let near = hints::did_you_mean_key(word, Requirement::words().chain(["command"]));
            let words: Vec<_> = Requirement::words().collect();
            let all = format!("known are {} and `{}`", words.join(", "), Requirement::COMMAND.0);
            let what = format!("nothing is known of the requirement `{}`", visible(word));
            self.tell(what, &node.place, &near.unwrap_or(all));
        }
        found
    }
}
