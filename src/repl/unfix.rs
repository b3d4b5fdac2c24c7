//! What would tie a saved session to this machine at this moment is replaced: ports become names, or port
//! 0, paths of unix sockets go into the run's directory, and what was outside becomes a variable.

use super::record::Record;
use crate::script::draft::DraftStep;
use crate::script::node::{Node, Style, Value};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Shortest number in a text that is taken for a port.
const SHORTEST: usize = 4;

/// What a port stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Port {
    /// The socket that opened it.
    Of(String),
    /// A free one of that name: a program listens there, or it was named before it was opened.
    Free(String),
    /// Somebody else's.
    Outside,
}

/// The steps without fixed ports and paths; variables that this takes are added.
pub(super) fn unfix(
    mut steps: Vec<DraftStep>,
    record: &Record,
    vars: &mut Vec<(String, String)>,
) -> Vec<DraftStep> {
    let ports = ports(&steps, record);
    let paths = paths(&steps);
    let mut unfixing = Unfixing { ports, paths, vars, opened: Vec::new() };
    for step in &mut steps {
        unfixing.step(step);
    }
    steps
}

/// What each port of the session stands for.
fn ports(steps: &[DraftStep], record: &Record) -> BTreeMap<u16, Port> {
    let mut ports: BTreeMap<u16, Port> = BTreeMap::new();
    let mut spawned: Vec<(String, String)> = Vec::new();
    for (name, at) in record.addresses() {
        if let Some((_, port)) = address(at) {
            ports.insert(port, Port::Of(name.to_string()));
        }
    }
    let mut seen: BTreeMap<u16, bool> = BTreeMap::new();
    for step in steps {
        let opens = matches!(step.verb.name, "listen" | "bind");
        if step.verb.name == "spawn" {
            let mut text = String::new();
            for entry in &step.operands {
                each_text(&entry.value, &mut |one| text.extend([" ", one, " "]));
            }
            let name = step.get("as").and_then(Node::as_scalar).unwrap_or("app").to_owned();
            spawned.push((name, text));
        }
        for entry in &step.operands {
            each_text(&entry.value, &mut |text| {
                if let Some((_, port)) = address(text).filter(|(_, port)| *port != 0) {
                    let is_own = opens && entry.key.as_scalar() == Some("at");
                    // Named before it was opened: a free port that has a name from the beginning.
                    if is_own && seen.get(&port) == Some(&false) {
                        ports.insert(port, Port::Free(format!("p{port}")));
                    }
                    seen.entry(port).or_insert(is_own);
                    ports.entry(port).or_insert(Port::Outside);
                }
            });
        }
    }
    for (port, stands_for) in &mut ports {
        if let Some((name, _)) = spawned.iter().find(|(_, text)| has_number(text, &port.to_string())) {
            *stands_for = Port::Free(name.clone());
        }
    }
    let mut taken: Vec<String> = Vec::new();
    for (port, stands_for) in &mut ports {
        if let Port::Free(name) = stands_for {
            if taken.contains(name) {
                *name = format!("{name}-{port}");
            }
            taken.push(name.clone());
        }
    }
    ports
}

/// Paths of unix sockets that the session opened, and by which name.
fn paths(steps: &[DraftStep]) -> BTreeMap<String, String> {
    let opened = steps.iter().filter(|step| matches!(step.verb.name, "listen" | "bind"));
    let path = |step: &DraftStep| {
        let at = step.get("at")?.as_scalar()?.to_owned();
        let name = step.get("as")?.as_scalar()?.to_owned();
        (at.starts_with("unix:") && !at.contains("${")).then_some((at, name))
    };
    opened.filter_map(path).collect()
}

struct Unfixing<'a> {
    ports: BTreeMap<u16, Port>,
    paths: BTreeMap<String, String>,
    vars: &'a mut Vec<(String, String)>,
    /// Sockets that steps so far have opened.
    opened: Vec<String>,
}

