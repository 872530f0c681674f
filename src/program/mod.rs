//! The modules of a repository linked: names across files, and what an expression evaluates to.
//!
//! Linking has three parts: [`index`] knows, for one module, where each name is bound, where an
//! expression stands and who encloses it; [`resolve`] follows imports between files; [`eval`] turns
//! an expression into a [`Value`], lazily and with limits. What cannot be resolved is
//! [`Value::Unknown`]: nothing is guessed here.

mod beans;
mod container;
mod defaults;
mod dotnet;
#[cfg(test)]
mod dotnet_tests;
pub mod eval;
mod go_imports;
mod golang;
#[cfg(test)]
mod golang_tests;
pub mod hierarchy;
mod hung_on;
pub mod index;
mod jvm;
#[cfg(test)]
mod jvm_tests;
pub mod load;
pub mod mentions;
mod nest;
mod overloads;
pub mod processes;
mod protocols;
pub mod resolve;
mod satisfies;
mod snippet;
pub mod types;
pub mod value;

use rapidhash::RapidHashMap as HashMap;

use smol_str::SmolStr;

use crate::facts::module::{CallId, ExprId, ExprKind, FuncId, Language, Module, StmtKind};
use crate::files::{self, Zone};
use crate::syntax::{FileId, Place};

pub use eval::Evaluator;
pub use index::{Index, Parent};
pub use value::{Instance, Site, Value};

/// A linked module, by its index in [`Program::units`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(pub u32);

/// A module with its index and its path.
#[derive(Debug)]
pub struct Unit {
    /// The file it was read from.
    pub file: FileId,
    /// The path to print, relative, with `/`.
    pub path: String,
    /// The lowered source.
    pub module: Module,
    /// Where names are bound and expressions stand.
    pub index: Index,
}

/// All modules of the run.
#[derive(Debug, Default)]
pub struct Program {
    /// The modules, sorted by path.
    pub units: Vec<Unit>,
    /// Modules by path.
    by_path: HashMap<String, UnitId>,
    /// The zone of each module; asked for each call that is looked at.
    zones: Vec<Zone>,
    /// What imports resolve to.
    pub imports: resolve::ImportMap,
    /// What the packages of Java, Kotlin, Go and C# hold.
    pub types: types::Types,
    /// Calls by the last name of their callee: `a.b.send(x)` under `send`.
    calls: HashMap<SmolStr, Vec<Site>>,
    /// Calls that get a name as an argument, by that name: `run(self.fetch, 1)` under `fetch`, with the
    /// position.
    handed: HashMap<SmolStr, Vec<(Site, usize)>>,
    /// What the whole of a module of JavaScript is called in others.
    wholes: HashMap<UnitId, Vec<SmolStr>>,
    /// What is kept on an application: `app.state.producer = x` under `producer`.
    kept: HashMap<SmolStr, Vec<Site>>,
    /// What fields of structs of Go are set to where the object is no receiver, by name: the object, and the value.
    set_fields: HashMap<SmolStr, Vec<(Site, ExprId)>>,
    /// The modules of Go, and which of them others import.
    go_modules: golang::Modules,
}

