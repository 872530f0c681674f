//! `saga/mutated-log`: undoing does not change the list of what was done.

use super::Said;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule = Rule { id: "saga/mutated-log", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        for (place, call) in &saga.conduct.mutations {
            Said {
                place: *place,
                message: format!("`{call}` changes the list that `{}` undoes from", saga.name),
                why: "when the compensation is repeated after a failure, the order is turned round again or steps are missing".into(),
                help: "go through a copy (`[...done].reverse()`, `done.toReversed()`, `reversed(done)`), and note what is compensated beside it".into(),
                related: vec![(saga.place, format!("`{}` carries out the steps", saga.name))],
            }
            .report(&RULE, system, out);
        }
    }
}
