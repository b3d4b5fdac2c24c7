//! `Manner`: how what passes is shown as lines: which view, which times, how much of it.

use super::shown_bytes::View;

/// Which time stands beside a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Seconds since the conversation began.
    Relative,
    /// The time of day, UTC.
    Absolute,
    /// Seconds since the line before.
    Delta,
    /// None.
    None,
}

/// How a conversation is shown.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is shown or not by itself")]
pub struct Manner {
    /// How bytes are shown; raw ones are not: whoever receives them writes them.
    pub view: View,
    /// Which times stand beside lines.
    pub times: Times,
    /// Whether data lines are shown.
    pub data: bool,
    /// Whether connections, ends and notes are told.
    pub narration: bool,
    /// Whether narration about a numbered client stands with the data.
    pub with_data: bool,
    /// Whether half-closes, options and steps are told too.
    pub verbose: bool,
    /// Whether data lines have colour.
    pub styled: bool,
    /// Whether narration has colour.
    pub styled_told: bool,
    /// Whether the steps are somebody's own: then one that does not hold is told for itself.
    pub own_steps: bool,
    /// Columns of the screen; none where every message is one line, whole.
    pub width: Option<usize>,
}
