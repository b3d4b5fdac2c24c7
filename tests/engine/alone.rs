//! What must be measured in a process of its own: memory, and a lowered limit of open files.
//!
//! Such a test is ignored, and run by another one, which starts this very binary for it.

use crate::playing::{ONCE, play, play_watched, scenarios};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use sockdrill::engine::Stop;
use sockdrill::event::{Event, What};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Starts the ignored test called `name` in a process of its own.
fn start(name: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", name, "--nocapture", "--test-threads", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Runs it to its end, which must be a pass.
fn run(name: &str) {
    let output = start(name).wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// The largest amount of memory that this process has had, in bytes.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

const PAIR: &str = "
name: large
within: 300s
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - parallel:
      writer:
";

#[test]
fn a_large_payload_is_held_against_its_pattern_in_little_memory() {
    run("alone::compares_a_large_payload");
}

#[test]
#[ignore = "run in a process of its own by another test"]
fn compares_a_large_payload() {
    let steps = "          - send: { from: client, sequence: 64MiB }
      reader:
          - expect: { at: conn, sequence: 64MiB }
";
    takes_little_memory(&format!("{PAIR}{steps}"));
}

#[test]
fn a_large_stream_is_searched_in_little_memory() {
    run("alone::searches_a_large_stream");
}

#[test]
#[ignore = "run in a process of its own by another test"]
fn searches_a_large_stream() {
    let steps = "          - send: { from: client, random: { size: 64MiB, seed: 7 } }
          - send: { from: client, text: \"the end of it\" }
      reader:
          - expect: { at: conn, contains: \"the end of it\" }
";
    takes_little_memory(&format!("{PAIR}{steps}"));
}

#[track_caller]
fn takes_little_memory(text: &str) {
    let before = most_memory();
    play(text).assert_passed();
    let grown = most_memory() - before;
    assert!(grown < 32 << 20, "{grown} bytes more");
}

/// Connections that come at once, and the files that the process may open, which are fewer.
const CLIENTS: usize = 64;
const FILES: u64 = 40;

#[test]
fn an_accept_loop_that_has_no_file_left_pauses_and_goes_on() {
    let mut child = start("alone::serves_with_few_files");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut address_of = |name: &str| loop {
        let line = lines.next().expect("the scenario tells where it listens").unwrap();
        if let Some((_, address)) = line.split_once(&format!("{name} listens at ")) {
            return address.to_owned();
        }
    };
    let control = TcpStream::connect(address_of("control")).unwrap();
    let server = address_of("server");
    let mut clients: Vec<TcpStream> = (0..CLIENTS).map(|_| TcpStream::connect(&server).unwrap()).collect();
    for client in &mut clients {
        client.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        client.write_all(b"x").unwrap();
    }
    // Those that are served make room for those that wait.
    for mut client in clients {
        let mut echo = [0];
        client.read_exact(&mut echo).unwrap();
        assert_eq!(echo, *b"x");
    }
    drop(control);
    assert!(child.wait().unwrap().success());
}

#[test]
#[ignore = "run in a process of its own by another test"]
fn serves_with_few_files() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, FILES, hard).unwrap();
    let text = "
name: few files
within: 300s
steps:
  - listen: { as: control, at: 127.0.0.1:0 }
  - listen: { as: server, at: 127.0.0.1:0 }
  - accept: { as: until, at: control }
  - each:   { at: server, as: conn, steps: [{ echo: conn }] }
  - expect: { at: until, eof: true }
";
    let played = play_watched(scenarios(text), ONCE, &Stop::default(), |event: &Event| {
        if let What::Listening { name, at } = &event.what {
            println!("{name} listens at {at}");
        }
    });
    played.assert_passed();
}
