//! `message-queue/non-idempotent-consumer`

use crate::extract::consume::Idempotency;
use crate::rules::{Confidence, Finding, Related, Rule, Severity, Stage};
use crate::system::System;

/// A handler that does its work twice when a message is delivered twice.
pub const RULE: Rule =
    Rule { id: "message-queue/non-idempotent-consumer", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for consumer in &system.consumers {
        for handler in &consumer.handlers {
            let of = match handler.function.as_ref().filter(|(name, _)| !name.is_empty()) {
                Some((name, _)) => format!("`{name}`"),
                None => "the handler".to_string(),
            };
            let (message, why, related) = match &handler.idempotency {
                Idempotency::No { effect, what } => (
                    format!("{of} {what} again when a message is delivered twice"),
                    format!("{} redelivers after a crash, a timeout or a rebalance", broker(&consumer.broker)),
                    vec![Related { place: *effect, message: format!("it {what} here, and nothing recognises a duplicate before") }],
                ),
                Idempotency::InMemory { guard, effect, what } => (
                    format!("{of} recognises duplicates only by a collection in memory and {what} again after a restart"),
                    "the collection is empty after a restart, which is when messages are redelivered, and other replicas do not see it".to_string(),
                    vec![
                        Related { place: *guard, message: "duplicates are looked up in memory here".into() },
                        Related { place: *effect, message: format!("it {what} here") },
                    ],
                ),
                _ => continue,
            };
            findings.push(Finding {
                rule: RULE.id,
                severity: RULE.severity,
                confidence: Confidence::Medium,
                services: system.services_at(handler.place),
                message,
                why,
                help: "store the event's id under a unique key in the same transaction as the work (`INSERT … ON CONFLICT DO NOTHING`) and skip the work when it was there already".into(),
                place: handler.place,
                related,
            });
        }
    }
}

fn broker(name: &str) -> &str {
    match name {
        "rabbitmq" => "RabbitMQ",
        "kafka" => "Kafka",
        "sqs" => "SQS",
        "redis" => "the queue",
        "nats" => "NATS",
        "celery" => "Celery's broker",
        _ => "the broker",
    }
}
