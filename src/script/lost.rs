//! `Lost`: names that refused steps would have opened or defined, so that using them is no second
//! mistake.

use super::node::{Node, Value};
use std::collections::HashSet;

/// Names that would be known, had the steps that were refused been right.
#[derive(Debug, Clone, Default)]
pub struct Lost {
    names: HashSet<String>,
    any: bool,
}

impl Lost {
    /// Whether `name` may be known to a step that was refused.
    pub fn covers(&self, name: &str) -> bool {
        self.any || self.names.contains(name)
    }

    /// Adds a name.
    pub fn add(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    /// Any name may be known: what was lost cannot be told.
    pub fn add_any(&mut self) {
        self.any = true;
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        self.any |= other.any;
        self.names.extend(other.names.iter().cloned());
    }

    /// Adds what the step written as `node` would have opened or defined.
    pub fn add_step(&mut self, node: &Node) {
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    match (entry.key.as_scalar(), entry.value.as_scalar()) {
                        (Some("as" | "save"), Some(name)) => self.add(name),
                        (Some("matches"), Some(regex)) => self.add_groups(regex),
                        _ => self.add_step(&entry.value),
                    }
                }
            }
            Value::List(items) => items.iter().for_each(|item| self.add_step(item)),
            Value::Scalar(..) | Value::Null => {}
        }
    }

    /// Adds the named groups of an expression that may not be valid.
    pub fn add_groups(&mut self, regex: &str) {
        for rest in regex.split("(?").skip(1) {
            let rest = rest.strip_prefix('P').unwrap_or(rest);
            let name = rest.strip_prefix('<').and_then(|rest| rest.split('>').next());
            if let Some(name) = name.filter(|name| !name.starts_with(['=', '!'])) {
                self.add(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::yaml::read_documents;
    use crate::text::Source;

    #[test]
    fn a_refused_step_leaves_its_names_behind() {
        let text =
            "- lisen: { as: server, at: x }\n- expct: { at: conn, matches: '(?<who>a+', save: greeting }\n";
        let (documents, _) = read_documents(&Source::new("a", text));
        let mut lost = Lost::default();
        lost.add_step(&documents[0]);
        for name in ["server", "who", "greeting"] {
            assert!(lost.covers(name), "{name}");
        }
        assert!(!lost.covers("other"));
    }
}
