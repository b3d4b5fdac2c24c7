//! `Detail`: how much somebody wants to know.

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// How scenarios end, and nothing of what happens in them.
    Outcomes,
    /// What happens in them, but not the bytes that pass.
    Life,
    /// Everything.
    Everything,
}
