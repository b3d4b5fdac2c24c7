//! Cutting and cancelling lose nothing: how writes were cut, and what was given up before, does not
//! show.

use crate::playing::{play, scenarios};
use sockdrill::engine::Stage;
use sockdrill::event::{Journal, What};
use sockdrill::net::Host;
use sockdrill::text::render;
use std::time::Duration;

/// Steps that send `wire` from `client` in two parts, cut at every byte, with these before and after.
fn cut_everywhere(frame: &str, wire: &[u8], after: &str) -> String {
    let mut text = String::new();
    for cut in 0..=wire.len() {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
        let (head, tail) = (hex(&wire[..cut]), hex(&wire[cut..]));
        let part = |hex: &str, wait: &str| match hex {
            "" => String::new(),
            hex => format!("          - send: {{ from: client, hex: \"{hex}\" }}\n{wait}"),
        };
        // All of the first part is in the reader's kernel before the second goes.
        let wait = "          - check: { at: client, unsent: 0 }\n";
        text += &format!(
            "---
name: cut at {cut}
within: 60s
steps:
  - listen:  {{ as: server, at: 127.0.0.1:0 }}
  - connect: {{ as: client, to: server }}
  - accept:  {{ as: conn, at: server{frame} }}
  - parallel:
      writer:
{}{}          - note: sent
      reader:
{after}",
            part(&head, wait),
            part(&tail, ""),
        );
    }
    text
}

