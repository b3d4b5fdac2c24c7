//! What an I/O error says to people.

use nix::errno::Errno;
use std::io;

/// What is said where the process may open no further file, and the way out.
pub const TOO_MANY_FILES: &str = "too many open files (`ulimit -n` shows the limit and raises it)";

/// The system's words without a number, beginning small: they stand after a colon.
pub fn in_words(error: &io::Error) -> String {
    if error.raw_os_error().map(Errno::from_raw) == Some(Errno::EMFILE) {
        return TOO_MANY_FILES.to_owned();
    }
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_said_without_its_number_and_the_limit_on_files_with_the_way_out() {
        let said = |number| in_words(&io::Error::from_raw_os_error(number));
        assert_eq!(said(Errno::ENOENT as i32), "no such file or directory");
        assert_eq!(said(Errno::EMFILE as i32), TOO_MANY_FILES);
    }
}
