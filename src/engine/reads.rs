//! `Reads`: what files have given that keep whoever reads them waiting: a pipe, a terminal. Each is read once, for a pipe
//! gives what is in it to one reader.

use super::lock::locked;
use crate::net::readable;
use crate::script::recipe::MOST_UNSIZED;
use std::collections::HashMap;
use std::fs::{File, OpenOptions, metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::{Arc, Mutex};
use tokio::io::Interest;
use tokio::sync::OnceCell;

/// How much is read at once, in bytes.
const PIECE: usize = 64 << 10;

/// What files of that kind have given, by their paths. Clones share it: the clients of a server, the connections of a command.
#[derive(Debug, Clone, Default)]
pub struct Reads(Arc<Mutex<HashMap<String, Arc<Reading>>>>);

/// What a file gave, once it has been read; none where the kernel cannot say when there is something.
type Reading = OnceCell<Option<Arc<[u8]>>>;

impl Reads {
    pub(super) fn forget(&self) {
        locked(&self.0).clear();
    }

    pub(super) fn of(&self, path: &str) -> Option<Arc<[u8]>> {
        locked(&self.0).get(path)?.get()?.clone()
    }

    /// Reads it, unless that is done; who comes while another reads waits for him. Cancel safe in this sense: what had
    /// been read by then is gone.
    pub(super) async fn read(&self, path: &str) -> io::Result<()> {
        let reading = locked(&self.0).entry(path.to_owned()).or_default().clone();
        reading.get_or_try_init(|| read_to_end(path)).await.map(drop)
    }
}

/// Whether a file is of a kind that can keep its reader waiting.
pub(super) fn may_wait(path: &str) -> bool {
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
