//! What was to fail and did not, or failed otherwise.

use super::*;

#[test]
fn a_step_succeeds_that_was_to_fail() {
    stored!(alone(
        "
- listen: { as: server, at: 127.0.0.1:0 }
- connect: { as: client, to: server, fails: refused }"
    ));
}

#[test]
fn a_step_fails_otherwise_than_it_was_to() {
    stored!(connected(
        "
- close: client
- expect: { at: conn, text: \"hello\", fails: reset }"
    ));
}

#[test]
fn a_state_is_not_as_expected() {
    stored!(connected("- check: { at: conn, state: close-wait, within: 30ms }"));
}

#[test]
fn a_count_is_not_as_expected() {
    stored!(connected(
        "
- send: { from: client, text: \"hello\" }
- check: { at: conn, unread: 5 }
- check: { at: conn, fact: unread, at_least: 6, within: 30ms }"
    ));
}

#[test]
fn an_option_is_not_as_expected() {
    stored!(connected("- check: { at: conn, nodelay: true, within: 30ms }"));
}

#[test]
fn a_value_is_not_as_expected() {
    stored!(connected(
        "
- send: { from: client, text: \"id=7\\n\" }
- expect: { at: conn, matches: 'id=(?<id>\\d+)\\n' }
- check: { value: \"${id}\", equals: \"8\" }"
    ));
}

#[test]
fn no_rule_matches_what_a_strict_answer_gets() {
    stored!(connected(
        "
- send: { from: client, text: \"PING\\r\\nPIGN\\r\\n\" }
- shutdown: client
- answer: { at: conn, rules: [{ text: \"PING\\r\\n\", reply: { text: \"PONG\\r\\n\" } }], strict: true }"
    ));
}

#[test]
fn no_rule_matches_a_datagram_that_a_strict_answer_gets() {
    stored!(alone(
        "
- bind: { as: here, at: 127.0.0.1:0 }
- bind: { as: there, at: 127.0.0.1:0, to: here }
- send: { from: there, text: \"PIGN\" }
- answer: { at: here, rules: [{ text: \"PING\", reply: { text: \"PONG\" } }], strict: true }"
    ));
}
