//! The command line as a source, so that a mistake in an argument is shown under the argument.

use crate::text::{Place, Source};
use std::ops::Range;
use std::sync::Arc;

/// The arguments, as they could be typed again.
#[derive(Debug)]
pub(super) struct Arguments {
    source: Arc<Source>,
    words: Vec<(String, Range<usize>)>,
}

impl Arguments {
    /// The arguments of this process, the program called by its own name.
    pub fn of_process() -> Self {
        let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
        Self::new(&words.collect::<Vec<_>>())
    }

    /// These arguments.
    pub fn new(words: &[String]) -> Self {
        let mut text = "sockdrill".to_owned();
        let mut ranges = Vec::new();
        for word in words {
            text.push(' ');
            let quoted = quote(word);
            let inner = usize::from(quoted.len() != word.len());
            let start = text.len() + inner;
            text.push_str(&quoted);
            ranges.push((word.clone(), start..text.len() - inner));
        }
        Self { source: Source::new("command line", text), words: ranges }
    }

    /// Where `word` stands: the first argument that is it, or that ends with `=` and it.
    pub fn place(&self, word: &str) -> Place {
        let whole = self.words.iter().find(|(one, _)| one == word);
        let found = whole.map(|(_, range)| range.clone()).or_else(|| {
            let (_, range) = self
                .words
                .iter()
                .find(|(one, _)| one.strip_suffix(word).is_some_and(|key| key.ends_with('=')))?;
            Some(range.end - word.len().min(range.len())..range.end)
        });
        Place::new(&self.source, found.unwrap_or(0..self.source.text().len()))
    }

    /// Where the value of the flag `flag` stands, whatever it says.
    pub fn value_of(&self, flag: &str) -> Place {
        let pairs = self.words.iter().zip(self.words.iter().skip(1));
        let apart = pairs.filter(|((word, _), _)| word == flag).map(|(_, (_, range))| range.clone());
        let joined = self.words.iter().filter_map(|(word, range)| {
            let value = word.strip_prefix(flag)?.strip_prefix('=')?;
            Some(range.end - value.len().min(range.len())..range.end)
        });
        let found = apart.chain(joined).next();
        Place::new(&self.source, found.unwrap_or(0..self.source.text().len()))
    }

    /// Where argument `at` stands, counted from 0.
    pub fn nth(&self, at: usize) -> Place {
        let range = self.words.get(at).map_or(0..self.source.text().len(), |(_, range)| range.clone());
        Place::new(&self.source, range)
    }

    /// All of it.
    pub fn all(&self) -> Place {
        Place::new(&self.source, 0..self.source.text().len())
    }
}

/// A word as a shell takes it.
pub(super) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,^".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_found_where_it_would_be_typed() {
        let words = ["send", "localhost:9", r"PING\r\n", "--expect=x y"].map(str::to_owned);
        let arguments = Arguments::new(&words);
        assert_eq!(arguments.all().text(), r"sockdrill send localhost:9 'PING\r\n' '--expect=x y'");
        assert_eq!(arguments.place(r"PING\r\n").text(), r"PING\r\n");
        assert_eq!(arguments.place("x y").text(), "x y");
        assert_eq!(arguments.place("absent").text(), arguments.all().text());
        assert_eq!(arguments.value_of("--expect").text(), "x y");
        assert_eq!(arguments.value_of("send").text(), "localhost:9");
    }
}
