//! Addresses, ports and families as the endpoint commands take and refuse them.

use crate::run;
use std::net::TcpListener;

#[test]
fn an_ipv6_address_in_brackets_can_stand_apart_from_its_port() {
    let Ok(peer) = TcpListener::bind("[::1]:0") else {
        eprintln!("skipped: no [::1]");
        return;
    };
    let port = peer.local_addr().unwrap().port().to_string();
    let told = run(&["send", "-z", "[::1]", &port]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    // The same words are a place to listen at; what is taken is refused with its name.
    let told = run(&["serve", "[::1]", &port]);
    assert!(told.err.contains(&format!("[::1]:{port}: address already in use")), "{}", told.err);
}

#[test]
fn ports_are_one_and_a_probe_sends_nothing() {
    for (words, problem) in [
        (
            &["send", "-z", "9", "10"][..],
            "error: `-z` sends nothing, and looks at one port\n --> command line:1:21\n",
        ),
        (&["send", "-z", "9", "-"], "error: `-z` sends nothing"),
        (
            &["send", "-z", "localhost", "9-12"],
            "error: `9-12` is a range of ports, and one is reached at a time\n",
        ),
        (&["send", "-z", "localhost:9-12"], "error: `9-12` is a range of ports"),
        (&["serve", "9-12"], "error: `9-12` is a range of ports"),
    ] {
        let told = run(words);
        assert!(told.err.starts_with(problem), "{words:?}: {}", told.err);
        assert_eq!((told.code, told.out.len()), (Some(2), 0), "{words:?}");
    }
}

#[test]
fn a_family_that_an_address_is_not_of_is_said_in_its_own_words() {
    for (words, problem) in [
        (["send", "-6", "127.0.0.1", "9", "x"], "error: 127.0.0.1:9: this is no IPv6 address\n"),
        (["send", "-4", "[::1]", "9", "x"], "error: [::1]:9: this is no IPv4 address\n"),
        (["udp-send", "-4", "[::1]", "9", "x"], "error: [::1]:9: this is no IPv4 address\n"),
    ] {
        let told = run(&words);
        assert_eq!((told.err.as_str(), told.code), (problem, Some(3)), "{words:?}");
    }
}

#[test]
fn a_flag_that_is_wrong_is_named_as_it_was_typed() {
    for (words, problem) in [
        (&["serve", "0", "-k", "--once"][..], "the argument '-k' cannot be used with '--once'"),
        (&["serve", "0", "--once", "-k"], "the argument '--once' cannot be used with '-k'"),
        (&["serve", "0", "--once", "--keep"], "the argument '--once' cannot be used with '--keep'"),
        (&["send", "-46", "9"], "the argument '-4' cannot be used with '-6'"),
        (&["send", "9", "-qx"], "invalid value 'x' for '-q <TIME>': "),
        (&["send", "9", "--wait", "x", "-v"], "invalid value 'x' for '--wait <TIME>': "),
    ] {
        let told = run(words);
        assert!(told.err.starts_with(&format!("error: {problem}")), "{words:?}: {}", told.err);
        assert_eq!(told.code, Some(2), "{words:?}");
    }
}

#[test]
fn an_interface_that_is_not_there_is_named_and_no_address_that_nobody_wrote() {
    for words in [&["udp-send", "9", "x"][..], &["udp-recv", "0", "--join", "239.1.2.3"]] {
        let told = run(&[words, &["--interface", "nosuch"]].concat());
        let problem = "error: interface nosuch: this machine has none of that name or address\n";
        assert_eq!((told.err.as_str(), told.code), (problem, Some(3)), "{words:?}");
    }
}

#[test]
fn a_peer_that_answers_no_handshake_is_asked_about_tls() {
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = peer.local_addr().unwrap().port().to_string();
    let told = run(&["send", &port, "hi", "--tls", "--insecure", "-w", "200ms"]);
    let hint = "hint: the peer accepted and did not answer the handshake; does it speak TLS?\n";
    assert!(told.err.contains(hint), "{}", told.err);
    assert_eq!(told.code, Some(4));
}

#[test]
fn what_is_short_for_something_else_is_refused_with_what_that_is() {
    for (words, problem, help) in [
        (&["send", "127.1:9", "x"][..], "`127.1` is no IPv4 address", "written out it is `127.0.0.1`"),
        (&["udp-send", "127.1", "9"], "`127.1` is no IPv4 address", "written out it is `127.0.0.1`"),
        (&["serve", ":http"], "`http` is no port", "`getent services http` says that of a service"),
        (&["send", "9", "@no-file"], "there is no file no-file", r"`@` is written `\x40no-file`"),
        (&["serve", "0", "--reply", "@"], "`@` names no file", r"`@` is written `\x40`"),
        (
            &["serve", "unix:@name", "--port-file", "/dev/null"],
            "a unix socket has no port for `--port-file` to write",
            "it is reached by its name",
        ),
        (
            &["serve", "unix:@name", "--", "echo", "{port}"],
            "a unix socket has no port for `{port}` to be",
            "which is `{address}` in a command",
        ),
        (&["check", "-"], "there is no file or directory -", "`/dev/stdin` is standard input"),
    ] {
        let told = run(words);
        assert!(told.err.starts_with(&format!("error: {problem}\n")), "{}", told.err);
        assert!(told.err.contains(help), "{}", told.err);
        assert_eq!((told.code, told.out.as_str()), (Some(2), ""));
    }
}
