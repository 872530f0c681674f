//! Questions about the folders of a tree.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::facts::manifest::PackageJson;
use crate::files::{FileKind, Tree, Zone, classify, folder_of, join_path, zone};
use crate::syntax::{FileId, Place};
use crate::system::deployment::Deployment;
use crate::system::services::compose::spelled;
use crate::system::services::foreign::Foreign;
use crate::system::services::marks::Marks;
use crate::system::services::scripts;

/// Folders whose children are services, each of its own.
const COLLECTIONS: [&str; 10] = [
    "services",
    "apps",
    "cmd",
    "microservices",
    "micro-services",
    "service",
    "servers",
    "workers",
    "functions",
    "lambdas",
];

/// Folders that a program of Go, or a package, is divided into.
const PARTS: [&str; 5] = ["cmd", "internal", "pkg", "src", "test"];

/// A tree and its facts.
pub(super) struct Context<'a> {
    pub tree: &'a Tree,
    pub deployment: &'a Deployment,
    /// Folders that have a manifest of their own.
    manifests: BTreeSet<&'a str>,
    /// Roots of applications in a `nest-cli.json`.
    nest_apps: BTreeSet<String>,
    /// Folders whose code a script of the `package.json` above them starts, with that script.
    script_apps: BTreeMap<String, Place>,
    /// The Dockerfiles of each folder that has any, in the order of their paths.
    dockerfiles: BTreeMap<&'a str, Vec<FileId>>,
    /// Filled when it is asked for.
    units: OnceCell<Vec<(&'a str, String)>>,
}

/// The language of a source file, by its ending, for languages with and without a front end.
pub fn language(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    Some(match name.rsplit_once('.')?.1 {
        "py" => "python",
        "js" | "jsx" | "mjs" | "cjs" => "javascript",
        "ts" | "tsx" | "mts" | "cts" => "typescript",
        "java" => "java",
        "kt" => "kotlin",
        "scala" => "scala",
        "go" => "go",
        "cs" => "csharp",
        "php" => "php",
        "rb" => "ruby",
        "rs" => "rust",
        "ex" | "exs" => "elixir",
        "cpp" | "cc" => "cpp",
        "swift" => "swift",
        "dart" => "dart",
        _ => return None,
    })
}

impl<'a> Context<'a> {
    pub(super) fn new(tree: &'a Tree, deployment: &'a Deployment) -> Self {
        let mut manifests = BTreeSet::new();
        for file in &tree.files {
            let kind = classify(&file.path);
            let foreign = tree.find(&file.path).and_then(|id| deployment.foreign.get(&id));
            let known = matches!(kind, FileKind::PackageJson | FileKind::PyProject | FileKind::Requirements)
                || foreign.is_some_and(|f| !matches!(f, Foreign::AspireHost(_) | Foreign::Hosting));
            if known {
                manifests.insert(folder_of(&file.path));
            }
        }
        let mut nest_apps = BTreeSet::new();
        for (&id, nest) in &deployment.nest {
            let folder = folder_of(&tree.file(id).path);
            for project in nest.projects.iter().filter(|project| project.is_application) {
                let root = project.root.as_ref().map_or(project.name.as_str(), |root| root.as_str());
                nest_apps.extend(join_path(folder, root));
            }
        }
        let mut dockerfiles: BTreeMap<&str, Vec<FileId>> = BTreeMap::new();
        for &id in deployment.dockerfiles.keys() {
            dockerfiles.entry(folder_of(&tree.file(id).path)).or_default().push(id);
        }
        let script_apps = scripts::apps(tree, deployment, &manifests);
        Context { tree, deployment, manifests, nest_apps, script_apps, dockerfiles, units: OnceCell::new() }
    }

    /// The folders that [scripts](scripts::apps) of one `package.json` start, each an application.
    pub(super) fn script_apps(&self) -> &BTreeMap<String, Place> {
        &self.script_apps
    }

