//! Code samples: they parse, and those that show how to do it pass the linter.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use rayon::prelude::*;

use super::{Remark, Skill, line_at};
use crate::check::{self, Outcome, Request};
use crate::config::Config;
use crate::findings::{self, Date, Settings, Source};
use crate::rules::{self, Finding, Severity};
use crate::syntax::data;

/// A fenced block.
struct Block {
    /// The line of its first line of code, counted from 1.
    line: usize,
    /// What it is: the ending of a file.
    ending: &'static str,
    /// `file=` of the info string.
    path: Option<String>,
    text: String,
    /// The number of its heading.
    section: usize,
    /// It shows how not to do it.
    is_bad: bool,
}

/// How many samples were read, and what is wrong with them.
pub(super) fn check(skill: &Skill) -> (usize, Vec<Remark>) {
    let mut jobs: Vec<(&str, Vec<Block>)> = Vec::new();
    let pages = skill.pages();
    for (page, text) in &pages {
        for block in blocks(text) {
            // Files of one section are one sample.
            let joins = |(other, group): &(&str, Vec<Block>)| {
                let first = group.first();
                other == page
                    && block.path.is_some()
                    && first.is_some_and(|f| f.path.is_some() && f.section == block.section)
            };
            match jobs.last_mut().filter(|job| joins(job)) {
                Some((_, group)) => group.push(block),
                None => jobs.push((page, vec![block])),
            }
        }
    }
    let remarks = jobs.par_iter().flat_map_iter(|(page, group)| sample(skill, page, group)).collect::<Vec<_>>();
    let templates = templates(skill);
    (jobs.len(), remarks.into_iter().chain(templates).collect())
}

fn blocks(text: &str) -> Vec<Block> {
    let (mut found, mut section, mut heading) = (Vec::new(), 0, None::<String>);
    let (mut is_bad, mut paragraph) = (false, String::new());
    let mut open: Option<Block> = None;
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                section += 1;
                is_bad = warns(&heading.take().unwrap_or_default());
                paragraph.clear();
            }
            Event::Start(Tag::Paragraph) => paragraph.clear(),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let Some(ending) = ending(&info) else { continue };
                let path = info.split_whitespace().find_map(|word| word.strip_prefix("file="));
                open = Some(Block {
                    line: line_at(text, range.start) + 1,
                    ending,
                    path: path.map(|path| path.trim_matches('"').to_owned()),
                    text: String::new(),
                    section,
                    is_bad: is_bad || warns(paragraph.lines().last().unwrap_or_default()),
                });
            }
            Event::End(TagEnd::CodeBlock) => {
                // Components are often fenced as plain TypeScript.
                if let Some(block) = open.as_mut().filter(|b| b.ending == "ts" && b.path.is_none()) {
                    block.ending = if ["</", "/>"].iter().any(|mark| block.text.contains(mark)) { "tsx" } else { "ts" };
                }
                found.extend(open.take());
            }
            Event::Text(part) | Event::Code(part) => match (&mut open, &mut heading) {
                (Some(block), _) => block.text.push_str(&part),
                (None, Some(heading)) => heading.push_str(&part),
                (None, None) => paragraph.push_str(&part),
            },
            Event::SoftBreak => paragraph.push('\n'),
            _ => {}
        }
    }
    found
}

/// True for words with which one shows how not to do it.
fn warns(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words =
        ["bad", "wrong", "don't", "do not", "never", "avoid", "anti-pattern", "antipattern", "before", "incorrect"];
    let has_word = |word: &&str| {
        lower.match_indices(*word).any(|(at, _)| {
            let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
            edge(lower[..at].chars().next_back()) && edge(lower[at + word.len()..].chars().next())
        })
    };
    words.iter().any(has_word) || text.contains(['❌', '✗', '✘', '⛔'])
}

fn ending(info: &str) -> Option<&'static str> {
    let language = info.split([' ', ',', '{', '\t']).next().unwrap_or_default().to_ascii_lowercase();
    Some(match language.as_str() {
        "python" | "py" | "python3" => "py",
        "typescript" | "ts" => "ts",
        "tsx" => "tsx",
        "javascript" | "js" | "mjs" | "node" => "js",
        "jsx" => "jsx",
        "java" => "java",
        "kotlin" | "kt" => "kt",
        "go" | "golang" => "go",
        "csharp" | "cs" | "c#" => "cs",
        "json" | "jsonc" => "json",
        "yaml" | "yml" => "yaml",
        "toml" => "toml",
        _ => return None,
    })
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
    let block_of = |path: &str| group.iter().find(|block| name(block) == path).unwrap_or(first);
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
fn name(block: &Block) -> String {
    let path = block.path.as_deref().and_then(|path| crate::files::join_path("", path));
    path.filter(|path| !path.is_empty()).unwrap_or_else(|| format!("snippet.{}", block.ending))
}

fn lay_out(group: &[Block]) -> Result<Outcome, String> {
    let scratch = Scratch::new().map_err(|error| error.to_string())?;
    for block in group {
        let path = scratch.0.join(name(block));
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
