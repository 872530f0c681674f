//! `saga/shared-run-state`: an orchestrator that serves many runs keeps nothing of one of them.

use super::Said;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule = Rule { id: "saga/shared-run-state", severity: Severity::Error, stage: Stage::Preview, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        for (place, field) in &saga.conduct.shared {
            Said {
                place: *place,
                message: format!("all runs of `{}` share `{field}`", saga.name),
                why: "two orders at the same time, or one after the other, undo each other's steps".into(),
                help: "keep what belongs to a run in local variables and in its row, or make an object for each run that refuses a second one".into(),
                related: vec![(saga.place, format!("one `{}` serves all runs", saga.name))],
            }
            .report(&RULE, system, out);
        }
    }
}
