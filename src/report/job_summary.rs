//! Markdown for the summary of a CI job: a table for each service.
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary>

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Report;
use super::text::count;
use crate::findings::Reported;

/// How many findings are written out: a summary may have 1 MiB.
const MAX_ROWS: usize = 500;

/// How many places that could not be checked are named.
const MAX_PROBLEMS: usize = 20;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let [errors, warnings, infos] = report.counts();
    let findings = report.findings();
    writeln!(out, "## skillcheck: {}\n", count(findings.len(), "finding"))?;
    let services = report.system.services.len();
    let mut facts = vec![
        count(errors, "error"),
        count(warnings, "warning"),
        format!("{infos} info"),
        format!("{} in {}", count(report.stats.files_walked as usize, "file"), count(services, "service")),
    ];
    let settled = report.settled;
    for (number, what) in
        [(settled.suppressed, "suppressed"), (settled.baselined, "in the baseline"), (settled.hidden, "hidden")]
    {
        if number > 0 {
            facts.push(format!("{number} {what}"));
        }
    }
    writeln!(out, "{}", facts.join(" · "))?;
    // The service that has to act comes first in a finding.
    let mut tables: BTreeMap<Option<&str>, Vec<&Reported>> = BTreeMap::new();
    for reported in findings.iter().take(MAX_ROWS) {
        tables.entry(reported.finding.services.first().map(String::as_str)).or_default().push(reported);
    }
    // What belongs to no service comes last.
    let nobody = tables.remove(&None);
    for (service, rows) in tables.into_iter().chain(nobody.map(|rows| (None, rows))) {
        match service {
            Some(service) => writeln!(out, "\n### {}\n", text(service))?,
            None => writeln!(out, "\n### No service\n")?,
        }
        writeln!(out, "| severity | rule | place | finding |\n|---|---|---|---|")?;
        for reported in rows {
            row(report, reported, out)?;
        }
    }
    if findings.len() > MAX_ROWS {
        writeln!(out, "\n… and {} more", count(findings.len() - MAX_ROWS, "finding"))?;
    }
    problems(report, out)
}

fn row(report: &Report<'_>, reported: &Reported, out: &mut dyn Write) -> io::Result<()> {
    let finding = &reported.finding;
    let (start, _) = report.settled.sources.positions(finding.place);
    let place = format!("{}:{}", report.repository_path(finding.place.file), start.line);
    writeln!(
        out,
        "| {} | {} | {} | {}<br>{} |",
        finding.severity.as_str(),
        text(finding.rule),
        text(&place),
        text(&finding.message),
        text(&finding.help)
    )
}

fn problems(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let problems: Vec<_> = report.problems.iter().filter(|problem| problem.incomplete).collect();
    if problems.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n### Could not check\n")?;
    for problem in problems.iter().take(MAX_PROBLEMS) {
        let place = if problem.path.is_empty() { "the run" } else { problem.path.as_str() };
        writeln!(out, "- {}: {}", text(place), text(&problem.reason))?;
    }
    if problems.len() > MAX_PROBLEMS {
        writeln!(out, "- and {} more", problems.len() - MAX_PROBLEMS)?;
    }
    Ok(())
}

/// Text in a table: on one line, and nothing in it is Markdown or HTML. Code between backticks stays code
/// where that is safe.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let balanced = text.matches('`').count() % 2 == 0 && !text.contains("``");
    let mut code = false;
    for c in text.chars() {
        match c {
            '`' if balanced => {
                code = !code;
                out.push('`');
            }
            '|' => out.push_str("\\|"),
            '\n' | '\r' | '\t' => out.push(' '),
            // In code the text stands as it is.
            _ if code => out.push(c),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '`' | '*' | '_' | '[' | ']' | '#' | '~' | '\\' | '@' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn nothing_in_a_cell_is_markdown() {
        assert_eq!(text("a|b\n<img src=x> _c_ [d](e)"), "a\\|b &lt;img src=x&gt; \\_c\\_ \\[d\\](e)");
        assert_eq!(text("GET `/a_b|<c>` here"), "GET `/a_b\\|<c>` here");
        assert_eq!(text("one ` only"), "one \\` only");
    }
}
