//! Commands of the prompt: what is no step. Their table is what completion and `help` read.

use crate::text::parse_duration;
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
    Save { file: PathBuf, all: bool },
    Run(PathBuf),
    Undo,
    Within(Duration),
    View(View),
    Vars,
    Help(Option<String>),
    Clear,
    Quit,
}

/// Word, what follows it, and one sentence for each.
pub(super) const COMMANDS: &[(&str, &str, &str)] = &[
    ("sockets", "", "what is open, how the kernel sees it, what waits, bytes each way"),
    ("show", "NAME", "what passed at a socket, as hex and text"),
    ("timeline", "", "what happened so far, as a ladder between sockets"),
    ("save", "FILE [--all]", "make a scenario of the steps that worked; --all: failures too, as `fails:`"),
    ("run", "FILE", "run the steps of a scenario here"),
    ("undo", "", "leave the last line out of what is saved"),
    ("set within", "DURATION", "the deadline of steps that name none"),
    ("set view", "text|hex", "how bytes are shown"),
    ("vars", "", "variables and what they hold"),
    ("help", "[VERB]", "this, or what a verb takes"),
    ("clear", "", "clear the screen"),
    ("quit", "", "close everything and leave; Ctrl-D does too"),
];

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
        ("set", ["within", value]) => parse_duration(value).map(Command::Within),
        ("set", ["within"]) => Err("`set within` takes a duration, as in `set within 2s`".to_owned()),
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

fn save(rest: &[&str]) -> Result<Command, String> {
    let all = rest.contains(&"--all");
    let files: Vec<&&str> = rest.iter().filter(|word| **word != "--all").collect();
    match files.as_slice() {
        [file] if !file.starts_with('-') => Ok(Command::Save { file: unquoted(file), all }),
        _ => Err("`save` takes one file, and `--all` if you like, as in `save greeting.yaml`".to_owned()),
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
        assert_eq!(read("send conn x"), None);
        let save = Command::Save { file: "a.yaml".into(), all: true };
        assert_eq!(read("save --all a.yaml"), Some(Ok(save)));
        assert!(matches!(read("show"), Some(Err(_))));
        assert!(matches!(read("sockets x"), Some(Err(_))));
    }

    #[test]
    fn every_command_of_the_table_is_one() {
        for (word, operands, _) in COMMANDS {
            let operands =
                operands.replace("DURATION", "1s").replace("text|hex", "hex").replace("[VERB]", "");
            let text = format!("{word} {}", operands.replace("[--all]", ""));
            assert!(matches!(read(&text), Some(Ok(_))), "{text}");
        }
    }
}