impl Unfixing<'_> {
    fn step(&mut self, step: &mut DraftStep) {
        let name = step.get("as").and_then(Node::as_scalar).map(str::to_owned);
        let opens = matches!(step.verb.name, "listen" | "bind");
        for entry in &mut step.operands {
            let key = entry.key.as_scalar().unwrap_or_default().to_owned();
            let own = (opens && key == "at").then_some(name.as_deref()).flatten();
            let is_place = matches!(key.as_str(), "to" | "from");
            self.node(&mut entry.value, own, is_place);
        }
        self.opened.extend(name);
    }

    fn node(&mut self, node: &mut Node, own: Option<&str>, is_place: bool) {
        match &mut node.value {
            Value::Null => {}
            Value::Scalar(text, style) => {
                let fixed = self.text(text, own, is_place);
                if fixed != *text {
                    *text = fixed;
                    *style = Style::Double;
                }
            }
            Value::List(items) => items.iter_mut().for_each(|item| self.node(item, None, false)),
            Value::Map(entries) => {
                // The steps of a block are maps of maps: their keys say where an address stands.
                for entry in entries {
                    let key = entry.key.as_scalar().unwrap_or_default();
                    let is_place = matches!(key, "to" | "from");
                    self.node(&mut entry.value, None, is_place);
                }
            }
        }
    }

    fn text(&mut self, text: &str, own: Option<&str>, is_place: bool) -> String {
        if let Some(name) = self.paths.get(text) {
            return if is_place { name.clone() } else { format!("unix:${{tmp}}/{name}") };
        }
        let Some((host, port)) = address(text) else { return self.numbers(text) };
        if port == 0 {
            return text.to_owned();
        }
        match self.ports.get(&port) {
            // The first to open it gets any free one; who opens it again means the same.
            Some(Port::Of(_)) if own.is_some_and(|own| !self.is_of_an_earlier(port, own)) => {
                format!("{host}:0")
            }
            Some(Port::Of(name)) if is_place && self.opened.contains(name) => name.clone(),
            Some(Port::Of(name)) => format!("{host}:${{{name}.port}}"),
            Some(Port::Free(name)) => format!("{host}:${{port.{name}}}"),
            Some(Port::Outside) | None => self.outside(text),
        }
    }

    fn is_of_an_earlier(&self, port: u16, own: &str) -> bool {
        matches!(self.ports.get(&port), Some(Port::Of(name)) if name != own && self.opened.contains(name))
    }

    /// An address that is somebody else's, as a variable that `--set` can change.
    fn outside(&mut self, address: &str) -> String {
        let known = self.vars.iter().find(|(_, text)| text == address).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| {
            let count = self.vars.iter().filter(|(name, _)| name.starts_with("target")).count();
            let name = if count == 0 { "target".to_owned() } else { format!("target-{}", count + 1) };
            self.vars.push((name.clone(), address.to_owned()));
            name
        });
        format!("${{{name}}}")
    }

    /// The text with the ports in it replaced that the session opened.
    fn numbers(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from) = rest.split_at(at);
            let len = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
            let (number, after) = from.split_at(len);
            out.push_str(before);
            let stands_for = number.parse().ok().and_then(|port: u16| self.ports.get(&port));
            match stands_for.filter(|_| number.len() >= SHORTEST) {
                Some(Port::Of(name)) if self.opened.contains(name) => drop(write!(out, "${{{name}.port}}")),
                Some(Port::Free(name)) => drop(write!(out, "${{port.{name}}}")),
                _ => out.push_str(number),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// Every text in a value.
fn each_text(node: &Node, take: &mut impl FnMut(&str)) {
    match &node.value {
        Value::Null => {}
        Value::Scalar(text, _) => take(text),
        Value::List(items) => items.iter().for_each(|item| each_text(item, take)),
        Value::Map(entries) => entries.iter().for_each(|entry| each_text(&entry.value, take)),
    }
}

/// Host and port of a text that is an address and nothing else.
fn address(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let is_host = !host.is_empty()
        && host.len() < 254
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']' | '*' | '%'))
        && (!host.contains(':') || host.starts_with('[') && host.ends_with(']'));
    let port = port.parse().ok().filter(|_| port.bytes().all(|byte| byte.is_ascii_digit()))?;
    is_host.then_some((host, port))
}

/// Whether `number` stands in a text, on its own.
fn has_number(text: &str, number: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).any(|word| word == number)
}
