//! `Content` and `Recipe`: what a payload is, as written and as bytes that can be produced at any
//! offset, so that a large one is never held in memory.

use super::template::{Fill, Template};
use crate::text::escape;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

/// Longest unit that is told of what repeats it, in bytes.
const LONGEST_UNIT: usize = 256;
/// Most bytes that are read of a file whose length is not known before.
pub const MOST_UNSIZED: u64 = 64 << 20;

/// A payload as a step holds it: holes not filled, files not opened.
#[derive(Debug, Clone)]
pub enum Content {
    /// Bytes, with holes.
    Text(Template),
    /// The bytes of a file; of a pipe or a device, up to 64 MiB.
    File(Template),
    /// Bytes that are made.
    Made(Recipe),
    /// Another payload so many times.
    Times(Box<Content>, u64),
}

impl Content {
    /// The payload with holes filled and files opened; the error is one sentence.
    pub fn resolve(&self, fill: &dyn Fill) -> Result<Recipe, String> {
        Ok(match self {
            Self::Text(template) => Recipe::Bytes(template.render(fill)?.into()),
            Self::File(path) => {
                let path = path.render_text(fill)?;
                match fill.read_already(&path) {
                    Some(bytes) => Recipe::Bytes(bytes),
                    None => open(&path)?,
                }
            }
            Self::Made(recipe) => recipe.clone(),
            Self::Times(content, times) => Recipe::Times(Box::new(content.resolve(fill)?), *times),
        })
    }

    /// The file that it is read from, where it is.
    pub fn file(&self) -> Option<&Template> {
        match self {
            Self::File(path) => Some(path),
            Self::Times(content, _) => content.file(),
            Self::Text(_) | Self::Made(_) => None,
        }
    }

    /// The bytes, where they are known without running anything and are not generated.
    pub fn as_literal(&self) -> Option<&[u8]> {
        match self {
            Self::Text(template) => template.as_literal(),
            _ => None,
        }
    }
}

impl Content {
    /// How many bytes it makes, where that is known without running anything.
    pub fn known_len(&self) -> Option<u64> {
        match self {
            Self::Text(template) => template.as_literal().map(|bytes| bytes.len() as u64),
            Self::Made(recipe) => Some(recipe.len()),
            Self::Times(_, 0) => Some(0),
            Self::Times(content, times) => content.known_len().map(|unit| unit.saturating_mul(*times)),
            Self::File(_) => None,
        }
    }

    /// Whether it is known to make more bytes than can be counted.
    pub fn is_too_long(&self) -> bool {
        match self {
            Self::Times(content, times) => {
                content.known_len().is_some_and(|unit| unit.checked_mul(*times).is_none())
            }
            _ => false,
        }
    }
}

