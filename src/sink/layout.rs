//! `Layout`: what the lines of a run look like: which paths, how wide each column.

use super::screen::{columns, cut, cut_start, pad, printable};
use std::path::Path;

/// Columns of a result line: verdict, path, name, time.
#[derive(Debug, Clone)]
pub struct Layout {
    root: Option<String>,
    verdict: usize,
    path: usize,
    name: usize,
    /// How many scenarios there are, each counted once.
    pub(super) scenarios: usize,
    /// How many times each is played.
    pub(super) repeat: u32,
}

/// Columns of the time.
const TIME: usize = 8;
/// A path is shown whole up to this many columns.
const SHORT_PATH: usize = 24;

impl Layout {
    /// That scenarios are played nobody knows how often.
    pub const MANY: u32 = u32::MAX;

    /// `3 of 5`; `3` where nobody knows of how many.
    pub(super) fn round(&self, round: u32) -> String {
        if self.repeat == Self::MANY { round.to_string() } else { format!("{round} of {}", self.repeat) }
    }

    /// A layout for `scenarios`, each the name of its file and its own, in `width` columns; paths are
    /// shown from the directory `root` on, where it is given.
    pub fn new<'a>(
        root: Option<&Path>,
        scenarios: impl Iterator<Item = (&'a str, &'a str)>,
        repeat: u32,
        width: usize,
    ) -> Self {
        let mut layout = Self {
            root: root.map(|root| root.display().to_string()),
            verdict: if repeat > 1 { 8 } else { 4 },
            path: 0,
            name: 0,
            scenarios: 0,
            repeat,
        };
        for (file, name) in scenarios {
            layout.scenarios += 1;
            layout.path = layout.path.max(columns(&layout.whole_path(file)));
            layout.name = layout.name.max(columns(&printable(name)));
        }
        // Two columns before each of the four.
        let free = width.saturating_sub(2 + layout.verdict + 2 + 2 + 2 + TIME);
        if layout.path + layout.name > free {
            layout.path = layout.path.min(SHORT_PATH.max(free / 2));
            layout.name = free.saturating_sub(layout.path);
        }
        layout
    }

    fn whole_path(&self, file: &str) -> String {
        let file = printable(file);
        let rest = self.root.as_ref().and_then(|root| file.strip_prefix(printable(root).as_ref()));
        let path = rest.map_or(file.as_ref(), |rest| rest.trim_start_matches('/'));
        let path = path.strip_prefix("./").unwrap_or(path);
        path.strip_suffix(".yaml").or_else(|| path.strip_suffix(".yml")).unwrap_or(path).to_owned()
    }

    /// The path of a file as this run shows it.
    pub(super) fn path(&self, file: &str) -> String {
        self.whole_path(file)
    }

    /// Verdict, filled up.
    pub(super) fn verdict(&self, word: &str) -> String {
        pad(word, self.verdict)
    }

    /// Path and `words` in their columns.
    pub(super) fn columns(&self, file: &str, words: &str) -> String {
        let path = self.whole_path(file);
        let words = shortened(&printable(words), self.name);
        format!("{}  {}", pad(&cut_start(&path, self.path), self.path), pad(&words, self.name))
    }

    /// A time in its column.
    pub(super) fn time(time: &str) -> String {
        format!("{time:>TIME$}")
    }

    /// How many columns stand before the path.
    pub(super) fn indent(&self) -> usize {
        2 + self.verdict + 2
    }

    /// A line of `--list`: path and name.
    pub fn listed(&self, file: &str, name: &str) -> String {
        self.columns(file, name).trim_end().to_owned()
    }
}

/// A name in at most `width` columns. The row of `cases` at its end is what tells it from others.
fn shortened(name: &str, width: usize) -> String {
    match name.split_once(" [").filter(|_| name.ends_with(']')) {
        Some((_, row)) if columns(row) + 2 <= width / 2 => {
            let head =
                cut(name.strip_suffix(row).unwrap_or(name).trim_end_matches(" ["), width - columns(row) - 2);
            format!("{head} [{row}")
        }
        _ => cut(name, width).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_from_the_argument_on_and_without_yaml() {
        let layout = Layout::new(Some(Path::new("scenarios/")), [].into_iter(), 1, 100);
        assert_eq!(layout.path("scenarios/tcp/a.yaml"), "tcp/a");
        assert_eq!(layout.path("elsewhere/b.yml"), "elsewhere/b");
        assert_eq!(Layout::new(None, [].into_iter(), 1, 100).path("./a.yaml"), "a");
    }

    #[test]
    fn the_row_of_cases_outlives_the_cut() {
        assert_eq!(shortened("a server that resets [byte=1]", 22), "a server tha… [byte=1]");
        assert_eq!(shortened("a server that resets [byte=1]", 12), "a server th…");
        assert_eq!(shortened("a [b]", 30), "a [b]");
    }

    #[test]
    fn a_line_fits_the_width_where_names_are_long() {
        let (file, name) = ("tcp/".to_owned() + &"p".repeat(60), "n".repeat(90));
        for width in [60, 80, 100, 140] {
            let layout = Layout::new(None, [(file.as_str(), name.as_str())].into_iter(), 1, width);
            let line = format!(
                "  {}  {}  {}",
                layout.verdict("ok"),
                layout.columns(&file, &name),
                Layout::time("2 ms")
            );
            assert_eq!(columns(&line), width);
        }
    }
}
