//! From paths to raw findings: the analysis half, behind one function.

use std::path::PathBuf;

use crate::config::Config;
use crate::files::{File, Tree};
use crate::findings::{self, Suppression};
pub use crate::problem::Problem;
use crate::rules::{self, Finding};
use crate::syntax::FileId;
use crate::system::System;

/// What to check.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Files and folders, as given.
    pub paths: Vec<PathBuf>,
    /// The configuration that applies.
    pub config: Config,
    /// Preview rules run too.
    pub preview: bool,
}

/// What came out, before suppression and levels.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The files.
    pub tree: Tree,
    /// What became of each file of the tree, in the same order.
    pub states: Vec<FileState>,
    /// What was found out about the system.
    pub system: System,
    /// Raw findings, in any order.
    pub findings: Vec<Finding>,
    /// The suppression comments of the files that were read.
    pub suppressions: Vec<Suppression>,
    /// What could not be checked.
    pub problems: Vec<Problem>,
    /// Counts.
    pub stats: Stats,
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Read and parsed.
    Parsed,
    /// Left out, and why, without a full stop.
    Skipped(String),
}

/// Counts of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Files that the walk found and nothing excluded.
    pub files_walked: u64,
    /// Files that were parsed.
    pub files_parsed: u64,
    /// Bytes of the files walked.
    pub bytes: u64,
    /// Values that decide a rule and could not be resolved: what, and how often.
    pub unknown: Vec<(String, u64)>,
}

/// Why nothing could be checked at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckError {
    /// A path that was asked for does not exist or can't be looked at.
    Path {
        /// As given.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
}

/// Runs everything up to the raw findings.
pub fn check(request: Request) -> Result<Outcome, CheckError> {
    let mut outcome = Outcome::default();
    for path in &request.paths {
        let error = |reason: String| CheckError::Path { path: path.clone(), reason };
        let meta = std::fs::metadata(path).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::NotFound => error("no such file or folder".to_owned()),
            _ => error(cause.to_string()),
        })?;
        let absolute = std::path::absolute(path).map_err(|cause| error(cause.to_string()))?;
        let root = if meta.is_file() { absolute.parent().unwrap_or(&absolute).to_owned() } else { absolute.clone() };
        for entry in ignore::WalkBuilder::new(&absolute).hidden(false).filter_entry(|e| e.file_name() != ".git").build()
        {
            let Ok(entry) = entry else { continue };
            if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                continue;
            }
            let relative = entry.path().strip_prefix(&root).unwrap_or(entry.path());
            let path = relative.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
            let file = File { path, absolute: entry.path().to_owned(), size: entry.metadata().map_or(0, |m| m.len()) };
            if request.config.relative(&file).is_some_and(|path| request.config.exclude.is_match(&path)) {
                continue;
            }
            outcome.tree.files.push(file);
        }
        outcome.tree.roots.push(absolute);
    }
    outcome.tree.files.sort_by(|a, b| a.path.cmp(&b.path));
    for (index, file) in outcome.tree.files.iter().enumerate() {
        outcome.stats.files_walked += 1;
        outcome.stats.bytes += file.size;
        outcome.states.push(FileState::Skipped("not a kind of file that is read".to_owned()));
        let read = file.size < 1 << 20 && !file.path.ends_with(".md");
        if let Some(text) = read.then(|| std::fs::read_to_string(&file.absolute).ok()).flatten() {
            outcome.suppressions.extend(findings::scan(&text, FileId(index as u32)));
        }
    }
    let enabled = |rule: &rules::Rule| request.config.enabled(rule, request.preview);
    let (found, problems) = rules::run::run(&outcome.system, enabled);
    outcome.findings = found;
    outcome.problems.extend(problems);
    Ok(outcome)
}