fn open(path: &str) -> Result<Recipe, String> {
    let read = || -> std::io::Result<Recipe> {
        let file = File::open(path)?;
        let about = file.metadata()?;
        if about.is_file() && about.len() > 0 {
            return Ok(Recipe::File(Arc::new(file), about.len()));
        }
        // A pipe, a device and what the kernel makes up (proc(5)) have no length before they are read.
        let mut bytes = Vec::new();
        file.take(MOST_UNSIZED + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MOST_UNSIZED {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        Ok(Recipe::Bytes(bytes.into()))
    };
    read().map_err(|error| unreadable(path, &error))
}

/// That a file cannot be read, as a sentence.
pub fn unreadable(path: &str, error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::FileTooLarge {
        return format!(
            "cannot read {path}: it gives more than 64 MiB, and what has no length is read whole before it is sent; \
             standard input of `send` has no limit"
        );
    }
    format!("cannot read {path}: {}", crate::text::in_words(error))
}

/// Bytes that can be produced piece by piece.
#[derive(Debug, Clone)]
pub enum Recipe {
    /// These bytes.
    Bytes(Arc<[u8]>),
    /// So many zero bytes.
    Zeros(u64),
    /// So many bytes drawn from a seed.
    Random {
        /// How many.
        size: u64,
        /// The same seed gives the same bytes, on every machine and in every version.
        seed: u64,
    },
    /// So many bytes that count themselves: the 8-byte big-endian number n stands at offset 8n.
    Sequence(u64),
    /// A file of this length.
    File(Arc<File>, u64),
    /// Another recipe so many times.
    Times(Box<Recipe>, u64),
}

impl Recipe {
    /// How many bytes it makes; `times` is checked against overflow before it gets here.
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Zeros(size) | Self::Random { size, .. } | Self::Sequence(size) | Self::File(_, size) => {
                *size
            }
            Self::Times(recipe, times) => recipe.len().saturating_mul(*times),
        }
    }

    /// Whether it makes no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, where they are held as they are.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// What generates the bytes, as a step says it; none of bytes that were given.
    pub fn written(&self) -> Option<String> {
        match self {
            Self::Zeros(size) => Some(format!("zeros: {size}")),
            Self::Random { size, seed } => Some(format!("random: {{ size: {size}, seed: {seed} }}")),
            Self::Sequence(size) => Some(format!("sequence: {size}")),
            Self::Times(recipe, times) => {
                let unit = match &**recipe {
                    Self::Bytes(unit) if unit.len() <= LONGEST_UNIT => {
                        format!("bytes: '{}'", escape(unit).replace('\'', "''"))
                    }
                    recipe => recipe.written()?,
                };
                Some(format!("{unit}, times: {times}"))
            }
            Self::Bytes(_) | Self::File(..) => None,
        }
    }

    /// Writes the bytes from `offset` on into `buffer` and says how many there were. An error comes
    /// from a file only.
    pub fn fill(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = left.min(buffer.len());
        let Some(buffer) = buffer.get_mut(..count) else { return Ok(0) };
        match self {
            Self::Bytes(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                if let Some(source) = bytes.get(start..start.saturating_add(count)) {
                    buffer.copy_from_slice(source);
                }
            }
            Self::Zeros(_) => buffer.fill(0),
            Self::Random { seed, .. } => fill_words(offset, buffer, |n| random_word(*seed, n).to_le_bytes()),
            Self::Sequence(_) => fill_words(offset, buffer, u64::to_be_bytes),
            Self::File(file, _) => file.read_exact_at(buffer, offset)?,
            Self::Times(recipe, _) => fill_repeated(recipe, offset, buffer)?,
        }
        Ok(count)
    }

    /// How many bytes to make at once: `about` so many, or a few times that where each buffer then is the one before.
    pub fn piece(&self, about: usize) -> usize {
        match self {
            Self::Times(recipe, _) => {
                let unit = usize::try_from(recipe.len()).unwrap_or(usize::MAX).max(1);
                let whole = about.div_ceil(unit).saturating_mul(unit);
                if whole <= about.saturating_mul(4) { whole } else { about }
            }
            _ => about,
        }
    }

    /// `fill`, for a buffer that holds the bytes right before `offset`: where those show what follows, making
    /// that costs next to nothing.
    pub fn fill_on(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len() as u64;
        let whole = offset >= length && self.len().saturating_sub(offset) >= length;
        match self {
            Self::Zeros(_) if whole => Ok(buffer.len()),
            Self::Times(recipe, _) if whole && length.is_multiple_of(recipe.len().max(1)) => Ok(buffer.len()),
            Self::Sequence(_) if whole && length == STRIDE * 8 && count_on(offset, buffer) => {
                Ok(buffer.len())
            }
            _ => self.fill(offset, buffer),
        }
    }

    /// All the bytes, where there are at most `limit`.
    pub fn collect(&self, limit: usize) -> std::io::Result<Option<Vec<u8>>> {
        match usize::try_from(self.len()) {
            Ok(len) if len <= limit => {
                let mut bytes = vec![0; len];
                self.fill(0, &mut bytes)?;
                Ok(Some(bytes))
            }
            _ => Ok(None),
        }
    }
}

/// How many words of a sequence are counted on at once: between two such runs one byte of each word differs.
const STRIDE: u64 = 1 << 16;

/// Makes of the `STRIDE` words before `offset` those from it on; not where more than that one byte changes.
fn count_on(offset: u64, buffer: &mut [u8]) -> bool {
    let run = offset / (STRIDE * 8);
    if !offset.is_multiple_of(STRIDE * 8) || run.is_multiple_of(256) {
        return false;
    }
    let (words, _) = buffer.as_chunks_mut::<8>();
    for word in words {
        // Byte 5 of the big-endian number: as little-endian ones, whole words can be added at once.
        *word = u64::from_le_bytes(*word).wrapping_add(1 << 40).to_le_bytes();
    }
    true
}

/// Fills a buffer that begins `offset` bytes into a row of 8-byte words.
fn fill_words(offset: u64, buffer: &mut [u8], word: impl Fn(u64) -> [u8; 8]) {
    let skip = usize::try_from(offset % 8).unwrap_or(0);
    let mut number = offset / 8;
    let first = buffer.len().min((8 - skip) % 8);
    let (head, tail) = buffer.split_at_mut(first);
    if !head.is_empty() {
        for (place, byte) in head.iter_mut().zip(word(number).into_iter().skip(skip)) {
            *place = byte;
        }
        number += 1;
    }
    let (words, rest) = tail.as_chunks_mut::<8>();
    for place in words {
        *place = word(number);
        number += 1;
    }
    for (place, byte) in rest.iter_mut().zip(word(number)) {
        *place = byte;
    }
}

