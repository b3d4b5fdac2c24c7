//! What TLS needs of this machine, looked at before anything opens.

use super::output::Output;
use crate::engine::{key_log_problem, open_key_log, tls_mistakes};
use crate::script::step::{Action, Step};
use crate::text::{Diagnostic, Severity};

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

/// Whoever names a file for secrets wants them there.
fn can_be_logged(output: &Output) -> bool {
    open_key_log().map_err(|problem| output.error(problem)).is_ok()
}

/// Says what a run of scenarios could not write: a verdict does not depend on it, and what passes is told in a line.
pub(super) fn tell_unlogged(output: &Output) {
    if let Some(problem) = key_log_problem() {
        output.problem(&Diagnostic::new(Severity::Warning, problem, None));
    }
}
