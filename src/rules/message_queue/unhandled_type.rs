//! `message-queue/unhandled-type`: a message of a type that the handler does not know leaves a trace.

use std::collections::HashSet;

use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `message-queue`.
pub const RULE: Rule =
    Rule { id: "message-queue/unhandled-type", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut seen = HashSet::new();
    for consumer in &system.consumers {
        let Some(unhandled) = &consumer.unhandled else { continue };
        if !seen.insert(unhandled.place) {
            continue;
        }
        let known: Vec<String> = unhandled.known.iter().map(|k| format!("`{k}`")).collect();
        findings.push(
            Finding::new(
                &RULE,
                system,
                unhandled.place,
                format!("a message whose `{}` is none of {} is dropped without a trace", unhandled.subject, known.join(", ")),
            )
            .also(consumer.place, "messages come in here")
            .why("a misspelt or a new type is acknowledged like one that was handled: what it should have caused never happens, and nobody sees why")
            .help("add the branch for every other type: log it with the message's id and count it when others may come by design, or else send it to the dead letters")
            .confidence(Confidence::Medium),
        );
    }
}
