//! Clients that are built again for each request: their pool of connections is used once.

use super::HttpClient;
use crate::facts::module::{ExprKind, FuncId, FunctionKind, Language, Module, StmtKind};
use crate::program::index::Scope;
use crate::program::{Evaluator, Parent, Site, Unit};
use crate::syntax::Place;

/// The function that builds a client and forgets it.
#[derive(Clone, Debug, PartialEq)]
pub struct PerCall {
    /// Its name.
    pub function: String,
    /// The place of the name.
    pub place: Place,
}

/// Functions that run once, by name: what they build lives as long as it is needed.
const ONCE: [&str; 16] = [
    "main",
    "lifespan",
    "startup",
    "shutdown",
    "bootstrap",
    "setup",
    "configure",
    "seed",
    "migrate",
    "wait",
    "health",
    "ping",
    "probe",
    "ready",
    "install",
    "verify",
];

/// Says which clients are built for each call.
pub(super) fn apply(ev: &Evaluator<'_>, clients: &mut [HttpClient]) {
    for client in clients.iter_mut().filter(|c| c.pooled && !c.requests.is_empty()) {
        client.per_call = per_call(ev, client);
    }
}

fn per_call(ev: &Evaluator<'_>, client: &HttpClient) -> Option<PerCall> {
    let site = client.site;
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    // What a factory of .NET hands out shares the connections of the factory.
    if module.language == Language::CSharp && !module.call(site.expr)?.is_new {
        return None;
    }
    let func = named(unit, unit.index.func_of(site.expr)?);
    let function = module.func(func);
    let name = function.name.to_lowercase();
    if function.name.is_empty()
        || matches!(function.kind, FunctionKind::Constructor | FunctionKind::Getter)
        || ONCE.iter().any(|once| name.contains(once))
        || !function.decorators.is_empty() && function.decorators.iter().any(|d| keeps(module, *d))
    {
        return None;
    }
    // Every request stands in the same function, and none of them in a loop that shares the client.
    let once = client.requests.iter().all(|request| {
        request.site.unit == site.unit
            && module.func(func).span.contains(module.expr(request.site.expr).span)
            && !in_loop(unit, request.site, site, func)
    });
    if !once || !is_local(unit, site, func) || client.requests.len() > 2 {
        return None;
    }
    // A script runs once.
    let top = |place: &Place| client.requests.iter().any(|r| r.roots.contains(place)) && !is_function_name(ev, *place);
    let roots: Vec<Place> = client.requests.iter().flat_map(|r| r.roots.iter().copied()).collect();
    if roots.is_empty() || roots.iter().any(top) || roots.iter().any(|r| runs_once(ev, *r)) {
        return None;
    }
    Some(PerCall { function: function.name.to_string(), place: ev.program.function_place(site.unit, func) })
}

/// The function around a lambda that has no name.
fn named(unit: &Unit, mut func: FuncId) -> FuncId {
    while unit.module.func(func).name.is_empty() {
        match unit.module.func(func).parent {
            Some(parent) => func = parent,
            None => break,
        }
    }
    func
}

/// `@lru_cache`, `@pytest.fixture`, `@asynccontextmanager`
fn keeps(module: &Module, decorator: crate::facts::module::ExprId) -> bool {
    super::retry::names_in(module, decorator).iter().any(|n| {
        let n = n.to_lowercase();
        [
            "cache",
            "fixture",
            "contextmanager",
            "on_event",
            "bean",
            "singleton",
            "provides",
            "postconstruct",
            "eventlistener",
        ]
        .iter()
        .any(|w| n.contains(w))
    })
}

/// A loop stands between a request and the construction of its client.
fn in_loop(unit: &Unit, site: Site, made: Site, func: FuncId) -> bool {
    let made = unit.module.expr(made.expr).span;
    for parent in unit.index.ancestors(site.expr) {
        match parent {
            Parent::Stmt(s) if unit.module.stmt(s).span.contains(made) => return false,
            Parent::Stmt(s) if matches!(unit.module.stmt(s).kind, StmtKind::Loop { .. }) => return true,
            Parent::Func(f) if f == func || unit.module.func(f).span.contains(made) => return false,
            // `[client.get(u) for u in urls]`, `urls.map((u) => …)`
            Parent::Func(_) => return true,
            _ => {}
        }
    }
    false
}

/// The client stays in the function: a local variable, a `with`, or the object that the request is called on.
fn is_local(unit: &Unit, site: Site, func: FuncId) -> bool {
    let module = &unit.module;
    for parent in unit.index.ancestors(site.expr) {
        match parent {
            // `requests.Session().get(url)`, `new HttpClient().GetAsync(url)`
            Parent::Expr(e) => match &module.expr(e).kind {
                ExprKind::Attr { .. } => return true,
                ExprKind::Await(_) | ExprKind::Cast { .. } => {}
                _ => return false,
            },
            Parent::Stmt(s) => {
                let target = match &module.stmt(s).kind {
                    StmtKind::Assign { target, .. } => Some(*target),
                    StmtKind::With { items, .. } => items
                        .iter()
                        .find(|(item, _)| module.expr(*item).span.contains(module.expr(site.expr).span))
                        .and_then(|(_, target)| *target),
                    _ => None,
                };
                let Some(ExprKind::Name(name)) = target.map(|t| &module.expr(t).kind) else { return false };
                let local = unit
                    .index
                    .lookup(module, unit.index.func_of(site.expr), name)
                    .is_some_and(|(scope, bindings)| scope != Scope::Top && bindings.len() == 1);
                return local && !leaves(unit, func, name);
            }
            _ => return false,
        }
    }
    false
}

/// The variable is returned, handed to another function, or put somewhere.
fn leaves(unit: &Unit, func: FuncId, name: &str) -> bool {
    let module = &unit.module;
    let span = module.func(func).span;
    module.exprs.iter().enumerate().filter(|(_, e)| span.contains(e.span)).any(|(i, e)| {
        if !matches!(&e.kind, ExprKind::Name(n) if n == name) {
            return false;
        }
        match unit.index.expr_parent.get(i) {
            Some(Parent::Expr(outer)) => !matches!(&module.expr(*outer).kind, ExprKind::Attr { .. }),
            Some(Parent::Stmt(s)) => match &module.stmt(*s).kind {
                StmtKind::Assign { target, value, .. } => {
                    value.is_some_and(|v| v.0 as usize == i) && target.0 as usize != i
                }
                StmtKind::With { .. } | StmtKind::Expr(_) => false,
                _ => true,
            },
            _ => false,
        }
    })
}

/// True for the place of a function's name; the other roots are calls at the top of a module.
fn is_function_name(ev: &Evaluator<'_>, place: Place) -> bool {
    ev.program.ids().any(|id| {
        let unit = ev.program.unit(id);
        unit.file == place.file && unit.module.funcs.iter().any(|f| f.name_span == place.span)
    })
}

fn runs_once(ev: &Evaluator<'_>, place: Place) -> bool {
    ev.program.ids().any(|id| {
        let unit = ev.program.unit(id);
        unit.file == place.file
            && unit.module.funcs.iter().any(|f| {
                let name = f.name.to_lowercase();
                f.name_span == place.span && ONCE.iter().any(|once| name.contains(once))
            })
    })
}
