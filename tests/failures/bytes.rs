//! Other bytes came.

use super::*;

#[test]
fn a_wrong_byte_in_a_text() {
    stored!(connected(
        "
- send: { from: client, text: \"PONK\\r\\n\" }
- expect: { at: conn, text: \"PONG\\r\\n\" }"
    ));
}

#[test]
fn a_wrong_byte_behind_what_was_expected_before() {
    stored!(connected(
        "
- send: { from: client, lines: [\"HTTP/1.1 200 OK\", \"Server: nginx\", \"\"] }
- expect: { at: conn, until: \"\\r\\n\" }
- expect: { at: conn, lines: [\"Server: apache\", \"\"] }"
    ));
}

#[test]
fn a_wrong_byte_that_is_no_text() {
    stored!(connected(
        "
- send: { from: client, hex: \"00 01 02 ff 04\" }
- expect: { at: conn, hex: \"00 01 02 03 04\" }"
    ));
}

#[test]
fn a_wrong_byte_under_a_mask() {
    stored!(connected(
        "
- send: { from: client, hex: \"16 03 01 00 05 02\" }
- expect: { at: conn, hex: \"16 03 ?? ?? ?? 01\" }"
    ));
}

#[test]
fn a_wrong_byte_far_into_a_large_payload() {
    stored!(connected(
        "
- send: { from: client, sequence: 768KiB }
- send: { from: client, zeros: 256KiB }
- expect: { at: conn, sequence: 1MiB }"
    ));
}

#[test]
fn an_expression_that_cannot_match_any_more() {
    stored!(connected(
        "
- send: { from: client, text: \"OK 12 bytes\\r\\n\" }
- expect: { at: conn, matches: 'OK \\d+\\r\\n' }"
    ));
}

#[test]
fn a_beginning_that_differs() {
    stored!(connected(
        "
- send: { from: client, text: \"500 oops\\r\\n\" }
- expect: { at: conn, starts: \"220\" }"
    ));
}

#[test]
fn none_of_several() {
    stored!(connected(
        "
- send: { from: client, text: \"MAYBE\\r\\n\" }
- expect: { at: conn, any_of: [{ text: \"YES\\r\\n\" }, { matches: 'NO( \\d+)?\\r\\n' }, { eof: true }] }"
    ));
}

#[test]
fn none_of_several_before_the_end() {
    stored!(connected(
        "
- send: { from: client, text: \"YE\" }
- close: client
- expect: { at: conn, any_of: [{ text: \"YES\\r\\n\" }, { reset: true }] }"
    ));
}

#[test]
fn a_long_text_without_what_it_should_contain() {
    stored!(connected(
        "
- send: { from: client, text: \"spam, \", times: 30000 }
- close: client
- expect: { at: conn, contains: \"ready\" }"
    ));
}
