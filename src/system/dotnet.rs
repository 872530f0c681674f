//! What the projects of C# services say: the projects they reference, settings for all HTTP clients in a
//! shared one.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use regex::Regex;

use super::services::Service;
use crate::extract::http::{self, HttpClient};
use crate::facts::module::Language;
use crate::files::{self, Tree, Zone, folder_of, zone};
use crate::program::resolve::within;
use crate::program::{Evaluator, UnitId};
use crate::syntax::FileId;

/// Gives the code of referenced projects to the services that reference them, directly or not.
pub(super) fn own(tree: &Tree, services: &[Service], owners: &mut HashMap<FileId, Vec<usize>>) {
    let references = references(tree);
    if references.is_empty() {
        return;
    }
    for (index, service) in services.iter().enumerate() {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut todo: Vec<&str> = references.keys().map(String::as_str).filter(|f| *f == service.root).collect();
        while let Some(folder) = todo.pop() {
            if reached.insert(folder) {
                todo.extend(references.get(folder).into_iter().flatten().map(String::as_str));
            }
        }
        for folder in reached.into_iter().filter(|f| *f != service.root && !f.is_empty()) {
            // A service that is referenced (for its contracts) does not run in this one.
            let is_service = services.iter().any(|s| s.root == folder || within(&s.root, folder));
            let nested = within(folder, &service.root);
            if is_service || nested {
                continue;
            }
            for id in tree.ids() {
                let path = &tree.file(id).path;
                if path.ends_with(".cs") && within(path, folder) && zone(path) == Zone::Production {
                    let of_file = owners.entry(id).or_default();
                    if !of_file.contains(&index) {
                        of_file.push(index);
                    }
                }
            }
        }
    }
}

/// Takes the code of apps that run in a browser or on a device from the services: it waits for its user.
pub(super) fn disown(tree: &Tree, owners: &mut HashMap<FileId, Vec<usize>>) {
    let on_device = |text: &str| {
        [
            "Microsoft.NET.Sdk.BlazorWebAssembly",
            "<UseMaui>true",
            "Xamarin.Forms",
            "<UseWPF>true",
            "<UseWindowsForms>true",
        ]
        .iter()
        .any(|w| text.contains(w))
    };
    let folders: Vec<&str> = tree
        .files
        .iter()
        .filter(|f| f.path.ends_with(".csproj") && files::read(f).is_ok_and(|text| on_device(&text)))
        .map(|f| folder_of(&f.path))
        .filter(|f| !f.is_empty())
        .collect();
    if folders.is_empty() {
        return;
    }
    owners.retain(|id, _| {
        let path = &tree.file(*id).path;
        !path.ends_with(".cs") || !folders.iter().any(|f| within(path, f))
    });
}

/// The folders of the projects that each project references, as a project or as the package that is made of one.
fn references(tree: &Tree) -> HashMap<String, Vec<String>> {
    static REFERENCE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"<(Project|Package)Reference\s+Include\s*=\s*"([^"]+)""#).ok());
    let Some(pattern) = &*REFERENCE else { return HashMap::new() };
    let mut projects: Vec<(&str, String)> = Vec::new();
    for id in tree.ids() {
        let file = tree.file(id);
        if file.path.ends_with(".csproj")
            && let Ok(text) = files::read(file)
        {
            projects.push((file.path.as_str(), text));
        }
    }
    let packages: HashMap<&str, &str> =
        projects.iter().flat_map(|(path, text)| package_names(text).map(|name| (name, folder_of(path)))).collect();
    let mut out: HashMap<String, Vec<String>> = HashMap::new();
    for (path, text) in &projects {
        let folder = folder_of(path);
        let found = pattern.captures_iter(text).filter_map(|c| Some((c.get(1)?.as_str(), c.get(2)?.as_str())));
        let found = found.filter_map(|(kind, name)| match kind {
            "Project" => Some(folder_of(&resolved(folder, &name.replace('\\', "/"))).to_string()),
            _ => packages.get(name).filter(|of| **of != folder).map(ToString::to_string),
        });
        out.entry(folder.to_string()).or_default().extend(found);
    }
    out
}

/// The names under which a project says that it is published.
/// <https://learn.microsoft.com/en-us/nuget/reference/msbuild-targets#pack-target>
fn package_names(text: &str) -> impl Iterator<Item = &str> {
    ["PackageId", "AssemblyName"].into_iter().filter_map(|tag| {
        let start = text.find(&format!("<{tag}>"))? + tag.len() + 2;
        let name = text.get(start..)?.split('<').next()?.trim();
        // Names of the repository's own have a part of their own: `Shop.Messaging`.
        (name.contains('.') && !name.contains("$(")).then_some(name)
    })
}

/// A relative path from a folder.
fn resolved(folder: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Applies what shared projects say to the clients of the services that use them.
pub(super) fn apply(
    ev: &Evaluator<'_>,
    services: &[Service],
    owners: &HashMap<FileId, Vec<usize>>,
    clients: &mut Vec<HttpClient>,
) {
    let is_csharp = |unit: UnitId| ev.program.language(unit) == Language::CSharp;
    if !ev.program.ids().any(is_csharp) {
        return;
    }
    let owned = |unit: UnitId| owners.get(&ev.program.unit(unit).file).map_or(&[] as &[usize], Vec::as_slice);
    // An app on a phone or a page in a browser waits for its user.
    clients.retain(|c| !is_csharp(c.site.unit) || services.is_empty() || !owned(c.site.unit).is_empty());
    if !ev.program.calls_named("AddServiceDiscovery").is_empty() {
        clients.iter_mut().filter(|c| is_csharp(c.site.unit)).for_each(|c| c.logical_address = true);
    }
    for defaults in http::defaults(ev) {
        for client in clients.iter_mut().filter(|c| is_csharp(c.site.unit)) {
            let made = ev.program.unit(client.site.unit).module.call(client.site.expr).is_some_and(|c| c.is_new);
            let shares = |unit: &UnitId| {
                owned(*unit).iter().any(|o| owned(client.site.unit).contains(o)) || *unit == client.site.unit
            };
            if !made && defaults.from.iter().any(shares) {
                http::apply_facts(client, &defaults.facts);
            }
        }
    }
}
