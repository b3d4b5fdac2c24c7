//! Reading values: from nodes to numbers, sizes, words, lists, addresses and files.

use super::Checker;
use crate::script::draft::DraftStep;
use crate::script::hints::{BESIDE, did_you_mean_key};
use crate::script::name::Name;
use crate::script::node::{Node, Value};
use crate::script::step::Destination;
use crate::script::template::{Hole, Part, Property, Template};
use crate::script::verb::{Half, Takes};
use crate::text::{Address, AddressError, Diagnostic, parse_duration, parse_size, visible};
use std::path::{Path, PathBuf};
use std::time::Duration;

impl Checker<'_> {
    /// A duration, read.
    pub(in crate::script) fn duration(&mut self, node: &Node) -> Option<Duration> {
        let text = self.text(node)?;
        parse_duration(&text).map_err(|what| self.tell(Diagnostic::error(what, &node.place))).ok()
    }

    /// `true` or `false`; `false` where the operand is absent.
    pub(in crate::script) fn flag(&mut self, draft: &DraftStep, key: &str) -> bool {
        let Some(node) = draft.get(key) else { return false };
        match self.text(node).as_deref() {
            Some("true") => true,
            Some("false") | None => false,
            Some(other) => {
                let what = format!("`{key}` is true or false, not `{}`", visible(other));
                self.tell(Diagnostic::error(what, &node.place));
                false
            }
        }
    }

    /// A whole number that fits.
    pub(in crate::script) fn number<T: TryFrom<u64>>(&mut self, node: &Node) -> Option<T> {
        let text = self.text(node)?;
        let digits = text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty();
        let number = text.parse::<u64>().ok().filter(|_| digits);
        let number = number.and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            let what = if digits { "is too large here" } else { "is no whole number" };
            self.tell(Diagnostic::error(format!("`{}` {what}", visible(&text)), &node.place));
        }
        number
    }

    /// A number of bytes.
    pub(in crate::script) fn size(&mut self, node: &Node) -> Option<u64> {
        let text = self.text(node)?;
        parse_size(&text).map_err(|what| self.tell(Diagnostic::error(what, &node.place))).ok()
    }

    /// One of the words that the verb table gives for the operand `key`.
    pub(in crate::script) fn word_of(
        &mut self,
        draft: &DraftStep,
        key: &str,
        node: &Node,
    ) -> Option<&'static str> {
        match draft.verb.operand(key).map(|operand| operand.takes) {
            Some(Takes::OneOf(words)) => self.one_of(node, words),
            _ => None,
        }
    }

    /// One of some words.
    pub(in crate::script) fn one_of(
        &mut self,
        node: &Node,
        words: &'static [&'static str],
    ) -> Option<&'static str> {
        let text = self.text(node)?;
        let found = words.iter().find(|word| **word == text).copied();
        if found.is_none() {
            let near = did_you_mean_key(&text, words.iter().copied());
            let help = near.unwrap_or_else(|| format!("known are {}", words.join(", ")));
            let what = format!("`{}` is not known here", visible(&text));
            self.tell(Diagnostic::error(what, &node.place).help(help));
        }
        found
    }

    /// A list of texts with holes.
    pub(in crate::script) fn templates(&mut self, node: &Node) -> Option<Vec<Template>> {
        let Value::List(items) = &node.value else {
            if !matches!(node.value, Value::Null) {
                let what = format!("here stands a list, not {}", node.what());
                let words =
                    node.as_scalar().map(|text| text.split_whitespace().collect::<Vec<_>>().join(", "));
                let words = words.unwrap_or_else(|| "one, two".to_owned());
                self.tell(
                    Diagnostic::error(what, &node.place).help(format!("as in `[{}]`", visible(&words))),
                );
            }
            return None;
        };
        let mut all = Vec::with_capacity(items.len());
        for item in items {
            if self.is_full() {
                return None;
            }
            all.push(self.item(item));
        }
        all.into_iter().collect()
    }

    /// An item of a list, which must be there.
    fn item(&mut self, node: &Node) -> Option<Template> {
        if matches!(node.value, Value::Null) {
            let problem = Diagnostic::error("this item has no value", &node.place);
            self.tell(problem.help("write `\"\"` for an empty text"));
        }
        self.template(node)
    }

    /// A map of texts with holes.
    pub(in crate::script) fn template_map(&mut self, node: &Node) -> Option<Vec<(String, Template)>> {
        let Value::Map(entries) = &node.value else {
            if !matches!(node.value, Value::Null) {
                let what = format!("here stands a map, not {}", node.what());
                self.tell(Diagnostic::error(what, &node.place).help("as in `{ name: text }`"));
            }
            return None;
        };
        let mut map = Vec::with_capacity(entries.len());
        for entry in entries {
            if self.is_full() {
                return None;
            }
            let key = entry.key.as_scalar()?;
            if matches!(entry.value.value, Value::Null) {
                let what = format!("`{}` has no value", visible(key));
                self.tell(Diagnostic::error(what, &entry.key.place).help("write `\"\"` for an empty text"));
            }
            map.push(self.template(&entry.value).map(|text| (key.to_owned(), text)));
        }
        map.into_iter().collect()
    }

    /// An address; checked now as far as it is known.
    pub(in crate::script) fn address(&mut self, node: &Node) -> Option<Template> {
        let template = self.template(node)?;
        let Err(error) = parses_somehow(&template) else { return Some(template) };
        let whole = node.as_scalar().unwrap_or_default();
        let what = if template.as_literal().is_some() {
            error.what
        } else {
            format!("`{}` can be no address, whatever is filled in", visible(whole))
        };
        let help = twice_the_port(&template).or(error.help);
        self.tell(Diagnostic::error(what, &node.place).maybe_help(help));
        None
    }

    /// The address, or the name of a socket, that the operand `key` holds.
    pub(in crate::script) fn destination(
        &mut self,
        draft: &DraftStep,
        key: &str,
        node: &Node,
    ) -> Option<Destination> {
        let Some(Takes::Place(kinds)) = draft.verb.operand(key).map(|operand| operand.takes) else {
            return None;
        };
        let text = self.scalar(node)?;
        if text.contains(':') || text.contains("${") {
            return self.address(node).map(Destination::Address);
        }
        if text.contains('.') || text == "localhost" || text == "any" {
            let problem = Diagnostic::error(format!("`{}` has no port", visible(text)), &node.place);
            self.tell(problem.help(format!("an address is host:port, as in `{}:0`", visible(text))));
            return None;
        }
        let name = self.name(node)?;
        self.use_name(&name, &node.place, kinds, Half::Neither, draft);
        Some(Destination::Socket(name))
    }

    /// The name of a variable that a step defines.
    pub(in crate::script) fn save(&mut self, draft: &DraftStep) -> Option<Name> {
        let node = draft.get("save")?;
        let Some(name) = self.name(node) else {
            self.lost.add(node.as_scalar().unwrap_or_default());
            return None;
        };
        if self.scope.find(&name).is_some() {
            let what = format!("`{name}` is the name of a socket");
            self.tell(Diagnostic::error(what, &node.place).help("a variable needs a name of its own"));
            return None;
        }
        if self.statics.iter().any(|vars| vars.contains_key(&*name)) {
            let what = format!("`{name}` is a variable of the file: what is saved would never be seen");
            self.tell(Diagnostic::error(what, &node.place).help("take another name"));
            return None;
        }
        Some(name)
    }

    /// A file beside the scenario: its path, which must be there unless parts of it are filled in
    /// when the step runs.
    pub(in crate::script) fn file(&mut self, node: &Node) -> Option<Template> {
        let template = self.template(node)?;
        let Some(bytes) = template.as_literal() else { return Some(template) };
        let path = beside(&self.directory, &String::from_utf8_lossy(bytes));
        let problem = match std::fs::metadata(&path) {
            Ok(metadata) if !metadata.is_dir() => {
                return Some(Template::literal(path.to_string_lossy().as_bytes()));
            }
            Ok(_) => Diagnostic::error(format!("{} is a directory", path.display()), &node.place),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Diagnostic::error(format!("there is no file {}", path.display()), &node.place).help(BESIDE)
            }
            Err(error) => {
                let what = format!("cannot read {}: {}", path.display(), crate::text::in_words(&error));
                Diagnostic::error(what, &node.place)
            }
        };
        self.tell(problem);
        None
    }

    /// Tells of the keys of a map that are not among `known`; whether there was one.
    pub(super) fn refuse_unknown<'k>(
        &mut self,
        node: &Node,
        what: &str,
        known: &(impl Iterator<Item = &'k str> + Clone),
    ) -> bool {
        let Value::Map(entries) = &node.value else { return false };
        let mut refused = false;
        let mut before = None;
        for entry in entries {
            let Some(word) = entry.key.as_scalar() else { continue };
            if known.clone().any(|key| key == word) {
                before = Some(entry);
                continue;
            }
            refused = true;
            if self.is_full() {
                break;
            }
            let problem = crate::script::hints::lost_comma(entry, before).unwrap_or_else(|| {
                let said = format!("{what} has no `{}`", visible(word));
                Diagnostic::error(said, &entry.key.place).maybe_help(did_you_mean_key(word, known.clone()))
            });
            if word != "<<" {
                self.tell(problem);
            }
        }
        refused
    }
}

