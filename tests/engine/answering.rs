//! `answer`: what it skips is received too, and what is cut off matches no rule.

use crate::playing::play;
use sockdrill::event::What;

/// A client that says `said` and half-closes, an `answer` of `rules`, and then these steps.
fn scenario(frame: &str, said: &str, rules: &str, then: &str) -> String {
    format!(
        r#"
name: x
steps:
  - listen:  {{ as: server, at: 127.0.0.1:0 }}
  - connect: {{ as: client, to: server }}
  - accept:  {{ as: conn, at: server{frame} }}
  - send: {{ from: client, text: "{said}" }}
  - shutdown: client
  - answer: {{ at: conn, {rules} }}
{then}
"#
    )
}

#[test]
fn every_byte_that_comes_is_told_of_those_that_are_skipped_too() {
    let rules = r"rules: [{ matches: 'PING\n', reply: { text: x } }]";
    let text = scenario("", r"\r\n\nPING\n\r\nPING\n\n", rules, "  - expect: { at: client, text: xx }");
    let played = play(&text);
    played.assert_passed();
    let of_conn = |what: &What| match what {
        What::Received { name, data, .. } if &**name == "conn" => data.bytes.to_vec(),
        _ => Vec::new(),
    };
    let told: Vec<u8> = played.events.iter().flat_map(|event| of_conn(&event.what)).collect();
    assert_eq!(told, b"\r\n\nPING\n\r\nPING\n\n");
}

#[test]
fn a_message_that_is_cut_off_by_the_end_gets_what_is_said_of_those_that_match_nothing() {
    for (frame, said, matches) in
        [("", "PIN", r"PING\n"), (", frame: line", "PIN", "PING"), (", frame: u8", r"\x04PIN", "PING")]
    {
        for (otherwise, end) in [("reset", "reset"), ("close", "eof"), ("wait", "eof")] {
            let rules =
                format!("rules: [{{ matches: '{matches}', reply: {{ text: x }} }}], otherwise: {otherwise}");
            let close = if otherwise == "wait" { "  - close: conn\n" } else { "" };
            let then = format!("{close}  - expect: {{ at: client, {end}: true }}");
            play(&scenario(frame, said, &rules, &then)).assert_passed();
        }
    }
}

#[test]
fn a_whole_message_before_the_end_gets_its_answer_and_no_more() {
    for (frame, said, matches) in [("", r"\nPING\n\r\n", r"PING\n"), (", frame: line", r"PING\n", "PING")] {
        let rules = format!("rules: [{{ matches: '{matches}', reply: {{ text: x }} }}], otherwise: reset");
        let then = "  - close: conn\n  - expect: { at: client, starts: x }\n  - recv: client\n";
        let played = play(&scenario(frame, said, &rules, then));
        played.assert_passed();
        let reset = |what: &What| matches!(what, What::Closed { reset: true, .. });
        assert!(!played.events.iter().any(|event| reset(&event.what)), "{said}");
    }
}
