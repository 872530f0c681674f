//! Which code runs in the browser. Requests from there are no calls between services.

use std::collections::{BTreeMap, BTreeSet};

use super::deployment::Deployment;
use super::services::foreign::Foreign;
use super::services::{is_browser_package, is_server_package};
use crate::facts::manifest::PackageJson;
use crate::facts::module::{ExprKind, Language, Module, StmtKind};
use crate::files::{Tree, folder_of};
use crate::program::resolve::{parent, within};
use crate::program::{Program, Unit, UnitId};

/// The units that run in the browser.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    units: BTreeSet<UnitId>,
}

impl Browser {
    /// True for code that runs in the browser.
    pub fn is_browser(&self, unit: UnitId) -> bool {
        self.units.contains(&unit)
    }
}

/// What a `package.json` is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Package {
    Browser,
    Server,
    /// Both, as in a repository with one manifest for all.
    Both,
    Neither,
}

/// Imports that only work on a server.
const SERVER_MODULES: [&str; 20] = [
    "server-only",
    "next/server",
    "next/headers",
    "next/cache",
    "express",
    "fastify",
    "koa",
    "fs",
    "net",
    "http",
    "https",
    "child_process",
    "cluster",
    "worker_threads",
    "amqplib",
    "kafkajs",
    "pg",
    "mysql2",
    "mongoose",
    "ioredis",
];
const BROWSER_FOLDERS: [&str; 8] =
    ["public", "static", "wwwroot", "client", "frontend", "front-end", "webapp", "assets"];

/// Finds the code that runs in the browser. `dependencies` is [`super::imports::dependencies`].
pub fn browser(tree: &Tree, deployment: &Deployment, program: &Program, dependencies: &[Vec<UnitId>]) -> Browser {
    let packages = packages(tree, deployment);
    let mut units = BTreeSet::new();
    let mut fixed = BTreeSet::new();
    let apps = apps(tree, deployment);
    for id in program.ids() {
        let unit = program.unit(id);
        if apps.iter().any(|app| within(&unit.path, app)) {
            units.insert(id);
            fixed.insert(id);
            continue;
        }
        // A manifest of the repository says nothing of code in Go or Java below it.
        if !matches!(unit.module.language, Language::JavaScript | Language::TypeScript) {
            continue;
        }
        let package =
            packages.iter().filter(|(folder, _)| within(&unit.path, folder)).max_by_key(|(folder, _)| folder.len());
        let (folder, kind) = package.map_or(("", Package::Neither), |(folder, kind)| (*folder, *kind));
        let inner = unit.path.get(if folder.is_empty() { 0 } else { folder.len() + 1 }..).unwrap_or(&unit.path);
        if directive(&unit.module, "use client") || reads_page_settings(&unit.module) && !is_server_part(unit, inner) {
            units.insert(id);
            fixed.insert(id);
            continue;
        }
        if is_server_part(unit, inner) {
            continue;
        }
        let in_browser_folder = inner.split('/').rev().skip(1).any(|segment| BROWSER_FOLDERS.contains(&segment));
        let runs = match kind {
            Package::Browser => true,
            Package::Both => in_browser_folder || is_page(unit),
            // Pages of a server, and scripts beside a page in a repository of another language.
            Package::Server | Package::Neither => {
                in_browser_folder && !uses_require(&unit.module)
                    || beside_page(tree, &unit.path, kind)
                    // A file of an article, or of a package that says nothing about it.
                    || kind == Package::Neither && touches_page(&unit.module) && !uses_require(&unit.module)
            }
        };
        if runs {
            units.insert(id);
        }
    }
    add_shared(program, dependencies, &packages, &mut units);
    keep_servers(program, dependencies, &mut units, &fixed);
    Browser { units }
}

/// The folders of packages, and what each is for. What nothing but front ends depend on is a part of them.
fn packages<'t>(tree: &'t Tree, deployment: &Deployment) -> BTreeMap<&'t str, Package> {
    // A manifest that only says `"type": "module"` is no package.
    let known = || deployment.package_jsons.iter().filter(|(_, p)| !p.dependencies.is_empty() || p.name.is_some());
    let own = |package: &PackageJson| match (is_browser_package(package), is_server_package(package)) {
        (true, true) => Package::Both,
        (true, false) => Package::Browser,
        (false, true) => Package::Server,
        (false, false) => Package::Neither,
    };
    let mut users: BTreeMap<&str, Vec<Package>> = BTreeMap::new();
    for (_, package) in known() {
        for dependency in &package.dependencies {
            users.entry(dependency.name.value.as_str()).or_default().push(own(package));
        }
    }
    let kind = |package: &PackageJson| match (own(package), &package.name) {
        (Package::Neither, Some(name)) => {
            let users = users.get(name.value.as_str()).map_or(&[] as &[Package], Vec::as_slice);
            let pages = !users.is_empty() && users.iter().all(|user| *user == Package::Browser);
            if pages { Package::Browser } else { Package::Neither }
        }
        (own, _) => own,
    };
    known().map(|(&id, package)| (folder_of(&tree.file(id).path), kind(package))).collect()
}

