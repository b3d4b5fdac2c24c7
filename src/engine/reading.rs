//! Files that keep whoever reads them waiting: a pipe, a terminal. They are read where the deadline and a signal are
//! heard, before what stands in them is needed.

use super::deadline::Deadline;
use super::session::Lane;
use super::trouble::Trouble;
use crate::net::readable;
use crate::script::pattern::{Matcher, Pattern};
use crate::script::recipe::{Content, MOST_UNSIZED, Recipe, unreadable};
use crate::script::template::Template;
use std::fs::{File, OpenOptions, metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Arc;
use tokio::io::Interest;

/// How much is read at once, in bytes.
const PIECE: usize = 64 << 10;

impl Lane {
    /// The payload with holes filled and files read, before the deadline.
    pub async fn recipe(&self, content: &Content, deadline: Deadline) -> Result<Recipe, Trouble> {
        let read = self.having_read(content.file().into_iter().collect(), deadline).await?;
        content.resolve(read.as_deref().unwrap_or(self)).map_err(Trouble::unfilled)
    }

    /// The pattern with holes filled and files read, before the deadline.
    pub async fn matcher(&self, pattern: &Pattern, deadline: Deadline) -> Result<Matcher, Trouble> {
        let read = self.having_read(pattern.files(), deadline).await?;
        pattern.resolve(read.as_deref().unwrap_or(self)).map_err(Trouble::unfilled)
    }

    /// A lane inside this one that has read those of the files that could keep it waiting; none where none can.
    pub async fn having_read(
        &self,
        files: Vec<&Template>,
        deadline: Deadline,
    ) -> Result<Option<Box<Self>>, Trouble> {
        let mut inside: Option<Box<Self>> = None;
        for file in files {
            let path = file.render_text(self).map_err(Trouble::unfilled)?;
            if !may_wait(&path) {
                continue;
            }
            // Boxed: a conversation without such a file is not to be larger for it.
            let Some(bytes) = Box::pin(self.read(&path, deadline)).await? else { continue };
            inside.get_or_insert_with(|| Box::new(self.inside(None))).keep_read(path, bytes);
        }
        Ok(inside)
    }

    async fn read(&self, path: &str, deadline: Deadline) -> Result<Option<Arc<[u8]>>, Trouble> {
        let read = deadline.run(read_to_end(path)).await.map_err(|_| {
            let message = format!("{path} did not come to its end within {}", deadline.words());
            Trouble::timeout(message).help("whoever writes to it has to close it")
        })?;
        read.map_err(|error| Trouble::unfilled(unreadable(path, &error)))
    }
}

/// Whether a file is of a kind that can keep its reader waiting.
fn may_wait(path: &str) -> bool {
    metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir())
}

/// All of a file; none where the kernel cannot say when there is something: then it does not keep anybody waiting.
/// Of a named pipe that nobody has opened, opening waits for that; here the reading does.
async fn read_to_end(path: &str) -> io::Result<Option<Arc<[u8]>>> {
    let nonblocking = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    let Ok(file) = readable(file) else { return Ok(None) };
    let (mut bytes, mut piece) = (Vec::new(), vec![0; PIECE]);
    loop {
        let read = file.async_io(Interest::READABLE, |mut file: &File| file.read(&mut piece)).await?;
        if read == 0 {
            return Ok(Some(bytes.into()));
        }
        bytes.extend_from_slice(piece.get(..read).unwrap_or_default());
        if bytes.len() as u64 > MOST_UNSIZED {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
    }
}
