//! From paths to raw findings: the analysis half, behind one function.

mod samples;

use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use crate::cache::{Cache, Station};
use crate::catalog::Catalog;
use crate::config::Config;
use crate::contract;
use crate::exchange::{self, Repository};
use crate::files::{self, FileKind, Overlay, Tree};
use crate::findings::{self, Suppression};
pub use crate::problem::Problem;
use crate::program::{self, load::Prefilter};
use crate::rules::{self, Finding};
use crate::schema::compat::Mode;
use crate::schema::evolve::{self, Acceptance, Terms, Ways};
use crate::schema::find::Schemas;
use crate::schema::find::Subject;
use crate::schema::policy::{self, Accepted};
use crate::syntax::{FileId, Place};
use crate::system::contracts;
use crate::system::deployment::Deployment;
use crate::system::services::Correction;
use crate::system::{self, System};

/// What to check.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Files and folders, as given.
    pub paths: Vec<PathBuf>,
    /// The configuration that applies.
    pub config: Config,
    /// Preview rules run too.
    pub preview: bool,
    /// How the files that are looked at differ from those on disk.
    pub overlay: Overlay,
    /// What is known about the files from earlier runs, and goes there from this one.
    pub cache: Arc<Cache>,
    /// Parses every source file, also those that name no library of the catalog. Slower, and the answer
    /// is the same; tests compare the two.
    pub every_file: bool,
    /// The facts of other repositories.
    pub with: Vec<Repository>,
    /// No file is looked at: what is checked are the other repositories.
    pub facts_only: bool,
    /// An earlier state, for the rules that ask what a change breaks.
    pub before: Option<Before>,
    /// States before that one, each with its name: for schemas that are compared with every version.
    pub older: Vec<(String, State)>,
}

/// An earlier state of what is checked.
#[derive(Clone, Debug)]
pub struct Before {
    /// Where it is.
    pub state: State,
    /// How its schemas are compared with those of now.
    pub terms: Terms,
}

