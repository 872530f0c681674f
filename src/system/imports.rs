//! Which modules a module needs.

use std::collections::{BTreeSet, HashMap};

use crate::facts::module::{ExportValue, ImportKind, Language};
use crate::program::resolve::{Target, join, parent};
use crate::program::{Program, UnitId};

/// For each unit the units that it imports, in order.
pub fn dependencies(program: &Program) -> Vec<Vec<UnitId>> {
    let packages = program.go_packages();
    program.ids().map(|unit| of_unit(program, &packages, unit).into_iter().collect()).collect()
}

fn of_unit(program: &Program, packages: &HashMap<&str, Vec<UnitId>>, unit: UnitId) -> BTreeSet<UnitId> {
    let module = &program.unit(unit).module;
    let mut found = BTreeSet::new();
    if module.language == Language::Go {
        // The files of a package belong together, and a package is imported as a whole.
        found.extend(packages.get(parent(&program.unit(unit).path)).into_iter().flatten());
        for import in &module.imports {
            if let Some(Target::Folder(folder)) = program.imports.target(unit, &import.module) {
                found.extend(packages.get(folder.as_str()).into_iter().flatten());
            }
        }
        found.remove(&unit);
        return found;
    }
    let mut follow = |spec: &str, name: Option<&str>| {
        let folder = match program.imports.target(unit, spec) {
            Some(Target::Unit(target)) => {
                found.insert(*target);
                program.unit(*target).path.strip_suffix("/__init__.py").map(str::to_owned)
            }
            Some(Target::Folder(folder)) => Some(folder.to_string()),
            Some(Target::External(_)) | None => None,
        };
        // `from package import module`
        if let (Some(folder), Some(name)) = (folder, name) {
            let path = join(&folder, name);
            found.extend(program.find(&format!("{path}.py")).or_else(|| program.find(&format!("{path}/__init__.py"))));
        }
    };
    for import in &module.imports {
        let name = match &import.kind {
            ImportKind::Named(name) => Some(name.as_str()),
            _ => None,
        };
        follow(&import.module, name);
    }
    for export in &module.exports {
        if let ExportValue::From { module, name } = &export.value {
            follow(module, Some(name));
        }
    }
    found.remove(&unit);
    found
}

/// Everything that is reached from some units, they themselves included.
pub fn reached(dependencies: &[Vec<UnitId>], from: impl IntoIterator<Item = UnitId>) -> BTreeSet<UnitId> {
    let mut open: Vec<UnitId> = from.into_iter().collect();
    let mut reached = BTreeSet::new();
    while let Some(unit) = open.pop() {
        if reached.insert(unit) {
            open.extend(dependencies.get(unit.0 as usize).into_iter().flatten());
        }
    }
    reached
}
