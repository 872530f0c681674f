//! The versioned JSON output: `schemas/findings.schema.json`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Report, graph};
use crate::contract::evolve::{ApiChange, Break, Spot};
use crate::findings::{Reported, Sources};
use crate::problem::Problem;
use crate::rules::OF_A_CHANGE;
use crate::schema::Verdict;
use crate::schema::compat::Direction;
use crate::schema::evolve::SchemaChange;
use crate::syntax::Place;

/// Raised when a field changes its meaning or goes away; new fields don't raise it.
const VERSION: u32 = 1;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &value(report))?;
    writeln!(out)
}

fn value(report: &Report<'_>) -> Value {
    let [errors, warnings, infos] = report.counts();
    let stats = report.stats;
    let unread = stats.unknown.iter().flat_map(|(_, places)| places).map(|place| place.file);
    let sources = Sources::load(report.tree, unread);
    let at = |place: &Place| json!({"path": report.path(place.file), "line": sources.positions(*place).0.line});
    let unknown = stats.unknown.iter().map(|(what, places)| {
        json!({"what": what, "count": places.len(), "places": places.iter().map(at).collect::<Vec<_>>()})
    });
    let unknown: Vec<_> = unknown.collect();
    let mut value = json!({
        "version": VERSION,
        "findings": report.findings().iter().map(|reported| finding(report, reported)).collect::<Vec<_>>(),
        "services": report.services().map(graph::service).collect::<Vec<_>>(),
        "summary": {
            "counts": {"error": errors, "warning": warnings, "info": infos},
            "suppressed": report.settled.suppressed,
            "hidden": report.settled.hidden,
            "baselined": report.settled.baselined,
            "unchanged": report.settled.unchanged,
            "rules": rules(report),
            "files": {"walked": stats.files_walked, "parsed": stats.files_parsed, "bytes": stats.bytes},
            "unknown": unknown,
            "not_checked": report.problems.iter().map(|p| problem(report, p)).collect::<Vec<_>>(),
            "incomplete": report.incomplete(),
        },
    });
    let evolution = &report.system.schema_changes;
    if let Some(object) = value.as_object_mut().filter(|_| !evolution.against.is_empty()) {
        object.insert("schema_changes".to_owned(), evolution.changed.iter().map(schema_change).collect());
        let apis = &report.system.api_changes;
        object.insert("api_changes".to_owned(), apis.changed.iter().map(|change| api_change(report, change)).collect());
    }
    value
}

/// What became of a schema, and how that is known.
fn schema_change(change: &SchemaChange) -> Value {
    let verdict = |(direction, verdict): &(Direction, Verdict)| {
        let mut value = match verdict {
            Verdict::Compatible { proof } => json!({"verdict": "compatible", "proof": proof.name()}),
            Verdict::Breaking { witness, fault } => {
                let fault = fault.as_ref().map(|(pointer, reason)| json!({"pointer": pointer, "reason": reason}));
                json!({"verdict": "breaking", "witness": witness, "fault": fault})
            }
            Verdict::Refused { fault } => {
                json!({"verdict": "breaking", "fault": {"pointer": fault.0, "reason": fault.1}})
            }
            Verdict::Unknown { reason } => json!({"verdict": "unknown", "reason": reason}),
        };
        value["direction"] = json!(direction.name());
        value
    };
    let place = |place: &Option<(String, String)>| {
        place.as_ref().map(|(path, pointer)| json!({"path": path, "pointer": pointer}))
    };
    let kinds = change.changes.iter().map(|change| {
        json!({
            "kind": change.kind,
            "text": change.text,
            "instance": change.instance,
            "old": place(&change.old),
            "new": place(&change.new),
        })
    });
    json!({
        "subject": change.subject.name,
        "version": change.subject.version,
        "path": change.subject.path,
        "pointer": change.subject.pointer,
        "against": change.against,
        "model": change.model.name(),
        "accepted": change.accepted.as_ref().map(|accepted| json!({
            "reason": accepted.reason,
            "until": accepted.until.to_string(),
            "expired": accepted.is_expired,
        })),
        "directions": change.verdicts.iter().map(verdict).collect::<Vec<_>>(),
        "changes": kinds.collect::<Vec<_>>(),
    })
}

