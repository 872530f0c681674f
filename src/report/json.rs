//! The versioned JSON output: `schemas/findings.schema.json`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Report, graph};
use crate::findings::Reported;
use crate::problem::Problem;

/// Raised when a field changes its meaning or goes away; new fields don't raise it.
const VERSION: u32 = 1;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &value(report))?;
    writeln!(out)
}

fn value(report: &Report<'_>) -> Value {
    let [errors, warnings, infos] = report.counts();
    let stats = report.stats;
    let unknown: Vec<_> = stats.unknown.iter().map(|(what, number)| json!({"what": what, "count": number})).collect();
    json!({
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
    of_repository(value, report.repository(finding.place.file))
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