/// Where an earlier state is.
#[derive(Clone, Debug)]
pub enum State {
    /// The files on disk with these differences.
    Overlay(Overlay),
    /// A folder, laid out like what is checked.
    Folder(PathBuf),
    /// Files of which the content is known: path in what is checked, and bytes.
    Files(Vec<(String, Arc<[u8]>)>),
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

impl Outcome {
    /// The rules that may only be broken in a run that sees other repositories too. One service shares
    /// nothing with itself; what it shares with those of other repositories shows there.
    pub fn broken_elsewhere(&self) -> &'static [&'static str] {
        let alone = !self.tree.others.is_empty() || self.system.services.len() < 2;
        if alone { rules::CROSS_REPOSITORY } else { &[] }
    }
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
    pub unknown: Vec<(String, Vec<Place>)>,
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
///
/// # Errors
/// When a path that was asked for does not exist or can't be looked at.
pub fn check(request: Request) -> Result<Outcome, CheckError> {
    let mut outcome = Outcome::default();
    let paths: &[PathBuf] = if request.facts_only { &[] } else { &request.paths };
    for path in paths {
        let error = |reason: String| CheckError::Path { path: path.clone(), reason };
        std::fs::metadata(path).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::NotFound => error("no such file or folder".to_owned()),
            _ => error(cause.to_string()),
        })?;
    }
    let mut walked = files::walk_asking(paths, &globset::GlobSet::empty(), &crate::git::is_tracked);
    let tree_of = |state: &State| earlier(state, &walked.tree, &request.config);
    let earlier = request.before.as_ref().map(|before| tree_of(&before.state));
    let older: Vec<(&str, Tree)> =
        request.older.iter().map(|(label, state)| (label.as_str(), tree_of(state))).collect();
    request.overlay.apply(&mut walked.tree);
    walked.tree.files.retain(|file| !request.config.excludes(file));
    outcome.tree = walked.tree;
    outcome.stats.files_walked = outcome.tree.files.len() as u64;
    outcome.stats.bytes = outcome.tree.files.iter().map(|f| f.size).sum();
    outcome.problems.extend(walked.errors.into_iter().map(|error| Problem {
        path: error.path,
        place: None,
        reason: error.message,
        incomplete: true,
    }));
    outcome.problems.extend(walked.skipped.into_iter().map(|skipped| Problem {
        path: skipped.path,
        place: None,
        reason: skipped.reason.to_string(),
        incomplete: false,
    }));
    match Catalog::embedded() {
        Ok(catalog) => analyse(&mut outcome, catalog, &request),
        Err(reason) => outcome.problems.push(Problem {
            path: String::new(),
            place: None,
            reason: format!("the embedded catalog is damaged: {reason}"),
            incomplete: true,
        }),
    }
    if let (Some(before), Some(tree)) = (&request.before, &earlier) {
        let mut used = compare_schemas(&mut outcome, tree, &older, &before.terms, &request.config);
        let (terms, cache) = (&before.terms, &request.cache);
        used.extend(compare_apis(&mut outcome, (tree, &older), cache, terms, &request.config));
        accepted_in_vain(&mut outcome, &request.config, &used, &terms.label);
    }
    exchange::join(&mut outcome.system, &mut outcome.tree, &request.with);
    outcome.problems.extend(request.with.iter().filter(|other| other.header.incomplete).map(|other| Problem {
        path: other.file.display().to_string(),
        place: None,
        reason: format!(
            "some files of `{}` could not be read when its facts were exported, so some may be missing",
            other.header.repository
        ),
        incomplete: false,
    }));
    let enabled = |rule: &rules::Rule| request.config.enabled(rule, request.preview);
    if enabled(&rules::event_schema::incompatible_minor_version::RULE) {
        compare_versions(&mut outcome, &request.config);
    }
    let (found, problems) = rules::run::run(&outcome.system, enabled);
    outcome.findings = found;
    if let Ok(catalog) = Catalog::embedded() {
        samples::add(&mut outcome, catalog, &request, &enabled);
    }
    if !request.config.roots.is_empty() {
        // A rule that is on for one root only.
        let rule = |id: &str| rules::all().iter().find(|rule| rule.id == id);
        outcome.findings.retain(|finding| {
            let file = outcome.tree.files.get(finding.place.file.0 as usize);
            let config = file.map(|file| request.config.of(file));
            config.zip(rule(finding.rule)).is_none_or(|(config, rule)| config.enabled(rule, request.preview))
        });
    }
    if !request.facts_only {
        // Others are told by their own pipelines.
        outcome.findings.retain(|finding| outcome.tree.other(finding.place.file).is_none());
    }
    outcome.problems.extend(problems);
    Ok(outcome)
}

/// The files of an earlier state. `now` is the state on disk.
fn earlier(state: &State, now: &Tree, config: &Config) -> Tree {
    let mut tree = match state {
        State::Overlay(overlay) => {
            let mut tree = now.clone();
            overlay.apply(&mut tree);
            tree
        }
        State::Folder(folder) => files::walk(std::slice::from_ref(folder), &globset::GlobSet::empty()).tree,
        State::Files(files) => {
            let root = now.roots.first().cloned().unwrap_or_default();
            let file = |(path, content): &(String, Arc<[u8]>)| files::File {
                path: path.clone(),
                absolute: root.join(path),
                size: content.len() as u64,
                content: Some(Arc::clone(content)),
                ..files::File::default()
            };
            let mut tree = Tree { files: files.iter().map(file).collect(), ..Tree::default() };
            tree.files.sort_by(|a, b| a.path.cmp(&b.path));
            tree
        }
    };
    tree.files.retain(|file| !config.excludes(file));
    tree
}

/// The configuration that a schema has, and its path as that one sees it.
fn policy<'c>(tree: &Tree, config: &'c Config, subject: &Subject) -> (&'c Config, Option<String>) {
    let file = tree.find(&subject.path).map(|id| tree.file(id));
    let path = file.and_then(|file| config.of(file).relative(file));
    (file.map_or(config, |file| config.of(file)), path)
}

