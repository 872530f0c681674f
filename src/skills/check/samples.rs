//! Code samples: they parse, and those that show how to do it pass the linter.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use super::{Remark, Skill, line_at};
use crate::check::{self, Outcome, Request};
use crate::config::Config;
use crate::findings::{self, Date, Settings, Source};
use crate::rules::{self, Finding, Severity};
use crate::syntax::data;
use crate::syntax::fenced::{self, Block};

/// How many samples were read, and what is wrong with them.
pub(super) fn check(skill: &Skill) -> (usize, Vec<Remark>) {
    let pages = skill.pages();
    let jobs: Vec<(&str, Vec<Block>)> = pages
        .iter()
        .flat_map(|(page, text)| fenced::samples(text).into_iter().map(move |group| (*page, group)))
        .collect();
    let remarks = jobs.par_iter().flat_map_iter(|(page, group)| sample(skill, page, group)).collect::<Vec<_>>();
    let templates = templates(skill);
    (jobs.len(), remarks.into_iter().chain(templates).collect())
}

/// A place in a folder of its own for files that are only to be checked. It goes when this does.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> std::io::Result<Self> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name = format!("skillcheck-sample-{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder)?;
        Ok(Scratch(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Whole files have to be right; a part of one may not parse alone.
fn sample(skill: &Skill, page: &str, group: &[Block]) -> Vec<Remark> {
    let Some(first) = group.first() else { return Vec::new() };
    let is_whole = first.path.is_some();
    let severity = if is_whole { Severity::Error } else { Severity::Warning };
    let remark = |line: usize, message: String| skill.remark(page, line, "sample", severity, message);
    let mut remarks = Vec::new();
    for block in group {
        let elided = block.text.contains('…') || block.text.lines().any(|line| line.trim() == "...");
        if !elided && let Some((line, reason)) = not_data(block) {
            remarks.push(remark(block.line + line, format!("the sample does not parse: {reason}")));
        }
    }
    let Ok(mut outcome) = lay_out(group) else {
        remarks.push(remark(first.line, "the sample can't be laid out as a file to check it".to_owned()));
        return remarks;
    };
    let block_of = |path: &str| group.iter().find(|block| block_name(block) == path).unwrap_or(first);
    for problem in outcome.problems.iter().filter(|problem| problem.incomplete) {
        let block = block_of(&problem.path);
        // `create({...})` leaves something out on purpose.
        if !is_whole && ["{...}", "(...)", "[...]", ", ...)"].iter().any(|mark| block.text.contains(mark)) {
            continue;
        }
        let line = problem.place.map_or(0, |place| line_at(&block.text, place.span.start as usize) - 1);
        remarks.push(remark(block.line + line, format!("the sample does not parse: {}", problem.reason)));
    }
    if !group.iter().any(|block| block.is_bad) {
        for finding in reported(&mut outcome) {
            let block = block_of(&outcome.tree.file(finding.place.file).path);
            let line = line_at(&block.text, finding.place.span.start as usize) - 1;
            remarks.push(Remark {
                path: format!("{}{page}", skill.prefix),
                line: block.line + line,
                check: finding.rule.to_owned(),
                severity: finding.severity,
                message: format!("a sample teaches this: {}", finding.message),
            });
        }
    }
    remarks
}

/// The path of a block in its folder.
fn block_name(block: &Block) -> String {
    let path = block.path.as_deref().and_then(|path| crate::files::join_path("", path));
    path.filter(|path| !path.is_empty()).unwrap_or_else(|| format!("snippet.{}", block.ending))
}

fn lay_out(group: &[Block]) -> Result<Outcome, String> {
    let scratch = Scratch::new().map_err(|error| error.to_string())?;
    for block in group {
        let path = scratch.0.join(block_name(block));
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(|error| error.to_string())?;
        std::fs::write(path, &block.text).map_err(|error| error.to_string())?;
    }
    let request = Request { paths: vec![scratch.0.clone()], every_file: true, ..Request::default() };
    check::check(request).map_err(|error| format!("{error:?}"))
}

/// What `skillcheck lint` would report without a configuration: comments that suppress count here too.
fn reported(outcome: &mut Outcome) -> Vec<Finding> {
    let settings = Settings {
        config: &Config::default(),
        rules: rules::all(),
        // No sample expires.
        today: Date::from_unix_days(0),
        preview: false,
        only: &[],
        min_severity: Severity::Warning,
        also_load: &[],
        complete: false,
        elsewhere: &[],
    };
    let raw = std::mem::take(&mut outcome.findings);
    let settled = findings::settle(&outcome.tree, raw, &outcome.suppressions, &settings);
    settled.findings.into_iter().map(|reported| reported.finding).collect()
}

/// Why a block of data does not parse: the line below its first, and the reason.
fn not_data(block: &Block) -> Option<(usize, String)> {
    let error = match block.ending {
        "json" => data::json(&block.text).err()?,
        "yaml" => data::yaml(&block.text).errors.into_iter().next()?,
        "toml" => data::toml(&block.text).err()?,
        _ => return None,
    };
    Some((line_at(&block.text, error.span.start as usize) - 1, error.to_string()))
}

/// The templates in `assets/`, checked together as the system that they are.
fn templates(skill: &Skill) -> Vec<Remark> {
    let folder = skill.folder.join("assets");
    if !folder.is_dir() {
        return Vec::new();
    }
    let Ok(mut outcome) = check::check(Request { paths: vec![folder], ..Request::default() }) else {
        return Vec::new();
    };
    let found = reported(&mut outcome);
    let problems = outcome.problems.iter().filter(|problem| problem.incomplete).map(|problem| {
        let message = format!("the template can't be checked: {}", problem.reason);
        skill.error(&format!("assets/{}", problem.path), 1, "sample", message)
    });
    let findings = found.iter().map(|finding| {
        let file = outcome.tree.file(finding.place.file);
        let line = Source::read(file).position(finding.place.span.start).line;
        Remark {
            path: format!("{}assets/{}", skill.prefix, file.path),
            line,
            check: finding.rule.to_owned(),
            severity: finding.severity,
            message: format!("a template teaches this: {}", finding.message),
        }
    });
    problems.chain(findings).collect()
}
