//! `message-queue/short-polling`: a receiving call waits until there is a message.

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `message-queue`.
pub const RULE: Rule =
    Rule { id: "message-queue/short-polling", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for consumer in &system.consumers {
        let Some(help) = &consumer.short_poll else { continue };
        findings.push(
            Finding::new(
                &RULE,
                system,
                consumer.place,
                format!("receiving{} comes back at once when there is no message", super::from(consumer)),
            )
            .why("SQS asks only some of its servers then: an answer can be empty although messages wait, and each of the many empty answers is paid for")
            .help(help.clone()),
        );
    }
}
