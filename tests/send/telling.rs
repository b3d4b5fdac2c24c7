//! What is shown where, and what is said of a wrong command line.

use crate::desk::ports::free_port;
use crate::desk::running::{Input, Running};
use crate::desk::{Peer, all, echo, finish, plain, program, run, shell};
use crate::{CONNECTED, same};
use std::io::{Read as _, Write as _};

#[test]
fn a_transcript_is_escaped_and_has_times_where_it_is_asked_for() {
    let peer = Peer::new(|mut stream| {
        stream.write_all(b"\x1b[31mred\x07\r\nnext \xff\n").unwrap();
        all(&mut stream)
    });
    let told = run(&["send", &peer.at(), "hi", "--view", "text"]);
    let out = plain(&told.out(), peer.port);
    assert!(out.contains("> T     2  hi\n"), "{out}");
    assert!(out.contains(r"< T    18  \e[31mred\x07\r\nnext \xff\n"), "{out}");
    assert_eq!((told.code, peer.end()), (Some(0), b"hi".to_vec()));
}

#[test]
fn wrong_usage_is_shown_under_the_argument() {
    for (words, problem) in [
        (&["send", "localhost:70000", "x"][..], "error: port 70000 is above 65535\n --> command line:1:16\n"),
        (&["send", "localhost", "x"], "error: `localhost` has no port\n --> command line:1:16\n"),
        (&["send", "9", r"a\q"], "error: `\\q` is no escape"),
        (&["send", "9", "x", "--expect", r"re:a+"], "error: "),
        (&["send", "9", "${nobody}"], "error: "),
        (&["send", "9", "@/no/such/file"], "error: "),
        (&["send", "9", "-", "x"], "error: standard input is sent last\n"),
        (&["send", ":0", "x"], "error: nothing can be at port 0\n --> command line:1:16\n"),
        (&["send", "80x"], "error: `80x` is no port\n"),
        (
            &["send", "unix:/x", "-p", "3"],
            "error: a unix socket has no host, port or family to connect from\n",
        ),
        (&["send", "9", "--repeat", "3"], "error: there is no DATA to repeat\n"),
        (&["send", "9", "x", "--option", "nodelay"], "error: `nodelay` has no value\n"),
        (&["send", "udp://localhost:9", "x"], "error: `udp://localhost:9` is not for this command\n"),
        (&["send"], "error: "),
    ] {
        let told = run(words);
        assert!(told.err.starts_with(problem), "{words:?}: {}", told.err);
        assert_eq!((told.code, told.out.len()), (Some(2), 0), "{words:?}");
    }
}

#[test]
fn nobody_reading_the_output_ends_it_quietly() {
    let peer = Peer::new(|mut stream| while stream.write_all(&[b'x'; 4096]).is_ok() {});
    let mut child = program(&["send", &peer.at(), "--wait", "60"]).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 100]).unwrap();
    drop(stdout);
    let told = finish(child);
    assert!(!told.err.contains("error") && !told.err.contains("panic"), "{}", told.err);
    assert_eq!(told.code, Some(0));
    peer.end();
}

#[test]
fn events_are_json_lines_and_nothing_else_is_on_stdout() {
    let peer = Peer::new(echo);
    let told = run(&["send", &peer.at(), "hi", "--json"]);
    let lines: Vec<serde_json::Value> =
        told.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["format"], "sockdrill-events");
    let kinds: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    for kind in ["connected", "sent", "shut-down", "received", "ended", "closed"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    assert_eq!((told.err.as_str(), told.code), ("", Some(0)));
    peer.end();
}

#[test]
fn an_event_names_the_step_that_did_it_and_none_where_none_did() {
    let step_of = |words: &[&str], event: &str| -> Vec<Option<u64>> {
        let told = run(words);
        let lines = told.out();
        let lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.filter(|line| line["event"] == event).map(|line| line["step"].as_u64()).collect()
    };
    let peer = Peer::new(echo);
    assert_eq!(step_of(&["send", &peer.at(), "hi", "--json", "--expect", "hi"], "received"), [Some(4)]);
    peer.end();
    // Nobody is to take what comes: it is no matter of the connect that it has come.
    for event in ["received", "ended"] {
        let peer = Peer::new(echo);
        assert_eq!(step_of(&["send", &peer.at(), "hi", "--json"], event), [None], "{event}");
        peer.end();
    }
    let peer = Peer::new(echo);
    let flags = ["--json", "--no-shutdown", "--idle", "50ms"];
    assert_eq!(step_of(&[&["send", &peer.at(), "hi"][..], &flags].concat(), "failed"), [None]);
    peer.end();
    // What was never open is not closed, and does not fail a second time for that.
    let free = free_port().to_string();
    assert_eq!(step_of(&["send", &free, "hi", "--json"], "failed"), [Some(1)]);
}

#[test]
fn quiet_leaves_data_and_errors() {
    let peer = Peer::new(echo);
    let told = run(&["send", &peer.at(), "hi", "--quiet"]);
    same(&told, peer.port, "hi", "", 0);
    peer.end();
}

