//! `event-schema/unversioned-event`

use crate::extract::publish::Kind;
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// An event whose payload, properties, type and topic carry no version of its schema.
pub const RULE: Rule =
    Rule { id: "event-schema/unversioned-event", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for publisher in &system.publishers {
        if !matches!(publisher.kind, Kind::Event | Kind::DeadLetter) || !publisher.version.is_absent() {
            continue;
        }
        if super::is_command(publisher) {
            continue;
        }
        let row = publisher.payloads.iter().flat_map(|s| &s.keys).any(|k| k.name == "version");
        let what = match super::keys(publisher) {
            Some(keys) => format!("{} has no version: the payload has {keys}", super::event(publisher)),
            None => format!("{} has no version", super::event(publisher)),
        };
        let what = if publisher.unnamed.version { super::unnamed(system, publisher, "version", "one") } else { what };
        let what = if row { format!("{what}; `version` there is that of the row") } else { what };
        findings.push(Finding {
            rule: RULE.id,
            severity: RULE.severity,
            confidence: Confidence::High,
            services: system.services_at(publisher.place),
            message: what,
            why: "consumers are deployed at other times than this service; without a version they cannot tell an old message from a new one".into(),
            help: "add a field such as `\"event_version\": 1` to what every event carries, or put the version into the name (`order.created.v1`)".into(),
            place: publisher.place,
            related: Vec::new(),
        });
    }
}
