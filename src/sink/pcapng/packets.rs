//! Packets: IP, TCP, UDP and ICMP headers around bytes, their lengths and checksums right.

use std::net::{IpAddr, SocketAddr};

/// Most bytes of a segment: with its headers it fits into an IP packet, with a round number of them.
pub(super) const MOST_OF_SEGMENT: usize = 32 << 10;

/// Most bytes of a datagram that an IPv4 packet holds.
const HOPS: u8 = 64;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMP_V6: u8 = 58;

/// Flags of TCP.
pub(super) const FIN: u8 = 1;
pub(super) const SYN: u8 = 2;
pub(super) const RST: u8 = 4;
pub(super) const PSH: u8 = 8;
pub(super) const ACK: u8 = 16;

/// What both sides offer in their SYN: the largest segment, and a window that is scaled as far as it can be
/// (RFC 7323), for nothing is known of the real one.
const OFFERS: [u8; 8] = [2, 4, 0xff, 0xc3, 1, 3, 3, 14];

/// A packet as it is written: its bytes as far as they are known, and how long it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packet {
    pub bytes: Vec<u8>,
    pub len: usize,
}

/// Where a packet comes from and goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    pub from: SocketAddr,
    pub to: SocketAddr,
}

impl Way {
    /// The other way.
    pub fn back(self) -> Self {
        Self { from: self.to, to: self.from }
    }
}

/// What a TCP header says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub flags: u8,
    pub number: u32,
    pub acknowledged: u32,
}

/// A segment with the bytes that are known of its `len`.
pub(super) fn tcp(way: Way, segment: Segment, bytes: &[u8], len: usize) -> Packet {
    let offers: &[u8] = if segment.flags & SYN == 0 { &[] } else { &OFFERS };
    let mut header = Vec::with_capacity(28 + bytes.len());
    header.extend_from_slice(&way.from.port().to_be_bytes());
    header.extend_from_slice(&way.to.port().to_be_bytes());
    header.extend_from_slice(&segment.number.to_be_bytes());
    header.extend_from_slice(&segment.acknowledged.to_be_bytes());
    let words = u8::try_from((20 + offers.len()) / 4).unwrap_or(5);
    header.extend_from_slice(&[words << 4, segment.flags, 0xff, 0xff, 0, 0, 0, 0]);
    header.extend_from_slice(offers);
    let length = header.len() + len;
    transport(way, TCP, header, 16, bytes, length)
}

/// A datagram with the bytes that are known of its `len`.
pub(super) fn udp(way: Way, bytes: &[u8], len: usize) -> Packet {
    let length = 8 + len;
    let mut header = Vec::with_capacity(8 + bytes.len());
    header.extend_from_slice(&way.from.port().to_be_bytes());
    header.extend_from_slice(&way.to.port().to_be_bytes());
    header.extend_from_slice(&u16::try_from(length).unwrap_or(0).to_be_bytes());
    header.extend_from_slice(&[0, 0]);
    transport(way, UDP, header, 6, bytes, length)
}

/// What an ICMP message says of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreachable {
    /// Nothing is bound there.
    Port,
    /// There is no way there.
    Host,
}

/// The ICMP message about a packet that went `way`.
pub(super) fn icmp(way: Way, why: Unreachable, about: &Packet) -> Packet {
    // As much of the packet as routers give back (RFC 1812, 4.3.2.3; RFC 4443, 2.4).
    let most = if way.from.is_ipv4() { 548 } else { 1_232 };
    let quoted = about.bytes.get(..most).unwrap_or(&about.bytes);
    let (protocol, kind) = match (way.from, why) {
        (SocketAddr::V4(_), Unreachable::Port) => (ICMP, [3, 3]),
        (SocketAddr::V4(_), Unreachable::Host) => (ICMP, [3, 1]),
        (SocketAddr::V6(_), Unreachable::Port) => (ICMP_V6, [1, 4]),
        (SocketAddr::V6(_), Unreachable::Host) => (ICMP_V6, [1, 0]),
    };
    let header = vec![kind[0], kind[1], 0, 0, 0, 0, 0, 0];
    let length = header.len() + quoted.len();
    transport(way.back(), protocol, header, 2, quoted, length)
}

