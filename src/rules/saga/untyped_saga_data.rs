//! `saga/untyped-saga-data`: the data of a saga has a type.

use super::Said;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule = Rule { id: "saga/untyped-saga-data", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        for (place, ty) in &saga.conduct.untyped {
            Said {
                place: *place,
                message: format!("the data of `{}` is `{ty}`", saga.name),
                why: "a step that misspells a field, or reads one of an older version, undoes the wrong thing, and no compiler says so".into(),
                help: "declare what the saga gets and what each step gives, with a version for sagas that are under way (`Step<OrderData>`; `unknown` where it has to be open)".into(),
                related: vec![(saga.place, format!("`{}` carries out the steps", saga.name))],
            }
            .report(&RULE, system, out);
        }
    }
}
