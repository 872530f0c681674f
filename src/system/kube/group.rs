//! Which manifests are used together.

use std::collections::{BTreeMap, BTreeSet};

use super::read::KubeFile;
use super::{KubeInputs, Unit};
use crate::facts::kube::Object;
use crate::files::folder_of;
use crate::syntax::FileId;

/// Names of folders that are environments.
const ENVIRONMENTS: [&str; 17] = [
    "dev",
    "develop",
    "development",
    "local",
    "minikube",
    "kind",
    "staging",
    "stage",
    "qa",
    "uat",
    "prod",
    "production",
    "preprod",
    "demo",
    "sandbox",
    "canary",
    "live",
];
/// Beyond this many environments nothing new is learnt.
const MAX_ENVIRONMENTS: usize = 24;

/// What the folders say about the environment; `kubernetes` when they say nothing.
pub(super) fn hint(folder: &str) -> String {
    let words = folder.split('/').rev().flat_map(|segment| segment.split(['-', '_']));
    let named = words.into_iter().find(|word| ENVIRONMENTS.contains(&word.to_ascii_lowercase().as_str()));
    named.map_or_else(|| "kubernetes".to_owned(), str::to_ascii_lowercase)
}

/// The manifests that stand for themselves: one unit for each folder, for each file where the files of
/// a folder contradict each other.
pub(super) fn plain(inputs: KubeInputs<'_>, used: &BTreeSet<FileId>) -> Vec<Unit> {
    let mut folders: BTreeMap<&str, Vec<&Vec<Object>>> = BTreeMap::new();
    for (id, file) in inputs.files {
        if let KubeFile::Objects(objects) = file
            && !used.contains(id)
        {
            folders.entry(folder_of(&inputs.tree.file(*id).path)).or_default().push(objects);
        }
    }
    let mut units = Vec::new();
    for (folder, files) in folders {
        let unit = |objects: Vec<Object>| Unit { hint: hint(folder), folder: folder.to_owned(), objects };
        let mut seen = BTreeSet::new();
        let apart = files.iter().flat_map(|objects| objects.iter()).all(|object| seen.insert(key(object)));
        if apart {
            units.push(unit(files.into_iter().flatten().cloned().collect()));
        } else {
            units.extend(files.into_iter().map(|objects| unit(objects.clone())));
        }
    }
    // What lies nearer to the root is the plainer way.
    units.sort_by_key(|unit| (unit.folder.matches('/').count(), unit.folder.clone()));
    units
}

fn key(object: &Object) -> (String, String, String) {
    (object.kind.clone(), object.namespace.clone().unwrap_or_default(), object.name.value.clone())
}

/// Puts units together to environments with a name each.
pub(super) fn environments(units: Vec<Unit>) -> Vec<(String, Vec<Object>)> {
    struct Open {
        hint: String,
        folders: Vec<String>,
        keys: BTreeSet<(String, String, String)>,
        objects: Vec<Object>,
    }
    let mut open: Vec<Open> = Vec::new();
    for unit in units {
        let keys: BTreeSet<_> = unit.objects.iter().map(key).collect();
        let fits = |environment: &Open| environment.hint == unit.hint && environment.keys.is_disjoint(&keys);
        let at = open.iter().position(fits);
        let room = open.len() < MAX_ENVIRONMENTS;
        if at.is_none() && room {
            open.push(Open { hint: unit.hint, folders: vec![unit.folder], keys, objects: unit.objects });
        } else if let Some(environment) = at.and_then(|at| open.get_mut(at)) {
            environment.keys.extend(keys);
            environment.folders.push(unit.folder);
            environment.objects.extend(unit.objects);
        }
    }
    // What says nothing about an environment comes first.
    let plain = |hint: &str| !matches!(hint, "kubernetes");
    open.sort_by_key(|environment| (plain(&environment.hint), environment.hint == "helm", environment.hint.clone()));
    let mut names: BTreeSet<String> = BTreeSet::new();
    open.into_iter()
        .map(|environment| {
            let mut name = match environment.hint.as_str() {
                "kubernetes" | "helm" => environment.hint.clone(),
                overlay => format!("kubernetes/{overlay}"),
            };
            if names.contains(&name) {
                name = format!("{name} of {}", environment.folders.first().map_or("", String::as_str));
            }
            while !names.insert(name.clone()) {
                name.push('\'');
            }
            (name, environment.objects)
        })
        .collect()
}
