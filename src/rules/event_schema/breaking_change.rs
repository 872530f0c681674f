//! `event-schema/breaking-change`

use std::collections::BTreeSet;

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::schema::changes::{Change, explaining};
use crate::schema::compat::Direction;
use crate::schema::evolve::{SchemaChange, shown};
use crate::schema::find::{Subject, normal};
use crate::syntax::Place;
use crate::system::System;

/// The schema of an event was changed so that somebody who reads or writes it breaks.
pub const RULE: Rule =
    Rule { id: "event-schema/breaking-change", severity: Severity::Error, stage: Stage::Stable, check };

/// How long a document is in a message.
const MAX_WITNESS: usize = 160;
/// How many producers and consumers are shown.
const MAX_PLACES: usize = 8;

fn check(system: &System, findings: &mut Vec<Finding>) {
    for change in &system.schema_changes.changed {
        if change.breaks().next().is_some() {
            findings.push(finding(system, change));
        }
    }
}

fn finding(system: &System, change: &SchemaChange) -> Finding {
    let name = shown(&change.subject);
    let what = |change: &Change| {
        let pointer = change.new.as_ref().or(change.old.as_ref()).map_or("", |(_, pointer)| pointer.as_str());
        format!("{} ({} at `{pointer}`)", change.text, change.kind)
    };
    // Each direction with the change that explains it; the same one is told once.
    let mut who: Vec<(String, Option<&Change>)> = Vec::new();
    for (direction, _, fault) in change.breaks() {
        let fault = fault.map(|(at, _)| at.as_str());
        let cause = explaining(&change.changes, direction == Direction::Backward, fault);
        match who.last_mut() {
            Some((readers, known)) if *known == cause => *readers = format!("{readers} and {}", broken(direction)),
            _ => who.push((broken(direction).to_owned(), cause)),
        }
    }
    let told = |(readers, cause): &(String, Option<&Change>)| match cause {
        Some(cause) => format!("{readers}: {}", what(cause)),
        None => format!("{readers}: what it accepts has changed"),
    };
    let told: Vec<String> = who.iter().map(told).collect();
    let ends = ends(system, &change.subject);
    let mut why = Vec::new();
    for (direction, witness, fault) in change.breaks() {
        let (fine, bad) = match direction {
            Direction::Backward => ("before", "now"),
            Direction::Forward => ("now", "before"),
        };
        let said = fault.map(|(at, text)| match at.is_empty() {
            true => format!(": {text}"),
            false => format!(": at `{at}`, {text}"),
        });
        why.push(format!(
            "`{}` is valid {fine} and not {bad}{}",
            short(&witness.to_string()),
            said.unwrap_or_default()
        ));
    }
    if let Some((path, line)) = &change.before {
        why.push(format!("in {} it stands at {path}:{line}", change.against));
    }
    let next =
        match change.subject.version.as_deref().and_then(|version| version.split('.').next()?.parse::<u64>().ok()) {
            Some(version) => format!("v{}", version.saturating_add(1)),
            None => "v2".to_owned(),
        };
    let help = format!(
        "keep `{}` as it was ({}) and add {next} in a file of its own; publish both until every consumer has moved",
        name,
        match change.changes.first().map(|first| first.kind) {
            Some("required-added") => "a new field is optional",
            Some("property-removed" | "required-removed") => "a field stays, and stays required, while it is read",
            Some("enum-value-added") => "a new value is news to a reader that knows the old ones",
            _ => "a field keeps its name, type and meaning",
        }
    );
    let message = format!("`{name}` breaks {}", told.join("; and "));
    let mut finding = Finding::new(&RULE, system, change.place, message).why(why.join("; ")).help(help);
    if finding.services.is_empty() {
        let services: BTreeSet<String> = ends.iter().flat_map(|(place, _)| system.services_at(*place)).collect();
        finding.services = services.into_iter().collect();
    }
    for (place, text) in ends.into_iter().take(MAX_PLACES) {
        finding = finding.also(place, text);
    }
    finding
}

fn broken(direction: Direction) -> &'static str {
    match direction {
        Direction::Backward => "new readers of old events",
        Direction::Forward => "old readers of new events",
    }
}

/// Where the event is published and consumed.
fn ends(system: &System, subject: &Subject) -> Vec<(Place, String)> {
    let types: BTreeSet<String> = subject.types.iter().map(|name| normal(name)).collect();
    let is_event = |name: &str| types.contains(&normal(name));
    let mut channels: BTreeSet<&str> = subject.channels.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    let by = |place: Place, verb: &str| match system.services_at(place).as_slice() {
        [] => format!("{verb} here"),
        services => format!("`{}` {verb} it here", services.join("`, `"))
            .replace("published", "publishes")
            .replace("consumed", "consumes"),
    };
    for event in &system.map.events {
        let on_channel = event.channel.as_deref().is_some_and(|channel| subject.channels.iter().any(|c| c == channel));
        if is_event(&event.name) || (on_channel && subject.types.len() == 1 && event.name.is_empty()) {
            channels.extend(event.channel.as_deref());
            found.push((event.place, by(event.place, "published")));
        }
    }
    let is_read = |names: &[String]| names.iter().any(|name| channels.contains(name.as_str()) || is_event(name));
    for consumer in &system.consumers {
        let handlers: Vec<_> = consumer.handlers.iter().filter(|handler| is_read(&handler.channels)).collect();
        if handlers.is_empty() && is_read(&consumer.channels) {
            found.push((consumer.place, by(consumer.place, "consumed")));
        }
        found.extend(handlers.iter().map(|handler| (handler.place, by(handler.place, "consumed"))));
    }
    found
}

fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_WITNESS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
