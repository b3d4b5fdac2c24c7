//! sockdrill drives TCP and UDP conversations from the first SYN to the last FIN, and says exactly
//! what happened.

pub mod net;
pub mod text;
