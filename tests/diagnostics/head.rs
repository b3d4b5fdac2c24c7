//! What stands above the steps.

use super::told;
use insta::assert_snapshot;

#[test]
fn values_of_the_head_that_are_of_another_shape() {
    let text = r"
name: [a]
about: { b: c }
tags: { a: b }
requires: [linx, { comand: redis }]
vars: [a, b]
cases: { a: b }
serial:
steps:
  - note: hi
";
    assert_snapshot!(told(text), @r"
error: `name` is a text, not a list
 --> a.yaml:1:7
  |
1 | name: [a]
  |       ^^^
error: `about` is a text, not a map
 --> a.yaml:2:8
  |
2 | about: { b: c }
  |        ^^^^^^^^
error: `tags` is a list of words, not a map
 --> a.yaml:3:7
  |
3 | tags: { a: b }
  |       ^^^^^^^^
  |
  = help: as in `tags: [one, two]`
error: nothing is known of the requirement `linx`
 --> a.yaml:4:12
  |
4 | requires: [linx, { comand: redis }]
  |            ^^^^
  |
  = help: did you mean `linux`?
error: nothing is known of the requirement `comand`
 --> a.yaml:4:18
  |
4 | requires: [linx, { comand: redis }]
  |                  ^^^^^^^^^^^^^^^^^
  |
  = help: did you mean `command`?
error: `vars` is a map of texts, not a list
 --> a.yaml:5:7
  |
5 | vars: [a, b]
  |       ^^^^^^
  |
  = help: as in `vars: { name: text }`
error: `cases` is a list of maps, not a map
 --> a.yaml:6:8
  |
6 | cases: { a: b }
  |        ^^^^^^^^
  |
  = help: as in `cases: [{ size: 1 }, { size: 2 }]`
error: `serial` has no value
 --> a.yaml:7:1
  |
7 | serial:
  | ^^^^^^
  |
  = help: write one after the colon, or leave the key out
");
}

#[test]
fn variables_with_bad_names_and_values() {
    let text = r"
name: a
vars: { Size: 1, port: 2, b: [c], d: }
steps:
  - note: hi
";
    assert_snapshot!(told(text), @r#"
error: a variable cannot be called `Size`
 --> a.yaml:2:9
  |
2 | vars: { Size: 1, port: 2, b: [c], d: }
  |         ^^^^
  |
  = help: a name begins with a letter a to z and goes on with a to z, 0 to 9, `-` and `_`
error: a variable cannot be called `port`
 --> a.yaml:2:18
  |
2 | vars: { Size: 1, port: 2, b: [c], d: }
  |                  ^^^^
  |
  = help: port, env, i, time, tmp are reserved
error: `b` is a text, not a list
 --> a.yaml:2:27
  |
2 | vars: { Size: 1, port: 2, b: [c], d: }
  |                           ^
  |
  = help: write `""` for an empty one
error: `d` has no value
 --> a.yaml:2:35
  |
2 | vars: { Size: 1, port: 2, b: [c], d: }
  |                                   ^
  |
  = help: write `""` for an empty one
"#);
}

#[test]
fn a_mistake_of_some_rows_says_in_which() {
    let text = r#"
name: a
cases:
  - { size: 1 }
  - { size: 1 }
  - { sise: 2 }
  - 7
steps:
  - note: "${size}"
"#;
    assert_snapshot!(told(text), @r#"
error: this row stands here twice
 --> a.yaml:4:5
  |
4 |   - { size: 1 }
  |     ^^^^^^^^^^^
error: a row of `cases` is a map of texts, not a plain value
 --> a.yaml:6:5
  |
6 |   - 7
  |     ^
  |
  = help: as in `cases: [{ size: 1 }, { size: 2 }]`
error: the variable `size` is not defined here
 --> a.yaml:8:12
  |
8 |   - note: "${size}"
  |            ^^^^^^^
  |
  = in the case  sise=2
  = help: did you mean `${sise}`?
"#);
}

#[test]
fn cases_without_a_row() {
    let text = r"
name: a
cases: []
steps:
  - note: hi
";
    assert_snapshot!(told(text), @r"
error: `cases` has no row, so nothing would run
 --> a.yaml:2:8
  |
2 | cases: []
  |        ^^
  |
  = help: as in `cases: [{ size: 1 }, { size: 2 }]`
");
}

#[test]
fn two_scenarios_of_one_name() {
    let text = r"
name: a
steps:
  - note: hi
---
name: a
steps:
  - note: hi
";
    assert_snapshot!(told(text), @r"
error: two scenarios of this file are called `a`
 --> a.yaml:5:7
  |
5 | name: a
  |       ^
  |
  = help: the other one is on line 1; reports tell them by it
");
}

#[test]
fn what_is_opened_for_finally() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - close: server
finally:
  - close: server
  - close: app
  - sotp: app
";
    assert_snapshot!(told(text), @r"
error: nothing called `app` is open here
 --> a.yaml:7:12
  |
7 |   - close: app
  |            ^^^
error: there is no verb `sotp`
 --> a.yaml:8:5
  |
8 |   - sotp: app
  |     ^^^^
  |
  = help: did you mean `stop`?
");
}
