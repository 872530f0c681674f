//! Which services are processes of one code base, although each has a folder of its own.
//!
//! A module of Go has a folder for each of its programs, `cmd/api` and `cmd/worker`. Where they run the same code
//! they are one service; in a repository of several services each program has code of its own.

use std::collections::{BTreeSet, HashMap};

use super::services::Service;
use crate::files::{Tree, folder_of};
use crate::program::resolve::{join, within};
use crate::syntax::FileId;

/// Folders of what any service may use: that two programs share them says nothing.
const SHARED: [&str; 12] =
    ["pkg", "common", "shared", "platform", "lib", "libs", "util", "utils", "infra", "config", "proto", "gen"];

/// Gives programs of one module that run the same code the module as their code base.
pub(super) fn join_programs(tree: &Tree, owners: &HashMap<FileId, Vec<usize>>, services: &mut [Service]) {
    let modules: Vec<Option<String>> = services.iter().map(|service| module(tree, &service.root)).collect();
    let mut own: HashMap<usize, BTreeSet<FileId>> = HashMap::new();
    for (&file, of) in owners {
        for &index in of {
            let Some(Some(module)) = modules.get(index) else { continue };
            if tree.files.get(file.0 as usize).is_some_and(|f| counts(&f.path, module)) {
                own.entry(index).or_default().insert(file);
            }
        }
    }
    let none = BTreeSet::new();
    let alike = |a: usize, b: usize| {
        let (a, b) = (own.get(&a).unwrap_or(&none), own.get(&b).unwrap_or(&none));
        let least = a.len().min(b.len());
        least > 0 && a.intersection(b).count() * 2 > least
    };
    for index in 0..services.len() {
        let Some(Some(module)) = modules.get(index) else { continue };
        let others = (0..services.len()).filter(|other| *other != index && modules.get(*other) == modules.get(index));
        let alike = others.into_iter().any(|other| alike(index, other));
        // What a configuration says stays.
        if let Some(service) = services.get_mut(index).filter(|service| alike && service.code_base == service.root) {
            service.code_base = join(module, "go.mod");
        }
    }
}

/// The folder with the `go.mod` around a program, `shop` of `shop/cmd/api`.
fn module(tree: &Tree, root: &str) -> Option<String> {
    let above = folder_of(root);
    let module = folder_of(above);
    let is_command = above == "cmd" || above.ends_with("/cmd");
    (is_command && tree.find(&join(module, "go.mod")).is_some()).then(|| module.to_owned())
}

/// True for code of a module that says what a service does: none of its programs, and nothing that is for all.
fn counts(path: &str, module: &str) -> bool {
    let inner = if module.is_empty() { path } else { path.get(module.len() + 1..).unwrap_or("") };
    let mut folders = folder_of(inner).split('/');
    path.ends_with(".go")
        && (module.is_empty() || within(path, module))
        && !inner.starts_with("cmd/")
        && !folders.any(|folder| SHARED.contains(&folder))
}
