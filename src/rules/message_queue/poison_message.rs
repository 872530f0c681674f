//! `message-queue/poison-message`: one malformed message does not end the consumer.

use crate::extract::consume::Ack;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `message-queue`.
pub const RULE: Rule =
    Rule { id: "message-queue/poison-message", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for consumer in &system.consumers {
        let Some(poison) = &consumer.poison else { continue };
        findings.push(
            Finding::new(
                &RULE,
                system,
                consumer.place,
                format!("a message{} that cannot be decoded {}", super::from(consumer), poison.ends),
            )
            .also(poison.place, "decoded here, and nothing catches the error")
            .why(match consumer.ack {
                _ if poison.rejected => "the context rejects the message and raises the error again: one bad message stops all those behind it until somebody starts the consumer again",
                Ack::Auto { place: Some(_), .. } => "one bad message stops all those behind it until somebody starts the consumer again",
                _ => "the broker delivers the same message again after the restart: one bad message stops all those behind it",
            })
            .help("decode inside the handler's `try`; on a decoding error send the raw message with the error to the dead-letter queue or topic, acknowledge it, and go on"),
        );
    }
}
