//! For people: what, where with the source, why, what to write instead, and what was not seen.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::excerpt::{Label, excerpt};
use super::style::{BOLD, DIM, HELP, RESET};
use super::text::{count, one_line, printable, wrap};
use super::{NAMED, Report, style};
use crate::findings::Reported;
use crate::rules::Severity;
use crate::syntax::{FileId, Place};

/// How many services the summary names.
const MOST: usize = 100;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for reported in report.findings() {
        finding(report, reported, out)?;
    }
    if report.quiet {
        return Ok(());
    }
    summary(report, out)
}

fn finding(report: &Report<'_>, reported: &Reported, out: &mut dyn Write) -> io::Result<()> {
    let finding = &reported.finding;
    let severity = match finding.severity {
        Severity::Error => miette::Severity::Error,
        Severity::Warning => miette::Severity::Warning,
        Severity::Info => miette::Severity::Advice,
    };
    let head = format!("{}{}[{}]{RESET}: ", style::severity(finding.severity), finding.severity.as_str(), finding.rule);
    let message = one_line(&finding.message);
    write!(out, "{}", wrap(&format!("{BOLD}{message}{RESET}"), &head, "  ", report.width))?;

    for (file, labels) in labels(reported) {
        if report.repository(file).is_some() {
            elsewhere(report, file, &labels, out)?;
        }
        let Some(source) = report.settled.sources.get(file) else { continue };
        write!(out, "{}", excerpt(&report.open_path(file), source, &labels, severity, report.width))?;
    }
    let mut line = |name: &str, text: &str, style: &str| {
        let first = format!("  {style}{name}:{RESET} ");
        let rest = " ".repeat(name.len() + 4);
        write!(out, "{}", wrap(&one_line(text), &first, &rest, report.width))
    };
    if !finding.services.is_empty() {
        line(if finding.services.len() == 1 { "service" } else { "services" }, &finding.services.join(", "), DIM)?;
    }
    line("why", &finding.why, BOLD)?;
    line("help", &finding.help, HELP)?;
    if finding.confidence < crate::rules::Confidence::High {
        line("confidence", finding.confidence.as_str(), DIM)?;
    }
    writeln!(out)
}

fn repositories(number: usize) -> String {
    if number == 1 { "1 other repository".to_owned() } else { format!("{number} other repositories") }
}

/// Places in a file of another repository, whose text is not here.
fn elsewhere(report: &Report<'_>, file: FileId, labels: &[Label], out: &mut dyn Write) -> io::Result<()> {
    for label in labels {
        let (start, _) = report.settled.sources.positions(Place::new(file, label.span));
        let place = format!("{}:{}:{}", printable(&report.open_path(file)), start.line, start.column);
        let text = label.text.as_deref().map(|text| format!(" {}", one_line(text))).unwrap_or_default();
        write!(out, "{}", wrap(&format!("{place}{text}"), &format!("  {DIM}in{RESET} "), "     ", report.width))?;
    }
    Ok(())
}

/// The labels of each file: the place of the finding first, then the related ones in reading order.
fn labels(reported: &Reported) -> Vec<(FileId, Vec<Label>)> {
    let finding = &reported.finding;
    let mut files = vec![(finding.place.file, vec![Label { span: finding.place.span, text: None }])];
    for related in &finding.related {
        let label = Label { span: related.place.span, text: Some(related.message.clone()) };
        match files.iter_mut().find(|(file, _)| *file == related.place.file) {
            // The same bytes twice would only be underlined twice.
            Some((_, labels)) => match labels.iter_mut().find(|old| old.span == label.span && old.text.is_none()) {
                Some(old) => old.text = label.text,
                None => labels.push(label),
            },
            None => files.push((related.place.file, vec![label])),
        }
    }
    files
}

