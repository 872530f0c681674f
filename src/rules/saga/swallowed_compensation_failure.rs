//! `saga/swallowed-compensation-failure`: a compensation that fails is retried, recorded or raised,
//! never only logged.

use crate::extract::saga::CompensationFailure;
use crate::rules::{Confidence, Finding, Related, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule =
    Rule { id: "saga/swallowed-compensation-failure", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        let CompensationFailure::Swallowed(places) = &saga.failure else { continue };
        for &place in places {
            if out.iter().any(|f| f.rule == RULE.id && f.place == place) {
                continue;
            }
            out.push(Finding {
                rule: RULE.id,
                severity: RULE.severity,
                confidence: Confidence::Medium,
                services: system.services_at(place),
                message: format!("a compensation of `{}` that fails is dropped here", saga.name),
                why: "the saga ends as if it were rolled back, and nobody learns that a step is still done".into(),
                help: "retry the compensation with backoff; when the attempts are used up, store a state of its own (`compensation_failed`, with the step) and raise".into(),
                place,
                related: vec![Related { place: saga.place, message: format!("`{}` runs the compensations", saga.name) }],
            });
        }
    }
}