#[test]
fn frames_may_be_cut_anywhere() {
    for (frame, wire) in [
        (", frame: u8", b"\x04ping\x00\x02ok".as_slice()),
        (", frame: u16", b"\0\x04ping\0\0\0\x02ok"),
        (", frame: u32", b"\0\0\0\x04ping\0\0\0\0\0\0\0\x02ok"),
        (", frame: line", b"ping\n\nok\n"),
    ] {
        let after = "          - expect: { at: conn, text: \"ping\" }
          - expect: { at: conn, text: \"\" }
          - expect: { at: conn, text: \"ok\" }
";
        play(&cut_everywhere(frame, wire, after)).assert_passed();
    }
}

#[test]
fn questions_may_be_cut_anywhere() {
    let after = "          - answer:
              at: conn
              rules:
                - { matches: 'LOGIN (?<who>\\w+)\\r\\n', reply: { text: \"HELLO ${who}\\r\\n\" } }
                - { matches: 'QUIT\\r\\n', reply: { text: \"BYE\\r\\n\" }, then: close }
  - expect: { at: client, text: \"HELLO ann\\r\\nHELLO bob\\r\\nBYE\\r\\n\" }
  - expect: { at: client, eof: true }
";
    play(&cut_everywhere("", b"LOGIN ann\r\nLOGIN bob\r\nQUIT\r\n", after)).assert_passed();
}

#[test]
fn patterns_may_be_cut_anywhere() {
    let after = "          - expect: { at: conn, until: \"\\r\\n\" }
          - expect: { at: conn, matches: 'id=(?<id>\\d+)\\r\\n' }
          - expect: { at: conn, contains: \"aab\" }
          - expect: { at: conn, any_of: [{ text: \"NO\" }, { text: \"YES\" }] }
          - check:  { value: \"${id}\", equals: \"42\" }
";
    play(&cut_everywhere("", b"220 ready\r\nid=42\r\naaabYES", after)).assert_passed();
}

#[test]
fn a_close_of_an_answer_is_a_close_and_a_reset_a_reset() {
    for (then, end) in [("close", "eof"), ("reset", "reset")] {
        let text = format!(
            "
name: {then}
steps:
  - listen:  {{ as: server, at: 127.0.0.1:0 }}
  - connect: {{ as: client, to: server }}
  - accept:  {{ as: conn, at: server }}
  - send:    {{ from: client, text: \"BYE\\r\\n\" }}
  - answer:  {{ at: conn, rules: [{{ matches: 'BYE\\r\\n', then: {then} }}] }}
  - expect:  {{ at: client, {end}: true }}
  - close:   conn
"
        );
        let played = play(&text);
        played.assert_passed();
        assert_eq!(played.notes(), ["conn is closed already"]);
    }
}

#[test]
fn a_close_of_an_answer_with_unread_data_resets_as_any_close_does() {
    play(
        "
name: unread
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - send:    { from: client, text: \"BYE\\r\\nand more that nobody reads\" }
  - check:   { at: conn, unread: 31 }
  - answer:  { at: conn, rules: [{ matches: 'BYE\\r\\n', then: close }] }
  - expect:  { at: client, reset: true }
",
    )
    .assert_passed();
}

#[test]
fn an_expect_that_was_given_up_leaves_what_it_saw() {
    play(
        "
name: given up
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - send:    { from: client, text: \"hello\" }
  - check:   { at: conn, unread: 5 }
  - expect:  { at: conn, text: \"hello world\", within: 20ms, fails: timeout }
  - check:   { at: conn, unread: 5 }
  - expect:  { at: conn, matches: 'hello, (?s).*\\n', within: 20ms, fails: timeout }
",
    );
}

#[test]
fn a_step_that_is_cancelled_at_any_moment_leaves_what_it_saw() {
    let text = "
name: cancelled
within: 60s
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server, frame: u16 }
  - send:    { from: client, hex: \"00 04 70\" }
  - expect:  { at: conn, text: \"ping\" }
  - send:    { from: client, hex: \"69 6e 67\" }
  - expect:  { at: conn, text: \"ping\" }
";
    let scenario = scenarios(text).remove(0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stage = Stage::new(&Host::here(), &Journal::silent(), Duration::from_mins(1));
        for (at, step) in scenario.steps.iter().enumerate() {
            if at == 4 {
                // It is in the middle of the message: given up here, again and again.
                for _ in 0..20 {
                    let step = tokio::time::timeout(Duration::from_millis(1), stage.run(step));
                    assert!(step.await.is_err(), "half a message is no message");
                }
                continue;
            }
            if let Err(failure) = stage.run(step).await {
                panic!("{}", render(&failure.diagnostic(), false));
            }
        }
        stage.finish().await;
    });
}

#[test]
fn a_service_that_is_given_up_tells_what_it_has_carried() {
    let played = play(
        "
name: given up
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - send:    { from: client, text: \"hello\" }
  - check:   { at: conn, unread: 5 }
  - echo:    { at: conn, within: 20ms, fails: timeout }
  - send:    { from: client, text: \"bye\" }
  - check:   { at: conn, unread: 3 }
  - discard: { at: conn, within: 20ms, fails: timeout }
  - discard: { at: conn, within: 20ms, fails: timeout }
  - expect:  { at: client, text: hello }
",
    );
    played.assert_passed();
    let served = played.events.iter().filter_map(|event| match &event.what {
        What::Served { totals, how, .. } => Some((totals.received, totals.sent, how.clone())),
        _ => None,
    });
    let served: Vec<_> = served.collect();
    assert_eq!(served, [(5, 5, None), (3, 0, None)], "and nothing of one that carried nothing");
}

#[test]
fn a_relay_keeps_half_closes_and_resets() {
    let before = "
within: 60s
steps:
  - listen:  { as: front, at: 127.0.0.1:0 }
  - listen:  { as: back, at: 127.0.0.1:0 }
  - connect: { as: client, to: front }
  - accept:  { as: near, at: front }
  - connect: { as: far, to: back }
  - accept:  { as: server, at: back }
  - parallel:
      relaying:
        - relay: { between: [near, far] }
      talking:
";
    let half_close = "
        - send:     { from: client, text: \"question\" }
        - shutdown: { at: client, side: write }
        - expect:   { at: server, text: \"question\" }
        - expect:   { at: server, eof: true }
        - send:     { from: server, text: \"answer\" }
        - close:    server
        - expect:   { at: client, text: \"answer\" }
        - expect:   { at: client, eof: true }
";
    let reset = "
        - send:   { from: client, text: \"question\" }
        - expect: { at: server, text: \"question\" }
        - abort:  server
        - expect: { at: client, reset: true }
";
    play(&format!("name: half-close{before}{half_close}---\nname: reset{before}{reset}")).assert_passed();
}

#[test]
fn tls_begins_in_the_middle_with_what_was_sent_ahead() {
    play(
        "
name: starttls
within: 60s
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - send:    { from: client, text: \"STARTTLS\\r\\n\" }
  - expect:  { at: conn, text: \"STARTTLS\\r\\n\" }
  - send:    { from: conn, text: \"220 go\\r\\n\" }
  - parallel:
      client:
        - expect: { at: client, until: \"\\r\\n\" }
        - tls:    { at: client, as: client, insecure: true }
        - send:   { from: client, text: \"EHLO\\r\\n\" }
        - expect: { at: client, text: \"250 ok\\r\\n\" }
      server:
        - tls:    { at: conn, as: server }
        - expect: { at: conn, text: \"EHLO\\r\\n\" }
        - send:   { from: conn, text: \"250 ok\\r\\n\" }
  - close:   client
  - expect:  { at: conn, eof: true }
",
    )
    .assert_passed();
}

#[test]
fn a_datagram_is_refused_once_for_each_icmp_message() {
    play(
        "
name: refused twice
steps:
  - bind:   { as: a, at: 127.0.0.1:0, to: '127.0.0.1:${port.nobody}' }
  - send:   { from: a, text: \"one\" }
  - recv:   { at: a, fails: refused }
  - send:   { from: a, text: \"two\" }
  - expect: { at: a, text: \"answer\", fails: refused }
  - expect: { at: a, silence: 50ms }
",
    )
    .assert_passed();
}

#[test]
fn the_first_error_of_a_stream_is_kept() {
    play(
        "
name: kept
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - send:    { from: client, text: \"last words\" }
  - abort:   client
  - expect:  { at: conn, text: \"last words\" }
  - expect:  { at: conn, reset: true }
  - expect:  { at: conn, reset: true }
  - recv:    { at: conn, fails: reset }
  - expect:  { at: conn, eof: true, fails: reset }
",
    )
    .assert_passed();
}

#[test]
fn a_peer_that_always_has_more_does_not_hold_up_the_deadline() {
    let played = play(
        "
name: for ever
steps:
  - spawn: { as: app, run: [sh, -c, 'yes'] }
  - expect: { at: app, contains: \"no\", within: 100ms, fails: timeout }
---
name: for ever, on a stream
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - parallel:
      writer:
        - send: { from: client, zeros: 1TiB, within: 200ms, fails: timeout }
      reader:
        - expect: { at: conn, contains: \"x\", within: 100ms, fails: timeout }
",
    );
    played.assert_passed();
}

#[test]
fn pieces_that_are_asked_for_slowly_are_not_late() {
    play(
        "
name: drip
within: 1s
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - send:    { from: client, text: \"0123456789\", chunk: 1, every: 150ms, after: 1300ms }
  - expect:  { at: conn, text: \"0123456789\" }
",
    )
    .assert_passed();
}
