//! Payloads and patterns.

use super::told;
use insta::assert_snapshot;

#[test]
fn an_expect_without_a_pattern() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - expect: { at: conn }
";
    assert_snapshot!(told(text), @r#"
error: this has no pattern
 --> a.yaml:5:5
  |
5 |   - expect: { at: conn }
  |     ^^^^^^
  |
  = help: as in `text: "hello"`, `eof: true` or `silence: 200ms`
"#);
}

#[test]
fn an_expect_with_two_patterns() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - expect: { at: conn, text: "a", eof: true }
"#;
    assert_snapshot!(told(text), @r#"
error: there is one pattern at a time; here are `text` and `eof`
 --> a.yaml:5:36
  |
5 |   - expect: { at: conn, text: "a", eof: true }
  |                                    ^^^
  |
  = help: `any_of` takes several; a step of its own asks for each
"#);
}

#[test]
fn a_send_without_a_payload() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - send: { from: conn }
";
    assert_snapshot!(told(text), @r#"
error: this has no payload
 --> a.yaml:5:5
  |
5 |   - send: { from: conn }
  |     ^^^^
  |
  = help: as in `text: "hello"`
"#);
}

#[test]
fn a_send_with_two_payloads() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - send: { from: conn, hex: "00", text: "a" }
"#;
    assert_snapshot!(told(text), @r#"
error: there is one payload at a time; here are `hex` and `text`
 --> a.yaml:5:36
  |
5 |   - send: { from: conn, hex: "00", text: "a" }
  |                                    ^^^^
"#);
}

