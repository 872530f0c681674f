//! What the files beside the source code say: Compose, Dockerfiles, manifests, entry points. Read once,
//! in parallel; everything that finds services, addresses and databases starts from here.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::compose::{self, ComposeInputs, ComposeProject};
use super::kube::{self, Charts, Cluster, KubeFile, KubeInputs};
use super::services::foreign::{self, Foreign};
use super::services::marks::{self, Marks};
use crate::facts::compose::{ComposeFile, compose as read_compose, looks_like_compose, lower};
use crate::facts::dockerfile::{Dockerfile, dockerfile};
use crate::facts::manifest::{
    NestCli, PackageJson, PyProject, Requirements, TsConfig, nest_cli, package_json, pyproject, requirements, tsconfig,
};
use crate::files::{self, FileKind, Tree, Zone, classify, folder_of, join_path};
use crate::program::resolve::{Alias, JsPackage, Packages};
use crate::syntax::FileId;
use crate::syntax::data::{Pairs, dotenv, yaml};

/// The facts of all files that are not source code, and the marks of entry points.
#[derive(Debug, Default)]
pub struct Deployment {
    /// Compose files, by name and by content.
    pub compose_files: BTreeMap<FileId, ComposeFile>,
    /// The same, joined.
    pub projects: Vec<ComposeProject>,
    /// What is declared for Kubernetes.
    pub cluster: Cluster,
    /// Dotenv files.
    pub env_files: BTreeMap<FileId, Pairs>,
    /// Dockerfiles.
    pub dockerfiles: BTreeMap<FileId, Dockerfile>,
    /// `package.json` files.
    pub package_jsons: BTreeMap<FileId, PackageJson>,
    /// `pyproject.toml` files.
    pub pyprojects: BTreeMap<FileId, PyProject>,
    /// `requirements.txt` files.
    pub requirements: BTreeMap<FileId, Requirements>,
    /// `tsconfig.json` files.
    pub tsconfigs: BTreeMap<FileId, TsConfig>,
    /// `nest-cli.json` files.
    pub nest: BTreeMap<FileId, NestCli>,
    /// Manifests of other languages.
    pub foreign: BTreeMap<FileId, Foreign>,
    /// Source files that may be entry points.
    pub marks: BTreeMap<FileId, Marks>,
    /// Files that could not be read or parsed, with the reason.
    pub errors: Vec<(FileId, String)>,
}

enum Read {
    Compose(ComposeFile),
    Kube(KubeFile),
    Env(Pairs),
    Docker(Dockerfile),
    Package(PackageJson),
    PyProject(PyProject),
    Requirements(Requirements),
    TsConfig(TsConfig),
    Nest(NestCli),
    Foreign(Foreign),
    Marks(Marks),
}

impl Deployment {
    /// Reads a tree.
    pub fn read(tree: &Tree) -> Deployment {
        let mut deployment = Deployment::default();
        let manifests: BTreeSet<&str> = tree
            .files
            .iter()
            .filter(|file| marks::is_manifest(&file.path, classify(&file.path)))
            .map(|file| folder_of(&file.path))
            .collect();
        let charts = Charts::of(tree);
        let ids: Vec<FileId> = tree.ids().collect();
        let read: Vec<(FileId, Result<Option<Read>, String>)> =
            ids.par_iter().map(|&id| (id, read_one(tree, id, &manifests, &charts))).collect();
        let mut kube_files = BTreeMap::new();
        for (id, outcome) in read {
            match outcome {
                Ok(None) => {}
                Ok(Some(Read::Kube(fact))) => drop(kube_files.insert(id, fact)),
                Ok(Some(fact)) => deployment.add(id, fact),
                Err(reason) => deployment.errors.push((id, reason)),
            }
        }
        for id in compose::wanted_env_files(tree, &deployment.compose_files) {
            if !deployment.env_files.contains_key(&id)
                && let Ok(text) = files::read(tree.file(id))
            {
                deployment.env_files.insert(id, dotenv(&text));
            }
        }
        deployment.projects =
            compose::join(ComposeInputs { tree, files: &deployment.compose_files, env_files: &deployment.env_files });
        deployment.cluster = kube::join(KubeInputs { tree, files: &kube_files, env_files: &deployment.env_files });
        deployment
    }

