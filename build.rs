//! How the program is linked: docs/decisions.md says what each part is worth.

#![allow(clippy::print_stdout, reason = "what a build script prints is how it speaks to cargo")]

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|set| set == value);
    if !(is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu"))
    {
        return;
    }
    // A program that can be loaded anywhere has every pointer in its tables corrected when it starts, which takes as
    // long as the rest of a short command.
    println!("cargo::rustc-link-arg-bins=-no-pie");
    // A library to find, map and relocate at each start costs a tenth of a millisecond: what unwinds is linked in.
    if let Some(unwinder) = of_the_compiler("libgcc_eh.a") {
        for argument in ["-Wl,--whole-archive", &unwinder, "-Wl,--no-whole-archive"] {
            println!("cargo::rustc-link-arg-bins={argument}");
        }
    }
}

/// The path of a library of the C compiler that links, where it is this machine's own and has it.
fn of_the_compiler(name: &str) -> Option<String> {
    if env::var("HOST").ok()? != env::var("TARGET").ok()? {
        return None;
    }
    let said = Command::new("cc").arg(format!("-print-file-name={name}")).output().ok()?;
    // A name that it does not know comes back as it was.
    let path = String::from_utf8(said.stdout).ok()?.trim().to_owned();
    path.starts_with('/').then_some(path)
}
