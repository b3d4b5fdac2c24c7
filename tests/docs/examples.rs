//! Examples are run: every line of docs/commands.md, and every flag that an example anywhere shows.

use crate::running::{Desk, code_of};
use crate::{blocks, read, root};
use sockdrill::cli::flags::{Flag, SEND, SERVE, UDP_RECV, UDP_SEND};
use sockdrill::cli::phrasebook::ALL;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Lines that are run below for the flags of commands that drive no sockets themselves. A flag that an example shows
/// and no test runs is run by a line added here.
const RUN: &[&str] = &[
    "sockdrill replay greeting.yaml -v --json=run.jsonl --junit r.xml --tap r.tap --markdown r.md",
    "sockdrill replay greeting.yaml --html r.html --pcapng r.pcapng --stats --ladder",
    "sockdrill replay greeting.yaml --repeat 2 --fail-fast --filter greets --set word=hi",
    "sockdrill replay greeting.yaml --list",
    "sockdrill replay greeting.yaml --list --shard 1/1 --shuffle 7 --rerun-failed run.jsonl --isolate --tag 'not slow'",
    "sockdrill replay greeting.yaml --no-skip --for 1ms --time-scale 2",
    "sockdrill replay greeting.yaml --accept",
    "sockdrill replay --help",
    "sockdrill check greeting.yaml --set word=hi --json",
    "sockdrill report run.jsonl --ladder --junit r.xml --tap r.tap --markdown r.md --annotations --stats -v",
    "sockdrill schema --events",
    "sockdrill repl -c 'note hello' --json",
    "sockdrill man --dir pages",
    "sockdrill completions bash",
    "sockdrill help from-nc",
];

/// What goes on until a key or a signal comes, and the file whose tests run it.
const ENDLESS: &[(&str, &str)] =
    &[("--watch", "tests/working/watch.rs"), ("--step", "tests/working/step.rs")];

const GREETING: &str = "name: the server greets
vars: { word: hello }
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - send:    { from: conn, text: \"${word}\" }
  - expect:  { at: client, text: \"${word}\" }
";

#[test]
fn every_line_of_the_page_of_commands_does_what_it_should() {
    let desk = Desk::new();
    let mut run = 0;
    for line in blocks(&read("docs/commands.md"), "sh").iter().flat_map(|block| block.lines()) {
        let Some(ran) = desk.run(line) else { continue };
        assert_eq!(ran.code, Some(code_of(line)), "{line}: {}", ran.err);
        assert!(!ran.err.contains("error"), "{line}: {}", ran.err);
        run += 1;
    }
    assert!(run > 20, "{run}");
}

#[test]
fn the_other_commands_run_with_the_flags_that_examples_show() {
    let desk = Desk::new();
    std::fs::write(desk.path().join("greeting.yaml"), GREETING).unwrap();
    for line in RUN {
        let ran = desk.run(line).unwrap();
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.err);
    }
}

/// What a command is called with in `line`, by the command: nothing of what stands behind `--` or a pipe.
fn called(line: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut calls = Vec::new();
    for call in line.split("sockdrill ").skip(1) {
        let call = call.split([';', '|', '&', '`', '#']).next().unwrap().split(" -- ").next().unwrap();
        let mut words = call.split(' ');
        let command = words.next().unwrap().to_owned();
        let flag = |word: &str| {
            let name = word.split('=').next().unwrap();
            let letters = name.trim_start_matches('-');
            let is_flag = name.starts_with('-') && letters.starts_with(|c: char| c.is_ascii_alphabetic());
            is_flag.then(|| name.to_owned())
        };
        calls.push((command, words.filter_map(flag).collect()));
    }
    calls
}

fn help(command: &str) -> Option<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_sockdrill")).args([command, "--help"]).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// `-w` of a command as `--timeout`, by its help.
fn long(help: &str, flag: &str) -> String {
    let line = help.lines().find(|line| line.trim_start().starts_with(&format!("{flag}, --")));
    let long = line.and_then(|line| line.split(", ").nth(1)).and_then(|rest| rest.split([' ', '[']).next());
    long.map_or_else(|| flag.to_owned(), str::to_owned)
}

/// What tests run: the lines above, the phrasebooks, and the examples in the tables of flags, which tests/flags.rs
/// and its like run.
fn run_somewhere() -> Vec<String> {
    let mut lines: Vec<String> = RUN.iter().map(|line| (*line).to_owned()).collect();
    lines.extend(ALL.iter().flat_map(|book| book.phrases).map(|phrase| phrase.ours.to_owned()));
    lines.extend(
        blocks(&read("docs/commands.md"), "sh").iter().flat_map(|block| block.lines()).map(str::to_owned),
    );
    for (flag, file) in ENDLESS {
        assert!(read(file).contains(flag), "{file} runs no {flag}");
        lines.push(format!("sockdrill replay greeting.yaml {flag}"));
    }
    let tables = [("send", SEND), ("serve", SERVE), ("udp-send", UDP_SEND), ("udp-recv", UDP_RECV)];
    for (command, table) in tables {
        lines.extend(table.iter().map(|(_, flag)| {
            let (Flag::Step(example) | Flag::CommandOnly(example)) = flag;
            format!("sockdrill {command} {example}")
        }));
    }
    lines
}

/// Every line with an example in it, and where it stands.
fn shown() -> Vec<(String, String)> {
    let mut pages = vec!["README.md".to_owned()];
    for directory in ["docs", "docs/ci"] {
        for entry in std::fs::read_dir(root().join(directory)).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_file() {
                pages.push(path.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    let mut shown = Vec::new();
    for page in pages {
        let lines = read(&page)
            .lines()
            .filter(|line| line.contains("sockdrill "))
            .map(str::to_owned)
            .collect::<Vec<_>>();
        shown.extend(lines.into_iter().map(|line| (page.clone(), line)));
    }
    for command in commands() {
        let examples = help(&command).unwrap();
        let examples = examples.lines().skip(1).take_while(|line| !line.is_empty());
        shown.extend(examples.map(|line| (format!("the help of {command}"), line.to_owned())));
    }
    shown
}

fn commands() -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_sockdrill")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    list.lines().filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

#[test]
fn every_flag_that_an_example_shows_is_run_by_a_test() {
    let helps: BTreeMap<String, String> =
        commands().into_iter().map(|command| (command.clone(), help(&command).unwrap())).collect();
    let mut run: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (command, flags) in run_somewhere().iter().flat_map(|line| called(line)) {
        let Some(help) = helps.get(&command) else { continue };
        run.entry(command).or_default().extend(flags.iter().map(|flag| long(help, flag)));
    }
    let mut missing = Vec::new();
    for (place, line) in shown() {
        for (command, flags) in called(&line) {
            let Some(help) = helps.get(&command) else { continue };
            for flag in flags.iter().map(|flag| long(help, flag)) {
                // What is no flag of it is another program's, or prose.
                let known = help.contains(&format!("{flag} ")) || help.contains(&format!("{flag}\n"));
                if known && !run.get(&command).is_some_and(|flags| flags.contains(&flag)) {
                    missing.push(format!("{place}: no test runs `{command} {flag}`"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "add lines to RUN in tests/docs/examples.rs:\n{}", missing.join("\n"));
}
