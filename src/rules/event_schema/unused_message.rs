//! `event-schema/unused-message`

use std::collections::BTreeSet;

use super::asyncapi::{Described, Use, documents, fits, is_about, uses};
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::schema::asyncapi::Channel;
use crate::schema::find::{Subject, normal};
use crate::system::System;

/// An AsyncAPI document declares a channel or a message that no code has.
pub const RULE: Rule =
    Rule { id: "event-schema/unused-message", severity: Severity::Warning, stage: Stage::Preview, check };

const WHY: &str = "who reads the document waits for events that never come, or publishes events that nobody reads";

fn check(system: &System, findings: &mut Vec<Finding>) {
    let documents = documents(system);
    if documents.is_empty() {
        return;
    }
    let uses = uses(system);
    for document in &documents {
        let about: Vec<&Use> =
            uses.iter().filter(|found| is_about(document, &system.services_at(found.place))).collect();
        let is_used = |channel: &Channel, all: &[&Use]| {
            all.iter().any(|found| found.names.iter().any(|name| fits(&channel.address, name)))
        };
        // Of code that could not be read to the end nothing is missing, and a document that has nothing of it
        // is another's.
        if about.iter().any(|found| !found.is_known) || !document.channels.iter().any(|c| is_used(c, &about)) {
            continue;
        }
        let all: Vec<&Use> = uses.iter().collect();
        for channel in &document.channels {
            match is_used(channel, &all) {
                false => findings.extend(unused(system, document, channel)),
                true => messages(system, document, channel, &all, findings),
            }
        }
    }
}

fn unused(system: &System, document: &Described, channel: &Channel) -> Option<Finding> {
    let place = system.schemas.place(&document.path, &channel.pointer)?;
    let mut finding =
        Finding::new(&RULE, system, place, format!("no code publishes or consumes `{}`", channel.address))
            .confidence(Confidence::Medium)
            .why(WHY)
            .help("remove the channel from the document, or write the code that it describes");
    finding.services.clone_from(&document.services);
    Some(finding)
}

/// The messages of a channel that nobody publishes to it, where it is known what everybody publishes.
fn messages(system: &System, document: &Described, channel: &Channel, uses: &[&Use], findings: &mut Vec<Finding>) {
    let to_it = uses.iter().filter(|found| found.names.iter().any(|name| fits(&channel.address, name)));
    let publishers: Vec<_> = to_it.filter_map(|found| system.publishers.get(found.publisher?)).collect();
    let is_known = |publisher: &&crate::extract::publish::Publisher| {
        !publisher.messages.is_empty() && publisher.messages.iter().all(|message| !message.names.is_empty())
    };
    if publishers.is_empty() || !publishers.iter().all(is_known) {
        return;
    }
    let published: BTreeSet<String> = publishers
        .iter()
        .flat_map(|publisher| &publisher.messages)
        .flat_map(|message| &message.names)
        .flat_map(|name| [normal(&name.text), normal(name.text.strip_suffix("Event").unwrap_or(&name.text))])
        .collect();
    let consumed: BTreeSet<String> =
        uses.iter().flat_map(|found| found.names.iter().map(|name| normal(name))).collect();
    let declared: Vec<&Subject> = system
        .schemas
        .subjects
        .iter()
        .filter(|subject| subject.path == document.path && subject.channels.contains(&channel.address))
        .collect();
    let is_there = |subject: &&&Subject| {
        subject.types.iter().any(|name| {
            let plain = normal(name.strip_suffix("Event").unwrap_or(name));
            [normal(name), plain].iter().any(|name| published.contains(name) || consumed.contains(name))
        })
    };
    // The names of code and document are of one kind when one of them is the same.
    let (there, missing): (Vec<&&Subject>, Vec<&&Subject>) = declared.iter().partition(is_there);
    if there.is_empty() {
        return;
    }
    for subject in missing {
        let Some(place) = system.schemas.place(&subject.path, &subject.pointer) else { continue };
        let name = subject.types.last().unwrap_or(&subject.name);
        let mut finding =
            Finding::new(&RULE, system, place, format!("no code publishes `{name}` to `{}`", channel.address))
                .confidence(Confidence::Medium)
                .why(WHY)
                .help("remove the message from the document, or publish it");
        if let Some(publisher) = publishers.first() {
            finding = finding.also(publisher.place, "what is published to it");
        }
        finding.services.clone_from(&document.services);
        findings.push(finding);
    }
}
