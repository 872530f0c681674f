//! The names of imported packages of Go. An import without a name binds the name in the package's own clause, and
//! that may be another one than the last segment of the path: `package handlers` in the folder `handler`.
//!
//! Source: <https://go.dev/ref/spec#Import_declarations>

use std::collections::HashMap;

use smol_str::SmolStr;

use super::index::Index;
use super::resolve::{ImportMap, Target, parent};
use super::{Unit, UnitId};
use crate::facts::golang::package_name;
use crate::facts::module::{Import, ImportKind, Language};

/// Binds the names that packages of the repository give themselves.
pub(super) fn name(units: &mut [Unit], imports: &ImportMap) {
    let mut packages: HashMap<String, SmolStr> = HashMap::new();
    for unit in units.iter().filter(|unit| unit.module.language == Language::Go && !unit.path.ends_with("_test.go")) {
        if let Some(package) = &unit.module.package {
            packages.entry(parent(&unit.path).to_owned()).or_insert_with(|| package.clone());
        }
    }
    for (i, unit) in units.iter_mut().enumerate().filter(|(_, unit)| unit.module.language == Language::Go) {
        let mut renamed = false;
        for import in unit.module.imports.iter_mut().filter(|import| is_unnamed(import)) {
            let Some(Target::Folder(folder)) = imports.target(UnitId(i as u32), &import.module) else { continue };
            if let Some(package) = packages.get(folder.as_str()).filter(|package| **package != import.local) {
                import.local = package.clone();
                renamed = true;
            }
        }
        if renamed {
            unit.index = Index::build(&unit.module);
        }
    }
}

/// True for `"shop/orders"`, where nothing but the path stands, between its quotes.
fn is_unnamed(import: &Import) -> bool {
    let written = (import.span.end - import.span.start) as usize;
    import.kind == ImportKind::Namespace
        && import.local == package_name(&import.module)
        && written == import.module.len() + 2
}
