//! Goes through the calls of the program and follows objects through parameters.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use smol_str::SmolStr;

use super::graph::{Edge, Key};
use super::objects::Builder;
use super::path::PathText;
use super::{GapKind, InScope, Served};
use crate::catalog::schema::Ecosystem;
use crate::facts::module::{ExprKind, FuncId, Language, StmtKind};
use crate::program::index::{Binding, Parent};
use crate::program::processes::Processes;
use crate::program::{Evaluator, Site, UnitId, Value};

/// How often parameters are followed to their callers.
const ROUNDS: usize = 6;

/// The names by which a call can matter, so that most are never evaluated.
#[derive(Default)]
struct Names {
    methods: HashSet<(Ecosystem, SmolStr)>,
    makers: HashSet<(Ecosystem, SmolStr)>,
    packages: HashSet<(Ecosystem, SmolStr)>,
}

impl Names {
    fn of(ev: &Evaluator<'_>) -> Names {
        let mut names = Names::default();
        for library in ev.catalog.libraries() {
            let Some(server) = &library.server else { continue };
            let ecosystem = library.ecosystem;
            names.packages.extend(library.packages.iter().map(|p| (ecosystem, SmolStr::new(p))));
            let routes = server.routes.iter().flat_map(|f| &f.calls);
            let mounts = server.mounts.iter().flat_map(|f| &f.calls);
            let derives = server.derives.iter().flat_map(|f| &f.calls);
            for name in routes.chain(mounts).chain(derives).chain(&server.prefixes) {
                names.methods.insert((ecosystem, name.as_str().into()));
            }
            let objects = server.apps.iter().chain(&server.routers).map(|o| &o.ty);
            for name in objects.chain(library.returns.keys()).chain(library.aliases.keys()) {
                names.makers.insert((ecosystem, name.rsplit('.').next().unwrap_or(name).into()));
            }
        }
        names
    }
}

