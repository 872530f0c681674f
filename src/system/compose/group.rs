//! Which files form a project, and in which ways they are used together.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::layers::{Joiner, Source};
use super::merge::merge;
use super::variables::Variables;
use super::{ComposeInputs, ComposeProject, Environment};
use crate::facts::compose::{ComposeFile, ComposeService};
use crate::files::{FileKind, classify, folder_of, join_path};
use crate::syntax::FileId;

/// The role of a file in its folder, by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    /// `compose.yaml`, `docker-compose.yml`: what `docker compose` takes.
    Base,
    /// `docker-compose.override.yml`: what it lays over the base by itself.
    Override,
    /// Any other file.
    Variant(String),
}

pub(super) fn projects(inputs: ComposeInputs<'_>) -> Vec<ComposeProject> {
    let used = used_by_others(inputs);
    let mut folders: BTreeMap<&str, Vec<FileId>> = BTreeMap::new();
    for (&id, file) in inputs.files {
        let path = inputs.tree.file(id).path.as_str();
        let named = classify(path) == FileKind::Compose && !(file.services.is_empty() && file.includes.is_empty());
        if !used.contains(&id) && (named || file.services.iter().any(stands_alone)) {
            folders.entry(folder_of(path)).or_default().push(id);
        }
    }
    let mut joiner = Joiner::new(inputs);
    folders.into_iter().map(|(folder, files)| project(&mut joiner, folder, &files)).collect()
}

fn stands_alone(service: &ComposeService) -> bool {
    service.image.is_some() || service.build.is_some() || service.extends.is_some()
}

/// Files that are part of another project: those that are included, and those of which every service
/// is only a base that services of other files extend.
fn used_by_others(inputs: ComposeInputs<'_>) -> BTreeSet<FileId> {
    let mut used = BTreeSet::new();
    let mut extended: BTreeMap<FileId, BTreeSet<&str>> = BTreeMap::new();
    let mut links: BTreeMap<FileId, Vec<FileId>> = BTreeMap::new();
    let mut bases = BTreeSet::new();
    for (&id, file) in inputs.files {
        let folder = folder_of(&inputs.tree.file(id).path);
        let find = |path: &str| join_path(folder, path).and_then(|path| inputs.tree.find(&path));
        let includes = file.includes.iter().flat_map(|include| &include.paths).filter_map(|path| find(path.as_str()));
        for to in includes.filter(|&to| to != id) {
            used.insert(to);
            links.entry(id).or_default().push(to);
        }
        for extends in file.services.iter().filter_map(|service| service.extends.as_ref()) {
            let to = extends.file.as_ref().map_or(Some(id), |path| find(path.as_str()));
            let Some(to) = to else { continue };
            extended.entry(to).or_default().insert(&extends.service.value);
            if to != id {
                bases.insert(to);
                links.entry(id).or_default().push(to);
            }
        }
    }
    for id in bases {
        let extended = extended.get(&id).cloned().unwrap_or_default();
        let only_bases = |file: &ComposeFile| file.services.iter().all(|s| extended.contains(s.name.as_str()));
        if role(&inputs.tree.file(id).path) != Role::Base && inputs.files.get(&id).is_some_and(only_bases) {
            used.insert(id);
        }
    }
    keep_circles(inputs, used, &links)
}

/// Of files that use each other in a circle, the one nearest to the root stands for all.
fn keep_circles(
    inputs: ComposeInputs<'_>,
    mut used: BTreeSet<FileId>,
    links: &BTreeMap<FileId, Vec<FileId>>,
) -> BTreeSet<FileId> {
    let depth = |id: &FileId| inputs.tree.file(*id).path.matches('/').count();
    let mut order: Vec<FileId> = inputs.files.keys().copied().collect();
    order.sort_by_key(|id| (used.contains(id), depth(id), *id));
    let mut reached = BTreeSet::new();
    for id in order {
        if reached.contains(&id) {
            continue;
        }
        used.remove(&id);
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            if reached.insert(next) {
                open.extend(links.get(&next).into_iter().flatten());
            }
        }
    }
    used
}

fn role(path: &str) -> Role {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    let separators = ['.', '-', '_'];
    let words = ["docker-compose", "docker_compose", "compose"];
    let rest = words
        .iter()
        .find_map(|word| stem.strip_prefix(word).or_else(|| stem.strip_suffix(word)))
        .unwrap_or(stem)
        .trim_matches(separators);
    match rest {
        "" => Role::Base,
        "override" => Role::Override,
        variant => Role::Variant(variant.to_owned()),
    }
}

/// Docker prefers `compose.yaml` over `compose.yml` over `docker-compose.*`.
fn preference(path: &str) -> usize {
    let name = path.rsplit('/').next().unwrap_or(path);
    ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"]
        .iter()
        .position(|known| *known == name)
        .unwrap_or(usize::MAX)
}

