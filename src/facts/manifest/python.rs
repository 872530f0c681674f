//! The manifests of the Python world.

use serde::{Deserialize, Serialize};

use super::{Requirement, RequirementKind, Script};
use crate::syntax::data::{DataError, Node, toml};
use crate::syntax::{Span, Spanned};

/// `pyproject.toml`: PEP 621 and 735, Poetry, uv.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PyProject {
    /// The project's name, as written.
    pub name: Option<Spanned<String>>,
    /// All dependencies. Poetry's `python` is none.
    pub dependencies: Vec<Requirement>,
    /// Entry points: `name = "module:function"`.
    pub scripts: Vec<Script>,
    /// Globs of the members of a uv workspace.
    pub workspace_members: Vec<Spanned<String>>,
    /// Dependencies that lie in the repository (`path = "../shared"`): normalised name and folder;
    /// none for a member of the same workspace.
    pub local: Vec<(String, Option<Spanned<String>>)>,
    /// Folders of packages (`packages = [{include = "app", from = "src"}]`, setuptools, hatch).
    pub packages: Vec<Spanned<String>>,
}

impl PyProject {
    /// The dependency of this name (normalised).
    pub fn dependency(&self, name: &str) -> Option<&Requirement> {
        self.dependencies.iter().find(|dependency| dependency.name.value == name)
    }
}

/// `requirements.txt`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Requirements {
    /// What is required.
    pub requirements: Vec<Requirement>,
    /// Other files: `-r base.txt`, `-c constraints.txt`.
    pub includes: Vec<Spanned<String>>,
    /// Folders installed from the repository: `-e ../shared`, `./libs/events`.
    pub local: Vec<Spanned<String>>,
}

/// A package name as the index knows it (PEP 503).
pub fn normalized_name(name: &str) -> String {
    let mut normalized = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if normalized.ends_with('-') => {}
            '-' | '_' | '.' => normalized.push('-'),
            c => normalized.push(c.to_ascii_lowercase()),
        }
    }
    normalized
}

/// Reads a `pyproject.toml`.
///
/// # Errors
/// When it is no TOML.
pub fn pyproject(text: &str) -> Result<PyProject, DataError> {
    let root = toml(text)?;
    let mut project = PyProject::default();
    let at = |path: &[&str]| path.iter().try_fold(&root, |node, key| node.get(key)).cloned();
    let poetry = at(&["tool", "poetry"]);
    let text_of = |node: Option<Node>| node.and_then(|node| Some(Spanned::new(node.as_str()?.to_owned(), node.span)));
    project.name = text_of(at(&["project", "name"])).or_else(|| text_of(at(&["tool", "poetry", "name"])));

    let list = |node: Option<Node>| node.map(|node| node.items().to_vec()).unwrap_or_default();
    let mut add = |items: &[Node], kind| {
        project.dependencies.extend(items.iter().filter_map(|item| requirement(item.as_str()?, item.span, kind)));
    };
    add(&list(at(&["project", "dependencies"])), RequirementKind::Runtime);
    for entry in groups(at(&["project", "optional-dependencies"])) {
        add(entry.items(), RequirementKind::Optional);
    }
    for entry in groups(at(&["dependency-groups"])) {
        add(entry.items(), RequirementKind::Development);
    }
    add(&list(at(&["tool", "uv", "dev-dependencies"])), RequirementKind::Development);
    if let Some(poetry) = &poetry {
        poetry_dependencies(poetry.get("dependencies"), RequirementKind::Runtime, &mut project);
        poetry_dependencies(poetry.get("dev-dependencies"), RequirementKind::Development, &mut project);
        for group in poetry.get("group").map(Node::entries).unwrap_or_default() {
            poetry_dependencies(group.value.get("dependencies"), RequirementKind::Development, &mut project);
        }
    }
    let mut scripts = |node: Option<Node>| {
        for entry in node.iter().flat_map(Node::entries) {
            let command = entry.value.as_str().or_else(|| entry.value.get("callable").and_then(Node::as_str));
            project.scripts.extend(command.map(|command| Script {
                name: Spanned::new(entry.name().to_owned(), entry.key.span),
                command: Spanned::new(command.to_owned(), entry.value.span),
            }));
        }
    };
    scripts(at(&["project", "scripts"]));
    scripts(at(&["tool", "poetry", "scripts"]));
    let strings = |node: Option<Node>| {
        let items = list(node);
        items.iter().filter_map(|item| Some(Spanned::new(item.as_str()?.to_owned(), item.span))).collect::<Vec<_>>()
    };
    project.workspace_members = strings(at(&["tool", "uv", "workspace", "members"]));
    if let Some(sources) = at(&["tool", "uv", "sources"]) {
        for entry in sources.entries() {
            let path = text_of(entry.value.get("path").cloned());
            if path.is_some() || entry.value.get("workspace").and_then(Node::as_bool) == Some(true) {
                project.local.push((normalized_name(entry.name()), path));
            }
        }
    }
    project.packages = strings(at(&["tool", "setuptools", "packages"]));
    project.packages.extend(strings(at(&["tool", "hatch", "build", "targets", "wheel", "packages"])));
    for package in poetry.as_ref().and_then(|poetry| poetry.get("packages")).map(Node::items).unwrap_or_default() {
        let text = |key: &str| package.get(key).and_then(Node::as_str);
        if let Some(include) = text("include") {
            let folder = text("from").map_or_else(|| include.to_owned(), |from| format!("{from}/{include}"));
            project.packages.push(Spanned::new(folder, package.span));
        }
    }
    Ok(project)
}

