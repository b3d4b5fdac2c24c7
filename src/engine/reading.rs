//! Files that keep whoever reads them waiting are read where the deadline and a signal are heard, before what stands in
//! them is needed.

use super::deadline::Deadline;
use super::reads::may_wait;
use super::session::Lane;
use super::trouble::Trouble;
use crate::script::pattern::{Matcher, Pattern};
use crate::script::recipe::{Content, Recipe, unreadable};
use crate::script::template::Template;

impl Lane {
    /// The payload with holes filled and files read, before the deadline.
    pub async fn recipe(&self, content: &Content, deadline: Deadline) -> Result<Recipe, Trouble> {
        self.read_what_waits(content.file().into_iter().collect(), deadline).await?;
        content.resolve(self).map_err(Trouble::unfilled)
    }

    /// The pattern with holes filled and files read, before the deadline.
    pub async fn matcher(&self, pattern: &Pattern, deadline: Deadline) -> Result<Matcher, Trouble> {
        self.read_what_waits(pattern.files(), deadline).await?;
        pattern.resolve(self).map_err(Trouble::unfilled)
    }

    /// Reads those of the files that could keep it waiting, before the deadline.
    pub async fn read_what_waits(&self, files: Vec<&Template>, deadline: Deadline) -> Result<(), Trouble> {
        for file in files {
            let path = file.render_text(self).map_err(Trouble::unfilled)?;
            if !may_wait(&path) {
                continue;
            }
            // Boxed: a conversation without such a file is not to be larger for it.
            let read = Box::pin(deadline.run(self.session.reads.read(&path))).await.map_err(|_| {
                let message = format!("{path} did not come to its end within {}", deadline.words());
                Trouble::timeout(message).help("whoever writes to it has to close it")
            })?;
            read.map_err(|error| Trouble::unfilled(unreadable(&path, &error)))?;
        }
        Ok(())
    }
}
