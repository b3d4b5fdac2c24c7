//! `Saved`: the files that `save` wrote in this session. They are the prompt's own: what else is there is
//! not written over unless that is asked for.

use super::signals::plain;
use crate::text::Diagnostic;
use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What this session has saved: the text of each file as it was written.
#[derive(Debug, Default)]
pub(super) struct Saved(HashMap<PathBuf, String>);

/// A file that will be there once it is kept, and lies beside its place until then.
pub(super) struct Target {
    asked: PathBuf,
    /// Through links, so that the file and not the link is replaced.
    path: PathBuf,
    written: NamedTempFile,
    replaces: bool,
}

impl Saved {
    /// A file to save to at `file`, or why it must not be: something is there that is not as this session
    /// saved it, unless `force` says that it may go.
    pub(super) fn target(&self, file: &Path, force: bool) -> Result<Target, Vec<Diagnostic>> {
        let path = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let shown = file.display();
        let replaces = match fs::metadata(&path) {
            Ok(found) if found.is_dir() => return Err(vec![plain(format!("{shown} is a directory"))]),
            Ok(found) if !found.is_file() => return Err(vec![plain(format!("{shown} is no regular file"))]),
            Ok(_) if force || self.is_own(&path) => true,
            Ok(_) => return Err(self.is_there(file, &path)),
            Err(_) => force && path.is_symlink(),
        };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut builder = tempfile::Builder::new();
        builder.prefix(".sockdrill-").suffix(".yaml");
        // Readable as any new file is: the umask takes from this what it takes from others.
        builder.permissions(Permissions::from_mode(0o666));
        let written = builder.tempfile_in(directory.unwrap_or(Path::new(".")));
        let written = written.map_err(|error| cannot_write(file, &error))?;
        Ok(Target { asked: file.to_owned(), path, written, replaces })
    }

    /// Puts a target in its place; whether something else was there.
    pub(super) fn keep(&mut self, target: Target, text: String) -> Result<bool, Vec<Diagnostic>> {
        let Target { asked, path, written, replaces } = target;
        let kept = if replaces { written.persist(&path) } else { written.persist_noclobber(&path) };
        match kept {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(self.is_there(&asked, &path));
            }
            Err(error) => return Err(cannot_write(&asked, &error.error)),
        }
        self.0.insert(fs::canonicalize(&path).unwrap_or(path), text);
        Ok(replaces)
    }

    /// Whether what is at `path` is what this session wrote there last.
    fn is_own(&self, path: &Path) -> bool {
        let Some(text) = self.0.get(path) else { return false };
        fs::read(path).is_ok_and(|bytes| bytes == text.as_bytes())
    }

    fn is_there(&self, file: &Path, path: &Path) -> Vec<Diagnostic> {
        let shown = file.display();
        let own = self.0.contains_key(path);
        let what = if own { "has changed since it was saved here" } else { "is there already" };
        vec![plain(format!("{shown} {what}")).help(format!("`save --force {shown}` writes over it"))]
    }
}

impl Target {
    /// Where its text is until it is kept.
    pub(super) fn beside(&self) -> &Path {
        self.written.path()
    }

    /// Writes its text.
    pub(super) fn write(&mut self, text: &str) -> Result<(), Vec<Diagnostic>> {
        let result = self.written.write_all(text.as_bytes()).and_then(|()| self.written.flush());
        result.map_err(|error| cannot_write(&self.asked, &error))
    }
}

fn cannot_write(file: &Path, error: &io::Error) -> Vec<Diagnostic> {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "there is no such directory".to_owned(),
        kind => kind.to_string(),
    };
    vec![plain(format!("cannot write {}: {why}", file.display()))]
}
