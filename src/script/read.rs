//! Reading values: from nodes to texts, templates, numbers, addresses and files, with every mistake
//! told at its own place.

use super::check::Checker;
use super::draft::DraftStep;
use super::node::{Node, Value};
use super::step::{Destination, Name};
use super::template::{Hole, Property, Template, Written, cut};
use super::verb::Kinds;
use crate::text::{Address, Diagnostic, Payload, Place, did_you_mean, parse_size};

/// What a text may hold besides plain characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// Its UTF-8 bytes, as they are.
    Verbatim,
    /// Escaped notation.
    Notation,
}

impl Checker<'_> {
    /// A text that must be known before anything runs.
    pub(super) fn text(&mut self, node: &Node) -> Option<String> {
        let template = self.template(node)?;
        let Some(bytes) = template.as_literal() else {
            let problem = Diagnostic::error("this must be known before the scenario runs", &node.place);
            self.tell(problem.help(
                "`vars`, `cases`, `--set` and `${env.NAME}` are; what a step saves or a socket has is not",
            ));
            return None;
        };
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    /// A text with holes.
    pub(super) fn template(&mut self, node: &Node) -> Option<Template> {
        self.pieces(node, Piece::Verbatim)
    }

    pub(super) fn pieces(&mut self, node: &Node, how: Piece) -> Option<Template> {
        let text = self.scalar(node)?;
        let mut template = Template::default();
        let mut sound = true;
        for piece in cut(text) {
            match piece {
                Written::Text(text) => match how {
                    Piece::Verbatim => template.push_literal(text.as_bytes()),
                    Piece::Notation => match text.parse::<Payload>() {
                        Ok(payload) => template.push_literal(payload.as_bytes()),
                        Err(error) => {
                            let bad = text.get(error.at..error.at + error.len).unwrap_or_default();
                            let place = place_of(node, bad);
                            self.tell(Diagnostic::error(error.what, &place));
                            sound = false;
                        }
                    },
                },
                Written::Reference(inside, range) => {
                    let whole = text.get(range).unwrap_or_default();
                    sound &= self.reference(&mut template, inside, &place_of(node, whole)).is_some();
                }
                Written::Unclosed(range) => {
                    let place = place_of(node, text.get(range).unwrap_or_default());
                    self.tell(
                        Diagnostic::error("`${` without its `}`", &place)
                            .help("write `$${` for a literal one"),
                    );
                    sound = false;
                }
            }
        }
        sound.then_some(template)
    }

    /// The text of a scalar node.
    pub(super) fn scalar<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        let text = node.as_scalar();
        if text.is_none() && !matches!(node.value, Value::Null) {
            self.tell(Diagnostic::error(format!("here stands a text, not {}", node.what()), &node.place));
        }
        text
    }

    /// Appends what `${inside}` stands for.
    fn reference(&mut self, template: &mut Template, inside: &str, place: &Place) -> Option<()> {
        if let Some(text) = self.statics.iter().rev().find_map(|vars| vars.get(inside)) {
            template.push_literal(text.as_bytes());
            return Some(());
        }
        let hole = match inside.split_once('.') {
            Some(("env", name)) => {
                return match std::env::var(name) {
                    Ok(value) => {
                        template.push_literal(value.as_bytes());
                        Some(())
                    }
                    Err(_) => {
                        self.tell(Diagnostic::error(format!("the environment has no `{name}`"), place));
                        None
                    }
                };
            }
            Some(("port", name)) => self.port_hole(name, place)?,
            Some((name, property)) => self.property_hole(name, property, place)?,
            None => self.variable_hole(inside, place)?,
        };
        template.push_hole(hole);
        Some(())
    }

    fn port_hole(&mut self, name: &str, place: &Place) -> Option<Hole> {
        if super::check::is_name(name) {
            return Some(Hole::Port(name.into()));
        }
        self.tell(
            Diagnostic::error(format!("`{}` is no name", name.escape_debug()), place)
                .help("as in `${port.app}`"),
        );
        None
    }

    fn property_hole(&mut self, name: &str, property: &str, place: &Place) -> Option<Hole> {
        if self.scope.defines(name) {
            if property == "length" {
                return Some(Hole::SavedLength(name.into()));
            }
            self.tell(
                Diagnostic::error(format!("`{name}` is a variable: it has no `{property}`"), place)
                    .help("it has `length`"),
            );
            return None;
        }
        let Some(opened) = self.scope.find(name) else {
            let near = did_you_mean(name, self.scope.open_names())
                .map(|near| format!("did you mean `${{{near}.{property}}}`?"));
            self.tell(
                Diagnostic::error(format!("nothing called `{name}` is open here"), place).maybe_help(near),
            );
            return None;
        };
        let listens = opened.kind == super::verb::Kind::Listener;
        match property {
            "port" => Some(Hole::Socket(name.into(), Property::Port)),
            "local" => Some(Hole::Socket(name.into(), Property::Local)),
            "peer" if !listens => Some(Hole::Socket(name.into(), Property::Peer)),
            _ => {
                let near = did_you_mean(property, ["port", "local", "peer"]);
                let help = near.map_or("it has `port`, `local` and `peer`".to_owned(), |near| {
                    format!("did you mean `{near}`?")
                });
                self.tell(Diagnostic::error(format!("`{name}` has no `{property}`"), place).help(help));
                None
            }
        }
    }

    fn variable_hole(&mut self, name: &str, place: &Place) -> Option<Hole> {
        match name {
            "time" => return Some(Hole::Time),
            "tmp" => return Some(Hole::Tmp),
            "i" if self.scope.in_repeat => return Some(Hole::Round),
            "i" => {
                self.tell(Diagnostic::error("`${i}` counts the rounds of `repeat`, and this is none", place));
                return None;
            }
            _ if self.scope.defines(name) => return Some(Hole::Saved(name.into())),
            _ => {}
        }
        let statics = self.statics.iter().flat_map(|vars| vars.keys()).map(String::as_str);
        let near = did_you_mean(name, self.scope.vars().chain(statics))
            .map(|near| format!("did you mean `${{{near}}}`?"));
        let socket = self
            .scope
            .find(name)
            .map(|_| format!("`{name}` is a socket: write `${{{name}.port}}` or `${{{name}.local}}`"));
        let what = format!("the variable `{}` is not defined here", name.escape_debug());
        let help = near
            .or(socket)
            .unwrap_or_else(|| "define it under `vars`, or write `$${` for a literal `${`".to_owned());
        self.tell(Diagnostic::error(what, place).help(help));
        None
    }

    /// `true` or `false`; `false` where the operand is absent.
    pub(super) fn flag(&mut self, draft: &DraftStep, key: &str) -> bool {
        let Some(node) = draft.get(key) else { return false };
        match self.text(node).as_deref() {
            Some("true") => true,
            Some("false") | None => false,
            Some(other) => {
                let what = format!("`{key}` is true or false, not `{}`", other.escape_debug());
                self.tell(Diagnostic::error(what, &node.place));
                false
            }
        }
    }

    /// A whole number that fits.
    pub(super) fn number<T: TryFrom<u64>>(&mut self, node: &Node) -> Option<T> {
        let text = self.text(node)?;
        let number = text.parse::<u64>().ok().and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            let too_large = text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty();
            let what = if too_large { "is too large here" } else { "is no whole number" };
            self.tell(Diagnostic::error(format!("`{}` {what}", text.escape_debug()), &node.place));
        }
        number
    }

    /// A number of bytes.
    pub(super) fn size(&mut self, node: &Node) -> Option<u64> {
        let text = self.text(node)?;
        parse_size(&text).map_err(|what| self.tell(Diagnostic::error(what, &node.place))).ok()
    }

    /// One of some words, by their place in the list.
    pub(super) fn one_of(&mut self, node: &Node, words: &'static [&'static str]) -> Option<&'static str> {
        let text = self.text(node)?;
        let found = words.iter().find(|word| **word == text).copied();
        if found.is_none() {
            let near =
                did_you_mean(&text, words.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            let help = near.unwrap_or_else(|| format!("known are {}", words.join(", ")));
            self.tell(
                Diagnostic::error(format!("`{}` is not known here", text.escape_debug()), &node.place)
                    .help(help),
            );
        }
        found
    }

    /// A list of texts with holes.
    pub(super) fn templates(&mut self, node: &Node) -> Option<Vec<Template>> {
        let Value::List(items) = &node.value else {
            if !matches!(node.value, Value::Null) {
                let what = format!("here stands a list, as in `[one, two]`, not {}", node.what());
                self.tell(Diagnostic::error(what, &node.place));
            }
            return None;
        };
        items.iter().map(|item| self.template(item)).collect()
    }

    /// A map of texts with holes.
    pub(super) fn template_map(&mut self, node: &Node) -> Option<Vec<(String, Template)>> {
        let Value::Map(entries) = &node.value else {
            self.tell(Diagnostic::error(format!("here stands a map, not {}", node.what()), &node.place));
            return None;
        };
        entries
            .iter()
            .map(|entry| Some((entry.key.as_scalar()?.to_owned(), self.template(&entry.value)?)))
            .collect()
    }

    /// An address; checked now as far as it is known.
    pub(super) fn address(&mut self, node: &Node) -> Option<Template> {
        let template = self.template(node)?;
        // What is filled in at run time is a port or an address, so a stand-in shows whether the
        // rest of it is sound.
        if let Some(bytes) = template.as_literal() {
            let text = String::from_utf8_lossy(bytes);
            if let Err(error) = text.parse::<Address>() {
                self.tell(Diagnostic::error(error.what, &node.place).maybe_help(error.help));
                return None;
            }
        }
        Some(template)
    }

    /// An address, or the name of an open socket.
    pub(super) fn destination(&mut self, node: &Node, kinds: Kinds, verb: &str) -> Option<Destination> {
        let text = self.scalar(node)?;
        if text.contains(':') || text.contains("${") {
            return self.address(node).map(Destination::Address);
        }
        if text.contains('.') {
            let problem = Diagnostic::error(format!("`{}` has no port", text.escape_debug()), &node.place);
            self.tell(problem.help("an address is host:port, as in `127.0.0.1:0`"));
            return None;
        }
        let name = self.name(node)?;
        self.use_name(&name, &node.place, kinds, super::verb::Half::Neither, verb);
        Some(Destination::Socket(name))
    }

    /// The name of a variable that a step defines.
    pub(super) fn save(&mut self, draft: &DraftStep) -> Option<Name> {
        let node = draft.get("save")?;
        let name = self.name(node)?;
        if self.scope.find(&name).is_some() {
            let what = format!("`{name}` is the name of a socket");
            self.tell(Diagnostic::error(what, &node.place).help("a variable needs a name of its own"));
            return None;
        }
        Some(name)
    }

    /// A file beside the scenario: its path, which must be there unless parts of it are filled in
    /// when the step runs.
    pub(super) fn file(&mut self, node: &Node) -> Option<Template> {
        let template = self.template(node)?;
        let Some(bytes) = template.as_literal() else { return Some(template) };
        let path = self.directory.join(String::from_utf8_lossy(bytes).as_ref());
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Some(Template::literal(path.to_string_lossy().as_bytes())),
            Ok(_) => {
                self.tell(Diagnostic::error(format!("{} is no file", path.display()), &node.place));
                None
            }
            Err(error) => {
                let what = format!("there is no file {}", path.display());
                let what = if error.kind() == std::io::ErrorKind::NotFound {
                    what
                } else {
                    format!("cannot read {}: {}", path.display(), error.kind())
                };
                self.tell(
                    Diagnostic::error(what, &node.place).help("a file is looked for beside the scenario"),
                );
                None
            }
        }
    }
}

/// The place of a part of a scalar, found by its text: escapes before it do not shift it then.
pub(super) fn place_of(node: &Node, part: &str) -> Place {
    match node.place.text().find(part) {
        Some(at) if !part.is_empty() => node.place.within(at, part.len()),
        _ => node.place.clone(),
    }
}
