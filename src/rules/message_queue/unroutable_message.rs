//! `message-queue/unroutable-message`: a message that no queue takes is no success.

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `message-queue`. A publisher without confirms has a worse problem, and the fix for that one
/// names this too.
pub const RULE: Rule =
    Rule { id: "message-queue/unroutable-message", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for publisher in system.publishers.iter().filter(|p| p.routed.is_absent() && p.confirmed.is_present()) {
        let to = publisher.channel().map_or_else(String::new, |c| format!(" to `{c}`"));
        findings.push(
            Finding::new(
                &RULE,
                system,
                publisher.place,
                format!("`{}`{to} succeeds even when no queue takes the message", publisher.method),
            )
            .why("RabbitMQ confirms a message that it could not route and drops it: before the consumer's queue is bound, or after a typing error in the routing key, nobody learns of the loss")
            .help(publisher.routed_help.clone()),
        );
    }
}
