//! Workflow commands: GitHub Actions turns them into annotations.
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use std::io::{self, Write};

use super::Report;
use super::text::count;
use crate::rules::Severity;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for reported in report.findings() {
        let finding = &reported.finding;
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let (start, end) = report.settled.sources.positions(finding.place);
        // Columns count only within one line: the runner drops them otherwise.
        let columns = match start.line == end.line {
            true => format!(",col={},endColumn={}", start.column, end.column),
            false => String::new(),
        };
        let text = format!("{}\nWhy: {}\nHelp: {}", finding.message, finding.why, finding.help);
        if report.repository(finding.place.file).is_some() {
            // A file that this repository does not have can't be annotated.
            let place = format!("{}:{}:{}", report.repository_path(finding.place.file), start.line, start.column);
            writeln!(out, "::{command} title={}::{}", property(finding.rule), data(&format!("{place}: {text}")))?;
            continue;
        }
        writeln!(
            out,
            "::{command} file={},line={},endLine={}{columns},title={}::{}",
            property(&report.repository_path(finding.place.file)),
            start.line,
            end.line,
            property(finding.rule),
            data(&text)
        )?;
    }
    let (problems, more) = report.named_problems();
    for problem in problems {
        let level = if problem.incomplete { "warning" } else { "notice" };
        let file = problem.place.map(|place| place.file).or_else(|| report.tree.find(&problem.path));
        let path = file.map_or_else(|| problem.path.clone(), |file| report.repository_path(file));
        let file = if path.is_empty() { String::new() } else { format!("file={},", property(&path)) };
        writeln!(out, "::{level} {file}title=skillcheck could not check::{}", data(&problem.reason))?;
    }
    if more > 0 {
        let rest = format!("{} more; `--show-files` lists all", count(more, "place"));
        writeln!(out, "::notice title=skillcheck could not check::{}", data(&rest))?;
    }
    Ok(())
}

/// The text of a command: what would end the line or be read as an escape is escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property: besides, what separates properties.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{data, property};

    #[test]
    fn escapes_what_the_runner_reads() {
        assert_eq!(data("100%\r\na:b,c"), "100%25%0D%0Aa:b,c");
        assert_eq!(property("c:/a,b%0A"), "c%3A/a%2Cb%250A");
    }

    proptest! {
        #[test]
        fn no_text_breaks_out(text in "(\\PC|\n|\r|%|:|,){0,40}") {
            let escaped = property(&text);
            prop_assert!(!escaped.contains(['\n', '\r', ':', ',']));
            let back = escaped.replace("%2C", ",").replace("%3A", ":").replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%");
            prop_assert_eq!(back, text);
        }
    }
}
