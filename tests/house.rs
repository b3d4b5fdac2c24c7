//! The rules of the house that a reader of the source can check: who may import whom, no cycles, how
//! long a file may be, what may be named where.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics where it fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every floor and the floors it may import from: the table of `docs/architecture.md`.
const FLOORS: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("script", &["text"]),
    ("net", &["text"]),
    ("event", &["script", "text"]),
    ("engine", &["net", "event", "script", "text"]),
    ("sink", &["event", "script", "text"]),
    ("repl", &["engine", "event", "script", "text"]),
    ("drill", &["engine", "sink", "event", "script", "text"]),
    ("cli", &["repl", "engine", "sink", "event", "script", "text"]),
];

/// Longest file, up to its tests.
const MOST_LINES: usize = 400;

/// Length that half of the files stay below.
const MEDIAN_LINES: usize = 150;

/// Longest function, from its signature to its brace, without blank lines and comments.
const MOST_LINES_OF_A_FUNCTION: usize = 60;

/// Names that say nothing.
const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc"];

/// A file of the source.
struct File {
    /// From `src/` on.
    path: PathBuf,
    /// Lines up to the tests, without comments, each with its number.
    code: Vec<(usize, String)>,
    text: String,
}

impl File {
    /// The floor it is on; none for `lib.rs` and `main.rs`.
    fn floor(&self) -> Option<&str> {
        let mut parts = self.path.components();
        let first = parts.next()?.as_os_str().to_str()?;
        parts.next().map(|_| first)
    }

    /// The modules it is in: `["script", "lower", "open"]` for `script/lower/open.rs`.
    fn module(&self) -> Vec<String> {
        let parts = self.path.with_extension("");
        let parts = parts.components().map(|part| part.as_os_str().to_str().unwrap().to_owned());
        parts.filter(|part| part != "mod").collect()
    }

    /// The modules it is in below `module`, where it is below that.
    fn below(&self, module: &[String]) -> Option<Vec<String>> {
        self.module().strip_prefix(module).map(<[String]>::to_vec)
    }
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut directories) = (Vec::new(), vec![root.clone()]);
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found.iter().map(|path| read(path, &root)).collect()
}

fn read(path: &Path, root: &Path) -> File {
    let text = fs::read_to_string(path).unwrap();
    let code = text.lines().take_while(|line| line.trim() != "#[cfg(test)]").enumerate();
    let code = code.map(|(index, line)| (index + 1, line.split("//").next().unwrap().to_owned()));
    File { path: path.strip_prefix(root).unwrap().to_owned(), code: code.collect(), text }
}

fn fail_with(mistakes: &[String]) {
    assert!(mistakes.is_empty(), "\n{}\n", mistakes.join("\n"));
}

/// The words after `prefix` in a line: `a` of `crate::a::b`, `a` and `b` of `crate::{a::x, b}`.
fn words_after(line: &str, prefix: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut words = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        let rest = &line[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(group) => words.extend(top_level(group).iter().map(|part| word(part))),
            None => words.push(word(rest)),
        }
    }
    words
}

/// The parts of a brace group that commas divide, those of inner groups left together.
fn top_level(group: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(c);
    }
    parts
}

/// Statements: `use` groups over several lines become one line each, numbered by their first.
fn statements(file: &File) -> Vec<(usize, String)> {
    let mut statements: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (number, line) in &file.code {
        if open {
            statements.last_mut().unwrap().1.push_str(line.trim());
        } else {
            statements.push((*number, line.clone()));
        }
        let starts = line.trim_start().starts_with("use ") || line.trim_start().starts_with("pub use ");
        open = (open || starts) && !line.contains(';');
    }
    statements
}

#[test]
fn floors_import_downwards_only() {
    let mut mistakes = Vec::new();
    for file in files() {
        let Some(floor) = file.floor() else { continue };
        let Some((_, allowed)) = FLOORS.iter().find(|(name, _)| *name == floor) else {
            mistakes.push(format!("src/{}: the floor `{floor}` is not in the table", file.path.display()));
            continue;
        };
        for (number, line) in statements(&file) {
            for word in words_after(&line, "crate::") {
                if word != floor && !allowed.contains(&word.as_str()) {
                    let place = format!("src/{}:{number}", file.path.display());
                    mistakes.push(format!("{place}: {floor} must not import {word}"));
                }
            }
        }
    }
    fail_with(&mistakes);
}

