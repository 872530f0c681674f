//! `saga/missing-version`: a write of the saga's row notices that somebody else wrote it.

use super::Said;
use crate::extract::Presence;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule = Rule { id: "saga/missing-version", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        if !saga.conduct.version.is_absent() {
            continue;
        }
        let Presence::Present(place) = saga.persisted else { continue };
        Said {
            place,
            message: format!("two processes can write the state of the same saga of `{}`", saga.name),
            why: "after a slow step or a restart two processes go on with one saga: the later write wins, and steps run twice or are undone while they run".into(),
            help: "add a version to the row, write `… SET version = version + 1 WHERE id = $1 AND version = $2`, and drop the run when no row was changed; or hold a lease".into(),
            related: vec![(saga.place, format!("`{}` carries out the steps", saga.name))],
        }
        .report(&RULE, system, out);
    }
}
