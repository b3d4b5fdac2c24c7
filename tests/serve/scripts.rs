//! Steps of a script that do not hold: which they were, and that the end of another socket is not the client's.

use crate::desk::{Peer, Serving, Told, reset};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// What `serve --once` tells of a client, which gets this script.
fn scripted(steps: &str, client: impl FnOnce(TcpStream)) -> Told {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("steps.yaml");
    std::fs::write(&script, format!("steps:\n{steps}")).unwrap();
    let server = Serving::new(&["--once", "--script", script.to_str().unwrap()]);
    client(server.connect());
    server.end()
}

/// Sends nothing and closes nothing before the server has ended it.
fn stays(mut stream: TcpStream) {
    assert_eq!(stream.read(&mut [0; 9]).unwrap(), 0);
}

/// Resets without a word.
fn resets(stream: TcpStream) {
    reset(stream);
}

#[test]
fn a_step_that_fails_elsewhere_is_told_and_is_not_the_end_of_the_client() {
    for step in ["connect: { as: up, to: server }", "close: server", "check: { at: server, state: listen }"] {
        let told = scripted(&format!("  - {step}\n"), stays);
        assert!(told.err.contains("#1 *        failed: server is not open\n"), "{step}: {}", told.err);
        assert!(told.err.contains("#1 *        closed by us: in 0 B, out 0 B"), "{step}: {}", told.err);
        assert!(told.err.contains("error: server is not open\n --> "), "{step}: {}", told.err);
        assert_eq!(told.code, Some(2), "{step}: {}", told.err);
    }
    for (step, failed) in [
        ("expect: { at: up, text: hi }", "failed: expected text at up, the stream was reset first\n"),
        (
            "repeat: { times: 1000, steps: [{ send: { from: up, text: hi } }, { sleep: 1ms }] }",
            "failed: 127.0.0.1:",
        ),
    ] {
        let upstream = Peer::new(reset);
        let steps = format!("  - connect: {{ as: up, to: \"{}\" }}\n  - {step}\n", upstream.at());
        let told = scripted(&steps, stays);
        assert!(told.err.contains(failed), "{step}: {}", told.err);
        assert!(told.err.contains("#1 *        closed by us: in 0 B, out 0 B"), "{step}: {}", told.err);
        assert!(told.err.contains("#1 *        reset by peer (RST) after "), "{step}: {}", told.err);
        assert_eq!(told.code, Some(5), "{step}: {}", told.err);
        upstream.end();
    }
}

#[test]
fn a_step_that_fails_because_the_client_reset_is_told_whichever_it_is() {
    let told = scripted(
        "  - expect: { at: conn, text: a }\n  \
         - repeat: { times: 1000, steps: [{ send: { from: conn, text: hi } }, { sleep: 1ms }] }\n",
        |mut stream| {
            stream.write_all(b"a").unwrap();
            stream.read_exact(&mut [0; 2]).unwrap();
            reset(stream);
        },
    );
    assert!(told.err.contains("#1 *        failed: 127.0.0.1:"), "{}", told.err);
    assert!(told.err.contains("#1 *        reset by peer (RST): in 1 B"), "{}", told.err);
    assert!(
        told.err.contains("\nerror: 127.0.0.1:") && told.err.contains("send: { from: conn"),
        "{}",
        told.err
    );
    assert_eq!(told.code, Some(5), "{}", told.err);
    // In the words of flags it is no more than how the client ended.
    let server = Serving::new(&["--once", "--source"]);
    let mut stream = server.connect();
    stream.read_exact(&mut [0; 100]).unwrap();
    reset(stream);
    let told = server.end();
    assert!(!told.err.contains("failed:") && !told.err.contains("error:"), "{}", told.err);
}

#[test]
fn how_the_client_ended_is_told_where_a_lane_has_met_it() {
    let beside = "  - parallel: { a: [{ note: beside }], b: [{ expect: { at: conn, ";
    for (rest, client, how, code) in [
        ("reset: true } }] }\n", resets as fn(TcpStream), "reset by peer (RST)", 0),
        ("eof: true } }] }\n", drop, "closed by peer (FIN)", 0),
        ("text: x } }] }\n", resets, "reset by peer (RST)", 5),
    ] {
        let told = scripted(&format!("{beside}{rest}"), client);
        assert!(told.err.contains(&format!("#1 *        {how}: in 0 B, out 0 B")), "{rest}: {}", told.err);
        assert_eq!(told.code, Some(code), "{rest}: {}", told.err);
    }
    let told = scripted(
        "  - parallel:\n      \
             a: [{ repeat: { times: 1000, steps: [{ send: { from: conn, text: x } }, { sleep: 1ms }] } }]\n      \
             b: [{ discard: conn }]\n",
        |mut stream| {
            stream.write_all(b"hello").unwrap();
            stream.read_exact(&mut [0; 2]).unwrap();
            reset(stream);
        },
    );
    assert!(told.err.contains("#1 *        failed: 127.0.0.1:"), "{}", told.err);
    assert!(told.err.contains("#1 *        reset by peer (RST): in 5 B"), "{}", told.err);
    assert_eq!(told.code, Some(5), "{}", told.err);
}

#[test]
fn a_lane_in_the_pause_of_a_repeat_was_at_that() {
    let steps = "  - parallel:\n      \
             a: [{ repeat: { times: 3, pause: 60s, steps: [{ send: { from: conn, text: x } }] } }]\n      \
             b: [{ expect: { at: conn, text: x } }]\n";
    let told = scripted(steps, |mut stream| {
        stream.read_exact(&mut [0]).unwrap();
        stream.write_all(b"y").unwrap();
        stays(stream);
    });
    assert!(told.err.contains("a was at `repeat 3 "), "{}", told.err);
    assert!(!told.err.contains("was done"), "{}", told.err);
}

#[test]
fn a_client_that_resets_what_a_script_serves_until_the_end_has_ended_badly() {
    for step in ["echo: conn", "discard: conn"] {
        let told = scripted(&format!("  - {step}\n"), resets);
        assert!(told.err.contains("#1 *        reset by peer (RST): in 0 B"), "{step}: {}", told.err);
        assert!(told.err.ends_with("1 ended badly\n"), "{step}: {}", told.err);
        assert_eq!(told.code, Some(5), "{step}: {}", told.err);
        let told = scripted(&format!("  - {step}\n"), drop);
        assert_eq!(told.code, Some(0), "{step}: {}", told.err);
    }
}

#[test]
fn a_relay_tells_the_reset_of_the_side_whose_peer_did_it() {
    let upstream = Peer::new(|mut stream| {
        stream.read_exact(&mut [0; 3]).unwrap();
        reset(stream);
    });
    let steps = |at: String| {
        format!("  - connect: {{ as: up, to: \"{at}\" }}\n  - relay: {{ between: [conn, up] }}\n")
    };
    let told = scripted(&steps(upstream.at()), |mut stream| {
        stream.write_all(b"abc").unwrap();
        assert!(stream.read(&mut [0; 9]).is_err());
    });
    upstream.end();
    assert!(told.err.contains("#1 *        reset by us (RST): in 3 B, out 0 B"), "{}", told.err);
    assert!(told.err.contains("#1 *        reset by peer (RST) after "), "{}", told.err);
    assert_eq!(told.code, Some(0), "{}", told.err);
    let upstream = Peer::new(|mut stream| drop(stream.read(&mut [0; 9])));
    let told = scripted(&steps(upstream.at()), resets);
    upstream.end();
    assert!(told.err.contains("#1 *        reset by peer (RST): in 0 B"), "{}", told.err);
    assert_eq!(told.code, Some(5), "{}", told.err);
}