#[test]
fn the_table_of_floors_is_that_of_the_architecture_page() {
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md")).unwrap();
    for (floor, _) in FLOORS {
        assert!(page.contains(&format!("src/{floor}/")), "docs/architecture.md does not name {floor}");
    }
    assert!(page.contains("main → cli → {repl, engine, sink, event, script, text}"));
    assert!(page.contains("repl → {engine, event, script, text}"));
    assert!(page.contains("drill → {engine, sink, event, script, text}"));
    assert!(page.contains("engine → {net, event, script, text}, never sink"));
    assert!(page.contains("sink → {event, script, text}, never engine or net"));
    assert!(page.contains("event → {script, text}; script → text; net → text; text → nothing of ours"));
}

#[test]
fn the_files_that_contributing_names_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let named = page.split('`').skip(1).step_by(2);
    let paths: Vec<&str> =
        named.filter(|word| ["src/", "tests/"].iter().any(|top| word.starts_with(top))).collect();
    assert!(paths.len() > 10, "{paths:?}");
    for path in paths {
        assert!(root.join(path).exists(), "CONTRIBUTING.md names {path}");
    }
    for (file, function) in [("script/check.rs", "fn lower("), ("engine/player.rs", "fn perform(")] {
        let text = fs::read_to_string(root.join("src").join(file)).unwrap();
        assert!(text.contains(function), "CONTRIBUTING.md names the match in src/{file}");
    }
}

#[test]
fn main_is_a_sentence_that_knows_the_command_line_only() {
    let main = files().into_iter().find(|file| file.path == Path::new("main.rs")).unwrap();
    assert!(main.text.lines().count() <= 30);
    for (number, line) in &main.code {
        for word in words_after(line, "sockdrill::") {
            assert_eq!(word, "cli", "src/main.rs:{number}");
        }
    }
}

/// Which modules each module beside them imports, each with a place.
type Imports = BTreeMap<String, BTreeMap<String, String>>;

/// The imports among the modules directly below `parent`.
fn imports_within(parent: &[String], files: &[File]) -> Imports {
    let inside: Vec<(&File, Vec<String>)> =
        files.iter().filter_map(|file| Some((file, file.below(parent)?))).collect();
    let modules: BTreeSet<String> = inside.iter().filter_map(|(_, below)| below.first().cloned()).collect();
    let mut reexports: BTreeMap<String, String> = BTreeMap::new();
    for (file, _) in inside.iter().filter(|(_, below)| below.is_empty()) {
        for (_, line) in statements(file) {
            let Some((_, path)) = line.split_once("use ") else { continue };
            let Some((module, items)) = path.split_once("::") else { continue };
            let items = items.trim_end_matches(';').trim_matches(['{', '}']);
            for item in items.split(',') {
                reexports.insert(item.trim().to_owned(), module.to_owned());
            }
        }
    }
    let mut imports = Imports::new();
    for (file, below) in inside {
        let Some(own) = below.first() else { continue };
        for (number, name) in names_at(parent, file, below.len()) {
            let module = if modules.contains(&name) { Some(name) } else { reexports.get(&name).cloned() };
            if let Some(module) = module.filter(|module| module != own) {
                let place = format!("src/{}:{number}", file.path.display());
                imports.entry(own.clone()).or_default().entry(module).or_insert(place);
            }
        }
    }
    imports
}

/// The names that a file `depth` modules below `parent` takes from there, by `super` or by `crate`.
fn names_at(parent: &[String], file: &File, depth: usize) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    // Where inline modules end, by the indentation of their closing brace.
    let mut inline: Vec<usize> = Vec::new();
    for (number, line) in statements(file) {
        let indent = line.len() - line.trim_start().len();
        if line.trim_start().starts_with('}') && inline.last() == Some(&indent) {
            inline.pop();
        }
        let declares = line.trim_start().trim_start_matches("pub(super) ").trim_start_matches("pub ");
        if declares.starts_with("mod ") && line.trim_end().ends_with('{') {
            inline.push(indent);
        }
        // `super` once for each module between here and the parent.
        let path = "super::".repeat(depth + inline.len());
        let here = words_after(&line, &path).into_iter().filter(|word| word != "super");
        if !line.contains(&format!("{path}super::")) {
            names.extend(here.map(|word| (number, word)));
        }
        let path = format!("crate::{}::", parent.join("::"));
        names.extend(words_after(&line, &path).into_iter().map(|word| (number, word)));
    }
    names
}

/// Everything that can be reached from `start`, by the imports.
fn reach(imports: &Imports, start: &str) -> BTreeSet<String> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![start.to_owned()]);
    while let Some(module) = open.pop() {
        for next in imports.get(&module).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    reached
}

