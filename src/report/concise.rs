//! One line a finding: `path:line:column: severity[rule] message`.

use std::io::{self, Write};

use super::text::{count, one_line, printable};
use super::{Report, style};

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for reported in report.findings() {
        let finding = &reported.finding;
        let (start, _) = report.settled.sources.positions(finding.place);
        let path = report.open_path(finding.place.file);
        writeln!(
            out,
            "{}:{}:{}: {}{}[{}]{} {}",
            printable(&path),
            start.line,
            start.column,
            style::severity(finding.severity),
            finding.severity.as_str(),
            finding.rule,
            style::RESET,
            one_line(&finding.message)
        )?;
    }
    let (problems, more) = report.named_problems();
    for problem in problems {
        let path = report.problem_path(problem);
        let path = if path.is_empty() { "skillcheck".to_owned() } else { printable(&path).into_owned() };
        writeln!(out, "{path}: not checked: {}", one_line(&problem.reason))?;
    }
    if more > 0 {
        writeln!(out, "skillcheck: not checked: {} more; `--show-files` lists all", count(more, "place"))?;
    }
    Ok(())
}
