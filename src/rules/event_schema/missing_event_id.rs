//! `event-schema/missing-event-id`

use crate::extract::publish::Kind;
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// An event without an id of its own, by which a consumer could recognise a duplicate.
pub const RULE: Rule =
    Rule { id: "event-schema/missing-event-id", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for publisher in &system.publishers {
        if !matches!(publisher.kind, Kind::Event | Kind::DeadLetter) || !publisher.event_id.is_absent() {
            continue;
        }
        let what = match super::keys(publisher) {
            Some(keys) => format!("{} has no id of its own: the payload has {keys}", super::event(publisher)),
            None => format!("{} has no id of its own", super::event(publisher)),
        };
        let what = if publisher.unnamed.event_id {
            super::unnamed(system, publisher, "id of its own", "or makes one")
        } else {
            what
        };
        let help = match (publisher.broker.as_str(), publisher.library.as_str()) {
            ("rabbitmq", "pika" | "aio-pika") => {
                "give every message a fresh `message_id=str(uuid.uuid4())` in its properties, or an `event_id` field in the payload"
            }
            ("rabbitmq", _) => {
                "give every message a fresh `messageId: randomUUID()` in the options, or an `eventId` field in the payload"
            }
            _ => "add a fresh UUID as `event_id` to what every event carries, or as a header",
        };
        findings.push(Finding {
            rule: RULE.id,
            severity: RULE.severity,
            confidence: Confidence::High,
            services: system.services_at(publisher.place),
            message: what,
            why: "brokers deliver at least once; a business key such as an order id does not tell a repeated message from a second event about the same order".into(),
            help: help.into(),
            place: publisher.place,
            related: Vec::new(),
        });
    }
}
