//! What a `tls` step needs, looked at before anything opens: a certificate that cannot be read is a mistake of the
//! command, not of every client.

use super::reads::may_wait;
use crate::net::{NetError, TlsSettings, TlsSide};
use crate::script::step::{Action, Step, Tls};
use crate::script::template::Template;
use crate::text::Diagnostic;

/// The mistakes in the certificates, keys and names of the `tls` steps among these. What is filled in when a step runs
/// is not looked at.
pub fn tls_mistakes(steps: &[Step]) -> Vec<Diagnostic> {
    let of = |step: &Step| match &step.action {
        Action::Tls(tls) => {
            prove(tls).err().map(|error| Diagnostic::error(error.message, &step.place)).into_iter().collect()
        }
        Action::Each(each) => tls_mistakes(&each.steps),
        _ => Vec::new(),
    };
    steps.iter().flat_map(of).collect()
}

fn prove(tls: &Tls) -> Result<(), NetError> {
    let mut files = [&tls.ca, &tls.cert, &tls.key].into_iter().flatten().filter_map(text);
    // A pipe can be read only once, and may keep its reader waiting: the handshake reads it.
    if files.any(|file| may_wait(&file)) {
        return Ok(());
    }
    let settings = TlsSettings {
        name: tls.name.as_ref().and_then(text),
        ca: file(tls.ca.as_ref())?,
        insecure: tls.insecure,
        cert: file(tls.cert.as_ref())?,
        key: file(tls.key.as_ref())?,
        ..TlsSettings::new(if tls.server { TlsSide::Server } else { TlsSide::Client })
    };
    settings.prove()
}

fn text(template: &Template) -> Option<String> {
    template.as_literal().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn file(path: Option<&Template>) -> Result<Option<Vec<u8>>, NetError> {
    let Some(path) = path.and_then(text) else { return Ok(None) };
    std::fs::read(&path).map(Some).map_err(|error| NetError::io(path, &error))
}
