//! How long each step of each scenario takes over all its plays, and a deadline for it: told at the end, as a
//! table or as a file.

mod json;
mod measured;
mod table;

use super::calm::worded;
use super::whole_file::WholeFile;
use crate::event::{Event, Sink};
use measured::Measured;
use std::io::{self, Write};

/// Collects times in a memory that does not grow with the number of plays.
pub struct StepTimes {
    measured: Measured,
    to: To,
}

enum To {
    Table { to: Box<dyn Write + Send>, styled: bool, width: usize },
    File(WholeFile),
}

impl StepTimes {
    /// A table for people, whose lines are cut at `width` columns.
    pub fn table(to: impl Write + Send + 'static, styled: bool, width: usize) -> Self {
        Self { measured: Measured::default(), to: To::Table { to: Box::new(to), styled, width } }
    }

    /// JSON that `file` will be.
    pub fn file(file: WholeFile) -> Self {
        Self { measured: Measured::default(), to: To::File(file) }
    }
}

impl Sink for StepTimes {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        self.measured.take(event);
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Table { to, styled, width } => {
                to.write_all(table::write(&self.measured, *styled, *width).as_bytes())?;
                to.flush()
            }
            To::File(file) => file.write(&json::write(&self.measured)?).map_err(|error| worded(&error)),
        }
    }

    fn target(&self) -> String {
        match &self.to {
            To::Table { .. } => "the times of steps".to_owned(),
            To::File(file) => file.target(),
        }
    }
}
