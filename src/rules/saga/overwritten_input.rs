//! `saga/overwritten-input`: the input of a run stays as it was given.

use super::Said;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule = Rule { id: "saga/overwritten-input", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        for (place, input) in &saga.conduct.overwritten {
            Said {
                place: *place,
                message: format!("`{}` writes into `{input}`, which its caller gave it", saga.name),
                why: "results overwrite fields of the input with the same name, and a repeated run starts from other data than the first".into(),
                help: "keep results beside the input (`results[step.name] = …`), and give steps both".into(),
                related: vec![(saga.place, format!("`{}` carries out the steps", saga.name))],
            }
            .report(&RULE, system, out);
        }
    }
}
