//! `event-schema/renamed-field`

use super::titled;
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// A field of an event probably has another name now, in the same version of its schema.
pub const RULE: Rule =
    Rule { id: "event-schema/renamed-field", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let changed = system.schema_changes.changed.iter();
    // Where somebody breaks anyway, that is told.
    for change in changed.filter(|change| change.breaks().next().is_none()) {
        for rename in &change.renames {
            let place = system.schemas.place(&rename.new.0, &rename.new.1).unwrap_or(change.place);
            let at = if rename.instance.is_empty() { String::new() } else { format!(" of `{}`", rename.instance) };
            let message =
                format!("`{}`{at} in `{}` is probably `{}` now", rename.from, titled(&change.subject), rename.to);
            let ends = system.ends_of(&change.subject);
            let mut finding = Finding::new(&RULE, system, place, message)
                .confidence(Confidence::Medium)
                .why(format!(
                    "a reader of `{}` finds nothing in new events, one of `{}` nothing in old ones, and neither gets an error, because both are optional",
                    rename.from, rename.to
                ))
                .help(format!(
                    "send both under one version until nobody reads `{}`, or make it a new version; if they are two things, keep `{}` as well",
                    rename.from, rename.from
                ));
            if finding.services.is_empty() {
                finding.services = ends.iter().flat_map(|end| system.services_at(end.place)).collect();
                finding.services.sort();
                finding.services.dedup();
            }
            for end in ends.iter().take(8) {
                let done = if end.is_producer { "published here" } else { "consumed here" };
                finding = finding.also(end.place, done);
            }
            findings.push(finding);
        }
    }
}
