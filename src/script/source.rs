//! The text of a scenario file, as it is on the disk.

use super::yaml::LARGEST_FILE;
use crate::text::{Diagnostic, Severity, Source};
use std::path::Path;
use std::sync::Arc;

/// The text of a scenario file; what is no text, or too much of it, is refused.
pub(super) fn read_source(path: &Path) -> Result<Arc<Source>, Box<Diagnostic>> {
    let name = path.display().to_string();
    let refuse = |what: String| Diagnostic::new(Severity::Error, what, None);
    let unread = |error: std::io::Error| Box::new(Diagnostic::from((path, &error)));
    let metadata = std::fs::metadata(path).map_err(unread)?;
    if metadata.is_file() && metadata.len() > LARGEST_FILE as u64 {
        let size = metadata.len().div_ceil(1 << 20);
        let problem = refuse(format!("{name} is {size} MiB large; a scenario file has at most 16 MiB"));
        return Err(Box::new(
            problem.help("large payloads go into a file of their own: `file: payload.bin`"),
        ));
    }
    let bytes = std::fs::read(path).map_err(unread)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..at).unwrap_or_default();
            let line = memchr::memchr_iter(b'\n', before).count() + 1;
            let problem = refuse(format!("{name} is no text: byte {at}, on line {line}, is not UTF-8"));
            Err(Box::new(problem.help("bytes that are no text are written with `bytes:`, `hex:` or `file:`")))
        }
    }
}
