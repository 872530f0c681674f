//! `event-schema/breaking-change`

use std::collections::BTreeSet;

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::schema::changes::{Change, explaining};
use crate::schema::compat::Direction;
use crate::schema::evolve::{SchemaChange, shown};
use crate::schema::find::{Format, Subject};
use crate::syntax::Place;
use crate::system::{End, System};

/// The schema of an event was changed so that somebody who reads or writes it breaks.
pub const RULE: Rule =
    Rule { id: "event-schema/breaking-change", severity: Severity::Error, stage: Stage::Stable, check };

/// How long a document is in a message.
const MAX_WITNESS: usize = 160;
/// How many producers and consumers are shown.
const MAX_PLACES: usize = 8;

fn check(system: &System, findings: &mut Vec<Finding>) {
    for change in &system.schema_changes.changed {
        if change.is_breaking() {
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
            Some((readers, known)) if *known == cause => {
                *readers = format!("{readers} and {}", broken(direction, cause));
            }
            _ => who.push((broken(direction, cause).to_owned(), cause)),
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
        let is_json = matches!(change.subject.format, Format::JsonSchema | Format::AsyncApi);
        let (fine, bad) = match direction {
            Direction::Backward => ("before", "now"),
            Direction::Forward => ("now", "before"),
        };
        let said = fault.map(|(at, text)| match at.is_empty() {
            true => format!(": {text}"),
            false => format!(": at `{at}`, {text}"),
        });
        let said = said.unwrap_or_default();
        why.push(match witness.map(|witness| short(&witness.to_string())) {
            Some(witness) if is_json => format!("`{witness}` is valid {fine} and not {bad}{said}"),
            Some(witness) => format!("`{witness}`, as it is written {fine}, is not read as it is meant {bad}{said}"),
            None => format!("the rules refuse it{said}"),
        });
    }
    for rename in &change.renames {
        why.push(format!("`{}` is probably `{}` now", rename.from, rename.to));
    }
    if let Some((path, line)) = &change.before {
        why.push(format!("in {} it stands at {path}:{line}", change.against));
    }
    if let Some(accepted) = &change.accepted {
        why.push(format!("it was accepted until {} ({}), and that day is over", accepted.until, accepted.reason));
    }
    let next =
        match change.subject.version.as_deref().and_then(|version| version.split('.').next()?.parse::<u64>().ok()) {
            Some(version) => format!("v{}", version.saturating_add(1)),
            None => "v2".to_owned(),
        };
    let keeps = format!(
        "keep `{}` as it was ({})",
        name,
        match change.changes.first().map(|first| first.kind) {
            Some("field-added") => "a new field has a default, so that readers of old events have a value",
            Some("field-removed") if change.subject.format == Format::Protobuf => {
                "a removed field leaves its number and name behind: `reserved 2; reserved \"name\";`"
            }
            Some("value-removed") =>
                "a removed value leaves its number and name behind: `reserved 2; reserved \"NAME\";`",
            Some("number-reused" | "reserved-removed") => "a number has one meaning for ever",
            Some("symbol-added" | "symbol-removed") =>
                "an enum with a `default` lets readers meet symbols that they don't know",
            Some(kind) if kind.starts_with("rpc") || kind.starts_with("service") => {
                "a method stays as it is while somebody calls it"
            }
            Some("required-added") => "a new field is optional",
            Some("property-removed" | "required-removed") => "a field stays, and stays required, while it is read",
            Some("enum-value-added") => "a new value is news to a reader that knows the old ones",
            _ => "a field keeps its name, type and meaning",
        }
    );
    if let Some(before) = &change.follows {
        why.push(format!("it comes after {before}, and {}", promise(&change.subject)));
    }
    let publish = "publish both until every consumer has moved";
    let help = match &change.follows {
        Some(before) => {
            format!("make it {}, or let it keep what {before} says; {publish}", next_version(&change.subject))
        }
        None => format!("{keeps} and add {next} in a file of its own; {publish}"),
    };
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

/// What a version promises to who knows the one before.
pub(super) fn promise(subject: &Subject) -> &'static str {
    match subject.is_schema_ver {
        true => "an addition is compatible with all events that there are",
        false => "within a major version nobody has to change",
    }
}

/// The version that promises nothing.
pub(super) fn next_version(subject: &Subject) -> String {
    let mut numbers = subject.version.iter().flat_map(|v| v.split('.')).filter_map(|part| part.parse::<u64>().ok());
    let (major, minor) = (numbers.next().unwrap_or(1), numbers.next().unwrap_or(0));
    match subject.is_schema_ver {
        true => format!(
            "{major}-{}-0, a revision, or {}-0-0, a new model",
            minor.saturating_add(1),
            major.saturating_add(1)
        ),
        false => format!("v{}, a new major version", major.saturating_add(1)),
    }
}

fn broken(direction: Direction, cause: Option<&Change>) -> &'static str {
    let is_call = cause.is_some_and(|change| change.kind.starts_with("rpc") || change.kind.starts_with("service"));
    match direction {
        Direction::Backward if is_call => "callers of the old service",
        Direction::Forward if is_call => "servers of the old service",

        Direction::Backward => "new readers of old events",
        Direction::Forward => "old readers of new events",
    }
}

/// Where the event is published and consumed.
fn ends(system: &System, subject: &Subject) -> Vec<(Place, String)> {
    let by = |end: &End| {
        let (verb, done) = if end.is_producer { ("publishes", "published") } else { ("consumes", "consumed") };
        match system.services_at(end.place).as_slice() {
            [] => format!("{done} here"),
            services => format!("`{}` {verb} it here", services.join("`, `")),
        }
    };
    system.ends_of(subject).iter().map(|end| (end.place, by(end))).collect()
}

/// As much of a document as fits into a message.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_WITNESS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
