//! What the files beside the source code say: Compose, Dockerfiles, manifests, entry points. Read once,
//! in parallel; everything that finds services, addresses and databases starts from here.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::compose::{self, ComposeInputs, ComposeProject};
use super::kube::{self, Charts, Cluster, KubeFile, KubeInputs};
use super::services::foreign::{self, Foreign};
use super::services::marks::{self, Marks};
use crate::cache::{Cache, Station};
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

/// What one file says.
#[derive(Serialize, Deserialize)]
enum Read {
    Compose(ComposeFile),
    /// The text of a file that may say something about clusters: what it is depends on its neighbours.
    Kube(String),
    Env(Pairs),
    Docker(Dockerfile),
    Package(PackageJson),
    PyProject(PyProject),
    Requirements(Requirements),
    TsConfig(TsConfig),
    Nest(NestCli),
    /// Found in few files, and quickly: not worth keeping.
    #[serde(skip)]
    Foreign(Foreign),
    Marks(Marks),
}

impl Deployment {
    /// Reads a tree.
    pub fn read(tree: &Tree) -> Deployment {
        Deployment::read_with(tree, &Cache::in_memory())
    }

    /// Reads a tree of which something may be known already.
    pub fn read_with(tree: &Tree, cache: &Cache) -> Deployment {
        let mut deployment = Deployment::default();
        let manifests = tree
            .files
            .iter()
            .filter(|file| marks::is_manifest(&file.path, classify(&file.path)))
            .map(|file| folder_of(&file.path));
        let tops = marks::top_packages(tree.files.iter().map(|file| file.path.as_str()));
        let manifests: BTreeSet<&str> = manifests.chain(tops).collect();
        let ids: Vec<FileId> = tree.ids().collect();
        let read: Vec<(FileId, Result<Option<Read>, String>)> =
            ids.par_iter().map(|&id| (id, read_one(tree, id, &manifests, cache))).collect();
        let mut kube_texts: Vec<(FileId, String)> = Vec::new();
        for (id, outcome) in read {
            match outcome {
                Ok(None) => {}
                Ok(Some(Read::Kube(text))) => kube_texts.push((id, text)),
                Ok(Some(fact)) => deployment.add(id, fact),
                Err(reason) => deployment.errors.push((id, reason)),
            }
        }
        let kube_files = deployment.add_kube(tree, kube_texts);
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

    /// Reads what may belong to clusters; what turns out to be a Compose file is added as one.
    fn add_kube(&mut self, tree: &Tree, texts: Vec<(FileId, String)>) -> BTreeMap<FileId, KubeFile> {
        let charts = Charts::of(tree);
        let read = |(id, text): (FileId, String)| match KubeFile::read(id, &tree.file(id).path, &text, &charts) {
            Some(file) => (id, Some(file), None),
            None => (id, None, compose_by_content(&text)),
        };
        let read: Vec<_> = texts.into_par_iter().map(read).collect();
        let mut files = BTreeMap::new();
        for (id, file, compose) in read {
            files.extend(file.map(|file| (id, file)));
            self.compose_files.extend(compose.map(|compose| (id, compose)));
        }
        files
    }

    fn add(&mut self, id: FileId, fact: Read) {
        match fact {
            Read::Compose(fact) => drop(self.compose_files.insert(id, fact)),
            // Read with all others of its kind.
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
        let dependencies = self.package_jsons.values().flat_map(|package| &package.dependencies);
        let from_registry = |version: &str| !["file:", "link:", "workspace:"].iter().any(|p| version.starts_with(p));
        let installed = dependencies.filter(|d| from_registry(&d.version)).map(|d| d.name.value.clone()).collect();
        Packages { javascript, aliases, installed, go }
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

fn read_one(tree: &Tree, id: FileId, manifests: &BTreeSet<&str>, cache: &Cache) -> Result<Option<Read>, String> {
    let file = tree.file(id);
    let zone = files::zone(&file.path);
    if zone == Zone::Vendored {
        return Ok(None);
    }
    let kind = classify(&file.path);
    let foreign = foreign::is_foreign(&file.path);
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
        _ => {
            foreign
                || kube::is_other(&file.path)
                || (zone == Zone::Production && marks::may_start(&file.path, manifests))
        }
    };
    if !wanted {
        return Ok(None);
    }
    cache.entry(file).fact(Station::Deployment, |text| understand(&file.path, kind, foreign, text))
}

/// What a file says, by its path and text.
fn understand(
    path: &str,
    kind: FileKind,
    foreign: bool,
    text: Result<&str, &files::ReadError>,
) -> Result<Option<Read>, String> {
    let text = match text {
        Ok(text) => text,
        // The loader of the source code reports what it can't read.
        Err(_) if matches!(kind, FileKind::Code(_) | FileKind::Other | FileKind::Yaml) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let failed = |error: crate::syntax::data::DataError| error.to_string();
    Ok(match kind {
        FileKind::Compose => Some(Read::Compose(read_compose(text))),
        FileKind::Yaml if foreign => foreign::read(path, text).map(Read::Foreign),
        FileKind::Yaml if KubeFile::may_be(path, text) => Some(Read::Kube(text.to_owned())),
        FileKind::Yaml => compose_by_content(text).map(Read::Compose),
        FileKind::Dotenv => Some(Read::Env(dotenv(text))),
        FileKind::Dockerfile => Some(Read::Docker(dockerfile(text))),
        FileKind::PackageJson => Some(Read::Package(package_json(text).map_err(failed)?)),
        FileKind::PyProject => Some(Read::PyProject(pyproject(text).map_err(failed)?)),
        FileKind::Requirements => Some(Read::Requirements(requirements(path, text))),
        FileKind::TsConfig => Some(Read::TsConfig(tsconfig(text).map_err(failed)?)),
        FileKind::NestCli => Some(Read::Nest(nest_cli(text).map_err(failed)?)),
        // `Program.cs` is the host of .NET Aspire, or starts its own project like any other entry point.
        FileKind::Code(_) if foreign => foreign::read(path, text).map(Read::Foreign).or_else(|| started(path, text)),
        _ if foreign => foreign::read(path, text).map(Read::Foreign),
        _ if kube::is_other(path) => Some(Read::Kube(text.to_owned())),
        _ => started(path, text),
    })
}

/// What production code does when it is started.
fn started(path: &str, text: &str) -> Option<Read> {
    let marks = Some(marks::marks(path, text)).filter(|marks| !marks.is_empty());
    marks.filter(|_| files::zone(path) == Zone::Production).map(Read::Marks)
}

/// The Compose file that other YAML is.
fn compose_by_content(text: &str) -> Option<ComposeFile> {
    // Most YAML is something else: a quick look saves the parse.
    if !text.lines().any(|line| line.starts_with("services:") || line.starts_with("\"services\"")) {
        return None;
    }
    let parsed = yaml(text);
    parsed.documents.first().filter(|root| looks_like_compose(root)).map(lower)
}
