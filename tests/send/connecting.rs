//! Where it connects to and from, and why it cannot.

use crate::desk::ports::free_port;
use crate::desk::{Peer, Serving, all, finish, plain, program, run};
use crate::same;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;

#[test]
fn what_listens_nowhere_refuses() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let told = run(&["send", &format!("127.0.0.1:{port}"), "x"]);
    let err = "error: 127.0.0.1:PORT: connection refused
hint: nothing listens there; `--retry 10s` waits for a server that is starting\n";
    same(&told, port, "", err, 3);
}

#[test]
fn every_address_tried_is_named_when_none_works() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let told = run(&["send", "localhost", &port.to_string(), "x"]);
    assert!(told.err.contains(&format!("127.0.0.1:{port} connection refused")), "{}", told.err);
    assert_eq!(told.code, Some(3));
}

#[test]
fn an_unknown_host_is_said_in_words() {
    // A label of 64 letters is no name: no resolver is asked.
    let host = format!("{}.invalid:80", "a".repeat(64));
    let told = run(&["send", &host, "x"]);
    assert!(told.err.starts_with(&format!("error: {host}: the name does not resolve")), "{}", told.err);
    assert!(!told.err.contains("os error"), "{}", told.err);
    assert_eq!(told.code, Some(3));
}

#[test]
fn a_full_backlog_is_a_connect_time_out() {
    let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    listener.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    listener.listen(0).unwrap();
    let at = listener.local_addr().unwrap().as_socket().unwrap();
    let _first = std::net::TcpStream::connect(at).unwrap();
    let told = run(&["send", &at.to_string(), "hi", "--connect-timeout", "100ms"]);
    let err = "error: 127.0.0.1:PORT: no answer to the connect within 100ms
hint: a full backlog and a dropped packet both look like this\n";
    same(&told, at.port(), "", err, 4);
}

#[test]
fn a_probe_says_whether_the_connection_is_accepted() {
    let peer = Peer::new(|mut stream| all(&mut stream));
    let told = run(&["send", "-z", &peer.at()]);
    assert_eq!((told.code, peer.end()), (Some(0), Vec::new()), "{}", told.err);
}

#[test]
fn retry_waits_for_a_server_that_is_starting() {
    let held = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    // Bound and not listening: refused, and nobody else can take the port.
    held.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    let at = held.local_addr().unwrap().as_socket().unwrap();
    let child = program(&["send", &at.to_string(), "hi", "--retry", "60", "-v"]).spawn();
    let mut child = child.unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut trying = String::new();
    err.read_line(&mut trying).unwrap();
    held.listen(1).unwrap();
    let (stream, _) = held.accept().unwrap();
    let mut stream = std::net::TcpStream::from(stream);
    assert_eq!(all(&mut stream), b"hi");
    drop(stream);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A listener whose queue is full, with who fills it: nobody else is answered.
fn full() -> (socket2::Socket, std::net::SocketAddr, std::net::TcpStream) {
    let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    listener.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    listener.listen(0).unwrap();
    let at = listener.local_addr().unwrap().as_socket().unwrap();
    let first = std::net::TcpStream::connect(at).unwrap();
    (listener, at, first)
}

/// The ports from which it is being connected to this one.
fn connecting(to: u16) -> Vec<String> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let to = format!(":{to:04X}");
    // `02` is SYN-SENT.
    let begun = rows.filter(|row| row.len() > 3 && row[2].ends_with(&to) && row[3] == "02");
    begun.map(|row| row[1].to_owned()).collect()
}

#[test]
fn a_try_that_is_not_answered_is_followed_by_another() {
    let (listener, at, _first) = full();
    let words = ["send", &at.to_string(), "hi", "--retry", "60", "--connect-timeout", "500ms"];
    let child = program(&words).spawn().unwrap();
    let mut tries = std::collections::BTreeSet::new();
    while tries.len() < 2 {
        tries.extend(connecting(at.port()));
        std::thread::yield_now();
    }
    drop(listener.accept().unwrap());
    let (stream, _) = listener.accept().unwrap();
    let mut stream = std::net::TcpStream::from(stream);
    assert_eq!(all(&mut stream), b"hi");
    drop(stream);
    assert_eq!(finish(child).code, Some(0));
}

