//! `event-schema/present-tense-event`

use std::collections::BTreeSet;

use super::words;
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// What calls itself an event has the name of a command.
pub const RULE: Rule =
    Rule { id: "event-schema/present-tense-event", severity: Severity::Info, stage: Stage::Stable, check };

/// Verbs that tell somebody to do something, and what they are when it is done.
const VERBS: [(&str, &str); 24] = [
    ("create", "created"),
    ("update", "updated"),
    ("delete", "deleted"),
    ("remove", "removed"),
    ("cancel", "cancelled"),
    ("place", "placed"),
    ("pay", "paid"),
    ("ship", "shipped"),
    ("complete", "completed"),
    ("approve", "approved"),
    ("reject", "rejected"),
    ("confirm", "confirmed"),
    ("reserve", "reserved"),
    ("release", "released"),
    ("register", "registered"),
    ("process", "processed"),
    ("refund", "refunded"),
    ("add", "added"),
    ("change", "changed"),
    ("deactivate", "deactivated"),
    ("activate", "activated"),
    ("publish", "published"),
    ("accept", "accepted"),
    ("deliver", "delivered"),
];

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for publisher in &system.publishers {
        for message in &publisher.messages {
            for name in message.names.iter().filter(|name| name.is_event) {
                let Some((verb, past)) = command(&name.text) else { continue };
                if !seen.insert(name.text.clone()) {
                    continue;
                }
                let text = format!("event `{}` is named like a command: `{verb}`", name.text);
                findings.push(
                    Finding::new(&RULE, system, name.place, text)
                        .confidence(Confidence::Medium)
                        .why("an event says what has happened and has any number of consumers; a name that tells somebody to do it makes them disagree on who does, and whether it is done")
                        .help(format!("name what has happened (`{past}`); a request to one service is a command and goes to that service's queue"))
                        .also(message.place, "published here"),
                );
            }
        }
    }
}

/// The verb of a command, and its past: the last word (`order.create`, `OrderCreateEvent`), or the first of a
/// class (`CreateOrderEvent`).
fn command(name: &str) -> Option<(&'static str, &'static str)> {
    let mut words = words(name);
    words.retain(|word| !matches!(word.as_str(), "event" | "message"));
    if words.last().is_some_and(|w| w.strip_prefix('v').is_some_and(|d| d.bytes().all(|b| b.is_ascii_digit()))) {
        words.pop();
    }
    if words.len() < 2 {
        return None;
    }
    let known = |word: &String| VERBS.iter().find(|(verb, _)| verb == word).copied();
    // `payment.process.failed` has happened.
    words.last().and_then(known).or_else(|| {
        let ends_in_past = words.last().is_some_and(|w| w.ends_with("ed") || w == "paid" || w == "sent");
        words.first().and_then(known).filter(|_| !ends_in_past)
    })
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn commands_and_facts() {
        for name in ["order.create", "OrderCreateEvent", "CreateOrderEvent", "ORDER_CANCEL", "order.create.v1"] {
            assert!(command(name).is_some(), "{name}");
        }
        for name in ["order.created", "OrderPlaced", "create", "payment.process.failed", "PaymentReleaseFailed"] {
            assert!(command(name).is_none(), "{name}");
        }
    }
}
