//! Which part of a run this machine plays, and in which order: `--shard` and `--shuffle`.

use crate::script::step::Scenario;
use std::path::Path;
use std::str::FromStr;

/// One of several equal parts of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shard {
    /// Which, from 1.
    part: u64,
    /// Of how many.
    of: u64,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(part, of)| part.parse().ok().zip(of.parse().ok()));
        match parts {
            Some((part, of)) if (1..=of).contains(&part) => Ok(Self { part, of }),
            Some((_, 0)) => Err("a run has at least one part".to_owned()),
            Some((_, of)) => Err(format!("the parts are 1/{of} to {of}/{of}")),
            None => Err("write it as part/parts, such as 2/5".to_owned()),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

impl Shard {
    /// Whether a scenario is in this part. That depends on its name and the path of its file from the working
    /// directory on alone: what else there is, or is chosen, moves it nowhere.
    pub fn has(self, scenario: &Scenario) -> bool {
        let file = Path::new(scenario.place.source().name());
        let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let here = std::env::current_dir().ok();
        let file = here.and_then(|here| whole.strip_prefix(here).map(Path::to_owned).ok()).unwrap_or(whole);
        self.has_named(&file.to_string_lossy(), &scenario.name)
    }

    fn has_named(self, file: &str, name: &str) -> bool {
        let number = mixed(fnv(file.bytes().chain([0]).chain(name.bytes())));
        number % self.of == self.part - 1
    }
}

/// Reads the number that an order belongs to.
pub(super) fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "a seed is a whole number, such as 7".to_owned())
}

/// Puts items into the order that belongs to `seed`.
pub(super) fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let within = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
        items.swap(last, usize::try_from(mixed(state) % within).unwrap_or(last));
    }
}

/// FNV-1a.
fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The finaliser of `SplitMix64`: every bit depends on every other.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_in_one_part_and_the_parts_are_about_equal() {
        let shards: Vec<Shard> = (1..=5).map(|part| format!("{part}/5").parse().unwrap()).collect();
        let mut sizes = [0; 5];
        for number in 0..1_000 {
            let name = format!("scenario {number}");
            let parts = shards.iter().enumerate().filter(|(_, shard)| shard.has_named("tcp/a.yaml", &name));
            let parts: Vec<usize> = parts.map(|(part, _)| part).collect();
            assert_eq!(parts.len(), 1);
            sizes[parts[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (150..=250).contains(size)), "{sizes:?}");
    }

    #[test]
    fn a_scenario_stays_in_its_part_from_release_to_release() {
        let part = |name| (1..=8).find(|part| Shard { part: *part, of: 8 }.has_named("tcp/a.yaml", name));
        assert_eq!([part("one"), part("two"), part("three")], [Some(7), Some(1), Some(6)]);
    }

    #[test]
    fn a_seed_is_an_order_and_another_seed_another() {
        let order = |seed| {
            let mut items: Vec<u32> = (0..20).collect();
            shuffle(&mut items, seed);
            items
        };
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
        let mut sorted = order(7);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..20).collect::<Vec<u32>>());
    }

    #[test]
    fn a_part_is_one_of_the_parts() {
        let mistake = |text: &str| text.parse::<Shard>().unwrap_err();
        assert_eq!(mistake("6/5"), "the parts are 1/5 to 5/5");
        assert_eq!(mistake("0/5"), "the parts are 1/5 to 5/5");
        assert_eq!(mistake("two"), "write it as part/parts, such as 2/5");
        assert_eq!(mistake("1/0"), "a run has at least one part");
    }
}
