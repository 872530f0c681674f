//! `event-schema/dropped-version`

use std::collections::BTreeSet;

use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::schema::find::{Subject, normal, unversioned};
use crate::syntax::Place;
use crate::system::System;

/// Code still reads or publishes a version of an event whose schema is gone, while a newer one is there.
pub const RULE: Rule =
    Rule { id: "event-schema/dropped-version", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for (name, place, verb) in used(system) {
        let (base, Some(version)) = unversioned(&name) else { continue };
        let Some(wanted) = major(&version) else { continue };
        let known = system.schemas.of_event(&name);
        let is_named = |subject: &&Subject| subject.types.iter().chain(&subject.channels).any(|known| *known == name);
        let same = |subject: &Subject| subject.version.as_deref().and_then(major).is_none_or(|v| v == wanted);
        if known.is_empty() || known.iter().any(|subject| same(subject)) || known.iter().any(is_named) {
            continue;
        }
        let newest = known.iter().filter_map(|s| Some((s.version.as_deref().and_then(major)?, *s))).max_by_key(|v| v.0);
        let Some((newest, subject)) = newest.filter(|(newest, _)| *newest > wanted) else { continue };
        let gone = system.schema_changes.gone.iter().find(|gone| {
            gone.types.iter().any(|known| normal(known) == normal(&name))
                && gone.version.as_deref().and_then(major) == Some(wanted)
        });
        // A topic has versions too; the schema says whether it means the same.
        if gone.is_none() && !known.iter().all(|subject| subject.is_type_stated) {
            continue;
        }
        if !seen.insert((name.clone(), place)) {
            continue;
        }
        let why = match gone {
            Some(gone) => format!("its schema `{}` is gone since {}", gone.path, system.schema_changes.against),
            None => format!("`{}` has a schema for v{newest} only", base),
        };
        let mut finding = Finding::new(
            &RULE,
            system,
            place,
            format!("`{name}` is still {verb}, and v{wanted} has no schema any more"),
        )
        .confidence(Confidence::Medium)
        .why(format!("{why}; events of v{wanted} in queues and in other services are still read by what it said"))
        .help(format!("keep the schema of v{wanted} until its last consumer has moved to v{newest}, or move this one"));
        if let Some(place) = system.schemas.place(&subject.path, &subject.pointer) {
            finding = finding.also(place, format!("v{newest}"));
        }
        findings.push(finding);
    }
}

fn major(version: &str) -> Option<u64> {
    version.split('.').next()?.parse().ok()
}

/// The names of events that code uses, each with its place and how.
fn used(system: &System) -> Vec<(String, Place, &'static str)> {
    let mut out = Vec::new();
    for consumer in &system.consumers {
        let handlers = consumer.handlers.iter().flat_map(|h| h.channels.iter().map(|c| (c.clone(), h.place)));
        let own = consumer.channels.iter().map(|channel| (channel.clone(), consumer.place));
        out.extend(handlers.chain(own).map(|(name, place)| (name, place, "consumed")));
    }
    for message in system.publishers.iter().flat_map(|publisher| &publisher.messages) {
        out.extend(message.names.first().map(|name| (name.text.clone(), message.place, "published")));
    }
    out.retain(|(name, ..)| !name.contains(['{', '*', '#', '>', '$']));
    out
}
