//! `message-queue/missing-prefetch`: the broker hands over a bounded number of messages at a time.

use std::collections::HashSet;

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `message-queue`.
pub const RULE: Rule =
    Rule { id: "message-queue/missing-prefetch", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    // The consumers of one file share the channel, and the finding.
    let mut seen = HashSet::new();
    for consumer in system.consumers.iter().filter(|c| c.prefetch.bounded.is_absent()) {
        let place = consumer.prefetch.place.unwrap_or(consumer.place);
        if !seen.insert(place.file) {
            continue;
        }
        findings.push(
            Finding::new(
                &RULE,
                system,
                place,
                format!("no limit on the messages{} in flight", super::from(consumer)),
            )
            .why("RabbitMQ pushes the whole backlog to the first consumer: its memory grows, the other replicas idle, and all of it is redelivered when the process dies")
            .help(consumer.prefetch.help.clone()),
        );
    }
}