fn project(joiner: &mut Joiner<'_>, folder: &str, files: &[FileId]) -> ComposeProject {
    let inputs = joiner.inputs;
    let path = |id: FileId| inputs.tree.file(id).path.as_str();
    let mut by_role: Vec<(Role, FileId)> = files.iter().map(|&id| (role(path(id)), id)).collect();
    by_role.sort_by_key(|(_, id)| (preference(path(*id)), path(*id)));
    let mut base = by_role.iter().find(|(role, _)| *role == Role::Base).map(|&(_, id)| id);
    if base.is_none() {
        // A folder whose base file carries a name.
        let named =
            |role: &Role| matches!(role, Role::Variant(name) if ["base", "common", "core"].contains(&name.as_str()));
        base = by_role.iter().find(|(role, _)| named(role)).map(|&(_, id)| id);
    }
    let overrides = by_role.iter().filter(|(role, id)| *role == Role::Override && Some(*id) != base).map(|&(_, id)| id);
    let mut plans: Vec<(String, Vec<FileId>)> = Vec::new();
    let default: Vec<FileId> = base.into_iter().chain(overrides).collect();
    if !default.is_empty() {
        plans.push(("default".to_owned(), default));
    }
    let mut variants = Vec::new();
    for (role, id) in by_role.iter().filter(|(role, id)| *role != Role::Override && Some(*id) != base) {
        let name = match role {
            Role::Variant(name) => name.clone(),
            // A second base file, which Docker passes over.
            _ => path(*id).rsplit('/').next().unwrap_or("").to_owned(),
        };
        let below = base.filter(|&base| needs(inputs, *id, base));
        variants.push((name, below.into_iter().chain([*id]).collect::<Vec<_>>()));
    }
    variants.sort();
    plans.extend(variants);

    let variables = Rc::new(Variables::of_folder(inputs, folder));
    let source = |file: &FileId| Source { file: *file, folder: folder.to_owned(), variables: Rc::clone(&variables) };
    let environments = plans
        .into_iter()
        .map(|(name, files)| {
            let sources: Vec<Source> = files.iter().map(source).collect();
            environment(joiner, name, &sources)
        })
        .collect();
    let named = by_role.iter().find_map(|(_, id)| inputs.files.get(id)?.name.as_ref());
    let named = named.and_then(|name| variables.fill(name.as_str()).value);
    let own = match folder.rsplit('/').next() {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => root_name(inputs),
    };
    ComposeProject {
        folder: folder.to_owned(),
        name: named.unwrap_or(own),
        environments,
        problems: std::mem::take(&mut joiner.problems).into_iter().collect(),
    }
}

/// The name of the linted folder.
fn root_name(inputs: ComposeInputs<'_>) -> String {
    let name = inputs.tree.roots.first().and_then(|root| root.file_name());
    name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// True when a file only makes sense laid over the base: a service of it has neither image nor build
/// but the base has it, or it depends on a service that only the base has.
fn needs<'a>(inputs: ComposeInputs<'a>, variant: FileId, base: FileId) -> bool {
    let (Some(variant), Some(base)) = (inputs.files.get(&variant), inputs.files.get(&base)) else { return false };
    let names = |file: &'a ComposeFile| file.services.iter().map(|s| s.name.as_str()).collect::<BTreeSet<_>>();
    let (own, below) = (names(variant), names(base));
    variant.services.iter().any(|service| {
        let partial = !stands_alone(service) && below.contains(service.name.as_str());
        let mut depends = service.depends_on.iter().map(|dependency| dependency.service.as_str());
        partial || depends.any(|name| !own.contains(name) && below.contains(name))
    })
}

/// Beyond this a file is an attack, not a system: every service may name every env file.
const MAX_SERVICES: usize = 2_000;

fn environment(joiner: &mut Joiner<'_>, name: String, files: &[Source]) -> Environment {
    let sources = joiner.sources(files);
    let mut names: Vec<&str> = Vec::new();
    let mut seen = BTreeSet::new();
    for source in &sources {
        let services = joiner.inputs.files.get(&source.file).map(|file| file.services.as_slice()).unwrap_or_default();
        names.extend(services.iter().map(|service| service.name.as_str()).filter(|name| seen.insert(*name)));
    }
    let mut services = Vec::new();
    if let (true, Some(last)) = (names.len() > MAX_SERVICES, sources.last()) {
        let place = joiner
            .inputs
            .files
            .get(&last.file)
            .and_then(|file| file.services.first())
            .map(|service| service.name.clone())
            .unwrap_or_default();
        joiner.problem(format!("more than {MAX_SERVICES} services; only the first ones are read"), last.file, &place);
        names.truncate(MAX_SERVICES);
    }
    for name in names {
        let layers = joiner.layers(&sources, name);
        services.extend(merge(joiner.inputs, &layers));
    }
    Environment { name, files: sources.iter().map(|source| source.file).collect(), services }
}