#[test]
fn no_module_needs_itself_by_a_detour() {
    let files = files();
    let mut mistakes = Vec::new();
    let parents: BTreeSet<Vec<String>> = files
        .iter()
        .filter(|file| file.floor().is_some())
        .flat_map(|file| {
            let module = file.module();
            (1..module.len()).map(|len| module[..len].to_vec()).collect::<Vec<_>>()
        })
        .collect();
    assert!(parents.len() > FLOORS.len(), "modules inside a module are looked at too");
    for parent in parents {
        let imports = imports_within(&parent, &files);
        for (module, directly) in &imports {
            for (next, place) in directly.iter().filter(|(next, _)| reach(&imports, next).contains(module)) {
                let parent = parent.join("::");
                mistakes.push(format!("{place}: {parent}::{module} imports {next}, which needs {module}"));
            }
        }
    }
    fail_with(&mistakes);
}

#[test]
fn sockets_are_opened_on_the_net_floor_only() {
    let words = ["tokio::net", "socket2", "nix::sys::socket", "libc::"];
    let types = ["TcpStream", "TcpListener", "UdpSocket", "UnixStream", "UnixListener", "UnixDatagram"];
    let mut mistakes = Vec::new();
    for file in files().iter().filter(|file| file.floor() != Some("net")) {
        for (number, line) in &file.code {
            // The numbers behind the words of `fails:` are libc's.
            let line = match file.path.to_str() {
                Some("text/error_kind.rs") => line.replace("libc::E", ""),
                _ => line.clone(),
            };
            for word in words.iter().chain(&types).filter(|word| line.contains(**word)) {
                mistakes.push(format!("src/{}:{number}: {word} is for src/net/", file.path.display()));
            }
        }
    }
    fail_with(&mistakes);
}

#[test]
fn clap_and_the_standard_streams_belong_to_the_command_line() {
    let mut mistakes = Vec::new();
    for file in files().iter().filter(|file| file.floor() != Some("cli")) {
        for (number, line) in &file.code {
            for word in ["clap::", "anyhow", "io::stdout()", "io::stderr()", "println!", "eprint"] {
                if line.contains(word) {
                    mistakes.push(format!("src/{}:{number}: {word} is for src/cli/", file.path.display()));
                }
            }
        }
    }
    fail_with(&mistakes);
}

#[test]
fn half_of_the_files_are_much_shorter() {
    let mut lengths: Vec<usize> = files().iter().map(|file| file.code.len()).collect();
    lengths.sort_unstable();
    assert!(lengths[lengths.len() / 2] <= MEDIAN_LINES, "{lengths:?}");
}

#[test]
fn functions_are_short() {
    let mut mistakes = Vec::new();
    for file in files() {
        for (at, (number, line)) in file.code.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let before_name = line.trim_start().split_once("fn ").map(|(before, _)| before);
            let is_function = before_name.is_some_and(|words| {
                let known = ["pub", "pub(super)", "pub(crate)", "const", "async", "unsafe"];
                words.split_whitespace().all(|word| known.contains(&word) || word.starts_with("pub(in"))
            });
            if !is_function || line.trim_end().ends_with([';', '}']) {
                continue;
            }
            let end = format!("{}}}", &line[..indent]);
            let body = file.code[at..].iter().take_while(|(_, line)| line.trim_end() != end);
            let length = body.filter(|(_, line)| !line.trim().is_empty()).count() + 1;
            if length > MOST_LINES_OF_A_FUNCTION {
                let place = format!("src/{}:{number}", file.path.display());
                mistakes.push(format!("{place}: {length} lines; at most {MOST_LINES_OF_A_FUNCTION}"));
            }
        }
    }
    fail_with(&mistakes);
}

#[test]
fn files_are_short_named_for_what_they_own_and_open_with_it() {
    let mut mistakes = Vec::new();
    for file in files() {
        let path = format!("src/{}", file.path.display());
        if file.code.len() > MOST_LINES {
            mistakes.push(format!("{path}: {} lines of code; at most {MOST_LINES}", file.code.len()));
        }
        if !file.text.starts_with("//! ") {
            mistakes.push(format!("{path}:1: a file opens with `//!` and what it owns"));
        }
        if file.module().iter().any(|name| EMPTY_NAMES.contains(&name.as_str())) {
            mistakes.push(format!("{path}: a name that says nothing"));
        }
        for (index, line) in file.text.lines().enumerate() {
            if ["TODO", "FIXME", "XXX"].iter().any(|word| line.contains(word)) {
                mistakes.push(format!("{path}:{}: what is left to do is not left in the source", index + 1));
            }
        }
    }
    fail_with(&mistakes);
}