/// Word `n` of the stream that `seed` gives: splitmix64 (Steele, Lea and Flood 2014), which can be
/// entered at any word.
fn random_word(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add((n.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn fill_repeated(recipe: &Recipe, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
    let unit = recipe.len();
    if unit == 0 {
        return Ok(());
    }
    // One round of the unit is made; what follows repeats it, which is a copy.
    let round = usize::try_from(unit).unwrap_or(usize::MAX).min(buffer.len());
    let mut made = 0;
    while let Some(rest) = buffer.get_mut(made..round).filter(|rest| !rest.is_empty()) {
        let filled = recipe.fill((offset + made as u64) % unit, rest)?;
        if filled == 0 {
            return Ok(());
        }
        made += filled;
    }
    while made < buffer.len() {
        let count = made.min(buffer.len() - made);
        buffer.copy_within(..count, made);
        made += count;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn recipes() -> impl Strategy<Value = Recipe> {
        let base = prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| Recipe::Bytes(bytes.into())),
            (0..100u64).prop_map(Recipe::Zeros),
            (0..100u64, any::<u64>()).prop_map(|(size, seed)| Recipe::Random { size, seed }),
            (0..100u64).prop_map(Recipe::Sequence),
        ];
        (base, 0..4u64).prop_map(|(recipe, times)| Recipe::Times(Box::new(recipe), times))
    }

    proptest! {
        #[test]
        fn a_recipe_gives_the_same_bytes_however_it_is_cut(recipe in recipes(), cut in 0..400usize) {
            let whole = recipe.collect(1 << 20).unwrap().unwrap();
            let cut = cut.min(whole.len());
            let mut tail = vec![0; whole.len() - cut];
            let filled = recipe.fill(cut as u64, &mut tail).unwrap();
            prop_assert_eq!(filled, tail.len());
            prop_assert_eq!(&whole[cut..], &tail[..]);
        }
    }

    proptest! {
        #[test]
        fn pieces_made_of_those_before_are_the_whole(recipe in recipes(), about in 1..64usize) {
            let whole = recipe.collect(1 << 20).unwrap().unwrap();
            let mut buffer = vec![0; recipe.piece(about)];
            prop_assert!((about..=4 * about).contains(&buffer.len()));
            let (mut made, mut filled) = (Vec::new(), recipe.fill(0, &mut buffer).unwrap());
            while filled > 0 {
                made.extend_from_slice(&buffer[..filled]);
                filled = recipe.fill_on(made.len() as u64, &mut buffer).unwrap();
            }
            prop_assert_eq!(made, whole);
        }
    }

    #[test]
    fn what_is_generated_is_told_as_a_step_says_it() {
        let random = Recipe::Random { size: 20, seed: 7 };
        assert_eq!(random.written().unwrap(), "random: { size: 20, seed: 7 }");
        let unit = Recipe::Bytes(b"it's\n".as_slice().into());
        assert_eq!(unit.written(), None);
        assert_eq!(Recipe::Times(Box::new(unit), 3).written().unwrap(), r"bytes: 'it''s\n', times: 3");
    }

    #[test]
    fn what_follows_a_buffer_is_what_would_have_been_made_anew() {
        let length = 8 * usize::try_from(STRIDE).unwrap();
        let text = Recipe::Bytes(b"0123456789abcdef".as_slice().into());
        let unequal = Recipe::Bytes(b"abc".as_slice().into());
        let recipes = [
            Recipe::Sequence(600 * length as u64 + 3),
            Recipe::Zeros(5 * length as u64),
            Recipe::Times(Box::new(text), 1 << 20),
            Recipe::Times(Box::new(unequal), 1 << 20),
            Recipe::Random { size: 4 * length as u64, seed: 7 },
        ];
        for recipe in recipes {
            // Over the places where a second byte changes, at the end, and off the boundaries.
            for begin in [0, 8, 254 * length as u64, 598 * length as u64] {
                let (mut kept, mut anew) = (vec![0; length], vec![0; length]);
                recipe.fill(begin, &mut kept).unwrap();
                for offset in (1..4).map(|piece| begin + piece * length as u64) {
                    let filled = recipe.fill_on(offset, &mut kept).unwrap();
                    assert_eq!(filled, recipe.fill(offset, &mut anew).unwrap());
                    assert!(kept[..filled] == anew[..filled], "{recipe:?} at {offset}");
                    if filled < length {
                        break;
                    }
                }
            }
        }
    }

    #[test]
    fn a_sequence_counts_itself_and_random_bytes_never_change() {
        let bytes = Recipe::Sequence(20).collect(100).unwrap().unwrap();
        assert_eq!(bytes[8..16], 1u64.to_be_bytes());
        let random = Recipe::Random { size: 8, seed: 7 }.collect(8).unwrap().unwrap();
        assert_eq!(random, 0x63cb_e1e4_5932_0dd7_u64.to_le_bytes());
    }
}
