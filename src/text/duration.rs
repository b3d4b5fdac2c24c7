//! Durations as people write them: `200ms`, `5s`, `1m 30s`.

use super::visible;
use std::time::Duration;

/// The clock can be asked for a moment that is so far away, and for some more: a century.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

/// Reads a duration with its unit; the error is one sentence for the user.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err(format!("`{text}` needs a unit, as in `{text}s` or `{text}ms`"));
    }
    let duration = parse_fraction(text).unwrap_or_else(|| parse_whole(text))?;
    if duration > LONGEST { Err(too_long(text)) } else { Ok(duration) }
}

fn too_long(text: &str) -> String {
    format!("`{}` is too long a time", visible(text))
}

fn parse_whole(text: &str) -> Result<Duration, String> {
    if text.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        return Err(format!("`{}` is negative; no time is", visible(text)));
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
    Some(Duration::try_from_secs_f64(number * unit).map_err(|_| too_long(text)))
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
        assert_eq!(parse_duration("-1s"), Err("`-1s` is negative; no time is".into()));
        assert!(parse_duration("").is_err());
        assert!(parse_duration("99999999999999999999999999s").is_err());
        for longer in ["101years", "18446744073709551615s", "18446744073709551615.5s"] {
            assert_eq!(parse_duration(longer), Err(format!("`{longer}` is too long a time")));
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for millis in [0, 1, 50, 999, 1000, 90_000, 3_600_500] {
            let duration = Duration::from_millis(millis);
            assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
    }
}
