//! The file of variables that the code of a service loads itself, where it is not in the repository: whoever starts
//! several services by hand keeps one for all of them above their folders.
//!
//! <https://pkg.go.dev/github.com/joho/godotenv#Load>, <https://github.com/motdotla/dotenv#options>,
//! <https://nodejs.org/api/process.html#processloadenvfilepath>,
//! <https://saurabh-kumar.com/python-dotenv/#getting-started>,
//! <https://docs.nestjs.com/techniques/configuration#custom-env-file-path>

use std::collections::{BTreeMap, HashMap};

use crate::files::{Tree, folder_of};
use crate::program::{Evaluator, Site, Value};
use crate::syntax::{FileId, Place};
use crate::system::services::Service;
use crate::system::services::marks::Marks;

/// Functions that load such a file: how they are called, their symbol, and the option with the path; without one it
/// is the first argument.
const LOADERS: [(&str, &str, Option<&str>); 7] = [
    ("Load", "github.com/joho/godotenv.Load", None),
    ("Overload", "github.com/joho/godotenv.Overload", None),
    ("config", "dotenv.config", Some("path")),
    ("forRoot", "@nestjs/config.ConfigModule.forRoot", Some("envFilePath")),
    ("loadEnvFile", "process.loadEnvFile", None),
    ("load_dotenv", "dotenv.load_dotenv", None),
    ("load_dotenv", "dotenv.load_dotenv", Some("dotenv_path")),
];

/// For each service the path, from the root of the tree, of the one file that its code loads, and where.
pub(super) fn loaded(
    tree: &Tree,
    ev: &Evaluator<'_>,
    services: &[Service],
    owners: &HashMap<FileId, Vec<usize>>,
    marks: &BTreeMap<FileId, Marks>,
) -> HashMap<usize, (String, Place)> {
    let mut found: HashMap<usize, Vec<(String, Place)>> = HashMap::new();
    for (name, symbol, option) in LOADERS {
        for &site in ev.program.calls_named(name) {
            let path = path_of(ev, site, symbol, option);
            let is_default = path.is_none() && symbol == NEST && is_plain(ev, site, symbol);
            let Some(path) = path.or_else(|| is_default.then(|| ".env".to_owned())) else { continue };
            let place = ev.program.place(site);
            for &owner in owners.get(&place.file).into_iter().flatten() {
                let Some(service) = services.get(owner) else { continue };
                let from = started_in(tree, marks, owner, owners, place.file).unwrap_or(&service.root);
                let path = if is_default { of_workspace(tree, &service.root) } else { above(from, &path) };
                if let Some(path) = path {
                    found.entry(owner).or_default().push((path, place));
                }
            }
        }
    }
    let only = |(service, mut files): (usize, Vec<(String, Place)>)| {
        files.dedup_by(|a, b| a.0 == b.0);
        match files.as_slice() {
            [one] if tree.find(&one.0).is_none() => Some((service, one.clone())),
            _ => None,
        }
    };
    found.into_iter().filter_map(only).collect()
}

/// What loads the settings of a Nest application: `.env` of the folder it is started in, where it is not told another.
const NEST: &str = "@nestjs/config.ConfigModule.forRoot";

/// True for `ConfigModule.forRoot({ isGlobal: true })`: it names no file, and reads one.
fn is_plain(ev: &Evaluator<'_>, site: Site, symbol: &str) -> bool {
    let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { return false };
    let told = ["envFilePath", "ignoreEnvFile", "load"];
    ev.callee(site).is_some_and(|(known, _)| known == symbol)
        && match call.args.first().map(|arg| ev.at(site.unit, arg.value)) {
            None => true,
            Some(Value::Dict(dict)) => !dict.open && told.iter().all(|option| dict.get(option).is_none()),
            Some(_) => false,
        }
}

/// The `.env` of the applications of one workspace of Nest, `apps/orders` and `apps/stock`, which start where their one
/// package lies (<https://docs.nestjs.com/cli/monorepo>); none for an application with a package of its own.
fn of_workspace(tree: &Tree, root: &str) -> Option<String> {
    let has = |folder: &str, name: &str| tree.find(&crate::program::resolve::join(folder, name)).is_some();
    let mut folder = root;
    while !has(folder, "package.json") {
        if folder.is_empty() {
            return None;
        }
        folder = folder_of(folder);
    }
    (folder.len() < root.len() && has(folder, "nest-cli.json")).then(|| crate::program::resolve::join(folder, ".env"))
}

/// The path that a call of a loader is given.
fn path_of(ev: &Evaluator<'_>, site: Site, symbol: &str, option: Option<&str>) -> Option<String> {
    let call = ev.program.unit(site.unit).module.call(site.expr)?;
    if option.is_none() && call.args.len() > 1 {
        return None;
    }
    if ev.callee(site).is_none_or(|(known, _)| known != symbol) {
        return None;
    }
    let value = match option {
        None => ev.positional(site.unit, call, 0)?,
        Some(option) => match call.args.iter().find(|arg| arg.name.as_deref() == Some(option)) {
            Some(arg) => ev.at(site.unit, arg.value),
            None => match ev.positional(site.unit, call, 0)? {
                Value::Dict(dict) => dict.get(option).map(|at| ev.at(at.unit, at.expr))?,
                _ => return None,
            },
        },
    };
    value.as_str()
}

/// The folder in which the one program of Go of a service is started; none for others, which start where their
/// package lies.
fn started_in<'t>(
    tree: &'t Tree,
    marks: &BTreeMap<FileId, Marks>,
    service: usize,
    owners: &HashMap<FileId, Vec<usize>>,
    file: FileId,
) -> Option<&'t str> {
    let is_go = |id: FileId| tree.file(id).path.ends_with(".go");
    let is_own = |id: FileId| owners.get(&id).is_some_and(|o| o.contains(&service));
    let mut mains = marks.iter().filter(|(id, m)| m.main.is_some() && is_go(**id) && is_own(**id));
    let main = mains.next().filter(|_| is_go(file))?;
    mains.next().is_none().then(|| folder_of(&tree.file(*main.0).path))
}

/// A path that leads out of the folder it is taken from, from the root of the tree; none for others, which are of
/// one service alone, and for those that lead out of the tree.
fn above(from: &str, path: &str) -> Option<String> {
    let mut rest = path.trim_start_matches("./");
    let mut folder = from;
    while let Some(after) = rest.strip_prefix("../") {
        if folder.is_empty() {
            return None;
        }
        (folder, rest) = (folder_of(folder), after);
    }
    (folder.len() < from.len()).then(|| crate::program::resolve::join(folder, rest))
}
