//! Which services a file belongs to: the code under the root of one, and what that code imports.

use std::collections::{BTreeSet, HashMap};

use super::imports::reached;
use super::services::Service;
use crate::facts::module::{BinaryOp, ExprKind, Language};
use crate::files::Tree;
use crate::program::resolve::{Target, within};
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
    let mut roots: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, service) in services.iter().enumerate() {
        roots.entry(service.root.as_str()).or_default().push(index);
    }
    for id in tree.ids() {
        let path = tree.file(id).path.as_str();
        // The path itself, then the folders above it, the root last.
        let above = path.rmatch_indices('/').map(|(at, _)| &path[..at]);
        let mut folders = std::iter::once(path).chain(above).chain([""]);
        let Some((root, of_root)) = folders.find_map(|folder| Some((folder, roots.get(folder)?))) else { continue };
        let first = path.split('/').next().unwrap_or("");
        if root.is_empty() && services.len() > 1 && SHARED.contains(&first) {
            continue;
        }
        owners.insert(id, of_root.clone());
    }
    let by_file: HashMap<FileId, UnitId> = program.ids().map(|unit| (program.unit(unit).file, unit)).collect();
    let subcommands = subcommands(program);
    let started: Vec<BTreeSet<UnitId>> = services
        .iter()
        .map(|service| {
            let of_root = |unit: &UnitId| within(&program.unit(*unit).path, &service.root);
            let told = service.command.iter().rev().find_map(|word| subcommands.get(word.as_str()));
            match told.and_then(|units| units.iter().copied().find(of_root)) {
                // Its file alone: the others of the package declare the other commands.
                Some(unit) => {
                    let mut all = reached(dependencies, imported(program, unit));
                    all.insert(unit);
                    all
                }
                None => reached(dependencies, service.entries.iter().filter_map(|file| by_file.get(file).copied())),
            }
        })
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
            } else if is_program(program, *unit) {
                of_file.clear();
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

/// The files of the packages that a file of Go imports.
fn imported(program: &Program, unit: UnitId) -> Vec<UnitId> {
    let packages = program.go_packages();
    let imports = program.unit(unit).module.imports.iter();
    let folders = imports.filter_map(|import| match program.imports.target(unit, &import.module) {
        Some(Target::Folder(folder)) => packages.get(folder.as_str()),
        _ => None,
    });
    folders.flatten().copied().collect()
}

/// The files that declare the commands of a program of Go, by their names: one binary is several services when it is
/// started with several of them (`shop orders`, `shop stock`).
///
/// Sources: <https://pkg.go.dev/github.com/spf13/cobra#Command>, <https://cli.urfave.org/v3/examples/subcommands/basics/>.
fn subcommands(program: &Program) -> HashMap<String, Vec<UnitId>> {
    let mut found: HashMap<String, Vec<UnitId>> = HashMap::new();
    for site in program.calls_named("Command") {
        let module = &program.unit(site.unit).module;
        let imports = |library: &str| module.imports.iter().any(|import| import.module.contains(library));
        let key = match module.language {
            Language::Go if imports("spf13/cobra") => "Use",
            Language::Go if imports("urfave/cli") => "Name",
            _ => continue,
        };
        let Some(call) = module.call(site.expr).filter(|call| call.is_new) else { continue };
        let named =
            call.args.iter().find(|arg| arg.name.as_deref() == Some(key)).map(|arg| &module.expr(arg.value).kind);
        let Some(ExprKind::Str(usage)) = named else { continue };
        if let Some(name) = usage.split_whitespace().next() {
            found.entry(name.to_owned()).or_default().push(site.unit);
        }
    }
    found
}

/// True for a file of Python that is started by itself: what no process beside it reaches is a program of its own.
pub(super) fn is_program(program: &Program, unit: UnitId) -> bool {
    let module = &program.unit(unit).module;
    let is_name = |e: &crate::facts::module::Expr| matches!(&e.kind, ExprKind::Name(name) if name == "__name__");
    module.language == Language::Python
        && module.exprs.iter().any(|e| match &e.kind {
            ExprKind::Binary { op: BinaryOp::Eq, left, .. } => is_name(module.expr(*left)),
            _ => false,
        })
}

/// True when a file of the same root was given to other processes of it on purpose.
fn same_root(services: &[Service], of_file: &[usize], index: usize) -> bool {
    let root = services.get(index).map(|service| &service.root);
    of_file.iter().any(|other| services.get(*other).map(|service| &service.root) == root)
}
