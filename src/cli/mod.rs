//! F5, the command line: typed arguments, one file a command, flags to sinks, verdicts to exit codes.
//!
//! ```text
//! replay    plays scenarios    find -> read -> select (tags, order) -> sinks -> engine -> exit code
//! check     reads and checks   find -> read
//! repl      the prompt; scripted, the same steps from a pipe or an argument
//! report    makes reports      past -> sinks
//! schema    of scenario files and of the event stream
//! help      topics, verbs, phrasebooks
//! completions man   what shells and man(1) want to know   the same arguments; completing: their values
//! send      connects, sends, shows the answer     draft -> conversation -> exit code
//! udp_send udp_recv             datagrams               draft -> sending, receiving -> exit code
//! serve     listens and serves clients             draft -> server -> exit code
//! address payload arguments telling stdin ending  what the commands that drive sockets share
//! rounds    --until-fail, --for
//! accept watch step    --accept, --watch, --step
//! clashes   flags of replay that do not go together
//! as_typed  flags are named as they were typed
//! not_text  arguments that are not UTF-8, where text is wanted
//! habits address_habits         flags and addresses that fingers know from nc and socat
//! secured   what TLS needs of this machine
//! reports   the flags that ask for reports, and their sinks
//! begun     the process, where C begins it
//! output    the only writers to stdout and stderr; colour, width
//! signals   SIGINT, SIGTERM and SIGHUP raise `Stop`
//! ```

mod accept;
mod address;
mod address_habits;
mod arguments;
mod as_typed;
mod begun;
mod check;
mod clashes;
mod completing;
mod completions;
mod draft;
mod ending;
mod find;
pub mod flags;
mod habits;
mod help;
mod list;
mod man;
mod not_text;
mod order;
mod output;
mod past;
mod payload;
pub mod phrasebook;
mod read;
mod repl;
mod replay;
mod replay_args;
mod report;
mod reports;
mod rounds;
mod scenario;
mod schema;
mod secured;
mod select;
mod send;
mod send_args;
mod send_draft;
mod send_job;
mod send_progress;
mod serve;
mod serve_args;
mod serve_clashes;
mod serve_command;
mod serve_draft;
mod showing;
mod signals;
mod stdin;
mod step;
mod tags;
mod telling;
mod udp_draft;
mod udp_recv;
mod udp_send;
mod udp_send_args;
mod udp_telling;
mod watch;
mod wrapping;

pub use begun::begun_bare;

use crate::event::Exit;
use clap::builder::styling::{AnsiColor, Styles};
use clap::error::ErrorKind;
use clap::{ArgMatches, Args as _, CommandFactory as _, FromArgMatches, Parser};
use output::{Output, When};
use std::borrow::Cow;
use std::ffi::OsString;
use std::mem::ManuallyDrop;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Green.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Drives TCP and UDP conversations and says exactly what happened.
#[derive(Debug, Parser)]
#[command(
    name = "sockdrill",
    version,
    styles = STYLES,
    propagate_version = true,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    subcommand_required = true,
    max_term_width = 100,
    before_help = "Examples:
  sockdrill send localhost:6379 'PING\\r\\n'   connect, send, show the answer, say how it ended
  sockdrill serve 9000 --echo                a server that sends back what comes
  sockdrill replay scenarios/                play every scenario below a directory
  sockdrill repl                             the same steps at a prompt
  sockdrill help from-nc                     what nc, socat and ncat users look for"
)]
struct Cli {
    /// When to use colour
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_possible_values = true
    )]
    #[arg(help = "When to use colour: auto, always or never")]
    color: When,
}

/// A command: its name, what the list of commands says of it, its arguments, and what it does.
struct Row {
    name: &'static str,
    about: &'static str,
    describe: fn(clap::Command) -> clap::Command,
    run: fn(ArgMatches, &Output) -> Result<Exit, clap::Error>,
}

