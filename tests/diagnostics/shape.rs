//! Shapes: verbs, operands, keys, lists of steps.

use super::told;
use insta::assert_snapshot;

#[test]
fn a_verb_that_is_not_known_is_told_once_and_what_it_would_open_counts_as_open() {
    let text = r"
name: a
steps:
  - lisen: { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
";
    assert_snapshot!(told(text), @r"
error: there is no verb `lisen`
 --> a.yaml:3:5
  |
3 |   - lisen: { as: server, at: 127.0.0.1:0 }
  |     ^^^^^
  |
  = help: did you mean `listen`?
");
}

#[test]
fn a_verb_from_elsewhere_gets_ours() {
    let text = r"
name: a
steps:
  - write: { from: client, text: hi }
";
    assert_snapshot!(told(text), @r"
error: there is no verb `write`
 --> a.yaml:3:5
  |
3 |   - write: { from: client, text: hi }
  |     ^^^^^
  |
  = help: did you mean `send`?
");
}

#[test]
fn a_verb_near_nothing_gets_the_list() {
    let text = r"
name: a
steps:
  - zebra: { from: client, text: hi }
";
    assert_snapshot!(told(text), @r"
error: there is no verb `zebra`
 --> a.yaml:3:5
  |
3 |   - zebra: { from: client, text: hi }
  |     ^^^^^
  |
  = help: `sockdrill help verbs` lists them
");
}

#[test]
fn an_operand_that_is_not_known_does_not_make_the_payload_missing_too() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - send: { from: client, txt: "hello" }
"#;
    assert_snapshot!(told(text), @r#"
error: `send` has no `txt`
 --> a.yaml:5:27
  |
5 |   - send: { from: client, txt: "hello" }
  |                           ^^^
  |
  = help: did you mean `text`?
"#);
}

#[test]
fn an_operand_from_elsewhere_gets_ours() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - send: { at: client, text: "hello" }
"#;
    assert_snapshot!(told(text), @r#"
error: `send` has no `at`
 --> a.yaml:5:13
  |
5 |   - send: { at: client, text: "hello" }
  |             ^^
  |
  = help: `send` says `from`, as in `send: { from: client, text: "hello" }`
"#);
}

#[test]
fn a_key_of_the_head_that_is_not_known() {
    let text = r"
nmae: a
steps:
  - note: hi
";
    assert_snapshot!(told(text), @r"
error: a scenario has no `nmae`
 --> a.yaml:1:1
  |
1 | nmae: a
  | ^^^^
  |
  = help: did you mean `name`?
");
}

#[test]
fn a_step_that_stands_in_the_head() {
    let text = r"
name: a
listen: { as: server, at: 127.0.0.1:0 }
steps:
  - note: hi
";
    assert_snapshot!(told(text), @r"
error: a scenario has no `listen`
 --> a.yaml:2:1
  |
2 | listen: { as: server, at: 127.0.0.1:0 }
  | ^^^^^^
  |
  = help: `listen` is a step: it stands in the list below `steps:`
");
}

#[test]
fn an_operand_that_is_missing() {
    let text = r"
name: a
steps:
  - listen: { at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - send: { from: client, text: hi }
";
    assert_snapshot!(told(text), @r"
error: `listen` lacks `as`: the new listener
 --> a.yaml:3:5
  |
3 |   - listen: { at: 127.0.0.1:0 }
  |     ^^^^^^
  |
  = help: as in `listen: { as: server, at: 127.0.0.1:0 }`
");
}

#[test]
fn an_operand_without_a_value() {
    let text = r"
name: a
steps:
  - listen: { as: , at: 127.0.0.1:0 }
  - note:
";
    assert_snapshot!(told(text), @r"
error: `as` has no value
 --> a.yaml:3:15
  |
3 |   - listen: { as: , at: 127.0.0.1:0 }
  |               ^^
  |
  = help: as in `listen: { as: server, at: 127.0.0.1:0 }`
error: `note` has no operands here
 --> a.yaml:4:5
  |
4 |   - note:
  |     ^^^^
  |
  = help: as in `note: the client has left`
");
}

#[test]
fn a_plain_value_for_a_verb_of_several_operands() {
    let text = r"
name: a
steps:
  - listen: server
  - accept: { as: conn, at: server }
  - send: hello
";
    assert_snapshot!(told(text), @r#"
error: `listen` takes a map of operands, not a plain value
 --> a.yaml:3:13
  |
3 |   - listen: server
  |             ^^^^^^
  |
  = help: as in `listen: { as: server, at: 127.0.0.1:0 }`
error: `send` takes a map of operands, not a plain value
 --> a.yaml:5:11
  |
5 |   - send: hello
  |           ^^^^^
  |
  = help: as in `send: { from: client, text: "hello" }`
"#);
}

#[test]
fn what_is_no_step() {
    let text = r"
name: a
steps:
  - close
  - close:client
  - hello
  - [a, b]
  - {}
  -
";
    assert_snapshot!(told(text), @r"
error: `close` does not say what it works on
 --> a.yaml:3:5
  |
3 |   - close
  |     ^^^^^
  |
  = help: as in `close: client`
error: a step is a verb with its operands
 --> a.yaml:4:5
  |
4 |   - close:client
  |     ^^^^^^^^^^^^
  |
  = help: a blank is missing after `close:`; write `close: client`
error: a step is a verb with its operands
 --> a.yaml:5:5
  |
5 |   - hello
  |     ^^^^^
  |
  = help: a step is `- verb: …`
error: a step is a verb with its operands, not a list
 --> a.yaml:6:5
  |
6 |   - [a, b]
  |     ^^^^^^
  |
  = help: a step is `- verb: …`
error: this step is empty
 --> a.yaml:7:5
  |
7 |   - {}
  |     ^^
  |
  = help: a step is `- verb: …`
error: a step is a verb with its operands, not nothing
 --> a.yaml:8:4
  |
8 |   -
  |    ^
  |
  = help: a step is `- verb: …`
");
}

#[test]
fn steps_that_are_no_list() {
    let text = r"
name: a
steps:
  listen: { as: a, at: 127.0.0.1:0 }
";
    assert_snapshot!(told(text), @r"
error: steps are a list, not a map
 --> a.yaml:3:3
  |
3 |   listen: { as: a, at: 127.0.0.1:0 }
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: begin each step with `- `
");
}

#[test]
fn steps_that_are_missing() {
    let text = r"
name: a
";
    assert_snapshot!(told(text), @r"
error: this scenario has no `steps`
 --> a.yaml:1:1
  |
1 | name: a
  | ^
  |
  = help: add `steps:` and a list
");
}

#[test]
fn steps_without_a_value() {
    let text = r"
name: a
steps:
";
    assert_snapshot!(told(text), @r"
error: a list of steps is missing here
 --> a.yaml:2:1
  |
2 | steps:
  | ^^^^^
  |
  = help: a step is `- verb: …`
");
}

#[test]
fn operands_that_are_not_indented() {
    let text = r"
name: a
steps:
  - listen:
    as: server
    at: 127.0.0.1:0
  - accept: { as: conn, at: server }
";
    assert_snapshot!(told(text), @r"
error: a step has one verb; here are `listen` and `as`
 --> a.yaml:4:5
  |
4 |     as: server
  |     ^^
  |
  = help: indent `as` below `listen:`, or write `listen: { as: … }`
");
}

#[test]
fn two_verbs_in_one_step() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
    accept: { as: conn, at: server }
  - send: { from: conn, text: hi }
";
    assert_snapshot!(told(text), @r"
error: a step has one verb; here are `listen` and `accept`
 --> a.yaml:4:5
  |
4 |     accept: { as: conn, at: server }
  |     ^^^^^^
  |
  = help: begin the second one on its own line with `- `
");
}

#[test]
fn a_key_that_stands_twice() {
    let text = r"
name: a
name: b
steps:
  - note: { text: hi, text: ho }
";
    assert_snapshot!(told(text), @r"
error: `name` stands here twice
 --> a.yaml:2:1
  |
2 | name: b
  | ^^^^
  |
  = help: the first one is on line 1, column 1
error: `text` stands here twice
 --> a.yaml:4:23
  |
4 |   - note: { text: hi, text: ho }
  |                       ^^^^
  |
  = help: the first one is on line 4, column 13
");
}

#[test]
fn a_merge_key() {
    let text = r"
name: a
vars: &v { a: b }
steps:
  - note: { <<: *v, text: hi }
";
    assert_snapshot!(told(text), @r"
error: maps are not merged here
 --> a.yaml:4:13
  |
4 |   - note: { <<: *v, text: hi }
  |             ^^
  |
  = help: `include` shares steps, `vars` and `cases` share values
");
}

#[test]
fn a_key_that_is_a_list() {
    let text = r"
name: a
steps:
  - note: { [a]: b, text: hi }
";
    assert_snapshot!(told(text), @r"
error: a key is a word, not a list
 --> a.yaml:3:13
  |
3 |   - note: { [a]: b, text: hi }
  |             ^^^
");
}

#[test]
fn a_file_that_is_a_plain_text() {
    let text = r"
hello
";
    assert_snapshot!(told(text), @r"
error: a scenario is a map with `steps`, not a plain value
 --> a.yaml:1:1
  |
1 | hello
  | ^^^^^
  |
  = help: begin with `name:` and `steps:`
");
}

#[test]
fn a_file_that_is_a_list() {
    let text = r"
- listen: { as: server, at: 127.0.0.1:0 }
";
    assert_snapshot!(told(text), @r"
error: a scenario is a map with `steps`, not a list
 --> a.yaml:1:1
  |
1 | - listen: { as: server, at: 127.0.0.1:0 }
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: begin with `name:` and `steps:`
");
}

#[test]
fn an_empty_file() {
    let text = "";
    assert_snapshot!(told(text), @r"
error: there is no scenario in this file
 --> a.yaml:1:1
  |
1 |
  | ^
  |
  = help: a scenario has `name:` and `steps:`
");
}

#[test]
fn a_file_that_holds_a_comment_only() {
    let text = r"
# nothing here
";
    assert_snapshot!(told(text), @r"
error: there is no scenario in this file
 --> a.yaml:1:1
  |
1 | # nothing here
  | ^
  |
  = help: a scenario has `name:` and `steps:`
");
}

#[test]
fn keys_of_nested_maps() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - expect: { at: conn, contains: { txt: "a" } }
  - expect: { at: conn, any_of: [{ text: "a" }, { mathces: 'b' }, eof] }
  - expect: { at: conn, any_of: [] }
  - expect: { at: conn, any_of: { text: "a" } }
"#;
    assert_snapshot!(told(text), @r#"
error: a payload has no `txt`
 --> a.yaml:5:37
  |
5 |   - expect: { at: conn, contains: { txt: "a" } }
  |                                     ^^^
  |
  = help: did you mean `text`?
error: a pattern has no `mathces`
 --> a.yaml:6:51
  |
6 |   - expect: { at: conn, any_of: [{ text: "a" }, { mathces: 'b' }, eof] }
  |                                                   ^^^^^^^
  |
  = help: did you mean `matches`?
error: a pattern is a map, not a plain value
 --> a.yaml:6:67
  |
6 |   - expect: { at: conn, any_of: [{ text: "a" }, { mathces: 'b' }, eof] }
  |                                                                   ^^^
  |
  = help: write `{ eof: true }`
error: `any_of` holds no pattern
 --> a.yaml:7:33
  |
7 |   - expect: { at: conn, any_of: [] }
  |                                 ^^
  |
  = help: as in `any_of: [{ text: "yes" }, { eof: true }]`
error: `any_of` takes a list of patterns, not a map
 --> a.yaml:8:33
  |
8 |   - expect: { at: conn, any_of: { text: "a" } }
  |                                 ^^^^^^^^^^^^^
  |
  = help: as in `any_of: [{ text: "yes" }, { eof: true }]`
"#);
}
