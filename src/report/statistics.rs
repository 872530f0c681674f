//! `--statistics`: how often each rule is broken, and by whom, instead of the findings.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::style::{BOLD, RESET};
use super::text::{count, printable};
use super::{Report, style};
use crate::rules::Severity;

/// Writes the table: most frequent first, then by name.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: BTreeMap<(&str, Severity), usize> = BTreeMap::new();
    let mut services: BTreeMap<&str, usize> = BTreeMap::new();
    for reported in report.findings() {
        let finding = &reported.finding;
        *rules.entry((finding.rule, finding.severity)).or_default() += 1;
        *services.entry(finding.services.first().map_or("(no service)", String::as_str)).or_default() += 1;
    }
    let mut rules: Vec<_> = rules.into_iter().collect();
    rules.sort_by_key(|((rule, severity), number)| (std::cmp::Reverse((*number, *severity)), *rule));
    for ((rule, severity), number) in rules {
        writeln!(out, "{number:>6}  {}{:<7}{RESET}  {rule}", style::severity(severity), severity.as_str())?;
    }
    let mut services: Vec<_> = services.into_iter().collect();
    services.sort_by_key(|(service, number)| (std::cmp::Reverse(*number), *service));
    if !services.is_empty() {
        writeln!(out, "\n{BOLD}By service{RESET}")?;
    }
    for (service, number) in services {
        writeln!(out, "{number:>6}  {}", printable(service))?;
    }
    let blank = if report.findings().is_empty() { "" } else { "\n" };
    writeln!(out, "{blank}{BOLD}Found{RESET} {}", count(report.findings().len(), "finding"))
}
