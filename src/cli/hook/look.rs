//! One look at the repository: what `skillcheck lint` would report there now.

use std::path::Path;
use std::sync::Arc;

use super::repository;
use crate::cache::Cache;
use crate::check::{self, CheckError, Request};
use crate::cli::run;
use crate::config::{self, Config, LoadError};
use crate::findings::{self, Baseline, Settings};
use crate::rules::{self, Rule, Severity};

/// What a look found.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    /// Errors and warnings, in the order of the report.
    pub(super) findings: Vec<Seen>,
    /// Files that could not be checked: path and why.
    pub(super) unchecked: Vec<(String, String)>,
    /// The files as they were, see [`repository::stamp`].
    pub(super) stamp: u64,
}

/// A finding, as the hook needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) fingerprint: String,
    pub(super) rule: &'static str,
    pub(super) is_error: bool,
    /// The path below the root, with `/`.
    pub(super) path: String,
    /// The first and the last line, counted from 1.
    pub(super) lines: (usize, usize),
    pub(super) column: usize,
    pub(super) message: String,
    pub(super) help: String,
    /// The files of its evidence, its own included.
    pub(super) files: Vec<String>,
    /// See [`Rule::needs_whole_system`].
    pub(super) whole_system: bool,
}

/// Checks the repository.
///
/// # Errors
/// When the configuration is wrong or nothing can be checked; why, in one line.
pub(super) fn look(root: &Path) -> Result<Look, String> {
    let config = configuration(root)?;
    let preview = config.preview;
    let paths = vec![root.to_owned()];
    let cache = Arc::new(Cache::open(&paths));
    let request = Request { paths, config: config.clone(), preview, cache: Arc::clone(&cache), ..Request::default() };
    let mut outcome = check::check(request).map_err(|error| match error {
        CheckError::Path { path, reason } => format!("can't check `{}`: {reason}", path.display()),
    })?;
    cache.save();
    let all: Vec<Rule> = rules::all().iter().chain(findings::own_rules()).copied().collect();
    let settings = Settings {
        elsewhere: outcome.broken_elsewhere(),
        config: &config,
        rules: &all,
        today: run::today(),
        preview,
        only: &[],
        min_severity: Severity::Warning,
        also_load: &[],
        complete: !outcome.problems.iter().any(|problem| problem.incomplete),
    };
    let raw = std::mem::take(&mut outcome.findings);
    let mut settled = findings::settle(&outcome.tree, raw, &outcome.suppressions, &settings);
    if let Some(file) = Baseline::place(&outcome.tree) {
        let known = Baseline::read(&file).map_err(|error| format!("the baseline `{}` {error}", name(&file)))?;
        if let Some(known) = known {
            known.apply(&outcome.tree, &mut settled, false);
        }
    }
    let found = settled.findings.into_iter().map(|reported| {
        let finding = reported.finding;
        let (start, end) = settled.sources.positions(finding.place);
        let path = |place: crate::syntax::Place| outcome.tree.file(place.file).path.clone();
        let mut files = vec![path(finding.place)];
        files.extend(finding.related.iter().map(|related| path(related.place)));
        Seen {
            fingerprint: reported.fingerprint,
            rule: finding.rule,
            is_error: finding.severity == Severity::Error,
            path: path(finding.place),
            lines: (start.line, end.line),
            column: start.column,
            message: finding.message,
            help: finding.help,
            files,
            whole_system: rules::needs_whole_system(finding.rule),
        }
    });
    let unchecked = outcome.problems.iter().filter(|problem| problem.incomplete && !problem.path.is_empty());
    Ok(Look {
        findings: found.collect(),
        unchecked: unchecked.map(|problem| (problem.path.clone(), problem.reason.clone())).collect(),
        stamp: repository::stamp(&outcome.tree),
    })
}

/// The configuration of the repository.
///
/// # Errors
/// When it can't be read or is wrong; the first error, in one line.
pub(super) fn configuration(root: &Path) -> Result<Config, String> {
    let Some(file) = config::find(root) else { return Ok(Config::default()) };
    config::load(&file, &findings::names()).map_err(|error| match error {
        LoadError::Unreadable { file, reason } => format!("can't read `{}`: {reason}", name(&file)),
        LoadError::Invalid(invalid) => {
            let more = match invalid.errors.len() {
                0 | 1 => String::new(),
                number => format!(" (and {} more)", number - 1),
            };
            let first = invalid.errors.first();
            let line = first.map_or(1, |error| {
                invalid.text.get(..error.span.start as usize).map_or(0, |before| before.matches('\n').count()) + 1
            });
            let message = first.map_or("", |error| error.message.as_str());
            format!("`{}` is wrong, so nothing is checked: line {line}: {message}{more}", name(&invalid.file))
        }
    })
}

fn name(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
