//! What `lint` and `graph` share: the configuration, the threads, the check.

use std::path::{Path, PathBuf};

use super::Exit;
use super::args::{Input, Others};
use super::output::Terminal;
use crate::check::{self, CheckError, Outcome, Request};
use crate::config::{self, Config, LoadError};
use crate::exchange::{self, Repository};
use crate::findings;
use crate::report;

/// Reads the configuration that applies to the input: the nearest upwards, for each path its own.
pub(super) fn configuration(input: &Input, terminal: &Terminal) -> Result<Config, Exit> {
    if input.no_config {
        return Ok(Config::default());
    }
    if let Some(file) = &input.config {
        return load(file, terminal);
    }
    let found: Vec<Option<PathBuf>> = input.paths.iter().map(|path| config::find(path)).collect();
    let read =
        |file: &Option<PathBuf>| file.as_ref().map_or_else(|| Ok(Config::default()), |file| load(file, terminal));
    match found.split_first() {
        None => Ok(Config::default()),
        Some((first, others)) if others.iter().all(|other| other == first) => read(first),
        Some(_) => {
            let root = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
            let roots = input.paths.iter().zip(&found).map(|(path, file)| Ok((root(path), read(file)?)));
            Ok(Config { roots: roots.collect::<Result<_, Exit>>()?, ..Config::default() })
        }
    }
}

fn load(file: &Path, terminal: &Terminal) -> Result<Config, Exit> {
    config::load(file, &findings::names()).map_err(|error| match error {
        LoadError::Unreadable { file, reason } => {
            terminal.error(format_args!("can't read the configuration `{}`: {reason}", file.display()), None)
        }
        LoadError::Invalid(invalid) => {
            let name = below_current(&invalid.file);
            terminal.complain(|out| report::config_errors(&invalid, &name, terminal.width(), out));
            Exit::Usage
        }
    })
}

/// Reads the facts of other repositories. Those of the linted one are left out, and that is said: it is
/// there in full.
pub(super) fn others(input: &Input, others: &Others, terminal: &Terminal) -> Result<Vec<Repository>, Exit> {
    let mut read = exchange::gather(&others.with).map_err(|error| terminal.error(&error, Some(&error.help)))?;
    if !others.facts_only {
        let own: Vec<String> = input.paths.iter().map(|path| exchange::label(path)).collect();
        read.retain(|repository| {
            let name = &repository.header.repository;
            let is_own = own.contains(name);
            if is_own {
                terminal.complain(|out| {
                    let file = repository.file.display();
                    writeln!(out, "note: {file} is left out: it has the facts of `{name}`, which is checked itself")
                });
            }
            !is_own
        });
    }
    Ok(read)
}

/// Runs the check. `with` are the facts of other repositories; without files to look at, it is these that
/// are checked.
pub(super) fn check(
    input: &Input,
    config: Config,
    preview: bool,
    with: Vec<Repository>,
    facts_only: bool,
    terminal: &Terminal,
) -> Result<Outcome, Exit> {
    if let Some(threads) = input.threads {
        // Fails only when a pool exists already, and none does: this is the first parallel work.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
    let request = Request { paths: input.paths.clone(), config, preview, every_file: false, with, facts_only };
    let mut outcome = check::check(request).map_err(|error| match error {
        CheckError::Path { path, reason } => {
            terminal.error(format_args!("can't check `{}`: {reason}", path.display()), None)
        }
    })?;
    outcome.problems.sort();
    outcome.problems.dedup();
    // A folder of nothing but pipes and links holds nothing either.
    if !facts_only && outcome.tree.files.is_empty() && !outcome.problems.iter().any(|problem| problem.incomplete) {
        let paths = input.paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ");
        terminal.error(
            format_args!("nothing to check in {paths}"),
            Some(if outcome.tree.others.is_empty() {
                "the folder is empty, or its files are ignored (.gitignore, .skillcheckignore, `exclude`)"
            } else {
                "to check what was exported alone, add --facts-only"
            }),
        );
        return Err(Exit::Nothing);
    }
    Ok(outcome)
}

/// Says on standard error what was not checked, for output that has no place for it.
pub(super) fn complain_of_incomplete(outcome: &Outcome, terminal: &Terminal) {
    terminal.complain(|out| {
        for problem in outcome.problems.iter().filter(|problem| problem.incomplete) {
            writeln!(out, "not checked: {}: {}", problem.path, problem.reason)?;
        }
        Ok(())
    });
}

/// A path relative to the current folder when it lies below it.
pub(super) fn below_current(path: &Path) -> String {
    let current = std::env::current_dir().ok();
    let relative = current.as_deref().and_then(|current| path.strip_prefix(current).ok());
    relative.unwrap_or(path).display().to_string()
}
