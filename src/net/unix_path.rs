//! `BoundPath`: the file that binding a unix socket made, removed when the last socket bound there closes.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A path made by `bind`; clones share it, and the last one removes it.
#[derive(Debug, Clone)]
#[allow(dead_code, reason = "held for its drop")]
pub(super) struct BoundPath(Arc<File>);

#[derive(Debug)]
struct File {
    path: PathBuf,
    identity: Option<(u64, u64)>,
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

impl BoundPath {
    /// Call right after a successful `bind` to `path`.
    pub(super) fn made(path: &Path) -> Self {
        Self(Arc::new(File { path: path.to_owned(), identity: identity(path) }))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // Somebody may have put a socket of their own there meanwhile: that one stays.
        if self.identity.is_some() && identity(&self.path) == self.identity {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