#[test]
fn five_examples_stand_at_the_top_of_the_help() {
    for command in ["send", "serve"] {
        let told = run(&[command, "--help"]);
        let out = told.out();
        let examples: Vec<&str> = out.lines().take(8).filter(|line| line.contains("sockdrill ")).collect();
        assert!(out.starts_with("Examples:\n") && examples.len() == 5, "{out}");
        assert_eq!(told.code, Some(0));
    }
}

#[test]
fn flags_that_fingers_know_are_answered_with_where_to_look() {
    for (words, hint) in [
        (&["send", "9", "-u"][..], "datagrams are sent by `sockdrill udp-send`"),
        (&["serve", "-l", "9"], "it always listens"),
        (&["serve", "0", "-e", "cat"], "`--echo`, `--reply`, `--on` and `--script` answer"),
        (&["udp-send", "-z", "9"], "UDP accepts no connection"),
        (&["udp-recv", "-p", "9"], "the port is the argument"),
    ] {
        let told = run(words);
        assert!(told.err.contains(hint) && told.err.contains("`sockdrill help from-nc`"), "{}", told.err);
        assert_eq!((told.code, told.out.len()), (Some(2), 0), "{words:?}");
    }
}

#[test]
fn an_option_that_does_not_fit_is_wrong_usage_before_anything_opens() {
    let told = |words: &[&str]| {
        let told = run(words);
        (told.err.lines().next().unwrap_or_default().to_owned(), told.code)
    };
    let wrong = |text: &str| (format!("error: {text}"), Some(2));
    let send = |option: &str| told(&["send", "9", "x", "--option", option]);
    assert_eq!(send("tos=999"), wrong("`tos`: `999` should be a whole number from 0 to 255"));
    assert_eq!(send("broadcast=true"), wrong("a stream has no `broadcast`"));
    let idle = wrong("`keepalive_idle`: `0s` should be whole seconds from 1s to 32767s");
    assert_eq!(send("keepalive_idle=0"), idle, "a bare number is seconds");
    let udp = told(&["udp-send", "9", "x", "--option", "nodelay=true"]);
    assert_eq!(udp, wrong("a datagram socket has no `nodelay`"));
    let unix = told(&["send", "unix:/nowhere", "x", "--option", "nodelay=true"]);
    assert_eq!(unix, wrong("a unix socket has no `nodelay`"));
}

#[test]
fn an_unknown_option_is_shown_where_it_stands() {
    let told = run(&["send", "9", "x", "--option", "nodely=true"]);
    let wanted = "error: there is no socket option `nodely`
 --> command line:1:29
  |
1 | sockdrill send 9 x --option nodely=true
  |                             ^^^^^^
  |
  = help: did you mean `nodelay`?
";
    assert_eq!((told.err.as_str(), told.code), (wanted, Some(2)));
}

#[test]
fn what_was_sent_is_told_before_the_answer_to_it_though_the_sending_goes_on() {
    let peer = Peer::new(|mut stream| {
        let mut bytes = [0; 4];
        for _ in 0..2 {
            stream.read_exact(&mut bytes).unwrap();
            stream.write_all(&bytes).unwrap();
        }
        // The rest is sent when this was heard, and nothing answers it.
        all(&mut stream)
    });
    let told = run(&["send", &peer.at(), "0123456789", "--chunk", "1", "--every", "30ms", "--view", "text"]);
    peer.end();
    let lines: Vec<(char, &str)> = told
        .out
        .split(|byte| *byte == b'\n')
        .filter_map(|line| std::str::from_utf8(line).ok())
        .filter_map(|line| Some((line.chars().next()?, line.rsplit(' ').next()?)))
        .collect();
    let sent_before = |end: usize| -> String {
        lines[..end].iter().filter(|(mark, _)| *mark == '>').map(|(_, text)| *text).collect()
    };
    let mut answered = String::new();
    for (index, (mark, text)) in lines.iter().enumerate() {
        if *mark == '<' {
            answered.push_str(text);
            assert!(sent_before(index).starts_with(&answered), "{}", told.out());
        }
    }
    assert_eq!((answered.as_str(), sent_before(lines.len()).as_str()), ("01234567", "0123456789"));
    assert_eq!(told.code, Some(0), "{}", told.err);
}

#[test]
fn data_is_shown_though_standard_error_takes_nothing() {
    let peer = Peer::new(echo);
    let line = format!("exec sockdrill send {} hello --view text --time none 2> /dev/full", peer.at());
    let told = Running::start(&mut shell(&line), Input::Null).end();
    assert_eq!((told.out().as_str(), told.code), (">     5  hello\n<     5  hello\n", Some(3)));
    peer.end();
}

#[test]
fn how_it_ended_is_told_though_the_disk_is_full() {
    for view in ["text", "hex"] {
        let peer = Peer::new(echo);
        let line = format!("exec sockdrill send {} hello --view {view} > /dev/full", peer.at());
        let told = Running::start(&mut shell(&line), Input::Null).end();
        let err = format!(
            "{CONNECTED}* closed by peer (FIN) after T s: sent 5 B, received 5 B\n\
             error: cannot write to standard output: no space left on device\n"
        );
        same(&told, peer.port, "", &err, 3);
        peer.end();
    }
}
