//! Rates as people write them: `500/s`, `2k/s`, `0.5/s`, `30/min`; a bare number is a second's.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// So many in so long, never none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: u64,
    per: Duration,
}

impl Rate {
    /// When the one with this number, counted from 0, is due after the first: exact, so that no error adds up.
    pub fn due(self, number: u64) -> Duration {
        let nanos = u128::from(number) * self.per.as_nanos() / u128::from(self.count);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many are due once `elapsed` has passed since the first was.
    pub fn due_by(self, elapsed: Duration) -> u64 {
        let full = elapsed.as_nanos().saturating_mul(u128::from(self.count)) / self.per.as_nanos().max(1);
        u64::try_from(full).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// How many a second, rounded up.
    pub fn per_second(self) -> u64 {
        let nanos = self.per.as_nanos().max(1);
        u64::try_from((u128::from(self.count) * 1_000_000_000).div_ceil(nanos)).unwrap_or(u64::MAX)
    }
}

/// Why a text is no rate: one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RateError(String);

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let wrong = || {
            RateError(format!(
                "`{}` is no rate; write it as in `500/s`, `2k/s` or `30/min`",
                text.escape_debug()
            ))
        };
        let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
        let per = match unit {
            "s" | "sec" | "second" => 1,
            "min" | "m" | "minute" => 60,
            "h" | "hour" => 3600,
            _ => return Err(wrong()),
        };
        let (digits, scale) = match number.as_bytes().last() {
            Some(b'k') => (number.get(..number.len() - 1).unwrap_or_default(), 1_000),
            Some(b'M') => (number.get(..number.len() - 1).unwrap_or_default(), 1_000_000),
            _ => (number, 1),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all: String = [whole, fraction].concat();
        if all.is_empty() || fraction.len() > 6 || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let count = all.parse::<u64>().ok().and_then(|count| count.checked_mul(scale)).ok_or_else(wrong)?;
        if count == 0 {
            return Err(RateError("a rate of 0 sends nothing, ever".to_owned()));
        }
        let shift = 10u64.pow(u32::try_from(fraction.len()).unwrap_or(0));
        Ok(Self { count, per: Duration::from_secs(per * shift) })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.per.as_secs() {
            1 => write!(f, "{}/s", self.count),
            60 => write!(f, "{}/min", self.count),
            3600 => write!(f, "{}/h", self.count),
            seconds => write!(f, "{} in {seconds} s", self.count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    #[test]
    fn rates_are_read_as_people_write_them() {
        assert_eq!(rate("500/s").due(1), Duration::from_millis(2));
        assert_eq!(rate("500"), rate("500/s"));
        assert_eq!(rate("2k/s").due(2), Duration::from_millis(1));
        assert_eq!(rate("0.5/s").due(1), Duration::from_secs(2));
        assert_eq!(rate("30/min").due(1), Duration::from_secs(2));
        assert_eq!(rate("1M").per_second(), 1_000_000);
        for wrong in ["", "/s", "fast", "5/fortnight", "-1/s", "0/s", "1.0000001/s", "99999999999999999999"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_due_never_drifts() {
        let rate = rate("3/s");
        assert_eq!(rate.due(3_000_000), Duration::from_secs(1_000_000));
        for number in [0, 1, 2, 999, 1_000_001] {
            assert_eq!(rate.due_by(rate.due(number) + Duration::from_nanos(1)), number + 1);
        }
    }
}
