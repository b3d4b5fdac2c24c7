//! Sizes as people write them: `1024`, `64KiB`, `3KB`, `1MiB`.

use super::visible;
/// Reads a number of bytes; `KB` is 1000, `KiB` is 1024. The error is one sentence for the user.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let wrong = || format!("`{}` is no size; write it as in `1024`, `64KiB` or `1MB`", visible(text));
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map_err(|_| wrong());
    }
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(wrong());
    }
    text.parse::<bytesize::ByteSize>().map(|size| size.as_u64()).map_err(|_| wrong())
}

/// The largest whole binary unit: `1MiB`, `64KiB`, `1000`.
pub fn format_size(bytes: u64) -> String {
    for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        if bytes >= 1 << shift && bytes.trailing_zeros() >= shift {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    bytes.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_and_binary_units_differ() {
        assert_eq!(parse_size("3KB"), Ok(3000));
        assert_eq!(parse_size("3KiB"), Ok(3072));
        assert_eq!(parse_size("1024"), Ok(1024));
        assert!(parse_size("-1").is_err());
        assert!(parse_size("lots").is_err());
        assert!(parse_size("").is_err());
    }

    #[test]
    fn what_is_written_reads_back() {
        for bytes in [0, 1, 1000, 1024, 1 << 20, (1 << 20) + 1, 64 << 20, u64::MAX] {
            assert_eq!(parse_size(&format_size(bytes)), Ok(bytes));
        }
    }
}
