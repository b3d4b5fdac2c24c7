//! What the checker says of wrong files: every rendering is stored here, through the public loader.

#![allow(clippy::too_many_lines, reason = "a stored rendering is as long as it is")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may panic as tests may")]

#[path = "diagnostics/files.rs"]
mod files;
#[path = "diagnostics/head.rs"]
mod head;
#[path = "diagnostics/many.rs"]
mod many;
#[path = "diagnostics/names.rs"]
mod names;
#[path = "diagnostics/patterns.rs"]
mod patterns;
#[path = "diagnostics/shape.rs"]
mod shape;
#[path = "diagnostics/values.rs"]
mod values;
#[path = "diagnostics/wild.rs"]
mod wild;
#[path = "diagnostics/yaml.rs"]
mod yaml;

use sockdrill::script::load::{Loaded, load_source};
use sockdrill::text::{Source, render};
use std::collections::HashMap;
use std::path::Path;

/// Loads `text` as the file `a.yaml`; files that it names are those in `tests/diagnostics/files`.
fn load(text: &str) -> Loaded {
    let mut loaded = Loaded::default();
    let source = Source::new("a.yaml", text.strip_prefix(['\r', '\n']).unwrap_or(text));
    load_source(&source, Path::new("tests/diagnostics/files"), &HashMap::new(), &mut loaded);
    loaded
}

/// Everything that is said of `text`.
fn told(text: &str) -> String {
    load(text.strip_prefix("\r\n").unwrap_or(text))
        .problems
        .iter()
        .map(|problem| render(problem, false))
        .collect()
}
