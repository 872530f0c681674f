//! `message-queue/transient-message`

use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// A message that a restart of the broker deletes, even from a durable queue.
pub const RULE: Rule =
    Rule { id: "message-queue/transient-message", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for publisher in system.publishers.iter().filter(|p| p.persistent.is_absent()) {
        let to = publisher.channel().map_or_else(String::new, |c| format!(" to `{c}`"));
        findings.push(Finding {
            rule: RULE.id,
            severity: RULE.severity,
            confidence: Confidence::High,
            services: system.services_at(publisher.place),
            message: format!("`{}` sends a transient message{to}", publisher.method),
            why: format!(
                "{} messages are transient unless told otherwise; a restart of the broker deletes them, also from durable queues",
                publisher.library
            ),
            help: publisher.persistent_help.clone(),
            place: publisher.place,
            related: Vec::new(),
        });
    }
    for publisher in system.publishers.iter().filter(|p| p.persistent.is_present()) {
        let Some((declared, help)) = &publisher.fragile_queue else { continue };
        let to = publisher.channel().map_or_else(String::new, |c| format!(" `{c}`"));
        findings.push(
            Finding::new(
                &RULE,
                system,
                publisher.place,
                format!("`{}` sends a persistent message to the queue{to}, which is not durable", publisher.method),
            )
            .also(*declared, "the queue is declared here")
            .why("A restart of the broker deletes the queue and every message in it, persistent or not")
            .help(help.clone()),
        );
    }
}
