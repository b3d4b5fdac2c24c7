//! The peer has ended where more was wanted, or has not where an end was.

use super::*;

#[test]
fn a_connect_that_is_refused() {
    stored!(alone(
        "
- connect: { as: client, to: '127.0.0.1:${port.nobody}' }"
    ));
}

#[test]
fn a_connect_that_is_refused_again_and_again() {
    stored!(alone("- connect: { as: client, to: '127.0.0.1:${port.nobody}', retry: 50ms }"));
}

#[test]
fn a_reset_before_any_byte() {
    stored!(connected(
        "
- abort: client
- expect: { at: conn, text: \"hello\" }"
    ));
}

#[test]
fn a_reset_in_the_middle() {
    stored!(connected(
        "
- send: { from: client, text: \"220 \" }
- abort: client
- expect: { at: conn, text: \"220 ready\\r\\n\" }"
    ));
}

#[test]
fn a_reset_after_the_data() {
    stored!(connected(
        "
- send: { from: client, text: \"hello\" }
- abort: client
- expect: { at: conn, text: \"hello\" }
- expect: { at: conn, eof: true }"
    ));
}

#[test]
fn an_end_too_early_without_bytes() {
    stored!(connected(
        "
- close: client
- expect: { at: conn, text: \"hello\" }"
    ));
}

#[test]
fn an_end_too_early_after_some_bytes() {
    stored!(connected(
        "
- send: { from: client, text: \"220 \" }
- close: client
- expect: { at: conn, text: \"220 ready\\r\\n\" }"
    ));
}

#[test]
fn an_end_before_the_delimiter() {
    stored!(connected(
        "
- send: { from: client, text: \"220 ready\" }
- shutdown: { at: client, side: write }
- expect: { at: conn, until: \"\\r\\n\" }"
    ));
}

#[test]
fn an_end_before_so_many_bytes() {
    stored!(connected(
        "
- send: { from: client, text: \"220 ready\" }
- close: client
- expect: { at: conn, size: 1KiB }"
    ));
}

#[test]
fn data_where_the_end_is_expected() {
    stored!(connected(
        "
- send: { from: client, text: \"bye\" }
- expect: { at: conn, eof: true }"
    ));
}

#[test]
fn a_clean_end_where_a_reset_is_expected() {
    stored!(connected(
        "
- close: client
- expect: { at: conn, reset: true }"
    ));
}

#[test]
fn silence_broken_by_a_byte() {
    stored!(connected(
        "
- send: { from: client, text: \"x\" }
- expect: { at: conn, silence: 200ms }"
    ));
}

#[test]
fn silence_broken_by_the_end() {
    stored!(connected(
        "
- close: client
- expect: { at: conn, silence: 200ms }"
    ));
}

#[test]
fn silence_broken_by_a_reset() {
    stored!(connected(
        "
- abort: client
- expect: { at: conn, silence: 200ms }"
    ));
}

#[test]
fn a_recv_that_meets_a_reset() {
    stored!(connected(
        "
- abort: client
- recv: conn"
    ));
}

#[test]
fn a_send_after_the_peer_is_gone() {
    stored!(connected(
        "
- close: client
- send: { from: conn, text: \"one\" }
- check: { at: conn, state: close }
- send: { from: conn, text: \"two\" }"
    ));
}

#[test]
fn a_send_after_our_own_half_close() {
    stored!(connected(
        "
- shutdown: { at: client, side: write }
- send: { from: client, text: \"more\" }"
    ));
}
