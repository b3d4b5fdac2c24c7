//! `Requirement`: what a scenario asks of the machine.

/// Something the machine must offer for a scenario to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// The operating system is Linux.
    Linux,
    /// IPv6 on loopback.
    Ipv6,
    /// Unix sockets.
    Unix,
    /// The rights of root.
    Root,
    /// Multicast on loopback.
    Multicast,
    /// A program on the PATH.
    Command(String),
}
