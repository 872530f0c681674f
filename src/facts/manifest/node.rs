//! The manifests of the Node world.

use serde::{Deserialize, Serialize};

use super::{Requirement, RequirementKind, Script};
use crate::syntax::data::{DataError, Node, json, yaml};
use crate::syntax::{Span, Spanned};

/// `package.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PackageJson {
    /// `name`.
    pub name: Option<Spanned<String>>,
    /// `private`.
    pub private: bool,
    /// `type: module`.
    pub is_module: bool,
    /// `main`.
    pub main: Option<Spanned<String>>,
    /// `module`: the same for ES modules.
    pub module: Option<Spanned<String>>,
    /// `types`, `typings`.
    pub types: Option<Spanned<String>>,
    /// `bin`: name and path.
    pub bin: Vec<Script>,
    /// Every path in `exports`, whatever its condition, with the subpath it stands under (`.`).
    pub exports: Vec<Script>,
    /// `scripts`.
    pub scripts: Vec<Script>,
    /// All dependencies.
    pub dependencies: Vec<Requirement>,
    /// `workspaces`: globs of folders.
    pub workspaces: Vec<Spanned<String>>,
}

impl PackageJson {
    /// The dependency of this name.
    pub fn dependency(&self, name: &str) -> Option<&Requirement> {
        self.dependencies.iter().find(|dependency| dependency.name.value == name)
    }

    /// The script of this name.
    pub fn script(&self, name: &str) -> Option<&Script> {
        self.scripts.iter().find(|script| script.name.value == name)
    }
}

/// Reads a `package.json`.
///
/// # Errors
/// When it is no JSON, or no object.
pub fn package_json(text: &str) -> Result<PackageJson, DataError> {
    let root = object(text, "package.json")?;
    let mut dependencies = Vec::new();
    for (key, kind) in [
        ("dependencies", RequirementKind::Runtime),
        ("devDependencies", RequirementKind::Development),
        ("peerDependencies", RequirementKind::Peer),
        ("optionalDependencies", RequirementKind::Optional),
    ] {
        for entry in root.get(key).map(Node::entries).unwrap_or_default() {
            dependencies.push(Requirement {
                name: Spanned::new(entry.name().to_owned(), entry.key.span),
                version: entry.value.text().unwrap_or("").to_owned(),
                kind,
                span: Span::new(entry.key.span.start as usize, entry.value.span.end as usize),
            });
        }
    }
    let workspaces = root.get("workspaces").map(|node| if node.is_map() { node.get("packages") } else { Some(node) });
    let name = string(&root, "name");
    Ok(PackageJson {
        private: root.get("private").and_then(Node::as_bool) == Some(true),
        is_module: root.get("type").and_then(Node::as_str) == Some("module"),
        main: string(&root, "main"),
        module: string(&root, "module"),
        types: string(&root, "types").or_else(|| string(&root, "typings")),
        bin: bin(&root, name.as_ref()),
        exports: root.get("exports").map(exports).unwrap_or_default(),
        scripts: root.get("scripts").map(scripts).unwrap_or_default(),
        dependencies,
        workspaces: workspaces.flatten().map(strings).unwrap_or_default(),
        name,
    })
}

fn object(text: &str, what: &str) -> Result<Node, DataError> {
    let root = json(text)?;
    match root.is_map() {
        true => Ok(root),
        false => Err(DataError::new(format!("{what} is no object"), root.span)),
    }
}

fn string(node: &Node, key: &str) -> Option<Spanned<String>> {
    node.get(key).and_then(|node| Some(Spanned::new(node.as_str()?.to_owned(), node.span)))
}

fn strings(node: &Node) -> Vec<Spanned<String>> {
    node.items().iter().filter_map(|node| Some(Spanned::new(node.as_str()?.to_owned(), node.span))).collect()
}

fn scripts(node: &Node) -> Vec<Script> {
    let one = |key: &Node, value: &Node| {
        Some(Script {
            name: Spanned::new(key.text()?.to_owned(), key.span),
            command: Spanned::new(value.as_str()?.to_owned(), value.span),
        })
    };
    node.entries().iter().filter_map(|entry| one(&entry.key, &entry.value)).collect()
}

fn bin(root: &Node, name: Option<&Spanned<String>>) -> Vec<Script> {
    match (string(root, "bin"), name) {
        (Some(command), Some(name)) => vec![Script { name: name.clone(), command }],
        _ => root.get("bin").map(scripts).unwrap_or_default(),
    }
}

