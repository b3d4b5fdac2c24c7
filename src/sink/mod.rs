//! F3c, telling: everything a person or a CI system sees is made from events by one of these.
//!
//! ```text
//! terminal    result lines and failures, transcripts on request       (transcript, fold, screen)
//! progress    a bar while it lasts
//! prompt      facts as they come, arrivals marked
//! jsonl       the event stream, one JSON object a line                (wire; read is its inverse)
//! junit       a report for CI systems                                 (fold, whole_file)
//! ```

mod calm;
mod fold;
mod jsonl;
mod junit;
mod layout;
mod progress;
mod prompt;
mod read;
mod screen;
mod terminal;
mod transcript;
mod whole_file;
mod wire;

pub use calm::{Calm, in_words};
pub use jsonl::{FORMAT, Jsonl};
pub use junit::Junit;
pub use layout::Layout;
pub use progress::{AboveBar, Progress};
pub use prompt::Prompt;
pub use read::{ReadError, read_event};
pub use screen::{columns, cut, draw, pad, printable};
pub use terminal::{Look, Shown, Terminal};
pub use whole_file::WholeFile;
pub use wire::diagnostic_line;
