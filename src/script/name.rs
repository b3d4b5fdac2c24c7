//! Names: what sockets, processes and variables may be called.

use std::collections::HashMap;
use std::sync::Arc;

/// The name of a socket, a process or a variable.
pub type Name = Arc<str>;

/// Variables by name.
pub type Vars = HashMap<String, String>;

/// Words that no name may be.
pub const RESERVED: [&str; 5] = ["port", "env", "i", "time", "tmp"];

/// What a name may be.
pub(super) const NAME_HELP: &str =
    "a name begins with a letter a to z and goes on with a to z, 0 to 9, `-` and `_`";

/// Whether `text` is `[a-z][a-z0-9_-]*`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
}
