//! The file that SSLKEYLOGFILE names, which the secrets of TLS go to. rustls has one that fails without a word; this
//! one keeps what was wrong, so that it can be said.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use data_encoding::HEXLOWER;

use crate::text::in_words;

/// The variable that names the file, which Wireshark and browsers know too.
const NAMED_BY: &str = "SSLKEYLOGFILE";

/// The file of this process.
#[derive(Debug)]
pub(super) struct KeyLog {
    path: OsString,
    file: Option<File>,
    /// The first thing that kept a secret from being written.
    problem: OnceLock<String>,
    told: AtomicBool,
}

/// The one that the environment names, once it was asked for.
static NAMED: OnceLock<Option<Arc<KeyLog>>> = OnceLock::new();

fn named() -> Option<&'static Arc<KeyLog>> {
    let open = || {
        let path = std::env::var_os(NAMED_BY).filter(|path| !path.is_empty())?;
        Some(Arc::new(KeyLog::open(path)))
    };
    NAMED.get_or_init(open).as_ref()
}

/// Who takes the secrets of a connection.
pub(super) fn key_log() -> Arc<dyn rustls::KeyLog> {
    match named() {
        Some(log) => Arc::clone(log) as Arc<dyn rustls::KeyLog>,
        None => Arc::new(rustls::NoKeyLog),
    }
}

/// Opens the file that SSLKEYLOGFILE names, if it names one; why that cannot be done, in one sentence.
pub fn open_key_log() -> Result<(), String> {
    named().and_then(|log| log.problem.get().cloned()).map_or(Ok(()), Err)
}

/// What has kept secrets from that file so far, in one sentence.
pub fn key_log_problem() -> Option<String> {
    NAMED.get()?.as_ref()?.problem.get().cloned()
}

/// As `key_log_problem`, but once a process.
pub fn key_log_problem_once() -> Option<String> {
    let problem = key_log_problem()?;
    let log = NAMED.get()?.as_ref()?;
    (!log.told.swap(true, Ordering::SeqCst)).then_some(problem)
}

impl KeyLog {
    fn open(path: OsString) -> Self {
        let opened = OpenOptions::new().append(true).create(true).open(&path);
        let log = Self { path, file: None, problem: OnceLock::new(), told: AtomicBool::new(false) };
        match opened {
            Ok(file) => Self { file: Some(file), ..log },
            Err(error) => {
                log.keep(&error);
                log
            }
        }
    }

    fn keep(&self, error: &std::io::Error) {
        let path = self.path.to_string_lossy();
        let _ = self.problem.set(format!("cannot write {path}, which {NAMED_BY} names: {}", in_words(error)));
    }
}

impl rustls::KeyLog for KeyLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let Some(mut file) = self.file.as_ref() else { return };
        let (random, secret) = (HEXLOWER.encode(client_random), HEXLOWER.encode(secret));
        // One write, which others that append to the file cannot come between.
        if let Err(error) = file.write_all(format!("{label} {random} {secret}\n").as_bytes()) {
            self.keep(&error);
        }
    }

    fn will_log(&self, _label: &str) -> bool {
        self.file.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::KeyLog as _;

    #[test]
    fn a_secret_is_a_line_and_what_keeps_it_out_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secrets");
        for _ in 0..2 {
            KeyLog::open(path.clone().into()).log("CLIENT_RANDOM", &[0x0a, 0xff], &[1]);
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "CLIENT_RANDOM 0aff 01\n".repeat(2));
        let missing = KeyLog::open(directory.path().join("missing/x").into());
        assert!(
            !missing.will_log("") && missing.problem.get().unwrap().ends_with("no such file or directory")
        );
        let full = KeyLog::open("/dev/full".into());
        assert_eq!(full.problem.get(), None);
        full.log("CLIENT_RANDOM", &[0], &[1]);
        let problem = "cannot write /dev/full, which SSLKEYLOGFILE names: no space left on device";
        assert_eq!(full.problem.get().unwrap(), problem);
    }
}
