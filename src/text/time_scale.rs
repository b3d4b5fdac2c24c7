//! How much longer than written deadlines are: `4`, `1.5`, `0.5`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A factor for deadlines, between [`TimeScale::LEAST`] and [`TimeScale::MOST`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeScale(f64);

impl TimeScale {
    /// Deadlines as they are written.
    pub const AS_WRITTEN: Self = Self(1.0);
    /// The smallest factor: 5 s become 50 ms.
    pub const LEAST: f64 = 0.01;
    /// The largest factor: 5 s become 83 minutes.
    pub const MOST: f64 = 1000.0;

    /// This factor, if it is one.
    pub fn new(factor: f64) -> Option<Self> {
        (Self::LEAST..=Self::MOST).contains(&factor).then_some(Self(factor))
    }

    /// The factor.
    pub fn factor(self) -> f64 {
        self.0
    }

    /// Whether deadlines are as they are written.
    pub fn is_as_written(&self) -> bool {
        *self == Self::AS_WRITTEN
    }

    /// So long a time, stretched; what is too long for the clock is as long as can be.
    pub fn stretch(self, time: Duration) -> Duration {
        // Exact where nothing is to be changed: a float cannot hold every nanosecond.
        if self.is_as_written() {
            return time;
        }
        Duration::try_from_secs_f64(time.as_secs_f64() * self.0).unwrap_or(Duration::MAX)
    }
}

impl Default for TimeScale {
    fn default() -> Self {
        Self::AS_WRITTEN
    }
}

impl fmt::Display for TimeScale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is no factor: one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is a number from {} to {}, such as 4 or 0.5", TimeScale::LEAST, TimeScale::MOST)]
pub struct TimeScaleError;

impl FromStr for TimeScale {
    type Err = TimeScaleError;

    fn from_str(text: &str) -> Result<Self, TimeScaleError> {
        text.parse().ok().and_then(Self::new).ok_or(TimeScaleError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_stretched_and_shortened() {
        let scaled = |factor: &str, millis| {
            let scale: TimeScale = factor.parse().unwrap();
            scale.stretch(Duration::from_millis(millis))
        };
        assert_eq!(scaled("4", 5_000), Duration::from_secs(20));
        assert_eq!(scaled("0.5", 5_000), Duration::from_millis(2_500));
        assert_eq!(scaled("1", 333), Duration::from_millis(333));
        assert_eq!(TimeScale::new(2.0).unwrap().stretch(Duration::MAX), Duration::MAX);
    }

    #[test]
    fn a_factor_is_a_number_of_a_sensible_size() {
        for text in ["0", "-1", "nan", "inf", "1e9", "4x", "", "0,5", "0.001"] {
            assert_eq!(text.parse::<TimeScale>(), Err(TimeScaleError), "{text}");
        }
        assert_eq!(TimeScaleError.to_string(), "it is a number from 0.01 to 1000, such as 4 or 0.5");
        assert_eq!("4.0".parse::<TimeScale>().unwrap().to_string(), "4");
    }
}