/// The folders of apps for a phone (Android's manifest lies in `src/<source set>`) or in WebAssembly: they wait
/// for their user as a page does.
fn apps<'t>(tree: &'t Tree, deployment: &Deployment) -> Vec<&'t str> {
    let manifest = |path: &'t str| {
        let set = folder_of(path.strip_suffix("/AndroidManifest.xml")?);
        set.strip_suffix("/src").or_else(|| (set == "src").then_some(""))
    };
    let android = tree.files.iter().filter_map(|file| manifest(&file.path));
    let is_client = |foreign: &Foreign| matches!(foreign, Foreign::DotNet { client: true, .. });
    let dotnet = deployment.foreign.iter().filter(|(_, foreign)| is_client(foreign));
    android.chain(dotnet.map(|(id, _)| folder_of(&tree.file(*id).path))).collect()
}

/// The packages that say nothing themselves, of which nothing but code of the browser imports anything.
fn add_shared(
    program: &Program,
    dependencies: &[Vec<UnitId>],
    packages: &BTreeMap<&str, Package>,
    units: &mut BTreeSet<UnitId>,
) {
    let package_of = |unit: UnitId| {
        let path = program.unit(unit).path.as_str();
        let around = packages.iter().filter(|(folder, _)| within(path, folder)).max_by_key(|(folder, _)| folder.len());
        around.filter(|(folder, kind)| **kind == Package::Neither && !folder.is_empty()).map(|(folder, _)| *folder)
    };
    let mut importers: BTreeMap<&str, BTreeSet<UnitId>> = BTreeMap::new();
    for (from, needs) in dependencies.iter().enumerate() {
        let from = UnitId(from as u32);
        if !program.is_production(from) {
            continue;
        }
        for package in needs.iter().filter_map(|need| package_of(*need)) {
            if !within(&program.unit(from).path, package) {
                importers.entry(package).or_default().insert(from);
            }
        }
    }
    importers.retain(|_, by| by.iter().all(|unit| units.contains(unit)));
    let is_script = |unit: &UnitId| {
        matches!(program.language(*unit), Language::JavaScript | Language::TypeScript)
            && !is_server_part(program.unit(*unit), &program.unit(*unit).path)
    };
    let shared: Vec<UnitId> = program
        .ids()
        .filter(is_script)
        .filter(|unit| package_of(*unit).is_some_and(|p| importers.contains_key(p)))
        .collect();
    units.extend(shared);
}

/// What only code of the server imports runs there too.
fn keep_servers(
    program: &Program,
    dependencies: &[Vec<UnitId>],
    units: &mut BTreeSet<UnitId>,
    fixed: &BTreeSet<UnitId>,
) {
    let mut importers: Vec<Vec<UnitId>> = vec![Vec::new(); dependencies.len()];
    for (from, needs) in dependencies.iter().enumerate() {
        let from = UnitId(from as u32);
        if program.is_production(from) {
            for need in needs {
                if let Some(list) = importers.get_mut(need.0 as usize) {
                    list.push(from);
                }
            }
        }
    }
    loop {
        let leave: Vec<UnitId> = units
            .iter()
            .copied()
            .filter(|unit| {
                let by = importers.get(unit.0 as usize).map_or(&[] as &[UnitId], Vec::as_slice);
                !fixed.contains(unit) && !by.is_empty() && by.iter().all(|importer| !units.contains(importer))
            })
            .collect();
        if leave.is_empty() {
            return;
        }
        for unit in leave {
            units.remove(&unit);
        }
    }
}

/// `"use server"` and the like at the top of a module.
fn directive(module: &Module, text: &str) -> bool {
    module.body.iter().take(3).any(|stmt| match &module.stmt(*stmt).kind {
        StmtKind::Expr(expr) => matches!(&module.expr(*expr).kind, ExprKind::Str(found) if found == text),
        _ => false,
    })
}

