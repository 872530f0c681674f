//! What of the raw findings is reported, and how.

use std::collections::HashMap;

use super::fingerprint::fingerprints;
use super::own::{EXPIRED, MALFORMED, MISSING_REASON, UNKNOWN_RULE, UNUSED, own_rules};
use super::scan::{Scope, Suppression};
use super::{Date, Sources};
use crate::config::Config;
use crate::files::{Allowed, Tree};
use crate::rules::names::covers;
use crate::rules::{Confidence, Finding, Names, Rule, Severity};
use crate::syntax::{FileId, Place, Span};

/// A finding as it is reported: its severity is the configured one.
#[derive(Clone, Debug, PartialEq)]
pub struct Reported {
    /// The finding.
    pub finding: Finding,
    /// 16 hexadecimal digits that stay the same when other lines change.
    pub fingerprint: String,
    /// The same for findings that only their order tells apart: same rule, file and code.
    pub kind: u64,
}

/// What decides which findings are reported.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The rules of this build.
    pub rules: &'a [Rule],
    /// Today, for `until=`.
    pub today: Date,
    /// Preview rules ran too.
    pub preview: bool,
    /// Only these rules or skills are reported; empty for all.
    pub only: &'a [String],
    /// Findings below are hidden.
    pub min_severity: Severity,
    /// Further files whose texts the report needs: those with problems at a place.
    pub also_load: &'a [FileId],
    /// The run saw a whole repository and all of it: only then an unused suppression is known to be one.
    pub complete: bool,
    /// Rules that other repositories may break here: a comment about them may be of use in a run that
    /// sees those.
    pub elsewhere: &'a [&'a str],
}

/// The reported findings and what was left out.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// In the order of path, span and rule.
    pub findings: Vec<Reported>,
    /// The texts of the files that have findings, related places included.
    pub sources: Sources,
    /// How many findings a comment suppressed.
    pub suppressed: usize,
    /// How many findings `min_severity` and [`Settled::hide_below`] hide.
    pub hidden: usize,
    /// How many findings the baseline knows; they are not among `findings`.
    pub baselined: usize,
    /// How many findings of the baseline did not come any more in a full run.
    pub gone: usize,
    /// How many findings were there before the change that was asked about, and are not touched by it.
    pub unchanged: usize,
}

impl Settled {
    /// Hides the findings that are less sure.
    pub fn hide_below(&mut self, confidence: Confidence) {
        let before = self.findings.len();
        self.findings.retain(|reported| reported.finding.confidence >= confidence);
        self.hidden += before - self.findings.len();
    }
}

/// Applies levels, suppressions and filters; gives every finding its fingerprint and its place in the
/// order.
pub fn settle(tree: &Tree, raw: Vec<Finding>, suppressions: &[Suppression], settings: &Settings<'_>) -> Settled {
    let mut findings: Vec<Finding> = raw.into_iter().filter_map(|finding| settings.level(tree, finding)).collect();
    order(tree, &mut findings);

    let mut book = Book::new(tree, suppressions, settings);
    let kept: Vec<bool> = findings.iter().map(|finding| !book.suppresses(finding)).collect();
    let mut own: Vec<Finding> =
        book.findings().into_iter().filter_map(|finding| settings.level(tree, finding)).collect();
    order(tree, &mut own);

    let files = |findings: &[Finding]| -> Vec<FileId> {
        findings.iter().flat_map(|f| f.related.iter().map(|r| r.place.file).chain([f.place.file])).collect()
    };
    let sources =
        Sources::load(tree, files(&findings).into_iter().chain(files(&own)).chain(settings.also_load.iter().copied()));
    // Suppressed findings count among the equal ones, so that a new comment changes no other fingerprint.
    let prints = fingerprints(&findings, tree, &sources);
    let own_prints = fingerprints(&own, tree, &sources);

    let suppressed = kept.iter().filter(|kept| !**kept).count();
    let mut reported: Vec<Reported> = findings
        .into_iter()
        .zip(prints)
        .zip(kept)
        .filter(|(_, kept)| *kept)
        .map(|(pair, _)| pair)
        .chain(own.into_iter().zip(own_prints))
        .map(|(finding, (fingerprint, kind))| Reported { finding, fingerprint, kind })
        .collect();
    let before = reported.len();
    reported.retain(|r| r.finding.severity >= settings.min_severity);
    reported.sort_by(|a, b| compare(&a.finding, &b.finding));
    Settled { hidden: before - reported.len(), findings: reported, sources, suppressed, ..Settled::default() }
}

