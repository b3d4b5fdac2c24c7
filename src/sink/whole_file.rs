//! `WholeFile`: a report that is there whole or not at all.

use crate::event::Nameless;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How much of a growing file is written at once, and how much where somebody may be reading meanwhile.
const AT_ONCE: usize = 256 << 10;
const AT_ONCE_TO_A_READER: usize = 8 << 10;

/// A file that will be written at once: it has no name before it is whole.
#[derive(Debug)]
pub struct WholeFile {
    name: String,
    at: At,
}

#[derive(Debug)]
enum At {
    /// It is made beside what is there, and put in its place.
    Path(PathBuf),
    /// A pipe or a device, which has no beside: it is written to as it is.
    Special(PathBuf),
    /// The same, open: a stream may have no path that could be opened.
    Open(fs::File),
}

impl WholeFile {
    /// The file that will be at `path`. Whether it can be written is found out now and not after the
    /// run: the error is that of a file made there and removed again.
    pub fn new(path: &Path) -> io::Result<Self> {
        Ok(Self { name: path.display().to_string(), at: At::of(path)? })
    }

    /// A stream that is open, which problems call `name`: it is written to as it is.
    pub fn stream(file: fs::File, name: &str) -> Self {
        Self { name: name.to_owned(), at: At::Open(file) }
    }

    /// What problems call it.
    pub fn target(&self) -> String {
        self.name.clone()
    }

    fn open(&self) -> io::Result<Pieces> {
        match &self.at {
            At::Path(path) => Ok(Pieces::Beside(beside(path)?, path.clone())),
            At::Special(path) => appending(path).map(Pieces::Special),
            At::Open(file) => file.try_clone().map(Pieces::Special),
        }
    }

    /// Begins to write piece by piece; nothing is to be seen at the path before `Growing::finish`.
    pub fn begin(&self) -> io::Result<Growing> {
        let pieces = self.open()?;
        let at_once = if matches!(pieces, Pieces::Beside(..)) { AT_ONCE } else { AT_ONCE_TO_A_READER };
        Ok(Growing(io::BufWriter::with_capacity(at_once, pieces)))
    }

    /// Writes all of `bytes`; on an error what was there before is still there.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut growing = self.begin()?;
        growing.write_all(bytes)?;
        growing.finish()
    }
}

impl At {
    fn of(path: &Path) -> io::Result<Self> {
        // A stream that is open already, such as /dev/stdout, may be a file; others write to it too.
        if path.starts_with("/dev") || path.starts_with("/proc") {
            appending(path)?;
            return Ok(Self::Special(path.to_owned()));
        }
        // Through links, so that the file and not the link is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            // To open a pipe is to wait for its reader: not before there is something to read.
            Ok(found) if !found.is_file() => Ok(Self::Special(path)),
            _ => beside(&path).map(|_| Self::Path(path)),
        }
    }
}

fn appending(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().append(true).open(path)
}

fn beside(path: &Path) -> io::Result<Nameless> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let file = Nameless::new(directory.unwrap_or(Path::new(".")))?;
    if let Ok(before) = fs::metadata(path) {
        file.become_like(&before)?;
    }
    Ok(file)
}

/// A file that is written piece by piece, and is there when it is finished.
#[derive(Debug)]
pub struct Growing(io::BufWriter<Pieces>);

#[derive(Debug)]
enum Pieces {
    /// With the path that it is put at.
    Beside(Nameless, PathBuf),
    Special(fs::File),
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Beside(file, _) => file.write(bytes),
            Self::Special(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Growing {
    /// Puts the file in its place; on an error what was there before is still there.
    pub fn finish(self) -> io::Result<()> {
        match self.0.into_inner()? {
            Pieces::Beside(file, path) => file.persist(&path),
            Pieces::Special(_) => Ok(()),
        }
    }
}

impl Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.xml");
        fs::write(&path, "before").unwrap();
        let file = WholeFile::new(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"before");
        file.write(b"after").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"after");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.yaml");
        fs::write(&path, "before").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        WholeFile::new(&path).unwrap().write(b"after").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o750);
    }

    #[test]
    fn a_link_stays_a_link_and_a_device_stays_a_device() {
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real"), directory.path().join("link"));
        fs::write(&real, "").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        WholeFile::new(&link).unwrap().write(b"x").unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"x");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        WholeFile::new(Path::new("/dev/null")).unwrap().write(b"x").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn what_cannot_be_written_is_known_at_once() {
        let directory = tempfile::tempdir().unwrap();
        assert!(WholeFile::new(&directory.path().join("missing/report.xml")).is_err());
        assert!(WholeFile::new(directory.path()).is_err());
    }
}
