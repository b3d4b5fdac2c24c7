//! From paths to scenario files: files as they are, directories searched.

use crate::text::{Diagnostic, Severity, did_you_mean};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// The files that paths stand for.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// In the order of the arguments, below each sorted by path; each file once.
    pub files: Vec<PathBuf>,
    /// The directory that all of them are in; none where a single file was named.
    pub root: Option<PathBuf>,
}

/// Finds the scenario files of `paths`; everything that is missing or cannot be read is told.
pub(super) fn find(paths: &[PathBuf]) -> Result<Found, Vec<Diagnostic>> {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => search(path, &mut files, &mut problems),
            Ok(_) => files.push(path.clone()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => problems.push(missing(path)),
            Err(error) => problems.push(Diagnostic::from((path.as_path(), &error))),
        }
    }
    if files.is_empty() && problems.is_empty() {
        problems.push(nothing_in(paths));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(fs::canonicalize(file).unwrap_or_else(|_| file.clone())));
    let root = if matches!(paths, [only] if !only.is_dir()) { None } else { common(paths) };
    Ok(Found { files, root })
}

/// The deepest directory that holds all of these, as far as their names say.
fn common(paths: &[PathBuf]) -> Option<PathBuf> {
    let directory =
        |path: &PathBuf| if path.is_dir() { Some(path.clone()) } else { path.parent().map(Path::to_owned) };
    let mut root = directory(paths.first()?)?;
    for path in paths {
        while !path.starts_with(&root) {
            // One is absolute and another is not: they share nothing.
            if !root.pop() {
                return None;
            }
        }
    }
    Some(root)
}

/// Adds the scenario files below `directory`: those of `parts` are pieces that others include, and
/// links to directories are not followed, for they may lead back.
fn search(directory: &Path, files: &mut Vec<PathBuf>, problems: &mut Vec<Diagnostic>) {
    let entries = match fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => entries,
        Err(error) => return problems.push(Diagnostic::from((directory, &error))),
    };
    let mut found: Vec<(PathBuf, bool)> = entries
        .into_iter()
        .filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."))
        .map(|entry| (entry.path(), entry.file_type().is_ok_and(|kind| kind.is_dir())))
        .collect();
    found.sort();
    for (path, is_directory) in found {
        if is_directory {
            if path.file_name() != Some(OsStr::new("parts")) {
                search(&path, files, problems);
            }
        } else if is_scenario(&path) && path.is_file() {
            files.push(path);
        }
    }
}

/// Whether a file is a scenario by its name.
pub(super) fn is_scenario(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn nothing_in(paths: &[PathBuf]) -> Diagnostic {
    let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    let what = format!("there is no scenario in {}", paths.join(", "));
    Diagnostic::new(Severity::Error, what, None)
        .help("looked for *.yaml and *.yml, not in hidden directories and not in those called `parts`")
}

fn missing(path: &Path) -> Diagnostic {
    let what = format!("there is no file or directory {}", path.display());
    let near = match path.to_str() {
        Some("-") => Some("`/dev/stdin` is standard input".to_owned()),
        _ => near(path).map(|near| format!("did you mean {}?", near.display())),
    };
    Diagnostic::new(Severity::Error, what, None).maybe_help(near)
}

/// A path that exists and looks like this one, which does not.
fn near(path: &Path) -> Option<PathBuf> {
    // The first part that is missing is the one that is misspelled.
    let wrong = path.ancestors().filter(|part| !part.as_os_str().is_empty() && !part.exists()).last()?;
    let parent = wrong.parent().filter(|parent| !parent.as_os_str().is_empty());
    let siblings = fs::read_dir(parent.unwrap_or(Path::new("."))).ok()?;
    let names: Vec<String> =
        siblings.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let word = wrong.file_name()?.to_string_lossy();
    let stem = |name: &&str| Path::new(name).file_stem() == Some(OsStr::new(word.as_ref()));
    let names = || names.iter().map(String::as_str);
    // In a short name a swapped pair is already too much for `did_you_mean`.
    let swapped = |name: &&str| letters(name) == letters(&word);
    // Results are shown without `.yaml`: people paste them.
    let name =
        names().find(stem).or_else(|| names().find(swapped)).or_else(|| did_you_mean(&word, names()))?;
    let right = parent.map_or_else(|| PathBuf::from(name), |parent| parent.join(name));
    let rest = path.strip_prefix(wrong).ok()?;
    let whole = if rest.as_os_str().is_empty() { right.clone() } else { right.join(rest) };
    Some(if whole.exists() { whole } else { right })
}

fn letters(name: &str) -> Vec<char> {
    let mut letters: Vec<char> = name.chars().collect();
    letters.sort_unstable();
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for file in files {
            let path = directory.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        directory
    }

    #[test]
    fn directories_are_searched_and_sorted_without_parts_and_hidden_ones() {
        let tree = tree(&[
            "b/x.yaml",
            "a.yml",
            "b/parts/p.yaml",
            ".git/h.yaml",
            "b/readme.md",
            "b/.x.yaml",
            "b/a.yaml",
        ]);
        std::os::unix::fs::symlink(tree.path(), tree.path().join("b/again")).unwrap();
        let found = find(&[tree.path().to_owned()]).unwrap();
        let names: Vec<_> = found.files.iter().map(|file| file.strip_prefix(tree.path()).unwrap()).collect();
        assert_eq!(names, [Path::new("a.yml"), Path::new("b/a.yaml"), Path::new("b/x.yaml")]);
        assert_eq!(found.root.as_deref(), Some(tree.path()));
    }

    #[test]
    fn a_file_is_played_once_whatever_names_it() {
        let tree = tree(&["a.yaml"]);
        let file = tree.path().join("a.yaml");
        assert_eq!(
            find(&[file.clone(), tree.path().join("./a.yaml"), tree.path().to_owned()]).unwrap().files,
            [file]
        );
    }

    #[test]
    fn the_root_is_what_all_arguments_share() {
        let common = |paths: &[&str]| common(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(common(&["a/b/x.yaml", "a/b/y.yaml", "a/c/z.yaml"]), Some("a".into()));
        assert_eq!(common(&["a/x.yaml", "b/y.yaml"]), Some("".into()));
        assert_eq!(common(&["/a/x.yaml", "b/y.yaml"]), None);
        assert_eq!(common(&["src", "src/cli"]), Some("src".into()));
    }

    #[test]
    fn the_misspelled_part_of_a_path_is_the_one_that_is_corrected() {
        let tree = tree(&["scenarios/tcp/greeting.yaml"]);
        let help = |path: &str| find(&[tree.path().join(path)]).unwrap_err().remove(0).help.join(" ");
        assert!(help("scenarois/tcp").ends_with("/scenarios/tcp?"));
        assert!(help("scenarios/tcp/greeting").ends_with("/scenarios/tcp/greeting.yaml?"));
        assert!(help("scenarios/tpc/greeting.yaml").ends_with("/scenarios/tcp/greeting.yaml?"));
        assert_eq!(help("nothing-like-it"), "");
    }
}
