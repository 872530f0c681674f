//! `saga/missing-step-timeout`: a step that hangs is given up.

use super::Said;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule = Rule { id: "saga/missing-step-timeout", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        if !saga.conduct.timeout.is_absent() {
            continue;
        }
        let Some(place) = saga.conduct.action else { continue };
        Said {
            place,
            message: format!("a step of `{}` may take for ever", saga.name),
            why: "a participant that accepts the call and never answers leaves the saga running: it is neither completed nor undone".into(),
            help: "bound each step (`asyncio.timeout(10)`, `AbortSignal.timeout(10_000)` that the step listens to), and treat one that ran out of time as in doubt: repeat it with the same key, or undo it".into(),
            related: vec![(saga.place, format!("`{}` carries out the steps", saga.name))],
        }
        .report(&RULE, system, out);
    }
    for saga in &system.reply_driven {
        let Some(place) = saga.untimed else { continue };
        Said {
            place,
            message: format!("`{}` waits for a reply for ever", saga.name),
            why: "a reply that never comes (a crashed participant, a lost message) leaves the saga as it is, and nothing notices".into(),
            help: "store a deadline with the state before the command is sent, and let a periodic job treat what is overdue as failed".into(),
            related: vec![(saga.place, format!("`{}` moves on by replies", saga.name))],
        }
        .report(&RULE, system, out);
    }
}
