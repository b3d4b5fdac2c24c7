//! `SocketFacts`: how a socket or process stands, for people who look at it.

/// How an open socket or process stands.
#[derive(Debug, Clone, Default)]
pub struct SocketFacts {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: &'static str,
    /// The kernel's state of a TCP socket; how a process stands.
    pub state: String,
    /// Its address.
    pub local: String,
    /// The address of its peer.
    pub peer: String,
    /// Bytes, datagrams or clients that wait.
    pub unread: u64,
    /// Bytes sent and not acknowledged.
    pub unsent: u64,
    /// Bytes sent over its life.
    pub sent: u64,
    /// Bytes received over its life.
    pub received: u64,
    /// How its peer ended, once that is known or visible.
    pub ended: String,
}