/// The parts of a front end that run on its server.
fn is_server_part(unit: &Unit, inner: &str) -> bool {
    let segments: Vec<&str> = inner.split('/').collect();
    let name = segments.last().copied().unwrap_or("");
    let stem = name.split('.').next().unwrap_or("");
    let folders = segments.get(..segments.len().saturating_sub(1)).unwrap_or_default();
    let in_app = folders.contains(&"app");
    let by_path = (in_app && stem == "route")
        || folders.windows(2).any(|pair| pair == ["pages", "api"])
        || (matches!(stem, "middleware" | "instrumentation" | "proxy") && folders.iter().all(|f| *f == "src"))
        || folders.contains(&"server")
        || name.starts_with("+server.")
        || name.contains(".server.")
        || (stem == "server" && folders.iter().all(|folder| *folder == "src"));
    let imports_server = unit.module.imports.iter().any(|import| {
        let module = import.module.as_str();
        SERVER_MODULES.contains(&module)
            || module.starts_with("node:")
            || module == "next-auth"
            || module.starts_with("next-auth/providers")
            || matches!(module, "next-auth/next" | "next-auth/jwt")
    });
    by_path
        || imports_server
        || directive(&unit.module, "use server")
        || (in_app && is_server_component(&unit.module, stem))
}

/// A page of the App Router that is an async function: such a component runs on the server.
fn is_server_component(module: &Module, stem: &str) -> bool {
    let page = matches!(stem, "page" | "layout" | "template" | "default" | "not-found" | "sitemap" | "robots");
    let default = module.exports.iter().find(|export| export.name == "default");
    page && default.is_some_and(|export| match &export.value {
        crate::facts::module::ExportValue::Local(name) => {
            module.funcs.iter().any(|func| func.name == *name && func.is_async)
        }
        crate::facts::module::ExportValue::Expr(expr) => match &module.expr(*expr).kind {
            ExprKind::Lambda(func) => module.func(*func).is_async,
            _ => false,
        },
        crate::facts::module::ExportValue::From { .. } => false,
    })
}

/// A component, in a package that also has server code.
fn is_page(unit: &Unit) -> bool {
    let markup = unit.path.ends_with(".jsx") || unit.path.ends_with(".tsx") || unit.path.ends_with(".vue");
    let react = |module: &str| {
        matches!(module, "react" | "react-dom" | "vue" | "svelte" | "@angular/core" | "react-router-dom")
    };
    markup || unit.module.imports.iter().any(|import| react(&import.module))
}

/// Code that only a page can run: hooks of React, `window.location`, `localStorage`.
fn touches_page(module: &Module) -> bool {
    module.exprs.iter().any(|e| match &e.kind {
        ExprKind::Attr { object, name, .. } => match &module.expr(*object).kind {
            ExprKind::Name(of) => match of.as_str() {
                "window" | "localStorage" | "sessionStorage" => true,
                "document" => matches!(
                    name.as_str(),
                    "getElementById" | "querySelector" | "createElement" | "addEventListener" | "cookie" | "body"
                ),
                _ => false,
            },
            _ => false,
        },
        ExprKind::Call(call) => matches!(&module.expr(call.callee).kind, ExprKind::Name(name)
            if matches!(name.as_str(), "useState" | "useEffect" | "useCallback" | "useMemo" | "useRef" | "useReducer")),
        _ => false,
    })
}

/// Reads what a bundler writes into the code of a page: `import.meta.env.VITE_API`
/// (<https://vite.dev/guide/env-and-mode>), `process.env.REACT_APP_API`
/// (<https://create-react-app.dev/docs/adding-custom-environment-variables/>).
fn reads_page_settings(module: &Module) -> bool {
    module.exprs.iter().any(|e| {
        matches!(&e.kind, ExprKind::Attr { name, .. } if name.starts_with("VITE_") || name.starts_with("REACT_APP_"))
    })
}

/// True for a module that loads others as Node does.
fn uses_require(module: &Module) -> bool {
    module.imports.iter().any(|import| !import.module.starts_with('.') && !import.module.starts_with('/'))
        && !module.imports.iter().any(|import| matches!(import.module.as_str(), "react" | "vue" | "jquery" | "axios"))
}

/// A script that lies beside a page which loads it, where nothing else says what it is for.
fn beside_page(tree: &Tree, path: &str, package: Package) -> bool {
    if package == Package::Server {
        return false;
    }
    let folder = parent(path);
    let pages = [folder, parent(folder)];
    !folder.is_empty()
        && pages
            .iter()
            .filter(|folder| !folder.is_empty())
            .any(|folder| tree.find(&format!("{folder}/index.html")).is_some())
}
