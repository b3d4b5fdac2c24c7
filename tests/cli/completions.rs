//! Completion, asked as the shells ask: in bash, zsh and fish themselves where they are installed.

use crate::desk::installed::has;
use std::process::Command;

const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// The directory of the program: the scripts find it in PATH.
fn path() -> String {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_sockdrill"));
    format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap())
}

/// What a script of this shell prints, in this directory.
fn said(shell: &str, words: &[&str], directory: &std::path::Path) -> String {
    let mut command = Command::new(shell);
    command.args(words).current_dir(directory).env("PATH", path()).env("HOME", directory);
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{shell}");
    String::from_utf8(output.stdout).unwrap()
}

/// What bash would put on the line: it cuts the line into words as readline does, and `word` is the last one.
fn bash(line: &str, directory: &std::path::Path) -> Vec<String> {
    let script = r#"
source <(sockdrill completions bash)
registered=$(complete -p sockdrill)
[[ $registered == *"-F _sockdrill sockdrill" ]] || echo "not registered: $registered"
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9
# Readline's words: blanks part them, and = and : and @ are words of their own.
COMP_WORDS=()
rest=$1
while [[ $rest ]]; do
    if [[ $rest =~ ^\ + ]]; then rest=${rest#"${BASH_REMATCH[0]}"}; [[ $rest ]] || COMP_WORDS+=(""); continue; fi
    [[ $rest =~ ^([=:@]+|[^=:@\ ]+) ]]
    COMP_WORDS+=("${BASH_REMATCH[0]}")
    rest=${rest#"${BASH_REMATCH[0]}"}
done
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
typed=${COMP_WORDS[COMP_CWORD]}
[[ $typed == *[=:] ]] && typed=
# An @ is put back with what follows it.
[[ $typed == *@ ]] && typed=@
[[ $1 == *"@$typed" ]] && typed=@$typed
_sockdrill sockdrill "$typed" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;
    let said = said("bash", &["--norc", "-c", script, "bash", line], directory);
    said.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect()
}

#[test]
fn a_script_for_each_shell_is_printed_and_is_well_formed() {
    for shell in SHELLS {
        let told = crate::run(&["completions", shell]);
        assert_eq!((told.code, told.err.as_str()), (Some(0), ""), "{shell}");
        assert!(told.out.contains("SOCKDRILL_COMPLETE"), "{shell}: {}", told.out);
        if has(shell) {
            let directory = tempfile::tempdir().unwrap();
            let file = directory.path().join("script");
            std::fs::write(&file, told.out).unwrap();
            said(shell, &["-n", file.to_str().unwrap()], directory.path());
        }
    }
    let told = crate::run(&["completions", "tcsh"]);
    assert_eq!((told.code, told.out.as_str()), (Some(2), ""));
    assert!(told.err.contains("[possible values: bash, zsh, fish]"), "{}", told.err);
}

#[test]
fn bash_completes_commands_flags_and_values() {
    if !has("bash") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    std::fs::write(here.join("greeting.yaml"), "").unwrap();
    std::fs::create_dir(here.join("gallery")).unwrap();
    let completed = |line: &str| bash(line, here);
    assert_eq!(completed("sockdrill udp"), ["udp-send", "udp-recv"]);
    assert_eq!(completed("sockdrill send x --ret"), ["--retry"]);
    assert_eq!(completed("sockdrill send x --view "), ["text", "hex", "raw", "json"]);
    // The line is cut at `=` and `:`, and what is put there stands behind the cut.
    assert_eq!(completed("sockdrill send x --view=h"), ["hex"]);
    assert_eq!(completed("sockdrill send x --view="), ["text", "hex", "raw", "json"]);
    assert_eq!(completed("sockdrill send x --option nod"), ["nodelay="]);
    assert_eq!(completed("sockdrill send x --option nodelay="), ["true", "false"]);
    assert_eq!(completed("sockdrill send x --option nodelay=t"), ["true"]);
    assert_eq!(completed("sockdrill serve 0 --otherwise "), ["wait", "close", "reset"]);
    assert_eq!(completed("sockdrill --color al"), ["always"]);
    assert_eq!(completed("sockdrill replay g"), ["gallery/", "greeting.yaml"]);
    assert_eq!(completed("sockdrill send x @gre"), ["@greeting.yaml"]);
    assert_eq!(completed("sockdrill send x --expect @gre"), ["@greeting.yaml"]);
    assert_eq!(completed("sockdrill send x --expect=@gre"), ["@greeting.yaml"]);
    assert_eq!(completed("sockdrill send x@ x @gre"), ["@greeting.yaml"]);
    assert!(completed("sockdrill send x @").contains(&"@greeting.yaml".to_owned()));
    assert_eq!(completed("sockdrill send x --expect co"), ["contains:"]);
    assert_eq!(completed("sockdrill help exit"), ["exit-codes"]);
    assert_eq!(completed("sockdrill help verb acc"), ["accept"]);
    assert_eq!(completed("sockdrill completions f"), ["fish"]);
    assert_eq!(completed("sockdrill man udp-s"), ["udp-send"]);
    assert_eq!(completed("sockdrill nosuch x"), Vec::<String>::new());
    assert!(completed("sockdrill udp-recv 0 --join 239.0.0.1 --interface l").contains(&"lo".to_owned()));
}

#[test]
fn the_address_of_who_listens_here_is_completed() {
    if !has("bash") {
        return;
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let here = std::env::temp_dir();
    for (command, port) in
        [("send", listener.local_addr().unwrap().port()), ("udp-send", socket.local_addr().unwrap().port())]
    {
        let line = format!("sockdrill {command} 127.0.0.1:{}", &port.to_string()[..3]);
        let completed = bash(&line, &here);
        assert!(completed.contains(&port.to_string()), "{line}: {completed:?}");
    }
}

#[test]
fn fish_and_zsh_are_answered_with_what_each_thing_is() {
    let directory = tempfile::tempdir().unwrap();
    if has("fish") {
        let ask = |line: &str| {
            let script = format!("sockdrill completions fish | source; complete -C '{line}'");
            said("fish", &["--no-config", "-c", &script], directory.path())
        };
        assert_eq!(
            ask("sockdrill send x --retr"),
            "--retry\tTry again for so long while the connection is refused or not answered\n"
        );
        assert_eq!(ask("sockdrill send x --view h"), "hex\tAs a hex dump\n");
        assert_eq!(ask("sockdrill send x --option nodelay=f"), "nodelay=false\n");
    }
    if has("zsh") {
        // Without a line editor there is no Tab: what its completion would be given is taken instead.
        let script = r"
compdef() { :; }
_describe() { shift 2; print -l -- ${(P)1}; }
source <(sockdrill completions zsh)
words=(sockdrill send x --view h) CURRENT=5
_clap_dynamic_completer_sockdrill
words=(sockdrill send x --option nodelay=) CURRENT=5
_clap_dynamic_completer_sockdrill
";
        let told = said("zsh", &["-f", "-c", script], directory.path());
        assert_eq!(told, "hex:As a hex dump\nnodelay=true\nnodelay=false\n");
    }
}

#[test]
fn no_line_however_odd_makes_the_answer_noisy() {
    let words = [
        "", "-", "--", "---", "--=", "--view=", "=", ":", "-4x", "--option", "\u{fffd}", "unix:", "@", "send",
    ];
    for one in words {
        for other in words {
            let mut command = Command::new(env!("CARGO_BIN_EXE_sockdrill"));
            command.args(["--", "sockdrill", one, other]).env("SOCKDRILL_COMPLETE", "bash");
            let output = command.env("_CLAP_COMPLETE_INDEX", "2").output().unwrap();
            let err = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(err, "", "{one:?} {other:?}");
        }
    }
}
