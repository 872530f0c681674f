//! `saga/missing-step-retry`: a step that fails for a moment is tried again before everything is undone.

use super::Said;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule = Rule { id: "saga/missing-step-retry", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        if !saga.conduct.retry.is_absent() {
            continue;
        }
        let Some(place) = saga.conduct.action else { continue };
        Said {
            place,
            message: format!("the first failure of a step makes `{}` undo everything", saga.name),
            why: "most failures of a call are over a second later; a saga that gives up at once cancels orders because a pod was restarted".into(),
            help: "repeat a step that failed for technical reasons a few times with backoff and the same idempotency key; undo at once only what the participant refused (sold out, card declined)".into(),
            related: vec![(saga.place, format!("`{}` carries out the steps", saga.name))],
        }
        .report(&RULE, system, out);
    }
}
