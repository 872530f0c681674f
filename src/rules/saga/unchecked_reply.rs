//! `saga/unchecked-reply`: a reply moves a saga on only when it is the one that is waited for.

use super::Said;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule = Rule { id: "saga/unchecked-reply", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.reply_driven {
        for (place, method, changed) in &saga.unchecked {
            Said {
                place: *place,
                message: format!("`{method}` of `{}` takes every reply for the one it waits for", saga.name),
                why: "brokers deliver twice and late: a repeated reply skips a step, one that comes after a failure completes a saga that is being undone".into(),
                help: "compare first: go on only when the saga is in the state, and at the step, that the reply answers; drop and log anything else".into(),
                related: vec![(*changed, "the saga is moved on here".to_string())],
            }
            .report(&RULE, system, out);
        }
    }
}
