//! Routes that oapi-codegen generates: the file that it writes holds the paths, and the program calls a
//! function of it with its own router.
//! Source: <https://github.com/oapi-codegen/oapi-codegen#generating-server-side-boilerplate>

use super::path::{self, PathText};
use super::{InScope, Route, Served, chained};
use crate::catalog::server::Parameters;
use crate::facts::module::{BinaryOp, ExprId, ExprKind, Language, Module};
use crate::program::index::Parent;
use crate::program::{Evaluator, Site, UnitId, Value};

/// A function that puts the routes on a router, with the positions of its arguments.
struct Entry {
    name: &'static str,
    /// The router.
    router: Option<usize>,
    /// The address before all paths.
    base: Option<usize>,
    /// Options that hold both.
    options: Option<usize>,
}

const fn entry(name: &'static str, router: Option<usize>, base: Option<usize>, options: Option<usize>) -> Entry {
    Entry { name, router, base, options }
}

const ENTRIES: [Entry; 7] = [
    entry("RegisterHandlers", Some(0), None, None),
    entry("RegisterHandlersWithBaseURL", Some(0), Some(2), None),
    entry("RegisterHandlersWithOptions", Some(0), None, Some(2)),
    entry("Handler", None, None, None),
    entry("HandlerFromMux", Some(1), None, None),
    entry("HandlerFromMuxWithBaseURL", Some(1), Some(2), None),
    entry("HandlerWithOptions", None, None, Some(1)),
];

/// How far a callback is handed on.
const MAX_CALLBACKS: u32 = 4;

/// Methods of routers that are called like methods of HTTP.
const VERBS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// A route of a generated file.
struct Operation {
    method: String,
    path: String,
}

/// Adds the routes where they are put on a router.
pub(super) fn oapi(ev: &Evaluator<'_>, in_scope: &InScope<'_>, served: &mut Served) {
    for generated in ev.program.ids().filter(|unit| ev.program.language(*unit) == Language::Go) {
        let module = &ev.program.unit(generated).module;
        if !module.classes.iter().any(|class| class.name == "ServerInterfaceWrapper") {
            continue;
        }
        let operations = operations(ev, generated);
        for Entry { name, router, base, options } in ENTRIES {
            for &site in ev.program.calls_named(name) {
                if !in_scope(site.unit) || site.unit == generated || !leads_to(ev, site, generated) {
                    continue;
                }
                let prefix = prefix(ev, site, (router, base, options));
                served.routes.extend(operations.iter().map(|operation| {
                    let tail = PathText::known(&operation.path);
                    let whole = prefix.join(&tail);
                    let colon = operation.path.contains("/:");
                    let parameters = if colon { Parameters::Colon } else { Parameters::Brace };
                    Route {
                        place: ev.program.place(site),
                        unit: site.unit,
                        method: operation.method.clone(),
                        path: path::normalise(&whole.text, parameters),
                        framework: "oapi-codegen".into(),
                        handler: None,
                        app: None,
                        partial: whole.partial,
                        unrooted: whole.partial,
                    }
                }));
            }
        }
    }
}

/// True for a call of a function of that file.
fn leads_to(ev: &Evaluator<'_>, site: Site, generated: UnitId) -> bool {
    let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { return false };
    matches!(ev.at(site.unit, call.callee), Value::Function { unit, .. } if unit == generated)
}

/// What a generated file registers, each once.
fn operations(ev: &Evaluator<'_>, generated: UnitId) -> Vec<Operation> {
    let unit = ev.program.unit(generated);
    let mut found: Vec<Operation> = Vec::new();
    for call in &unit.index.calls {
        let Some(name) = unit.module.callee_name(call.expr) else { continue };
        let Some(first) = unit.module.call(call.expr).and_then(|c| c.args.first()) else { continue };
        let Some((before, path)) = behind_base(&unit.module, first.value) else { continue };
        // `m.HandleFunc("GET "+base+"/pets", …)`, `r.HandleFunc(base+"/pets", …).Methods("GET")`
        let named = before.trim().to_owned();
        let chained = || {
            let methods = chained(ev, Site { unit: generated, expr: call.expr }, "Methods");
            methods.first().and_then(|method| ev.eval(*method).as_str())
        };
        let verb = name.to_ascii_uppercase();
        let method = match VERBS.contains(&verb.as_str()) {
            true => Some(verb),
            false if !named.is_empty() => Some(named),
            false => chained(),
        };
        let Some(method) = method else { continue };
        if !found.iter().any(|o| o.method == method && o.path == path) {
            found.push(Operation { method, path });
        }
    }
    found
}

/// `options.BaseURL+"/pets"`, `baseURL+"/pets"`: what stands before the address, and the path behind it.
fn behind_base(module: &Module, expr: ExprId) -> Option<(String, String)> {
    let ExprKind::Binary { op: BinaryOp::Add, left, right } = &module.expr(expr).kind else { return None };
    let ExprKind::Str(path) = &module.expr(*right).kind else { return None };
    let is_base = |expr: ExprId| match &module.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => name.eq_ignore_ascii_case("baseurl"),
        _ => false,
    };
    match &module.expr(*left).kind {
        ExprKind::Binary { op: BinaryOp::Add, left, right } if is_base(*right) => match &module.expr(*left).kind {
            ExprKind::Str(before) => Some((before.to_string(), path.to_string())),
            _ => None,
        },
        _ => is_base(*left).then(|| (String::new(), path.to_string())),
    }
}