    fn add(&mut self, id: FileId, fact: Read) {
        match fact {
            Read::Compose(fact) => drop(self.compose_files.insert(id, fact)),
            // Joined at once.
            Read::Kube(_) => {}
            Read::Env(fact) => drop(self.env_files.insert(id, fact)),
            Read::Docker(fact) => drop(self.dockerfiles.insert(id, fact)),
            Read::Package(fact) => drop(self.package_jsons.insert(id, fact)),
            Read::PyProject(fact) => drop(self.pyprojects.insert(id, fact)),
            Read::Requirements(fact) => drop(self.requirements.insert(id, fact)),
            Read::TsConfig(fact) => drop(self.tsconfigs.insert(id, fact)),
            Read::Nest(fact) => drop(self.nest.insert(id, fact)),
            Read::Foreign(fact) => drop(self.foreign.insert(id, fact)),
            Read::Marks(fact) => drop(self.marks.insert(id, fact)),
        }
    }

    /// The names under which folders of the tree can be imported: packages and path aliases.
    pub fn packages(&self, tree: &Tree) -> Packages {
        let mut javascript: Vec<JsPackage> = self
            .package_jsons
            .iter()
            .filter_map(|(&id, package)| {
                let entries = [&package.main, &package.module, &package.types].into_iter().flatten();
                let exports = package.exports.iter().filter(|export| export.name.value == ".");
                Some(JsPackage {
                    name: package.name.as_ref()?.value.clone(),
                    folder: folder_of(&tree.file(id).path).to_owned(),
                    entries: entries.chain(exports.map(|export| &export.command)).map(|e| e.value.clone()).collect(),
                })
            })
            .collect();
        // `"building-blocks": "file:../building-blocks"` names a folder, whatever its own name is.
        for (&id, package) in &self.package_jsons {
            for dependency in &package.dependencies {
                let path =
                    dependency.version.strip_prefix("file:").or_else(|| dependency.version.strip_prefix("link:"));
                if let Some(folder) = path.and_then(|path| join_path(folder_of(&tree.file(id).path), path)) {
                    javascript.push(JsPackage { name: dependency.name.value.clone(), folder, entries: Vec::new() });
                }
            }
        }
        javascript.sort_by(|a, b| b.name.len().cmp(&a.name.len()).then(a.folder.cmp(&b.folder)));
        let mut aliases: Vec<Alias> = Vec::new();
        for &id in self.tsconfigs.keys() {
            let folder = folder_of(&tree.file(id).path);
            for (pattern, targets) in self.mappings(tree, id, 0) {
                if !aliases.iter().any(|alias| alias.folder == folder && alias.pattern == pattern) {
                    aliases.push(Alias { folder: folder.to_owned(), pattern, targets });
                }
            }
        }
        let depth = |alias: &Alias| alias.folder.split('/').filter(|segment| !segment.is_empty()).count();
        aliases.sort_by_key(|alias| (std::cmp::Reverse(depth(alias)), std::cmp::Reverse(alias.pattern.len())));
        let mut go: Vec<(String, String)> = self
            .foreign
            .iter()
            .filter_map(|(&id, fact)| match fact {
                Foreign::Go { module: Some(module) } => {
                    Some((module.clone(), folder_of(&tree.file(id).path).to_owned()))
                }
                _ => None,
            })
            .collect();
        go.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.1.cmp(&b.1)));
        Packages { javascript, aliases, go }
    }

    /// The path mappings of a `tsconfig.json`, those it inherits included, relative to the tree.
    fn mappings(&self, tree: &Tree, id: FileId, depth: usize) -> Vec<(String, Vec<String>)> {
        // `extends` may form a circle.
        const MAX_EXTENDS: usize = 8;
        let Some(config) = self.tsconfigs.get(&id) else { return Vec::new() };
        let folder = folder_of(&tree.file(id).path);
        let base = config.base_url.as_ref().and_then(|base| join_path(folder, base.as_str()));
        let from = base.as_deref().unwrap_or(folder);
        let mut found: Vec<(String, Vec<String>)> = config
            .paths
            .iter()
            .map(|mapping| {
                let targets = mapping.targets.iter().filter_map(|target| join_path(from, target.as_str()));
                (mapping.pattern.value.clone(), targets.collect())
            })
            .collect();
        if let Some(base) = base {
            found.push(("*".to_owned(), vec![crate::program::resolve::join(&base, "*")]));
        }
        if depth < MAX_EXTENDS {
            for extends in config.extends.iter().rev() {
                let path = join_path(folder, extends.as_str());
                let parent = path.and_then(|p| tree.find(&p).or_else(|| tree.find(&format!("{p}.json"))));
                let inherited = parent.map(|parent| self.mappings(tree, parent, depth + 1)).unwrap_or_default();
                // Own `paths` replace inherited ones as a whole.
                let keep = |(pattern, _): &(String, Vec<String>)| match pattern.as_str() {
                    "*" => config.base_url.is_none(),
                    _ => config.paths.is_empty(),
                };
                found.extend(inherited.into_iter().filter(keep));
            }
        }
        found
    }
}

