//! Every step of a list, those inside others included.

use super::step::{Action, Step};

/// All steps in reading order; one that holds others stands before them.
pub fn in_order(steps: &[Step]) -> Vec<&Step> {
    let mut all = Vec::new();
    add(steps, &mut all);
    all
}

fn add<'a>(steps: &'a [Step], all: &mut Vec<&'a Step>) {
    for step in steps {
        all.push(step);
        match &step.action {
            Action::Parallel(lanes) => lanes.iter().for_each(|lane| add(&lane.steps, all)),
            Action::Each(each) => add(&each.steps, all),
            Action::Repeat { steps, .. } | Action::Include { steps, .. } => add(steps, all),
            _ => {}
        }
    }
}
