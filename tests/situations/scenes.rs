//! What stands at the other end in each situation.

use crate::desk::LONG;
use crate::desk::running::Running;
use nix::sys::signal::Signal;
use std::any::Any;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

/// A port that is bound and not listened at: it refuses, and nobody else can take it.
pub fn refusing() -> (u16, Box<dyn Any>) {
    let held = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    held.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    (held.local_addr().unwrap().as_socket().unwrap().port(), Box::new(held))
}

/// A UDP port at which nobody is.
pub fn unbound() -> (u16, Box<dyn Any>) {
    // The TCP port of the same number is held, so that nobody who asks for a free pair is given it.
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    (held.local_addr().unwrap().port(), Box::new(held))
}

/// Somebody listens at the port.
pub fn taken() -> (u16, Box<dyn Any>) {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    (held.local_addr().unwrap().port(), Box::new(held))
}

/// Somebody has the UDP port.
pub fn taken_udp() -> (u16, Box<dyn Any>) {
    let held = UdpSocket::bind("127.0.0.1:0").unwrap();
    (held.local_addr().unwrap().port(), Box::new(held))
}

/// A listener whose queue is full.
pub fn full() -> (u16, Box<dyn Any>) {
    let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    listener.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    listener.listen(0).unwrap();
    let at = listener.local_addr().unwrap().as_socket().unwrap();
    let first = TcpStream::connect(at).unwrap();
    (at.port(), Box::new((listener, first)))
}

/// Nothing is needed.
pub fn nothing() -> (u16, Box<dyn Any>) {
    // A number that no line holds.
    (49_999, Box::new(()))
}

/// Everything until the end; what ended it does not matter.
fn all(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

fn reset(stream: TcpStream) {
    socket2::Socket::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
}

pub fn closes(stream: TcpStream, _: &Running) {
    drop(stream);
}

pub fn resets_after_data(mut stream: TcpStream, running: &Running) {
    stream.write_all(b"half an ans").unwrap();
    stream.read_exact(&mut [0; 2]).unwrap();
    running.shows("half an ans");
    reset(stream);
}

pub fn answers_late(mut stream: TcpStream, _: &Running) {
    let asked = all(&mut stream);
    // The situation is this time: nobody is waited for.
    let (_nobody, says) = std::sync::mpsc::channel::<()>();
    let _ = says.recv_timeout(Duration::from_millis(1500));
    // Who has given up meanwhile is gone.
    let _ = stream.write_all(&[b"to: ", &asked[..]].concat());
}

/// Keeps its half open after the other end has closed its own.
pub fn is_silent_for_good(mut stream: TcpStream, running: &Running) {
    all(&mut stream);
    running.is_over();
}

pub fn echoes(mut stream: TcpStream, _: &Running) {
    let asked = all(&mut stream);
    stream.write_all(&asked).unwrap();
}

pub fn says_bye(mut stream: TcpStream, _: &Running) {
    stream.write_all(b"bye\n").unwrap();
}

pub fn says_bye_at_the_end(mut stream: TcpStream, running: &Running) {
    all(&mut stream);
    says_bye(stream, running);
}

pub fn paints(mut stream: TcpStream, _: &Running) {
    stream.read_exact(&mut [0]).unwrap();
    stream.write_all(b"\x1b[31mred\x07\xff\r\n").unwrap();
    let _ = stream.shutdown(Shutdown::Write);
    all(&mut stream);
}

pub fn talks_on(stream: TcpStream, _: &Running) {
    talks_on_to(stream);
}

fn talks_on_to(mut stream: TcpStream) {
    while stream.write_all(&[b'x'; 4096]).is_ok() {}
}

/// All are there before the first is answered.
pub fn five_are_answered(streams: Vec<TcpStream>) {
    for mut stream in streams {
        assert_eq!(all(&mut stream), b"hi");
        stream.write_all(b"ho").unwrap();
    }
}

fn hears_then(mut stream: TcpStream, running: &Running, signal: Signal) {
    stream.read_exact(&mut [0; 2]).unwrap();
    running.signal(signal);
    all(&mut stream);
}

pub fn interrupts(stream: TcpStream, running: &Running) {
    hears_then(stream, running, Signal::SIGINT);
}

pub fn terminates(stream: TcpStream, running: &Running) {
    hears_then(stream, running, Signal::SIGTERM);
}

fn next(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 1 << 16];
    let (count, from) = socket.recv_from(&mut buffer).unwrap();
    buffer.truncate(count);
    (buffer, from)
}

pub fn hears_nothing_of_note(socket: &UdpSocket, _: &Running) {
    next(socket);
}

pub fn hears_an_empty_datagram(socket: &UdpSocket, _: &Running) {
    assert_eq!(next(socket).0, b"");
}

