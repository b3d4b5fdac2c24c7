//! Values: variables, addresses, durations, numbers, facts, options.

use super::told;
use insta::assert_snapshot;

#[test]
fn variables_that_are_not_defined() {
    let text = r#"
name: a
vars: { greeting: hello }
steps:
  - note: "${greting}"
  - note: "${nothing} ${i}"
  - note: "${env.SOCKDRILL_NOT_THERE}"
"#;
    assert_snapshot!(told(text), @r#"
error: the variable `greting` is not defined here
 --> a.yaml:4:12
  |
4 |   - note: "${greting}"
  |            ^^^^^^^^^^
  |
  = help: did you mean `${greeting}`?
error: the variable `nothing` is not defined here
 --> a.yaml:5:12
  |
5 |   - note: "${nothing} ${i}"
  |            ^^^^^^^^^^
  |
  = help: define it under `vars`, or write `$${` for a literal `${`
error: `${i}` counts the rounds of `repeat`, and this is none
 --> a.yaml:5:23
  |
5 |   - note: "${nothing} ${i}"
  |                       ^^^^
error: the environment has no `SOCKDRILL_NOT_THERE`
 --> a.yaml:6:12
  |
6 |   - note: "${env.SOCKDRILL_NOT_THERE}"
  |            ^^^^^^^^^^^^^^^^^^^^^^^^^^
"#);
}

#[test]
fn a_variable_without_its_brace() {
    let text = r#"
name: a
steps:
  - note: "a ${greeting"
"#;
    assert_snapshot!(told(text), @r#"
error: `${` without its `}`
 --> a.yaml:3:14
  |
3 |   - note: "a ${greeting"
  |              ^^^^^^^^^^
  |
  = help: write `$${` for a literal one
"#);
}

#[test]
fn what_a_socket_has_not() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - note: "${server.peer} ${server.prot} ${srver.port} ${server}"
"#;
    assert_snapshot!(told(text), @r#"
error: `server` has no `peer`
 --> a.yaml:4:12
  |
4 |   - note: "${server.peer} ${server.prot} ${srver.port} ${server}"
  |            ^^^^^^^^^^^^^^
  |
  = help: a listener has port, local
error: `server` has no `prot`
 --> a.yaml:4:27
  |
4 |   - note: "${server.peer} ${server.prot} ${srver.port} ${server}"
  |                           ^^^^^^^^^^^^^^
  |
  = help: did you mean `${server.port}`?
error: nothing called `srver` is open here
 --> a.yaml:4:42
  |
4 |   - note: "${server.peer} ${server.prot} ${srver.port} ${server}"
  |                                          ^^^^^^^^^^^^^
  |
  = help: did you mean `${server.port}`?
error: the variable `server` is not defined here
 --> a.yaml:4:56
  |
4 |   - note: "${server.peer} ${server.prot} ${srver.port} ${server}"
  |                                                        ^^^^^^^^^
  |
  = help: `server` is a listener: write `${server.port}` or `${server.local}`
"#);
}

#[test]
fn what_is_saved_needs_a_name_of_its_own() {
    let text = r#"
name: a
vars: { x: 1 }
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - recv: { at: conn, save: x }
  - recv: { at: conn, save: server }
  - expect: { at: conn, matches: '(?<conn>a)b' }
  - expect: { at: conn, matches: '(?<Big>a)b' }
  - recv: { at: conn, save: y }
  - note: "${y.size} ${y.length}"
"#;
    assert_snapshot!(told(text), @r#"
error: `x` is a variable of the file: what is saved would never be seen
 --> a.yaml:6:29
  |
6 |   - recv: { at: conn, save: x }
  |                             ^
  |
  = help: take another name
error: `server` is the name of a socket
 --> a.yaml:7:29
  |
7 |   - recv: { at: conn, save: server }
  |                             ^^^^^^
  |
  = help: a variable needs a name of its own
error: the group `conn` has the name of a socket
 --> a.yaml:8:38
  |
8 |   - expect: { at: conn, matches: '(?<conn>a)b' }
  |                                      ^^^^
  |
  = help: take another name
error: the group `Big` cannot be a variable
 --> a.yaml:9:38
  |
9 |   - expect: { at: conn, matches: '(?<Big>a)b' }
  |                                      ^^^
  |
  = help: a name begins with a letter a to z and goes on with a to z, 0 to 9, `-` and `_`
error: `y` is a variable: it has no `size`
  --> a.yaml:11:12
   |
11 |   - note: "${y.size} ${y.length}"
   |            ^^^^^^^^^
   |
   = help: it has `length`
"#);
}

#[test]
fn addresses() {
    let text = r#"
name: a
steps:
  - listen: { as: a, at: 127.0.0.1 }
  - listen: { as: b, at: 127.0.0.1:70000 }
  - listen: { as: c, at: 127.0.0.256:80 }
  - listen: { as: d, at: "::1:80" }
  - listen: { as: e, at: ":80" }
  - listen: { as: f, at: "127.0.0.1${a.port}" }
  - listen: { as: g, at: "127.0.0.1:${a.local}" }
  - connect: { as: h, to: localhost }
"#;
    assert_snapshot!(told(text), @r#"
error: `127.0.0.1` has no port
 --> a.yaml:3:26
  |
3 |   - listen: { as: a, at: 127.0.0.1 }
  |                          ^^^^^^^^^
  |
  = help: an address is host:port, as in `127.0.0.1:0`, or unix:/path
error: port 70000 is above 65535
 --> a.yaml:4:26
  |
4 |   - listen: { as: b, at: 127.0.0.1:70000 }
  |                          ^^^^^^^^^^^^^^^
error: `127.0.0.256` is no IPv4 address
 --> a.yaml:5:26
  |
5 |   - listen: { as: c, at: 127.0.0.256:80 }
  |                          ^^^^^^^^^^^^^^
  |
  = help: write it as in `127.0.0.1`
error: `::1:80` has more than one colon
 --> a.yaml:6:26
  |
6 |   - listen: { as: d, at: "::1:80" }
  |                          ^^^^^^^^
  |
  = help: an IPv6 address stands in brackets, as in `[::1]:6060`
error: `:80` has no host
 --> a.yaml:7:26
  |
7 |   - listen: { as: e, at: ":80" }
  |                          ^^^^^
  |
  = help: write `127.0.0.1` before the colon, or `any` for all interfaces
error: `127.0.0.1${a.port}` can be no address, whatever is filled in
 --> a.yaml:8:26
  |
8 |   - listen: { as: f, at: "127.0.0.1${a.port}" }
  |                          ^^^^^^^^^^^^^^^^^^^^
  |
  = help: an address is host:port, as in `127.0.0.1:0`, or unix:/path
error: `127.0.0.1:${a.local}` can be no address, whatever is filled in
 --> a.yaml:9:26
  |
9 |   - listen: { as: g, at: "127.0.0.1:${a.local}" }
  |                          ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: `${a.local}` is an address with its port already
error: `localhost` has no port
  --> a.yaml:10:27
   |
10 |   - connect: { as: h, to: localhost }
   |                           ^^^^^^^^^
   |
   = help: an address is host:port, as in `localhost:0`
"#);
}

#[test]
fn durations() {
    let text = r"
name: a
within: 5
steps:
  - sleep: soon
  - note: { text: hi, within: 10 }
  - note: { text: hi, within: 0s }
  - note: { text: hi, within: 1s, after: 2s }
";
    assert_snapshot!(told(text), @r"
error: `5` needs a unit, as in `5s` or `5ms`
 --> a.yaml:2:9
  |
2 | within: 5
  |         ^
error: `soon` is no duration; write it as in `200ms`, `5s` or `1m 30s`
 --> a.yaml:4:12
  |
4 |   - sleep: soon
  |            ^^^^
error: `10` needs a unit, as in `10s` or `10ms`
 --> a.yaml:5:31
  |
5 |   - note: { text: hi, within: 10 }
  |                               ^^
error: a deadline is longer than nothing
 --> a.yaml:6:31
  |
6 |   - note: { text: hi, within: 0s }
  |                               ^^
error: `after` is later than `within`: the step cannot hold
 --> a.yaml:7:42
  |
7 |   - note: { text: hi, within: 1s, after: 2s }
  |                                          ^^
");
}

#[test]
fn numbers_sizes_and_flags() {
    let text = r#"
name: a
steps:
  - listen: { as: a, at: 127.0.0.1:0, backlog: many }
  - listen: { as: b, at: 127.0.0.1:0, backlog: 99999999999 }
  - accept: { as: c, at: a }
  - recv: { at: c, max: 0 }
  - recv: { at: c, max: lots }
  - send: { from: c, text: "x", chunk: 0 }
  - send: { from: c, text: "x", every: 1s }
  - listen: { as: d, at: 127.0.0.1:0, reuse_address: yes }
"#;
    assert_snapshot!(told(text), @r#"
error: `many` is no whole number
 --> a.yaml:3:48
  |
3 |   - listen: { as: a, at: 127.0.0.1:0, backlog: many }
  |                                                ^^^^
error: `99999999999` is too large here
 --> a.yaml:4:48
  |
4 |   - listen: { as: b, at: 127.0.0.1:0, backlog: 99999999999 }
  |                                                ^^^^^^^^^^^
error: a recv of 0 bytes tells nothing
 --> a.yaml:6:25
  |
6 |   - recv: { at: c, max: 0 }
  |                         ^
error: `lots` is no size; write it as in `1024`, `64KiB` or `1MB`
 --> a.yaml:7:25
  |
7 |   - recv: { at: c, max: lots }
  |                         ^^^^
error: a piece has at least one byte
 --> a.yaml:8:40
  |
8 |   - send: { from: c, text: "x", chunk: 0 }
  |                                        ^
error: `every` is the time between pieces: `chunk` says their size
 --> a.yaml:9:40
  |
9 |   - send: { from: c, text: "x", every: 1s }
  |                                        ^^
  |
  = help: as in `chunk: 1, every: 10ms`
error: `reuse_address` is true or false, not `yes`
  --> a.yaml:10:54
   |
10 |   - listen: { as: d, at: 127.0.0.1:0, reuse_address: yes }
   |                                                      ^^^
"#);
}

#[test]
fn kinds_of_failure() {
    let text = r"
name: a
steps:
  - listen: { as: a, at: 127.0.0.1:0, fails: in-us }
";
    assert_snapshot!(told(text), @r"
error: `in-us` is no kind of failure
 --> a.yaml:3:46
  |
3 |   - listen: { as: a, at: 127.0.0.1:0, fails: in-us }
  |                                              ^^^^^
  |
  = help: did you mean `in-use`?
");
}

#[test]
fn a_comparison_below_its_fact_is_told_as_it_is_written() {
    let text = r"
name: a
steps:
  - bind: { as: s, at: 127.0.0.1:0 }
  - check: { at: s, dropped: { at_least: 1 } }
  - check: { at: s, receive_buffer: { at_most: 1MiB } }
";
    let told = told(text);
    for help in
        ["help: write `fact: dropped, at_least: 1`", "help: write `fact: receive_buffer, at_most: 1MiB`"]
    {
        assert!(told.contains(help), "{told}");
    }
}

#[test]
fn facts_and_their_values() {
    let text = r#"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - check: { at: conn, state: closed-wait }
  - check: { at: conn, unread: few }
  - check: { at: server, unread: 5 }
  - check: { at: conn }
  - check: { at: conn, fact: unraed, at_least: 1 }
  - check: { at: conn, at_least: 1 }
  - check: { value: "x" }
  - check: { state: established }
  - check: { at: conn, fact: state, at_least: 1 }
  - check: { at: conn, nodelay: 5 }
  - check: { at: conn, fact: unread, at_least: lots }
"#;
    assert_snapshot!(told(text), @r#"
error: `closed-wait` is no TCP state
 --> a.yaml:5:31
  |
5 |   - check: { at: conn, state: closed-wait }
  |                               ^^^^^^^^^^^
  |
  = help: did you mean `close-wait`?
error: `unread` is a number, not `few`
 --> a.yaml:6:32
  |
6 |   - check: { at: conn, unread: few }
  |                                ^^^
  |
  = help: as in `unread: 5`; `fact: unread, at_least: 1` compares
error: a listener has no `unread`
 --> a.yaml:7:26
  |
7 |   - check: { at: server, unread: 5 }
  |                          ^^^^^^
error: `check` names no fact
 --> a.yaml:8:5
  |
8 |   - check: { at: conn }
  |     ^^^^^
  |
  = help: as in `check: { at: conn, state: close-wait }`
error: there is no fact `unraed`
 --> a.yaml:9:30
  |
9 |   - check: { at: conn, fact: unraed, at_least: 1 }
  |                              ^^^^^^
  |
  = help: did you mean `unread`?
error: `at_least` has nothing to compare
  --> a.yaml:10:34
   |
10 |   - check: { at: conn, at_least: 1 }
   |                                  ^
   |
   = help: name it with `fact: unread` or `value: "${name}"`
error: `check` does not say what must be so
  --> a.yaml:11:5
   |
11 |   - check: { value: "x" }
   |     ^^^^^
   |
   = help: add one of equals, differs, matches, contains, at_least, at_most
error: `state` is of a socket: `at` says which
  --> a.yaml:12:14
   |
12 |   - check: { state: established }
   |              ^^^^^
   |
   = help: as in `check: { at: conn, state: close-wait }`
error: `state` has no order
  --> a.yaml:13:47
   |
13 |   - check: { at: conn, fact: state, at_least: 1 }
   |                                               ^
   |
   = help: `equals`, `differs`, `contains` or `matches`
error: `5` should be true or false
  --> a.yaml:14:33
   |
14 |   - check: { at: conn, nodelay: 5 }
   |                                 ^
error: `lots` is no number, size or duration
  --> a.yaml:15:48
   |
15 |   - check: { at: conn, fact: unread, at_least: lots }
   |                                                ^^^^
"#);
}

#[test]
fn socket_options_and_their_values() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - set: { at: server }
  - set: { at: server, nodelay: maybe }
  - set: { at: server, nodlay: true }
  - connect: { as: client, to: server, options: { linger: never, x: 1 } }
  - connect: { as: client2, to: server, nodelay: true }
";
    assert_snapshot!(told(text), @r"
error: `set` names no option
 --> a.yaml:4:5
  |
4 |   - set: { at: server }
  |     ^^^
  |
  = help: as in `set: { at: client, nodelay: true }`
error: `nodelay`: `maybe` should be true or false
 --> a.yaml:5:33
  |
5 |   - set: { at: server, nodelay: maybe }
  |                                 ^^^^^
error: `set` has no `nodlay`
 --> a.yaml:6:24
  |
6 |   - set: { at: server, nodlay: true }
  |                        ^^^^^^
  |
  = help: did you mean `nodelay`?
error: `linger`: `never` is no duration; write it as in `200ms`, `5s` or `1m 30s`
 --> a.yaml:7:59
  |
7 |   - connect: { as: client, to: server, options: { linger: never, x: 1 } }
  |                                                           ^^^^^
error: there is no socket option `x`
 --> a.yaml:7:66
  |
7 |   - connect: { as: client, to: server, options: { linger: never, x: 1 } }
  |                                                                  ^
  |
  = help: `sockdrill help options` lists them
error: `connect` has no `nodelay`
 --> a.yaml:8:41
  |
8 |   - connect: { as: client2, to: server, nodelay: true }
  |                                         ^^^^^^^
  |
  = help: socket options stand below `options`, as in `options: { nodelay: … }`
");
}

#[test]
fn tls_sides_and_files() {
    let text = r"
name: a
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: conn, at: server }
  - tls: { at: conn, as: sever }
  - tls: { at: conn, as: server, insecure: true }
  - tls: { at: conn, as: server, cert: with-head.yaml }
";
    assert_snapshot!(told(text), @r"
error: `sever` is not known here
 --> a.yaml:5:26
  |
5 |   - tls: { at: conn, as: sever }
  |                          ^^^^^
  |
  = help: did you mean `server`?
error: `insecure` is for the client side
 --> a.yaml:6:44
  |
6 |   - tls: { at: conn, as: server, insecure: true }
  |                                            ^^^^
error: `cert` needs `key` too
 --> a.yaml:7:40
  |
7 |   - tls: { at: conn, as: server, cert: with-head.yaml }
  |                                        ^^^^^^^^^^^^^^
");
}

#[test]
fn processes_and_signals() {
    let text = r#"
name: a
steps:
  - spawn: { as: app, run: [] }
  - spawn: { as: app2, run: redis-server }
  - spawn: { as: app3, run: [redis-server], ready: { listning: "127.0.0.1:80" } }
  - spawn: { as: app4, run: [x], ready: { listening: here } }
  - stop: { at: app4, signal: TREM }
  - close: app3
  - expect: { at: app3, exit: done }
  - expect: { at: app3, reset: true }
"#;
    assert_snapshot!(told(text), @r#"
error: `run` names no program
 --> a.yaml:3:28
  |
3 |   - spawn: { as: app, run: [] }
  |                            ^^
  |
  = help: as in `run: [redis-server, --port, "0"]`
error: here stands a list, not a plain value
 --> a.yaml:4:29
  |
4 |   - spawn: { as: app2, run: redis-server }
  |                             ^^^^^^^^^^^^
  |
  = help: as in `[redis-server]`
error: `ready` knows no `listning`
 --> a.yaml:5:54
  |
5 |   - spawn: { as: app3, run: [redis-server], ready: { listning: "127.0.0.1:80" } }
  |                                                      ^^^^^^^^
  |
  = help: did you mean `listening`?
error: `here` has no port
 --> a.yaml:6:54
  |
6 |   - spawn: { as: app4, run: [x], ready: { listening: here } }
  |                                                      ^^^^
  |
  = help: an address is host:port, as in `127.0.0.1:0`, or unix:/path
error: `TREM` is not known here
 --> a.yaml:7:31
  |
7 |   - stop: { at: app4, signal: TREM }
  |                               ^^^^
  |
  = help: did you mean `TERM`?
error: `close` takes a listener, a stream or a datagram socket, and `app3` is a process
 --> a.yaml:8:12
  |
8 |   - close: app3
  |            ^^^^
  |
  = help: a process is ended with `stop`
error: `done` is no exit status and no signal
 --> a.yaml:9:31
  |
9 |   - expect: { at: app3, exit: done }
  |                               ^^^^
  |
  = help: a number from 0 to 255, or a signal such as TERM
error: a process is never reset
  --> a.yaml:10:32
   |
10 |   - expect: { at: app3, reset: true }
   |                                ^^^^
   |
   = help: `eof: true` is the end of its output
"#);
}
