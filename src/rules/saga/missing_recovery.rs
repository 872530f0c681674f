//! `saga/missing-recovery`: sagas that a process left unfinished are taken up again.

use super::Said;
use crate::extract::Presence;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule = Rule { id: "saga/missing-recovery", severity: Severity::Error, stage: Stage::Preview, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        if !saga.conduct.recovery.is_absent() {
            continue;
        }
        let Some(place) = Some(saga.place) else { continue };
        Said {
            place,
            message: format!("`{}` stores its state, and nothing reads it after a restart", saga.name),
            why: "a saga whose process dies stays `running` or `compensating` for ever: the row is there, and nobody goes on with it".into(),
            help: "at start-up and then every few seconds, load the sagas that are `running` or `compensating` and not leased to anyone (`FOR UPDATE SKIP LOCKED`), and go on where the row says".into(),
            related: match &saga.persisted {
                Presence::Present(place) => vec![(*place, "the state is stored here".to_string())],
                _ => Vec::new(),
            },
        }
        .report(&RULE, system, out);
    }
}