/// Sorts by path, span and rule, and keeps one of several findings of the same rule at a place.
fn order(tree: &Tree, findings: &mut Vec<Finding>) {
    // A place without a file would be a defect of a rule; it must not become one of the report.
    let exists = |place: Place| tree.knows(place.file);
    findings.retain_mut(|finding| {
        finding.related.retain(|related| exists(related.place));
        exists(finding.place)
    });
    findings.sort_by(|a, b| {
        compare(a, b).then_with(|| b.confidence.cmp(&a.confidence)).then_with(|| a.message.cmp(&b.message))
    });
    findings.dedup_by(|a, b| a.place == b.place && a.rule == b.rule);
}

/// The files of a tree are sorted by path, so their ids are too.
fn compare(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    (a.place, a.rule).cmp(&(b.place, b.rule))
}

impl Settings<'_> {
    /// The finding at its configured level; `None` when it is off or not asked for.
    fn level(&self, tree: &Tree, mut finding: Finding) -> Option<Finding> {
        if !self.asked_for(finding.rule) {
            return None;
        }
        let file = tree.files.get(finding.place.file.0 as usize);
        finding.severity = self.config.severity(finding.rule, finding.severity, file)?;
        Some(finding)
    }

    fn asked_for(&self, rule: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|selector| covers(selector, rule))
    }

    /// True when some rule that the selector names could have been found in this file.
    fn ran(&self, selector: &str, tree: &Tree, file: FileId) -> bool {
        let file = tree.files.get(file.0 as usize);
        self.rules.iter().filter(|rule| covers(selector, rule.id)).any(|rule| {
            self.asked_for(rule.id)
                && self.config.enabled(rule, self.preview)
                && self.config.severity(rule.id, rule.severity, file).is_some()
        })
    }
}

/// The suppressions of a run and which of them were of use.
struct Book<'a> {
    tree: &'a Tree,
    settings: &'a Settings<'a>,
    suppressions: &'a [Suppression],
    by_file: HashMap<FileId, Vec<usize>>,
    names: Names,
    /// For each suppression, for each selector.
    used: Vec<Vec<bool>>,
}

impl<'a> Book<'a> {
    fn new(tree: &'a Tree, suppressions: &'a [Suppression], settings: &'a Settings<'a>) -> Self {
        let mut by_file: HashMap<FileId, Vec<usize>> = HashMap::new();
        for (index, suppression) in suppressions.iter().enumerate() {
            by_file.entry(suppression.file).or_default().push(index);
        }
        let used = suppressions.iter().map(|s| vec![false; s.selectors.len()]).collect();
        let names = Names::new(settings.rules.iter().map(|rule| rule.id));
        Book { tree, settings, suppressions, by_file, names, used }
    }

    /// True when a comment at the place of the finding, or at a related one, allows it. Every such
    /// comment counts as used.
    fn suppresses(&mut self, finding: &Finding) -> bool {
        let mut found = false;
        for place in finding.related.iter().map(|related| related.place).chain([finding.place]) {
            let elsewhere = self.tree.other_place(place).map(|other| other.allows.as_slice()).unwrap_or_default();
            found |= elsewhere
                .iter()
                .any(|allowed| covers(&allowed.rule, finding.rule) && !self.is_over(allowed.until.as_deref()));
            for &index in self.by_file.get(&place.file).map(Vec::as_slice).unwrap_or_default() {
                let suppression = &self.suppressions[index];
                if self.is_dead(suppression) || !reaches(suppression, place) {
                    continue;
                }
                for (selector, used) in suppression.selectors.iter().zip(&mut self.used[index]) {
                    if covers(&selector.name, finding.rule) {
                        *used = true;
                        found = true;
                    }
                }
            }
        }
        found
    }

    /// Faulty and expired comments suppress nothing. One without a reason does: it is reported
    /// itself, and one finding for one mistake is enough.
    fn is_dead(&self, suppression: &Suppression) -> bool {
        suppression.fault.is_some() || self.is_over(suppression.until.as_deref())
    }

    fn is_over(&self, until: Option<&str>) -> bool {
        until.is_some_and(|until| Date::parse(until).is_none_or(|day| day < self.settings.today))
    }

    /// What is wrong with the comments themselves.
    fn findings(&self) -> Vec<Finding> {
        let mut out = Vec::new();
        for (suppression, used) in self.suppressions.iter().zip(&self.used) {
            self.judge(suppression, used, &mut out);
        }
        out
    }

