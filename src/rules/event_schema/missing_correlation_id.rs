//! `event-schema/missing-correlation-id`

use std::collections::{BTreeMap, BTreeSet};

use super::{label, squeezed};
use crate::extract::publish::{Content, Kind, Message, Publisher};
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// An event drops the id by which the other events of its service are followed.
pub const RULE: Rule =
    Rule { id: "event-schema/missing-correlation-id", severity: Severity::Warning, stage: Stage::Preview, check };

/// Members that say to which request an event belongs, or which event it answers.
const IDS: [&str; 9] = [
    "correlationid",
    "causationid",
    "traceid",
    "traceparent",
    "requestid",
    "conversationid",
    "correlation",
    "xcorrelationid",
    "xrequestid",
];
/// So many others make a habit.
const HABIT: usize = 2;

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut services: BTreeMap<String, Vec<(&Publisher, &Message)>> = BTreeMap::new();
    for publisher in system.publishers.iter().filter(|publisher| publisher.kind == Kind::Event) {
        let mut names = system.services_at(publisher.place);
        if names.is_empty() {
            // A repository without a service is one.
            names.push(String::new());
        }
        for service in names {
            let known = publisher.messages.iter().filter(|message| is_known(message));
            services.entry(service).or_default().extend(known.map(|message| (publisher, message)));
        }
    }
    let mut seen = BTreeSet::new();
    for events in services.into_values() {
        let (with, without): (Vec<_>, Vec<_>) = events.into_iter().partition(|(_, m)| id_of(&m.content).is_some());
        let names: BTreeSet<&str> = with.iter().filter_map(|(_, m)| Some(m.names.first()?.text.as_str())).collect();
        // Where as many go without, nobody relies on it.
        if names.len() < HABIT || with.len() < 2 * without.len() {
            continue;
        }
        let Some((id, place)) = with.first().and_then(|(_, message)| id_of(&message.content)) else { continue };
        for (publisher, message) in without {
            if !seen.insert(message.place) {
                continue;
            }
            let text =
                format!("{} lacks `{id}`, which the others that are published here carry", label(publisher, message));
            findings.push(
                Finding::new(&RULE, system, message.place, text)
                    .confidence(Confidence::Medium)
                    .why("the trail of a request ends at this event: what it causes elsewhere can't be found by the id any more")
                    .help(format!("hand `{id}` on from what caused the event, best in the envelope that all events share"))
                    .also(place, format!("`{id}` is sent here")),
            );
        }
    }
}

/// What it holds is known to the last member.
fn is_known(message: &Message) -> bool {
    let content = &message.content;
    !content.open && !content.cloud_event && !content.members.is_empty() && !message.names.is_empty()
}

/// The member that carries such an id, in the envelope or in what is there for it.
fn id_of(content: &Content) -> Option<(&str, crate::syntax::Place)> {
    let found = content.all().into_iter().find(|(_, member)| IDS.contains(&squeezed(&member.name).as_str()))?;
    Some((found.1.name.as_str(), found.1.place))
}
