//! `message-queue/unconfirmed-publish`

use crate::extract::publish::Kind;
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// A message is handed over and nobody waits for the broker to say that it has it.
pub const RULE: Rule =
    Rule { id: "message-queue/unconfirmed-publish", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for publisher in &system.publishers {
        if matches!(publisher.kind, Kind::Reply | Kind::Telemetry) || !publisher.confirmed.is_absent() {
            continue;
        }
        let to = publisher.channel().map_or_else(String::new, |c| format!(" to `{c}`"));
        findings.push(Finding {
            rule: RULE.id,
            severity: RULE.severity,
            confidence: Confidence::High,
            services: system.services_at(publisher.place),
            message: format!("`{}` publishes{to} without waiting for the broker's confirmation", publisher.method),
            why: format!(
                "when {} is down or refuses the message, it is lost and the service goes on as if it had been sent",
                publisher.broker
            ),
            help: publisher.confirm_help.clone(),
            place: publisher.place,
            related: Vec::new(),
        });
    }
}
