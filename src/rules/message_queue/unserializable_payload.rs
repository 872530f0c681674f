//! `message-queue/unserializable-payload`: the serializer can write what is in the message.

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `message-queue`.
pub const RULE: Rule =
    Rule { id: "message-queue/unserializable-payload", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for publisher in &system.publishers {
        let Some(value) = &publisher.unserializable else { continue };
        findings.push(
            Finding::new(&RULE, system, value.dumps, format!("{} cannot be written by `json.dumps`", value.what))
                .also(value.place, "the value comes from here")
                .also(publisher.place, "the message is published here")
                .why("every publish raises `TypeError: Object of type … is not JSON serializable`, and no message is ever sent")
                .help("decide the text form where the event is made: `.isoformat()` of a time with a zone, `str(…)` of a UUID or a Decimal; or `model_dump_json()` of a pydantic model"),
        );
    }
}
