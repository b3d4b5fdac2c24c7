//! YAML itself: quoting, commas, indentation.

use super::told;
use insta::assert_snapshot;

#[test]
fn a_blank_that_is_missing_after_the_colon() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - send: { from: conn, text:"hello" }
"#;
    assert_snapshot!(told(text), @r#"
error: `send` has no `text:"hello"`
 --> a.yaml:5:25
  |
5 |   - send: { from: conn, text:"hello" }
  |                         ^^^^^^^^^^^^
  |
  = help: a blank is missing after `text:`; write `text: "hello"`
"#);
}

#[test]
fn a_comma_that_ended_a_value() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - send: { from: conn, text: hello, world }
";
    assert_snapshot!(told(text), @r#"
error: `world` is a key without a value
 --> a.yaml:5:38
  |
5 |   - send: { from: conn, text: hello, world }
  |                                      ^^^^^
  |
  = help: in `{ … }` a comma ends the value; quote it: `text: "hello, world"`
"#);
}

#[test]
fn a_comma_that_is_missing() {
    let text = r"
name: a
steps:
  - listen: { as: server at: 127.0.0.1:0 }
";
    assert_snapshot!(told(text), @r"
error: a comma or `}` is missing before `at`
 --> a.yaml:3:26
  |
3 |   - listen: { as: server at: 127.0.0.1:0 }
  |                          ^^
  |
  = help: in `{ … }` quote a value that holds `{ } [ ] , #` or `: `
");
}

#[test]
fn a_comma_that_is_missing_after_a_quote() {
    let text = r#"
name: a
steps:
  - note: { text: "x" within: 5s }
"#;
    assert_snapshot!(told(text), @r#"
error: a comma or `}` is missing before `within`
 --> a.yaml:3:23
  |
3 |   - note: { text: "x" within: 5s }
  |                       ^^^^^^
  |
  = help: in `{ … }` quote a value that holds `{ } [ ] , #` or `: `
"#);
}

#[test]
fn a_variable_that_is_not_quoted() {
    let text = r#"
name: a
vars: { target: "127.0.0.1:80" }
steps:
  - connect: { as: client, to: ${target} }
"#;
    assert_snapshot!(told(text), @r#"
error: in `{ … }` and `[ … ]` a value that holds a brace is quoted
 --> a.yaml:4:32
  |
4 |   - connect: { as: client, to: ${target} }
  |                                ^^^^^^^^^
  |
  = help: write `"${target}"`
"#);
}

#[test]
fn an_address_in_brackets_that_is_not_quoted() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: [::1]:0 }
";
    assert_snapshot!(told(text), @r#"
error: a value that begins with `[` is quoted
 --> a.yaml:3:31
  |
3 |   - listen: { as: server, at: [::1]:0 }
  |                               ^^^^^^^
  |
  = help: write `"[::1]:0"`
"#);
}

#[test]
fn a_tab_that_indents() {
    let text = r"
name: a
steps:
	- note: hi
";
    assert_snapshot!(told(text), @r"
error: a tab stands where blanks indent
 --> a.yaml:3:1
  |
3 |     - note: hi
  | ^^^^
  |
  = help: YAML indents with blanks, never with tabs
");
}

#[test]
fn a_tab_below_a_key() {
    let text = r"
name: a
steps:
  - note:
	  text: hi
";
    assert_snapshot!(told(text), @r"
error: a tab stands where blanks indent
 --> a.yaml:4:1
  |
4 |       text: hi
  | ^^^^
  |
  = help: YAML indents with blanks, never with tabs
");
}

#[test]
fn a_brace_that_is_never_closed() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0
  - note: hi
";
    assert_snapshot!(told(text), @r"
error: this `{` is never closed
 --> a.yaml:3:13
  |
3 |   - listen: { as: server, at: 127.0.0.1:0
  |             ^
  |
  = help: a comma or `}` is missing before line 4
");
}

#[test]
fn a_quote_that_is_never_closed() {
    let text = r#"
name: a
steps:
  - note: "hello
  - note: hi
"#;
    assert_snapshot!(told(text), @r#"
error: the quote is never closed
 --> a.yaml:3:11
  |
3 |   - note: "hello
  |           ^
"#);
}

#[test]
fn an_escape_that_yaml_does_not_know() {
    let text = r#"
name: a
steps:
  - note: "\d+"
"#;
    assert_snapshot!(told(text), @r#"
error: YAML does not know this escape
 --> a.yaml:3:12
  |
3 |   - note: "\d+"
  |            ^
  |
  = help: in double quotes YAML knows `\r \n \t \0 \e \xNN`; a regular expression goes in single quotes
"#);
}

#[test]
fn a_value_that_begins_with_a_sign() {
    let text = r"
name: a
steps:
  - note: { text: @file }
";
    assert_snapshot!(told(text), @r#"
error: a value cannot begin with `@`
 --> a.yaml:3:19
  |
3 |   - note: { text: @file }
  |                   ^
  |
  = help: quote it: `"@file"`
"#);
}

#[test]
fn a_colon_in_a_plain_value() {
    let text = r"
name: a
steps:
  - note: hello: world
";
    assert_snapshot!(told(text), @r"
error: a key cannot stand here
 --> a.yaml:3:16
  |
3 |   - note: hello: world
  |                ^
  |
  = help: quote a value that holds `: `; a key stands on a line of its own
");
}

#[test]
fn an_item_that_is_indented_differently() {
    let text = r"
name: a
steps:
  - note: hi
   - note: ho
";
    assert_snapshot!(told(text), @r"
error: an item of the list must begin with `- ` here, no deeper and no further left
 --> a.yaml:4:4
  |
4 |    - note: ho
  |    ^
  |
  = help: see how far the lines are indented, and that a quote is closed where it should be
");
}

#[test]
fn a_key_that_is_indented_differently() {
    let text = r"
name: a
 about: b
steps:
  - note: hi
";
    assert_snapshot!(told(text), @r"
error: a key cannot stand here
 --> a.yaml:2:7
  |
2 |  about: b
  |       ^
  |
  = help: quote a value that holds `: `; a key stands on a line of its own
");
}

#[test]
fn an_alias_of_nothing() {
    let text = r"
name: a
steps:
  - note: *nothing
";
    assert_snapshot!(told(text), @r"
error: nothing is called so: `*` names what `&` named above
 --> a.yaml:3:11
  |
3 |   - note: *nothing
  |           ^
");
}

#[test]
fn a_tag() {
    let text = r"
name: a
steps:
  - note: !secret hi
";
    assert_snapshot!(told(text), @r"
error: `!` begins a tag, and tags have no meaning here
 --> a.yaml:3:11
  |
3 |   - note: !secret hi
  |           ^
");
}

#[test]
fn line_ends_with_carriage_returns_change_no_column() {
    let text = r"
name: a
steps:
  - lisen: { as: server, at: 127.0.0.1:0 }
"
    .replace('\n', "\r\n");
    assert_snapshot!(told(&text), @r"
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
fn a_syntax_error_leaves_the_documents_before_it() {
    let text = r#"
name: a
steps:
  - zebra: 1
---
name: "b
"#;
    assert_snapshot!(told(text), @r#"
error: there is no verb `zebra`
 --> a.yaml:3:5
  |
3 |   - zebra: 1
  |     ^^^^^
  |
  = help: `sockdrill help verbs` lists them
error: the quote is never closed
 --> a.yaml:5:7
  |
5 | name: "b
  |       ^
"#);
}
