//! The front matter of `SKILL.md`.

use super::{Remark, Skill, line_at};
use crate::syntax::data::{self, Entry, Node};

/// The fields of the specification. Others make uploads and packaging fail.
const FIELDS: [&str; 6] = ["name", "description", "license", "compatibility", "metadata", "allowed-tools"];

/// Limits of the specification, in characters.
const MAX_NAME: usize = 64;
const MAX_DESCRIPTION: usize = 1024;
const MAX_COMPATIBILITY: usize = 500;

/// The text between the dashes, and where it begins.
pub(super) fn split(text: &str) -> Option<(usize, &str)> {
    let start = text.strip_prefix("---\n").map(|_| 4).or_else(|| text.strip_prefix("---\r\n").map(|_| 5))?;
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Some((start, &text[start..at]));
        }
        at += line.len();
    }
    None
}

/// The description, when the front matter can be read.
pub(super) fn description(text: &str) -> Option<String> {
    let (_, yaml) = split(text)?;
    data::yaml(yaml).single().ok()?.get("description")?.text().map(str::to_owned)
}

pub(super) fn check(skill: &Skill) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let file = skill.file.as_str();
    let error = |line: usize, check: &str, message: String| skill.error(file, line, check, message);
    if file != "SKILL.md" {
        remarks.push(error(1, "file-name", format!("`{file}` is not called `SKILL.md`; agents look for that name")));
    }
    let Some((start, yaml)) = split(&skill.text) else {
        let message = match skill.text.starts_with("---") {
            true => "the front matter has no end: close it with a line `---`",
            false => "no front matter: begin the file with `---`, `name`, `description` and `---`",
        };
        remarks.push(error(1, "frontmatter", message.to_owned()));
        return remarks;
    };
    let parsed = data::yaml(yaml);
    let at = |offset: usize| line_at(&skill.text, start + offset);
    for twice in &parsed.duplicates {
        let message = format!("`{}` stands there twice", twice.key);
        remarks.push(error(at(twice.second.start as usize), "frontmatter", message));
    }
    let root = match parsed.single() {
        Ok(root) if root.is_map() => root,
        Ok(_) => {
            remarks.push(error(1, "frontmatter", "the front matter is no map of fields".to_owned()));
            return remarks;
        }
        Err(fault) => {
            let message =
                format!("the front matter is no YAML, so the skill loads without name and description: {fault}");
            remarks.push(error(at(fault.span.start as usize), "frontmatter", message));
            return remarks;
        }
    };
    strict(&root, yaml, &mut |offset, message| remarks.push(error(at(offset), "frontmatter", message)));
    for entry in root.raw_entries() {
        let line = at(entry.key.span.start as usize);
        if !FIELDS.contains(&entry.name()) {
            let message =
                format!("`{}` is no field of the specification; only {} are", entry.name(), FIELDS.join(", "));
            remarks.push(skill.warning(file, line, "unknown-field", message));
        }
    }
    let field = |name: &str| root.raw_entries().iter().find(|entry| entry.name() == name);
    let line = |entry: &Entry| at(entry.key.span.start as usize);
    match field("name") {
        None => remarks.push(error(1, "name", "no `name`".to_owned())),
        Some(entry) => {
            for message in name_faults(entry.value.text().unwrap_or_default(), &skill.name) {
                remarks.push(error(line(entry), "name", message));
            }
        }
    }
    match field("description") {
        None => remarks.push(error(1, "description", "no `description`: nothing makes the skill trigger".to_owned())),
        Some(entry) => {
            let text = entry.value.text().unwrap_or_default();
            remarks.extend(description_faults(text).map(|message| error(line(entry), "description", message)));
            let weak = description_weakness(text);
            remarks.extend(weak.map(|message| skill.warning(file, line(entry), "description", message)));
        }
    }
    if let Some(entry) = field("compatibility") {
        let length = entry.value.text().map_or(0, |text| text.chars().count());
        if !(1..=MAX_COMPATIBILITY).contains(&length) {
            let message =
                format!("`compatibility` has {length} characters; it takes a text of 1 to {MAX_COMPATIBILITY}");
            remarks.push(error(line(entry), "frontmatter", message));
        }
    }
    if let Some(entry) = field("metadata")
        && (!entry.value.is_map() || entry.value.raw_entries().iter().any(|inner| inner.value.text().is_none()))
    {
        remarks.push(error(line(entry), "frontmatter", "`metadata` is no map of texts".to_owned()));
    }
    if let Some(entry) = field("allowed-tools")
        && entry.value.text().is_none()
    {
        let message = "`allowed-tools` is no text: write the tools in one line, separated by blanks";
        remarks.push(error(line(entry), "frontmatter", message.to_owned()));
    }
    remarks
}

/// What StrictYAML, with which the reference validator reads, does not take: brackets, tags.
fn strict(node: &Node, text: &str, fault: &mut dyn FnMut(usize, String)) {
    let start = node.span.start as usize;
    if (node.is_list() || node.is_map()) && text[start..].starts_with(['[', '{']) {
        return fault(start, "a list or map in brackets; StrictYAML takes only one item a line".to_owned());
    }
    if let Some(tag) = &node.tag {
        fault(start, format!("the tag `{tag}`; StrictYAML takes none"));
    }
    node.items().iter().for_each(|item| strict(item, text, fault));
    node.raw_entries().iter().for_each(|entry| strict(&entry.value, text, fault));
}

fn name_faults(name: &str, folder: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let length = name.chars().count();
    if !(1..=MAX_NAME).contains(&length) {
        faults.push(format!("the name has {length} characters; 1 to {MAX_NAME} are allowed"));
    }
    if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        faults.push(format!("the name `{name}` has other characters than a-z, 0-9 and `-`"));
    }
    if name.starts_with('-') || name.ends_with('-') || name.contains("--") {
        faults.push(format!("the name `{name}` begins or ends with `-`, or has two in a row"));
    }
    if name != folder {
        faults.push(format!("the name `{name}` is not that of the folder, `{folder}`; some agents drop such a skill"));
    }
    if let Some(word) = ["claude", "anthropic"].iter().find(|word| name.contains(*word)) {
        faults.push(format!("the name `{name}` holds the reserved word `{word}`"));
    }
    faults
}

fn description_faults(text: &str) -> impl Iterator<Item = String> {
    let length = text.trim().chars().count();
    let wrong = !(1..=MAX_DESCRIPTION).contains(&length);
    let wrong = wrong.then(|| format!("the description has {length} characters; 1 to {MAX_DESCRIPTION} are allowed"));
    let angle = text.contains(['<', '>']).then(|| "the description has `<` or `>`; uploads refuse it".to_owned());
    wrong.into_iter().chain(angle)
}

/// What keeps a description from triggering.
fn description_weakness(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let first = lower.split(|c: char| !c.is_alphanumeric() && c != '\'').next().unwrap_or_default();
    if matches!(first, "i" | "i'm" | "we" | "you" | "my" | "your") {
        return Some(format!("the description begins with `{first}`; write it in the third person"));
    }
    let says_when =
        lower.contains("use ") && [" when", " for ", " if ", " whenever", " before "].iter().any(|w| lower.contains(w));
    (!text.trim().is_empty() && !says_when).then(|| "the description does not say `Use when …`".to_owned())
}
