//! Payloads rewritten in every form and layout, and those that are left.

use super::*;
use proptest::prelude::*;

/// The only `expect` of a text, rewritten.
fn again(text: &str, bytes: &[u8]) -> Result<String, String> {
    let at = text.find("expect").unwrap();
    rewrite(text, &(at..at + 6), bytes).map(|rewritten| match rewritten {
        Rewritten::Text(text) => text,
        Rewritten::File => "FILE".to_owned(),
    })
}

fn step(operands: &str) -> String {
    format!("# top\nsteps:\n  - expect: {operands}   # why\n  - close: c # end\n")
}

#[test]
fn every_form_of_a_payload_is_rewritten_in_its_own_layout() {
    for (old, bytes, new) in [
        (r#"{ at: c, text: "a" }"#, &b"b\r\n"[..], r#"{ at: c, text: "b\r\n" }"#),
        (r"{ text: 'a', at: c }", b"it's", r"{ text: 'it''s', at: c }"),
        (r"{at: c, text: a}", b"b", r"{at: c, text: b}"),
        (r"{at: c, text: a}", b"true: {}", r#"{at: c, text: "true: {}"}"#),
        (r#"{ at: c, text: "a" }"#, b"${x} $${", r#"{ at: c, text: "$${x} $$${" }"#),
        (r#"{ at: c, text: "a" }"#, b"\xff\xfe", r#"{ at: c, hex: "fffe" }"#),
        (r#"{ at: c, text: "a" }"#, b"abcdef\xff", r"{ at: c, bytes: 'abcdef\xff' }"),
        (r"{ at: c, bytes: 'a\0' }", b"\x00\x1b'", r"{ at: c, bytes: '\0\e''' }"),
        (r#"{ at: c, hex: "00 ff" }"#, b"\x01\xab\xcd", r#"{ at: c, hex: "01 ab cd" }"#),
        (r#"{ at: c, hex: "00FFAB" }"#, b"\x01\xab\xcd", r#"{ at: c, hex: "01ABCD" }"#),
        (r"{ at: c, hex: 00ff }", b"\x01\x02", r#"{ at: c, hex: "0102" }"#),
        (r"{ at: c, base64: aGk= }", b"ho", r"{ at: c, base64: aG8= }"),
        (r#"{ at: c, lines: ["a", 'b'] }"#, b"a\r\nc\r\n", r#"{ at: c, lines: ["a", 'c'] }"#),
        (r#"{ at: c, lines: ["a", 'b'] }"#, b"a\r\n", r#"{ at: c, lines: ["a"] }"#),
        (r"{ at: c, lines: [a] }", b"x\r\ny\r\n", r#"{ at: c, lines: ["x", "y"] }"#),
        (r#"{ lines: ["a", 'b'], at: c }"#, b"a\n", r#"{ text: "a\n", at: c }"#),
    ] {
        assert_eq!(again(&step(old), bytes).unwrap(), step(new), "{old}");
    }
}

#[test]
fn operands_below_one_another_keep_their_comments() {
    let text = "steps:\n- expect:\n    at: c\n    lines:      # the answer\n      - \"a\"   # one\n      - 'b'   # two\n      - c     # three\n    within: 2s\n";
    assert_eq!(
        again(text, b"a\r\nB\r\nnew\r\nc\r\nlast\r\n").unwrap(),
        "steps:\n- expect:\n    at: c\n    lines:      # the answer\n      - \"a\"   # one\n      - \"B\"   # two\n      - \"new\"\n      - c     # three\n      - \"last\"\n    within: 2s\n"
    );
    assert_eq!(
        again(text, b"c\r\n").unwrap(),
        "steps:\n- expect:\n    at: c\n    lines:      # the answer\n      - c     # three\n    within: 2s\n"
    );
    let unended = "steps:\n- expect:\n    at: c\n    lines:\n    - \"a\"";
    assert_eq!(again(unended, b"a\r\nb\r\n").unwrap(), format!("{unended}\n    - \"b\""));
}

#[test]
fn a_block_stays_a_block_where_it_can() {
    let text = "steps:\n  - expect:\n      at: c\n      text: |   # said\n        one\n\n        two\n  # next\n  - close: c\n";
    assert_eq!(
        again(text, b"one\n  deep\n").unwrap(),
        "steps:\n  - expect:\n      at: c\n      text: |   # said\n        one\n          deep\n  # next\n  - close: c\n"
    );
    assert_eq!(
        again(text, b"no end").unwrap(),
        "steps:\n  - expect:\n      at: c\n      text: |-   # said\n        no end\n  # next\n  - close: c\n"
    );
    assert_eq!(
        again(text, b"crlf\r\n").unwrap(),
        "steps:\n  - expect:\n      at: c\n      text: \"crlf\\r\\n\"   # said\n  # next\n  - close: c\n"
    );
    let hex = "steps:\n  - expect:\n      at: c\n      hex: |\n        00 01\n        02 03\n  - close: c\n";
    assert_eq!(
        again(hex, b"\x0a\x0b\x0c\x0d\x0e").unwrap(),
        "steps:\n  - expect:\n      at: c\n      hex: |\n        0a 0b\n        0c 0d\n        0e\n  - close: c\n"
    );
}

#[test]
fn lines_keep_the_ends_that_the_file_has_and_a_mark_of_byte_order() {
    let text =
        "\u{feff}steps:\r\n  - expect:\r\n      at: c\r\n      text: |\r\n        one\r\n  - close: c\r\n";
    assert_eq!(again(text, b"two\nthree\n").unwrap(), text.replace("one", "two\r\n        three"));
}

#[test]
fn what_cannot_be_another_payload_is_refused_with_the_reason() {
    for (old, why) in [
        (r#"{ at: c, text: "a${x}" }"#, "it has variables in it"),
        (r#"{ at: c, file: "${x}.bin" }"#, "it has variables in it"),
        (r#"{ at: c, lines: ["a", "${x}"] }"#, "it has variables in it"),
        (r#"{ at: c, text: "a", times: 3 }"#, "`times` repeats it"),
        (r#"{ at: c, hex: "00 ??" }"#, "`??` in it is any byte"),
        (r"{ at: c, zeros: 3 }", "`zeros` makes it"),
        (r"{ at: c, eof: true }", "it has no payload"),
    ] {
        assert_eq!(again(&step(old), b"new"), Err(why.to_owned()), "{old}");
    }
    assert_eq!(again(&step("{ at: c, file: a.bin }"), b"new").unwrap(), "FILE");
    let long = again(&step(r#"{ at: c, text: "a" }"#), &vec![b'x'; LONGEST + 1]).unwrap_err();
    assert!(long.contains("65537 bytes are too many"), "{long}");
}

#[test]
fn what_others_share_or_folds_is_not_touched() {
    let text = "steps:\n  - send: { from: c, text: &x \"a\" }\n  - expect: { at: c, text: *x }\n";
    assert!(again(text, b"b").is_err());
    let text = "steps:\n  - expect: { at: c, text: &x \"a\" }\n  - send: { from: c, text: *x }\n";
    assert!(again(text, b"b").is_err());
    let text = "steps:\n  - expect:\n      at: c\n      text: folded\n        plain\n  - close: c\n";
    let new = again(text, b"b");
    assert!(new.is_err() || new.unwrap().contains("text: b\n"));
}

proptest! {
    #[test]
    fn whatever_came_is_what_the_file_says_then(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 1..60),
            "[ -~\\r\\n\\t#:'\"{}$é\\\\]{1,40}".prop_map(String::into_bytes),
        ],
        form in 0..7usize,
    ) {
        let old = [
            r#"{ at: c, text: "a" }"#, "{ at: c, text: 'a' }", "{ at: c, text: a }", "{ at: c, bytes: 'a' }",
            r#"{ at: c, hex: "aa bb" }"#, "{ at: c, base64: aGk= }", r#"{ at: c, lines: ["a", b] }"#,
        ][form];
        let text = step(old);
        let new = again(&text, &bytes).unwrap();
        let kept = new.starts_with("# top\nsteps:\n  - expect: {");
        prop_assert!(kept, "{}", new);
        let kept = new.ends_with("   # why\n  - close: c # end\n");
        prop_assert!(kept, "{}", new);
        prop_assert_eq!(again(&new, &bytes).unwrap(), new);
    }

    #[test]
    fn a_block_says_whatever_came(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 1..60),
            "[ a-z\\n\\t#:'\"]{1,40}".prop_map(String::into_bytes),
        ],
        header in prop_oneof![Just("|"), Just("|-"), Just(">"), Just("|+")],
    ) {
        let text = format!("steps:\n  - expect:\n      at: c\n      text: {header}\n        a\n        b\n  # z\n  - close: c\n");
        let new = again(&text, &bytes).unwrap();
        prop_assert!(new.ends_with("  # z\n  - close: c\n"), "{}", new);
    }
}