/// The leaves of `exports`: `{".": {"import": "./dist/a.mjs", "require": "./dist/a.cjs"}}`.
fn exports(node: &Node) -> Vec<Script> {
    // The tree is not deeper than `data::MAX_DEPTH`.
    fn collect(node: &Node, subpath: &Spanned<String>, found: &mut Vec<Script>) {
        if let Some(path) = node.as_str() {
            found.push(Script { name: subpath.clone(), command: Spanned::new(path.to_owned(), node.span) });
        }
        for item in node.items() {
            collect(item, subpath, found);
        }
        for entry in node.entries() {
            // Keys that begin with a dot are subpaths, others are conditions.
            if entry.name().starts_with('.') {
                collect(&entry.value, &Spanned::new(entry.name().to_owned(), entry.key.span), found);
            } else {
                collect(&entry.value, subpath, found);
            }
        }
    }
    let mut found = Vec::new();
    collect(node, &Spanned::new(".".to_owned(), node.span), &mut found);
    found
}

/// `pnpm-workspace.yaml`: the globs of its packages, `!` in front of those left out.
///
/// # Errors
/// When it is no YAML.
pub fn pnpm_workspace(text: &str) -> Result<Vec<Spanned<String>>, DataError> {
    Ok(yaml(text).single()?.get("packages").map(strings).unwrap_or_default())
}

/// `tsconfig.json`: what decides where an import leads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TsConfig {
    /// The configurations it starts from, relative to it or a package; later ones win.
    pub extends: Vec<Spanned<String>>,
    /// `compilerOptions.baseUrl`, relative to the file.
    pub base_url: Option<Spanned<String>>,
    /// `compilerOptions.paths`; empty when it has none.
    pub paths: Vec<PathMapping>,
    /// `compilerOptions.rootDir`.
    pub root_dir: Option<Spanned<String>>,
    /// `compilerOptions.outDir`.
    pub out_dir: Option<Spanned<String>>,
    /// `references[].path`.
    pub references: Vec<Spanned<String>>,
}

/// An entry of `paths`: `"@shop/*": ["libs/*/src"]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathMapping {
    /// The pattern, with at most one `*`.
    pub pattern: Spanned<String>,
    /// Where it leads, in the order in which it is tried; relative to `baseUrl`, without one to the
    /// file.
    pub targets: Vec<Spanned<String>>,
}

/// Reads a `tsconfig.json`, with comments and trailing commas.
///
/// # Errors
/// When it can't be read, or is no object.
pub fn tsconfig(text: &str) -> Result<TsConfig, DataError> {
    // `tsc` takes an empty file for an empty configuration.
    if text.trim().is_empty() {
        return Ok(TsConfig::default());
    }
    let root = object(text, "tsconfig.json")?;
    let option = |key: &str| root.get("compilerOptions").and_then(|options| string(options, key));
    let extends = string(&root, "extends").map(|one| vec![one]);
    let paths = root.at(["compilerOptions", "paths"]).map(Node::entries).unwrap_or_default();
    let references = root.get("references").map(Node::items).unwrap_or_default();
    Ok(TsConfig {
        extends: extends.or_else(|| root.get("extends").map(strings)).unwrap_or_default(),
        base_url: option("baseUrl"),
        paths: paths
            .iter()
            .map(|entry| PathMapping {
                pattern: Spanned::new(entry.name().to_owned(), entry.key.span),
                targets: strings(&entry.value),
            })
            .collect(),
        root_dir: option("rootDir"),
        out_dir: option("outDir"),
        references: references.iter().filter_map(|reference| string(reference, "path")).collect(),
    })
}

/// `nest-cli.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NestCli {
    /// `sourceRoot`.
    pub source_root: Option<Spanned<String>>,
    /// `entryFile`, without its extension.
    pub entry_file: Option<Spanned<String>>,
    /// `root`: the default project of a monorepo.
    pub root: Option<Spanned<String>>,
    /// `monorepo`.
    pub monorepo: bool,
    /// `projects` of a monorepo.
    pub projects: Vec<NestProject>,
}

/// A project of a Nest monorepo.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NestProject {
    /// Its name.
    pub name: Spanned<String>,
    /// `type` is `application`, not `library`.
    pub is_application: bool,
    /// `root`.
    pub root: Option<Spanned<String>>,
    /// `sourceRoot`.
    pub source_root: Option<Spanned<String>>,
    /// `entryFile`, without its extension.
    pub entry_file: Option<Spanned<String>>,
}

/// Reads a `nest-cli.json`.
///
/// # Errors
/// When it can't be read, or is no object.
pub fn nest_cli(text: &str) -> Result<NestCli, DataError> {
    let root = object(text, "nest-cli.json")?;
    let projects = root.get("projects").map(Node::entries).unwrap_or_default();
    Ok(NestCli {
        source_root: string(&root, "sourceRoot"),
        entry_file: string(&root, "entryFile"),
        root: string(&root, "root"),
        monorepo: root.get("monorepo").and_then(Node::as_bool) == Some(true),
        projects: projects
            .iter()
            .map(|entry| NestProject {
                name: Spanned::new(entry.name().to_owned(), entry.key.span),
                is_application: entry.value.get("type").and_then(Node::as_str) != Some("library"),
                root: string(&entry.value, "root"),
                source_root: string(&entry.value, "sourceRoot"),
                entry_file: string(&entry.value, "entryFile"),
            })
            .collect(),
    })
}
