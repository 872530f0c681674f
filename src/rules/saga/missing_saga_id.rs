//! `saga/missing-saga-id`: each run has an id, which its logs and its steps carry.

use super::Said;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule = Rule { id: "saga/missing-saga-id", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        if !saga.conduct.id.is_absent() {
            continue;
        }
        let Some(place) = saga.conduct.action else { continue };
        Said {
            place,
            message: format!("`{}` runs its steps without an id of the saga", saga.name),
            why: "logs, stored state and repeated calls of one run can't be told from those of another, and a step that is sent twice is done twice".into(),
            help: "take the saga's id as an argument (a UUID that the caller makes, or the order's), write it into each log line and row, and hand it to each step as its idempotency key".into(),
            related: std::iter::once((saga.place, format!("`{}` carries out the steps", saga.name)))
                .chain(saga.conduct.entries.iter().map(|place| (*place, "a run begins here".to_string())))
                .collect(),
        }
        .report(&RULE, system, out);
    }
}
