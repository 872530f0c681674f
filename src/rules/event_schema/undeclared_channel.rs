//! `event-schema/undeclared-channel`

use std::collections::BTreeSet;

use super::asyncapi::{documents, fits, goes, is_about, is_event, uses};
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// A service that has an AsyncAPI document publishes to a channel that is in none.
pub const RULE: Rule =
    Rule { id: "event-schema/undeclared-channel", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let documents = documents(system);
    if documents.is_empty() {
        return;
    }
    let uses = uses(system);
    let mut seen = BTreeSet::new();
    for found in &uses {
        let Some(publisher) = found.publisher.and_then(|index| system.publishers.get(index)) else { continue };
        let Some(channel) = goes(publisher).filter(|_| is_event(publisher)) else { continue };
        let declares = |name: &String| documents.iter().flat_map(|d| &d.channels).any(|c| fits(&c.address, name));
        let services = system.services_at(publisher.place);
        if services.is_empty() || found.names.iter().any(declares) {
            continue;
        }
        // A document that has nothing of this service's is another's.
        let own = uses.iter().filter(|other| system.services_at(other.place).iter().any(|s| services.contains(s)));
        let own: Vec<&String> = own.flat_map(|other| &other.names).collect();
        let document = documents.iter().find(|document| {
            is_about(document, &services)
                && document.channels.iter().any(|c| own.iter().any(|name| fits(&c.address, name)))
        });
        let Some(document) = document else { continue };
        if !seen.insert((services.clone(), channel.clone())) {
            continue;
        }
        let mut finding =
            Finding::new(&RULE, system, publisher.place, format!("`{channel}` is in no AsyncAPI document"))
                .confidence(Confidence::Medium)
                .why(format!(
                    "`{}` describes what `{}` publishes, so who reads it does not learn of these events",
                    document.path,
                    services.join("`, `")
                ))
                .help(format!("declare the channel `{channel}` with its message in `{}`", document.path));
        if let Some(place) = system.schemas.place(&document.path, "/channels") {
            finding = finding.also(place, "the channels that are declared");
        }
        finding.services = services;
        findings.push(finding);
    }
}
