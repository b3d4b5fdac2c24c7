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
//! habits    flags that fingers know from nc
//! secured   what TLS needs of this machine
//! reports   the flags that ask for reports, and their sinks
//! output    the only writers to stdout and stderr; colour, width
//! signals   SIGINT, SIGTERM and SIGHUP raise `Stop`
//! ```

mod accept;
mod address;
mod arguments;
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
mod serve_command;
mod serve_draft;
mod showing;
mod signals;
mod stdin;
mod step;
mod tags;
mod telling;
mod udp_recv;
mod udp_send;
mod udp_telling;
mod watch;
mod wrapping;

use crate::event::Exit;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};
use output::{Output, When};
use std::ffi::OsString;

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
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Connect, send, half-close, print the answer, say how it ended
    Send(Box<send_args::Args>),
    /// Send datagrams: one, many, at a rate, waiting for answers
    UdpSend(Box<udp_send::Args>),
    /// Show each datagram that comes; count, measure, answer
    UdpRecv(Box<udp_recv::Args>),
    /// Listen and serve: show, echo, discard, answer, misbehave
    Serve(Box<serve_args::Args>),
    /// Play scenario files and directories
    Replay(Box<replay_args::Args>),
    /// Find mistakes in scenario files without opening a socket
    Check(check::Args),
    /// Try steps one by one at a prompt, and save them as a scenario
    Repl(repl::Args),
    /// Make reports of a past run from its event stream
    Report(report::Args),
    /// Print a JSON Schema of scenario files, or of the event stream
    Schema(schema::Args),
    /// Explain a command, a verb or a topic
    Help(help::Args),
    /// Print the script that completes commands, flags and values in a shell
    Completions(completions::Args),
    /// Print manual pages
    Man(man::Args),
}

/// Runs the command that `arguments` (the program's name first) say, and tells how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(exit) = completions::answered(&arguments) {
        return exit;
    }
    let command = arguments.get(1).map(|word| word.to_string_lossy().into_owned());
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(mut error) => {
            habits::explain(&mut error, command.as_deref());
            return refused(&error);
        }
    };
    let output = Output::new(cli.color);
    let exit = match &cli.command {
        Command::Send(args) => send::run(args, &output),
        Command::UdpSend(args) => udp_send::run(args, &output),
        Command::UdpRecv(args) => udp_recv::run(args, &output),
        Command::Serve(args) => serve::run(args, &output),
        Command::Replay(args) => replay::run(args, &output),
        Command::Check(args) => check::run(args, &output),
        Command::Repl(args) => repl::run(args, &output),
        Command::Report(args) => report::run(args, &output),
        Command::Schema(args) => schema::run(args, &output),
        Command::Help(args) => help::run(args, &output),
        Command::Completions(args) => completions::run(args, &output),
        Command::Man(args) => man::run(args, &output),
    };
    output.closing(exit)
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