fn groups(node: Option<Node>) -> Vec<Node> {
    node.iter().flat_map(Node::entries).map(|entry| entry.value.clone()).collect()
}

fn poetry_dependencies(node: Option<&Node>, kind: RequirementKind, project: &mut PyProject) {
    for entry in node.map(Node::entries).unwrap_or_default() {
        let name = normalized_name(entry.name());
        if name == "python" {
            continue;
        }
        if let Some(path) = entry.value.get("path") {
            let path = path.as_str().map(|text| Spanned::new(text.to_owned(), path.span));
            project.local.push((name.clone(), path));
        }
        let version = entry.value.text().or_else(|| entry.value.get("version").and_then(Node::text));
        let optional = entry.value.get("optional").and_then(Node::as_bool) == Some(true);
        project.dependencies.push(Requirement {
            name: Spanned::new(name, entry.key.span),
            version: version.filter(|version| *version != "*").unwrap_or("").to_owned(),
            kind: if optional { RequirementKind::Optional } else { kind },
            span: Span::new(entry.key.span.start as usize, entry.value.span.end as usize),
        });
    }
}

/// `name[extra] >= 1, < 2 ; marker` (PEP 508); `span` is that of the text, quotes perhaps included.
fn requirement(text: &str, span: Span, kind: RequirementKind) -> Option<Requirement> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    if name.is_empty() {
        return None;
    }
    rest = rest.trim_start();
    if let Some(extras) = rest.strip_prefix('[') {
        rest = extras.split_once(']').map_or("", |(_, rest)| rest);
    }
    let version = rest.split(';').next().unwrap_or("").trim();
    let version = version.strip_prefix('(').and_then(|v| v.strip_suffix(')')).unwrap_or(version);
    Some(Requirement { name: Spanned::new(normalized_name(name), span), version: version.to_owned(), kind, span })
}

/// Reads a `requirements.txt`. `path` decides whether it is for development only
/// (`requirements-dev.txt`, `requirements/test.txt`). Lines that pip would refuse are passed over.
pub fn requirements(path: &str, text: &str) -> Requirements {
    let kind = kind_of(path);
    let mut found = Requirements::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let body = line.trim_start_matches('\u{feff}');
        let body = body.find(" #").map_or(body, |comment| &body[..comment]);
        let body =
            body.find("\t#").map_or(body, |comment| &body[..comment]).trim_end().trim_end_matches('\\').trim_end();
        let trimmed = body.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let indent = line.find(trimmed).unwrap_or(0);
        let spanned = |part: &str| {
            let offset = start + indent + trimmed.find(part).unwrap_or(0);
            Spanned::new(part.to_owned(), Span::new(offset, offset + part.len()))
        };
        let option = |names: [&str; 2]| {
            let rest = names.iter().find_map(|name| trimmed.strip_prefix(name))?;
            // `-rbase.txt`, `-r base.txt`, `--requirement=base.txt`
            Some(rest.trim_start_matches(['=', ' ', '\t'])).filter(|value| !value.is_empty())
        };
        if let Some(file) = option(["--requirement", "-r"]).or_else(|| option(["--constraint", "-c"])) {
            found.includes.push(spanned(file));
        } else if let Some(folder) = option(["--editable", "-e"]) {
            if is_folder(folder) {
                found.local.push(spanned(folder.split('[').next().unwrap_or(folder)));
            }
        } else if is_folder(trimmed) {
            found.local.push(spanned(trimmed.split('[').next().unwrap_or(trimmed)));
        } else if !trimmed.starts_with('-') {
            // `--hash` and other options may follow.
            let text = trimmed.split(" --").next().unwrap_or(trimmed).trim_end();
            let span = Span::new(start + indent, start + indent + text.len());
            if let Some(mut requirement) = requirement(text, span, kind) {
                let name_end = text.find(|c: char| "[=<>!~; @(\t".contains(c)).unwrap_or(text.len());
                requirement.name.span = Span::new(start + indent, start + indent + name_end);
                found.requirements.push(requirement);
            }
        }
    }
    found
}

fn is_folder(text: &str) -> bool {
    text == "." || text.starts_with("./") || text.starts_with("../") || text.starts_with("file:.")
}

fn kind_of(path: &str) -> RequirementKind {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let is_development = |word: &str| {
        matches!(word, "dev" | "develop" | "development" | "test" | "tests" | "testing" | "lint" | "docs" | "ci")
    };
    if words.any(is_development) { RequirementKind::Development } else { RequirementKind::Runtime }
}
