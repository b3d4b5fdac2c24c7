//! How a command that drives sockets itself tells a failure, and which exit code it is.

use super::output::Output;
use crate::event::{Exit, Failure, FailureKind};
use crate::sink::printable;
use crate::text::ErrorKind;
use std::fmt::Write as _;

/// The exit code of a failure of `send`, `udp-send` and their like.
pub(super) fn exit_of(failure: &Failure) -> Exit {
    match failure.kind {
        FailureKind::Error(ErrorKind::Timeout) => Exit::TimedOut,
        FailureKind::Error(ErrorKind::Reset | ErrorKind::BrokenPipe | ErrorKind::Closed) => Exit::Ended,
        FailureKind::Error(ErrorKind::TooLong) | FailureKind::Unfilled => Exit::Usage,
        FailureKind::Error(_) | FailureKind::Process => Exit::Unreachable,
        FailureKind::Mismatch | FailureKind::WrongOutcome | FailureKind::TooSoon => Exit::Failed,
    }
}

/// Tells a failure: what was wanted and seen is drawn under the argument, everything else is a sentence and
/// ways out.
pub(super) fn tell(failure: &Failure, output: &Output) {
    if failure.wanted.is_some() || failure.seen.is_some() || failure.kind == FailureKind::Mismatch {
        output.problem(&failure.diagnostic());
    } else {
        // Scenarios are helped with operands, commands with flags.
        sentence(output, &failure.message, &in_flags(&failure.help));
    }
}

/// Ways out as the engine words them, with the operands that a command has flags for.
const FLAGS: &[(&str, &str)] = &[
    ("`retry: 10s`", "`--retry 10s`"),
    (
        "`interface: name` says which one, as in `interface: eth0`",
        "`--interface NAME` says which one, as in `--interface eth0`",
    ),
    ("`ca: file`", "`--ca FILE`"),
    ("`name: host`", "`--sni HOST`"),
    ("`insecure: true`", "`--insecure`"),
    (
        "both sides must shake hands at once: put them into `parallel`",
        "the peer accepted and did not answer the handshake; does it speak TLS?",
    ),
];

/// The same ways out in the words of commands.
pub(super) fn in_flags(help: &[String]) -> Vec<String> {
    let flags =
        |help: &String| FLAGS.iter().fold(help.clone(), |help, (operand, flag)| help.replace(operand, flag));
    help.iter().map(flags).collect()
}

/// One sentence, and the ways out below it.
pub(super) fn sentence(output: &Output, sentence: &str, hints: &[String]) {
    let error = styled(output, "error", anstyle::AnsiColor::Red);
    output.complain(&format!("{error}: {}\n{}", printable(sentence), lines_of(hints, output)));
}

/// Ways out that stand alone.
pub(super) fn hints(hints: &[String], output: &Output) {
    output.complain(&lines_of(hints, output));
}

fn lines_of(hints: &[String], output: &Output) -> String {
    let hint = styled(output, "hint", anstyle::AnsiColor::Cyan);
    hints.iter().fold(String::new(), |mut text, line| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{hint}: {}", printable(line));
        text
    })
}

fn styled(output: &Output, word: &str, color: anstyle::AnsiColor) -> String {
    if !output.styled_err() {
        return word.to_owned();
    }
    let style = anstyle::Style::new().bold().fg_color(Some(color.into()));
    format!("{style}{word}{style:#}")
}