/// Every command, in the order in which the help lists them.
static COMMANDS: &[Row] = &[
    Row {
        name: "send",
        about: "Connect, send, half-close, print the answer, say how it ended",
        describe: send_args::Args::augment_args,
        run: |given, output| Ok(send::run(&typed(given)?, output)),
    },
    Row {
        name: "udp-send",
        about: "Send datagrams: one, many, at a rate, waiting for answers",
        describe: udp_send_args::Args::augment_args,
        run: |given, output| Ok(udp_send::run(&typed(given)?, output)),
    },
    Row {
        name: "udp-recv",
        about: "Show each datagram that comes; count, measure, answer",
        describe: udp_recv::Args::augment_args,
        run: |given, output| Ok(udp_recv::run(&typed(given)?, output)),
    },
    Row {
        name: "serve",
        about: "Listen and serve: show, echo, discard, answer, misbehave",
        describe: serve_args::Args::augment_args,
        run: |given, output| Ok(serve::run(&typed(given)?, output)),
    },
    Row {
        name: "replay",
        about: "Play scenario files and directories",
        describe: replay_args::Args::augment_args,
        run: |given, output| Ok(replay::run(&typed(given)?, output)),
    },
    Row {
        name: "check",
        about: "Find mistakes in scenario files without opening a socket",
        describe: check::Args::augment_args,
        run: |given, output| Ok(check::run(&typed(given)?, output)),
    },
    Row {
        name: "repl",
        about: "Try steps one by one at a prompt, and save them as a scenario",
        describe: repl::Args::augment_args,
        run: |given, output| Ok(repl::run(&typed(given)?, output)),
    },
    Row {
        name: "report",
        about: "Make reports of a past run from its event stream",
        describe: report::Args::augment_args,
        run: |given, output| Ok(report::run(&typed(given)?, output)),
    },
    Row {
        name: "schema",
        about: "Print a JSON Schema of scenario files, or of the event stream",
        describe: schema::Args::augment_args,
        run: |given, output| Ok(schema::run(&typed(given)?, output)),
    },
    Row {
        name: "help",
        about: "Explain a command, a verb or a topic",
        describe: help::Args::augment_args,
        run: |given, output| Ok(help::run(&typed(given)?, output)),
    },
    Row {
        name: "completions",
        about: "Print the script that completes commands, flags and values in a shell",
        describe: completions::Args::augment_args,
        run: |given, output| Ok(completions::run(&typed(given)?, output)),
    },
    Row {
        name: "man",
        about: "Print manual pages",
        describe: man::Args::augment_args,
        run: |given, output| Ok(man::run(&typed(given)?, output)),
    },
];

fn typed<A: FromArgMatches>(mut given: ArgMatches) -> Result<A, clap::Error> {
    A::from_arg_matches_mut(&mut given)
}

impl Row {
    fn described(&self) -> clap::Command {
        (self.describe)(clap::Command::new(self.name)).about(self.about).long_about(None)
    }
}

/// `--wait -1` gives the flag a value, and what that value cannot be is said; else it would be taken for a
/// flag that nobody knows.
fn taking_negative_numbers(argument: clap::Arg) -> clap::Arg {
    let has_value = argument.get_num_args().is_none_or(|count| count.min_values() > 0);
    let takes = argument.get_action().takes_values() && has_value && !argument.is_positional();
    argument.allow_negative_numbers(takes)
}

fn may_be_negative(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit() || first == '.'))
}

/// The whole command line, every command described.
fn whole() -> clap::Command {
    Cli::command().subcommands(COMMANDS.iter().map(Row::described))
}

