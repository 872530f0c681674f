//! `saga/step-outside-outbox`: the state and the next command are stored in one transaction.

use super::Said;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule =
    Rule { id: "saga/step-outside-outbox", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.reply_driven {
        let Some((saved, sent)) = saga.split else { continue };
        // The rule about messages says it where the database and the broker are known.
        if system.dual_writes.iter().any(|d| d.place.file == saved.file) {
            continue;
        }
        Said {
            place: sent,
            message: format!("`{}` stores its state and sends the command apart", saga.name),
            why: "when the process dies between the two, the saga waits for a reply to a command that was never sent, or a step runs that the state knows nothing of".into(),
            help: "insert the command into an outbox table in the transaction that stores the state, and let a relay send it".into(),
            related: vec![(saved, "the state is stored here".to_string())],
        }
        .report(&RULE, system, out);
    }
}
