//! `event-schema/closed-consumer`

use std::collections::BTreeSet;

use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// A consumer refuses events that have more in them than it knows.
pub const RULE: Rule =
    Rule { id: "event-schema/closed-consumer", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for consumer in &system.consumers {
        let Some(closed) = consumer.closed.as_ref().filter(|closed| seen.insert(closed.place)) else { continue };
        let text = format!("{} refuses events with a member that it does not know: `{}`", closed.model, closed.how);
        let mut finding = Finding::new(&RULE, system, closed.place, text)
            .confidence(Confidence::Medium)
            .why("the next optional field that the producer adds, which breaks nobody else, makes every event a failure here")
            .help(closed.help.clone())
            .also(consumer.place, "consumed here");
        if closed.decoded != closed.place {
            finding = finding.also(closed.decoded, "read here");
        }
        finding.services = system.services_at(consumer.place);
        findings.push(finding);
    }
}