#[test]
fn a_payload_without_a_value() {
    let text = r"
name: a
steps:
  - listen: { as: a, at: 127.0.0.1:0 }
  - accept: { as: c, at: a }
  - send: { from: c, text: }
  - expect:
      at: c
      eof:
";
    assert_snapshot!(told(text), @r#"
error: `text` has no value
 --> a.yaml:5:22
  |
5 |   - send: { from: c, text: }
  |                      ^^^^
  |
  = help: write `""` for an empty payload
error: `eof` has no value
 --> a.yaml:8:7
  |
8 |       eof:
  |       ^^^
  |
  = help: write `true` after the colon
"#);
}

#[test]
fn patterns_that_cannot_hold() {
    let text = r#"
name: a
steps:
  - bind: { as: a, at: 127.0.0.1:0 }
  - expect: { at: a, eof: true }
  - expect: { at: a, until: "x" }
  - expect: { at: a, size: 70000 }
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server, frame: line }
  - expect: { at: conn, text: "a\n" }
  - expect: { at: conn, exit: 0 }
  - expect: { at: conn, silence: 1s, within: 200ms }
  - accept: { as: conn2, at: server, frame: u8 }
  - expect: { at: conn2, zeros: 256 }
  - send: { from: conn2, zeros: 256 }
"#;
    assert_snapshot!(told(text), @r#"
error: `eof` is for streams, and messages come one by one here
 --> a.yaml:4:27
  |
4 |   - expect: { at: a, eof: true }
  |                           ^^^^
  |
  = help: a message has no end of stream; `silence` says that nothing comes
error: `until` is for streams, and messages come one by one here
 --> a.yaml:5:29
  |
5 |   - expect: { at: a, until: "x" }
  |                             ^^^
  |
  = help: a message is judged whole: `contains` or `matches`
error: no datagram is so long
 --> a.yaml:6:28
  |
6 |   - expect: { at: a, size: 70000 }
  |                            ^^^^^
  |
  = help: 65507 bytes at most over IPv4, 65527 over IPv6
error: a line never holds LF: the frame takes it off
 --> a.yaml:9:31
  |
9 |   - expect: { at: conn, text: "a\n" }
  |                               ^^^^^
  |
  = help: leave it out, or leave `frame: line` out
error: `exit` is how a process ends, and `conn` is a stream
  --> a.yaml:10:31
   |
10 |   - expect: { at: conn, exit: 0 }
   |                               ^
error: the silence is longer than `within`: the step cannot hold
  --> a.yaml:11:34
   |
11 |   - expect: { at: conn, silence: 1s, within: 200ms }
   |                                  ^^
error: no message here is longer than 255 bytes, and this has 256
  --> a.yaml:13:33
   |
13 |   - expect: { at: conn2, zeros: 256 }
   |                                 ^^^
error: a message of `conn2` has at most 255 bytes, and this has 256
  --> a.yaml:14:5
   |
14 |   - send: { from: conn2, zeros: 256 }
   |     ^^^^
   |
   = help: a longer length goes before it: `frame: u16` or `u32`
"#);
}

#[test]
fn patterns_that_hold_on_nothing() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - expect: { at: conn, text: "" }
  - expect: { at: conn, contains: "" }
  - expect: { at: conn, silence: 0s }
  - expect: { at: conn, zeros: 0 }
"#;
    assert_snapshot!(told(text), @r#"
error: `text` holds here on nothing at all
 --> a.yaml:5:31
  |
5 |   - expect: { at: conn, text: "" }
  |                               ^^
  |
  = help: say what must come; `silence` says that nothing does
error: `contains` holds here on nothing at all
 --> a.yaml:6:35
  |
6 |   - expect: { at: conn, contains: "" }
  |                                   ^^
  |
  = help: say what must come; `silence` says that nothing does
error: `silence` holds here on nothing at all
 --> a.yaml:7:34
  |
7 |   - expect: { at: conn, silence: 0s }
  |                                  ^^
  |
  = help: say what must come; `silence` says that nothing does
error: `zeros` holds here on nothing at all
 --> a.yaml:8:32
  |
8 |   - expect: { at: conn, zeros: 0 }
  |                                ^
  |
  = help: say what must come; `silence` says that nothing does
"#);
}

#[test]
fn an_expression_that_is_not_valid() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - expect: { at: conn, matches: '(?<who>a)(b\r\n' }
  - note: "${who}"
"#;
    assert_snapshot!(told(text), @r"
error: unclosed group
 --> a.yaml:5:44
  |
5 |   - expect: { at: conn, matches: '(?<who>a)(b\r\n' }
  |                                            ^
");
}

#[test]
fn an_expression_whose_end_a_stream_cannot_show() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - expect: { at: conn, matches: '\w+' }
  - expect: { at: conn, matches: 'a$' }
  - expect: { at: conn, matches: '[^\s\S]' }
  - expect: { at: conn, matches: 'a*' }
";
    assert_snapshot!(told(text), @r"
error: this expression could go on matching at its end
 --> a.yaml:5:34
  |
5 |   - expect: { at: conn, matches: '\w+' }
  |                                  ^^^^^
  |
  = help: say what follows it, `\r\n` for example
error: `$`, `\b`, `\z` and `(?m)^` look at what surrounds them, and a stream has not come to its end
 --> a.yaml:6:34
  |
6 |   - expect: { at: conn, matches: 'a$' }
  |                                  ^^^^
  |
  = help: say what follows, `\r\n` for example
error: this expression can never match
 --> a.yaml:7:34
  |
7 |   - expect: { at: conn, matches: '[^\s\S]' }
  |                                  ^^^^^^^^^
error: this expression holds on no bytes at all
 --> a.yaml:8:34
  |
8 |   - expect: { at: conn, matches: 'a*' }
  |                                  ^^^^
  |
  = help: say what must come
");
}

#[test]
fn payloads_in_bad_notation() {
    let text = r#"
name: a
steps:
  - listen: { as: a, at: 127.0.0.1:0 }
  - accept: { as: c, at: a }
  - send: { from: c, bytes: 'ab\q' }
  - send: { from: c, hex: "0" }
  - send: { from: c, hex: "00 zz" }
  - send: { from: c, hex: "00 ??" }
  - send: { from: c, base64: "!!" }
  - expect: { at: c, hex: "0? ??" }
  - send: { from: c, random: { seed: 7 } }
  - send: { from: c, random: { size: 1, sede: 7 } }
"#;
    assert_snapshot!(told(text), @r#"
error: `\q` is no escape; known are \r \n \t \0 \e \\ \" \' \xNN
 --> a.yaml:5:32
  |
5 |   - send: { from: c, bytes: 'ab\q' }
  |                                ^^
error: an odd number of hex digits
 --> a.yaml:6:27
  |
6 |   - send: { from: c, hex: "0" }
  |                           ^^^
  |
  = help: two digits are a byte
error: `z` is no hex
 --> a.yaml:7:31
  |
7 |   - send: { from: c, hex: "00 zz" }
  |                               ^
error: `?` is no hex
 --> a.yaml:8:31
  |
8 |   - send: { from: c, hex: "00 ??" }
  |                               ^
  |
  = help: `??` is any byte in a pattern, not in a payload
error: `!` is no base64
 --> a.yaml:9:31
  |
9 |   - send: { from: c, base64: "!!" }
  |                               ^
error: this is no hex pattern
  --> a.yaml:10:27
   |
10 |   - expect: { at: c, hex: "0? ??" }
   |                           ^^^^^^^
   |
   = help: two digits or `??` a byte, as in `"0a ?? ff"`
error: `random` lacks its size
  --> a.yaml:11:30
   |
11 |   - send: { from: c, random: { seed: 7 } }
   |                              ^^^^^^^^^^^
   |
   = help: as in `random: { size: 1MiB, seed: 7 }`
error: `random` has no `sede`
  --> a.yaml:12:41
   |
12 |   - send: { from: c, random: { size: 1, sede: 7 } }
   |                                         ^^^^
   |
   = help: did you mean `seed`?
"#);
}

#[test]
fn rules_that_begin_with_what_is_skipped() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - accept: { as: framed, at: server, frame: u8 }
  - answer: { at: conn, rules: [{ text: "\r\nPING", reply: { text: "PONG" } }, { hex: "0a ??" }] }
  - answer: { at: conn, rules: [{ any_of: [{ starts: "\n" }, { matches: '\r' }] }, { any_of: [{ starts: "\n" }, { text: x }] }] }
  - answer: { at: conn, rules: [{ hex: "?? 0a" }, { contains: "\n" }, { until: "\n" }, { matches: '[\n ]x' }] }
  - answer: { at: framed, rules: [{ text: "\r\n", reply: { text: "" } }] }
"#;
    assert_snapshot!(told(text), @r#"
error: this begins with CR or LF, which are skipped before a message
 --> a.yaml:6:41
  |
6 |   - answer: { at: conn, rules: [{ text: "\r\nPING", reply: { text: "PONG" } }, { hex: "0a ??" }] }
  |                                         ^^^^^^^^^^
  |
  = help: begin with what stands before it or after it, as in `PING\r\n`
error: this begins with CR or LF, which are skipped before a message
 --> a.yaml:6:87
  |
6 |   - answer: { at: conn, rules: [{ text: "\r\nPING", reply: { text: "PONG" } }, { hex: "0a ??" }] }
  |                                                                                       ^^^^^^^
  |
  = help: begin with what stands before it or after it, as in `PING\r\n`
error: this begins with CR or LF, which are skipped before a message
 --> a.yaml:7:43
  |
7 |   - answer: { at: conn, rules: [{ any_of: [{ starts: "\n" }, { matches: '\r' }] }, { any_of: [{ starts: "\n" }, { text: x }] }] }
  |                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: begin with what stands before it or after it, as in `PING\r\n`
"#);
}

#[test]
fn rules_of_answer() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - answer: { at: conn, rules: [{ matches: 'PING\r\n', replay: { text: "PONG" } }], otherwise: clos }
  - answer: { at: conn, rules: [{ matches: '(?<a>x)y', reply: "z" }, { text: "b", reply: { text: "${a}" }, then: stop }] }
  - answer: { at: conn, rules: [] }
  - answer: { at: conn, rules: [{ eof: true, reply: { text: x } }] }
  - answer: { at: conn }
"#;
    assert_snapshot!(told(text), @r#"
error: a rule has no `replay`
 --> a.yaml:5:56
  |
5 |   - answer: { at: conn, rules: [{ matches: 'PING\r\n', replay: { text: "PONG" } }], otherwise: clos }
  |                                                        ^^^^^^
  |
  = help: did you mean `reply`?
error: `clos` is not known here
 --> a.yaml:5:96
  |
5 |   - answer: { at: conn, rules: [{ matches: 'PING\r\n', replay: { text: "PONG" } }], otherwise: clos }
  |                                                                                                ^^^^
  |
  = help: did you mean `close`?
error: `reply` is a payload, not a plain value
 --> a.yaml:6:63
  |
6 |   - answer: { at: conn, rules: [{ matches: '(?<a>x)y', reply: "z" }, { text: "b", reply: { text: "${a}" }, then: stop }] }
  |                                                               ^^^
  |
  = help: as in `reply: { text: "PONG\r\n" }`
error: the variable `a` is not defined here
 --> a.yaml:6:99
  |
6 |   - answer: { at: conn, rules: [{ matches: '(?<a>x)y', reply: "z" }, { text: "b", reply: { text: "${a}" }, then: stop }] }
  |                                                                                                   ^^^^
  |
  = help: define it under `vars`, or write `$${` for a literal `${`
error: `stop` is not known here
 --> a.yaml:6:114
  |
6 |   - answer: { at: conn, rules: [{ matches: '(?<a>x)y', reply: "z" }, { text: "b", reply: { text: "${a}" }, then: stop }] }
  |                                                                                                                  ^^^^
  |
  = help: known are close, reset
error: `rules` holds no rule
 --> a.yaml:7:32
  |
7 |   - answer: { at: conn, rules: [] }
  |                                ^^
error: a rule answers to bytes, and this is none
 --> a.yaml:8:33
  |
8 |   - answer: { at: conn, rules: [{ eof: true, reply: { text: x } }] }
  |                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: what follows the end of the stream is a step after `answer`
error: `answer` lacks `rules`: what to answer to what, the first that holds wins
 --> a.yaml:9:5
  |
9 |   - answer: { at: conn }
  |     ^^^^^^
  |
  = help: as in `answer: { at: conn, rules: [{ matches: 'PING\r\n', reply: { text: "PONG\r\n" } }], otherwise: close }`
"#);
}

#[test]
fn a_sleep_before_an_expect() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - sleep: 50ms
  - expect: { at: conn, eof: true }
";
    assert_snapshot!(told(text), @r"
warning: a sleep before an `expect` makes the test slow, not sure
 --> a.yaml:5:5
  |
5 |   - sleep: 50ms
  |     ^^^^^
  |
  = help: `expect` waits by itself; `after:` says that it must not come sooner
");
}

#[test]
fn escapes_that_yaml_leaves_alone_or_widens() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - send: { from: conn, text: 'PING\r\n' }
  - send: { from: conn, text: PING\r\n }
  - send: { from: conn, bytes: "caf\xe9" }
"#;
    assert_snapshot!(told(text), @r#"
warning: `\r` stays two characters here
 --> a.yaml:5:36
  |
5 |   - send: { from: conn, text: 'PING\r\n' }
  |                                    ^^
  |
  = help: in double quotes YAML reads it; `bytes:` reads it in single quotes
warning: `\r` stays two characters here
 --> a.yaml:6:35
  |
6 |   - send: { from: conn, text: PING\r\n }
  |                                   ^^
  |
  = help: in double quotes YAML reads it; `bytes:` reads it in single quotes
warning: U+00E9 is two bytes here, its UTF-8 form
 --> a.yaml:7:36
  |
7 |   - send: { from: conn, bytes: "caf\xe9" }
  |                                    ^^^^
  |
  = help: for one byte write `\xe9` in single quotes
"#);
}
