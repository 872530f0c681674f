//! The list of rules.

use std::io::{self, Write};

use serde_json::json;

use super::style::{self, BOLD, DIM, RESET};
use super::text::wrap;
use crate::rules::{Rule, Stage};
use crate::skills::RuleDoc;

fn stage(rule: &Rule) -> &'static str {
    match rule.stage {
        Stage::Stable => "stable",
        Stage::Preview => "preview",
    }
}

/// Writes a table: a rule a line, its summary below.
pub fn text(rules: &[(Rule, Option<RuleDoc>)], width: usize, out: &mut dyn Write) -> io::Result<()> {
    let widest = rules.iter().map(|(rule, _)| rule.id.len()).max().unwrap_or_default();
    writeln!(out, "{BOLD}{:widest$}  {:8}  {:7}  SUMMARY{RESET}", "RULE", "SEVERITY", "STAGE")?;
    for (rule, doc) in rules {
        let colour = style::severity(rule.severity);
        let (severity, stage) = (rule.severity.as_str(), stage(rule));
        let first = format!("{:widest$}  {colour}{severity:8}{RESET}  {DIM}{stage:7}{RESET}  ", rule.id);
        let rest = " ".repeat(widest + 21);
        let summary = doc.as_ref().map_or("", first_sentence);
        write!(out, "{}", wrap(summary, &first, &rest, width.max(widest + 60)))?;
    }
    Ok(())
}

/// Writes the rules of a skill: id and severity, the summary below.
pub fn skill(docs: &[RuleDoc], width: usize, out: &mut dyn Write) -> io::Result<()> {
    for doc in docs {
        let colour = style::severity(doc.severity);
        writeln!(out, "{colour}{:8}{RESET} {BOLD}{}{RESET}", doc.severity.as_str(), doc.id)?;
        write!(out, "{}", wrap(&doc.summary, "         ", "         ", width))?;
    }
    Ok(())
}

/// What fits into a table.
fn first_sentence(doc: &RuleDoc) -> &str {
    doc.summary.split_once(". ").map_or(doc.summary.as_str(), |(first, _)| first).trim_end_matches('.')
}

/// Writes the rules as JSON.
pub fn json(rules: &[(Rule, Option<RuleDoc>)], out: &mut dyn Write) -> io::Result<()> {
    let list: Vec<_> = rules
        .iter()
        .map(|(rule, doc)| {
            json!({
                "id": rule.id,
                "skill": rule.skill(),
                "severity": rule.severity,
                "stage": stage(rule),
                "summary": doc.as_ref().map(|doc| &doc.summary),
                "languages": doc.as_ref().map(|doc| &doc.languages),
            })
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &list)?;
    writeln!(out)
}