/// What `words` need of it, of which the first is a command: describing every command takes longer than a short
/// exchange does, and so does going over each flag of one for a number that is not there. Whatever is not plainly
/// a command is for the whole to judge.
fn needed(words: &[Cow<'_, str>]) -> clap::Command {
    let word = words.first().map(AsRef::as_ref);
    match COMMANDS.iter().find(|row| Some(row.name) == word) {
        Some(row) if words.iter().any(|word| may_be_negative(word)) => {
            Cli::command().subcommand(row.described().mut_args(taking_negative_numbers))
        }
        Some(row) => Cli::command().subcommand(row.described()),
        None if matches!(word, Some("--version" | "-V")) => Cli::command(),
        None => whole(),
    }
}

/// Runs the command that `arguments` (the program's name first) say, and tells how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(exit) = completions::answered(&arguments) {
        return exit;
    }
    if let Some(exit) = without_flags(&arguments) {
        return exit;
    }
    let words: Vec<Cow<'_, str>> = arguments.iter().skip(1).map(|word| word.to_string_lossy()).collect();
    match parsed_and_run(needed(&words), &arguments) {
        Ok(exit) => exit,
        Err(error) if error.kind() == ErrorKind::InvalidUtf8 => {
            let refusal = |given: &[OsString]| Some(needed(&words).try_get_matches_from(given).err()?.kind());
            not_text::explained(&arguments, refusal).map_or_else(
                || refused(&error),
                |problem| {
                    Output::new(When::default()).problem(&problem);
                    Exit::Usage
                },
            )
        }
        Err(mut error) => {
            let command = words.first().map(AsRef::as_ref);
            habits::explain(&mut error, command);
            if let Some(row) = COMMANDS.iter().find(|row| Some(row.name) == command) {
                as_typed::name_flags(&mut error, &words, &row.described());
            }
            refused(&error)
        }
    }
}

/// Runs a line that is nothing but words. To describe forty flags and find none of them takes a quarter of the time
/// of a short exchange; whatever may be a flag, and whatever lacks something, is the parser's.
fn without_flags(arguments: &[OsString]) -> Option<Exit> {
    let word =
        |argument: &OsString| argument.to_str().filter(|word| !word.starts_with('-')).map(str::to_owned);
    let words: Vec<String> = arguments.iter().skip(1).map(word).collect::<Option<_>>()?;
    let (command, words) = words.split_first().filter(|(_, words)| !words.is_empty())?;
    let (words, output) = (words.to_vec(), Output::new(When::default()));
    let exit = match command.as_str() {
        "send" => send::run(&send_args::Args { words, ..Default::default() }, &output),
        "udp-send" => udp_send::run(&udp_send_args::Args { words, ..Default::default() }, &output),
        _ => return None,
    };
    Some(output.closing(exit))
}

fn parsed_and_run(cli: clap::Command, arguments: &[OsString]) -> Result<Exit, clap::Error> {
    // It goes with the process: to free its thousand pieces one by one takes longer than to listen and connect.
    let mut cli = ManuallyDrop::new(cli);
    let mut given = cli.try_get_matches_from_mut(arguments)?;
    let output = Output::new(Cli::from_arg_matches_mut(&mut given)?.color);
    let Some((name, given)) = given.remove_subcommand() else {
        return Err(cli.error(ErrorKind::MissingSubcommand, "a command is missing"));
    };
    let Some(row) = COMMANDS.iter().find(|row| row.name == name) else {
        return Err(cli.error(ErrorKind::InvalidSubcommand, "there is no such command"));
    };
    (row.run)(given, &output).map(|exit| output.closing(exit))
}

/// Help and version, asked for, go to stdout; a usage mistake goes to stderr.
fn refused(error: &clap::Error) -> Exit {
    let output = Output::new(When::default());
    let text = error.render();
    if error.use_stderr() {
        output.complain(&if output.styled_err() { text.ansi().to_string() } else { text.to_string() });
        return Exit::Usage;
    }
    output.say(&if output.styled_out() { text.ansi().to_string() } else { text.to_string() });
    output.closing(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the parser makes of these words.
    fn parsed<A: clap::Args>(words: &[&str]) -> A {
        let described = A::augment_args(clap::Command::new("sockdrill"));
        let mut given = described.try_get_matches_from([&["sockdrill"], words].concat()).unwrap();
        A::from_arg_matches_mut(&mut given).unwrap()
    }

    #[test]
    fn words_alone_are_what_the_parser_makes_of_them() {
        for line in
            [&["localhost:1"][..], &["localhost", "1", "a b", "", "@f"], &[":1", "hex:00", "a=b", "é"]]
        {
            let words: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
            let bare = send_args::Args { words: words.clone(), ..Default::default() };
            assert_eq!(format!("{bare:?}"), format!("{:?}", parsed::<send_args::Args>(line)));
            let bare = udp_send_args::Args { words, ..Default::default() };
            assert_eq!(format!("{bare:?}"), format!("{:?}", parsed::<udp_send_args::Args>(line)));
        }
    }
}
