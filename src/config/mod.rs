//! `skillcheck.yaml`: found, read, validated with spans, all errors at once.
//!
//! The keys are documented by `schemas/config.schema.json`; a test keeps the two in step.

mod find;
mod globs;
mod raw;
mod read;
mod schemas;

use std::path::{Path, PathBuf};

pub use find::{FILE_NAMES, find};
pub use globs::Globs;
pub use read::keys;

use crate::files::File;
use crate::rules::names::covers;
use crate::rules::{Names, Rule, Severity, Stage};
use crate::schema::policy::Policy;
use crate::syntax::Span;

/// A validated configuration. The default is what applies without a file.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file it came from.
    pub file: Option<PathBuf>,
    /// The folder of that file: globs and roots are relative to it.
    pub folder: Option<PathBuf>,
    /// `rules`: levels for the whole repository, in the order of the file.
    pub rules: Vec<Setting>,
    /// `overrides`: levels for some paths; later ones win.
    pub overrides: Vec<Override>,
    /// `services`: corrections of what discovery finds.
    pub services: Vec<ServiceSetting>,
    /// `catalog.clients`: a company's own wrappers.
    pub clients: Vec<ClientSetting>,
    /// `schemas`: how schemas that change are compared.
    pub schemas: Policy,
    /// `exclude`: paths that are not looked at.
    pub exclude: Globs,
    /// `fail-on`: findings from this level on make the exit code 1.
    pub fail_on: Option<FailOn>,
    /// `preview`: preview rules run too.
    pub preview: bool,
    /// Where several roots are checked that have different configurations: the folder or file and what
    /// applies to it. What stands in the fields above applies to none of them then.
    pub roots: Vec<(PathBuf, Config)>,
}

/// A level for a rule or for all rules of a skill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// A rule id or a skill name.
    pub selector: String,
    /// Its level; `None` is off.
    pub level: Option<Severity>,
}

/// Levels for some paths.
#[derive(Clone, Debug, Default)]
pub struct Override {
    /// Where it applies.
    pub paths: Globs,
    /// The levels there.
    pub rules: Vec<Setting>,
    /// Why: required.
    pub reason: String,
}

/// A correction of what discovery finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSetting {
    /// The key: the name discovery gives, or a new service when `root` says where it is.
    pub key: String,
    /// `name`: what the service is to be called instead.
    pub name: Option<String>,
    /// `root`: the folder of its code, relative to the configuration, with `/`.
    pub root: Option<String>,
    /// `kind`: what it is.
    pub kind: Option<ServiceKind>,
    /// `ignore`: no service at all.
    pub ignore: bool,
    /// `part-of`: another process of that service.
    pub part_of: Option<String>,
    /// `openapi`: the OpenAPI documents of its interface, relative to the configuration, with `/`.
    pub openapi: Vec<String>,
}

/// What a service is, as far as the configuration can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceKind {
    /// Answers requests.
    Service,
    /// Consumes messages or runs jobs.
    Worker,
    /// Forwards requests to others.
    Gateway,
    /// Runs in the browser or serves what does.
    Frontend,
    /// Runs to its end: a migration, a batch.
    Job,
}

/// A company's own HTTP client or wrapper, and what it does by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientSetting {
    /// The class or function, as the code calls it.
    pub name: String,
    /// It sets a timeout.
    pub timeout: bool,
    /// It retries with backoff and a limit.
    pub retry: bool,
    /// It stops calling a service that is down.
    pub circuit_breaker: bool,
}

/// The gate: which findings make the exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// Findings of this severity and above.
    Severity(Severity),
    /// No finding does.
    Nothing,
}

impl FailOn {
    /// True when a finding of this severity fails the run.
    pub fn fails(self, severity: Severity) -> bool {
        matches!(self, FailOn::Severity(least) if severity >= least)
    }
}

