//! A directory with scenario files, and the program in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[path = "../desk/installed.rs"]
pub mod installed;

pub const GOOD: &str = "name: a client that closes is seen
tags: [tcp]
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - close:   client
  - expect:  { at: conn, eof: true }
";

pub const FAILING: &str = "name: an answer that is not as expected
tags: [tcp, slow]
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - send:    { from: conn, text: \"pong\" }
  - expect:  { at: client, text: \"PONG\" }
";

pub const SKIPPED: &str = "name: needs what no machine has
requires: [{ command: sockdrill-no-such-program }]
steps:
  - note: never said
";

pub const HANGING: &str = "name: nobody says anything
within: 600s
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - expect:  { at: client, text: \"hello\" }
";

pub const WRONG: &str = "name: a mistake
steps:
  - lisen: { as: server, at: 127.0.0.1:0 }
";

pub const NO_PROGRAM: &str = "name: a program that is not there
steps:
  - spawn: { as: app, run: [sockdrill-no-such-program] }
";

/// What a command said and how it ended.
pub struct Told {
    pub out: String,
    pub err: String,
    pub code: Option<i32>,
}

pub struct Desk(tempfile::TempDir);

impl Desk {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            let path = desk.path(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sockdrill"));
        command.args(arguments.split_whitespace()).current_dir(self.0.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let names = ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI", "COLUMNS"];
        for name in names.into_iter().chain(["GITHUB_ACTIONS", "GITHUB_WORKSPACE"]) {
            command.env_remove(name);
        }
        command
    }

    pub fn run(&self, arguments: &str) -> Told {
        told(self.command(arguments))
    }
}

pub fn told(mut command: Command) -> Told {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Told { out: text(output.stdout), err: text(output.stderr), code: output.status.code() }
}

/// What is in a directory.
pub fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