    /// The files below a folder, in the order of their paths.
    pub(super) fn below(&self, folder: &str) -> impl Iterator<Item = (FileId, &'a str)> + use<'a> {
        let tree = self.tree;
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let start = tree.files.partition_point(|file| file.path.as_str() < prefix.as_str());
        let files = tree.files.iter().enumerate().skip(start);
        files
            .take_while(move |(_, file)| file.path.starts_with(&prefix))
            .map(|(i, file)| (FileId(i as u32), file.path.as_str()))
    }

    /// Production code below a folder. What is a script for the repository is production below a root
    /// that lies in such a folder itself (a load generator).
    pub(super) fn code_below(&self, folder: &str) -> impl Iterator<Item = (FileId, &'a str)> + use<'a> {
        let own = zone(&format!("{folder}/x"));
        self.below(folder).filter(move |(_, path)| {
            language(path).is_some() && matches!(zone(path), z if z == Zone::Production || z == own)
        })
    }

    pub(super) fn has_code(&self, folder: &str) -> bool {
        self.code_below(folder).next().is_some()
    }

    pub(super) fn has_manifest(&self, folder: &str) -> bool {
        self.manifests.contains(folder)
    }

    /// Code, or a Dockerfile that may build something off the shelf.
    pub(super) fn has_code_or_dockerfile(&self, folder: &str) -> bool {
        self.has_code(folder) || self.dockerfiles_in(folder).next().is_some()
    }

    /// Code or a manifest that belongs to the folder itself, not only to folders in it.
    pub(super) fn has_own_code(&self, folder: &str) -> bool {
        let workspace = self.package(folder).is_some_and(|package| !package.workspaces.is_empty());
        if self.has_manifest(folder) && !workspace {
            return true;
        }
        self.code_below(folder).any(|(_, path)| {
            let inner = if folder.is_empty() { path } else { path.get(folder.len() + 1..).unwrap_or(path) };
            match inner.split_once('/') {
                None => !inner.contains(".config.") && !inner.starts_with('.'),
                Some((first, _)) => matches!(first, "src" | "app"),
            }
        })
    }

    /// True for a folder that looks like the root of a package or an application.
    pub(super) fn is_unit(&self, folder: &str) -> bool {
        let above = folder_of(folder);
        let collection = above.rsplit('/').next().unwrap_or(above);
        // `src/main/java/com/acme/service/registry` is a package.
        let package = || format!("/{folder}").contains("/src/main/");
        // `orders/service/cmd` and `orders/service/internal` are parts of one program.
        let part = || PARTS.contains(&folder.rsplit('/').next().unwrap_or(folder));
        self.has_manifest(folder)
            || self.nest_apps.contains(folder)
            || self.script_apps.contains_key(folder)
            || self.dockerfiles_in(folder).next().is_some()
            || (!folder.is_empty()
                && COLLECTIONS.contains(&collection)
                && !package()
                && !part()
                && self.has_code(folder))
    }

    /// The folders of production that [are units](Self::is_unit), in the order of the files, with the name
    /// that an image would have.
    pub(super) fn units(&self) -> &[(&'a str, String)] {
        self.units.get_or_init(|| {
            let mut seen = HashSet::new();
            let folders =
                self.tree.files.iter().map(|file| folder_of(&file.path)).filter(|folder| seen.insert(*folder));
            let units =
                folders.filter(|folder| self.is_unit(folder) && zone(&format!("{folder}/x")) == Zone::Production);
            units.map(|folder| (folder, spelled(folder.rsplit('/').next().unwrap_or(folder)))).collect()
        })
    }

    /// How many folders with a manifest and code of their own lie below a folder.
    pub(super) fn units_below(&self, folder: &str) -> usize {
        let prefix = format!("{folder}/");
        let below = self.manifests.iter().filter(|unit| unit.starts_with(&prefix));
        below.filter(|unit| zone(&format!("{unit}/x")) == Zone::Production && self.has_code(unit)).count()
    }

    /// True for the root of a workspace of packages, which nothing starts itself.
    pub(super) fn is_workspace(&self, folder: &str) -> bool {
        let declares = || {
            ["pnpm-workspace.yaml", "turbo.json", "lerna.json", "nx.json"]
                .iter()
                .any(|file| self.tree.find(&crate::program::resolve::join(folder, file)).is_some())
        };
        self.package(folder).is_some_and(|package| !package.workspaces.is_empty() || declares())
            && self.dockerfiles_in(folder).next().is_none()
            && !self.has_own_entry(folder)
    }

    /// True for a folder whose children are applications.
    pub(super) fn is_collection(&self, folder: &str) -> bool {
        COLLECTIONS.contains(&folder.rsplit('/').next().unwrap_or(folder))
    }

    pub(super) fn nest_apps(&self) -> &BTreeSet<String> {
        &self.nest_apps
    }

    pub(super) fn dockerfiles_in(&self, folder: &str) -> impl Iterator<Item = FileId> {
        self.dockerfiles.get(folder).into_iter().flatten().copied()
    }

    pub(super) fn package(&self, folder: &str) -> Option<&'a PackageJson> {
        let path = crate::program::resolve::join(folder, "package.json");
        self.tree.find(&path).and_then(|id| self.deployment.package_jsons.get(&id))
    }

    /// Manifests of other languages directly in a folder.
    pub(super) fn foreign_in(&self, folder: &str) -> impl Iterator<Item = (FileId, &'a Foreign)> {
        let deployment = self.deployment;
        let direct = self.below(folder).filter(move |(_, path)| folder_of(path) == folder);
        direct.filter_map(move |(id, _)| Some((id, deployment.foreign.get(&id)?)))
    }

    /// The entry points below a root that lie in no deeper unit.
    pub(super) fn marks_below(&self, root: &str) -> Vec<(FileId, &'a Marks)> {
        let deployment = self.deployment;
        let found = self.below(root).filter_map(|(id, path)| Some((id, path, deployment.marks.get(&id)?)));
        found.filter(|(_, path, _)| self.unit_of(path, root) == root).map(|(id, _, marks)| (id, marks)).collect()
    }

    /// True when a source file directly in a folder, or in its `src`, starts something.
    pub(super) fn has_own_entry(&self, folder: &str) -> bool {
        let own = [
            folder.to_owned(),
            crate::program::resolve::join(folder, "src"),
            crate::program::resolve::join(folder, "app"),
        ];
        self.marks_below(folder)
            .iter()
            .any(|(id, marks)| marks.serves() && own.iter().any(|own| folder_of(&self.tree.file(*id).path) == own))
    }

    /// The deepest folder around a path, at or below `root`, that has a manifest of its own.
    fn unit_of<'p>(&self, path: &'p str, root: &'p str) -> &'p str {
        let mut folder = folder_of(path);
        while folder.len() > root.len() {
            let is_app = self.nest_apps.contains(folder) || self.script_apps.contains_key(folder);
            if self.has_manifest(folder) || is_app {
                return folder;
            }
            folder = folder_of(folder);
        }
        root
    }

    /// The languages of the code below a root, most files first.
    pub(super) fn languages(&self, root: &str) -> Vec<String> {
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        let pages =
            |path: &str| path.split('/').any(|s| matches!(s, "static" | "public" | "wwwroot" | "webapp" | "resources"));
        for (_, path) in self.code_below(root) {
            if matches!(language(path), Some("javascript")) && pages(path) {
                continue;
            }
            if let Some(language) = language(path) {
                *counts.entry(language).or_default() += 1;
            }
        }
        if counts.is_empty() && self.has_code(root) {
            counts.insert("javascript", 1);
        }
        let mut languages: Vec<_> = counts.into_iter().collect();
        languages.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        // A configuration file or two in another language is not what the service is written in.
        let most = languages.first().map_or(0, |(_, count)| *count);
        languages.retain(|(_, count)| *count * 8 >= most);
        languages.into_iter().map(|(name, _)| name.to_owned()).collect()
    }
}
