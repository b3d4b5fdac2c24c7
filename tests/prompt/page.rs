//! `docs/prompt.md`: its session, typed into a terminal, shows what the page says; its commands are those
//! that there are.

use crate::pty::{Screen, Terminal};
use std::collections::HashMap;

fn page() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/prompt.md")).unwrap()
}

/// Lines with ports numbered in the order in which they appear, and without how long things took.
fn without_chance<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut ports: HashMap<String, usize> = HashMap::new();
    let word = |word: &str| match word.rsplit_once(':') {
        Some((host, port)) if host == "127.0.0.1" => {
            let count = ports.len();
            format!("{host}:port-{}", ports.entry(port.to_owned()).or_insert(count))
        }
        _ => word.to_owned(),
    };
    let mut word = word;
    lines
        .map(|line| {
            let line = line.split(" in ").next().unwrap_or_default();
            line.split(' ').map(&mut word).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

fn shown(screen: &Screen) -> Vec<String> {
    let lines = screen.lines();
    let whole = lines.iter().take_while(|line| !line.ends_with('>'));
    without_chance(whole.map(String::as_str))
}

/// The first block of that language.
fn block<'a>(page: &'a str, language: &str) -> &'a str {
    page.split(&format!("```{language}\n")).nth(1).unwrap().split("```").next().unwrap()
}

/// Types the session of a page and compares what a terminal shows, up to the end; the directory it was in.
fn played(page: &str) -> tempfile::TempDir {
    let lines: Vec<&str> = block(page, "prompt").lines().collect();
    let home = crate::home();
    let mut terminal = Terminal::begin(home.path(), 100, 40, &[]);
    terminal.ready();
    assert_eq!(terminal.look(|screen| screen.lines()[0].clone()), lines[0]);
    let prompts: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with("sockdrill:")).collect();
    for (at, prompt) in prompts.iter().enumerate() {
        let typed = lines[*prompt].split_once("> ").unwrap().1;
        terminal.keys(&format!("{typed}\r"));
        let until = prompts.get(at + 1).copied().unwrap_or(lines.len());
        let wanted = without_chance(lines[..until].iter().copied());
        terminal.wait(&wanted.join("\n"), |screen| screen.line().ends_with('>') && shown(screen) == wanted);
    }
    home
}

#[test]
fn the_session_on_the_page_is_what_a_terminal_shows_and_saves() {
    let home = played(&page());
    let page = page();
    let (name, yaml) = block(&page, "yaml").split_once('\n').unwrap();
    let saved = std::fs::read_to_string(home.path().join(name.trim_start_matches("# "))).unwrap();
    assert_eq!(saved, yaml);
}

#[test]
fn the_session_of_the_readme_is_what_a_terminal_shows() {
    played(include_str!("../../README.md"));
}

#[test]
fn the_page_names_every_command() {
    let page = page();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_sockdrill"))
        .args(["repl", "-c", "help"])
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    for line in commands.lines() {
        let word = line.split_whitespace().take(if line.trim().starts_with("set") { 2 } else { 1 });
        let word = word.collect::<Vec<_>>().join(" ");
        assert!(page.contains(&format!("`{word}")), "docs/prompt.md does not name `{word}`");
    }
}
