//! `message-queue/payload-hash-key`: duplicates are known by an id, not by what the message says.

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::syntax::Place;
use crate::system::System;

/// See the skill `message-queue`.
pub const RULE: Rule =
    Rule { id: "message-queue/payload-hash-key", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut add = |place: Place, message: &str, by: Place, told: &str| {
        findings.push(
            Finding::new(&RULE, system, place, message)
                .also(by, told)
                .why("two orders of the same thing have the same hash, so that the second is dropped; and a repeated message with another timestamp or key order has another one, so that it is handled twice")
                .help("give the event an id when it is made (`uuid4()` in the outbox row, the same for every attempt to send it), and look duplicates up by that id"),
        );
    };
    for publisher in &system.publishers {
        if let Some(place) = publisher.hashed_id {
            add(place, "the message's id is a hash of its payload", publisher.place, "the message is published here");
        }
    }
    for consumer in &system.consumers {
        if let Some(place) = consumer.payload_key {
            add(place, "duplicates are looked up by a hash of the payload", consumer.place, "messages come in here");
        }
    }
}
