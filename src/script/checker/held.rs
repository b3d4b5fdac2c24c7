//! `Held`: something with keys, and the one form among them.

use super::Checker;
use crate::script::draft::DraftStep;
use crate::script::forms::Form;
use crate::script::node::{Entry, Node, Value};
use crate::text::{Diagnostic, Place};

/// Something with keys: a step, or a map in one.
#[derive(Clone, Copy)]
pub(in crate::script) struct Held<'a> {
    entries: &'a [Entry],
    /// Where a mistake of the whole stands.
    pub place: &'a Place,
    /// Whether a key of it was refused: what is missing then is no second mistake.
    refused: bool,
}

impl<'a> Held<'a> {
    /// The operands of a step.
    pub fn of_step(draft: &'a DraftStep) -> Self {
        Self { entries: &draft.operands, place: &draft.place, refused: draft.refused }
    }

    /// The value called `key`.
    pub fn value(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|entry| entry.key.as_scalar() == Some(key)).map(|entry| &entry.value)
    }
}

impl Checker<'_> {
    /// A map with keys among `known`.
    pub(super) fn hold<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &(impl Iterator<Item = &'static str> + Clone),
    ) -> Option<Held<'n>> {
        let Value::Map(entries) = &node.value else {
            let problem = Diagnostic::error(format!("{what} is a map, not {}", node.what()), &node.place);
            self.tell(problem.help(match node.as_scalar() {
                Some(form @ ("eof" | "reset")) => format!("write `{{ {form}: true }}`"),
                _ => "as in `{ text: \"hello\" }`".to_owned(),
            }));
            return None;
        };
        let refused = self.refuse_unknown(node, what, known);
        Some(Held { entries, place: &node.place, refused })
    }

    /// The form that stands in a step or a map, when it is one.
    pub(super) fn exactly_one<'h>(
        &mut self,
        held: Held<'h>,
        forms: &[&'static [Form]],
        what: &str,
    ) -> Option<(&'static str, &'h Node)> {
        let all = || forms.iter().flat_map(|forms| forms.iter());
        let mut found = held.entries.iter().filter_map(|entry| {
            let form = all().find(|(name, _)| entry.key.as_scalar() == Some(name))?.0;
            Some((form, entry))
        });
        let Some((form, entry)) = found.next() else {
            if !held.refused {
                let problem = Diagnostic::error(format!("this has no {what}"), held.place);
                self.tell(problem.help(if what == "payload" {
                    "as in `text: \"hello\"`"
                } else {
                    "as in `text: \"hello\"`, `eof: true` or `silence: 200ms`"
                }));
            }
            return None;
        };
        if let Some((other, entry)) = found.find(|(other, _)| *other != form) {
            let what_is = format!("there is one {what} at a time; here are `{form}` and `{other}`");
            let problem = Diagnostic::error(what_is, &entry.key.place);
            let way_out = "`any_of` takes several; a step of its own asks for each";
            self.tell(problem.maybe_help((what == "pattern").then_some(way_out)));
            return None;
        }
        if matches!(entry.value.value, Value::Null) {
            let problem = Diagnostic::error(format!("`{form}` has no value"), &entry.key.place);
            self.tell(problem.help(match form {
                "text" => "write `\"\"` for an empty payload",
                "eof" | "reset" => "write `true` after the colon",
                _ => "write one after the colon",
            }));
            return None;
        }
        Some((form, &entry.value))
    }
}
