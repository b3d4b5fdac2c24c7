//! Commands of the prompt: what is no step. Their table is what completion and `help` read.

use crate::script::verbs::{VERBS, verb};
use crate::text::{did_you_mean, parse_duration};
use std::path::PathBuf;
use std::time::Duration;

/// How bytes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// In payload notation.
    Text,
    /// As a hex dump.
    Hex,
}

/// A command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Sockets,
    Show(String),
    Timeline,
    Save(Save),
    Run(PathBuf),
    Undo,
    Within(Duration),
    View(View),
    Vars,
    Help(Option<String>),
    Clear,
    Quit,
}

/// What is to be saved, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Save {
    pub file: PathBuf,
    /// Failures too, as `fails:`.
    pub all: bool,
    /// Over whatever is there.
    pub force: bool,
}

/// A row of the commands' table.
pub(super) struct Row {
    /// Its word, or its two words.
    pub name: &'static str,
    /// What follows.
    pub takes: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// How it is typed.
    pub example: &'static str,
}

const fn row(name: &'static str, takes: &'static str, help: &'static str, example: &'static str) -> Row {
    Row { name, takes, help, example }
}

/// What completion, hints and `help` read.
pub(super) const COMMANDS: &[Row] = &[
    row("sockets", "", "what is open, how the kernel sees it, what waits, bytes each way", "sockets"),
    row("show", "NAME", "what passed at a socket, as hex and text", "show conn"),
    row("timeline", "", "what happened so far, as a ladder between sockets", "timeline"),
    row(
        "save",
        "FILE [--all] [--force]",
        "make a scenario of the steps that worked; --all: failures too, as `fails=`; --force: over a file that is there",
        "save greeting.yaml",
    ),
    row("run", "FILE", "run the steps of a scenario here", "run greeting.yaml"),
    row("undo", "", "leave the last line out of what is saved", "undo"),
    row("set within", "DURATION", "the deadline of steps that name none", "set within 2s"),
    row("set view", "text|hex", "how bytes are shown", "set view hex"),
    row("vars", "", "variables and what they hold", "vars"),
    row("help", "[VERB]", "this, or what a verb takes", "help expect"),
    row("clear", "", "clear the screen", "clear"),
    row("quit", "", "close everything and leave; Ctrl-D does too", "quit"),
];

/// The command whose words `words` begin with, and how many those are.
pub(super) fn begun(words: &[&str]) -> Option<(&'static Row, usize)> {
    COMMANDS.iter().find_map(|row| {
        let count = row.name.split(' ').count();
        row.name.split(' ').eq(words.iter().copied().take(count)).then_some((row, count))
    })
}

/// Reads a statement that is a command; none if it is a step. The error is one sentence.
pub(super) fn read(text: &str) -> Option<Result<Command, String>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (word, rest) = words.split_first()?;
    let plain = |command: Command| {
        if rest.is_empty() { Ok(command) } else { Err(format!("`{word}` takes nothing more")) }
    };
    Some(match (*word, rest) {
        ("sockets", _) => plain(Command::Sockets),
        ("show", [name]) => Ok(Command::Show((*name).to_owned())),
        ("show", _) => Err("`show` takes the name of one socket, as in `show conn`".to_owned()),
        ("timeline", _) => plain(Command::Timeline),
        ("save", _) => save(rest),
        ("run", [file]) => Ok(Command::Run(unquoted(file))),
        ("run", _) => {
            Err("`run` takes one file, as in `run greeting.yaml`; a program is started with `spawn`"
                .to_owned())
        }
        ("undo", _) => plain(Command::Undo),
        // An option follows: that is a step on a socket called so.
        ("set", ["within" | "view", option, ..]) if option.contains('=') => return None,
        ("set", ["within", value]) => parse_duration(value).map(Command::Within),
        ("set", ["within", ..]) => Err("`set within` takes a duration, as in `set within 2s`".to_owned()),
        ("set", ["view", "text"]) => Ok(Command::View(View::Text)),
        ("set", ["view", "hex"]) => Ok(Command::View(View::Hex)),
        ("set", ["view", ..]) => Err("a view is `text` or `hex`".to_owned()),
        ("vars", _) => plain(Command::Vars),
        ("help" | "?", []) => Ok(Command::Help(None)),
        ("help" | "?", topic) => Ok(Command::Help(Some(topic.join(" ")))),
        ("clear", _) => plain(Command::Clear),
        ("quit" | "exit", _) => plain(Command::Quit),
        _ => return None,
    })
}

/// The command that a statement which is no step was most likely meant to begin with.
pub(super) fn near(text: &str) -> Option<&'static str> {
    let word = text.split_whitespace().next()?;
    let commands = || COMMANDS.iter().filter_map(|row| row.name.split(' ').next());
    let verbs = VERBS.iter().map(|verb| verb.name);
    let near = did_you_mean(word, commands().chain(verbs))?;
    (verb(word).is_none() && commands().any(|name| name == near)).then_some(near)
}

fn save(rest: &[&str]) -> Result<Command, String> {
    let (flags, files): (Vec<&str>, Vec<&str>) = rest.iter().partition(|word| word.starts_with('-'));
    let known = flags.iter().all(|flag| ["--all", "--force"].contains(flag));
    match files.as_slice() {
        [file] if known => Ok(Command::Save(Save {
            file: unquoted(file),
            all: flags.contains(&"--all"),
            force: flags.contains(&"--force"),
        })),
        _ => {
            let takes =
                "`save` takes one file, `--all` and `--force` if you like, as in `save greeting.yaml`";
            Err(takes.to_owned())
        }
    }
}

fn unquoted(word: &str) -> PathBuf {
    PathBuf::from(word.trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_steps() {
        assert_eq!(read("set within 2s"), Some(Ok(Command::Within(Duration::from_secs(2)))));
        assert_eq!(read("set client nodelay=true"), None);
        assert_eq!(read("set view nodelay=true"), None, "a socket may be called so");
        assert_eq!(read("send conn x"), None);
        let save = |all, force| Some(Ok(Command::Save(Save { file: "a.yaml".into(), all, force })));
        assert_eq!(read("save --all a.yaml"), save(true, false));
        assert_eq!(read("save --all a.yaml --force"), save(true, true));
        assert!(matches!(read("save a.yaml --every"), Some(Err(_))));
        assert!(matches!(read("show"), Some(Err(_))));
        assert!(matches!(read("sockets x"), Some(Err(_))));
    }

    #[test]
    fn a_slip_is_told_from_that_of_a_verb() {
        assert_eq!(near("hlep expect"), Some("help"));
        assert_eq!(near("sokets"), Some("sockets"));
        assert_eq!(near("conect c s"), None);
        assert_eq!(near("send"), None);
    }

    #[test]
    fn every_command_of_the_table_is_one() {
        for row in COMMANDS {
            assert!(matches!(read(row.example), Some(Ok(_))), "{}", row.example);
            assert!(row.example.starts_with(row.name));
        }
    }
}
