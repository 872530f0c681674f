//! Code of Java and Kotlin that lies in no service: it runs in those that import it.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::build::Builds;
use super::scanned;
use crate::facts::module::{ExprKind, ImportKind};
use crate::files::Tree;
use crate::program::{Program, UnitId};
use crate::syntax::FileId;
use crate::system::services::Service;

/// Gives the files of modules that are no services to the services that import them, directly or not, or whose Spring
/// application finds them. A library jar that nothing in the repository imports belongs to nobody.
pub(in crate::system) fn own(
    tree: &Tree,
    program: &Program,
    services: &[Service],
    owners: &mut HashMap<FileId, Vec<usize>>,
) {
    let is_jvm = |unit: &UnitId| program.language(*unit).is_jvm() && program.is_production(*unit);
    let free: HashSet<UnitId> =
        program.ids().filter(is_jvm).filter(|unit| !owners.contains_key(&program.unit(*unit).file)).collect();
    if free.is_empty() {
        return;
    }
    let mut of_service: HashMap<usize, Vec<UnitId>> = HashMap::new();
    for unit in program.ids().filter(is_jvm) {
        for index in owners.get(&program.unit(unit).file).into_iter().flatten() {
            of_service.entry(*index).or_default().push(unit);
        }
    }
    let builds = Builds::read(tree);
    let mut needs: HashMap<UnitId, Vec<UnitId>> = HashMap::new();
    for (index, mut open) in of_service {
        let root = services.get(index).map_or("", |service| service.root.as_str());
        let mut reached: BTreeSet<UnitId> =
            scanned::beans(program, &builds, root, &open, free.iter()).into_iter().collect();
        open.extend(&reached);
        while let Some(unit) = open.pop() {
            for needed in needs.entry(unit).or_insert_with(|| of_unit(program, &free, unit)) {
                if reached.insert(*needed) {
                    open.push(*needed);
                }
            }
        }
        for unit in reached {
            owners.entry(program.unit(unit).file).or_default().push(index);
        }
    }
    for of_file in owners.values_mut() {
        of_file.sort_unstable();
    }
}

/// What a file names of the files that are free: its imports, and its own package in the same way.
fn of_unit(program: &Program, free: &HashSet<UnitId>, unit: UnitId) -> Vec<UnitId> {
    let of = program.unit(unit);
    let module = &of.module;
    let find = |package: &str, name: &str| program.types.find(&program.units, &of.path, package, name);
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut found: BTreeSet<UnitId> = BTreeSet::new();
    let mut packages: Vec<&str> = module.package.as_deref().into_iter().collect();
    for import in &module.imports {
        match &import.kind {
            ImportKind::Named(name) => {
                found.extend(find(&import.module, name));
                // A member of a class: `import static a.Topics.ORDERS`.
                if let Some((package, class)) = import.module.rsplit_once('.') {
                    found.extend(find(package, class));
                }
            }
            ImportKind::Star if program.types.has_package(&import.module) => packages.push(&import.module),
            _ => {}
        }
    }
    if !packages.is_empty() {
        names.extend(module.exprs.iter().filter_map(|e| match &e.kind {
            ExprKind::Name(name) => Some(name.as_str()),
            _ => None,
        }));
    }
    for package in packages {
        found.extend(names.iter().filter_map(|name| find(package, name)));
    }
    found.remove(&unit);
    found.into_iter().filter(|unit| free.contains(unit)).collect()
}