/// Compares the versions of schemas that lie side by side.
fn compare_versions(outcome: &mut Outcome, config: &Config) {
    let asked = |subject: &Subject| {
        let (config, path) = policy(&outcome.tree, config, subject);
        let setting = config.schemas.setting(subject, path.as_deref());
        let (mode, level) = (setting.mode.unwrap_or_default(), setting.protobuf.unwrap_or_default());
        Ways { mode, model: setting.model.unwrap_or_default(), level }
    };
    outcome.system.schema_steps = evolve::steps(&outcome.tree, &outcome.system.schemas, &asked);
}

/// Says what became of the schemas. What could not be decided is a problem: it is not known to be right.
/// The answer is the entries of the configuration that accept something that is there.
fn compare_schemas(
    outcome: &mut Outcome,
    earlier: &Tree,
    older: &[(&str, Tree)],
    terms: &Terms,
    config: &Config,
) -> Vec<*const Accepted> {
    let (tree, system) = (&outcome.tree, &outcome.system);
    let policy = |subject: &Subject| policy(tree, config, subject);
    let asked = |subject: &Subject| {
        let (config, path) = policy(subject);
        let setting = terms.setting.or(config.schemas.setting(subject, path.as_deref()));
        Ways {
            mode: setting.mode.unwrap_or_else(|| by_role(system, subject)),
            model: setting.model.unwrap_or_default(),
            level: setting.protobuf.unwrap_or_default(),
        }
    };
    let now = (tree, &system.schemas);
    let old = Schemas::read_with_text(earlier);
    let mut found = evolve::evolution((earlier, &old), now, &terms.label, &asked);
    let always = |subject: &Subject| match asked(subject) {
        ways if terms.transitive || ways.mode.is_transitive() => ways,
        ways => Ways { mode: Mode::None, ..ways },
    };
    for (label, tree) in older {
        let old = Schemas::read_with_text(tree);
        found.add_older(evolve::evolution((tree, &old), now, label, &always));
    }
    let mut used: Vec<*const Accepted> = Vec::new();
    for change in found.changed.iter_mut().filter(|change| change.breaks().next().is_some()) {
        let (config, path) = policy(&change.subject);
        let names = policy::names(&change.subject, path.as_deref());
        let about: Vec<&Accepted> = config.schemas.accepted.iter().filter(|a| a.is_about(&names)).collect();
        let covering = change.covered_by(&about);
        used.extend(
            about.iter().filter(|entry| change.changes.iter().any(|c| entry.covers(c))).map(|e| *e as *const _),
        );
        change.accepted = covering.map(|entry| Acceptance {
            reason: entry.reason.clone(),
            until: entry.until,
            is_expired: terms.today.is_some_and(|today| today > entry.until),
        });
    }
    let unknown = |change: &evolve::SchemaChange| {
        let reason = change.unknown()?;
        let broken = change.breaks().next().is_some();
        (!broken).then(|| Problem {
            path: change.subject.path.clone(),
            place: Some(change.place),
            reason: format!(
                "whether the change of `{}` since {} breaks anybody is unknown: {reason}",
                evolve::shown(&change.subject),
                terms.label
            ),
            incomplete: true,
        })
    };
    outcome.problems.extend(found.changed.iter().filter_map(unknown));
    let other = |(path, reason): &(String, String)| Problem {
        path: path.clone(),
        place: None,
        reason: format!("whether its change since {} breaks anybody is unknown: {reason}", terms.label),
        incomplete: true,
    };
    outcome.problems.extend(found.unreadable.iter().map(other));
    outcome.system.schema_changes = found;
    used
}

