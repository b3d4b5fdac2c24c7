//! Which programs are there that tests need beside ours.

/// Whether a program is installed; a test that needs one that is not says so and passes.
#[allow(clippy::print_stderr, reason = "says why nothing was tested")]
pub fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|directory| directory.join(program).is_file());
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}
