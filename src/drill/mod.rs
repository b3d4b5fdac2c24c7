//! Scenarios in a test written in Rust: a file or a text, variables, and one call that plays it all.

use crate::engine::{Host, Stop, play};
use crate::event::{Journal, Outcome};
use crate::script::load::{Loaded, load_file, load_source};
use crate::sink::draw;
use crate::text::{Diagnostic, Severity, Source, did_you_mean};
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Scenarios that are going to be played in a test.
#[derive(Debug, Clone)]
#[must_use = "`play` plays it"]
pub struct Drill {
    from: Written,
    sets: HashMap<String, String>,
}

#[derive(Debug, Clone)]
enum Written {
    File(PathBuf),
    Text(String),
}

/// What was played, where nothing failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Played {
    /// The names of the scenarios that passed, in their order.
    pub passed: Vec<String>,
    /// Those that were skipped, and what the machine lacks for them.
    pub skipped: Vec<(String, String)>,
}

/// What did not check or did not pass, drawn under the lines of the scenario. `Debug` is the same text, so
/// that `unwrap` and `?` in a test show it as it is meant to be read.
#[derive(Clone)]
pub struct Failed {
    text: String,
}

impl Drill {
    /// The scenarios of a file. A relative path is looked for in the working directory, which for
    /// `cargo test` is that of the package.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { from: Written::File(path.into()), sets: HashMap::new() }
    }

    /// The scenarios of a text; files that it names are looked for in the working directory.
    pub fn text(text: impl Into<String>) -> Self {
        Self { from: Written::Text(text.into()), sets: HashMap::new() }
    }

    /// Gives a variable that the scenarios define under `vars` another text, such as the address of a server
    /// in this process.
    pub fn set(mut self, name: impl Into<String>, text: impl fmt::Display) -> Self {
        self.sets.insert(name.into(), text.to_string());
        self
    }

    /// Checks all scenarios, then plays them one after another on this runtime, which may have one thread or
    /// many. Every scenario is played though one before it failed.
    ///
    /// Dropped before it is done, it closes its sockets and ends the processes it has started.
    pub async fn play(self) -> Result<Played, Failed> {
        let scenarios = self.load()?;
        let (mut played, mut failures) = (Played::default(), String::new());
        for scenario in &scenarios {
            let (host, journal, stop) = (Host::here(), Journal::silent(), Stop::default());
            // Boxed: tests hold it in futures of their own.
            let outcome = Box::pin(play(scenario, &host, &journal, &stop)).await;
            match outcome {
                Outcome::Passed => played.passed.push(scenario.name.clone()),
                Outcome::Skipped(why) => played.skipped.push((scenario.name.clone(), why)),
                Outcome::Failed(failure) => failures.push_str(&draw(&failure.diagnostic(), false)),
                // Nobody raises this stop.
                Outcome::Interrupted => {}
            }
        }
        if failures.is_empty() { Ok(played) } else { Err(Failed { text: failures }) }
    }

    fn load(self) -> Result<Vec<crate::script::step::Scenario>, Failed> {
        let loaded = match &self.from {
            Written::File(path) => load_file(path, &self.sets),
            Written::Text(text) => {
                let mut loaded = Loaded::default();
                let source = Source::new("scenario", text.as_str());
                load_source(&source, Path::new("."), &self.sets, &mut loaded);
                loaded
            }
        };
        let mut problems: Vec<Diagnostic> = loaded.problems;
        problems.retain(|problem| problem.severity == Severity::Error);
        let mut unknown: Vec<&String> =
            self.sets.keys().filter(|name| !loaded.vars.contains(*name)).collect();
        unknown.sort();
        for name in unknown {
            let what = format!("no scenario here defines `{name}` under `vars`");
            let near = did_you_mean(name, loaded.vars.iter().map(String::as_str));
            let help = near.map(|near| format!("did you mean `{near}`?"));
            problems.push(Diagnostic::new(Severity::Error, what, None).maybe_help(help));
        }
        if problems.is_empty() {
            return Ok(loaded.scenarios);
        }
        Err(Failed { text: problems.iter().map(|problem| draw(problem, false)).collect() })
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.trim_end())
    }
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // On lines of its own, whatever stands before it.
        write!(f, "\n{}", self.text.trim_end())
    }
}

impl std::error::Error for Failed {}
