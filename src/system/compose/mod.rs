//! The Compose files of a tree joined to projects: overlays merged, `include` and `extends` followed,
//! variables filled in, paths made relative to the tree.
//!
//! A repository rarely says which files are used together. Files of one folder are one project;
//! `docker-compose.prod.yml` beside `docker-compose.yml` is an [`Environment`] of its own, laid over
//! the base file when it can't stand alone. No service of any file is lost: see
//! [`ComposeProject::services`].

mod group;
mod layers;
mod merge;
mod resolved;
mod variables;

use std::collections::BTreeMap;

use crate::facts::compose::ComposeFile;
use crate::files::{Tree, folder_of, join_path};
use crate::syntax::data::Pairs;
use crate::syntax::{FileId, Place};

pub use resolved::{
    EnvVar, Origin, Resolved, ResolvedBuild, ResolvedCommand, ResolvedDependency, ResolvedHealthcheck, ResolvedPort,
    ResolvedService, ResolvedVolume, UnreadEnvFile,
};

/// What [`join`] needs: the facts of single files.
#[derive(Clone, Copy, Debug)]
pub struct ComposeInputs<'a> {
    /// The files of the run.
    pub tree: &'a Tree,
    /// All Compose files by name, and all other YAML files with a map `services` (they may be the
    /// target of `include` or `extends`).
    pub files: &'a BTreeMap<FileId, ComposeFile>,
    /// All dotenv files by name, and those of [`wanted_env_files`].
    pub env_files: &'a BTreeMap<FileId, Pairs>,
}

/// The Compose files of one folder, with what they include and extend.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComposeProject {
    /// The folder, as a printed path; empty for the root.
    pub folder: String,
    /// The name (`name:`), else the folder's.
    pub name: String,
    /// The ways in which the files are used together; the first one is what `docker compose up` takes,
    /// when there is such a file.
    pub environments: Vec<Environment>,
    /// What could not be followed.
    pub problems: Vec<ComposeProblem>,
}

impl ComposeProject {
    /// Every service once, as the first environment that has it sees it.
    pub fn services(&self) -> Vec<&ResolvedService> {
        let mut seen = std::collections::BTreeSet::new();
        let all = self.environments.iter().flat_map(|environment| &environment.services);
        all.filter(|service| seen.insert(service.name.as_str())).collect()
    }
}

/// One way to use the files of a project.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Environment {
    /// `default`, or what the file's name says: `prod`.
    pub name: String,
    /// The files, later ones laid over earlier ones; included files come first.
    pub files: Vec<FileId>,
    /// The services in the order in which they are first declared.
    pub services: Vec<ResolvedService>,
}

/// Something in a Compose file that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComposeProblem {
    /// What is wrong; quotes the value; no full stop.
    pub message: String,
    /// Where.
    pub place: Place,
}

/// Joins all Compose files of a tree to projects, sorted by folder.
pub fn join(inputs: ComposeInputs<'_>) -> Vec<ComposeProject> {
    group::projects(inputs)
}

/// The files that `env_file` and `include` name and that have to be read as dotenv although their names
/// do not tell. Paths with variables in them are not followed here.
pub fn wanted_env_files(tree: &Tree, files: &BTreeMap<FileId, ComposeFile>) -> Vec<FileId> {
    let mut wanted = std::collections::BTreeSet::new();
    for (&id, file) in files {
        let folder = folder_of(&tree.file(id).path);
        let services = file.services.iter().flat_map(|service| &service.env_files).map(|env_file| &env_file.path);
        for path in services.chain(file.includes.iter().flat_map(|include| &include.env_files)) {
            wanted.extend(join_path(folder, path.as_str()).and_then(|path| tree.find(&path)));
        }
    }
    wanted.into_iter().collect()
}

#[cfg(test)]
mod tests;
