//! `kustomization.yaml`: what it takes together and what it changes.

use super::{Places, Text, text_of};
use crate::syntax::data::Node;

/// A `kustomization.yaml`.
#[derive(Clone, Debug, Default)]
pub struct Kustomization {
    /// It is only a part of others (`kind: Component`).
    pub component: bool,
    /// Files and folders that it takes together: `resources`, `bases`, `components`.
    pub resources: Vec<String>,
    /// Files with patches.
    pub patch_files: Vec<String>,
    /// Patches that are written in it.
    pub inline_patches: Vec<Text>,
    /// Operations on paths (JSON 6902) that are written in it, with the kind and the name of what they change.
    pub operations: Vec<Operations>,
    /// `configMapGenerator` and `secretGenerator`.
    pub generators: Vec<Generator>,
    /// `images`: the name, and what it is replaced by.
    pub images: Vec<(String, String)>,
    /// `namePrefix`.
    pub prefix: String,
    /// `nameSuffix`.
    pub suffix: String,
    /// `namespace`.
    pub namespace: Option<String>,
}

/// A list of operations on paths.
#[derive(Clone, Debug)]
pub struct Operations {
    /// The kind of what they change; none for every kind.
    pub kind: Option<String>,
    /// Its name; none for every name.
    pub name: Option<String>,
    /// The operations as they are written.
    pub text: Text,
}

/// One of `configMapGenerator` or `secretGenerator`.
#[derive(Clone, Debug)]
pub struct Generator {
    /// The object's name.
    pub name: String,
    /// It makes a Secret.
    pub secret: bool,
    /// `literals`: `KEY=value`.
    pub literals: Vec<Text>,
    /// Files of variables.
    pub env_files: Vec<String>,
}

/// True for the name of a file that Kustomize reads.
pub fn is_kustomization(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

/// Reads one.
pub fn kustomization(root: &Node, at: &Places<'_>) -> Kustomization {
    let mut out = Kustomization {
        component: text_of(root, "kind") == Some("Component"),
        prefix: text_of(root, "namePrefix").unwrap_or("").to_owned(),
        suffix: text_of(root, "nameSuffix").unwrap_or("").to_owned(),
        namespace: text_of(root, "namespace").map(str::to_owned),
        ..Kustomization::default()
    };
    let list = |key: &str| root.get(key).map(Node::items).unwrap_or_default().iter();
    for key in ["resources", "bases", "components"] {
        out.resources.extend(list(key).filter_map(Node::text).map(str::to_owned));
    }
    // `target: {kind: Deployment, name: orders}` with operations.
    let is_operations = |text: &str| text.trim_start().starts_with(['-', '[']);
    for entry in list("patches").chain(list("patchesJson6902")) {
        if let (Some(target), Some(patch)) = (entry.get("target"), entry.get("patch"))
            && let Some(text) = patch.text().filter(|text| is_operations(text))
        {
            out.operations.push(Operations {
                kind: text_of(target, "kind").map(str::to_owned),
                name: text_of(target, "name").map(str::to_owned),
                text: Text { value: text.to_owned(), place: at(patch.span) },
            });
        }
    }
    let mut patch = |node: &Node| match node.text() {
        Some(text) if text.contains('\n') => {
            out.inline_patches.push(Text { value: text.to_owned(), place: at(node.span) });
        }
        Some(path) => out.patch_files.push(path.to_owned()),
        None => {}
    };
    list("patchesStrategicMerge").for_each(&mut patch);
    for entry in list("patches") {
        if entry.get("patch").and_then(Node::text).is_some_and(is_operations) {
            continue;
        }
        match (entry.get("path"), entry.get("patch")) {
            (Some(path), _) => patch(path),
            (None, Some(text)) => patch(text),
            // The old form: a list of files.
            (None, None) => patch(entry),
        }
    }
    for (key, secret) in [("configMapGenerator", false), ("secretGenerator", true)] {
        for entry in list(key) {
            let Some(name) = text_of(entry, "name") else { continue };
            let texts = |key: &str| entry.get(key).map(Node::items).unwrap_or_default().iter();
            let literal = |node: &Node| Some(Text { value: node.text()?.to_owned(), place: at(node.span) });
            let files = texts("envs").chain(entry.get("env")).filter_map(Node::text).map(str::to_owned);
            out.generators.push(Generator {
                name: name.to_owned(),
                secret,
                literals: texts("literals").filter_map(literal).collect(),
                env_files: files.collect(),
            });
        }
    }
    for entry in list("images") {
        if let (Some(name), Some(new)) = (text_of(entry, "name"), text_of(entry, "newName")) {
            out.images.push((name.to_owned(), new.to_owned()));
        }
    }
    out
}
