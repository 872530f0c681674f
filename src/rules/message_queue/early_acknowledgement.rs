//! `message-queue/early-acknowledgement`

use crate::extract::consume::{Ack, Consumer};
use crate::rules::{Confidence, Finding, Related, Rule, Severity, Stage};
use crate::syntax::Place;
use crate::system::System;

/// A message that is acknowledged before its work is done: a crash in between loses it.
pub const RULE: Rule =
    Rule { id: "message-queue/early-acknowledgement", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let early =
        |consumer: &&Consumer| matches!(consumer.ack, Ack::Before { .. } | Ack::Auto { .. } | Ack::Unawaited { .. });
    let consumers: Vec<&Consumer> = system.consumers.iter().filter(early).collect();
    for (place, consumers) in super::by_configuration(&consumers, common) {
        let consumer = consumers[0];
        let from = super::from_all(&consumers);
        let mut finding = Finding {
            rule: RULE.id,
            severity: RULE.severity,
            confidence: Confidence::High,
            services: super::services(system, &consumers),
            message: String::new(),
            why: "when the process dies or the handler fails in between, the message is gone and nobody notices".into(),
            help: help(consumer),
            place,
            related: super::configured(&consumers),
        };
        finding.related.retain(|related| related.place != place);
        match &consumer.ack {
            Ack::Before { place, work, why } => {
                finding.message = format!("acknowledges messages{from} before they are handled: {why}");
                finding.related.push(Related { place: *place, message: "acknowledged here".into() });
                if let Some(work) = work {
                    finding.related.push(Related { place: *work, message: "the work is done here".into() });
                }
            }
            Ack::Auto { place: Some(place), .. } => {
                finding.message =
                    format!("the {} consumer{from} acknowledges before messages are handled", consumer.library);
                finding.related.push(Related { place: *place, message: "because of this setting".into() });
            }
            Ack::Auto { place: None, why } => {
                finding.message =
                    format!("the {} consumer{from} acknowledges before messages are handled: {why}", consumer.library);
            }
            Ack::Unawaited { call, work } => {
                finding.message = format!(
                    "the {} consumer{from} acknowledges before messages are handled: the handler does not wait for its work",
                    consumer.library
                );
                finding.related.push(Related { place: *call, message: "nothing waits for this call".into() });
                if work != call {
                    finding.related.push(Related { place: *work, message: "the work is done here".into() });
                }
            }
            Ack::After | Ack::Framework | Ack::Unknown => {}
        }
        if consumer.broker == "kafka" && matches!(consumer.ack, Ack::Auto { .. }) {
            // The window is a crash between the background commit and the end of the handler.
            finding.severity = Severity::Warning;
            finding.confidence = Confidence::Medium;
        }
        findings.push(finding);
    }
}

/// What acknowledges for several: their configuration, or the function that takes messages for them.
fn common(consumer: &Consumer) -> Option<Place> {
    let received = consumer.received.filter(|_| matches!(consumer.ack, Ack::Auto { .. }));
    consumer.shared.map(|shared| shared.place).or(received)
}

fn help(consumer: &Consumer) -> String {
    if matches!(consumer.ack, Ack::Unawaited { .. }) {
        return "wait for the work before the handler returns (`await handle(message)`), so that a failure reaches whoever acknowledges".into();
    }
    match (consumer.library.as_str(), consumer.broker.as_str()) {
        ("aiokafka" | "kafka-python", _) => {
            "set `enable_auto_commit=False` and call `consumer.commit()` after the handler has succeeded".into()
        }
        ("confluent-kafka" | "node-rdkafka", _) => {
            "set `enable.auto.offset.store` to false and store the offset after the handler has succeeded".into()
        }
        ("celery", _) => "set `acks_late=True` and `task_reject_on_worker_lost=True`, and make the task idempotent".into(),
        ("FastStream", _) => "pass `ack_policy=AckPolicy.NACK_ON_ERROR`, or `AckPolicy.ACK` with a dead-letter topic".into(),
        ("@nestjs/microservices", _) => {
            "set `noAck: false` in the options and call `channel.ack(message)` at the end of the handler".into()
        }
        ("pika", _) => "consume with `auto_ack=False` and call `basic_ack` after the handler has returned".into(),
        ("aio-pika", _) => "handle the message inside `async with message.process():`, which acknowledges at the end".into(),
        (_, "redis") => "read with a consumer group and acknowledge after the work (`XREADGROUP` without `NOACK`, then `XACK`), or move the entry with `BLMOVE`".into(),
        (_, "sqs") => "delete the message after the handler has succeeded".into(),
        (_, "kafka") => "commit the offset after the handler has succeeded".into(),
        _ => "consume without automatic acknowledgement, wait for the handler and acknowledge after it has succeeded".into(),
    }
}
