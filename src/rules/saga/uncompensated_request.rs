//! `saga/uncompensated-request`: a request that changes another service is undone when what comes behind it fails.

use super::Said;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule =
    Rule { id: "saga/uncompensated-request", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for chained in &system.chained {
        let (name, later) = (&chained.name, &chained.later_name);
        let request = chained.request.map(|place| (place, "the request that changes the other service".to_owned()));
        let fails = (chained.later, format!("when `{later}` fails, `{name}` stays done"));
        Said {
            place: chained.place,
            message: format!("`{}` changes another service by `{name}` and goes on to what can fail", chained.function),
            why: format!("when `{later}` fails behind it, what `{name}` changed in the other service is never undone"),
            help: format!(
                "undo `{name}` (release, refund, cancel) where `{later}` fails, and store how far it came before each step, so that a restart goes on from there; or make `{name}` the last step that may fail"
            ),
            related: request.into_iter().chain([fails]).collect(),
        }
        .report(&RULE, system, out);
    }
}