/// How often each rule is broken, by name.
fn rules(report: &Report<'_>) -> BTreeMap<String, usize> {
    let mut rules = BTreeMap::new();
    for reported in report.findings() {
        *rules.entry(reported.finding.rule.to_owned()).or_default() += 1;
    }
    rules
}

fn finding(report: &Report<'_>, reported: &Reported) -> Value {
    let finding = &reported.finding;
    let (start, end) = report.settled.sources.positions(finding.place);
    let related: Vec<_> = finding
        .related
        .iter()
        .map(|related| {
            let (start, _) = report.settled.sources.positions(related.place);
            let value = json!({
                "path": report.path(related.place.file),
                "line": start.line,
                "column": start.column,
                "message": related.message,
            });
            of_repository(value, report.repository(related.place.file))
        })
        .collect();
    let value = json!({
        "rule": finding.rule,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "services": finding.services,
        "message": finding.message,
        "why": finding.why,
        "help": finding.help,
        "path": report.path(finding.place.file),
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "related": related,
        "fingerprint": reported.fingerprint,
    });
    let mut value = of_repository(value, report.repository(finding.place.file));
    let changed = report.system.schema_changes.changed.iter();
    if let Some(change) = changed.filter(|_| OF_A_CHANGE.contains(&finding.rule)).find(|c| c.place == finding.place) {
        value["schema_change"] = schema_change(change);
    }
    let breaks = report.system.api_changes.changed.iter().flat_map(|change| &change.breaks);
    let is_it = |broken: &&Break| broken.place == finding.place && finding.message.contains(&broken.text);
    if let Some(broken) = breaks.filter(|_| OF_A_CHANGE.contains(&finding.rule)).find(is_it) {
        value["api_break"] = api_break(broken);
    }
    value
}

/// What became of an OpenAPI document.
fn api_change(report: &Report<'_>, change: &ApiChange) -> Value {
    let unknown = |(place, reason): &(Place, String)| json!({"path": report.path(place.file), "reason": reason});
    json!({
        "path": change.path,
        "title": change.title,
        "against": change.against,
        "model": change.model.name(),
        "verdict": match (change.is_breaking(), change.unknown.is_empty(), change.breaks.is_empty()) {
            (true, _, _) => "breaking",
            (false, false, _) => "unknown",
            (false, true, false) => "accepted",
            (false, true, true) => "compatible",
        },
        "breaks": change.breaks.iter().map(api_break).collect::<Vec<_>>(),
        "unknown": change.unknown.iter().map(unknown).collect::<Vec<_>>(),
    })
}

fn api_break(broken: &Break) -> Value {
    let spot = |spot: &Spot| json!({"path": spot.path, "pointer": spot.pointer});
    let mut old = broken.old.as_ref().map(spot);
    if let (Some(old), Some((_, line))) = (&mut old, &broken.before) {
        old["line"] = json!(line);
    }
    json!({
        "kind": broken.kind,
        "text": broken.text,
        "direction": if broken.is_response { "response" } else { "request" },
        "operations": broken.operations,
        "parts": broken.parts,
        "witness": broken.witness,
        "fault": broken.fault.as_ref().map(|(pointer, reason)| json!({"pointer": pointer, "reason": reason})),
        "doubt": broken.doubt,
        "against": broken.against,
        "accepted": broken.accepted.as_ref().map(
            |accepted| json!({"reason": accepted.reason, "until": accepted.until.to_string(), "expired": accepted.is_expired}),
        ),
        "old": old,
        "new": spot(&broken.new),
    })
}

/// Says that a path is one of another repository.
pub(super) fn of_repository(mut value: Value, repository: Option<&str>) -> Value {
    if let (Some(repository), Some(object)) = (repository, value.as_object_mut()) {
        object.insert("repository".to_owned(), json!(repository));
    }
    value
}

fn problem(report: &Report<'_>, problem: &Problem) -> Value {
    let mut value = json!({"path": problem.path, "reason": problem.reason, "incomplete": problem.incomplete});
    if let (Some(place), Some(object)) = (problem.place, value.as_object_mut())
        && report.settled.sources.get(place.file).is_some()
    {
        let (start, _) = report.settled.sources.positions(place);
        object.insert("line".to_owned(), json!(start.line));
        object.insert("column".to_owned(), json!(start.column));
    }
    value
}
