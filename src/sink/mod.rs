//! F3c, telling: everything a person or a CI system sees is made from events by one of these.
//!
//! ```text
//! terminal    result lines and failures, transcripts on request       (transcript, fold, screen)
//! conversation  what one socket or many say, live, as commands show it   (screen; manner: which of it, and how)
//! datagrams   the same of datagrams, a line each                      (screen; beside: narration gives way to data)
//! ladder      lifelines and what passes between them: the model; as text (rungs)
//! progress    a bar while the run lasts
//! transfer    a bar while bytes pass                                  (progress, conversation)
//! prompt      facts as they come, arrivals marked
//! jsonl       the event stream, one JSON object a line                (wire, spelling; read is its inverse)
//! report      a file made of the whole run, written at its end        (results, fold, whole_file)
//!             junit, tap, markdown, html: what such a file is written in
//! step_times  how long each step takes over all its plays: a table or a file
//! pcapng      the conversation as packets, for Wireshark             (whole_file)
//! annotations failures beside the lines of a pull request             (results)
//! ```

mod amounts;
mod annotations;
mod beside;
mod calm;
mod conversation;
mod datagrams;
mod fold;
mod html;
mod jsonl;
mod junit;
mod ladder;
mod lanes;
mod layout;
mod manner;
mod markdown;
mod pcapng;
mod progress;
mod prompt;
mod read;
mod report;
mod results;
mod rungs;
mod screen;
mod shown_bytes;
mod skipping;
mod spelling;
mod step_times;
mod tap;
mod terminal;
mod transcript;
mod transfer;
mod whole_file;
mod wire;

pub use annotations::Annotations;
pub use calm::{Calm, Unheard, is_device};
pub use conversation::Conversation;
pub use datagrams::{Datagrams, Facing};
pub use jsonl::{FORMAT, Jsonl, JsonlFile, diagnostic_line, scenario_line};
pub use layout::Layout;
pub use manner::{Manner, Times};
pub use pcapng::Pcapng;
pub use progress::{AboveBar, Progress};
pub use prompt::Prompt;
pub use read::{ReadError, read_event};
pub use report::{Format, Report};
pub use rungs::draw_ladder;
pub use screen::{columns, cut, draw, pad, printable};
pub use shown_bytes::View;
pub use skipping::{GivesUp, Skipping};
pub use step_times::StepTimes;
pub use terminal::{LadderOf, Look, Shown, Terminal};
pub use transfer::Transfer;
pub use whole_file::{Growing, WholeFile};
