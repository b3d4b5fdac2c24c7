//! Addresses that were typed, for completion: those of this session first, then those of earlier ones.

use crate::text::Address;

/// How many are remembered.
const MOST: usize = 20;

/// Adds an address in front, if it is one that can be gone to again.
pub(super) fn add(addresses: &mut Vec<String>, text: &str) {
    if is_one(text) {
        addresses.retain(|address| address != text);
        addresses.insert(0, text.to_owned());
        addresses.truncate(MOST);
    }
}

/// The addresses in lines of earlier sessions, the last line first.
pub(super) fn of_lines<'a>(lines: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in lines.flat_map(|line| line.split(|c: char| c.is_whitespace() || c == ';')) {
        let text = word.split_once('=').map_or(word, |(_, value)| value);
        if is_one(text) && !found.iter().any(|address| address == text) {
            found.push(text.to_owned());
        }
        if found.len() == MOST {
            break;
        }
    }
    found
}

/// The addresses of this session, and those of earlier ones that are not among them.
pub(super) fn joined(mut addresses: Vec<String>, earlier: &[String]) -> Vec<String> {
    let fresh: Vec<String> = earlier.iter().filter(|one| !addresses.contains(one)).cloned().collect();
    addresses.extend(fresh);
    addresses
}

fn is_one(text: &str) -> bool {
    // A variable may be something else next time, and port 0 is.
    if text.contains("${") || !text.contains(':') {
        return false;
    }
    match text.parse() {
        Ok(Address::Host { port, .. } | Address::Any { port }) => port != 0,
        Ok(Address::Unix(_) | Address::Abstract(_)) => true,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_lines_and_the_last_come_first() {
        let lines = [
            "connect b localhost:25; connect c 127.0.0.1:0".to_owned(),
            "bind u 127.0.0.1:0 to=[::1]:53".to_owned(),
            "connect a ${server.port}:x; send a \"x:1\"; connect a localhost:25".to_owned(),
        ];
        let earlier = of_lines(lines.iter());
        assert_eq!(earlier, ["localhost:25", "[::1]:53"]);
        let mut addresses = Vec::new();
        for text in ["10.0.0.1:1", "[::1]:53", "10.0.0.1:1", "127.0.0.1:0", "server"] {
            add(&mut addresses, text);
        }
        assert_eq!(joined(addresses, &earlier), ["10.0.0.1:1", "[::1]:53", "localhost:25"]);
    }
}
