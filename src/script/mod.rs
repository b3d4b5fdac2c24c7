//! F1, the language: from text to scenarios that are proven sound, and back.
//!
//! ```text
//! yaml, line   text -> Node        located scalars, lists, maps
//! draft        Node -> Draft       one verb a step, keys that the verb table knows
//! check        Draft -> Scenario   names, lanes, variables; values read by read, forms and lower
//! step         what runs
//! judge        pure: bytes seen -> holds, undecided, fails
//! line, write  Draft -> text
//! ```

mod automaton;
pub mod check;
pub mod draft;
pub mod forms;
mod head;
mod hints;
mod include;
pub mod judge;
pub mod line;
pub mod load;
mod lost;
mod lower;
mod names;
pub mod node;
pub mod pattern;
mod payload;
mod quote;
mod read;
pub mod recipe;
pub mod reference;
pub mod regex;
pub mod requirement;
pub mod scope;
pub mod step;
mod syntax;
pub mod template;
pub mod typed;
mod values;
pub mod verb;
pub mod verbs;
pub mod write;
pub mod yaml;
