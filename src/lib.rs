//! sockdrill drives TCP and UDP conversations from the first SYN to the last FIN, and says exactly
//! what happened.

pub mod cli;
pub mod engine;
pub mod event;
pub mod net;
pub mod repl;
pub mod script;
pub mod sink;
pub mod text;
