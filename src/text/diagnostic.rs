//! `Diagnostic`: one problem with its place, drawn under the user's own line.

use super::{Excerpt, Place};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::borrow::Cow;
use std::path::Path;

/// How much a diagnostic matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The file cannot run, or the step did not hold.
    Error,
    /// It runs, and may not do what was meant.
    Warning,
}

/// One problem: what, where, and a way out. Problems of files and failures of steps are both drawn
/// from this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// Where it was written, if it was written anywhere.
    pub at: Option<Excerpt>,
    /// Words beside the caret; may be empty.
    pub label: String,
    /// Name and value of facts shown below the line, such as wanted and seen; an empty name
    /// continues the row above.
    pub rows: Vec<(String, String)>,
    /// Ways out.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// An error at `place`.
    pub fn error(message: impl Into<String>, place: &Place) -> Self {
        Self::new(Severity::Error, message, Some(place.into()))
    }

    /// A warning at `place`.
    pub fn warning(message: impl Into<String>, place: &Place) -> Self {
        Self::new(Severity::Warning, message, Some(place.into()))
    }

    /// A problem that stands `at` a line, or nowhere.
    pub fn new(severity: Severity, message: impl Into<String>, at: Option<Excerpt>) -> Self {
        Self {
            severity,
            message: message.into(),
            at,
            label: String::new(),
            rows: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Says `label` beside the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds a way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds a way out, if there is one.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<impl Into<String>>) -> Self {
        self.help.extend(help.map(Into::into));
        self
    }

    /// Adds a named fact.
    #[must_use]
    pub fn row(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.rows.push((name.into(), value.into()));
        self
    }
}

/// Draws a diagnostic; with colour escapes if `styled`. The text ends with a line feed.
pub fn render(diagnostic: &Diagnostic, styled: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(harmless(&diagnostic.message)));
    if let Some(at) = &diagnostic.at {
        let mut annotation = AnnotationKind::Primary.span(at.span.clone());
        if !diagnostic.label.is_empty() {
            annotation = annotation.label(harmless(&diagnostic.label));
        }
        let snippet = Snippet::source(harmless_line(&at.text)).path(harmless(&at.name)).line_start(at.line);
        group = group.element(snippet.annotation(annotation));
    }
    let width = diagnostic.rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, value) in &diagnostic.rows {
        let row = format!("{name:width$}  {value}");
        group = group.element(Level::NOTE.no_name().message(harmless(&row).into_owned()));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(harmless(help)));
    }
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.render(&[group]);
    if let Some(at) = &diagnostic.at {
        text = with_true_column(&text, at);
    }
    text.push('\n');
    text
}

/// A text without control characters: they could move the cursor or end the colours.
fn harmless(text: &str) -> Cow<'_, str> {
    if text.chars().any(|c| c.is_control() && c != '\n') {
        text.replace(|c: char| c.is_control() && c != '\n', "\u{fffd}").into()
    } else {
        text.into()
    }
}

/// A line of the user's. The renderer draws ASCII's control characters; those of ISO 8859, two bytes
/// each, are replaced by a sign of two bytes, so that spans stay where they are.
fn harmless_line(text: &str) -> Cow<'_, str> {
    let is_c1 = |c: char| ('\u{80}'..='\u{9f}').contains(&c);
    if text.chars().any(is_c1) { text.replace(is_c1, "\u{a4}").into() } else { text.into() }
}

/// The renderer counts the column in the excerpt; where a long line was cut, that is not the user's.
fn with_true_column(text: &str, at: &Excerpt) -> String {
    let drawn = at.text.get(..at.span.start).unwrap_or_default().chars().count() + 1;
    if drawn == at.column {
        return text.to_owned();
    }
    let head = format!("{}:{}:", at.name, at.line);
    text.replacen(&format!("{head}{drawn}"), &format!("{head}{}", at.column), 1)
}

impl From<(&Path, &std::io::Error)> for Diagnostic {
    /// A file that could not be read.
    fn from((path, error): (&Path, &std::io::Error)) -> Self {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            kind => kind.to_string(),
        };
        Self::new(Severity::Error, format!("cannot read {}: {why}", path.display()), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    #[test]
    fn a_problem_is_drawn_under_the_users_own_line() {
        let source =
            Source::new("greeting.yaml", "a: 1\n    - expect: { at: conn, text: \"220 ready\\r\\n\" }\n");
        let place = Place::new(&source, 11..17);
        let diagnostic = Diagnostic::error("expected text at conn, the stream ended first", &place)
            .label("wanted 11 bytes, 4 came before the end of stream")
            .row("wanted", r"220 ready\r\n")
            .row("seen", "220 ")
            .help("let the server speak first");
        insta::assert_snapshot!(render(&diagnostic, false));
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_place_and_keeps_its_column() {
        let source = Source::new("long.yaml", format!("{}BAD{}", "x".repeat(100_000), "y".repeat(100_000)));
        let place = Place::new(&source, 100_000..100_003);
        let text = render(&Diagnostic::error("here", &place), false);
        assert!(text.contains("long.yaml:1:100001"), "{text}");
        assert!(text.len() < 1500, "{}", text.len());
    }
}
