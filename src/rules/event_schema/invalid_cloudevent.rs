//! `event-schema/invalid-cloudevent`

use std::collections::BTreeSet;

use super::label;
use crate::extract::publish::Content;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// A CloudEvent lacks an attribute that every one has, or has one whose name is not allowed.
pub const RULE: Rule =
    Rule { id: "event-schema/invalid-cloudevent", severity: Severity::Error, stage: Stage::Stable, check };

/// <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes>
const REQUIRED: [&str; 4] = ["id", "source", "specversion", "type"];
/// What the libraries fill in.
const FILLED_IN: [&str; 2] = ["id", "specversion"];

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for publisher in &system.publishers {
        for message in &publisher.messages {
            let content = &message.content;
            let Some(marker) =
                content.get("specversion").or_else(|| content.members.first().filter(|_| content.cloud_event))
            else {
                continue;
            };
            let place = marker.place;
            let missing = missing(content);
            if !missing.is_empty() && seen.insert(place) {
                let what = format!("{} is a CloudEvent without {}", label(publisher, message), listed(&missing));
                findings.push(
                    Finding::new(&RULE, system, place, what)
                        .why("`id`, `source`, `specversion` and `type` are required by CloudEvents 1.0: libraries and brokers refuse an event without them, and `source` and `id` together are what tells a duplicate")
                        .help("add what is missing, or make the event with the CloudEvents library of the language")
                        .also(message.place, "published here"),
                );
            }
            for member in content.members.iter().filter(|m| !is_allowed(&m.name)) {
                if !seen.insert(member.place) {
                    continue;
                }
                let right: String = member.name.chars().filter(char::is_ascii_alphanumeric).collect();
                let right = right.to_ascii_lowercase();
                let what = format!("`{}` is no name of an attribute of a CloudEvent", member.name);
                findings.push(
                    Finding::new(&RULE, system, member.place, what)
                        .why("attribute names are lower-case letters and digits in CloudEvents 1.0; others are lost in headers, or the library refuses the event")
                        .help(format!("call it `{right}`, or put it into `data`"))
                        .also(message.place, "published here"),
                );
            }
        }
    }
}

fn missing(content: &Content) -> Vec<&'static str> {
    if content.open {
        return Vec::new();
    }
    let is_there = |name: &str| content.get(name).is_some() || (content.cloud_event && FILLED_IN.contains(&name));
    REQUIRED.into_iter().filter(|name| !is_there(name)).collect()
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        _ => quoted.join(""),
    }
}

fn is_allowed(name: &str) -> bool {
    name == "data_base64" || name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}
