//! How the program is linked: docs/decisions.md says what each part is worth.

#![allow(clippy::print_stdout, reason = "what a build script prints is how it speaks to cargo")]

use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;

/// The functions that a start and a short exchange run, as the linker knows them: `build/start-order` finds them.
const START: &str = include_str!("start.txt");

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|set| set == value);
    if !(is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu"))
    {
        return Ok(());
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
    println!("cargo::rustc-link-arg-bins=-T{}", together()?.display());
    Ok(())
}

/// A linker script that puts what a start runs next to each other: spread over the whole text, each function brings
/// a page fault with it. A name that stands for nothing any more does no harm.
fn together() -> io::Result<PathBuf> {
    let named: Vec<String> = START.lines().map(|name| format!("*(.text.{name})\n")).collect();
    let named = named.concat();
    let path = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("start.ld");
    fs::write(&path, format!("SECTIONS {{ .text.start : {{\n{named}}} }}\nINSERT BEFORE .text;\n"))?;
    Ok(path)
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
