//! `saga/unretried-compensation`: a compensation that fails is tried again.

use super::Said;
use crate::extract::saga::CompensationFailure;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule =
    Rule { id: "saga/unretried-compensation", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        if !saga.conduct.undo_retry.is_absent() || matches!(saga.failure, CompensationFailure::None) {
            continue;
        }
        let Some(place) = saga.conduct.undo else { continue };
        Said {
            place,
            message: format!("a compensation of `{}` gets one attempt", saga.name),
            why: "compensations run when something is down already; after one failed attempt the steps before it stay done and the saga half undone".into(),
            help: "repeat the compensation with backoff until it succeeds; when the attempts are used up, store `compensation_failed` with the step and raise an alarm".into(),
            related: vec![(saga.place, format!("`{}` carries out the steps", saga.name))],
        }
        .report(&RULE, system, out);
    }
}
