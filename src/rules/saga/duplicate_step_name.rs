//! `saga/duplicate-step-name`: the steps of a saga have different names.

use super::Said;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule = Rule { id: "saga/duplicate-step-name", severity: Severity::Error, stage: Stage::Preview, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        for (place, name, first) in &saga.repeated {
            Said {
                place: *place,
                message: format!("`{}` has two steps with the name `{name}`", saga.name),
                why: "state, results and idempotency keys are stored by the name: the second step overwrites the first, or is taken for done".into(),
                help: "give each step a name of its own".into(),
                related: vec![(*first, format!("the first `{name}`"))],
            }
            .report(&RULE, system, out);
        }
    }
}
