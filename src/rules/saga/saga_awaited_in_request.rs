//! `saga/saga-awaited-in-request`: a request starts a saga and does not wait for its end.

use super::Said;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule =
    Rule { id: "saga/saga-awaited-in-request", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        for (place, handler) in &saga.conduct.awaited {
            let who = if handler.is_empty() { "a request handler".to_string() } else { format!("`{handler}`") };
            Said {
                place: *place,
                message: format!("{who} waits for the whole saga `{}`", saga.name),
                why: "the request takes as long as all steps, retries and compensations together; the client gives up before and does not learn the outcome".into(),
                help: "store the saga in the transaction of the request, answer 202 with the address of its state, and let a worker carry it out".into(),
                related: vec![(saga.place, format!("`{}` carries out the steps", saga.name))],
            }
            .report(&RULE, system, out);
        }
    }
}
