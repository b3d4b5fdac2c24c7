//! The help of every command.

use std::process::Command;

#[test]
fn five_examples_stand_at_the_top_of_every_help() {
    let told = crate::run(&["--help"]);
    let commands = told.out.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
    let commands: Vec<&str> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() >= 12, "{commands:?}");
    for words in
        std::iter::once(vec!["--help"]).chain(commands.into_iter().map(|command| vec![command, "--help"]))
    {
        let told = crate::run(&words);
        let mut lines = told.out.lines();
        assert_eq!(
            lines.next(),
            Some("Examples:"),
            "{words:?}: its help begins with `before_help = \"Examples:\"`"
        );
        let examples = lines.take_while(|line| !line.is_empty()).count();
        assert_eq!(examples, 5, "{words:?}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_fault_of_help_pages_and_scripts() {
    for words in ["help from-nc", "man serve", "completions bash", "--help", "schema"] {
        let line = format!("'{}' {words} | true; echo ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_sockdrill"));
        let Ok(output) = Command::new("bash").args(["-c", &line]).output() else { return };
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "0\n", "{words}");
    }
}
