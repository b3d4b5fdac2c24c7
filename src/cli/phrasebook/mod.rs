//! Phrasebooks: what users of nc, ncat and socat type, what it is here, and what differs. `help from-nc` and
//! docs/phrasebook.md are these tables; a test runs every command of ours in them.

mod nc;
mod ncat;
mod socat;

use super::output::Output;
use super::wrapping::wrapped;
use crate::sink::{columns, pad};
pub use nc::NC;
pub use ncat::NCAT;
pub use socat::SOCAT;
use std::fmt::Write as _;

/// One command of theirs in ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phrase {
    /// What is typed there.
    pub theirs: &'static str,
    /// What is typed here; empty where there is nothing of the kind.
    pub ours: &'static str,
    /// What is not the same.
    pub differs: &'static str,
}

/// The phrases of one program.
#[derive(Debug, Clone, Copy)]
pub struct Phrasebook {
    /// The program, as it is typed.
    pub program: &'static str,
    /// Which of its kinds is meant, and what is true of all phrases.
    pub about: &'static str,
    /// The phrases.
    pub phrases: &'static [Phrase],
}

const fn phrase(theirs: &'static str, ours: &'static str, differs: &'static str) -> Phrase {
    Phrase { theirs, ours, differs }
}

/// All of them.
pub const ALL: [&Phrasebook; 3] = [&NC, &NCAT, &SOCAT];

/// What `ours` is where there is nothing.
const NOTHING: &str = "(none)";

/// A phrasebook in two columns; what differs stands below ours.
pub(super) fn text(book: &Phrasebook) -> String {
    let mut text = format!("From {} to sockdrill\n\n{}\n", book.program, book.about);
    let left = book.phrases.iter().map(|phrase| columns(phrase.theirs)).filter(|width| *width <= 42).max();
    let left = left.unwrap_or(0);
    let room = Output::width().saturating_sub(left + 4).clamp(30, 80);
    for phrase in book.phrases {
        let ours = if phrase.ours.is_empty() { NOTHING } else { phrase.ours };
        // Writing to a String cannot fail.
        let _ = if columns(phrase.theirs) > left {
            writeln!(text, "\n  {}\n  {}  {ours}", phrase.theirs, pad("", left))
        } else {
            writeln!(text, "\n  {}  {ours}", pad(phrase.theirs, left))
        };
        for line in wrapped(phrase.differs, room) {
            let _ = writeln!(text, "  {}    {line}", pad("", left));
        }
    }
    text.push_str("\nsockdrill help exit-codes says what the exit codes say.\n");
    text
}

/// The page docs/phrasebook.md.
pub fn markdown() -> String {
    let mut page = "# From nc, ncat and socat to sockdrill

What you type there, what it is here, and what differs. `sockdrill help from-nc`, `from-ncat` and `from-socat` say
the same; every command of ours below is run by a test. The page is written from the table in
`src/cli/phrasebook/`: `UPDATE=1 cargo test --test docs`.

Three things differ everywhere. What listens does so on loopback, unless the address says otherwise. Who ended a
connection and how is always said, and is the exit code. What a stranger sends is escaped where a person looks, and
unaltered where a program reads.
"
    .to_owned();
    let cell = |text: &str| text.replace('|', "\\|");
    for book in ALL {
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "\n## {}\n\n{}\n\n| {} | sockdrill | what differs |\n| --- | --- | --- |\n",
            book.program, book.about, book.program
        );
        for phrase in book.phrases {
            let ours =
                if phrase.ours.is_empty() { NOTHING.to_owned() } else { format!("`{}`", cell(phrase.ours)) };
            let _ = writeln!(page, "| `{}` | {ours} | {} |", cell(phrase.theirs), cell(phrase.differs));
        }
    }
    page
}
