//! Links lead somewhere, files are named where an agent looks, rules exist.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::{Remark, Skill, line_at};
use crate::files::{folder_of, join_path};
use crate::findings;

pub(super) fn check(skill: &Skill) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let pages = skill.pages();
    for (page, text) in &pages {
        for (target, offset) in links(text) {
            let line = line_at(text, offset);
            if let Some(message) = fault(skill, page, text, &target) {
                remarks.push(skill.error(page, line, "broken-link", message));
            }
        }
        for (id, offset) in unknown_rules(text) {
            let message = format!("no rule `{id}` exists; `skillcheck rules` lists them");
            remarks.push(skill.error(page, line_at(text, offset), "unknown-rule", message));
        }
    }
    remarks.extend(unmentioned(skill));
    remarks
}

/// The targets of links and images, and where they stand.
fn links(text: &str) -> Vec<(String, usize)> {
    let body = super::frontmatter::split(text).map_or(0, |(start, yaml)| start + yaml.len() + 3);
    let body = (body..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    Parser::new(&text[body..])
        .into_offset_iter()
        .filter_map(|(event, range)| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                Some((dest_url.to_string(), body + range.start))
            }
            _ => None,
        })
        .collect()
}

/// Why a link leads nowhere.
fn fault(skill: &Skill, page: &str, text: &str, target: &str) -> Option<String> {
    let remote = target.contains("://") || target.starts_with("mailto:") || target.starts_with("tel:");
    if remote || target.is_empty() {
        return None;
    }
    let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
    if path.is_empty() {
        let known = anchors(text);
        return (!fragment.is_empty() && !known.contains(fragment)).then(|| format!("no heading for `#{fragment}`"));
    }
    if path.contains('\\') {
        return Some(format!("`{path}` has backslashes; write `/`"));
    }
    let Some(joined) = join_path(folder_of(page), path) else {
        return Some(format!("`{path}` leads out of the skill's folder, which is copied alone"));
    };
    let inside = format!("{joined}/");
    let is_folder = skill.files.iter().any(|file| file.starts_with(&inside));
    if !is_folder && !skill.files.contains(&joined) {
        return Some(format!("`{path}` does not exist"));
    }
    let missing = !fragment.is_empty() && joined.ends_with(".md") && !anchors(&skill.read(&joined)).contains(fragment);
    missing.then(|| format!("`{joined}` has no heading for `#{fragment}`"))
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let (mut found, mut title) = (BTreeSet::new(), None::<String>);
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => title = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let kept = title.take().unwrap_or_default().to_lowercase();
                let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
                let slug: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
                let number = (0..).find(|n| !found.contains(&numbered(&slug, *n))).unwrap_or(0);
                found.insert(numbered(&slug, number));
            }
            Event::Text(part) | Event::Code(part) => {
                if let Some(title) = &mut title {
                    title.push_str(&part);
                }
            }
            _ => {}
        }
    }
    found
}

fn numbered(slug: &str, number: usize) -> String {
    if number == 0 { slug.to_owned() } else { format!("{slug}-{number}") }
}

/// Files of the skill that its `SKILL.md` does not name, or names without saying when to read them.
fn unmentioned(skill: &Skill) -> Vec<Remark> {
    const WHEN: [&str; 8] = ["when", "if ", "for ", "before", "after", "while", "unless", "whenever"];
    let parts = ["references/", "scripts/", "assets/"];
    let mut remarks = Vec::new();
    for file in skill.files.iter().filter(|file| parts.iter().any(|part| file.starts_with(part))) {
        // A folder that is named stands for what is in it.
        let mut names = vec![file.as_str()];
        let mut folder = folder_of(file);
        while folder.contains('/') {
            names.push(folder);
            folder = folder_of(folder);
        }
        if !file.starts_with("references/") {
            names.extend(parts.iter().copied().filter(|part| file.starts_with(part)));
        }
        let lines: Vec<&str> = skill.text.lines().filter(|line| names.iter().any(|name| line.contains(name))).collect();
        if lines.is_empty() {
            let message = format!("`{}` does not name it, so no agent finds it", skill.file);
            remarks.push(skill.warning(file, 1, "unmentioned-file", message));
        } else if file.starts_with("references/")
            && !lines.iter().any(|line| WHEN.iter().any(|word| line.to_lowercase().contains(word)))
        {
            let message = format!("`{}` names it and does not say when to read it", skill.file);
            remarks.push(skill.warning(file, 1, "unmentioned-file", message));
        }
    }
    remarks
}

/// Rules of our skills that do not exist. Other words with a slash are none of our business.
fn unknown_rules(text: &str) -> Vec<(String, usize)> {
    let names = findings::names();
    let mut found = Vec::new();
    for (start, _) in text.match_indices('`') {
        let rest = &text[start + 1..];
        let Some(end) = rest.find(['`', '\n']) else { continue };
        let id = &rest[..end];
        let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        if let Some((skill, rule)) = id.split_once('/')
            && word(skill)
            && word(rule)
            && names.is_skill(skill)
            && !names.is_rule(id)
        {
            found.push((id.to_owned(), start));
        }
    }
    found
}
