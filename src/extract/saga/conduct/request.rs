//! Sagas that a request waits for.

use crate::extract::saga::{Context, scan};
use crate::facts::module::{ExprId, ExprKind, FuncId, Language, Module};
use crate::program::{Evaluator, Parent, Unit, UnitId};
use crate::syntax::Place;

/// How many callers up a request handler is looked for.
const MAX_HOPS: u32 = 5;

impl Context<'_, '_> {
    /// Request handlers that wait until the functions are through, with their names.
    pub(in crate::extract::saga) fn awaited(&self, entries: &[(UnitId, FuncId)]) -> Vec<(Place, String)> {
        let mut out: Vec<(Place, String)> = Vec::new();
        let mut seen: Vec<(UnitId, FuncId)> = entries.to_vec();
        let mut todo: Vec<(UnitId, FuncId, u32)> = entries.iter().map(|(u, f)| (*u, *f, 0)).collect();
        while let Some((unit, func, hops)) = todo.pop() {
            if runs_apart(&self.ev.program.unit(unit).module, func) {
                continue;
            }
            if hops == 0 && is_route(self.ev, unit, func) {
                let name = self.ev.program.unit(unit).module.func(func).name.to_string();
                out.push((self.ev.program.function_place(unit, func), name));
                continue;
            }
            let is_async = self.ev.program.unit(unit).module.func(func).is_async;
            let name = self.ev.program.unit(unit).module.func(func).name.clone();
            for caller in self.ev.callers(unit, func) {
                let linked = self.ev.program.unit(caller.unit);
                let module = &linked.module;
                if !self.ev.program.is_production(caller.unit) || module.callee_name(caller.expr) != Some(&name) {
                    continue;
                }
                let waits = match linked.index.ancestors(caller.expr).next() {
                    Some(Parent::Expr(e)) => matches!(module.expr(e).kind, ExprKind::Await(_)) || !is_async,
                    Some(Parent::Stmt(s)) => {
                        !is_async || matches!(module.stmt(s).kind, crate::facts::module::StmtKind::Return(_))
                    }
                    _ => false,
                };
                let Some(inner) = linked.index.func_of(caller.expr) else { continue };
                if !waits || hands_off(linked, caller.expr) {
                    continue;
                }
                // The handler may be a lambda in a function that registers routes.
                let mut at = Some(inner);
                let handler = std::iter::from_fn(|| {
                    let f = at?;
                    at = module.func(f).parent;
                    Some(f)
                })
                .find(|f| is_route(self.ev, caller.unit, *f));
                if let Some(handler) = handler {
                    let place = self.ev.program.place(caller);
                    if !out.iter().any(|(p, _)| *p == place) {
                        out.push((place, module.func(handler).name.to_string()));
                    }
                    continue;
                }
                let outer = (caller.unit, scan::outermost(module, inner));
                if hops + 1 < MAX_HOPS && !seen.contains(&outer) {
                    seen.push(outer);
                    todo.push((outer.0, outer.1, hops + 1));
                }
            }
        }
        out.sort_by_key(|(p, _)| *p);
        out
    }
}

/// True for a function that answers HTTP requests: by its decorator, or because it is handed to a router.
pub(in crate::extract::saga) fn is_route(ev: &Evaluator<'_>, unit: UnitId, func: FuncId) -> bool {
    let module = &ev.program.unit(unit).module;
    let decorated = module.func(func).decorators.iter().any(|d| {
        let chain = scan::chain(module, *d);
        match chain.as_slice() {
            [name] => names_method(name) || name == "api_view",
            [.., name] => matches!(name.as_str(), "get" | "post" | "put" | "patch" | "delete" | "route" | "api_route"),
            [] => false,
        }
    });
    decorated
        || module.language == Language::Go && takes_request(module, func)
        || ev.handed_to(unit, func).iter().any(|(site, position)| {
            let module = &ev.program.unit(site.unit).module;
            *position > 0 && module.call(site.expr).is_some_and(|call| registers(module, call))
        })
}

/// The annotation of a method that answers requests: of NestJS and Micronaut, Spring, JAX-RS, ASP.NET.
fn names_method(name: &str) -> bool {
    matches!(
        name,
        "Get"
            | "Post"
            | "Put"
            | "Patch"
            | "Delete"
            | "All"
            | "GET"
            | "POST"
            | "PUT"
            | "PATCH"
            | "DELETE"
            | "GetMapping"
            | "PostMapping"
            | "PutMapping"
            | "PatchMapping"
            | "DeleteMapping"
            | "RequestMapping"
            | "HttpGet"
            | "HttpPost"
            | "HttpPut"
            | "HttpPatch"
            | "HttpDelete"
    )
}

/// Go: a function that is given the request: `func (h *Handler) create(w http.ResponseWriter, r *http.Request)`,
/// `func create(c *gin.Context)`.
fn takes_request(module: &Module, func: FuncId) -> bool {
    module.func(func).params.iter().filter_map(|p| p.ty).any(|ty| {
        let names = scan::names_in(module, ty);
        names.iter().any(|n| n == "ResponseWriter")
            || names.iter().any(|n| matches!(n.as_str(), "gin" | "echo" | "fiber"))
                && names.iter().any(|n| matches!(n.as_str(), "Context" | "Ctx"))
    })
}

/// Spring runs a method with `@Async` in a thread of its own.
fn runs_apart(module: &Module, func: FuncId) -> bool {
    let mut decorators = module.func(func).decorators.iter();
    decorators.any(|d| matches!(scan::chain(module, *d).as_slice(), [name] if name == "Async"))
}

/// The call is handed to something that runs it later or elsewhere: `executor.submit(() -> saga.run(order))`,
/// `go saga.Run(ctx)`.
fn hands_off(linked: &Unit, expr: ExprId) -> bool {
    let module = &linked.module;
    if !(module.language.has_packages() || matches!(module.language, Language::Go | Language::CSharp)) {
        return false;
    }
    let mut calls = linked.index.ancestors(expr).filter_map(|p| match p {
        Parent::Expr(e) => module.callee_name(e),
        _ => None,
    });
    calls.any(|name| {
        matches!(
            name.as_str(),
            "submit"
                | "execute"
                | "runAsync"
                | "supplyAsync"
                | "startVirtualThread"
                | "Thread"
                | "launch"
                | "async"
                | "Run"
                | "StartNew"
                | "go"
                | "Go"
                | "Enqueue"
                | "enqueue"
                | "schedule"
        )
    })
}

/// `router.post("/orders", …, handler)`
fn registers(module: &Module, call: &crate::facts::module::Call) -> bool {
    let chain = scan::chain(module, call.callee);
    chain.len() > 1
        && chain.last().is_some_and(|n| matches!(n.as_str(), "get" | "post" | "put" | "patch" | "delete" | "all"))
        && call.args.first().is_some_and(|a| match &module.expr(a.value).kind {
            ExprKind::Str(path) => path.starts_with('/'),
            _ => false,
        })
}