fn summary(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let stats = report.stats;
    let services: Vec<_> = report.services().map(|service| printable(&service.name).into_owned()).collect();
    let mut found = match services.len() {
        0 => "no service found".to_owned(),
        number if number > MOST => format!("{}: {}, …", count(number, "service"), services[..MOST].join(", ")),
        number => format!("{}: {}", count(number, "service"), services.join(", ")),
    };
    let mut others: Vec<&str> = report.tree.others.iter().map(|file| &*file.repository).collect();
    others.dedup();
    if !others.is_empty() {
        found.push_str(&format!(", with the facts of {}", repositories(others.len())));
    }
    let files = format!("{} ({} parsed)", count(stats.files_walked as usize, "file"), stats.files_parsed);
    write!(out, "{}", wrap(&format!("{files}, {found}"), &format!("{BOLD}Checked{RESET} "), "  ", report.width))?;

    let [errors, warnings, infos] = report.counts();
    let mut parts: Vec<String> = [(errors, "error"), (warnings, "warning"), (infos, "info")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| if noun == "info" { format!("{number} info") } else { count(number, noun) })
        .collect();
    if parts.is_empty() {
        parts.push(if report.incomplete() { "no findings in what was checked" } else { "no findings" }.to_owned());
    }
    if report.settled.suppressed > 0 {
        parts.push(format!("{} suppressed", report.settled.suppressed));
    }
    if report.settled.baselined > 0 {
        parts.push(format!("{} in the baseline", report.settled.baselined));
    }
    if report.settled.hidden > 0 {
        parts.push(format!("{} below --min-severity or --min-confidence", report.settled.hidden));
    }
    if report.settled.unchanged > 0 {
        parts.push(format!("{} that the change did not touch", report.settled.unchanged));
    }
    writeln!(out, "{BOLD}Found{RESET} {}", parts.join(", "))?;
    if report.settled.gone > 0 {
        let gone = count(report.settled.gone, "finding");
        writeln!(out, "{gone} of the baseline did not come any more: skillcheck baseline prune")?;
    }
    unchecked(report, out)?;
    if let Some(rule) = most_frequent(report) {
        writeln!(out, "{DIM}To see why a rule matters and how to follow it:{RESET} skillcheck explain {rule}")?;
    }
    Ok(())
}

fn unchecked(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let warning = style::severity(Severity::Warning);
    if !report.problems.is_empty() {
        writeln!(out, "{warning}Could not check{RESET} {}", count(report.problems.len(), "place"))?;
        let (problems, _) = report.named_problems();
        for problem in problems.into_iter().take(NAMED) {
            let mut place = report.problem_path(problem);
            if let Some(at) = problem.place {
                let (start, _) = report.settled.sources.positions(at);
                if report.settled.sources.get(at.file).is_some() {
                    place = format!("{place}:{}:{}", start.line, start.column);
                }
            }
            let place = if place.is_empty() { String::new() } else { format!("{}: ", printable(&place)) };
            write!(out, "{}", wrap(&format!("{place}{}", one_line(&problem.reason)), "  ", "    ", report.width))?;
        }
        if report.problems.len() > NAMED {
            writeln!(out, "  and {} more; `--show-files` lists all", report.problems.len() - NAMED)?;
        }
    }
    let unknown: usize = report.stats.unknown.iter().map(|(_, places)| places.len()).sum();
    if unknown > 0 {
        let names: Vec<_> = report
            .stats
            .unknown
            .iter()
            .map(|(what, places)| format!("{} ({})", printable(what), places.len()))
            .collect();
        let text = format!("{}: {}; `--output json` says where", count(unknown, "value"), names.join(", "));
        write!(out, "{}", wrap(&text, &format!("{warning}Could not resolve{RESET} "), "  ", report.width))?;
    }
    Ok(())
}

fn most_frequent<'r>(report: &'r Report<'_>) -> Option<&'r str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for reported in report.findings() {
        *counts.entry(reported.finding.rule).or_default() += 1;
    }
    counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0))).map(|(rule, _)| rule)
}
