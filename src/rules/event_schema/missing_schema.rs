//! `event-schema/missing-schema`

use std::collections::BTreeSet;

use super::{label, matching};
use crate::extract::publish::{Message, Publisher};
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// An event is published that has no schema, where others have one.
pub const RULE: Rule =
    Rule { id: "event-schema/missing-schema", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let all: Vec<(&Publisher, &Message)> = system
        .publishers
        .iter()
        .flat_map(|publisher| publisher.messages.iter().map(move |message| (publisher, message)))
        .filter(|(_, message)| is_known(message))
        .collect();
    let (with, without): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(_, message)| !matching(system, message).is_empty());
    let Some((_, sample)) = with.first() else { return };
    let covered: BTreeSet<String> = with.iter().flat_map(|(p, _)| system.services_at(p.place)).collect();
    // One service that began with schemas says nothing about the others; most of them do.
    let usual = with.len() >= without.len();
    let mut seen = BTreeSet::new();
    for (publisher, message) in without {
        let services = system.services_at(publisher.place);
        let own = services.iter().any(|service| covered.contains(service));
        let Some(name) = message.names.first() else { continue };
        if !(own || usual) || !seen.insert(name.text.clone()) {
            continue;
        }
        let file = matching(system, sample).first().map(|subject| subject.path.clone()).unwrap_or_default();
        let mut finding = Finding::new(
            &RULE,
            system,
            message.place,
            format!("{} has no schema", label(publisher, message)),
        )
        .confidence(Confidence::Medium)
        .why("consumers are written against a guess, and `skillcheck breaking` can't tell whom a change of it breaks")
        .help(format!("add a schema file for it beside `{file}`, or a message of that name to the AsyncAPI document"));
        finding.services = services;
        findings.push(finding);
    }
}

/// Its type and what it holds are known, and no registry has its schema.
fn is_known(message: &Message) -> bool {
    let content = &message.content;
    !message.names.is_empty() && !content.members.is_empty() && !content.registered
}
