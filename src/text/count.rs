//! Numbers of things.

use std::fmt::Display;

/// `1 file`, `12 files`.
pub fn count<N: Copy + Display + PartialEq + From<u8>>(number: N, one: &str) -> String {
    if number == N::from(1) { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_is_one_and_everything_else_is_many() {
        let words = [0u64, 1, 2].map(|number| super::count(number, "byte"));
        assert_eq!(words, ["0 bytes", "1 byte", "2 bytes"]);
        assert_eq!(super::count(1.0, "byte"), "1 byte");
    }
}