/// Says which entries of the configuration accept a break that is not there.
fn accepted_in_vain(outcome: &mut Outcome, config: &Config, used: &[*const Accepted], label: &str) {
    let configs = [config].into_iter().chain(config.roots.iter().map(|(_, config)| config));
    for config in configs {
        let unused = config.schemas.accepted.iter().filter(|entry| !used.contains(&(*entry as *const _)));
        outcome.problems.extend(unused.map(|entry| {
            Problem {
                path: config
                    .file
                    .as_deref()
                    .and_then(|file| file.file_name())
                    .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
                place: None,
                reason: format!(
                    "the break of {} that `schemas.accepted` allows is not there since {label}: remove it",
                    entry.shown(),
                ),
                incomplete: false,
            }
        }));
    }
}

/// Says what became of the OpenAPI documents. The answer is the entries of the configuration that accept something
/// that is there.
fn compare_apis(
    outcome: &mut Outcome,
    (earlier, older): (&Tree, &[(&str, Tree)]),
    cache: &Cache,
    terms: &Terms,
    config: &Config,
) -> Vec<*const Accepted> {
    let mut found = contract::evolve::evolution(earlier, &outcome.tree, cache, terms);
    let is_transitive = |config: &Config| config.schemas.general.mode.is_some_and(Mode::is_transitive);
    if terms.transitive || is_transitive(config) {
        for (label, tree) in older {
            let terms = Terms { label: (*label).to_owned(), ..terms.clone() };
            found.add_older(contract::evolve::evolution(tree, &outcome.tree, cache, &terms));
        }
    }
    let mut used: Vec<*const Accepted> = Vec::new();
    for change in &mut found.changed {
        let file = outcome.tree.find(&change.path).map(|id| outcome.tree.file(id));
        let config = file.map_or(config, |file| config.of(file));
        let path = file.and_then(|file| config.relative(file));
        let names = [path.as_deref().unwrap_or(&change.path), change.title.as_str()];
        for broken in &mut change.breaks {
            let about = config.schemas.accepted.iter();
            let entry =
                about.filter(|entry| entry.is_about(&names) && broken.is_meant_by(entry)).min_by_key(|e| e.until);
            used.extend(entry.map(|entry| entry as *const _));
            broken.accepted = entry.map(|entry| Acceptance {
                reason: entry.reason.clone(),
                until: entry.until,
                is_expired: terms.today.is_some_and(|today| today > entry.until),
            });
        }
    }
    let problem = |path: &str, place: Option<Place>, reason: &str| Problem {
        path: path.to_owned(),
        place,
        reason: format!("whether its change since {} breaks anybody is unknown: {reason}", terms.label),
        incomplete: true,
    };
    for change in &found.changed {
        outcome
            .problems
            .extend(change.unknown.iter().map(|(place, reason)| problem(&change.path, Some(*place), reason)));
    }
    outcome.problems.extend(found.unreadable.iter().map(|(path, reason)| problem(path, None, reason)));
    outcome.system.api_changes = found;
    used
}

/// Who must not break when nobody says: a repository that only publishes an event answers for what others
/// read, one that only consumes it for what others wrote; one that does both, or of which nothing is
/// known, for both.
fn by_role(system: &System, subject: &Subject) -> Mode {
    let ends = system.ends_of(subject);
    match (ends.iter().any(|end| end.is_producer), ends.iter().any(|end| !end.is_producer)) {
        (true, false) => Mode::Forward,
        (false, true) => Mode::Backward,
        _ => Mode::Full,
    }
}

