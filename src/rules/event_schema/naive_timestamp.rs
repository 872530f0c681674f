//! `event-schema/naive-timestamp`

use std::collections::BTreeSet;

use super::{defined, label};
use crate::extract::publish::What;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// A time in an event that says neither its offset nor that it is UTC.
pub const RULE: Rule =
    Rule { id: "event-schema/naive-timestamp", severity: Severity::Warning, stage: Stage::Stable, check };

const WHY: &str = "a consumer reads a time without offset as its own local time, and is hours off as soon as the two run in different zones";

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for publisher in &system.publishers {
        for message in &publisher.messages {
            for (path, member) in message.content.all() {
                let What::NaiveTime(how) = &member.what else { continue };
                // A value that the serializer refuses is told elsewhere.
                let refused = publisher.unserializable.as_ref().is_some_and(|u| u.place == member.place);
                if refused || !seen.insert(member.place) {
                    continue;
                }
                let text = format!("`{}` of {} has no offset: `{how}`", path.join("."), label(publisher, message));
                findings.push(
                    Finding::new(&RULE, system, member.place, text)
                        .why(WHY)
                        .help(help(how))
                        .also(message.place, "published here"),
                );
            }
        }
    }
    for (member_of, member) in defined(system) {
        let What::NaiveTime(how) = &member.what else { continue };
        if seen.insert(member.place) {
            let text = format!("{member_of} has no offset: `{how}`");
            findings.push(Finding::new(&RULE, system, member.place, text).why(WHY).help(help(how)));
        }
    }
}

fn help(how: &str) -> &'static str {
    if how.starts_with("datetime.") || how.starts_with("strftime") {
        "write `datetime.now(timezone.utc).isoformat()`, which ends in `+00:00`"
    } else if how.starts_with("LocalDateTime") {
        "use `Instant` or `OffsetDateTime`, which are written with `Z` or the offset"
    } else if how.starts_with("ToString") {
        "use `DateTimeOffset`, or the format `\"o\"`"
    } else if how.starts_with("Format") || how.starts_with("time.") {
        "send the `time.Time` as it is, or format it with `time.RFC3339`"
    } else {
        "write `new Date().toISOString()`, which ends in `Z`"
    }
}
