//! F4, the prompt: the steps of scenarios, one a line, and what arrives told as it arrives.
//!
//! ```text
//! begin      terminal, runtime, signals; how it ends
//! prompt     the loop: a line in, a step run, facts out; names live on in `names`
//! input      where lines come from: the editor's thread, a pipe, an argument
//! editor     rustyline on a thread of its own; typing, complete, hint, colours: what helps while a line is typed
//! above      what is printed above the line that is being edited
//! command    what is no step; table, explain: what commands show
//! record     what happened, for show, timeline and save
//! terminal   left as it was found
//! ```

mod above;
mod addresses;
mod begin;
mod colours;
mod command;
mod complete;
mod editor;
mod exchange;
mod explain;
mod hint;
mod input;
mod names;
mod prompt;
mod record;
mod save;
mod saved;
mod signals;
mod statement;
mod table;
mod terminal;
mod typing;
mod unfix;

pub use above::Above;
pub use begin::{Setup, run};
pub use command::View;
pub use input::Input;
pub use record::Record;
pub use table::{show, sockets};

use crate::event::Event;
use crate::text::Diagnostic;

/// Who shows what the prompt has to say.
pub trait Show {
    /// Shows a fact.
    fn fact(&mut self, event: &Event);
    /// Takes note of a failure within the running step, which may fail of it: where that is not so, it is
    /// shown [late](Show::late).
    fn early(&mut self, event: &Event);
    /// Shows a failure that was noted early.
    fn late(&mut self, event: &Event);
    /// Shows what is wrong with a line, or a warning.
    fn problem(&mut self, problem: &Diagnostic);
    /// Shows text that a command was asked for; it ends with a line feed.
    fn text(&mut self, text: &str);
    /// These facts of the session as a ladder; so many before them are forgotten.
    fn ladder(&self, facts: &mut dyn Iterator<Item = &Event>, forgotten: u64) -> String;
    /// Shows bytes that way from here on.
    fn view(&mut self, view: View);
    /// How many columns there are.
    fn width(&self) -> usize;
}
