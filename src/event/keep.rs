//! `Keep`: a directory for the bytes that no event carries, each in a file that is named by its digest.

use super::nameless::Nameless;
use data_encoding::HEXLOWER;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A directory that bytes are kept in. The same bytes are kept once, whoever sent or received them.
#[derive(Debug)]
pub struct Keep {
    directory: PathBuf,
    /// The first thing that could not be written.
    failed: Mutex<Option<io::Error>>,
}

impl Keep {
    /// Keeps bytes in `directory`, which is made where it is not there; an error if nothing can be written
    /// in it.
    pub fn new(directory: &Path) -> io::Result<Arc<Self>> {
        std::fs::create_dir_all(directory)?;
        Nameless::new(directory)?;
        Ok(Arc::new(Self { directory: directory.to_owned(), failed: Mutex::default() }))
    }

    /// Begins a file; none where one could not be written before.
    pub(super) fn begin(self: &Arc<Self>) -> Option<Keeping> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_some() {
            return None;
        }
        match Nameless::new(&self.directory) {
            Ok(file) => Some(Keeping { keep: self.clone(), file: Some(BufWriter::new(file)) }),
            Err(error) => {
                *failed = Some(error);
                None
            }
        }
    }

    fn fail(&self, error: io::Error) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// Why not everything could be kept, if it could not.
    pub fn failure(&self) -> Option<io::Error> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Bytes on their way into a file.
#[derive(Debug)]
pub(super) struct Keeping {
    keep: Arc<Keep>,
    /// None once it could not be written.
    file: Option<BufWriter<Nameless>>,
}

impl Keeping {
    /// These follow.
    pub fn add(&mut self, bytes: &[u8]) {
        if let Some(file) = &mut self.file
            && let Err(error) = file.write_all(bytes)
        {
            self.keep.fail(error);
            self.file = None;
        }
    }

    /// Names the file by its digest and says where it is; nothing where it could not be written.
    pub fn finish(self, sha256: &[u8; 32]) -> Option<String> {
        let path = self.keep.directory.join(format!("{}.bin", HEXLOWER.encode(sha256)));
        let file = self.file?.into_inner().map_err(io::IntoInnerError::into_error);
        if let Err(error) = file.and_then(|file| file.persist(&path)) {
            self.keep.fail(error);
            return None;
        }
        Some(path.display().to_string())
    }
}
