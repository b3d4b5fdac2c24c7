//! What commands do; what they are is in `super::super::command`.

use super::Prompt;
use crate::engine::{Stop, StopReason};
use crate::event::Exit;
use crate::repl::command::{Command, Save};
use crate::repl::record::Taken;
use crate::repl::signals::{Signals, plain};
use crate::repl::{explain, save, table};
use crate::script::load::{Written, read_written};
use crate::text::{did_you_mean, escape, visible};
use std::path::Path;

impl Prompt<'_> {
    /// Does what a command asks for.
    pub(super) async fn command(&mut self, command: Command, signals: &mut Signals) -> Result<(), Exit> {
        let text = match command {
            Command::Sockets => table::sockets(&self.stage.sockets(), &self.record, self.show.width()),
            Command::Show(name) => return self.show(&name),
            Command::Timeline => self.show.ladder(&mut self.record.facts.iter(), self.record.forgotten),
            Command::Save(asked) => return self.save(&asked, signals).await,
            Command::Run(file) => return self.run_file(&file, signals).await,
            Command::Undo => undone(&self.record.undo()),
            Command::Within(within) if within.is_zero() => {
                return self.refuse(&[plain("a deadline is longer than nothing")]);
            }
            Command::Within(within) => {
                self.within = within;
                String::new()
            }
            Command::View(view) => {
                self.show.view(view);
                String::new()
            }
            Command::Vars => self.vars(),
            Command::Help(topic) => match explain::explain(topic.as_deref()) {
                Ok(text) => text,
                Err(problem) => return self.refuse(&[*problem]),
            },
            Command::Clear if self.interactive => "\x1b[H\x1b[2J\x1b[3J\n".to_owned(),
            Command::Clear | Command::Quit => String::new(),
        };
        if !text.is_empty() {
            self.show.text(&text);
        }
        Ok(())
    }

    /// Saves; a signal ends the replay, and then nothing is written.
    async fn save(&mut self, asked: &Save, signals: &mut Signals) -> Result<(), Exit> {
        let stop = Stop::default();
        let mut stopped = None;
        let saved = {
            let (within, vars) = (self.within, &self.names.vars);
            let saving = save::save(asked, &self.record, &mut self.saved, within, vars, &stop);
            let mut saving = std::pin::pin!(saving);
            loop {
                tokio::select! {
                    biased;
                    signal = signals.next() => {
                        stopped = Some(signal);
                        stop.raise(StopReason::Interrupt);
                    }
                    saved = &mut saving => break saved,
                }
            }
        };
        match (saved, stopped) {
            (Ok(text), _) => {
                self.show.text(&text);
                Ok(())
            }
            (Err(_), Some(signal)) => {
                self.stopped(&format!("save {}; nothing is written", asked.file.display()));
                Err(signal)
            }
            (Err(problems), None) => self.refuse(&problems),
        }
    }

    fn show(&mut self, name: &str) -> Result<(), Exit> {
        let known = self.names.open();
        let text = match table::show(name, &self.record) {
            Some(text) => text,
            None if known.iter().any(|(open, _)| open == name) => {
                format!("nothing has passed at `{name}` yet\n")
            }
            None => {
                let near = did_you_mean(name, known.iter().map(|(name, _)| name.as_str()));
                let what = format!("nothing is or was called `{}` here", visible(name));
                let help = near.map(|near| format!("did you mean `{near}`?"));
                return self.refuse(&[plain(what).maybe_help(help)]);
            }
        };
        self.show.text(&text);
        Ok(())
    }

    fn vars(&self) -> String {
        let mut known: Vec<(String, String)> =
            self.names.vars.iter().map(|(name, text)| (name.clone(), escape(text.as_bytes()))).collect();
        known.extend(
            self.stage.variables().into_iter().map(|(name, value)| (name.to_string(), escape(&value))),
        );
        known.sort();
        if known.is_empty() {
            return "no variables; `save=NAME` on `recv` and `expect` makes one\n".to_owned();
        }
        table::columns(known.into_iter().map(|(name, value)| vec![name, value]).collect())
    }

    /// Runs the steps of a file's only scenario as if they were typed.
    pub async fn run_file(&mut self, path: &Path, signals: &mut Signals) -> Result<(), Exit> {
        let mut problems = Vec::new();
        let Some(Written { draft, vars, within }) = read_written(path, &mut problems) else {
            return self.refuse(&problems);
        };
        for problem in &problems {
            self.show.problem(problem);
        }
        self.names.vars.extend(vars);
        let outside =
            std::mem::replace(&mut self.directory, path.parent().unwrap_or(Path::new("")).to_owned());
        let before = std::mem::replace(&mut self.within, within);
        let result = self.steps(draft.steps, signals).await;
        (self.directory, self.within) = (outside, before);
        if result.is_ok() && !draft.finally.is_empty() {
            self.show.text("* the steps below `finally` were not run: everything stays open\n");
        }
        result
    }
}

/// What is said about steps that will not be saved.
fn undone(steps: &[Taken]) -> String {
    match steps {
        [] => "there is nothing to undo\n".to_owned(),
        [one] => format!("* will not be saved: {:#}; what it did stays done\n", one.draft),
        [first, .., last] => format!(
            "* {} steps will not be saved, from {:#} to {:#}; what they did stays done\n",
            steps.len(),
            first.draft,
            last.draft
        ),
    }
}
