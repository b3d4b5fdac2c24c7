//! Starts the program, is a socket at its other end, and makes its output comparable.

use crate::desk::running::{Input, Running};
use crate::desk::{LONG, program};
use std::net::UdpSocket;

pub fn start(args: &[&str]) -> Running {
    start_with(args, Input::Null)
}

pub fn start_with(args: &[&str], input: Input<'_>) -> Running {
    Running::start(&mut program(args), input)
}

/// A socket of the test, on loopback.
pub fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    socket
}

pub fn port_of(socket: &UdpSocket) -> String {
    socket.local_addr().unwrap().port().to_string()
}

/// The next datagram and who sent it.
pub fn next(socket: &UdpSocket) -> (Vec<u8>, std::net::SocketAddr) {
    let mut buffer = vec![0; 65_536];
    let (count, from) = socket.recv_from(&mut buffer).unwrap();
    buffer.truncate(count);
    (buffer, from)
}

/// The text with these numbers named and every measured time as `T`.
pub fn settled(text: &str, names: &[(&str, &str)]) -> String {
    let mut text = text.to_owned();
    for (number, name) in names {
        text = text.replace(&format!(":{number}"), &format!(":{name}"));
    }
    let measured = |word: &str| {
        let bare = word.trim_matches(|c| matches!(c, '(' | ')' | ','));
        let rate = bare.strip_suffix("/s").map(|rate| rate.trim_end_matches(['k', 'M']));
        bare.contains('.') && bare.parse::<f64>().is_ok()
            || rate.is_some_and(|rate| rate.parse::<f64>().is_ok())
    };
    let word = |word: &str| {
        let bare = word.trim_matches(|c| matches!(c, '(' | ')' | ','));
        if measured(word) { word.replace(bare, "T") } else { word.to_owned() }
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}
