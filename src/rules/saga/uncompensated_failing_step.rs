//! `saga/uncompensated-failing-step`: the step that failed is undone too: it may have taken effect.

use super::Said;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule =
    Rule { id: "saga/uncompensated-failing-step", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        let Some(place) = saga.conduct.noted_late else { continue };
        let mut related = vec![(saga.place, format!("`{}` carries out the steps", saga.name))];
        related.extend(saga.conduct.undo.map(|undo| (undo, "undone here".to_string())));
        Said {
            place,
            message: format!("`{}` does not undo the step that failed", saga.name),
            why: "a call that timed out or lost its answer may have taken effect (the card is charged); only the steps before it are undone".into(),
            help: "note the step before its call, and make its compensation harmless when nothing happened (it finds the effect by the idempotency key); skip it only when the participant refused".into(),
            related,
        }
        .report(&RULE, system, out);
    }
}
