//! The conversation as packets: read block by block, and by tshark where it is installed.

use crate::desk::{Desk, told};
use std::path::Path;
use std::process::Command;

/// A block of a pcapng file: its kind, and what is in it.
type Block<'a> = (u32, &'a [u8]);

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// The blocks of a file; panics where it is not one.
fn blocks(file: &[u8]) -> Vec<Block<'_>> {
    let (mut blocks, mut rest) = (Vec::new(), file);
    while !rest.is_empty() {
        let length = word(rest, 4) as usize;
        assert_eq!(length % 4, 0);
        assert_eq!(word(rest, length - 4) as usize, length, "the length stands before and behind");
        blocks.push((word(rest, 0), &rest[8..length - 4]));
        rest = &rest[length..];
    }
    assert_eq!(blocks[0].0, SECTION);
    assert!(blocks.iter().skip(1).all(|(kind, _)| [INTERFACE, PACKET].contains(kind)));
    blocks
}

/// The options behind the fixed part of a block: code and value.
fn options(mut rest: &[u8]) -> Vec<(u16, String)> {
    let mut options = Vec::new();
    loop {
        let [code, length] = [0, 2].map(|at| u16::from_le_bytes(rest[at..at + 2].try_into().unwrap()));
        let length = usize::from(length);
        if code == 0 {
            assert_eq!(rest.len(), 4, "nothing follows the end of the options");
            return options;
        }
        let value = &rest[4..4 + length];
        options.push((code, String::from_utf8(value.to_vec()).unwrap()));
        rest = &rest[4 + length.next_multiple_of(4)..];
    }
}