/// Reads and joins everything.
fn analyse(outcome: &mut Outcome, catalog: &Catalog, request: &Request) {
    let tree = &outcome.tree;
    let cache = &*request.cache;
    let deployment = Deployment::read_with(tree, cache);
    let packages = deployment.packages(tree);
    let prefilter = if request.every_file { Prefilter::Off } else { Prefilter::On };
    let mut loaded = program::load::load(tree, catalog, &packages, prefilter, cache);
    let mut suppressions = std::mem::take(&mut loaded.suppressions);
    let data: Vec<Result<Vec<Suppression>, Problem>> =
        tree.ids().collect::<Vec<_>>().into_par_iter().filter_map(|id| read_data(tree, id, cache)).collect();
    for data in data {
        match data {
            Ok(found) => suppressions.extend(found),
            Err(problem) => outcome.problems.push(problem),
        }
    }
    outcome.problems.extend(loaded.program.units.iter().filter_map(not_understood));
    outcome.problems.extend(compose_problems(tree, &deployment));
    let mut states = vec![None; tree.files.len()];
    for unit in &loaded.program.units {
        states[unit.file.0 as usize] = Some(FileState::Parsed);
    }
    for (id, reason) in &loaded.refused {
        states[id.0 as usize] = Some(FileState::Skipped(reason.clone()));
        outcome.problems.push(Problem {
            path: tree.file(*id).path.clone(),
            place: None,
            reason: reason.clone(),
            incomplete: decides(&tree.file(*id).path),
        });
    }
    outcome.states = states
        .into_iter()
        .zip(&tree.files)
        .map(|(state, file)| state.unwrap_or_else(|| state_of(&file.path)))
        .collect();
    outcome.stats.files_parsed = loaded.parsed as u64;
    let corrections = corrections(tree, &request.config);
    outcome.system = system::build(tree, &deployment, &loaded.program, catalog, &corrections);
    outcome.system.contracts = contracts::join_documents(tree, cache, &outcome.system, &corrections);
    outcome.problems.extend(outcome.system.contracts.unread.iter().map(|(id, reason)| Problem {
        path: tree.file(*id).path.clone(),
        place: None,
        reason: reason.clone(),
        incomplete: false,
    }));
    outcome.system.schemas = Schemas::read(tree);
    if request.before.is_none() {
        // A comparison tells them itself: there they leave something undecided.
        outcome.problems.extend(outcome.system.schemas.errors.iter().map(|(id, reason)| Problem {
            path: tree.file(*id).path.clone(),
            place: None,
            reason: format!("the schema can't be read: {reason}"),
            incomplete: false,
        }));
    }
    outcome.problems.extend(deployment.errors.iter().map(|(id, reason)| Problem {
        path: tree.file(*id).path.clone(),
        place: None,
        reason: reason.clone(),
        incomplete: decides(&tree.file(*id).path),
    }));
    outcome.problems.extend(deployment_only(tree, &deployment, &outcome.system));
    outcome.stats.unknown = outcome.system.unknown();
    suppressions.sort_by_key(|s| (s.file, s.span));
    outcome.suppressions = suppressions;
    // Some hundred thousand small pieces of memory: nobody has to wait until they are given back.
    rayon::spawn(move || drop((loaded, deployment)));
}

/// The corrections of services; those of one of several roots apply below it.
fn corrections(tree: &Tree, config: &Config) -> Vec<Correction> {
    let mut out: Vec<Correction> = config.services.iter().map(Correction::from).collect();
    for (root, config) in config.roots.iter().filter(|(_, config)| !config.services.is_empty()) {
        let Some(inside) = tree.files.iter().find(|file| file.absolute.starts_with(root)) else { continue };
        let below = inside.absolute.strip_prefix(root).map(|rest| rest.components().count()).unwrap_or_default();
        let parts: Vec<&str> = inside.path.split('/').collect();
        let within = parts[..parts.len().saturating_sub(below)].join("/");
        out.extend(config.services.iter().map(|setting| Correction::from(setting).below(&within)));
    }
    out
}

/// True when the answer of the run needs this source file. Tests, generated code and the assets of web
/// pages (minified libraries, mostly) decide nothing.
fn decides(path: &str) -> bool {
    files::zone(path) == files::Zone::Production && !files::is_asset(path) && !path.contains(".min.")
}

