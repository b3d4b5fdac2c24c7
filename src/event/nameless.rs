//! `Nameless`: a file that has no name before it is whole, so that no end of the program leaves a part of it.

use nix::fcntl::{AtFlags, OFlag};
use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::Path;
use tempfile::{Builder, TempPath};

/// What a file is called for a moment, or where the file system knows none without a name.
const PREFIX: &str = ".sockdrill-";

/// The umask takes from this what it takes from any new file.
const MODE: u32 = 0o666;

/// A file in a directory that nobody sees.
#[derive(Debug)]
pub struct Nameless {
    file: File,
    /// The name it has all the same, where it cannot be without one.
    named: Option<TempPath>,
}

impl Nameless {
    /// An empty file in `directory`; an error where no file could be made there.
    pub fn new(directory: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).mode(MODE).custom_flags(OFlag::O_TMPFILE.bits());
        match options.open(directory) {
            // Its name is given by way of /proc.
            Ok(file) if Path::new("/proc/self/fd").exists() => Ok(Self { file, named: None }),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
            _ => Self::hidden(directory),
        }
    }

    fn hidden(directory: &Path) -> io::Result<Self> {
        let mut builder = Builder::new();
        builder.prefix(PREFIX).permissions(Permissions::from_mode(MODE));
        let (file, path) = builder.tempfile_in(directory)?.into_parts();
        Ok(Self { file, named: Some(path) })
    }

    /// Gives it the mode of a file that it will replace, and the owner where we may.
    pub fn become_like(&self, before: &Metadata) -> io::Result<()> {
        // The mode comes after, for the owner's change takes from it.
        let _ = fchown(&self.file, Some(before.uid()), Some(before.gid()));
        self.file.set_permissions(before.permissions())
    }

    /// Puts the file at `path`, in the directory that it was made in; what was there before is replaced
    /// at once, and on an error it is still there.
    pub fn persist(self, path: &Path) -> io::Result<()> {
        if let Some(named) = self.named {
            return named.persist(path).map_err(|error| error.error);
        }
        match link(&self.file, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            linked => return linked,
        }
        // A name can be given to nothing that has one: for a moment the file has another.
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut builder = Builder::new();
        let beside = builder.prefix(PREFIX);
        let beside =
            beside.make_in(directory.unwrap_or(Path::new(".")), |beside| link(&self.file, beside))?;
        beside.into_temp_path().persist(path).map_err(|error| error.error)
    }
}

impl Write for Nameless {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn link(file: &File, path: &Path) -> io::Result<()> {
    let descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
    let here = nix::fcntl::AT_FDCWD;
    Ok(nix::unistd::linkat(here, descriptor.as_str(), here, path, AtFlags::AT_SYMLINK_FOLLOW)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> usize {
        std::fs::read_dir(directory).unwrap().count()
    }

    #[test]
    fn a_file_is_seen_when_it_is_whole_and_replaces_what_was_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report");
        for text in ["first", "second"] {
            for make in [Nameless::new, Nameless::hidden] {
                let mut file = make(directory.path()).unwrap();
                file.write_all(text.as_bytes()).unwrap();
                file.persist(&path).unwrap();
                assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
                assert_eq!(names(directory.path()), 1);
            }
        }
        drop(Nameless::new(directory.path()).unwrap());
        drop(Nameless::hidden(directory.path()).unwrap());
        assert_eq!(names(directory.path()), 1);
    }
}
