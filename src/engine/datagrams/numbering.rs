//! The number that a datagram carries, so that a receiver can tell loss, order and jitter: `#` and a
//! decimal number at its beginning, then, where the sender has a clock, a blank and seconds.
//!
//! `#17`, `#17 0.123456`, `#0000000017 000000.123456 …`: the payload `#${i} ${time}` makes it too, and so
//! can a shell script.

use std::time::Duration;

/// What a numbered datagram says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbered {
    /// Its number, from 1.
    pub number: u64,
    /// When it was sent, by the sender's clock.
    pub sent: Option<Duration>,
}

/// Bytes that [`stamp`] writes.
pub(super) const STAMP: usize = 26;

/// Reads the number at the beginning of a datagram.
pub(super) fn read(datagram: &[u8]) -> Option<Numbered> {
    let (number, rest) = digits(datagram.strip_prefix(b"#")?)?;
    let sent = rest.strip_prefix(b" ").and_then(seconds);
    Some(Numbered { number, sent })
}

fn digits(text: &[u8]) -> Option<(u64, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let add = |number: u64, byte: &u8| number.checked_mul(10)?.checked_add(u64::from(byte - b'0'));
    Some((number.iter().try_fold(0, add)?, rest)).filter(|_| end > 0)
}

fn seconds(text: &[u8]) -> Option<Duration> {
    let (whole, rest) = digits(text)?;
    let fraction = rest.strip_prefix(b".").map_or(&[][..], |rest| {
        let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    });
    let mut nanos = 0;
    for place in 0..9 {
        nanos = nanos * 10 + fraction.get(place).map_or(0, |byte| u32::from(byte - b'0'));
    }
    Some(Duration::new(whole, nanos))
}

/// Writes the number and the time to the beginning of `datagram`, as much of them as it has room for;
/// always as many bytes, so that numbered datagrams are equally long.
pub(super) fn stamp(datagram: &mut [u8], number: u64, at: Duration) {
    let mut text = *b"#0000000000 000000.000000 ";
    let micros = at.as_micros();
    decimal(text.get_mut(1..11), number);
    decimal(text.get_mut(12..18), u64::try_from(micros / 1_000_000).unwrap_or(0));
    decimal(text.get_mut(19..25), u64::try_from(micros % 1_000_000).unwrap_or(0));
    for (to, from) in datagram.iter_mut().zip(text) {
        *to = from;
    }
}

fn decimal(places: Option<&mut [u8]>, mut number: u64) {
    for place in places.into_iter().flatten().rev() {
        *place = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_where_it_stands_at_the_beginning() {
        let of = |text: &str| read(text.as_bytes()).map(|it| (it.number, it.sent));
        assert_eq!(of("#17"), Some((17, None)));
        assert_eq!(of("#17 hello"), Some((17, None)));
        assert_eq!(of("#17 0.5 hello"), Some((17, Some(Duration::from_millis(500)))));
        assert_eq!(of("#17 3"), Some((17, Some(Duration::from_secs(3)))));
        for other in ["", "#", "17", "# 17", "#x", "#99999999999999999999"] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_stamped_is_read_back() {
        let mut datagram = [b'x'; 40];
        let at = Duration::from_micros(12_345_678_901);
        stamp(&mut datagram, 4_000_000_017, at);
        assert_eq!(&datagram[..STAMP], b"#4000000017 012345.678901 ");
        assert_eq!(read(&datagram), Some(Numbered { number: 4_000_000_017, sent: Some(at) }));
        let mut short = [0; 11];
        stamp(&mut short, 7, at);
        assert_eq!(read(&short), Some(Numbered { number: 7, sent: None }));
    }
}
