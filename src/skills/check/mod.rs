//! Checks a skill pack, anybody's: by the Agent Skills specification (<https://agentskills.io/specification>),
//! by what makes skills work, and by running its code samples through the linter.

mod frontmatter;
mod links;
mod pack;
mod samples;
mod scripts;
mod text;

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::files;
use crate::rules::Severity;

/// Something that is wrong with a pack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// The file, relative to the folder that was checked, with `/`.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is checked: `skill/broken-link`, or the rule that a sample breaks.
    pub check: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and what to do, without a full stop.
    pub message: String,
}

/// What was checked and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// The names of the skills' folders, sorted.
    pub skills: Vec<String>,
    /// How many code samples were read.
    pub samples: usize,
    /// What is wrong, by path and line.
    pub remarks: Vec<Remark>,
}

/// A skill on disk.
struct Skill {
    /// The name of its folder.
    name: String,
    /// Its folder relative to the folder that is checked, with `/` at the end; empty for that folder.
    prefix: String,
    folder: PathBuf,
    /// `SKILL.md`, or whatever its name looks like.
    file: String,
    /// The text of it.
    text: String,
    /// All files below its folder, relative to it, with `/`, sorted.
    files: Vec<String>,
}

impl Skill {
    fn remark(&self, file: &str, line: usize, check: &str, severity: Severity, message: impl Into<String>) -> Remark {
        Remark {
            path: format!("{}{file}", self.prefix),
            line,
            check: format!("skill/{check}"),
            severity,
            message: message.into(),
        }
    }

    fn error(&self, file: &str, line: usize, check: &str, message: impl Into<String>) -> Remark {
        self.remark(file, line, check, Severity::Error, message)
    }

    fn warning(&self, file: &str, line: usize, check: &str, message: impl Into<String>) -> Remark {
        self.remark(file, line, check, Severity::Warning, message)
    }

    /// The texts of its Markdown files: name and text.
    fn pages(&self) -> Vec<(&str, String)> {
        let pages = self.files.iter().filter(|file| file.to_ascii_lowercase().ends_with(".md"));
        pages.map(|file| (file.as_str(), self.read(file))).collect()
    }

    fn read(&self, file: &str) -> String {
        std::fs::read(self.folder.join(file))
            .map_or_else(|_| String::new(), |b| String::from_utf8_lossy(&b).into_owned())
    }
}

/// Checks every skill at or below a folder.
///
/// # Errors
/// When the folder can't be read.
pub fn check(folder: &Path) -> std::io::Result<Checked> {
    std::fs::read_dir(folder)?;
    let skills = find(folder);
    let mut checked = Checked { skills: skills.iter().map(|skill| skill.name.clone()).collect(), ..Checked::default() };
    checked.remarks = skills
        .par_iter()
        .flat_map_iter(|skill| {
            let mut remarks = frontmatter::check(skill);
            remarks.extend(text::check(skill));
            remarks.extend(links::check(skill));
            remarks.extend(scripts::check(skill));
            remarks
        })
        .collect();
    let samples: Vec<_> = skills.par_iter().map(samples::check).collect();
    for (number, remarks) in samples {
        checked.samples += number;
        checked.remarks.extend(remarks);
    }
    checked.remarks.extend(pack::check(folder, &skills));
    checked.remarks.sort();
    checked.remarks.dedup();
    Ok(checked)
}

/// The skills: every folder with a file that is called `SKILL.md` in any case.
fn find(folder: &Path) -> Vec<Skill> {
    let tree = files::walk(&[folder.to_owned()], &globset::GlobSet::empty()).tree;
    let root = tree.roots.first().cloned().unwrap_or_default();
    let name_of = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut skills = Vec::new();
    for file in &tree.files {
        let (parent, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        if !name.eq_ignore_ascii_case("SKILL.md") {
            continue;
        }
        let prefix = if parent.is_empty() { String::new() } else { format!("{parent}/") };
        let below = |path: &str| path.strip_prefix(prefix.as_str()).map(str::to_owned);
        let mut skill = Skill {
            name: if parent.is_empty() { name_of(&root) } else { name_of(Path::new(parent)) },
            folder: root.join(parent),
            file: name.to_owned(),
            text: String::new(),
            files: tree.files.iter().filter_map(|file| below(&file.path)).collect(),
            prefix,
        };
        skill.text = skill.read(name);
        skills.push(skill);
    }
    skills
}

/// The line of an offset, counted from 1.
fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests;