impl Program {
    /// Links modules. `packages` are the names under which folders of the repository can be imported,
    /// `others` the paths of source files that were not parsed (an empty `__init__.py` makes a package).
    pub fn link(mut units: Vec<Unit>, packages: &resolve::Packages, others: &[&str]) -> Program {
        units.sort_by(|a, b| a.path.cmp(&b.path));
        let by_path: HashMap<String, UnitId> =
            units.iter().enumerate().map(|(i, unit)| (unit.path.clone(), UnitId(i as u32))).collect();
        let imports = resolve::ImportMap::build(&units, &by_path, packages, others);
        go_imports::name(&mut units, &imports);
        let zone = |unit: &Unit| match files::zone(&unit.path) {
            Zone::Production if holds_tests(&unit.module) => Zone::Test,
            Zone::Production if is_compiled(&unit.path, &by_path) => Zone::Generated,
            zone => zone,
        };
        let zones: Vec<Zone> = units.iter().map(zone).collect();
        // What a test passes to a function is not what it gets where it is deployed.
        let deployed = || units.iter().enumerate().filter(|(i, _)| zones.get(*i) != Some(&Zone::Test));
        let mut calls: HashMap<SmolStr, Vec<Site>> = HashMap::default();
        let mut handed: HashMap<SmolStr, Vec<(Site, usize)>> = HashMap::default();
        for (i, unit) in deployed() {
            for &CallId { expr, .. } in &unit.index.calls {
                let site = Site { unit: UnitId(i as u32), expr };
                if let Some(name) = unit.module.callee_name(expr) {
                    calls.entry(name.clone()).or_default().push(site);
                }
                let Some(call) = unit.module.call(expr) else { continue };
                for (position, arg) in call.args.iter().enumerate() {
                    let given = bound_method(&unit.module, arg.value).unwrap_or(arg.value);
                    if let ExprKind::Name(name) | ExprKind::Attr { name, .. } = &unit.module.expr(given).kind {
                        handed.entry(name.clone()).or_default().push((site, position));
                    }
                }
            }
        }
        let mut kept: HashMap<SmolStr, Vec<Site>> = HashMap::default();
        let mut set_fields: HashMap<SmolStr, Vec<(Site, ExprId)>> = HashMap::default();
        for (i, unit) in units.iter().enumerate() {
            for (name, object, value) in &unit.index.attribute_assignments {
                if unit.module.language == Language::Go && zones.get(i) != Some(&Zone::Test) {
                    let object = Site { unit: UnitId(i as u32), expr: *object };
                    set_fields.entry(name.clone()).or_default().push((object, *value));
                }
                if is_application_state(&unit.module, *object) {
                    kept.entry(name.clone()).or_default().push(Site { unit: UnitId(i as u32), expr: *value });
                }
            }
            for (name, value) in hung_on::kept(&unit.module, &unit.index) {
                kept.entry(name).or_default().push(Site { unit: UnitId(i as u32), expr: value });
            }
        }
        let wholes = defaults::names(&units, &imports);
        let types = types::Types::build(&units);
        let go_modules = golang::Modules::of(&units, &imports, packages);
        Program { units, by_path, zones, imports, types, calls, handed, wholes, kept, set_fields, go_modules }
    }

    /// What is kept on the application of a module under a name: the assignments in the files nearest to
    /// it.
    pub fn kept(&self, unit: UnitId, name: &str) -> Vec<Site> {
        let Some(sites) = self.kept.get(name) else { return Vec::new() };
        let path = &self.unit(unit).path;
        let near = |site: &Site| resolve::common(&self.unit(site.unit).path, path);
        let nearest = sites.iter().map(near).max().unwrap_or(0);
        sites.iter().copied().filter(|site| near(site) == nearest).collect()
    }

    /// The unit behind an id.
    pub fn unit(&self, id: UnitId) -> &Unit {
        &self.units[id.0 as usize]
    }

    /// True for a module that is deployed, as far as its path tells, and that holds no tests.
    pub fn is_production(&self, id: UnitId) -> bool {
        self.zones.get(id.0 as usize) == Some(&Zone::Production)
    }

    /// The unit of a printed path.
    pub fn find(&self, path: &str) -> Option<UnitId> {
        self.by_path.get(path).copied()
    }

    /// All ids.
    pub fn ids(&self) -> impl Iterator<Item = UnitId> + use<> {
        (0..self.units.len() as u32).map(UnitId)
    }

    /// Every call whose callee ends in `name`, in path order.
    pub fn calls_named(&self, name: &str) -> &[Site] {
        self.calls.get(name).map_or(&[], Vec::as_slice)
    }

