//! What TLS needs of this machine, looked at before anything opens.

use super::output::Output;
use crate::engine::tls_mistakes;
use crate::script::step::{Action, Step};
use crate::text::in_words;
use std::fs::OpenOptions;

/// Where the secrets of connections are written, if anywhere.
const KEY_LOG: &str = "SSLKEYLOGFILE";

/// Whether the `tls` steps among these can be done, as far as it depends on files; why not is told.
pub(super) fn can_be(steps: &[Step], output: &Output) -> bool {
    let mistakes = tls_mistakes(steps);
    output.problems(&mistakes);
    mistakes.is_empty() && (!speaks(steps) || can_be_logged(output))
}

fn speaks(steps: &[Step]) -> bool {
    steps.iter().any(|step| match &step.action {
        Action::Tls(_) => true,
        Action::Each(each) => speaks(&each.steps),
        _ => false,
    })
}

/// Whoever names a file for secrets wants them there: rustls would go on without a word.
fn can_be_logged(output: &Output) -> bool {
    let Some(path) = std::env::var_os(KEY_LOG).filter(|path| !path.is_empty()) else { return true };
    match OpenOptions::new().append(true).create(true).open(&path) {
        Ok(_) => true,
        Err(error) => {
            let path = path.to_string_lossy().into_owned();
            output.error(format!("cannot write {path}, which {KEY_LOG} names: {}", in_words(&error)));
            false
        }
    }
}
