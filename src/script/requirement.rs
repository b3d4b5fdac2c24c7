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

impl Requirement {
    /// Those that are a word, with their words and what they mean, in the order of the reference page.
    pub const OFFERS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Linux, "linux", "the operating system is Linux"),
        (Self::Ipv6, "ipv6", "IPv6 on loopback"),
        (Self::Unix, "unix", "unix sockets"),
        (Self::Root, "root", "the rights of root"),
        (Self::Multicast, "multicast", "multicast on loopback"),
    ];

    /// How a program is required, and what that means.
    pub const COMMAND: (&'static str, &'static str) = ("{ command: program }", "this program on the PATH");

    /// The words of [`OFFERS`](Self::OFFERS).
    pub fn words() -> impl Iterator<Item = &'static str> {
        Self::OFFERS.iter().map(|(_, word, _)| *word)
    }

    /// The requirement whose word is `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::OFFERS.iter().find(|(_, known, _)| *known == word).map(|(requirement, ..)| requirement.clone())
    }
}
