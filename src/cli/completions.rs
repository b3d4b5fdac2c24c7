//! `completions`: the script by which a shell asks this program what can follow, and the answers.

use super::completing;
use super::output::Output;
use crate::event::Exit;
use clap_complete::CompleteEnv;
use clap_complete::engine::complete;
use clap_complete::env::{EnvCompleter, Fish, Shells, Zsh};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

/// The variable by which the scripts ask.
const ASKS: &str = "SOCKDRILL_COMPLETE";
/// The program's name, as it is typed.
const NAME: &str = "sockdrill";

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:
  source <(sockdrill completions bash)         for this session; in ~/.bashrc for every one
  source <(sockdrill completions zsh)          the same in ~/.zshrc, after compinit
  sockdrill completions fish | source          the same in fish
  sockdrill completions bash > ~/.local/share/bash-completion/completions/sockdrill
  sockdrill completions fish > ~/.config/fish/completions/sockdrill.fish",
    after_help = "Commands and flags are completed, and values too: words that a flag takes, socket options, files, \
        interfaces, verbs, and the addresses at which something listens on this machine. The script asks the \
        `sockdrill` that is found in PATH, so it goes on being right when that one is replaced."
)]
pub(super) struct Args {
    /// Which shell: bash, zsh or fish
    #[arg(value_name = "SHELL", value_enum, hide_possible_values = true)]
    shell: Shell,
}

/// A shell that can be helped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

pub(super) fn run(args: &Args, output: &Output) -> Exit {
    let shell: &dyn EnvCompleter = match args.shell {
        Shell::Bash => &WholeWords,
        Shell::Zsh => &Autoloaded,
        Shell::Fish => &Fish,
    };
    let mut script = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = shell.write_registration(ASKS, NAME, NAME, NAME, &mut script);
    output.say(&String::from_utf8_lossy(&script));
    Exit::Done
}

/// Answers a shell that asks; `None` where this is an ordinary call. What cannot be completed is answered
/// with nothing: the line that is being typed is no place for complaints.
pub(super) fn answered(arguments: &[OsString]) -> Option<Exit> {
    std::env::var_os(ASKS)?;
    let shells: [&dyn EnvCompleter; 3] = [&WholeWords, &Autoloaded, &Fish];
    let asked = CompleteEnv::with_factory(completing::command).var(ASKS).shells(Shells(&shells));
    let directory = std::env::current_dir().ok();
    match asked.try_complete(arguments, directory.as_deref()) {
        Ok(false) => None,
        Ok(true) => Some(Exit::Done),
        Err(_) => Some(Exit::Usage),
    }
}

/// bash, whose words end at `=`, `:` and `@` too: `--view=hex`, `localhost:80` and `@file` come to a completer in pieces. They
/// are put together again, and what stands before the last piece is taken off the answers.
struct WholeWords;

const BASH: &str = r#"_sockdrill() {
    local IFS=$'\n' words=() word glue= index=0 i rest=$COMP_LINE
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        # Pieces of one word have no blank between them on the line.
        if [[ $i -gt 0 && $word && ( $word == [=:@]* || $glue ) && $rest == "$word"* ]]; then
            words[index]+=$word
        else
            ((i)) && ((++index))
            words[index]=$word
        fi
        rest=${rest#*"$word"}
        [[ $word == *[=:@] ]] && glue=yes || glue=
    done
    # What is put in the place of the last piece: of `@file` that is all, though it comes in two.
    local whole=${words[index]} piece=$2 before
    [[ $whole == *"$piece" ]] || piece=${COMP_WORDS[COMP_CWORD]}
    before=${whole%"$piece"}
    COMPREPLY=($(VAR=bash _CLAP_COMPLETE_INDEX=$index COMPLETER -- "${words[@]}" 2>/dev/null))
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:/@] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
if [[ ${BASH_VERSINFO[0]} -gt 4 || ( ${BASH_VERSINFO[0]} -eq 4 && ${BASH_VERSINFO[1]} -ge 4 ) ]]; then
    complete -o bashdefault -o nosort -F _sockdrill BIN
else
    complete -o bashdefault -F _sockdrill BIN
fi
"#;

impl EnvCompleter for WholeWords {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == "bash"
    }

    fn write_registration(
        &self,
        var: &str,
        _name: &str,
        bin: &str,
        completer: &str,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        let script = BASH.replace("VAR", var).replace("COMPLETER", completer).replace("BIN", bin);
        to.write_all(script.as_bytes())
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        words: Vec<OsString>,
        directory: Option<&Path>,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        let index = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|index| index.parse().ok());
        let index = index.unwrap_or(words.len().saturating_sub(1));
        for candidate in complete(command, words, index, directory)? {
            writeln!(to, "{}", candidate.get_value().to_string_lossy())?;
        }
        Ok(())
    }
}

/// zsh, where the script is either read at the start or loaded by the first Tab, which wants its answer too.
struct Autoloaded;

impl EnvCompleter for Autoloaded {
    fn name(&self) -> &'static str {
        "zsh"
    }

    fn is(&self, name: &str) -> bool {
        name == "zsh"
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        completer: &str,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        Zsh.write_registration(var, name, bin, completer, to)?;
        writeln!(to, "[[ ${{funcstack[1]}} == _{name} ]] && _clap_dynamic_completer_{name} \"$@\"")?;
        // Read at the start, the last test fails; that is no failure of the script.
        writeln!(to, "true")
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        words: Vec<OsString>,
        directory: Option<&Path>,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        Zsh.write_complete(command, words, directory, to)
    }
}
