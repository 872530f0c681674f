//! `saga/compensation-without-result`: a compensation gets what its step gave.

use super::Said;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule =
    Rule { id: "saga/compensation-without-result", severity: Severity::Error, stage: Stage::Preview, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        for (place, step, given) in &saga.conduct.dropped {
            Said {
                place: *place,
                message: format!("what step `{step}` of `{}` gives (`{given}`) is dropped", saga.name),
                why: "its compensation can't say what to undo: the payment, the reservation has an id that nobody kept"
                    .into(),
                help: "store the result of each step with the saga's state, and hand it to the compensation".into(),
                related: vec![(saga.place, format!("`{}` carries out the steps", saga.name))],
            }
            .report(&RULE, system, out);
        }
    }
}
