//! Durations as people write them: `200ms`, `5s`, `1m 30s`.

use super::visible;
use std::time::Duration;

/// Reads a duration with its unit; the error is one sentence for the user.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err(format!("`{text}` needs a unit, as in `{text}s` or `{text}ms`"));
    }
    if let Some(duration) = parse_fraction(text) {
        return duration;
    }
    humantime::parse_duration(text)
        .map_err(|_| format!("`{}` is no duration; write it as in `200ms`, `5s` or `1m 30s`", visible(text)))
}

/// `1.5s`, which humantime refuses; `None` where the text is not of that form.
fn parse_fraction(text: &str) -> Option<Result<Duration, String>> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..)? {
        "s" => 1.0,
        "ms" => 1e-3,
        "m" | "min" => 60.0,
        _ => return None,
    };
    if !digits.contains('.') || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let number: f64 = digits.parse().ok()?;
    Some(Duration::try_from_secs_f64(number * unit).map_err(|_| format!("`{text}` is too long a time")))
}

/// The shortest exact form that `parse_duration` reads back: `5s`, `50ms`, `1m 30s`.
pub fn format_duration(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_required_and_said() {
        assert_eq!(parse_duration("5"), Err("`5` needs a unit, as in `5s` or `5ms`".into()));
        assert_eq!(parse_duration("200ms"), Ok(Duration::from_millis(200)));
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert!(parse_duration("soon").unwrap_err().contains("no duration"));
        assert!(parse_duration("").is_err());
        assert!(parse_duration("99999999999999999999999999s").is_err());
    }

    #[test]
    fn what_is_written_reads_back() {
        for millis in [0, 1, 50, 999, 1000, 90_000, 3_600_500] {
            let duration = Duration::from_millis(millis);
            assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
    }
}
