//! Ports: free ones, and waiting until somebody has one. The kernel's tables say so, without a client in the way.

use super::LONG;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;

/// A TCP port that was free a moment ago: other programs do not say which one they took.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The same of UDP.
pub fn free_udp_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until somebody listens at the TCP port.
pub fn listens(port: u16) {
    has(port, ["/proc/net/tcp", "/proc/net/tcp6"], " 0A ");
}

/// Waits until somebody receives at the UDP port.
pub fn receives(port: u16) {
    has(port, ["/proc/net/udp", "/proc/net/udp6"], " 07 ");
}

/// Waits until somebody listens at the unix socket that was bound to this path.
pub fn listens_at(path: &Path) {
    // The fourth field are flags: it accepts connections.
    let accepts = |line: &str| line.split_whitespace().nth(3) == Some("00010000");
    is_listed(&["/proc/net/unix"], |line| accepts(line) && line.ends_with(path.to_str().unwrap()));
}

fn has(port: u16, tables: [&str; 2], state: &str) {
    let wanted = format!(":{port:04X} ");
    is_listed(&tables, |line| line.contains(&wanted) && line.contains(state));
}

fn is_listed(tables: &[&str], so: impl Fn(&str) -> bool) {
    let began = std::time::Instant::now();
    let listed = |table: &&str| std::fs::read_to_string(table).unwrap_or_default().lines().any(&so);
    while !tables.iter().any(listed) {
        assert!(began.elapsed() < LONG, "nobody listens");
        std::thread::yield_now();
    }
}
