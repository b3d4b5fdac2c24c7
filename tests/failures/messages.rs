//! Messages of framed streams and datagrams.

use super::*;

const BOUND: &str = "
  - bind: { as: a, at: 127.0.0.1:0 }
  - bind: { as: b, at: 127.0.0.1:0 }
";

#[track_caller]
fn bound(steps: &str) -> String {
    drawn(&failure(&scenario(BOUND, steps)))
}

#[track_caller]
fn framed(steps: &str) -> String {
    let before = "
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server, frame: u16 }
";
    drawn(&failure(&scenario(before, steps)))
}

#[test]
fn a_datagram_with_a_wrong_byte() {
    stored!(bound(
        "
- send: { from: a, to: b, text: \"pink\" }
- expect: { at: b, text: \"ping\" }"
    ));
}

#[test]
fn a_datagram_that_is_too_short() {
    stored!(bound(
        "
- send: { from: a, to: b, text: \"pin\" }
- expect: { at: b, text: \"ping\" }"
    ));
}

#[test]
fn a_datagram_that_is_too_long() {
    stored!(bound(
        "
- send: { from: a, to: b, text: \"ping!\" }
- expect: { at: b, text: \"ping\" }"
    ));
}

#[test]
fn a_datagram_of_another_size() {
    stored!(bound(
        "
- send: { from: a, to: b, text: \"ping!\" }
- expect: { at: b, size: 4 }"
    ));
}

#[test]
fn a_datagram_that_does_not_match() {
    stored!(bound(
        "
- send: { from: a, to: b, text: \"id=x\" }
- expect: { at: b, matches: 'id=\\d+' }"
    ));
}

#[test]
fn a_datagram_from_another_sender() {
    stored!(bound(
        "
- bind: { as: c, at: 127.0.0.1:0 }
- send: { from: c, to: b, text: \"ping\" }
- expect: { at: b, text: \"ping\", from: a }"
    ));
}

#[test]
fn no_datagram_in_time() {
    stored!(bound("- expect: { at: b, text: \"ping\", within: 30ms }"));
}

#[test]
fn a_datagram_that_breaks_silence() {
    stored!(bound(
        "
- send: { from: a, to: b, text: \"\" }
- expect: { at: b, silence: 100ms }"
    ));
}

#[test]
fn a_datagram_that_does_not_fit() {
    stored!(bound("- send: { from: a, to: b, zeros: 65508 }"));
}

#[test]
fn a_datagram_that_nobody_was_there_for() {
    stored!(alone(
        "
- bind: { as: a, at: 127.0.0.1:0, to: '127.0.0.1:${port.nobody}' }
- send: { from: a, text: \"ping\" }
- expect: { at: a, text: \"pong\" }"
    ));
}

#[test]
fn a_datagram_without_a_destination() {
    stored!(alone(
        "
- bind: { as: a, at: 127.0.0.1:0 }
- send: { from: a, text: \"ping\" }"
    ));
}

#[test]
fn a_frame_with_a_wrong_byte() {
    stored!(framed(
        "
- send: { from: client, hex: \"00 04 70 69 6e 6b\" }
- expect: { at: conn, text: \"ping\" }"
    ));
}

#[test]
fn a_frame_that_the_end_cuts() {
    stored!(framed(
        "
- send: { from: client, hex: \"00 04 70 69\" }
- close: client
- expect: { at: conn, text: \"ping\" }"
    ));
}

#[test]
fn a_frame_that_the_reset_cuts() {
    stored!(framed(
        "
- send: { from: client, hex: \"00 04 70 69\" }
- abort: client
- expect: { at: conn, text: \"ping\" }"
    ));
}

#[test]
fn the_end_where_a_frame_is_expected() {
    stored!(framed(
        "
- close: client
- expect: { at: conn, text: \"ping\" }"
    ));
}

#[test]
fn a_frame_that_did_not_come_whole_in_time() {
    stored!(framed(
        "
- send: { from: client, hex: \"00 04 70 69\" }
- expect: { at: conn, text: \"ping\", within: 30ms }"
    ));
}

#[test]
fn a_frame_that_breaks_silence_before_it_is_whole() {
    stored!(framed(
        "
- send: { from: client, hex: \"00 04 70 69\" }
- expect: { at: conn, silence: 100ms }"
    ));
}

#[test]
fn a_message_that_does_not_fit_its_frame() {
    stored!(framed(
        "
- connect: { as: other, to: server }
- accept:  { as: plain, at: server }
- send:    { from: other, zeros: 65536 }
- expect:  { at: plain, size: 65536, save: large }
- send:    { from: conn, text: \"${large}\" }"
    ));
}
