//! Names: kinds, opening and closing, lanes and blocks.

use super::told;
use insta::assert_snapshot;

#[test]
fn a_listener_carries_no_data() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - expect: { at: server, text: "${nothing}", save: x }
  - send: { from: server, text: "${x}" }
"#;
    assert_snapshot!(told(text), @r#"
error: `expect` takes a stream, a datagram socket or a process, and `server` is a listener
 --> a.yaml:4:19
  |
4 |   - expect: { at: server, text: "${nothing}", save: x }
  |                   ^^^^^^
  |
  = help: a listener carries no data: `accept` gives the socket that does
error: the variable `nothing` is not defined here
 --> a.yaml:4:34
  |
4 |   - expect: { at: server, text: "${nothing}", save: x }
  |                                  ^^^^^^^^^^
  |
  = help: define it under `vars`, or write `$${` for a literal `${`
error: `send` takes a stream, a datagram socket or a process, and `server` is a listener
 --> a.yaml:5:19
  |
5 |   - send: { from: server, text: "${x}" }
  |                   ^^^^^^
  |
  = help: a listener carries no data: `accept` gives the socket that does
"#);
}

#[test]
fn each_verb_takes_its_kinds() {
    let text = r"
name: a
steps:
  - bind: { as: a, at: 127.0.0.1:0 }
  - accept: { as: c, at: a }
  - abort: a
  - stop: a
";
    assert_snapshot!(told(text), @r"
error: `accept` takes a listener, and `a` is a datagram socket
 --> a.yaml:4:26
  |
4 |   - accept: { as: c, at: a }
  |                          ^
error: `abort` takes a stream, and `a` is a datagram socket
 --> a.yaml:5:12
  |
5 |   - abort: a
  |            ^
  |
  = help: `close` closes it
error: `stop` takes a process, and `a` is a datagram socket
 --> a.yaml:6:11
  |
6 |   - stop: a
  |           ^
  |
  = help: `close` closes a socket
");
}

#[test]
fn a_name_that_is_not_open() {
    let text = r"
name: a
steps:
  - send: { from: clent, text: hi }
  - listen: { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - expect: { at: clint, text: hi }
";
    assert_snapshot!(told(text), @r"
error: nothing called `clent` is open here
 --> a.yaml:3:19
  |
3 |   - send: { from: clent, text: hi }
  |                   ^^^^^
error: nothing called `clint` is open here
 --> a.yaml:6:19
  |
6 |   - expect: { at: clint, text: hi }
  |                   ^^^^^
  |
  = help: did you mean `client`?
");
}

#[test]
fn a_name_that_is_closed() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - close: client
  - send: { from: client, text: hi }
";
    assert_snapshot!(told(text), @r"
error: `client` is closed
 --> a.yaml:6:19
  |
6 |   - send: { from: client, text: hi }
  |                   ^^^^^^
  |
  = help: it was closed on line 5
");
}

#[test]
fn a_listener_that_is_closed_is_connected_to_only_to_fail() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - close: server
  - connect: { as: client, to: server }
";
    assert_snapshot!(told(text), @r"
error: `server` is closed
 --> a.yaml:5:32
  |
5 |   - connect: { as: client, to: server }
  |                                ^^^^^^
  |
  = help: it was closed on line 4; `fails: refused` says that nobody listens any more
");
}

#[test]
fn a_step_that_must_fail_opens_nothing() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - close: server
  - connect: { as: client, to: server, fails: refused }
  - send: { from: client, text: hi }
";
    assert_snapshot!(told(text), @r"
error: nothing called `client` is open here
 --> a.yaml:6:19
  |
6 |   - send: { from: client, text: hi }
  |                   ^^^^^^
  |
  = help: the step on line 5 has `fails:`, so it opens nothing
");
}

#[test]
fn a_name_that_is_open_already() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - listen: { as: server, at: 127.0.0.1:0 }
";
    assert_snapshot!(told(text), @r"
error: `server` is open already
 --> a.yaml:4:19
  |
4 |   - listen: { as: server, at: 127.0.0.1:0 }
  |                   ^^^^^^
  |
  = help: it is opened on line 3; close it first, or take another name
");
}

#[test]
fn names_that_cannot_be() {
    let text = r#"
name: a
steps:
  - listen: { as: port, at: 127.0.0.1:0 }
  - listen: { as: Server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: Server }
  - accept: { as: "c${i}", at: Server }
"#;
    assert_snapshot!(told(text), @r#"
error: `port` is reserved
 --> a.yaml:3:19
  |
3 |   - listen: { as: port, at: 127.0.0.1:0 }
  |                   ^^^^
  |
  = help: reserved are port, env, i, time, tmp
error: `Server` is no name
 --> a.yaml:4:19
  |
4 |   - listen: { as: Server, at: 127.0.0.1:0 }
  |                   ^^^^^^
  |
  = help: a name begins with a letter a to z and goes on with a to z, 0 to 9, `-` and `_`
error: names are never filled in
 --> a.yaml:6:19
  |
6 |   - accept: { as: "c${i}", at: Server }
  |                   ^^^^^^^
  |
  = help: inside `repeat` and `each` names are fresh each time
"#);
}

#[test]
fn two_lanes_that_want_one_half() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - parallel:
      left:
        - send: { from: client, text: "a" }
      right:
        - send: { from: client, text: "b" }
"#;
    assert_snapshot!(told(text), @r#"
error: the sending half of `client` is in the hands of lane `left`
 --> a.yaml:9:25
  |
9 |         - send: { from: client, text: "b" }
  |                         ^^^^^^
  |
  = help: it uses it on line 7
"#);
}

#[test]
fn a_lane_that_wants_both_halves_is_told_which_one_is_taken() {
    let wanted = |left: &str| {
        let text = format!(
            "name: a\nsteps:\n  - listen: {{ as: server, at: 127.0.0.1:0 }}\n  - connect: {{ as: client, to: server }}\n  - parallel:\n      left:\n        - {left}\n      right:\n        - echo: client\n"
        );
        told(&text).lines().next().unwrap_or_default().to_owned()
    };
    let sends = wanted("send: { from: client, text: a }");
    assert_eq!(sends, "error: the sending half of `client` is in the hands of lane `left`");
    let echoes = wanted("echo: client");
    assert_eq!(echoes, "error: both halves of `client` are in the hands of lane `left`");
}

#[test]
fn a_name_of_the_lane_beside() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - parallel:
      left:
        - connect: { as: client, to: server }
      right:
        - send: { from: client, text: "b" }
"#;
    assert_snapshot!(told(text), @r#"
error: nothing called `client` is open here
 --> a.yaml:8:25
  |
8 |         - send: { from: client, text: "b" }
  |                         ^^^^^^
  |
  = help: it is opened in lane `left`, beside this one; open it before `parallel`
"#);
}

#[test]
fn what_is_inside_each() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - each: { at: server, as: conn, steps: [{ send: { from: client, text: hi } }, { ecko: conn }] }
  - accept: { as: other, at: server }
  - send: { from: conn, text: hi }
";
    assert_snapshot!(told(text), @r"
error: `client` is one, and these steps run many times at once
 --> a.yaml:5:59
  |
5 |   - each: { at: server, as: conn, steps: [{ send: { from: client, text: hi } }, { ecko: conn }] }
  |                                                           ^^^^^^
  |
  = help: open what they need inside the block
error: there is no verb `ecko`
 --> a.yaml:5:83
  |
5 |   - each: { at: server, as: conn, steps: [{ send: { from: client, text: hi } }, { ecko: conn }] }
  |                                                                                   ^^^^
  |
  = help: did you mean `echo`?
error: `each` accepts at `server` already
 --> a.yaml:6:30
  |
6 |   - accept: { as: other, at: server }
  |                              ^^^^^^
  |
  = help: it uses it on line 5
error: nothing called `conn` is open here
 --> a.yaml:7:19
  |
7 |   - send: { from: conn, text: hi }
  |                   ^^^^
  |
  = help: it is open inside the block on line 5 only
");
}

#[test]
fn what_is_inside_repeat() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - repeat: { times: 3, steps: [{ close: client }] }
  - repeat: { times: three, steps: [{ note: "${i}" }] }
  - repeat: { times: 3, steps: [] }
  - repeat: { times: 3 }
  - repeat: { times: 2, steps: [{ connect: { as: inner, to: server } }] }
  - send: { from: inner, text: hi }
"#;
    assert_snapshot!(told(text), @r#"
error: `client` is closed
 --> a.yaml:5:42
  |
5 |   - repeat: { times: 3, steps: [{ close: client }] }
  |                                          ^^^^^^
  |
  = help: the round before has closed it, on line 5
error: `three` is no whole number
 --> a.yaml:6:22
  |
6 |   - repeat: { times: three, steps: [{ note: "${i}" }] }
  |                      ^^^^^
error: a block holds at least one step
 --> a.yaml:7:32
  |
7 |   - repeat: { times: 3, steps: [] }
  |                                ^^
error: `repeat` lacks `steps`: what to do
 --> a.yaml:8:5
  |
8 |   - repeat: { times: 3 }
  |     ^^^^^^
  |
  = help: as in `repeat: { times: 3, steps: [{ note: "round ${i}" }] }`
error: nothing called `inner` is open here
  --> a.yaml:10:19
   |
10 |   - send: { from: inner, text: hi }
   |                   ^^^^^
   |
   = help: it is open inside the block on line 9 only
"#);
}

#[test]
fn lanes_of_parallel() {
    let text = r"
name: a
steps:
  - parallel: {}
  - parallel: { Left: [{ note: hi }], right: { note: hi }, mid: }
  - parallel: [{ note: hi }]
";
    assert_snapshot!(told(text), @r"
error: `parallel` has no lanes
 --> a.yaml:3:5
  |
3 |   - parallel: {}
  |     ^^^^^^^^
  |
  = help: as in `parallel: { left: [ … ], right: [ … ] }`
error: `Left` is no name
 --> a.yaml:4:17
  |
4 |   - parallel: { Left: [{ note: hi }], right: { note: hi }, mid: }
  |                 ^^^^
  |
  = help: a name begins with a letter a to z and goes on with a to z, 0 to 9, `-` and `_`
error: steps are a list, not a map
 --> a.yaml:4:46
  |
4 |   - parallel: { Left: [{ note: hi }], right: { note: hi }, mid: }
  |                                              ^^^^^^^^^^^^
  |
  = help: begin each step with `- `
error: a list of steps is missing here
 --> a.yaml:4:60
  |
4 |   - parallel: { Left: [{ note: hi }], right: { note: hi }, mid: }
  |                                                            ^^^
  |
  = help: a step is `- verb: …`
error: `parallel` takes a map of operands, not a list
 --> a.yaml:5:15
  |
5 |   - parallel: [{ note: hi }]
  |               ^^^^^^^^^^^^^^
  |
  = help: as in `parallel: { client: [{ send: { from: client, text: hi } }], server: [{ expect: { at: conn, text: hi } }] }`
");
}

#[test]
fn relay_takes_two() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - relay: [conn]
  - relay: [conn, conn]
  - relay: conn
  - relay: [conn, server]
";
    assert_snapshot!(told(text), @r"
error: here stand two names
 --> a.yaml:5:12
  |
5 |   - relay: [conn]
  |            ^^^^^^
  |
  = help: as in `[conn, upstream]`
error: `conn` cannot be both sides
 --> a.yaml:6:19
  |
6 |   - relay: [conn, conn]
  |                   ^^^^
error: here stand two names
 --> a.yaml:7:12
  |
7 |   - relay: conn
  |            ^^^^
  |
  = help: as in `[conn, upstream]`
error: `relay` takes a stream or a datagram socket, and `server` is a listener
 --> a.yaml:8:19
  |
8 |   - relay: [conn, server]
  |                   ^^^^^^
  |
  = help: a listener carries no data: `accept` gives the socket that does
");
}

#[test]
fn one_peer_needs_no_direction() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - bind: { as: udp, at: 127.0.0.1:0 }
  - send: { from: conn, to: udp, text: hi }
  - expect: { at: conn, from: udp, text: hi }
  - send: { from: udp, to: conn, text: hi }
";
    assert_snapshot!(told(text), @r"
error: `conn` has one peer: only datagrams go `to` somewhere
 --> a.yaml:6:29
  |
6 |   - send: { from: conn, to: udp, text: hi }
  |                             ^^^
error: `conn` has one peer: only a datagram comes `from` somewhere
 --> a.yaml:7:31
  |
7 |   - expect: { at: conn, from: udp, text: hi }
  |                               ^^^
error: `send` takes a datagram socket, and `conn` is a stream
 --> a.yaml:8:28
  |
8 |   - send: { from: udp, to: conn, text: hi }
  |                            ^^^^
");
}

#[test]
fn what_two_lanes_make_under_one_name() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - parallel:
      left:
        - connect: { as: client, to: server }
        - expect: { at: client, text: "hello", save: greeting }
        - close: client
      right:
        - connect: { as: client, to: server }
        - expect: { at: client, text: "hello", save: greeting }
        - close: client
        - repeat: { times: 2, steps: [{ connect: { as: other, to: server } }] }
      third:
        - repeat: { times: 2, steps: [{ connect: { as: other, to: server } }] }
"#;
    assert_snapshot!(told(text), @r#"
error: `client` is opened in lane `left` too
  --> a.yaml:10:26
   |
10 |         - connect: { as: client, to: server }
   |                          ^^^^^^
   |
   = help: it is made on line 6; lanes share their names, so take another
error: `greeting` gets its value in lane `left` too
  --> a.yaml:11:11
   |
11 |         - expect: { at: client, text: "hello", save: greeting }
   |           ^^^^^^
   |
   = help: it is made on line 7; lanes share their names, so take another
"#);
}