/// What may stand in place of a hole when an address is tried.
fn stand_ins(hole: &Hole) -> &'static [&'static str] {
    match hole {
        Hole::Socket(_, Property::Port) | Hole::Port(_) | Hole::Round | Hole::SavedLength(_) => &["1"],
        Hole::Socket(_, Property::Local | Property::Peer) => &["127.0.0.1:1", "unix:@x"],
        Hole::Time => &["1.5"],
        Hole::Tmp => &["/tmp"],
        Hole::Saved(_) => &["1", "127.0.0.1", "127.0.0.1:1", "a"],
    }
}

/// Whether a template is an address with something in its holes; holes of one kind get the same.
fn parses_somehow(template: &Template) -> Result<(), AddressError> {
    let mut first = Ok(());
    for choice in 0..4 {
        let mut text = String::new();
        for part in template.parts() {
            match part {
                Part::Literal(bytes) => text.push_str(&String::from_utf8_lossy(bytes)),
                Part::Hole(hole) => {
                    let stand_ins = stand_ins(hole);
                    text.push_str(stand_ins.get(choice % stand_ins.len()).copied().unwrap_or_default());
                }
            }
        }
        match text.parse::<Address>() {
            Ok(_) => return Ok(()),
            Err(error) if choice == 0 => first = Err(error),
            Err(_) => {}
        }
        if !template.parts().iter().any(|part| matches!(part, Part::Hole(_))) {
            break;
        }
    }
    // Two texts of a run side by side may be host and port: that is for the run to say.
    let saved = template.parts().iter().filter(|part| matches!(part, Part::Hole(Hole::Saved(_)))).count();
    if saved > 1 { Ok(()) } else { first }
}

/// `127.0.0.1:${client.local}`: that is an address with its port already.
fn twice_the_port(template: &Template) -> Option<String> {
    let beside = template.parts().len() > 1;
    template.parts().iter().find_map(|part| match part {
        Part::Hole(hole @ Hole::Socket(_, Property::Local | Property::Peer)) if beside => {
            Some(format!("`{hole}` is an address with its port already"))
        }
        _ => None,
    })
}

/// The path of a file named in a scenario whose directory is `directory`, without `x/..` where that
/// leads to the same file.
pub(super) fn beside(directory: &Path, name: &str) -> PathBuf {
    use std::path::Component;
    let joined = directory.join(name);
    if !joined.components().any(|part| part == Component::ParentDir) {
        return joined;
    }
    let mut short = PathBuf::new();
    for part in joined.components() {
        match part {
            Component::ParentDir if matches!(short.components().next_back(), Some(Component::Normal(_))) => {
                short.pop();
            }
            Component::CurDir => {}
            other => short.push(other),
        }
    }
    // Behind a symbolic link `x/..` is elsewhere.
    match (short.canonicalize(), joined.canonicalize()) {
        (Ok(one), Ok(other)) if one != other => joined,
        _ => short,
    }
}
