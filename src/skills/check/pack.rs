//! What concerns a pack as a whole: its listing, its names, its manifests, its evals.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::{Remark, Skill, frontmatter};
use crate::rules::Severity;

/// All descriptions of a pack together, in characters. An agent has about 8,000 for all its skills, and a
/// skill that finds no room loses its whole description.
const MAX_DESCRIPTIONS: usize = 4_000;

/// How many evals a skill should have.
const MIN_EVALS: usize = 3;

pub(super) fn check(folder: &Path, skills: &[Skill]) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let lengths =
        skills.iter().filter_map(|skill| frontmatter::description(&skill.text)).map(|text| text.chars().count());
    let sum: usize = lengths.sum();
    if sum > MAX_DESCRIPTIONS {
        let message = format!("the descriptions have {sum} characters together; at most {MAX_DESCRIPTIONS}");
        remarks.push(remark("", "descriptions", Severity::Warning, message));
    }
    let mut names: BTreeMap<&str, &Skill> = BTreeMap::new();
    for skill in skills {
        if let Some(other) = names.insert(&skill.name, skill) {
            // The same pack installed for two agents is no clash.
            if other.text != skill.text {
                let message = format!("`{}{}` is another skill of this name", other.prefix, other.file);
                remarks.push(skill.error(&skill.file, 1, "name", message));
            }
        }
    }
    remarks.extend(versions(folder));
    remarks.extend(skills.iter().filter_map(|skill| evals(folder, skill)));
    remarks
}

fn remark(path: &str, check: &str, severity: Severity, message: String) -> Remark {
    Remark { path: path.to_owned(), line: 1, check: format!("skill/{check}"), severity, message }
}

/// The folder of the plugin: the pack's own or the one above `skills/`.
fn plugin(folder: &Path) -> Option<std::path::PathBuf> {
    let absolute = folder.canonicalize().ok()?;
    absolute.ancestors().take(2).find(|folder| folder.join(".claude-plugin").is_dir()).map(Path::to_owned)
}

/// A plugin and its entry in the marketplace say the same version.
fn versions(folder: &Path) -> Option<Remark> {
    let plugin = plugin(folder)?;
    let read = |name: &str| -> Option<Value> {
        serde_json::from_slice(&std::fs::read(plugin.join(".claude-plugin").join(name)).ok()?).ok()
    };
    let (manifest, market) = (read("plugin.json")?, read("marketplace.json")?);
    let (name, version) = (manifest.get("name")?.as_str()?, manifest.get("version")?.as_str()?);
    let entry = market.get("plugins")?.as_array()?.iter().find(|entry| entry.get("name").is_some_and(|n| n == name))?;
    let other = entry.get("version")?.as_str()?;
    (other != version).then(|| {
        let message = format!("`{name}` has version `{other}` here and `{version}` in plugin.json");
        remark(".claude-plugin/marketplace.json", "version", Severity::Error, message)
    })
}

/// A skill without evals is told, and fails nothing: they may live elsewhere.
fn evals(folder: &Path, skill: &Skill) -> Option<Remark> {
    let own = skill.files.iter().filter(|file| file.starts_with("evals/")).count();
    let beside = |root: &Path| -> usize {
        let entries = std::fs::read_dir(root.join("evals")).into_iter().flatten().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&skill.name)).count()
    };
    let listed = |path: std::path::PathBuf| -> usize {
        let value: Option<Value> = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        value.and_then(|value| Some(value.get("evals")?.as_array()?.len())).unwrap_or(0)
    };
    let roots = plugin(folder).into_iter().chain([folder.to_owned()]);
    let number = roots
        .map(|root| beside(&root).max(listed(root.join("evals").join(&skill.name).join("evals.json"))))
        .chain([own, listed(skill.folder.join("evals/evals.json"))])
        .max()
        .unwrap_or(0);
    (number < MIN_EVALS).then(|| {
        let message = format!("{number} evals found, {MIN_EVALS} or more show whether the skill helps");
        skill.remark(&skill.file, 1, "missing-evals", Severity::Info, message)
    })
}
