//! `message-queue/unbounded-redelivery`

use crate::extract::consume::Redelivery;
use crate::rules::{Confidence, Finding, Related, Rule, Severity, Stage};
use crate::system::System;

/// A failing message that comes back for ever.
pub const RULE: Rule =
    Rule { id: "message-queue/unbounded-redelivery", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for consumer in &system.consumers {
        let Redelivery::Unbounded { place, why } = &consumer.redelivery else { continue };
        findings.push(Finding {
            rule: RULE.id,
            severity: RULE.severity,
            confidence: Confidence::High,
            services: system.services_at(consumer.place),
            message: format!("a failing message{} comes back without end: {why}", super::from(consumer)),
            why: "one message that can never succeed keeps the consumer busy at full speed and holds up all others".into(),
            help: match consumer.broker.as_str() {
                "rabbitmq" if consumer.library == "Spring AMQP" => "set `spring.rabbitmq.listener.simple.default-requeue-rejected: false` and give the queue a dead-letter exchange, with `spring.rabbitmq.listener.simple.retry.enabled: true` for a bounded number of attempts before".into(),
                "rabbitmq" => "nack without requeue into a dead-letter exchange, and retry through a queue with a TTL while `x-death` counts the attempts, or use a quorum queue with `x-delivery-limit`".into(),
                "celery" => "set `max_retries` to a number and `retry_backoff=True`".into(),
                _ => "bound the number of deliveries and move the message to a dead-letter channel after the last one".into(),
            },
            place: consumer.place,
            related: if *place == consumer.place {
                Vec::new()
            } else {
                vec![Related { place: *place, message: "put back here".into() }]
            },
        });
    }
}
