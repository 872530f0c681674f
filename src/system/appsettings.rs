//! The configuration of C# services: `appsettings.json` and its environments, variables with `__`, what an
//! Aspire host gives. Later ones override earlier ones, as in ASP.NET Core.
//!
//! Source: <https://learn.microsoft.com/en-us/aspnet/core/fundamentals/configuration/>.

use super::aspire::Given;
use super::compose::{EnvVar, Origin};
use super::services::Service;
use crate::files::{self, Tree, Zone, folder_of, join_path};
use crate::syntax::data::{Node, json};
use crate::syntax::{FileId, Place};

/// How many items of a list are read.
const MAX_ITEMS: usize = 50;
/// How deep settings nest.
const MAX_DEPTH: usize = 12;

/// The settings of a service, with `:` between the parts of a key: the files, the host, then `env`.
pub(super) fn settings(tree: &Tree, service: &Service, given: &[Given], env: &[EnvVar]) -> Vec<EnvVar> {
    if !service.languages.iter().any(|l| l == "csharp") {
        return Vec::new();
    }
    let named = |name: &str| env.iter().rev().find(|v| v.name.eq_ignore_ascii_case(name)).and_then(|v| v.value.clone());
    let environment = named("ASPNETCORE_ENVIRONMENT").or_else(|| named("DOTNET_ENVIRONMENT"));
    let mut out: Vec<EnvVar> = Vec::new();
    let linked = linked(tree, &service.root);
    let find = |name: &str| {
        let link = || linked.iter().find(|(called, _)| called.eq_ignore_ascii_case(name)).map(|(_, path)| path.clone());
        beside(tree, &service.root, name).or_else(link)
    };
    if let Some(path) = find("appsettings.json") {
        read(tree, &path, &mut out);
    }
    match &environment {
        Some(environment) => {
            let file = format!("appsettings.{environment}.json").to_ascii_lowercase();
            if let Some(path) = find(&file) {
                read(tree, &path, &mut out);
            }
        }
        // Nothing says the environment: then it is production, and what only development sets is better than nothing.
        // <https://learn.microsoft.com/en-us/aspnet/core/fundamentals/environments#environments>
        None => {
            if let Some(path) = find("appsettings.production.json") {
                read(tree, &path, &mut out);
            }
            let mut more = Vec::new();
            if let Some(path) = find("appsettings.development.json") {
                read(tree, &path, &mut more);
            }
            let known = |v: &EnvVar| out.iter().any(|o| o.name.eq_ignore_ascii_case(&v.name) && !o.raw.is_empty());
            let mut more: Vec<EnvVar> = more.into_iter().filter(|v| !known(v)).collect();
            more.iter_mut().for_each(|v| v.assumed = true);
            out.extend(more);
        }
    }
    let mine = given.iter().filter(|g| g.project == service.name || service.host_names.contains(&g.project));
    out.extend(mine.map(|g| variable(g.key.clone(), g.value.clone(), g.place)));
    for variable in env.iter().filter(|v| v.name.contains("__") || v.name.contains(':')) {
        out.push(EnvVar { name: variable.name.replace("__", ":"), ..variable.clone() });
    }
    out
}

fn beside(tree: &Tree, folder: &str, name: &str) -> Option<String> {
    let is_it =
        |path: &str| folder_of(path) == folder && path.rsplit('/').next().is_some_and(|n| n.eq_ignore_ascii_case(name));
    tree.files.iter().map(|f| &f.path).find(|p| is_it(p)).cloned()
}

/// Settings that a project takes from elsewhere, by the name they have in its output:
/// `<Content Include="..\..\appsettings.json" Link="appsettings.json" />`
/// (<https://learn.microsoft.com/en-us/visualstudio/msbuild/common-msbuild-project-items>).
fn linked(tree: &Tree, root: &str) -> Vec<(String, String)> {
    let projects = tree.files.iter().filter(|f| f.path.ends_with(".csproj") && folder_of(&f.path) == root);
    let mut found = Vec::new();
    for text in projects.filter_map(|file| files::read(file).ok()) {
        for (item, _) in text.split("Include=\"").skip(1).filter_map(|rest| rest.split_once('"')) {
            let path = item.replace('\\', "/");
            let Some((_, name)) = path.rsplit_once('/') else { continue };
            let lower = name.to_ascii_lowercase();
            if lower.starts_with("appsettings") && lower.ends_with(".json") {
                found.extend(join_path(root, &path).map(|path| (name.to_owned(), path)));
            }
        }
    }
    found
}

fn variable(name: String, value: String, place: Place) -> EnvVar {
    EnvVar {
        name,
        partial: value.clone(),
        raw: value.clone(),
        value: Some(value),
        place,
        origin: Origin::Compose,
        assumed: false,
    }
}

fn read(tree: &Tree, path: &str, out: &mut Vec<EnvVar>) {
    let Some(id) = tree.find(path) else { return };
    if files::zone(path) != Zone::Production {
        return;
    }
    let Some(node) = files::read(tree.file(id)).ok().and_then(|text| json(&text).ok()) else { return };
    flatten(id, &node, "", 0, out);
}

fn flatten(file: FileId, node: &Node, prefix: &str, depth: usize, out: &mut Vec<EnvVar>) {
    if depth > MAX_DEPTH {
        return;
    }
    for entry in node.entries() {
        let key = if prefix.is_empty() { entry.name().to_string() } else { format!("{prefix}:{}", entry.name()) };
        if entry.value.is_map() {
            flatten(file, &entry.value, &key, depth + 1, out);
        } else if entry.value.is_list() {
            for (index, item) in entry.value.items().iter().enumerate().take(MAX_ITEMS) {
                let key = format!("{key}:{index}");
                match item.text() {
                    Some(text) => out.push(variable(key, text.to_string(), Place::new(file, item.span))),
                    None => flatten(file, item, &key, depth + 1, out),
                }
            }
        } else if let Some(text) = entry.value.text() {
            out.push(variable(key, text.to_string(), Place::new(file, entry.value.span)));
        }
    }
}
