//! `event-schema/incomplete-schema`

use serde_json::Value;

use super::{is_event_schema, titled};
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::schema::find::Format;
use crate::system::System;

/// The schema of an event lacks what makes it one that others can rely on.
pub const RULE: Rule =
    Rule { id: "event-schema/incomplete-schema", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for subject in &system.schemas.subjects {
        if subject.format != Format::JsonSchema || !is_event_schema(system, subject) {
            continue;
        }
        let Some(schema) = system.schemas.library.document(&subject.path).map(|document| &document.value) else {
            continue;
        };
        let missing = missing(schema);
        let Some(place) = system.schemas.place(&subject.path, "").filter(|_| !missing.is_empty()) else { continue };
        findings.push(
            Finding::new(&RULE, system, place, format!("the schema of `{}` has no {}", titled(subject), missing.join(", no ")))
                .why(why(&missing))
                .help("add `$schema` (the dialect), an `$id` with the version, `\"type\": \"object\"`, `required` with what every event has, and a `description`"),
        );
    }
}

fn missing(schema: &Value) -> Vec<&'static str> {
    let has = |key: &str| schema.get(key).is_some();
    let composed = ["$ref", "allOf", "anyOf", "oneOf"].iter().any(|key| has(key));
    let mut out = Vec::new();
    if !has("$schema") {
        out.push("`$schema`");
    }
    if !has("$id") && !has("id") {
        out.push("`$id`");
    }
    if !has("type") && !composed {
        out.push("`type`");
    }
    let required = schema.get("required").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    if has("properties") && !required && !composed {
        out.push("`required`");
    }
    if !has("description") && !has("title") {
        out.push("`description`");
    }
    out
}

fn why(missing: &[&str]) -> &'static str {
    match missing {
        [.., _] if missing.contains(&"`required`") => {
            "without `required` an empty object is a valid event, and nothing that is sent can be wrong"
        }
        [.., _] if missing.contains(&"`type`") => "without `type` a text or a number is a valid event",
        [.., _] if missing.contains(&"`$schema`") => {
            "without `$schema` each validator takes the dialect that it knows, and they read keywords differently"
        }
        [.., _] if missing.contains(&"`$id`") => {
            "without `$id` neither an event (`dataschema`) nor another schema can refer to it, whatever folder it lies in"
        }
        _ => "who consumes the event reads here what it means and when it is sent",
    }
}