/// Everything that is wrong with one configuration file.
#[derive(Clone, Debug)]
pub struct Invalid {
    /// The file.
    pub file: PathBuf,
    /// Its text, for excerpts.
    pub text: String,
    /// The errors, in the order of the file; at least one.
    pub errors: Vec<ConfigError>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Where.
    pub span: Span,
    /// What is wrong; quotes the offending value; no full stop.
    pub message: String,
    /// What was expected there.
    pub expected: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// Why there is no configuration.
#[derive(Clone, Debug)]
pub enum LoadError {
    /// The file can't be read.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The file is wrong.
    Invalid(Box<Invalid>),
}

/// Reads and validates a configuration file.
pub fn load(file: &Path, names: &Names) -> Result<Config, LoadError> {
    let unreadable = |reason: String| LoadError::Unreadable { file: file.to_owned(), reason };
    let bytes = std::fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("the file is not UTF-8 text".to_owned()))?;
    let mut config = parse(&text, names)
        .map_err(|errors| LoadError::Invalid(Box::new(Invalid { file: file.to_owned(), text, errors })))?;
    config.file = Some(file.to_owned());
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    config.folder = Some(folder.canonicalize().unwrap_or_else(|_| folder.to_owned()));
    Ok(config)
}

/// Validates the text of a configuration; all errors at once, in the order of the text.
pub fn parse(text: &str, names: &Names) -> Result<Config, Vec<ConfigError>> {
    read::read(text, names)
}

impl Config {
    /// The path that globs are matched against: relative to the folder of the configuration, with `/`.
    /// `None` when there is no configuration or the file lies outside of its folder.
    pub fn relative(&self, file: &File) -> Option<String> {
        let folder = self.folder.as_deref()?;
        let inside = |path: &Path| path.strip_prefix(folder).ok().map(slashes);
        inside(&file.absolute).or_else(|| file.absolute.canonicalize().ok().and_then(|path| inside(&path)))
    }

    /// The configuration that applies to a file: that of its root.
    pub fn of(&self, file: &File) -> &Config {
        let roots = self.roots.iter().filter(|(root, _)| file.absolute.starts_with(root));
        roots.max_by_key(|(root, _)| root.components().count()).map_or(self, |(_, config)| config)
    }

    /// True for a file that is not looked at.
    pub fn excludes(&self, file: &File) -> bool {
        let config = self.of(file);
        config.relative(file).is_some_and(|path| config.exclude.is_match(&path))
    }

    /// The severity with which a finding of the rule at this place is reported, `None` when it is off.
    /// A rule's own setting wins over its skill's; later overrides win over earlier ones.
    pub fn severity(&self, rule: &str, default: Severity, file: Option<&File>) -> Option<Severity> {
        if let Some(config) = file.map(|file| self.of(file)).filter(|config| !std::ptr::eq(*config, self)) {
            return config.severity(rule, default, file);
        }
        let mut level = setting(&self.rules, rule).unwrap_or(Some(default));
        if !self.overrides.is_empty()
            && let Some(path) = file.and_then(|file| self.relative(file))
        {
            for over in self.overrides.iter().filter(|over| over.paths.is_match(&path)) {
                level = setting(&over.rules, rule).unwrap_or(level);
            }
        }
        level
    }

    /// True when the rule has to run: it is on somewhere. A preview rule is on with `preview` or when
    /// it is configured by its own id.
    pub fn enabled(&self, rule: &Rule, preview: bool) -> bool {
        if !self.roots.is_empty() {
            return self.roots.iter().any(|(_, config)| config.enabled(rule, preview));
        }
        let own = |settings: &[Setting]| settings.iter().any(|s| s.selector == rule.id && s.level.is_some());
        let on_somewhere = || self.overrides.iter().any(|over| own(&over.rules));
        match rule.stage {
            Stage::Preview if !(preview || self.preview) => own(&self.rules) || on_somewhere(),
            _ => {
                setting(&self.rules, rule.id) != Some(None)
                    || self.overrides.iter().any(|over| matches!(setting(&over.rules, rule.id), Some(Some(_))))
            }
        }
    }
}

/// What a list of settings says about a rule: its own entry, else its skill's.
fn setting(settings: &[Setting], rule: &str) -> Option<Option<Severity>> {
    let find = |own: bool| settings.iter().rev().find(|s| (s.selector == rule) == own && covers(&s.selector, rule));
    find(true).or_else(|| find(false)).map(|s| s.level)
}

/// A relative path with `/`.
fn slashes(path: &Path) -> String {
    path.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests;
