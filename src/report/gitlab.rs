//! GitLab Code Quality.
//! <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Report;
use crate::rules::Severity;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let list: Vec<Value> = report
        .findings()
        .iter()
        .map(|reported| {
            let finding = &reported.finding;
            let (start, end) = report.settled.sources.positions(finding.place);
            let severity = match finding.severity {
                Severity::Error => "major",
                Severity::Warning => "minor",
                Severity::Info => "info",
            };
            json!({
                "description": format!("{}. {}", finding.message.replace('\n', " "), finding.help),
                "check_name": finding.rule,
                "fingerprint": reported.fingerprint,
                "severity": severity,
                "location": {
                    "path": report.repository_path(finding.place.file),
                    "lines": {"begin": start.line, "end": end.line},
                },
            })
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &list)?;
    writeln!(out)
}
