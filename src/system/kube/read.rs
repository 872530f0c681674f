//! Which files are read for clusters, and what each of them is.

use std::collections::BTreeSet;

use crate::facts::helm::{self, Item, Template};
use crate::facts::kube::kustomize::{Kustomization, is_kustomization, kustomization};
use crate::facts::kube::skaffold::{Artifact, artifacts, is_skaffold};
use crate::facts::kube::{Object, looks_like_manifest, objects};
use crate::files::{Tree, Zone, folder_of, zone};
use crate::syntax::data::{Node, yaml};
use crate::syntax::{FileId, Place, Span};

use super::hints::{self, Hint};

/// The folders of Helm charts.
#[derive(Clone, Debug, Default)]
pub struct Charts<'t>(BTreeSet<&'t str>);

impl<'t> Charts<'t> {
    /// The charts of a tree: the folders with a `Chart.yaml`.
    pub fn of(tree: &'t Tree) -> Self {
        let is_chart = |path: &str| matches!(path.rsplit('/').next(), Some("Chart.yaml" | "Chart.yml"));
        Charts(tree.files.iter().filter(|file| is_chart(&file.path)).map(|file| folder_of(&file.path)).collect())
    }

    /// The chart whose templates a file belongs to.
    pub(super) fn of_template<'p>(&self, path: &'p str) -> Option<&'p str> {
        let mut from = 0;
        while let Some(at) = path[from..].find("templates/").map(|n| from + n) {
            let chart = path[..at].trim_end_matches('/');
            if (at == 0 || path[..at].ends_with('/')) && self.0.contains(chart) {
                return Some(chart);
            }
            from = at + 1;
        }
        None
    }
}

/// A file that says something about clusters.
#[derive(Clone, Debug)]
pub enum KubeFile {
    /// Manifests.
    Objects(Vec<Object>),
    /// `kustomization.yaml`.
    Kustomization(Kustomization),
    /// `skaffold.yaml`.
    Skaffold(Vec<Artifact>),
    /// `Chart.yaml`.
    Chart(Chart),
    /// The values of a chart.
    Values(Item),
    /// A template of a chart, with its text.
    Template(String, Template),
    /// A Nomad job or a systemd unit.
    Hints(Vec<Hint>),
}

/// `Chart.yaml`.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// `name`.
    pub name: String,
    /// All of it.
    pub root: Item,
    /// It only holds named templates.
    pub library: bool,
    /// `dependencies` that lie in the repository: the name under which values are given, and the folder
    /// as written.
    pub dependencies: Vec<Dependency>,
}

/// A chart that another one uses.
#[derive(Clone, Debug, Default)]
pub struct Dependency {
    /// The chart's name.
    pub name: String,
    /// The name under which it gets its values.
    pub alias: String,
    /// The folder, for `file://` repositories.
    pub folder: Option<String>,
    /// The value that switches it on.
    pub condition: Option<String>,
}

impl KubeFile {
    /// True for YAML that [`KubeFile::read`] may find something in: a quick look at its path and text.
    pub fn may_be(path: &str, text: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        let named = matches!(name, "Chart.yaml" | "Chart.yml" | "values.yaml" | "values.yml") || is_kustomization(path);
        let template = path.split('/').any(|segment| segment == "templates") && text.contains("{{");
        is_deployed(path) && (named || template || looks_like_manifest(text))
    }

    /// Reads a file; none when it says nothing about clusters.
    pub fn read(id: FileId, path: &str, text: &str, charts: &Charts<'_>) -> Option<KubeFile> {
        let at = |span: Span| Place::new(id, span);
        let name = path.rsplit('/').next().unwrap_or(path);
        if charts.of_template(path).is_some() {
            return (name != "NOTES.txt").then(|| KubeFile::Template(text.to_owned(), helm::parse(text)));
        }
        if hints::is_wanted(path) {
            return Some(KubeFile::Hints(hints::read(id, path, text))).filter(KubeFile::is_filled);
        }
        if charts.0.contains(folder_of(path)) {
            if matches!(name, "Chart.yaml" | "Chart.yml") {
                return Some(KubeFile::Chart(chart(yaml(text).documents.first()?, &at)));
            }
            if name == "values.yaml" || name == "values.yml" {
                return Some(KubeFile::Values(Item::of(yaml(text).documents.first()?, &at)));
            }
        }
        if is_kustomization(path) {
            return Some(KubeFile::Kustomization(kustomization(yaml(text).documents.first()?, &at)));
        }
        if !looks_like_manifest(text) {
            return None;
        }
        let parsed = yaml(text);
        let mut found = Vec::new();
        let mut built = Vec::new();
        for document in &parsed.documents {
            if is_skaffold(document) {
                built.extend(artifacts(document, &at));
            } else {
                found.extend(objects(document, &at));
            }
        }
        if built.is_empty() {
            Some(KubeFile::Objects(found)).filter(KubeFile::is_filled)
        } else {
            Some(KubeFile::Skaffold(built))
        }
    }

    fn is_filled(&self) -> bool {
        match self {
            KubeFile::Objects(found) => !found.is_empty(),
            KubeFile::Hints(found) => !found.is_empty(),
            _ => true,
        }
    }

    /// True for a file that declares objects, now or when it is rendered.
    pub(super) fn declares(&self) -> bool {
        matches!(self, KubeFile::Objects(_) | KubeFile::Template(..))
    }
}

/// True for files that may be deployed; tests, examples and build output are not.
fn is_deployed(path: &str) -> bool {
    matches!(zone(path), Zone::Production | Zone::Script | Zone::Migration)
}

/// True for files other than YAML that are read for clusters, by their path.
pub fn is_other(path: &str) -> bool {
    let template = path.ends_with(".tpl") && path.split('/').any(|segment| segment == "templates");
    (template || hints::is_wanted(path)) && is_deployed(path)
}

fn chart(root: &Node, at: &dyn Fn(Span) -> Place) -> Chart {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
    let dependency = |node: &Node| {
        let name = text(node, "name")?;
        let repository = text(node, "repository").unwrap_or_default();
        Some(Dependency {
            alias: text(node, "alias").unwrap_or_else(|| name.clone()),
            folder: repository.strip_prefix("file://").map(str::to_owned),
            condition: text(node, "condition"),
            name,
        })
    };
    let entries = root.get("dependencies").map(Node::items).unwrap_or_default();
    // Helm's templates know the keys of `Chart.yaml` with a capital.
    let capital = |item: Item| match item.value {
        helm::Value::Map(entries) => Item::map(
            entries
                .iter()
                .map(|(key, item)| {
                    let mut name = key.to_string();
                    if let Some(first) = name.get_mut(..1) {
                        first.make_ascii_uppercase();
                    }
                    (name.into(), item.clone())
                })
                .collect(),
        ),
        _ => item,
    };
    Chart {
        name: text(root, "name").unwrap_or_default(),
        root: capital(Item::of(root, at)),
        library: text(root, "type").as_deref() == Some("library"),
        dependencies: entries.iter().filter_map(dependency).collect(),
    }
}