/// The packet around a transport header and its bytes; the checksum goes to offset `sum_at` of the header.
fn transport(
    way: Way,
    protocol: u8,
    mut header: Vec<u8>,
    sum_at: usize,
    bytes: &[u8],
    length: usize,
) -> Packet {
    header.extend_from_slice(bytes);
    // Of bytes that are not known there is no sum; nobody who sees so little checks it.
    if header.len() == length {
        let mut sum = if protocol == ICMP { Sum::default() } else { pseudo(way, protocol, length) };
        sum.add(&header);
        let sum = match sum.checksum() {
            // Zero would say that there is none (RFC 768).
            0 if protocol == UDP => 0xffff,
            sum => sum,
        };
        if let Some(place) = header.get_mut(sum_at..sum_at + 2) {
            place.copy_from_slice(&sum.to_be_bytes());
        }
    }
    let mut packet = ip(way, protocol, length);
    let len = packet.len() + length;
    packet.append(&mut header);
    Packet { bytes: packet, len }
}

fn ip(way: Way, protocol: u8, length: usize) -> Vec<u8> {
    let mut header = Vec::with_capacity(40 + length.min(64 << 10));
    match (way.from.ip(), way.to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let total = u16::try_from(20 + length).unwrap_or(u16::MAX).to_be_bytes();
            // No fragments; nothing to tell them from others by.
            header.extend_from_slice(&[0x45, 0, total[0], total[1], 0, 0, 0x40, 0, HOPS, protocol, 0, 0]);
            header.extend_from_slice(&from.octets());
            header.extend_from_slice(&to.octets());
            let mut sum = Sum::default();
            sum.add(&header);
            if let Some(place) = header.get_mut(10..12) {
                place.copy_from_slice(&sum.checksum().to_be_bytes());
            }
        }
        (from, to) => {
            let payload = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
            header.extend_from_slice(&[0x60, 0, 0, 0, payload[0], payload[1], protocol, HOPS]);
            header.extend_from_slice(&v6(from));
            header.extend_from_slice(&v6(to));
        }
    }
    header
}

fn v6(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

/// The sum of what the transport checksum covers beside the transport itself (RFC 9293, 3.1; RFC 8200, 8.1).
fn pseudo(way: Way, protocol: u8, length: usize) -> Sum {
    let mut sum = Sum::default();
    match (way.from.ip(), way.to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            sum.add(&from.octets());
            sum.add(&to.octets());
        }
        (from, to) => {
            sum.add(&v6(from));
            sum.add(&v6(to));
        }
    }
    sum.add(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    sum.add(&[0, protocol]);
    sum
}

/// The internet checksum (RFC 1071).
#[derive(Default)]
struct Sum(u64);

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(2);
        for word in words.by_ref() {
            self.0 += u64::from(word.iter().fold(0u16, |word, byte| word << 8 | u16::from(*byte)));
        }
        if let [last] = words.remainder() {
            self.0 += u64::from(*last) << 8;
        }
    }

    fn checksum(&self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !u16::try_from(sum).unwrap_or(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(from: &str, to: &str) -> Way {
        Way { from: from.parse().unwrap(), to: to.parse().unwrap() }
    }

    #[test]
    fn the_sum_over_a_packet_with_its_checksum_is_zero() {
        let segment = Segment { flags: SYN, number: u32::MAX, acknowledged: 7 };
        for way in [way("127.0.0.1:80", "127.0.0.2:40000"), way("[::1]:80", "[fe80::1]:40000")] {
            for bytes in [b"".as_slice(), b"a", b"odd", b"even", &[0xff; 1000]] {
                for (protocol, packet) in
                    [(TCP, tcp(way, segment, bytes, bytes.len())), (UDP, udp(way, bytes, bytes.len()))]
                {
                    let header = if way.from.is_ipv4() { 20 } else { 40 };
                    let mut sum = pseudo(way, protocol, packet.len - header);
                    sum.add(&packet.bytes[header..]);
                    assert_eq!((sum.checksum(), packet.bytes.len()), (0, packet.len));
                }
            }
        }
    }

    #[test]
    fn a_packet_is_as_long_as_it_was_though_less_of_it_is_known() {
        let segment = Segment { flags: ACK, number: 1, acknowledged: 1 };
        let packet = tcp(way("127.0.0.1:80", "127.0.0.2:40000"), segment, b"abc", 1_000);
        assert_eq!((packet.bytes.len(), packet.len), (43, 1_040));
        assert_eq!(packet.bytes[2..4], 1_040u16.to_be_bytes());
    }
}
