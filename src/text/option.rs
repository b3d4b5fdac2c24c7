//! The names of socket options as scenarios write them, and what each takes.

use super::visible;
use std::time::Duration;

/// What an option's value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// `true` or `false`.
    Bool,
    /// A whole number in this range.
    Number {
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// A number of bytes, with or without unit.
    Size,
    /// A duration with its unit.
    Duration,
    /// So many whole seconds, as a duration.
    Seconds {
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// Whole seconds as a duration, or `off`.
    SecondsOrOff,
    /// A word the kernel knows.
    Word,
}

impl Takes {
    /// What a C `int` holds: there is no other end.
    const MOST_SECONDS: u64 = 2_147_483_647;

    /// What to write, for diagnostics and help.
    pub fn words(self) -> String {
        match self {
            Self::Bool => "true or false".to_owned(),
            Self::Number { least, most } => format!("a whole number from {least} to {most}"),
            Self::Size => "a size such as 64KiB".to_owned(),
            Self::Duration => "a duration such as 200ms".to_owned(),
            Self::Seconds { least, most } if most == Self::MOST_SECONDS => {
                format!("whole seconds from {least}s on")
            }
            Self::Seconds { least, most } => format!("whole seconds from {least}s to {most}s"),
            Self::SecondsOrOff => "whole seconds such as 0s, or off".to_owned(),
            Self::Word => "a word".to_owned(),
        }
    }

    /// Whether it is a time.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Duration | Self::Seconds { .. } | Self::SecondsOrOff)
    }

    /// Whether a value is one that the kernel takes.
    fn has(self, value: &OptionValue) -> bool {
        match (self, value) {
            (Self::Number { least, most }, OptionValue::Number(number)) => (least..=most).contains(number),
            (Self::Size, OptionValue::Number(size)) => i32::try_from(*size).is_ok(),
            (Self::Seconds { least, most }, OptionValue::Duration(Some(time))) => {
                time.subsec_nanos() == 0 && (least..=most).contains(&time.as_secs())
            }
            (Self::SecondsOrOff, OptionValue::Duration(Some(time))) => {
                time.subsec_nanos() == 0 && i32::try_from(time.as_secs()).is_ok()
            }
            (Self::Duration, OptionValue::Duration(Some(time))) => i32::try_from(time.as_millis()).is_ok(),
            _ => true,
        }
    }
}

/// Which sockets have an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// TCP streams and listeners.
    Tcp,
    /// Everything that closes a connection: TCP, and unix streams.
    Connections,
    /// TCP and UDP.
    Internet,
    /// UDP.
    Udp,
    /// Every socket.
    All,
}

/// The value of a socket option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionValue {
    /// On or off.
    Bool(bool),
    /// A number or a number of bytes.
    Number(u64),
    /// A time; `None` is `off`.
    Duration(Option<Duration>),
    /// A word such as `bbr`.
    Word(String),
}

/// A socket option that scenarios can set and check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant's sentence is its row in `TABLE`, where users see it too")]
pub enum SocketOption {
    Nodelay,
    Keepalive,
    KeepaliveIdle,
    KeepaliveInterval,
    KeepaliveCount,
    Linger,
    SendBuffer,
    ReceiveBuffer,
    ReceiveLowWater,
    Ttl,
    Tos,
    UserTimeout,
    Quickack,
    Cork,
    Congestion,
    Mss,
    DeferAccept,
    OobInline,
    ReuseAddress,
    ReusePort,
    Broadcast,
    MulticastTtl,
    MulticastLoop,
    ReceiveErrors,
}

use SocketOption as O;