#[test]
fn the_limit_of_a_connect_is_that_of_each_try() {
    let (_listener, at, _first) = full();
    let told = run(&["send", &at.to_string(), "hi", "--retry", "100ms", "--connect-timeout", "30ms"]);
    assert!(told.err.contains(": no answer to the connect within 30ms, tried for 100ms\n"), "{}", told.err);
    assert_eq!(told.code, Some(4));
}

#[test]
fn a_refusal_says_how_long_it_was_tried_for() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let at = format!("127.0.0.1:{port}");
    let told = run(&["send", &at, "x", "--retry", "50ms"]);
    let refused = "127.0.0.1:PORT: connection refused, tried for 50ms\n";
    same(&told, port, "", &format!("error: {refused}"), 3);
    let told = run(&["send", &at, "x", "--retry", "50ms", "--connections", "2"]);
    assert!(plain(&told.err, port).contains(&format!("#2 * T        failed: {refused}")), "{}", told.err);
    assert!(!told.err.contains(" * 0.000 "), "the time is that since the command began: {}", told.err);
}

#[test]
fn an_option_that_the_system_refuses_says_nothing_of_the_connection() {
    let peer = Peer::new(drop);
    let told = run(&["send", &peer.at(), "x", "--option", "congestion=telepathy", "--retry", "60"]);
    assert!(told.err.contains(": congestion: there is no telepathy here"), "{}", told.err);
    assert_eq!((told.code, told.err.contains("refused")), (Some(3), false), "{}", told.err);
    drop(std::net::TcpStream::connect(peer.at()));
    peer.end();
}

#[test]
fn source_address_and_family_are_as_asked() {
    let from = |words: &[&str]| {
        let peer = Peer::new(|stream| stream.peer_addr().unwrap().to_string());
        let told = run(&[&["send", &peer.at()], words].concat());
        assert_eq!(told.code, Some(0), "{}", told.err);
        peer.end()
    };
    assert!(from(&["-s", "127.0.0.2"]).starts_with("127.0.0.2:"));
    assert!(from(&["-4"]).starts_with("127.0.0.1:"));
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let told = run(&["send", "-6", "127.0.0.1", &peer.local_addr().unwrap().port().to_string(), "x"]);
    assert_eq!(told.code, Some(3), "{}", told.err);
}

#[test]
fn many_connections_do_the_same_at_once() {
    let server = Serving::new(&["--echo"]);
    let told = run(&["send", &server.at(), "hello", "--connections", "20"]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert_eq!(told.out(), "hello".repeat(20));
    let said = server.stop();
    assert!(said.err.contains("* 20 clients in T s: in 100 B, out 100 B"), "{}", said.err);
}

#[test]
fn a_unix_socket_is_an_address_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let peer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        stream.write_all(&bytes).unwrap();
    });
    let told = run(&["send", &format!("unix:{}", path.display()), "hi"]);
    peer.join().unwrap();
    assert_eq!((told.out(), told.code), ("hi".to_owned(), Some(0)), "{}", told.err);
    assert!(!told.err.contains("unnamed"), "{}", told.err);
    let told = run(&["send", &format!("unix:{}", path.display()), "hi", "--abort"]);
    assert_eq!((told.out(), told.code), (String::new(), Some(2)), "{}", told.err);
    assert!(told.err.contains("error: a unix socket cannot be reset"), "{}", told.err);
}

#[test]
fn the_addresses_that_were_tried_are_named_and_none_that_nobody_meant() {
    let port = free_port();
    let refused = |host: &str| format!("{host}:{port}: connection refused");
    // `*` to go to is this machine.
    let told = run(&["send", "-z", &format!("*:{port}")]);
    assert!(told.err.starts_with(&format!("error: {}", refused("127.0.0.1"))), "{}", told.err);
    assert_eq!(told.code, Some(3));
    if TcpListener::bind("[::1]:0").is_err() {
        eprintln!("skipped: no [::1]");
        return;
    }
    for address in [format!(":{port}"), port.to_string()] {
        let told = run(&["send", "-6", "-z", &address]);
        assert!(told.err.starts_with(&format!("error: {}\n", refused("[::1]"))), "{}", told.err);
    }
}
