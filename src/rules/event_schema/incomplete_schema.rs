//! `event-schema/incomplete-schema`

use std::collections::BTreeSet;

use serde_json::Value;

use super::{is_event_schema, services_of, titled};
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::schema::find::Format;
use crate::system::System;

/// The schema of an event lacks what makes it one that others can rely on.
pub const RULE: Rule =
    Rule { id: "event-schema/incomplete-schema", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let parts = parts(system);
    for subject in &system.schemas.subjects {
        let file = subject.path.rsplit('/').next().unwrap_or_default();
        if subject.format != Format::JsonSchema || parts.contains(file) || !is_event_schema(system, subject) {
            continue;
        }
        let Some(schema) = system.schemas.library.document(&subject.path).map(|document| &document.value) else {
            continue;
        };
        let missing = missing(schema);
        let Some(place) = system.schemas.place(&subject.path, "").filter(|_| !missing.is_empty()) else { continue };
        let mut finding =
            Finding::new(&RULE, system, place, format!("the schema of `{}` has no {}", titled(subject), missing.join(", no ")))
                .why(why(&missing))
                .help("add `$schema` (the dialect), an `$id` with the version, `\"type\": \"object\"`, `required` with what every event has, and a `description`");
        if !missing.iter().any(|key| matches!(*key, "`type`" | "`required`")) {
            finding.severity = Severity::Info;
        }
        finding.services = services_of(system, subject);
        findings.push(finding);
    }
}

/// The names of files that other schemas refer to: parts of events, not events.
fn parts(system: &System) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for document in system.schemas.library.documents() {
        let mut todo = vec![&document.value];
        while let Some(value) = todo.pop() {
            match value {
                Value::Object(map) => {
                    if let Some(Value::String(reference)) = map.get("$ref") {
                        let address = reference.split('#').next().unwrap_or_default();
                        out.extend(address.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned));
                    }
                    todo.extend(map.values());
                }
                Value::Array(items) => todo.extend(items),
                _ => {}
            }
        }
    }
    out
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
