//! The `sockdrill` command: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(sockdrill::cli::run(std::env::args_os()).code())
}

/// The power that the progress bar estimates with, and all that this program wants of the C library of mathematics:
/// with it that library is not linked, which each start would find, map and relocate.
#[allow(unsafe_code, reason = "the name is C's, and so is what it does: C 17, 7.12.7.4")]
#[unsafe(no_mangle)]
pub extern "C" fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}
