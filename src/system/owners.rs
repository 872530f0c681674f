//! Which services a file belongs to: the code under the root of one, and what that code imports.

use std::collections::{BTreeSet, HashMap};

use super::imports::reached;
use super::services::Service;
use crate::files::Tree;
use crate::program::resolve::within;
use crate::program::{Program, UnitId};
use crate::syntax::FileId;

/// Folders beside services whose code belongs to those that import it, also when a service has the whole
/// repository as its root.
const SHARED: [&str; 7] = ["packages", "libs", "lib", "shared", "common", "building-blocks", "pkg"];

/// The services of each file, by their index; nothing for files that no service uses. `dependencies` is
/// [`super::imports::dependencies`] of the program.
pub fn owners(
    tree: &Tree,
    program: &Program,
    dependencies: &[Vec<UnitId>],
    services: &[Service],
) -> HashMap<FileId, Vec<usize>> {
    let mut owners: HashMap<FileId, Vec<usize>> = HashMap::new();
    for id in tree.ids() {
        let path = tree.file(id).path.as_str();
        let deepest = services
            .iter()
            .map(|service| service.root.as_str())
            .filter(|root| within(path, root))
            .max_by_key(|root| root.len());
        let Some(root) = deepest else { continue };
        let first = path.split('/').next().unwrap_or("");
        if root.is_empty() && services.len() > 1 && SHARED.contains(&first) {
            continue;
        }
        let of_root = services.iter().enumerate().filter(|(_, service)| service.root == root);
        owners.insert(id, of_root.map(|(index, _)| index).collect());
    }
    let by_file: HashMap<FileId, UnitId> = program.ids().map(|unit| (program.unit(unit).file, unit)).collect();
    let started: Vec<BTreeSet<UnitId>> = services
        .iter()
        .map(|service| reached(dependencies, service.entries.iter().filter_map(|file| by_file.get(file).copied())))
        .collect();
    // Processes of one root: a file belongs to those that reach it from what they start.
    for (file, of_file) in &mut owners {
        let Some(unit) = by_file.get(file) else { continue };
        if of_file.len() > 1
            && of_file.iter().all(|index| started.get(*index).is_some_and(|reached| !reached.is_empty()))
        {
            let reaching: Vec<usize> =
                of_file.iter().copied().filter(|index| started.get(*index).is_some_and(|r| r.contains(unit))).collect();
            if !reaching.is_empty() {
                *of_file = reaching;
            }
        }
    }
    // What a service imports from elsewhere runs in it too.
    let mut own: Vec<Vec<UnitId>> = vec![Vec::new(); services.len()];
    for unit in program.ids().filter(|unit| program.is_production(*unit)) {
        for &index in owners.get(&program.unit(unit).file).into_iter().flatten() {
            if let Some(units) = own.get_mut(index) {
                units.push(unit);
            }
        }
    }
    for (index, own) in own.into_iter().enumerate() {
        for unit in reached(dependencies, own) {
            let of_file = owners.entry(program.unit(unit).file).or_default();
            if !of_file.contains(&index) && !same_root(services, of_file, index) {
                of_file.push(index);
            }
        }
    }
    owners
}

/// True when a file of the same root was given to other processes of it on purpose.
fn same_root(services: &[Service], of_file: &[usize], index: usize) -> bool {
    let root = services.get(index).map(|service| &service.root);
    of_file.iter().any(|other| services.get(*other).map(|service| &service.root) == root)
}
