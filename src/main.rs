//! The `sockdrill` command.

fn main() {}
