//! Reading texts: from nodes to templates in which what is known is filled in and what is not is a
//! hole, with every mistake told at its own place.

use super::Checker;
use crate::script::name::is_name;
use crate::script::node::{Node, Value};
use crate::script::template::{Hole, Property, Template, Written, cut};
use crate::script::verb::Kind;
use crate::text::{Diagnostic, Payload, Place, did_you_mean, visible};

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
    pub(in crate::script) fn text(&mut self, node: &Node) -> Option<String> {
        if let Some(text) = node.as_scalar()
            && !text.contains("${")
        {
            return Some(text.to_owned());
        }
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
    pub(in crate::script) fn template(&mut self, node: &Node) -> Option<Template> {
        self.pieces(node, Piece::Verbatim)
    }

    pub(super) fn pieces(&mut self, node: &Node, how: Piece) -> Option<Template> {
        let text = self.scalar(node)?;
        let mut template = Template::default();
        let mut sound = true;
        for piece in cut(text) {
            if self.is_full() {
                return None;
            }
            match piece {
                Written::Text(text, _) if how == Piece::Verbatim => template.push_literal(text.as_bytes()),
                Written::Text(text, from) => match text.parse::<Payload>() {
                    Ok(payload) => template.push_literal(payload.as_bytes()),
                    Err(error) => {
                        let at = from + error.at;
                        self.tell(Diagnostic::error(error.what, &node.part(at..at + error.len)));
                        sound = false;
                    }
                },
                Written::Reference(inside, range) => {
                    sound &= self.reference(&mut template, inside, &node.part(range)).is_some();
                }
                Written::Unclosed(range) => {
                    let problem = Diagnostic::error("`${` without its `}`", &node.part(range));
                    self.tell(problem.help("write `$${` for a literal one"));
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
            let problem = Diagnostic::error(format!("here stands a text, not {}", node.what()), &node.place);
            let hint = node.place.text().starts_with(['{', '[']);
            self.tell(problem.maybe_help(hint.then_some("a text that begins with a bracket is quoted")));
        }
        text
    }

    /// Appends what `${inside}` stands for.
    fn reference(&mut self, template: &mut Template, inside: &str, place: &Place) -> Option<()> {
        if let Some(known) = self.statics.iter().rev().find_map(|vars| vars.get(inside)) {
            template.push(known);
            return Some(());
        }
        let hole = match inside.split_once('.') {
            Some(("env", name)) => {
                let value = std::env::var(name);
                if value.is_err() {
                    let what = format!("the environment has no `{}`", visible(name));
                    self.tell(Diagnostic::error(what, place));
                }
                template.push_literal(value.ok()?.as_bytes());
                return Some(());
            }
            Some(("port", name)) => self.port_hole(name, place)?,
            Some((name, property)) => self.property_hole(name, property, place)?,
            None => self.variable_hole(inside, place)?,
        };
        template.push_hole(hole);
        Some(())
    }

    fn port_hole(&mut self, name: &str, place: &Place) -> Option<Hole> {
        if is_name(name) {
            return Some(Hole::Port(name.into()));
        }
        let what = format!("`{}` is no name", visible(name));
        self.tell(Diagnostic::error(what, place).help("as in `${port.app}`"));
        None
    }

    fn property_hole(&mut self, name: &str, property: &str, place: &Place) -> Option<Hole> {
        let is_static = self.statics.iter().any(|vars| vars.contains_key(name));
        if self.scope.defines(name) || is_static {
            if property == "length" && !is_static {
                return Some(Hole::SavedLength(name.into()));
            }
            let what = format!("`{name}` is a variable: it has no `{}`", visible(property));
            let help = (!is_static).then_some("it has `length`");
            self.tell(Diagnostic::error(what, place).maybe_help(help));
            return None;
        }
        let Some(opened) = self.scope.find(name) else {
            self.tell_unopened(name, place, |near| format!("did you mean `${{{near}.{property}}}`?"));
            return None;
        };
        let known: &[&str] = match opened.kind {
            Kind::Listener => &["port", "local"],
            Kind::Stream | Kind::Datagram => &["port", "local", "peer"],
            Kind::Process => &[],
        };
        let kind = opened.kind;
        match property {
            "port" if kind != Kind::Process => Some(Hole::Socket(name.into(), Property::Port)),
            "local" if kind != Kind::Process => Some(Hole::Socket(name.into(), Property::Local)),
            "peer" if known.contains(&"peer") => Some(Hole::Socket(name.into(), Property::Peer)),
            _ => {
                let near = did_you_mean(property, known.iter().copied());
                let help = match near {
                    Some(near) => format!("did you mean `${{{name}.{near}}}`?"),
                    None if known.is_empty() => "a process has no address".to_owned(),
                    None => format!("a {} has {}", kind.name(), known.join(", ")),
                };
                let what = format!("`{name}` has no `{}`", visible(property));
                self.tell(Diagnostic::error(what, place).help(help));
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
            _ if self.lost.covers(name) => return None,
            _ => {}
        }
        let help = if let Some(opened) = self.scope.find(name).filter(|opened| opened.kind != Kind::Process) {
            format!("`{name}` is a {}: write `${{{name}.port}}` or `${{{name}.local}}`", opened.kind.name())
        } else {
            let statics = self.statics.iter().flat_map(|vars| vars.keys()).map(String::as_str);
            match did_you_mean(name, self.scope.vars().chain(statics)) {
                Some(near) => format!("did you mean `${{{near}}}`?"),
                None => "define it under `vars`, or write `$${` for a literal `${`".to_owned(),
            }
        };
        let what = format!("the variable `{}` is not defined here", visible(name));
        self.tell(Diagnostic::error(what, place).help(help));
        None
    }
}
