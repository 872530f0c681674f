//! Scripts above the services of a repository, started by hand: they mend, measure or set up, and are no part of any
//! service.

use std::collections::{BTreeSet, HashMap};

use super::owners::is_program;
use super::services::Service;
use crate::files::{Tree, folder_of};
use crate::program::resolve::within;
use crate::program::{Program, UnitId};
use crate::syntax::FileId;

/// The scripts that no service owns and nothing imports, in a folder that services lie in.
pub(super) fn tools(
    tree: &Tree,
    program: &Program,
    services: &[Service],
    owners: &HashMap<FileId, Vec<usize>>,
) -> BTreeSet<UnitId> {
    let is_owned = |path: &str| tree.find(path).is_some_and(|id| owners.get(&id).is_some_and(|of| !of.is_empty()));
    let is_above = |path: &str| {
        let folder = folder_of(path);
        services.iter().any(|service| service.root != folder && within(&service.root, folder))
    };
    let is_tool = |unit: &UnitId| {
        let path = program.unit(*unit).path.as_str();
        is_program(program, *unit)
            && !is_owned(path)
            && is_above(path)
            && program.imports.importers(*unit).next().is_none()
    };
    program.ids().filter(is_tool).collect()
}
