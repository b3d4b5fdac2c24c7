//! The `sockdrill` command: arguments in, exit code out.

#![cfg_attr(all(target_os = "linux", target_env = "gnu", not(test)), no_main)]

/// Where the C library hands out the arguments before `main`, C's is ours: `cli::begun_bare` says why.
#[cfg(all(target_os = "linux", target_env = "gnu", not(test)))]
#[allow(unsafe_code, reason = "the name is C's: C 17, 5.1.2.2.1")]
#[unsafe(no_mangle)]
extern "C" fn main() -> std::ffi::c_int {
    sockdrill::cli::begun_bare()
}

#[cfg(not(all(target_os = "linux", target_env = "gnu", not(test))))]
fn main() -> std::process::ExitCode {
    sockdrill::cli::run(std::env::args_os()).code().into()
}

/// The power that the progress bar estimates with, and all that this program wants of the C library of mathematics:
/// with it that library is not linked, which each start would find, map and relocate.
#[allow(unsafe_code, reason = "the name is C's, and so is what it does: C 17, 7.12.7.4")]
#[unsafe(no_mangle)]
pub extern "C" fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}
