//! `man`: manual pages, made from the same arguments and examples as the help.

use super::output::Output;
use super::whole;
use crate::event::Exit;
use crate::sink::WholeFile;
use crate::text::{Diagnostic, Severity, count, did_you_mean, in_words};
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::io;
use std::path::{Path, PathBuf};

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:
  sockdrill man | man -l -                     the page of the program
  sockdrill man send | man -l -                the page of a command
  sockdrill man serve | groff -man -Tpdf > serve.pdf
  sockdrill man --dir ~/.local/share/man/man1  all of them, where `man sockdrill-send` finds them
  sockdrill man --dir debian/man && ls debian/man",
    after_help = "Exit code 0: done; 2: there is no such command; 3: a page could not be written."
)]
pub(super) struct Args {
    /// Print the page of this command; the program's own unless given
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
    /// Write every page to this directory, which is made where it is not there
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &Args, output: &Output) -> Exit {
    let mut cli = whole();
    cli.build();
    if let Some(directory) = &args.dir {
        return write_all(&cli, directory, output);
    }
    let page = match args.command.as_deref() {
        None => Some(page(&cli, None)),
        Some(name) => cli.find_subcommand(name).map(|command| page(command, Some(&cli))),
    };
    match (page, &args.command) {
        (Some(page), _) => {
            output.say(&page);
            Exit::Done
        }
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            let problem = Diagnostic::new(
                Severity::Error,
                format!("there is no command `{}`", name.escape_debug()),
                None,
            );
            let near = did_you_mean(name, cli.get_subcommands().map(Command::get_name));
            output.problem(&problem.help(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`sockdrill help` lists commands".to_owned(),
            }));
            Exit::Usage
        }
    }
}

fn write_all(cli: &Command, directory: &Path, output: &Output) -> Exit {
    match pages(cli, directory) {
        Ok(written) => {
            output.complain(&format!("* {} in {}\n", count(written, "page"), directory.display()));
            Exit::Done
        }
        Err((path, error)) => {
            output.error(format!("cannot write {}: {}", path.display(), in_words(&error)));
            Exit::Unreachable
        }
    }
}

fn pages(cli: &Command, directory: &Path) -> Result<usize, (PathBuf, io::Error)> {
    std::fs::create_dir_all(directory).map_err(|error| (directory.to_owned(), error))?;
    let commands = cli.get_subcommands().map(|command| (command, Some(cli)));
    let all: Vec<_> = std::iter::once((cli, None)).chain(commands).collect();
    for (command, parent) in &all {
        let path = directory.join(format!("{}.1", name_of(command)));
        let written = WholeFile::new(&path).and_then(|file| file.write(page(command, *parent).as_bytes()));
        written.map_err(|error| (path, error))?;
    }
    Ok(all.len())
}

/// `sockdrill-send`: how a page is called.
fn name_of(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

/// The page of a command; `parent` is the program, where it is not itself the one.
fn page(command: &Command, parent: Option<&Command>) -> String {
    let version = command.get_version().or_else(|| parent.and_then(Command::get_version));
    let man = Man::new(command.clone())
        .source(format!("sockdrill {}", version.unwrap_or_default()))
        .manual("sockdrill manual");
    let mut page = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = man
        .render_title(&mut page)
        .and_then(|()| man.render_name_section(&mut page))
        .and_then(|()| synopsis(command).to_writer(&mut page))
        .and_then(|()| section("EXAMPLES", command.get_before_help()).to_writer(&mut page))
        .and_then(|()| man.render_options_section(&mut page))
        .and_then(|()| if parent.is_none() { man.render_subcommands_section(&mut page) } else { Ok(()) })
        .and_then(|()| section("NOTES", command.get_after_help()).to_writer(&mut page))
        .and_then(|()| see_also(command, parent).to_writer(&mut page));
    String::from_utf8_lossy(&page).into_owned()
}

/// How it is called, as the help says it: the flags have a section of their own.
fn synopsis(command: &Command) -> Roff {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim_start();
    let rest = usage.strip_prefix(&name).unwrap_or_default();
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    roff.text([bold(name), roman(rest)]);
    roff
}

/// A text of the help as a section: what is indented there stands as it is, the rest is filled.
fn section(name: &str, text: Option<&clap::builder::StyledStr>) -> Roff {
    let mut roff = Roff::new();
    let Some(text) = text else { return roff };
    roff.control("SH", [name]);
    let mut verbatim = false;
    for line in text.to_string().lines().filter(|line| *line != "Examples:") {
        if line.starts_with("  ") != verbatim {
            verbatim = !verbatim;
            roff.control(if verbatim { "nf" } else { "fi" }, []);
        }
        match line.trim() {
            "" => roff.control("PP", []),
            line => roff.text([roman(line)]),
        };
    }
    if verbatim {
        roff.control("fi", []);
    }
    roff
}

fn see_also(command: &Command, parent: Option<&Command>) -> Roff {
    let names: Vec<String> = match parent {
        Some(parent) => {
            let others = parent.get_subcommands().filter(|other| other.get_name() != command.get_name());
            std::iter::once(parent).chain(others).map(name_of).collect()
        }
        None => command.get_subcommands().map(name_of).collect(),
    };
    let mut roff = Roff::new();
    let names: Vec<String> = names.into_iter().map(|name| format!("{name}(1)")).collect();
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman(names.join(", "))]);
    roff
}