fn read_one(tree: &Tree, id: FileId, manifests: &BTreeSet<&str>, charts: &Charts<'_>) -> Result<Option<Read>, String> {
    let file = tree.file(id);
    let zone = files::zone(&file.path);
    if zone == Zone::Vendored {
        return Ok(None);
    }
    let kind = classify(&file.path);
    let foreign = foreign::is_foreign(&file.path);
    let cluster = KubeFile::is_wanted(&file.path, charts);
    let wanted = match kind {
        FileKind::Compose
        | FileKind::Yaml
        | FileKind::Dotenv
        | FileKind::Dockerfile
        | FileKind::PackageJson
        | FileKind::PyProject
        | FileKind::Requirements
        | FileKind::TsConfig
        | FileKind::NestCli => true,
        _ => foreign || cluster || (zone == Zone::Production && marks::may_start(&file.path, manifests)),
    };
    if !wanted {
        return Ok(None);
    }
    let text = match files::read(file) {
        Ok(text) => text,
        // The loader of the source code reports what it can't read.
        Err(_) if matches!(kind, FileKind::Code(_) | FileKind::Other | FileKind::Yaml) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let failed = |error: crate::syntax::data::DataError| error.to_string();
    Ok(match kind {
        FileKind::Compose => Some(Read::Compose(read_compose(&text))),
        FileKind::Yaml if foreign => foreign::read(&file.path, &text).map(Read::Foreign),
        FileKind::Yaml => {
            let kube = if cluster { KubeFile::read(id, &file.path, &text, charts) } else { None };
            if kube.is_some() {
                return Ok(kube.map(Read::Kube));
            }
            // Most YAML is something else: a quick look saves the parse.
            if !text.lines().any(|line| line.starts_with("services:") || line.starts_with("\"services\"")) {
                return Ok(None);
            }
            let parsed = yaml(&text);
            parsed.documents.first().filter(|root| looks_like_compose(root)).map(|root| Read::Compose(lower(root)))
        }
        FileKind::Dotenv => Some(Read::Env(dotenv(&text))),
        FileKind::Dockerfile => Some(Read::Docker(dockerfile(&text))),
        FileKind::PackageJson => Some(Read::Package(package_json(&text).map_err(failed)?)),
        FileKind::PyProject => Some(Read::PyProject(pyproject(&text).map_err(failed)?)),
        FileKind::Requirements => Some(Read::Requirements(requirements(&file.path, &text))),
        FileKind::TsConfig => Some(Read::TsConfig(tsconfig(&text).map_err(failed)?)),
        FileKind::NestCli => Some(Read::Nest(nest_cli(&text).map_err(failed)?)),
        _ if foreign => foreign::read(&file.path, &text).map(Read::Foreign),
        _ if cluster => KubeFile::read(id, &file.path, &text, charts).map(Read::Kube),
        _ => Some(marks::marks(&file.path, &text)).filter(|marks| !marks.is_empty()).map(Read::Marks),
    })
}
