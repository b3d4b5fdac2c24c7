//! Files beside the scenario.

use super::told;
use insta::assert_snapshot;

#[test]
fn a_file_that_is_not_there() {
    let text = r"
name: a
steps:
  - include: nothing.yaml
  - send: { from: opened-by-it, text: hi }
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - send: { from: conn, file: nothing.bin }
";
    assert_snapshot!(told(text), @r"
error: there is no file tests/diagnostics/files/nothing.yaml
 --> a.yaml:3:14
  |
3 |   - include: nothing.yaml
  |              ^^^^^^^^^^^^
  |
  = help: a relative path begins where the scenario is; of a command and at the prompt, where you are
error: there is no file tests/diagnostics/files/nothing.bin
 --> a.yaml:7:31
  |
7 |   - send: { from: conn, file: nothing.bin }
  |                               ^^^^^^^^^^^
  |
  = help: a relative path begins where the scenario is; of a command and at the prompt, where you are
");
}

#[test]
fn a_problem_of_an_included_file_says_who_includes_it() {
    let text = r"
name: a
steps:
  - include: broken.yaml
";
    assert_snapshot!(told(text), @r#"
error: `note` has no `txt`
 --> tests/diagnostics/files/broken.yaml:2:13
  |
2 |   - note: { txt: "hello" }
  |             ^^^
  |
  = included from  a.yaml:3:14
  = help: did you mean `text`?
"#);
}

#[test]
fn and_who_includes_that_one() {
    let text = r"
name: a
steps:
  - include: outer.yaml
";
    assert_snapshot!(told(text), @r#"
error: `note` has no `txt`
 --> tests/diagnostics/files/broken.yaml:2:13
  |
2 |   - note: { txt: "hello" }
  |             ^^^
  |
  = included from  tests/diagnostics/files/outer.yaml:2:14
  = included from  a.yaml:3:14
  = help: did you mean `text`?
"#);
}

#[test]
fn files_that_include_one_another() {
    let text = r"
name: a
steps:
  - include: around.yaml
";
    assert_snapshot!(told(text), @r"
error: this file includes itself, directly or through another
 --> tests/diagnostics/files/around-again.yaml:2:14
  |
2 |   - include: around.yaml
  |              ^^^^^^^^^^^
  |
  = included from  tests/diagnostics/files/around.yaml:2:14
  = included from  a.yaml:3:14
");
}

#[test]
fn a_file_without_steps() {
    let text = r"
name: a
steps:
  - include: empty.yaml
";
    assert_snapshot!(told(text), @r"
error: there are no steps in tests/diagnostics/files/empty.yaml
 --> a.yaml:3:14
  |
3 |   - include: empty.yaml
  |              ^^^^^^^^^^
");
}

#[test]
fn a_syntax_error_of_an_included_file() {
    let text = r"
name: a
steps:
  - include: syntax.yaml
";
    assert_snapshot!(told(text), @r"
error: this `{` is never closed
 --> tests/diagnostics/files/syntax.yaml:2:11
  |
2 |   - note: { text: hi
  |           ^
  |
  = included from  a.yaml:3:14
  = help: a comma or `}` is missing before line 3
");
}

#[test]
fn what_does_not_count_where_it_is_included() {
    let text = r"
name: a
steps:
  - include: with-head.yaml
";
    assert_snapshot!(told(text), @r"
warning: what it requires would not count where this is included
 --> tests/diagnostics/files/with-head.yaml:2:1
  |
2 | requires: [ipv6]
  | ^^^^^^^^
  |
  = included from  a.yaml:3:14
  = help: it belongs to the file that includes this one
warning: `finally` does not run where this is included
 --> tests/diagnostics/files/with-head.yaml:7:5
  |
7 |   - note: bye
  |     ^^^^
  |
  = included from  a.yaml:3:14
  = help: it belongs to the file that includes this one
");
}

#[test]
fn a_variable_that_the_including_step_does_not_give() {
    let text = r"
name: a
steps:
  - include: { file: greeting.yaml, vars: { whom: bob } }
  - include: { file: greeting.yaml, vars: { Who: bob, who: } }
";
    assert_snapshot!(told(text), @r#"
error: `Who` is no name
 --> a.yaml:4:45
  |
4 |   - include: { file: greeting.yaml, vars: { Who: bob, who: } }
  |                                             ^^^
  |
  = help: a name begins with a letter a to z and goes on with a to z, 0 to 9, `-` and `_`
error: `who` has no value
 --> a.yaml:4:55
  |
4 |   - include: { file: greeting.yaml, vars: { Who: bob, who: } }
  |                                                       ^^^
  |
  = help: write `""` for an empty text
error: the variable `who` is not defined here
 --> tests/diagnostics/files/greeting.yaml:2:18
  |
2 |   - note: "hello ${who}"
  |                  ^^^^^^
  |
  = included from  a.yaml:3:22
  = help: did you mean `${whom}`?
"#);
}

#[test]
fn a_file_that_is_included_a_second_time() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept: { as: conn, at: server }
  - include: half-open.yaml
  - include: half-open.yaml
";
    assert_snapshot!(told(text), @r"
error: `conn` is closed
 --> tests/diagnostics/files/half-open.yaml:2:12
  |
2 |   - close: conn
  |            ^^^^
  |
  = included from  a.yaml:7:14
  = help: the file was included before, and has closed it, on line 2
error: `extra` is open already
 --> tests/diagnostics/files/half-open.yaml:3:20
  |
3 |   - connect: { as: extra, to: server }
  |                    ^^^^^
  |
  = included from  a.yaml:7:14
  = help: the file was included before and has left it open; close it at that file's end
");
}