/// What each play of a scenario says of itself: its name and how it ended.
pub fn plays(file: &[u8]) -> Vec<(String, String)> {
    let interfaces = blocks(file).into_iter().filter(|(kind, _)| *kind == INTERFACE);
    let one = |code: u16, options: &[(u16, String)]| {
        options.iter().find(|(of, _)| *of == code).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let plays = interfaces.map(|(_, body)| {
        let options = options(&body[8..]);
        (one(2, &options), one(1, &options))
    });
    plays.collect()
}

/// The comments of every packet, and that nothing in them acts on a terminal.
pub fn check(file: &[u8]) -> Vec<Vec<String>> {
    let mut comments = Vec::new();
    let (mut interfaces, mut packets) = (0, 0);
    for (kind, body) in blocks(file) {
        let options = match kind {
            SECTION => options(&body[16..]),
            INTERFACE => {
                interfaces += 1;
                options(&body[8..])
            }
            _ => {
                packets += 1;
                assert!(word(body, 0) < interfaces, "a packet of no interface");
                let captured = word(body, 12) as usize;
                assert!(captured <= word(body, 16) as usize);
                let options = options(&body[20 + captured.next_multiple_of(4)..]);
                comments.push(options.iter().map(|(_, comment)| comment.clone()).collect());
                options
            }
        };
        for (code, value) in options.iter().filter(|(code, _)| *code < 9) {
            assert!(!value.contains(char::is_control), "{code}: {value:?}");
        }
    }
    assert!(packets == 0 || comments.iter().all(|comments: &Vec<String>| !comments.is_empty()));
    comments
}

fn tshark(desk: &Desk, arguments: &[&str]) -> Option<String> {
    if !crate::desk::installed::has("tshark") {
        return None;
    }
    let mut command = Command::new("tshark");
    command.args(["-r", "r.pcapng"]).args(arguments).current_dir(desk.path(""));
    for protocol in ["tcp", "ip", "udp"] {
        command.args(["-o", &format!("{protocol}.check_checksum:TRUE")]);
    }
    let told = told(command);
    assert_eq!(told.code, Some(0), "{}", told.err);
    Some(told.out)
}

/// Bytes of a stream from the client to the server, and back.
fn followed(desk: &Desk, stream: usize) -> Option<[Vec<u8>; 2]> {
    let told = tshark(desk, &["-q", "-z", &format!("follow,tcp,raw,{stream}")])?;
    let mut ways = [Vec::new(), Vec::new()];
    let lines = told.lines().skip_while(|line| !line.starts_with("Node 1")).skip(1);
    for line in lines.take_while(|line| !line.starts_with('=')) {
        let back = usize::from(line.starts_with('\t'));
        let bytes = data_encoding::HEXLOWER.decode(line.trim().as_bytes()).unwrap();
        ways[back].extend(bytes);
    }
    Some(ways)
}

/// What an expert has to say that is more than a remark; a reset is a warning, and true.
fn complaints(desk: &Desk) -> Vec<String> {
    let filter = "_ws.malformed || _ws.expert.severity == error || ip.checksum.status == Bad || \
                  tcp.checksum.status == Bad || udp.checksum.status == Bad || icmp.checksum.status == Bad || \
                  tcp.analysis.flags";
    let told =
        tshark(desk, &["-Y", filter, "-T", "fields", "-e", "_ws.col.Info", "-e", "_ws.expert.message"]);
    told.unwrap_or_default().lines().map(str::to_owned).collect()
}

/// The other program that a scenario talks to.
const ITSELF: &str = concat!("--set sockdrill=", env!("CARGO_BIN_EXE_sockdrill"));

const STREAMS: &str = r#"name: both ways and a half-close
within: 60s
steps:
  - listen:   { as: server, at: 127.0.0.1:0 }
  - connect:  { as: client, to: server }
  - accept:   { as: conn, at: server }
  - send:     { from: conn, text: "220 ready\r\n" }
  - expect:   { at: client, text: "220 ready\r\n" }
  - send:     { from: client, bytes: '\0\xff\e]0;x\x07', chunk: 2 }
  - shutdown: client
  - expect:   { at: conn, size: 8 }
  - expect:   { at: conn, eof: true }
  - send:     { from: conn, text: "bye" }
  - expect:   { at: client, text: "bye" }
---
name: messages over IPv6, and what no step tells
requires: [ipv6]
within: 60s
steps:
  - listen:  { as: server, at: "[::1]:0" }
  - connect: { as: client, to: server, frame: u16 }
  - accept:  { as: framed, at: server, frame: u16 }
  - send:    { from: framed, text: hello }
  - each:    { at: server, as: conn, steps: [{ send: { from: conn, text: hi } }, { echo: conn }] }
  - connect: { as: other, to: server }
  - expect:  { at: other, text: hi }
  - send:    { from: other, text: pong }
  - expect:  { at: other, text: pong }
  - abort:   other
  - expect:  { at: client, text: hello }
  - send:    { from: client, text: ping }
  - expect:  { at: framed, text: ping }
---
name: a program answers, and not as it should
vars: { sockdrill: sockdrill }
within: 60s
steps:
  - spawn:   { as: app, run: ["${sockdrill}", serve, "127.0.0.1:${port.app}", --on, "GET /", --reply, "HTTP/1.0 500 no"], ready: { listening: "127.0.0.1:${port.app}" } }
  - connect: { as: client, to: "127.0.0.1:${port.app}" }
  - send:    { from: client, text: "GET /" }
  - expect:  { at: client, text: "HTTP/1.0 200" }
---
name: a unix stream
within: 60s
steps:
  - listen:  { as: server, at: "unix:${tmp}/s" }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - send:    { from: client, text: "over a path" }
  - expect:  { at: conn, text: "over a path" }
"#;

#[test]
fn streams_that_tshark_follows_are_what_the_scenario_sent() {
    let desk = Desk::new(&[("a.yaml", STREAMS)]);
    let told = desk.run(&format!("replay a.yaml --pcapng r.pcapng --json=r.jsonl {ITSELF}"));
    assert_eq!(told.code, Some(1), "{}", told.err);
    let ready = b"220 ready\r\n".as_slice();
    let wanted: [(&[u8], &[u8]); 5] = [
        (b"\0\xff\x1b]0;x\x07", &[ready, b"bye"].concat()),
        (b"\0\x04ping", b"\0\x05hello"),
        (b"pong", b"hipong"),
        (b"GET /", b"HTTP/1.0 500 no"),
        (b"over a path", b""),
    ];
    for (stream, (there, back)) in wanted.into_iter().enumerate() {
        let Some(ways) = followed(&desk, stream) else { return };
        assert_eq!(ways.each_ref().map(Vec::as_slice), [there, back], "stream {stream}");
    }
    assert_eq!(complaints(&desk), Vec::<String>::new());
    // The same of the past run, to the byte.
    assert_eq!(desk.run("report r.jsonl --pcapng p.pcapng").code, Some(0));
    let read = |name: &str| std::fs::read(desk.path(name)).unwrap();
    assert!(read("r.pcapng") == read("p.pcapng"));
}

#[test]
fn each_packet_says_its_step_and_each_play_its_scenario() {
    let desk = Desk::new(&[("a.yaml", STREAMS)]);
    assert_eq!(desk.run(&format!("replay a.yaml --pcapng r.pcapng {ITSELF}")).code, Some(1));
    let file = std::fs::read(desk.path("r.pcapng")).unwrap();
    let plays = plays(&file);
    assert_eq!(plays[0], ("both ways and a half-close".to_owned(), "passed".to_owned()));
    assert_eq!(plays.len(), 4);
    let comments = check(&file);
    assert_eq!(comments[0], ["step 2: connect client server"]);
    let both = r#"step 4: send conn "220 ready\r\n""#;
    assert!(comments.iter().any(|said| said[..] == [both, r#"step 5: expect client "220 ready\r\n""#]));
    assert!(
        comments.iter().any(|said| said[0].starts_with("[conn#1] step 6: send conn \"hi\"")),
        "{comments:?}"
    );
    assert!(comments.iter().flatten().any(|said| said.ends_with("the addresses and TCP are made up")));
}

/// What is too much for an event has its place in the stream, and with the files it is there.
#[test]
fn bytes_that_are_cut_are_a_gap_and_bytes_that_are_kept_are_not() {
    let scenario = "name: large
within: 60s
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - parallel:
      there: [{ send: { from: client, sequence: 300001 } }, { send: { from: client, text: end } }]
      here:  [{ expect: { at: conn, sequence: 300001 } }, { send: { from: conn, text: thanks } }, { expect: { at: conn, text: end } }]
";
    let whole = |number: u64| number.to_be_bytes();
    let mut sent: Vec<u8> = (0..37_501).flat_map(whole).take(300_001).collect();
    sent.extend(b"end");
    let desk = Desk::new(&[("a.yaml", scenario)]);
    assert_eq!(desk.run("replay a.yaml --pcapng r.pcapng").code, Some(0));
    let comments = check(&std::fs::read(desk.path("r.pcapng")).unwrap());
    let gap = "234465 of 300001 B are not here: an event carries the first; SHA-256 of all: ";
    assert!(
        comments.iter().flatten().any(|said| said.starts_with(gap) && said.ends_with("; sequence: 300001"))
    );
    if let Some(numbers) =
        tshark(&desk, &["-Y", "tcp.len > 0", "-T", "fields", "-e", "tcp.seq", "-e", "tcp.len"])
    {
        assert!(numbers.contains("300002\t3\n"), "{numbers}");
        assert!(numbers.contains("1\t6\n"), "{numbers}");
        assert_eq!(complaints(&desk), Vec::<String>::new());
    }
    assert_eq!(desk.run("replay a.yaml --pcapng r.pcapng --keep-bytes kept").code, Some(0));
    if let Some(ways) = followed(&desk, 0) {
        assert!(ways == [sent, b"thanks".to_vec()]);
    }
}

#[test]
fn datagrams_are_there_once_and_what_was_refused_is() {
    let scenario = "name: datagrams
within: 60s
steps:
  - bind:    { as: everywhere, at: 0.0.0.0:0 }
  - bind:    { as: b, at: 127.0.0.1:0 }
  - send:    { from: b, to: \"127.0.0.1:${everywhere.port}\", text: one }
  - expect:  { at: everywhere, text: one }
  - send:    { from: everywhere, to: b, text: \"\" }
  - expect:  { at: b, text: \"\" }
  - close:   everywhere
  - bind:    { as: c, at: 127.0.0.1:0, to: b }
  - close:   b
  - send:    { from: c, text: three }
  - recv:    { at: c, fails: refused }
  - connect: { as: client, to: 127.0.0.1:1, fails: refused }
";
    let desk = Desk::new(&[("a.yaml", scenario)]);
    let run = desk.run("replay a.yaml --pcapng r.pcapng");
    assert_eq!(run.code, Some(0), "{}", run.err);
    let fields = ["udp.length", "icmp.code", "tcp.flags.str"].map(|field| ["-e", field]);
    let Some(table) = tshark(&desk, &[&["-T", "fields"], &*fields.concat()].concat()) else { return };
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 6, "{table}");
    assert!(
        rows[0].starts_with("11\t") && rows[1].starts_with("8\t") && rows[2].starts_with("13\t"),
        "{table}"
    );
    // ICMP holds the datagram that it is about.
    assert!(rows[3].starts_with("13\t3\t"), "{table}");
    assert!(rows[4].contains("·S·") && rows[5].contains("A·R"), "{table}");
    assert_eq!(complaints(&desk), Vec::<String>::new());
}

/// Everything that the gallery does with sockets, as an expert sees it.
#[test]
fn an_expert_finds_nothing_wrong_with_the_packets_of_the_gallery() {
    if !crate::desk::installed::has("tshark") {
        return;
    }
    let desk = Desk::new(&[]);
    let gallery = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let paths = ["tcp", "udp", "unix"].map(|part| gallery.join(part).display().to_string());
    let told = desk.run(&format!("replay {} --quiet --pcapng r.pcapng", paths.join(" ")));
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(check(&std::fs::read(desk.path("r.pcapng")).unwrap()).len() > 1_000);
    assert_eq!(complaints(&desk), Vec::<String>::new());
}

#[test]
fn a_run_of_nothing_is_a_file_without_packets() {
    let desk = Desk::new(&[("a.yaml", crate::desk::WRONG)]);
    assert_eq!(desk.run("replay a.yaml --pcapng r.pcapng").code, Some(2));
    let file = std::fs::read(desk.path("r.pcapng")).unwrap();
    assert_eq!(check(&file).len(), 0);
    assert_eq!(plays(&file)[0].0, "nothing was played");
    assert!(tshark(&desk, &["-T", "fields", "-e", "frame.number"]).is_none_or(|rows| rows.is_empty()));
}