/// What stands before the paths: of the router, of the call around, and the address itself.
fn prefix(
    ev: &Evaluator<'_>,
    site: Site,
    (router, base, options): (Option<usize>, Option<usize>, Option<usize>),
) -> PathText {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return PathText::unknown() };
    let argument = |n: usize| call.args.get(n).map(|arg| arg.value);
    let option = |name: &str| {
        let literal = module.call(argument(options?)?).filter(|literal| literal.is_new)?;
        literal.args.iter().find(|arg| arg.name.as_deref() == Some(name)).map(|arg| arg.value)
    };
    let router = router.and_then(argument).or_else(|| option("BaseRouter"));
    let base = base.and_then(argument).or_else(|| option("BaseURL"));
    let mut prefix = of_callback(ev, site, 0).join(&around(ev, site));
    if let Some(router) = router {
        prefix = prefix.join(&of_router(ev, Site { unit: site.unit, expr: router }));
    }
    match base {
        Some(base) => {
            let text = path::of_value(&ev.at(site.unit, base)).into_iter().next();
            prefix.join(&text.unwrap_or_else(PathText::unknown))
        }
        None => prefix,
    }
}

/// `e.Group("/api/v1")`, `r.PathPrefix("/api").Subrouter()`: the paths by which a router was derived.
fn of_router(ev: &Evaluator<'_>, router: Site) -> PathText {
    let mut parts = Vec::new();
    let value = ev.eval(router);
    let mut link = match &value {
        Value::Instance(instance) => Some(instance),
        _ => None,
    };
    while let Some(instance) = link {
        if let Some(made) = instance.call {
            parts.extend(said(ev, made, &["Group", "PathPrefix", "Route"]));
        }
        link = instance.from.as_deref();
    }
    parts.iter().rev().fold(PathText::known(""), |path, part| path.join(part))
}

/// What a function of the program puts before the routes of a callback that it is given:
/// `func Serve(handler func(chi.Router) http.Handler) { root.Mount("/api", handler(chi.NewRouter())) }`.
fn of_callback(ev: &Evaluator<'_>, site: Site, depth: u32) -> PathText {
    let unit = ev.program.unit(site.unit);
    let lambda = unit.index.func_of(site.expr).filter(|func| unit.index.lambda_expr.contains_key(func));
    let Some((handed, position)) = lambda.and_then(|func| ev.handed_to(site.unit, func).into_iter().next()) else {
        return PathText::known("");
    };
    of_parameter(ev, handed, position, depth).unwrap_or_else(|| PathText::known(""))
}

/// What stands around the calls of a parameter of the function that a call means; none for a function of a library.
fn of_parameter(ev: &Evaluator<'_>, handed: Site, position: usize, depth: u32) -> Option<PathText> {
    if depth > MAX_CALLBACKS {
        return Some(PathText::unknown());
    }
    let callee = ev.program.unit(handed.unit).module.call(handed.expr)?.callee;
    let Value::Function { unit: of, func, .. } = ev.at(handed.unit, callee) else { return None };
    let unit = ev.program.unit(of);
    let param = &unit.module.func(func).params.get(position)?.name;
    let is_param = |expr: ExprId| matches!(&unit.module.expr(expr).kind, ExprKind::Name(name) if name == param);
    let inside = |expr: ExprId| unit.module.func(func).span.contains(unit.module.expr(expr).span);
    for id in unit.index.calls.iter().filter(|id| inside(id.expr)) {
        let Some(call) = unit.module.call(id.expr) else { continue };
        let site = Site { unit: of, expr: id.expr };
        if is_param(call.callee) {
            let before = of_callback(ev, site, depth + 1).join(&around(ev, site));
            let routers = call.args.iter().map(|arg| of_router(ev, Site { unit: of, expr: arg.value }));
            return Some(routers.fold(before, |path, router| path.join(&router)));
        }
        if let Some(position) = call.args.iter().position(|arg| is_param(arg.value)) {
            return of_parameter(ev, site, position, depth + 1);
        }
    }
    Some(PathText::unknown())
}

/// The calls around that put a path before what they are given: `r.Route("/api", func(r chi.Router) { … })`.
fn around(ev: &Evaluator<'_>, site: Site) -> PathText {
    let unit = ev.program.unit(site.unit);
    let mut parts = Vec::new();
    for parent in unit.index.ancestors(site.expr) {
        match parent {
            Parent::Expr(expr) => {
                parts.extend(said(ev, Site { unit: site.unit, expr }, &["Route", "Mount", "StripPrefix"]));
            }
            Parent::Func(func) if !unit.index.lambda_expr.contains_key(&func) => break,
            _ => {}
        }
    }
    parts.iter().rev().fold(PathText::known(""), |path, part| path.join(part))
}

/// The path that a call with one of these names is given first.
fn said(ev: &Evaluator<'_>, site: Site, names: &[&str]) -> Option<PathText> {
    let module = &ev.program.unit(site.unit).module;
    let name = module.callee_name(site.expr)?;
    let first = module.call(site.expr)?.args.first()?;
    let text = || path::of_value(&ev.at(site.unit, first.value)).into_iter().next();
    names.iter().any(|n| name == n).then(text).flatten()
}
