//! Times on the command line: a pause may be nothing, a limit may not, and no time is negative or without end.

use crate::run;
use std::io::Read as _;
use std::net::TcpListener;

#[test]
fn a_limit_of_nothing_is_refused_by_every_command() {
    let limit = "a limit of 0 is over before it begins; leave the flag out for the usual one";
    for (command, flag, why) in [
        (&["send", "9", "x"][..], "--idle", limit),
        (&["send", "9", "x"], "--timeout", limit),
        (&["send", "9", "x"], "--connect-timeout", limit),
        (&["serve", "0"], "--idle", limit),
        (&["udp-recv", "0"], "--within", limit),
        (&["udp-recv", "0"], "--stats", "an interval is more than nothing"),
        (&["replay", "."], "--for", limit),
    ] {
        for nothing in ["0", "0ms", "0.0"] {
            let told = run(&[command, &[flag, nothing]].concat());
            let problem = format!("error: invalid value '{nothing}' for '{flag} <TIME>': {why}\n");
            assert!(told.err.starts_with(&problem), "{}", told.err);
            assert_eq!((told.code, told.out.as_str()), (Some(2), ""));
        }
    }
}

#[test]
fn no_time_is_negative_or_longer_than_the_clock_knows() {
    for (time, why) in [
        ("-1", "`-1` is negative; no time is"),
        ("18446744073709551615", "`18446744073709551615s` is too long a time"),
    ] {
        for (command, flag) in [
            (&["send", "9", "x"][..], "--wait"),
            (&["send", "9", "x"], "--retry"),
            (&["udp-send", "9", "x"], "--wait"),
            (&["serve", "0"], "--delay"),
            (&["udp-recv", "0"], "--within"),
        ] {
            let told = run(&[command, &[flag, time]].concat());
            let problem = format!("error: invalid value '{time}' for '{flag} <TIME>': {why}\n");
            assert!(told.err.starts_with(&problem), "{}", told.err);
            assert_eq!(told.code, Some(2));
        }
    }
}

#[test]
fn no_count_is_nothing_and_each_is_refused_in_words() {
    let (count, one) = ("a count is more than nothing", "it is a whole number, 1 at least");
    for (command, flag, why) in [
        (&["send", "9", "x"][..], "--repeat", count),
        (&["serve", "0"], "--close-listener-after", count),
        (&["serve", "0"], "--max-clients", one),
        (&["udp-send", "9", "x"], "--count", count),
        (&["udp-send", "9", "x"], "--replies", count),
        (&["udp-recv", "0"], "--count", count),
        (&["replay", "."], "--repeat", one),
        (&["replay", "."], "--jobs", one),
    ] {
        let told = run(&[command, &[flag, "0"]].concat());
        let problem = format!("error: invalid value '0' for '{flag} <N>': {why}\n");
        assert!(told.err.starts_with(&problem), "{}", told.err);
        assert_eq!(told.code, Some(2));
    }
}

#[test]
fn a_pause_of_nothing_is_none() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    for flags in [
        &["--chunk", "1", "--every", "0"][..],
        &["--retry", "0", "--wait", "0"],
        &["--repeat", "1", "--interval", "0"],
    ] {
        let peer = std::thread::scope(|scope| {
            let peer = scope.spawn(|| {
                let mut text = String::new();
                listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
                text
            });
            let told = run(&[&["send", &address, "hello"][..], flags].concat());
            assert_eq!(told.code, Some(0), "{flags:?}: {}", told.err);
            peer.join().unwrap()
        });
        assert_eq!(peer, "hello");
    }
    let steps =
        "listen s 127.0.0.1:0; connect c s; accept d s; send c hello chunk=1 every=0s; expect d hello";
    assert_eq!(run(&["repl", "-c", steps]).code, Some(0));
}
