//! What the subcommands that read a repository share: the configuration, the threads, the check, and what
//! of its findings is reported.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::SystemTime;

use super::Exit;
use super::args::{Input, Others};
use super::output::Terminal;
use crate::cache::Cache;
use crate::check::{self, Before, CheckError, Outcome, Request, State};
use crate::config::{self, Config, LoadError};
use crate::exchange::{self, Fact, Repository};
use crate::files::Overlay;
use crate::findings::{self, Date, Settings, Settled};
use crate::report;
use crate::rules::{self, Rule, Severity};

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
    // Documents are what a comparison is made with.
    read.iter_mut().for_each(|repository| repository.facts.retain(|fact| !matches!(fact, Fact::Document(_))));
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

/// Runs the check on the files as they are.
pub(super) fn check(input: &Input, config: Config, asked: &Asked, terminal: &Terminal) -> Result<Outcome, Exit> {
    let cache = open_cache(input);
    let outcome = check_state(input, config, asked, &Overlay::default(), &cache, terminal)?;
    cache.save();
    Ok(outcome)
}

/// What is known about the files from earlier runs.
pub(super) fn open_cache(input: &Input) -> Arc<Cache> {
    Arc::new(if input.no_cache { Cache::in_memory() } else { Cache::open(&input.paths) })
}

/// Runs the check on another state of the files.
pub(super) fn check_state(
    input: &Input,
    config: Config,
    asked: &Asked,
    overlay: &Overlay,
    cache: &Arc<Cache>,
    terminal: &Terminal,
) -> Result<Outcome, Exit> {
    if let Some(threads) = input.threads {
        // Fails only when a pool exists already, and none does: this is the first parallel work.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
    let request = Request {
        paths: input.paths.clone(),
        preview: asked.preview || config.preview,
        config,
        every_file: false,
        overlay: overlay.clone(),
        cache: Arc::clone(cache),
        with: asked.others.clone(),
        facts_only: asked.facts_only,
        before: asked.before.clone(),
        older: asked.older.clone(),
    };
    let mut outcome = check::check(request).map_err(|error| match error {
        CheckError::Path { path, reason } => {
            terminal.error(format_args!("can't check `{}`: {reason}", path.display()), None)
        }
    })?;
    outcome.problems.sort();
    outcome.problems.dedup();
    // A folder of nothing but pipes and links holds nothing either.
    if !asked.facts_only && outcome.tree.files.is_empty() && !outcome.problems.iter().any(|problem| problem.incomplete)
    {
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

/// Which findings are asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Preview rules run too.
    pub(super) preview: bool,
    /// Only these rules or skills; empty for all.
    pub(super) only: Vec<String>,
    /// Findings below are hidden.
    pub(super) min_severity: Severity,
    /// The facts of other repositories.
    pub(super) others: Vec<Repository>,
    /// It is only these that are looked at, no files.
    pub(super) facts_only: bool,
    /// The earlier state that the schemas are compared with.
    pub(super) before: Option<Before>,
    /// States before that one.
    pub(super) older: Vec<(String, State)>,
}

impl Default for Asked {
    fn default() -> Self {
        Asked {
            preview: false,
            only: Vec::new(),
            min_severity: Severity::Info,
            others: Vec::new(),
            facts_only: false,
            before: None,
            older: Vec::new(),
        }
    }
}

/// A run and what of it is reported.
pub(super) struct Run {
    /// The run; its findings have gone into `settled`.
    pub(super) outcome: Outcome,
    /// What is reported.
    pub(super) settled: Settled,
    /// Something could not be checked that should have been.
    pub(super) incomplete: bool,
    /// The run saw a whole repository, and all of it.
    pub(super) complete: bool,
    /// Keeps what was found out about the files, while the report is written.
    pub(super) saving: Saving,
}

/// A thread that saves a cache. Whoever drops it waits for its end.
#[derive(Default)]
pub(super) struct Saving(Option<JoinHandle<()>>);

impl Saving {
    /// Begins.
    pub(super) fn start(cache: Arc<Cache>) -> Self {
        Saving(Some(std::thread::spawn(move || cache.save())))
    }
}

impl Drop for Saving {
    fn drop(&mut self) {
        // A thread that panicked has said so.
        let _ = self.0.take().map(JoinHandle::join);
    }
}

/// Runs the check and settles its findings.
pub(super) fn settled(input: &Input, config: &Config, asked: &Asked, terminal: &Terminal) -> Result<Run, Exit> {
    let cache = open_cache(input);
    let outcome = check_state(input, config.clone(), asked, &Overlay::default(), &cache, terminal)?;
    let saving = Saving::start(cache);
    Ok(Run { saving, ..settle(outcome, input, config, asked) })
}

/// Settles the findings of a run.
pub(super) fn settle(mut outcome: Outcome, input: &Input, config: &Config, asked: &Asked) -> Run {
    let incomplete = outcome.problems.iter().any(|problem| problem.incomplete);
    let complete = !incomplete && input.paths.iter().all(|path| is_whole(path));
    let all: Vec<Rule> = rules::all().iter().chain(findings::own_rules()).copied().collect();
    let also_load: Vec<_> = outcome.problems.iter().filter_map(|p| p.place).map(|place| place.file).collect();
    let settings = Settings {
        config,
        rules: &all,
        today: today(),
        preview: asked.preview || config.preview,
        only: &asked.only,
        min_severity: asked.min_severity,
        also_load: &also_load,
        elsewhere: outcome.broken_elsewhere(),
        complete,
    };
    let raw = std::mem::take(&mut outcome.findings);
    let settled = findings::settle(&outcome.tree, raw, &outcome.suppressions, &settings);
    Run { outcome, settled, incomplete, complete, saving: Saving::default() }
}

/// True when no folder above the path shows that it is only a part of a repository.
pub(super) fn is_whole(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    let marked = |folder: &Path| {
        folder.join(".git").exists() || config::FILE_NAMES.iter().any(|name| folder.join(name).is_file())
    };
    path.is_dir() && path.ancestors().find(|folder| marked(folder)).is_none_or(|folder| folder == path)
}

pub(super) fn today() -> Date {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Date::from_unix_days(seconds / 86_400)
}

/// A path relative to the current folder when it lies below it.
pub(super) fn below_current(path: &Path) -> String {
    let current = std::env::current_dir().ok();
    let relative = current.as_deref().and_then(|current| path.strip_prefix(current).ok());
    relative.unwrap_or(path).display().to_string()
}
