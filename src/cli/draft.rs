//! Drafts that commands make: steps out of flags, each value at the place of its argument.

use super::arguments::Arguments;
use crate::script::draft::DraftStep;
use crate::script::node::{Entry, Node, Value};
use crate::script::verbs::verb;
use crate::text::{Diagnostic, Place, SocketOption};

/// What is wrong with the arguments.
pub(super) type Problem = Box<Diagnostic>;

/// Makes steps out of arguments.
#[derive(Debug)]
pub(super) struct Drafting<'a> {
    pub arguments: &'a Arguments,
}

impl Drafting<'_> {
    /// A step of the verb called `name`, which stands in the table.
    pub fn step(&self, name: &str) -> Result<DraftStep, Problem> {
        self.step_at(name, &self.arguments.all())
    }

    /// The same, made by the argument at `place`.
    #[allow(clippy::unused_self, reason = "beside `step`, whose place the arguments know")]
    pub fn step_at(&self, name: &str, place: &Place) -> Result<DraftStep, Problem> {
        let found = verb(name).map(|verb| DraftStep::new(verb, place));
        found.ok_or_else(|| Box::new(Diagnostic::error(format!("there is no verb `{name}`"), place)))
    }

    /// A value that no argument says.
    pub fn value(&self, text: impl Into<String>) -> Node {
        Node::scalar(text, &self.arguments.all())
    }

    /// A value that an argument says.
    pub fn said(&self, text: &str) -> Node {
        Node::scalar(text, &self.arguments.place(text))
    }

    /// `name=value` words as a map.
    pub fn map(&self, words: &[String]) -> Result<Node, Problem> {
        let mut entries = Vec::new();
        for word in words {
            let place = self.arguments.place(word);
            let Some((name, value)) = word.split_once('=') else {
                let problem = Diagnostic::error(format!("`{}` has no value", word.escape_debug()), &place);
                return Err(Box::new(problem.help("an option is `name=value`, as in `nodelay=true`")));
            };
            let key = Node::scalar(name, &place.within(0, name.len()));
            let there = place.within(name.len() + 1, value.len());
            // As everywhere on a command line, a bare number is seconds.
            let bare = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            let is_time = SocketOption::from_name(name).is_some_and(|option| option.takes().is_time());
            let value = if bare && is_time { format!("{value}s") } else { value.to_owned() };
            let value = Node::scalar(value, &there);
            entries.push(Entry { key, value });
        }
        Ok(Node { value: Value::Map(entries), place: self.arguments.all() })
    }

    /// Steps as the value of an operand: the body of `repeat` or `each`.
    pub fn steps(&self, steps: &[DraftStep]) -> Node {
        let items = steps.iter().map(node_of).collect();
        Node { value: Value::List(items), place: self.arguments.all() }
    }

    /// Texts as a list.
    pub fn list(&self, words: &[String]) -> Node {
        let items = words.iter().map(|word| self.said(word)).collect();
        Node { value: Value::List(items), place: self.arguments.all() }
    }
}

/// A step as it stands in a list of steps.
pub(super) fn node_of(step: &DraftStep) -> Node {
    let operands = Node { value: Value::Map(step.operands.clone()), place: step.place.clone() };
    Node::map([(step.verb.name.to_owned(), operands)], &step.place)
}
