//! What can stand where a shell asks: for each kind of value, by the name that the help gives it.

use super::help::topics;
use super::whole;
use crate::engine::listeners;
use crate::script::verbs::VERBS;
use crate::text::{SocketOption, Takes};
use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter};
use std::ffi::OsStr;

/// The program's arguments, each value with what completes it.
pub(super) fn command() -> Command {
    let mut command = whole();
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(&name, |sub| {
            let ids: Vec<_> = sub.get_arguments().map(|argument| argument.get_id().clone()).collect();
            ids.into_iter().fold(sub, |sub, id| sub.mut_arg(id, |argument| completed(&name, argument)))
        });
    }
    command
}

/// The argument with the completer of its value's name, unless its own values are known.
fn completed(command: &str, argument: Arg) -> Arg {
    let Some(first) = argument.get_value_names().and_then(|names| names.first()) else { return argument };
    let udp = command.starts_with("udp-");
    let at = |place| ArgValueCompleter::new(Addressed { place, udp });
    let completer = match (first.as_str(), command) {
        ("ADDR", "serve" | "udp-recv") => at(Place::Here),
        ("ADDR", _) => at(Place::There),
        ("FILE" | "PATH" | "DIR", _) => ArgValueCompleter::new(PathCompleter::any()),
        ("RUN", _) => ArgValueCompleter::new(PathCompleter::any().stdio()),
        ("NAME=VALUE", _) => ArgValueCompleter::new(settings),
        ("INTERFACE", _) => ArgValueCompleter::new(interfaces),
        ("PATTERN", _) => ArgValueCompleter::new(|typed: &OsStr| payloads(typed, PATTERNS)),
        ("DATA", _) => ArgValueCompleter::new(|typed: &OsStr| payloads(typed, PAYLOADS)),
        ("TOPIC", _) => ArgValueCompleter::new(|typed: &OsStr| beginning(typed, topics())),
        ("VERB", _) => {
            ArgValueCompleter::new(|typed: &OsStr| beginning(typed, VERBS.iter().map(|verb| verb.name)))
        }
        ("COMMAND", "man") => ArgValueCompleter::new(|typed: &OsStr| beginning(typed, subcommands())),
        _ => return argument,
    };
    argument.add(completer)
}

fn subcommands() -> Vec<String> {
    whole().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

/// Those of `words` that begin with what is typed.
fn beginning<T: Into<String>>(typed: &OsStr, words: impl IntoIterator<Item = T>) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let words = words.into_iter().map(Into::into).filter(|word: &String| word.starts_with(&*typed));
    words.map(CompletionCandidate::new).collect()
}

/// How payloads begin that are no text, and patterns.
const PAYLOADS: &[&str] = &["@", "hex:"];
const PATTERNS: &[&str] = &["re:", "contains:", "starts:", "eof", "reset", "@", "hex:"];

/// A payload: what it can begin with, and after `@` the files.
fn payloads(typed: &OsStr, words: &[&str]) -> Vec<CompletionCandidate> {
    match typed.to_string_lossy().strip_prefix('@') {
        Some(path) => {
            let files = PathCompleter::any().complete(OsStr::new(path));
            files.into_iter().map(|file| file.add_prefix("@")).collect()
        }
        None => beginning(typed, words.iter().copied()),
    }
}

/// `name=`, and the values where they are few.
fn settings(typed: &OsStr) -> Vec<CompletionCandidate> {
    let named = typed.to_string_lossy().contains('=');
    let rows = SocketOption::TABLE.iter().flat_map(|(_, name, takes, _)| match takes {
        _ if !named => vec![format!("{name}=")],
        Takes::Bool => vec![format!("{name}=true"), format!("{name}=false")],
        Takes::SecondsOrOff => vec![format!("{name}=off"), format!("{name}=0s")],
        _ => Vec::new(),
    });
    beginning(typed, rows)
}

/// The machine's network interfaces.
fn interfaces(typed: &OsStr) -> Vec<CompletionCandidate> {
    let entries = std::fs::read_dir("/sys/class/net").into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    beginning(typed, names)
}

/// Where the other end of a command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    There,
    Here,
}

/// ADDR, and DATA after it.
#[derive(Debug, Clone, Copy)]
struct Addressed {
    place: Place,
    udp: bool,
}

impl ValueCompleter for Addressed {
    fn complete(&self, typed: &OsStr) -> Vec<CompletionCandidate> {
        if let Some(path) = typed.to_string_lossy().strip_prefix("unix:") {
            let files = PathCompleter::any().complete(OsStr::new(path));
            return files.into_iter().map(|file| file.add_prefix("unix:")).collect();
        }
        let mut words: Vec<String> = match self.place {
            Place::There => listeners(self.udp).iter().map(ToString::to_string).collect(),
            Place::Here => ["0", "127.0.0.1:", "*:"].map(str::to_owned).into(),
        };
        if self.place == Place::There {
            words.push("localhost:".to_owned());
        }
        if !self.udp {
            words.push("unix:".to_owned());
        }
        beginning(typed, words)
    }

    fn complete_at(&self, index: usize, typed: &OsStr) -> Vec<CompletionCandidate> {
        // The first word and the second both come with the number 0.
        let mut found = if index == 0 { self.complete(typed) } else { Vec::new() };
        if self.place == Place::There {
            found.extend(payloads(typed, PAYLOADS));
        }
        found
    }
}