/// The suppressions of a file that is not source code. What deploys the system is read elsewhere, and its
/// faults are told there; other data is only counted when it can't be read.
fn read_data(tree: &Tree, id: FileId, cache: &Cache) -> Option<Result<Vec<Suppression>, Problem>> {
    let file = tree.file(id);
    let kind = files::classify(&file.path);
    if !carries_comments(kind) {
        return None;
    }
    let found: Result<Vec<Suppression>, (String, bool)> = cache.entry(file).fact(Station::Suppressions, |text| {
        text.map(|text| findings::scan(text, FileId(0))).map_err(|error| (error.to_string(), error.is_failure()))
    });
    match found {
        Ok(mut found) => {
            // The file has another number in each tree.
            found.iter_mut().for_each(|suppression| suppression.file = id);
            Some(Ok(found))
        }
        Err((reason, incomplete)) if matches!(kind, FileKind::Yaml | FileKind::Toml | FileKind::Properties) => {
            Some(Err(Problem { path: file.path.clone(), place: None, reason, incomplete }))
        }
        Err(_) => None,
    }
}

/// A repository that only deploys: the code of its services is somewhere else, and nothing is missing
/// here.
fn deployment_only(tree: &Tree, deployment: &Deployment, system: &System) -> Option<Problem> {
    let compose = deployment.projects.iter().map(|project| project.services().len()).sum::<usize>();
    let cluster = deployment.cluster.environments.iter().map(|environment| environment.containers.len());
    let number = cluster.max().unwrap_or(0).max(compose);
    let has_code = || {
        let mut all = tree.files.iter().map(|file| file.path.as_str());
        all.any(|path| system::services::language(path).is_some() && decides(path))
    };
    if number == 0 || !system.services.is_empty() || !deployment.dockerfiles.is_empty() || has_code() {
        return None;
    }
    let containers = if number == 1 { "1 container is".to_owned() } else { format!("{number} containers are") };
    Some(Problem {
        path: String::new(),
        place: None,
        reason: format!(
            "this repository only deploys: {containers} declared and no source code is here; \
             check it together with the repositories of the code: `skillcheck lint . ../orders`"
        ),
        incomplete: false,
    })
}

/// What could not be read of the Compose files.
fn compose_problems<'d>(tree: &'d Tree, deployment: &'d Deployment) -> impl Iterator<Item = Problem> + 'd {
    deployment.compose_files.iter().flat_map(|(&id, file)| {
        let path = &tree.file(id).path;
        file.errors.iter().map(move |error| Problem {
            path: path.clone(),
            place: Some(Place::new(id, error.span)),
            reason: error.message.clone(),
            incomplete: decides(path),
        })
    })
}

/// A source file with faults in its syntax: the tree around them is a guess.
fn not_understood(unit: &program::Unit) -> Option<Problem> {
    let first = *unit.module.syntax_errors.first()?;
    let reason = match unit.module.syntax_errors.len() {
        1 => "the syntax is not understood here".to_owned(),
        number => format!("the syntax is not understood here and at {} more places", number - 1),
    };
    Some(Problem {
        path: unit.path.clone(),
        place: Some(Place::new(unit.file, first)),
        reason,
        incomplete: decides(&unit.path),
    })
}

/// Files other than source code whose comments can hold a suppression.
fn carries_comments(kind: FileKind) -> bool {
    matches!(
        kind,
        FileKind::Compose
            | FileKind::Dockerfile
            | FileKind::Yaml
            | FileKind::Dotenv
            | FileKind::PyProject
            | FileKind::Toml
            | FileKind::Properties
    )
}

/// What became of a file that was not parsed as source code.
fn state_of(path: &str) -> FileState {
    match files::classify(path) {
        FileKind::Code(_) if files::zone(path) == files::Zone::Vendored => FileState::Skipped("code of others".into()),
        FileKind::Code(_) => {
            FileState::Skipped("names no library that the catalog knows, or is one of a web page".into())
        }
        FileKind::Other | FileKind::Markdown => FileState::Skipped("not a kind of file that is read".into()),
        _ => FileState::Parsed,
    }
}
