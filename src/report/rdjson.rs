//! Reviewdog's diagnostic format: one object for a run.
//! <https://github.com/reviewdog/reviewdog/tree/master/proto/rdf>

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Report;
use crate::rules::Severity;
use crate::syntax::Place;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let diagnostics: Vec<Value> = report
        .findings()
        .iter()
        .map(|reported| {
            let finding = &reported.finding;
            let related: Vec<Value> = finding
                .related
                .iter()
                .map(|related| json!({"message": related.message, "location": location(report, related.place)}))
                .collect();
            json!({
                "message": format!("{}\n{}\n{}", finding.message, finding.why, finding.help),
                "location": location(report, finding.place),
                "severity": severity(finding.severity),
                "code": {"value": finding.rule},
                "related_locations": related,
            })
        })
        .collect();
    let source = json!({"name": "skillcheck", "url": env!("CARGO_PKG_REPOSITORY")});
    serde_json::to_writer_pretty(&mut *out, &json!({"source": source, "diagnostics": diagnostics}))?;
    writeln!(out)
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
        Severity::Info => "INFO",
    }
}

/// Columns count bytes here.
fn location(report: &Report<'_>, place: Place) -> Value {
    let path = report.repository_path(place.file);
    let Some(source) = report.settled.sources.get(place.file) else { return json!({"path": path}) };
    let position = |offset: u32| {
        let offset = source.floor(offset as usize);
        let line = source.line_of(offset);
        json!({"line": line + 1, "column": offset.saturating_sub(source.line_range(line).start) + 1})
    };
    let span = place.span;
    json!({"path": path, "range": {"start": position(span.start), "end": position(span.end.max(span.start))}})
}