    fn judge(&self, suppression: &Suppression, used: &[bool], out: &mut Vec<Finding>) {
        let form = "`skillcheck: allow(<rule>) <reason>`";
        let mut add = |rule, span, message: String, why: &str, help: String| {
            out.push(own_finding(rule, Place::new(suppression.file, span), message, why, help));
        };
        if let Some(fault) = &suppression.fault {
            let why = "The comment looks like a suppression but suppresses nothing";
            let help = if fault.starts_with("`allow-file`") {
                "move it to the top of the file, or use `allow` at the line".to_owned()
            } else {
                format!("write {form}")
            };
            return add(MALFORMED, suppression.span, format!("not a suppression: {fault}"), why, help);
        }
        let list = suppression.selectors.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
        if suppression.reason.is_none() {
            let message = format!("suppression of `{list}` gives no reason");
            let why = "Without a reason nobody can tell later whether the exception still holds";
            add(MISSING_REASON, suppression.span, message, why, format!("write {form}"));
        }
        let mut expired = false;
        if let Some(until) = &suppression.until {
            match Date::parse(until) {
                None => {
                    let why = "The comment looks like a suppression but suppresses nothing";
                    let message = format!("not a suppression: `until={until}` is no date");
                    return add(MALFORMED, suppression.span, message, why, "write `until=YYYY-MM-DD`".to_owned());
                }
                Some(date) if date < self.settings.today => {
                    expired = true;
                    let message = format!("suppression of `{list}` expired on {date}");
                    let why = "The exception was meant to end on that day; the comment suppresses nothing any more";
                    let help = "repair what it allowed and delete it, or set a new date and say why";
                    add(EXPIRED, suppression.span, message, why, help.to_owned());
                }
                Some(_) => {}
            }
        }
        for (selector, used) in suppression.selectors.iter().zip(used) {
            let name = &selector.name;
            if covers("suppression", name) || name == "suppression" {
                let help = format!("turn the rule off under `rules:` in the configuration: `{name}: off`");
                let why = "A finding about a comment can't be hidden by a comment";
                add(UNKNOWN_RULE, selector.span, format!("`{name}` can't be suppressed by a comment"), why, help);
            } else if !self.names.knows(name) {
                let help = match self.names.suggest(name) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "`skillcheck rules` lists the rules".to_owned(),
                };
                let why = "There is nothing that this comment could suppress";
                add(UNKNOWN_RULE, selector.span, format!("suppression of unknown rule `{name}`"), why, help);
            } else if !used
                && !expired
                && self.settings.complete
                && !self.settings.elsewhere.iter().any(|rule| covers(name, rule))
                && self.settings.ran(name, self.tree, suppression.file)
            {
                let why = "The comment waits to hide a finding that nobody has looked at";
                let help = format!("delete `{name}` from the comment, or the comment");
                add(UNUSED, selector.span, format!("suppression of `{name}` is not used"), why, help);
            }
        }
    }
}

/// What the comments of a run allow at a place: for those who see it from another repository.
pub fn allowed(suppressions: &[Suppression], place: Place) -> Vec<Allowed> {
    let here = suppressions.iter().filter(|s| s.file == place.file && s.fault.is_none() && reaches(s, place));
    let mut allowed: Vec<Allowed> = here
        .flat_map(|s| s.selectors.iter().map(|name| Allowed { rule: name.name.clone(), until: s.until.clone() }))
        .collect();
    allowed.sort();
    allowed.dedup();
    allowed
}

/// True when the place begins on a line that the comment covers, or ends on the line that the comment
/// stands behind: formatters move comments there.
fn reaches(suppression: &Suppression, place: Place) -> bool {
    let on = |lines: Span, offset: u32| lines.start <= offset && offset <= lines.end;
    match suppression.scope {
        Scope::File => true,
        Scope::Next(lines) => on(lines, place.span.start),
        Scope::Line(lines) => {
            on(lines, place.span.start) || on(lines, place.span.end.saturating_sub(1).max(place.span.start))
        }
    }
}

fn own_finding(rule: &'static str, place: Place, message: String, why: &str, help: String) -> Finding {
    let severity = own_rules().iter().find(|own| own.id == rule).map_or(Severity::Warning, |own| own.severity);
    Finding {
        rule,
        severity,
        confidence: Confidence::High,
        services: Vec::new(),
        message,
        why: why.to_owned(),
        help,
        place,
        related: Vec::new(),
    }
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;
