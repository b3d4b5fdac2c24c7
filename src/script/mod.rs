//! F1, the language: from text to scenarios that are proven sound, and back.
//!
//! ```text
//! yaml, line   text -> Node        located scalars, lists, maps
//! verbs, forms what may be said    the verb table, and those of payloads, patterns and heads
//! draft        Node -> Draft       one verb a step, keys that the tables know
//! checker      what is known       and the mistakes told; what it reads of a step is below it
//! lower        a step's meaning    one function a verb
//! check, load  Draft -> Scenario   the walk over the steps, over the documents of a file
//! step         what runs
//! judge        pure: bytes seen -> holds, undecided, fails
//! line, write  Draft -> text
//! rewrite      a payload of a file as another, in its place
//! ```

mod automaton;
pub mod check;
pub mod checker;
mod choice;
pub mod draft;
pub mod forms;
mod head;
pub mod hints;
mod included;
pub mod judge;
pub mod line;
pub mod load;
mod lost;
mod lower;
pub mod name;
pub mod node;
pub mod pattern;
mod quote;
pub mod recipe;
pub mod reference;
pub mod regex;
pub mod requirement;
pub mod rewrite;
pub mod scope;
mod source;
pub mod step;
mod syntax;
pub mod template;
pub mod verb;
pub mod verbs;
pub mod walk;
pub mod wording;
pub mod write;
pub mod yaml;
