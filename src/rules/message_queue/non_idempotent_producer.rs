//! `message-queue/non-idempotent-producer`: a producer that repeats a message does not make two of it.

use std::collections::HashSet;

use crate::extract::publish::{Kind, Publisher};
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `message-queue`.
pub const RULE: Rule =
    Rule { id: "message-queue/non-idempotent-producer", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut seen = HashSet::new();
    // Who waits for no answer has a worse problem, and with `acks: 0` nothing is repeated; a dead letter or a
    // measurement may be there twice.
    let matters = |p: &&Publisher| matches!(p.kind, Kind::Event | Kind::Job) && !p.confirmed.is_absent();
    for publisher in system.publishers.iter().filter(matters) {
        let Some(producer) = &publisher.producer else { continue };
        if !producer.idempotent.is_absent() || !seen.insert(producer.place) {
            continue;
        }
        findings.push(
            Finding::new(
                &RULE,
                system,
                producer.place,
                format!("the {} producer is not idempotent", publisher.library),
            )
            .also(publisher.place, "it publishes here")
            .why("when an answer of the broker is lost the client sends again: the topic then holds the message twice, or in another order")
            .help(producer.help.clone()),
        );
    }
}
