//! For agents: what is wrong and what to write instead, in as few words as will do. No excerpts (an agent
//! has the file), no decoration, and an end: a thousand findings help nobody who has a context window.

use std::io::{self, Write};

use super::Report;
use super::text::{count, one_line, printable};
use crate::findings::Reported;
use crate::rules::Severity;

/// How many findings are written out; errors come first when there are more.
const MAX_FINDINGS: usize = 50;

/// How many related places of a finding are named.
const MAX_RELATED: usize = 3;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let shown = shown(report.findings());
    let mut file = None;
    for reported in &shown {
        let place = reported.finding.place;
        if file != Some(place.file) {
            file = Some(place.file);
            writeln!(out, "{}", printable(&report.open_path(place.file)))?;
        }
        finding(report, reported, out)?;
    }
    let left_out = report.findings().len() - shown.len();
    if left_out > 0 {
        writeln!(out, "… and {left_out} more: run `skillcheck lint <path>` on a part")?;
    }
    for problem in report.problems.iter().filter(|problem| problem.incomplete) {
        let path = report.problem_path(problem);
        let path = if path.is_empty() { "skillcheck".to_owned() } else { printable(&path).into_owned() };
        writeln!(out, "{path}: not checked: {}", one_line(&problem.reason))?;
    }
    if report.quiet {
        return Ok(());
    }
    summary(report, out)
}

/// The findings that are written out, in the order of the report.
fn shown(findings: &[Reported]) -> Vec<&Reported> {
    let mut first: Vec<(usize, &Reported)> = findings.iter().enumerate().collect();
    first.sort_by_key(|(index, reported)| (std::cmp::Reverse(reported.finding.severity), *index));
    first.truncate(MAX_FINDINGS);
    first.sort_by_key(|(index, _)| *index);
    first.into_iter().map(|(_, reported)| reported).collect()
}

fn finding(report: &Report<'_>, reported: &Reported, out: &mut dyn Write) -> io::Result<()> {
    let finding = &reported.finding;
    let (start, _) = report.settled.sources.positions(finding.place);
    let severity = finding.severity.as_str();
    let message = one_line(&finding.message);
    writeln!(out, "  {}:{} {severity} {}: {message}", start.line, start.column, finding.rule)?;
    for related in finding.related.iter().take(MAX_RELATED) {
        let (start, _) = report.settled.sources.positions(related.place);
        let path = if related.place.file == finding.place.file {
            String::new()
        } else {
            format!("{}:", printable(&report.open_path(related.place.file)))
        };
        writeln!(out, "    see {path}{}:{} {}", start.line, start.column, one_line(&related.message))?;
    }
    writeln!(out, "    fix: {}", one_line(&finding.help))
}

fn summary(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let [errors, warnings, infos] = report.counts();
    let parts: Vec<String> = [(errors, "error"), (warnings, "warning"), (infos, "info")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| if noun == "info" { format!("{number} info") } else { count(number, noun) })
        .collect();
    let rest = match report.findings().iter().find(|r| r.finding.severity == Severity::Error) {
        _ if parts.is_empty() && report.incomplete() => "no findings in what was checked".to_owned(),
        _ if parts.is_empty() => "no findings".to_owned(),
        first => {
            let rule = first.or(report.findings().first()).map_or("", |reported| reported.finding.rule);
            format!("{}; why, with examples: `skillcheck explain {rule}`", parts.join(", "))
        }
    };
    writeln!(out, "skillcheck: {rest}")
}
