//! `event-schema/needless-version`

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{services_of, titled};
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::schema::find::{Format, Subject, unversioned};
use crate::system::System;

/// A new version of an event's schema says word for word what the one before says.
pub const RULE: Rule =
    Rule { id: "event-schema/needless-version", severity: Severity::Warning, stage: Stage::Preview, check };

/// Members that carry a version.
const VERSIONS: [&str; 10] = [
    "version",
    "schema_version",
    "schemaVersion",
    "event_version",
    "eventVersion",
    "data_version",
    "dataVersion",
    "dataschema",
    "revision",
    "schema",
];

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut versions: BTreeMap<(Format, &str), Vec<(u64, &Subject)>> = BTreeMap::new();
    for subject in &system.schemas.subjects {
        let Some(major) = subject.version.as_deref().and_then(major) else { continue };
        if subject.format != Format::Protobuf {
            versions.entry((subject.format, subject.name.as_str())).or_default().push((major, subject));
        }
    }
    for mut all in versions.into_values() {
        all.sort_by_key(|(major, subject)| (*major, &subject.version, &subject.path));
        for pair in all.windows(2) {
            let [(old, before), (new, now)] = pair else { continue };
            let Some(said) = said(system, now) else { continue };
            if old == new || self::said(system, before).as_ref() != Some(&said) {
                continue;
            }
            let Some(place) = system.schemas.place(&now.path, &now.pointer) else { continue };
            let mut finding =
                Finding::new(&RULE, system, place, format!("`{}` says what v{old} says, word for word", titled(now)))
                    .confidence(Confidence::Medium)
                    .why("each version is one more that every consumer has to know, and this one tells it nothing")
                    .help(format!("change what v{new} was made for, or drop it while nobody publishes it"));
            if let Some(place) = system.schemas.place(&before.path, &before.pointer) {
                finding = finding.also(place, format!("v{old}"));
            }
            finding.services = services_of(system, now);
            findings.push(finding);
        }
    }
}

fn major(version: &str) -> Option<u64> {
    version.split('.').next()?.parse().ok()
}

/// What a schema says, without what has to differ between versions.
fn said(system: &System, subject: &Subject) -> Option<Value> {
    let (path, pointer) = system.schemas.library.followed(&subject.path, &subject.pointer)?;
    let schema = system.schemas.library.document(&path)?.at(&pointer)?;
    Some(plain(schema, false))
}

fn plain(value: &Value, are_names: bool) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| are_names || !matches!(key.as_str(), "examples" | "example"));
            let each = |(key, value): (&String, &Value)| {
                let carries = are_names && VERSIONS.contains(&key.as_str());
                let value = match value {
                    Value::Object(member)
                        if carries && (member.contains_key("const") || member.contains_key("enum")) =>
                    {
                        Value::Null
                    }
                    // What it refers to may differ.
                    Value::String(_) if key == "$ref" && !are_names => value.clone(),
                    value => plain(value, !are_names && matches!(key.as_str(), "properties" | "$defs" | "definitions")),
                };
                (key.clone(), value)
            };
            Value::Object(kept.map(each).collect::<Map<String, Value>>())
        }
        Value::Array(items) => items.iter().map(|item| plain(item, false)).collect(),
        Value::String(text) => Value::String(unversioned(text).0),
        other => other.clone(),
    }
}
