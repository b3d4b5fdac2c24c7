//! Every sink, fed with hand-made events: what it writes is stored here, is well-formed whatever
//! strangers sent, and loses nothing.

#[path = "sinks/facts.rs"]
mod facts;
#[path = "sinks/jsonl.rs"]
mod jsonl;
#[path = "sinks/junit.rs"]
mod junit;
#[path = "sinks/terminal.rs"]
mod terminal;
