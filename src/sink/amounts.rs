//! Sizes and durations as people say them.

use std::time::Duration;

/// `12.3 MiB`
pub(super) fn binary(bytes: f64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let found = units.iter().find(|(_, shift)| bytes >= f64::from(1u32 << shift));
    found.map_or(format!("{bytes:.0} B"), |(unit, shift)| {
        format!("{:.1} {unit}", bytes / f64::from(1u32 << shift))
    })
}

/// A duration as people say it, in at most 8 columns.
pub(super) fn spoken(duration: Duration) -> String {
    let millis = (duration.as_micros() + 500) / 1000;
    match millis {
        0 => "<1 ms".to_owned(),
        1..1000 => format!("{millis} ms"),
        1000..60_000 => {
            let tenths = (millis + 50) / 100;
            if tenths.is_multiple_of(10) {
                format!("{} s", tenths / 10)
            } else {
                format!("{}.{} s", tenths / 10, tenths % 10)
            }
        }
        _ => format!("{} m {} s", millis / 60_000, millis / 1000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let spoken = |micros| super::spoken(Duration::from_micros(micros));
        assert_eq!(spoken(400), "<1 ms");
        assert_eq!(spoken(1_900), "2 ms");
        assert_eq!(spoken(999_400), "999 ms");
        assert_eq!(spoken(1_234_000), "1.2 s");
        assert_eq!(spoken(5_003_000), "5 s");
        assert_eq!(spoken(61_000_000), "1 m 1 s");
    }
}
