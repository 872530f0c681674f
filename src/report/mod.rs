//! Output formats. Nothing prints outside this module and the command line.
//!
//! Every format is written from the same [`Report`], in the same order, so that two runs over the same
//! files give the same bytes.

mod agent;
mod concise;
mod config_errors;
mod excerpt;
mod github;
mod gitlab;
pub mod graph;
mod human;
mod job_summary;
mod json;
mod junit;
pub mod markdown;
mod rdjson;
pub mod rules;
mod sarif;
mod statistics;
pub mod style;
mod text;

use std::io::{self, Write};
use std::path::Path;

pub use config_errors::config_errors;
pub use text::{count, one_line};

use crate::check::Stats;
use crate::files::Tree;
use crate::findings::{Reported, Settled};
use crate::problem::Problem;
use crate::rules::Severity;
use crate::syntax::FileId;
use crate::system::{Service, System};

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people: source excerpts, why, what to write instead, a summary.
    Human,
    /// One line a finding.
    Concise,
    /// Versioned JSON (`schemas/findings.schema.json`).
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands, for annotations in GitHub Actions.
    Github,
    /// GitLab Code Quality.
    Gitlab,
    /// JUnit XML.
    Junit,
    /// Markdown for the summary of a CI job: a table for each service.
    Markdown,
    /// Reviewdog's diagnostic format.
    Rdjson,
    /// For agents: compact text.
    Agent,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 10] = [
        Format::Human,
        Format::Concise,
        Format::Agent,
        Format::Json,
        Format::Sarif,
        Format::Github,
        Format::Gitlab,
        Format::Junit,
        Format::Markdown,
        Format::Rdjson,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Human => "human",
            Format::Concise => "concise",
            Format::Json => "json",
            Format::Sarif => "sarif",
            Format::Github => "github",
            Format::Gitlab => "gitlab",
            Format::Junit => "junit",
            Format::Markdown => "markdown",
            Format::Rdjson => "rdjson",
            Format::Agent => "agent",
        }
    }

    /// True for formats that people and agents read as a text, not a program.
    pub fn is_text(self) -> bool {
        matches!(self, Format::Human | Format::Concise | Format::Agent)
    }
}

/// How many problems that decide nothing, and how many unknown values, are named before they are only counted.
const NAMED: usize = 5;

/// What is reported.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    /// The files of the run.
    pub tree: &'a Tree,
    /// The system that was found.
    pub system: &'a System,
    /// The findings, sorted, with the texts of their files.
    pub settled: &'a Settled,
    /// What could not be checked, sorted.
    pub problems: &'a [Problem],
    /// Counts.
    pub stats: &'a Stats,
    /// The folder that people's paths are relative to.
    pub current_dir: Option<&'a Path>,
    /// How wide human output may be, in columns.
    pub width: usize,
    /// Human output without a summary.
    pub quiet: bool,
}

impl Report<'_> {
    /// Writes the report. Styles are always written: the writer strips them where they are not wanted.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Human => human::write(self, out),
            Format::Concise => concise::write(self, out),
            Format::Json => json::write(self, out),
            Format::Sarif => sarif::write(self, out),
            Format::Github => github::write(self, out),
            Format::Gitlab => gitlab::write(self, out),
            Format::Junit => junit::write(self, out),
            Format::Markdown => job_summary::write(self, out),
            Format::Rdjson => rdjson::write(self, out),
            Format::Agent => agent::write(self, out),
        }
    }

    /// Writes how often each rule is broken, instead of the findings.
    pub fn statistics(&self, out: &mut dyn Write) -> io::Result<()> {
        statistics::write(self, out)
    }

    /// The problems that a list for people and annotations names, and how many more there are: all that make
    /// the run incomplete, first, and of the others (minified libraries, mostly) a few.
    fn named_problems(&self) -> (Vec<&Problem>, usize) {
        let (mut named, others): (Vec<_>, Vec<_>) = self.problems.iter().partition(|problem| problem.incomplete);
        let room = NAMED.saturating_sub(named.len()).min(others.len());
        named.extend(&others[..room]);
        (named, others.len() - room)
    }

    /// True when the answer can't be relied on.
    pub fn incomplete(&self) -> bool {
        self.problems.iter().any(|problem| problem.incomplete)
    }

    /// The services that were checked: those of the linted repository, or all when only facts were joined.
    fn services(&self) -> impl Iterator<Item = &Service> {
        let own = !self.tree.files.is_empty();
        self.system.services.iter().filter(move |service| !own || service.repository.is_none())
    }

    fn findings(&self) -> &[Reported] {
        &self.settled.findings
    }

    /// Findings of each severity: errors, warnings, infos.
    fn counts(&self) -> [usize; 3] {
        [Severity::Error, Severity::Warning, Severity::Info]
            .map(|severity| self.findings().iter().filter(|r| r.finding.severity == severity).count())
    }

    /// The path in the tree: relative to the linted root.
    fn path(&self, file: FileId) -> &str {
        if let Some(other) = self.tree.other(file) {
            return &other.path;
        }
        self.tree.files.get(file.0 as usize).map_or("", |file| &file.path)
    }

    /// The repository of a file that is not of the linted one.
    fn repository(&self, file: FileId) -> Option<&str> {
        self.tree.other(file).map(|other| &*other.repository)
    }

    /// The path for people, which they can open from where they are: relative to the current folder,
    /// absolute when it lies elsewhere.
    fn open_path(&self, file: FileId) -> String {
        if let Some(other) = self.tree.other(file) {
            return format!("{}: {}", other.repository, other.path);
        }
        let Some(file) = self.tree.files.get(file.0 as usize) else { return String::new() };
        self.below_current(&file.absolute).unwrap_or_else(|| file.absolute.display().to_string())
    }

    /// The path for services that know the repository, not this machine: relative to the current
    /// folder, else to the linted root.
    fn repository_path(&self, file: FileId) -> String {
        if let Some(other) = self.tree.other(file) {
            return format!("{}: {}", other.repository, other.path);
        }
        let Some(file) = self.tree.files.get(file.0 as usize) else { return String::new() };
        self.below_current(&file.absolute).unwrap_or_else(|| file.path.clone())
    }

    fn below_current(&self, absolute: &Path) -> Option<String> {
        let relative = absolute.strip_prefix(self.current_dir?).ok()?;
        Some(relative.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
    }

    /// Where a problem is, for people.
    fn problem_path(&self, problem: &Problem) -> String {
        let file = problem.place.map(|place| place.file).or_else(|| self.tree.find(&problem.path));
        file.map_or_else(|| problem.path.clone(), |file| self.open_path(file))
    }
}

#[cfg(test)]
mod tests;
