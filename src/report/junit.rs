//! JUnit XML, as CI servers read it: a suite for each file with findings, a failed case for each finding.
//! <https://github.com/testmoapp/junitxml>

use std::io::{self, Write};

use super::Report;
use crate::findings::Reported;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let findings = report.findings();
    let errors: Vec<_> = report.problems.iter().filter(|problem| problem.incomplete).collect();
    // A report without a case is taken for a broken one.
    let clean = findings.is_empty() && errors.is_empty();
    let tests = findings.len() + errors.len() + usize::from(clean);
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    let (failures, errors_number) = (findings.len(), errors.len());
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors_number}\"");
    writeln!(out, "<testsuites name=\"skillcheck\" {counts}>")?;
    for group in findings.chunk_by(|a, b| a.finding.place.file == b.finding.place.file) {
        suite(report, group, out)?;
    }
    if !errors.is_empty() {
        let counts = format!("tests=\"{0}\" failures=\"0\" errors=\"{0}\"", errors.len());
        writeln!(out, "  <testsuite name=\"not checked\" {counts}>")?;
        for problem in errors {
            let file = problem.place.map(|place| place.file).or_else(|| report.tree.find(&problem.path));
            let path = file.map_or_else(|| problem.path.clone(), |file| report.repository_path(file));
            let name = if path.is_empty() { "skillcheck" } else { path.as_str() };
            writeln!(out, "    <testcase name=\"{}\" classname=\"not checked\">", escape(name))?;
            writeln!(out, "      <error message=\"{}\"/>", escape(&problem.reason))?;
            writeln!(out, "    </testcase>")?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    if clean {
        writeln!(out, "  <testsuite name=\"skillcheck\" tests=\"1\" failures=\"0\" errors=\"0\">")?;
        writeln!(out, "    <testcase name=\"no findings\" classname=\"skillcheck\"/>")?;
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn suite(report: &Report<'_>, findings: &[Reported], out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = findings.first() else { return Ok(()) };
    let path = escape(&report.repository_path(first.finding.place.file));
    let number = findings.len();
    writeln!(out, "  <testsuite name=\"{path}\" tests=\"{number}\" failures=\"{number}\" errors=\"0\">")?;
    for reported in findings {
        let finding = &reported.finding;
        let (start, _) = report.settled.sources.positions(finding.place);
        let name = format!("{} {}", finding.rule, reported.fingerprint);
        let (kind, message) = (finding.severity.as_str(), escape(&finding.message));
        writeln!(out, "    <testcase name=\"{}\" classname=\"{path}\">", escape(&name))?;
        write!(out, "      <failure type=\"{kind}\" message=\"{message}\">")?;
        let at = format!("{}:{}:{}", report.repository_path(finding.place.file), start.line, start.column);
        write!(out, "{}", escape(&format!("{at}\nWhy: {}\nHelp: {}", finding.why, finding.help)))?;
        writeln!(out, "</failure>")?;
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>")
}

/// Text and attribute values; what XML 1.0 has no way to say becomes a replacement character.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_xml_reads_is_escaped() {
        assert_eq!(escape("<a b=\"c\">&\u{1b}[1m"), "&lt;a b=&quot;c&quot;&gt;&amp;\u{fffd}[1m");
    }
}