impl SocketOption {
    /// Name, what it takes and one sentence for each option: the reference page is this table.
    pub const TABLE: [(Self, &'static str, Takes, &'static str); 24] = [
        (
            O::Nodelay,
            "nodelay",
            Takes::Bool,
            "send small segments at once, without Nagle's waiting (TCP_NODELAY)",
        ),
        (O::Keepalive, "keepalive", Takes::Bool, "probe an idle connection (SO_KEEPALIVE)"),
        (
            O::KeepaliveIdle,
            "keepalive_idle",
            Takes::Seconds { least: 1, most: 32_767 },
            "idle time before the first probe (TCP_KEEPIDLE)",
        ),
        (
            O::KeepaliveInterval,
            "keepalive_interval",
            Takes::Seconds { least: 1, most: 32_767 },
            "time between probes (TCP_KEEPINTVL)",
        ),
        (
            O::KeepaliveCount,
            "keepalive_count",
            Takes::Number { least: 1, most: 127 },
            "probes without an answer before the connection is dropped (TCP_KEEPCNT)",
        ),
        (
            O::Linger,
            "linger",
            Takes::SecondsOrOff,
            "what close does with unsent data: 0s resets, more waits so long (SO_LINGER)",
        ),
        (
            O::SendBuffer,
            "send_buffer",
            Takes::Size,
            "size of the send buffer; Linux doubles what is asked (SO_SNDBUF)",
        ),
        (
            O::ReceiveBuffer,
            "receive_buffer",
            Takes::Size,
            "size of the receive buffer; Linux doubles what is asked (SO_RCVBUF)",
        ),
        (
            O::ReceiveLowWater,
            "receive_low_water",
            Takes::Size,
            "bytes before the socket counts as readable (SO_RCVLOWAT)",
        ),
        (
            O::Ttl,
            "ttl",
            Takes::Number { least: 1, most: 255 },
            "time to live or hop limit of what is sent (IP_TTL, IPV6_UNICAST_HOPS)",
        ),
        (
            O::Tos,
            "tos",
            Takes::Number { least: 0, most: 255 },
            "type of service or traffic class of what is sent (IP_TOS, IPV6_TCLASS)",
        ),
        (
            O::UserTimeout,
            "user_timeout",
            Takes::Duration,
            "how long sent data may stay unacknowledged (TCP_USER_TIMEOUT, RFC 5482)",
        ),
        (
            O::Quickack,
            "quickack",
            Takes::Bool,
            "acknowledge at once; the kernel may turn it off again (TCP_QUICKACK)",
        ),
        (O::Cork, "cork", Takes::Bool, "hold back partial segments until released (TCP_CORK)"),
        (O::Congestion, "congestion", Takes::Word, "congestion control algorithm (TCP_CONGESTION)"),
        (O::Mss, "mss", Takes::Number { least: 88, most: 32_767 }, "largest segment to send (TCP_MAXSEG)"),
        (
            O::DeferAccept,
            "defer_accept",
            Takes::Seconds { least: 0, most: Takes::MOST_SECONDS },
            "wake accept only when data has come (TCP_DEFER_ACCEPT)",
        ),
        (O::OobInline, "oob_inline", Takes::Bool, "leave urgent bytes in the stream (SO_OOBINLINE)"),
        (
            O::ReuseAddress,
            "reuse_address",
            Takes::Bool,
            "bind although the address is in TIME_WAIT (SO_REUSEADDR)",
        ),
        (O::ReusePort, "reuse_port", Takes::Bool, "let several sockets share the port (SO_REUSEPORT)"),
        (O::Broadcast, "broadcast", Takes::Bool, "permit datagrams to broadcast addresses (SO_BROADCAST)"),
        (
            O::MulticastTtl,
            "multicast_ttl",
            Takes::Number { least: 0, most: 255 },
            "how many hops multicast datagrams go (IP_MULTICAST_TTL)",
        ),
        (
            O::MulticastLoop,
            "multicast_loop",
            Takes::Bool,
            "receive one's own multicast on this machine (IP_MULTICAST_LOOP)",
        ),
        (
            O::ReceiveErrors,
            "receive_errors",
            Takes::Bool,
            "report ICMP errors also on an unconnected socket (IP_RECVERR)",
        ),
    ];

    /// The word for it in scenarios.
    pub fn name(self) -> &'static str {
        Self::TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// What its value looks like.
    pub fn takes(self) -> Takes {
        Self::TABLE.iter().find(|row| row.0 == self).map_or(Takes::Word, |row| row.2)
    }

    /// Which sockets have it.
    pub fn of(self) -> Of {
        match self {
            O::Nodelay
            | O::Keepalive
            | O::KeepaliveIdle
            | O::KeepaliveInterval
            | O::KeepaliveCount
            | O::UserTimeout
            | O::Quickack
            | O::Cork
            | O::Congestion
            | O::Mss
            | O::DeferAccept
            | O::OobInline => Of::Tcp,
            O::Linger => Of::Connections,
            O::Ttl | O::Tos | O::ReuseAddress | O::ReusePort => Of::Internet,
            O::Broadcast | O::MulticastTtl | O::MulticastLoop | O::ReceiveErrors => Of::Udp,
            O::SendBuffer | O::ReceiveBuffer | O::ReceiveLowWater => Of::All,
        }
    }