/// One datagram of sockdrill; others cut it into several.
pub fn hears_twenty_thousand_bytes(socket: &UdpSocket, running: &Running) {
    let (mut came, mut datagrams) = (0, 0);
    while came < 20_000 {
        came += next(socket).0.len();
        datagrams += 1;
    }
    assert_eq!((came, datagrams == 1), (20_000, running.is_ours));
}

pub fn hears_an_empty_datagram_and_answers_with_one(socket: &UdpSocket, _: &Running) {
    let (bytes, from) = next(socket);
    assert_eq!(bytes, b"");
    socket.send_to(b"", from).unwrap();
}

pub fn another_port_answers(socket: &UdpSocket, _: &Running) {
    let (_, from) = next(socket);
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    other.send_to(b"from elsewhere", from).unwrap();
}

pub fn paints_in_a_datagram(socket: &UdpSocket, _: &Running) {
    let (_, from) = next(socket);
    socket.send_to(b"\x1b[31mred\x07\xff\r\n", from).unwrap();
}

pub fn hears_and_interrupts(socket: &UdpSocket, running: &Running) {
    next(socket);
    running.signal(Signal::SIGINT);
}

pub fn hears_and_terminates(socket: &UdpSocket, running: &Running) {
    next(socket);
    running.signal(Signal::SIGTERM);
}

/// Who comes, says it and half-closes, and what is said to it.
fn ask(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(port);
    stream.write_all(bytes).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    all(&mut stream)
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream
}

pub fn one_client_says_hello(port: u16, _: &Running) {
    ask(port, b"hello\n");
}

pub fn one_client_then_sigterm(port: u16, running: &Running) {
    ask(port, b"hello\n");
    running.shows("hello");
    running.signal(Signal::SIGTERM);
}

pub fn ctrl_c_with_a_client(port: u16, running: &Running) {
    let mut stream = connect(port);
    stream.write_all(b"hello\n").unwrap();
    running.shows("hello");
    running.signal(Signal::SIGINT);
    assert_eq!(all(&mut stream), b"");
}

pub fn one_client_resets_after_data(port: u16, running: &Running) {
    let mut stream = connect(port);
    stream.write_all(b"half").unwrap();
    running.shows("half");
    reset(stream);
}

pub fn one_client_is_silent(port: u16, _: &Running) {
    assert_eq!(all(&mut connect(port)), b"");
}

pub fn one_client_paints(port: u16, _: &Running) {
    ask(port, b"\x1b[31mred\x07\xff\r\n");
}

pub fn one_client_is_answered_late(port: u16, _: &Running) {
    let heard = ask(port, b"hello\n");
    // Some are gone by then.
    assert!(heard == b"late\n" || heard.is_empty(), "{heard:?}");
}

pub fn one_client_talks_on(port: u16, _: &Running) {
    talks_on_to(connect(port));
}

pub fn one_client_hears_twenty_thousand_bytes(port: u16, _: &Running) {
    assert_eq!(ask(port, b"").len(), 20_000);
}

pub fn nobody_comes(_: u16, _: &Running) {}

/// All are there at once; they speak in turn, so that the transcript has one order.
pub fn five_clients(port: u16, running: &Running) {
    let mut clients: Vec<TcpStream> = Vec::new();
    for number in 1..=5 {
        clients.push(connect(port));
        running.narrates(&format!("#{number} *        connected"));
    }
    for (index, client) in clients.iter_mut().enumerate() {
        client.write_all(format!("I am {}", index + 1).as_bytes()).unwrap();
        running.shows(&format!("I am {}", index + 1));
    }
    for (index, mut client) in clients.into_iter().enumerate() {
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(all(&mut client), b"");
        running.narrates(&format!("#{} *        closed", index + 1));
    }
    running.signal(Signal::SIGINT);
}

fn say(port: u16, bytes: &[u8]) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(bytes, ("127.0.0.1", port)).unwrap();
    socket
}

pub fn one_datagram(port: u16, _: &Running) {
    say(port, b"hello\n");
}

pub fn an_empty_datagram(port: u16, _: &Running) {
    say(port, b"");
}

pub fn a_painted_datagram(port: u16, _: &Running) {
    say(port, b"\x1b[31mred\x07\xff\r\n");
}

pub fn datagrams_until_it_is_gone(port: u16, running: &Running) {
    while !running.is_over_within(Duration::from_millis(20)) {
        say(port, b"hello\n");
    }
}

pub fn five_senders(port: u16, running: &Running) {
    for number in 1..=5 {
        say(port, format!("I am {number}").as_bytes());
        running.shows(&format!("I am {number}"));
    }
}

pub fn a_datagram_then_ctrl_c(port: u16, running: &Running) {
    say(port, b"hello\n");
    running.shows("hello");
    running.signal(Signal::SIGINT);
}

pub fn a_datagram_then_sigterm(port: u16, running: &Running) {
    say(port, b"hello\n");
    running.shows("hello");
    running.signal(Signal::SIGTERM);
}