/// Routes of the frameworks that are data in the catalog.
pub(super) fn scan(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Served {
    let names = Names::of(ev);
    let mut builder = Builder::new(ev);
    for unit_id in ev.program.ids().filter(|u| in_scope(*u)) {
        let unit = ev.program.unit(unit_id);
        let ecosystem = Ecosystem::of(unit.module.language);
        for call in &unit.index.calls {
            let site = Site { unit: unit_id, expr: call.expr };
            let Some(callee) = unit.module.call(call.expr).map(|c| c.callee) else { continue };
            match &unit.module.expr(callee).kind {
                ExprKind::Attr { object, name, .. } => {
                    let key = (ecosystem, name.clone());
                    if names.makers.contains(&key) {
                        let value = ev.eval(site);
                        builder.keys_of_value(unit_id, &value);
                    }
                    if names.methods.contains(&key) {
                        for key in builder.keys_of(unit_id, *object) {
                            builder.visit(key, site);
                        }
                    }
                }
                ExprKind::Name(name)
                    if names.makers.contains(&(ecosystem, name.clone())) || imported(ev, unit_id, name, &names) =>
                {
                    let value = ev.eval(site);
                    builder.keys_of_value(unit_id, &value);
                }
                _ => {}
            }
        }
    }
    builder.follow();
    builder.passed_on();
    let processes = Processes::new(ev.program);
    let is_csharp = |unit: UnitId| ev.program.language(unit) == Language::CSharp;
    builder.graph.compose(&|app, unit| !is_csharp(unit) || processes.together(app, unit))
}

/// `health.AddTo(router)`, `api.AddHealthEndpoint(router, "health")` of a dependency.
fn promises_health(callee: &Value) -> bool {
    match callee {
        Value::External(symbol) | Value::Method { symbol, .. } => {
            let mut names = symbol.rsplit(['.', '/']);
            names.next().is_some_and(says_health) || names.next().is_some_and(says_health)
        }
        _ => false,
    }
}

fn says_health(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("health") || name.contains("liveness") || name.contains("readiness")
}

/// True for a name that is imported from a package that has servers: `import api from "express"`.
fn imported(ev: &Evaluator<'_>, unit: UnitId, name: &str, names: &Names) -> bool {
    let unit = ev.program.unit(unit);
    let ecosystem = Ecosystem::of(unit.module.language);
    unit.index.top(name).iter().any(|binding| match binding {
        Binding::Import(i) => names.packages.contains(&(ecosystem, unit.module.imports[*i].module.clone())),
        _ => false,
    })
}

impl Builder<'_, '_> {
    /// An application that is passed to a function we cannot find, or to one of a dependency that says that it
    /// adds a health check: routes may be registered there.
    fn passed_on(&mut self) {
        let ev = self.ev;
        let sites: Vec<Site> = self
            .graph
            .nodes
            .keys()
            .filter_map(|key| match key {
                Key::Site(site) => Some(*site),
                _ => None,
            })
            .collect();
        for site in sites {
            let unit = ev.program.unit(site.unit);
            // `const app = express()`
            let target = unit.index.ancestors(site.expr).next().and_then(|parent| match parent {
                Parent::Stmt(stmt) => match &unit.module.stmt(stmt).kind {
                    StmtKind::Assign { target, .. } => Some(*target),
                    _ => None,
                },
                _ => None,
            });
            let Some(ExprKind::Name(variable)) = target.map(|t| &unit.module.expr(t).kind) else { continue };
            let name = variable.clone();
            for id in &unit.index.calls {
                let Some(call) = unit.module.call(id.expr) else { continue };
                let passed = call
                    .args
                    .iter()
                    .find(|a| matches!(&unit.module.expr(a.value).kind, ExprKind::Name(n) if *n == name));
                let Some(passed) = passed else { continue };
                let open = match ev.at(site.unit, call.callee) {
                    Value::Unknown => true,
                    value => promises_health(&value),
                };
                if open && self.keys_of(site.unit, passed.value).contains(&Key::Site(site)) {
                    let at = Site { unit: site.unit, expr: id.expr };
                    self.gap(Key::Site(site), at, PathText::default(), GapKind::Unresolved);
                }
            }
        }
    }

    /// A call on an object, now or when its framework is known.
    fn visit(&mut self, key: Key, site: Site) {
        match self.servers.get(&key).copied() {
            Some(server) => self.call_on(key, server, site),
            None => {
                let calls = self.pending.entry(key).or_default();
                if !calls.contains(&site) {
                    calls.push(site);
                }
            }
        }
    }

    /// Follows parameters to what the callers pass, and reads the calls on those that turn out to be
    /// application or router objects.
    fn follow(&mut self) {
        let mut seen: BTreeSet<Key> = BTreeSet::new();
        for _ in 0..ROUNDS {
            let fresh: Vec<Key> = self.params.iter().filter(|k| !seen.contains(k)).copied().collect();
            for key in &fresh {
                // A parameter of which nothing is asked needs no answer.
                if self.pending.contains_key(key) || self.servers.contains_key(key) || self.is_parent(*key) {
                    seen.insert(*key);
                    self.link_callers(*key);
                }
            }
            let changed = self.propagate();
            if fresh.iter().all(|k| !seen.contains(k)) && !changed {
                break;
            }
        }
    }

    fn is_parent(&self, key: Key) -> bool {
        self.graph.edges.values().flatten().any(|e| e.parent == key)
    }

    /// Gives parameters the framework of what they are mounted on.
    fn propagate(&mut self) -> bool {
        let mut changed = false;
        loop {
            let found: BTreeMap<Key, _> = self
                .graph
                .edges
                .iter()
                .filter(|(child, _)| !self.servers.contains_key(child))
                .filter_map(|(child, edges)| {
                    edges.iter().find_map(|e| self.servers.get(&e.parent)).map(|server| (*child, *server))
                })
                .collect();
            if found.is_empty() {
                return changed;
            }
            changed = true;
            for (key, server) in found {
                self.servers.insert(key, server);
                for site in self.pending.remove(&key).unwrap_or_default() {
                    self.call_on(key, server, site);
                }
            }
        }
    }

    fn link_callers(&mut self, key: Key) {
        let Key::Param(unit, func, index) = key else { return };
        let mut callers = self.ev.callers(unit, func);
        if self.ev.program.language(unit) != Language::Python {
            // A function without a name, or a default export, is called by the name of the import.
            let mut units: Vec<UnitId> = self.ev.program.imports.importers(unit).collect();
            units.push(unit);
            units.sort();
            units.dedup();
            for caller in units {
                let calls = self.calls_from(caller);
                callers.extend(calls.get(&(unit, func)).into_iter().flatten());
            }
            callers.sort();
            callers.dedup();
        }
        for caller in callers {
            let Some(argument) = self.ev.argument_site(caller, unit, func, index) else { continue };
            for parent in self.keys_of(argument.unit, argument.expr) {
                self.graph.mount(key, Edge { parent, prefix: None, replaces: false });
            }
        }
    }

    /// The calls of a module by the function they call, where that is one of the repository.
    fn calls_from(&mut self, caller: UnitId) -> &HashMap<(UnitId, FuncId), Vec<Site>> {
        let ev = self.ev;
        self.calls_from.entry(caller).or_insert_with(|| {
            let mut out: HashMap<(UnitId, FuncId), Vec<Site>> = HashMap::new();
            let unit = ev.program.unit(caller);
            for id in &unit.index.calls {
                let Some(call) = unit.module.call(id.expr).filter(|c| !c.args.is_empty()) else { continue };
                for value in ev.at(caller, call.callee).alternatives() {
                    if let Value::Function { unit, func, .. } = value {
                        out.entry((*unit, *func)).or_default().push(Site { unit: caller, expr: id.expr });
                    }
                }
            }
            out
        })
    }
}
