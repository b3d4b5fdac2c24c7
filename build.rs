//! How the program is linked.

#![allow(clippy::print_stdout, reason = "what a build script prints is how it speaks to cargo")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|set| set == value);
    // A program that can be loaded anywhere has every pointer in its tables corrected when it starts, which takes as
    // long as the rest of a short command: docs/decisions.md.
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