    /// Reads a value that it can be set to; the error says what to write instead.
    pub fn parse(self, text: &str) -> Result<OptionValue, String> {
        let value = OptionValue::parse(self.takes(), text)?;
        if self.takes().has(&value) {
            return Ok(value);
        }
        let words = match self.takes() {
            Takes::Size => "a size of less than 2GiB".to_owned(),
            Takes::Duration => "a time of at most 24 days".to_owned(),
            takes => takes.words(),
        };
        Err(format!("`{}` should be {words}", visible(text)))
    }

    /// The option called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

impl OptionValue {
    /// Reads a value of the form that `takes` asks for, in its range or not, as the kernel may read one back that it
    /// does not take; the error says what to write instead.
    pub fn parse(takes: Takes, text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}` should be {}", visible(text), takes.words());
        match takes {
            Takes::Bool => match text {
                "true" => Ok(Self::Bool(true)),
                "false" => Ok(Self::Bool(false)),
                _ => Err(wrong()),
            },
            Takes::Number { .. } => {
                hexadecimal(text).or_else(|| text.parse().ok()).map(Self::Number).ok_or_else(wrong)
            }
            Takes::Size => hexadecimal(text).map_or_else(|| super::parse_size(text), Ok).map(Self::Number),
            Takes::SecondsOrOff if text == "off" => Ok(Self::Duration(None)),
            Takes::Duration | Takes::Seconds { .. } | Takes::SecondsOrOff => {
                super::parse_duration(text).map(|d| Self::Duration(Some(d)))
            }
            Takes::Word => Ok(Self::Word(text.to_owned())),
        }
    }
}

/// `0x10`, as the values of a header's fields are written.
fn hexadecimal(text: &str) -> Option<u64> {
    let digits =
        text.strip_prefix("0x").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u64::from_str_radix(digits, 16).ok()
}

impl std::fmt::Display for OptionValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Duration(None) => f.write_str("off"),
            Self::Duration(Some(value)) => f.write_str(&super::format_duration(*value)),
            Self::Word(value) => f.write_str(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_has_one_row_and_is_found_by_its_name() {
        for (option, name, takes, help) in SocketOption::TABLE {
            assert_eq!(SocketOption::from_name(name), Some(option));
            assert_eq!((option.name(), option.takes()), (name, takes));
            assert!(!help.is_empty());
        }
    }

    #[test]
    fn values_read_back_as_they_are_written() {
        let linger = OptionValue::parse(Takes::SecondsOrOff, "off").unwrap();
        assert_eq!(linger.to_string(), "off");
        assert_eq!(OptionValue::parse(Takes::Size, "4KiB").unwrap(), OptionValue::Number(4096));
        assert!(OptionValue::parse(Takes::Bool, "yes").unwrap_err().contains("true or false"));
    }

    #[test]
    fn a_value_that_the_kernel_does_not_take_is_refused_with_its_range() {
        let said = |option: SocketOption, text: &str| option.parse(text).unwrap_err();
        assert_eq!(said(O::Tos, "999"), "`999` should be a whole number from 0 to 255");
        assert_eq!(said(O::Mss, "1"), "`1` should be a whole number from 88 to 32767");
        assert_eq!(said(O::KeepaliveIdle, "0s"), "`0s` should be whole seconds from 1s to 32767s");
        assert_eq!(said(O::Linger, "1500ms"), "`1500ms` should be whole seconds such as 0s, or off");
        assert_eq!(said(O::SendBuffer, "4GiB"), "`4GiB` should be a size of less than 2GiB");
        for (option, text, number) in [
            (O::Tos, "0x10", 16),
            (O::Tos, "0xFf", 255),
            (O::SendBuffer, "0x1000", 4096),
            (O::Mss, "0x200", 512),
        ] {
            assert_eq!(option.parse(text), Ok(OptionValue::Number(number)), "{text}");
        }
        for text in ["0x", "0x+1", "0xg", "x10", "0x100", "0x10000000000000000"] {
            assert!(O::Tos.parse(text).is_err(), "{text}");
        }
        assert!(O::Tos.parse("255").is_ok() && O::Ttl.parse("1").is_ok());
    }
}