    /// Every call by the name of a function, and by those under which others import it when its module is nothing
    /// else.
    fn calls_of(&self, unit: UnitId, func: FuncId, name: &str) -> Vec<Site> {
        let mut sites = if name.is_empty() { Vec::new() } else { self.calls_named(name).to_vec() };
        if let Some(names) = self.wholes.get(&unit).filter(|_| defaults::is_whole(self.unit(unit), func)) {
            sites.extend(names.iter().filter(|n| *n != name).flat_map(|n| self.calls_named(n)));
            sites.sort();
            sites.dedup();
        }
        sites
    }

    /// The names that calls end in, in no order.
    pub fn called_names(&self) -> impl Iterator<Item = &str> {
        self.calls.keys().map(|name| name.as_str())
    }

    /// Every call that gets something named `name` as an argument, with the position.
    pub fn handed(&self, name: &str) -> &[(Site, usize)] {
        self.handed.get(name).map_or(&[], Vec::as_slice)
    }

    /// The place of an expression.
    pub fn place(&self, site: Site) -> Place {
        let unit = self.unit(site.unit);
        Place::new(unit.file, unit.module.expr(site.expr).span)
    }

    /// The place of a function's name.
    pub fn function_place(&self, unit: UnitId, func: FuncId) -> Place {
        let unit = self.unit(unit);
        Place::new(unit.file, unit.module.func(func).name_span)
    }

    /// The language of a unit.
    pub fn language(&self, unit: UnitId) -> Language {
        self.unit(unit).module.language
    }

    /// The expression of a site.
    pub fn expr(&self, unit: UnitId, expr: ExprId) -> &crate::facts::module::Expr {
        self.unit(unit).module.expr(expr)
    }
}

/// `app.state` of Starlette and FastAPI, `app.locals` of Express.
pub(crate) fn is_application_state(module: &Module, object: ExprId) -> bool {
    matches!(&module.expr(object).kind, ExprKind::Attr { name, .. } if matches!(name.as_str(), "state" | "locals"))
}

/// The method in `this.fetch.bind(this)`.
fn bound_method(module: &Module, given: ExprId) -> Option<ExprId> {
    match &module.expr(module.call(given)?.callee).kind {
        ExprKind::Attr { object, name, .. } if name == "bind" => Some(*object),
        _ => None,
    }
}

/// True for `orders.js` beside `orders.ts`: the TypeScript compiler writes its output there when nothing else is said
/// (<https://www.typescriptlang.org/tsconfig/#outDir>).
fn is_compiled(path: &str, by_path: &HashMap<String, UnitId>) -> bool {
    let source = path.strip_suffix(".js").or_else(|| path.strip_suffix(".jsx"));
    source.is_some_and(|stem| ["ts", "tsx"].iter().any(|end| by_path.contains_key(&format!("{stem}.{end}"))))
}

/// A module of tests, whatever its file is called: `describe("…", () => …)` at the top, a fixture of pytest.
fn holds_tests(module: &Module) -> bool {
    match module.language {
        Language::JavaScript | Language::TypeScript => module.body.iter().any(|stmt| {
            let StmtKind::Expr(expr) = &module.stmt(*stmt).kind else { return false };
            let Some(call) = module.call(*expr) else { return false };
            let is_test = matches!(&module.expr(call.callee).kind, ExprKind::Name(name)
                if matches!(name.as_str(), "describe" | "it" | "test"));
            let titled = call
                .args
                .first()
                .is_some_and(|a| matches!(module.expr(a.value).kind, ExprKind::Str(_) | ExprKind::Template(_)));
            is_test && titled && call.args.iter().any(|a| matches!(module.expr(a.value).kind, ExprKind::Lambda(_)))
        }),
        Language::Python => {
            let imports = module.imports.iter().any(|i| matches!(i.module.as_str(), "pytest" | "unittest"));
            imports && module.funcs.iter().any(|f| f.name.starts_with("test_"))
        }
        _ => false,
    }
}
