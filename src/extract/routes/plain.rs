//! Servers without a framework: `http.createServer` of Node.js with comparisons of `req.url`,
//! `http.server` of Python with comparisons of `self.path`, and comparisons of `ctx.path` in Koa.

use std::collections::BTreeSet;

use super::path;
use super::{App, Gap, GapKind, InScope, Route, Served};
use crate::catalog::server::Parameters;
use crate::facts::module::{BinaryOp, ClassId, ExprId, ExprKind, FuncId, Language, Module};
use crate::program::index::Parent;
use crate::program::{Evaluator, Site, UnitId, Value};

/// Adds the routes of servers without a framework.
pub(super) fn plain(ev: &Evaluator<'_>, in_scope: &InScope<'_>, served: &mut Served) {
    for unit in ev.program.ids().filter(|u| in_scope(*u)) {
        if ev.program.language(unit) == Language::Python {
            python(ev, unit, served);
        }
    }
    for name in ["createServer", "createSecureServer"] {
        for &site in ev.program.calls_named(name).iter().filter(|s| in_scope(s.unit)) {
            node(ev, site, served);
        }
    }
    for &site in ev.program.calls_named("use").iter().filter(|s| in_scope(s.unit)) {
        koa(ev, site, served);
    }
}

/// `class Handler(BaseHTTPRequestHandler): def do_GET(self): if self.path == "/health"`
fn python(ev: &Evaluator<'_>, unit_id: UnitId, served: &mut Served) {
    let unit = ev.program.unit(unit_id);
    for i in 0..unit.module.classes.len() as u32 {
        let class = unit.module.class(ClassId(i));
        let handles = class.bases.iter().any(|b| match ev.at(unit_id, *b) {
            Value::External(symbol) => symbol.starts_with("http.server."),
            _ => false,
        });
        if !handles {
            continue;
        }
        let Some(&base) = class.bases.first() else { continue };
        let site = Site { unit: unit_id, expr: base };
        let app = App { place: ev.program.place(site), unit: unit_id, site, framework: "http.server".into() };
        for &method in &class.methods {
            let Some(verb) = unit.module.func(method).name.strip_prefix("do_") else { continue };
            compare(ev, unit_id, method, verb, &app, served);
        }
        served.apps.push(app);
    }
}

/// `http.createServer((req, res) => { if (req.url === "/health") … })`
fn node(ev: &Evaluator<'_>, site: Site, served: &mut Served) {
    let Some((symbol, _)) = ev.callee(site) else { return };
    if !["http.", "https.", "http2."].iter().any(|p| symbol.starts_with(p)) {
        return;
    }
    let unit = ev.program.unit(site.unit);
    let Some(call) = unit.module.call(site.expr) else { return };
    for argument in &call.args {
        if let Value::Function { unit, func, .. } = ev.at(site.unit, argument.value) {
            let app = App { place: ev.program.place(site), unit: site.unit, site, framework: "Node.js http".into() };
            if compare(ev, unit, func, "ANY", &app, served) == 0 {
                served.gaps.push(Gap {
                    place: app.place,
                    unit: site.unit,
                    app: Some(app.clone()),
                    prefix: "/".into(),
                    kind: GapKind::Unresolved,
                });
            }
            served.apps.push(app);
        }
    }
}

/// `app.use(async (ctx, next) => { if (ctx.path === "/health") … })`
fn koa(ev: &Evaluator<'_>, site: Site, served: &mut Served) {
    let Some((symbol, receiver)) = ev.callee(site) else { return };
    if symbol != "koa.Application.use" {
        return;
    }
    let made = receiver.and_then(|r| r.call);
    let Some(app) = served.apps.iter().find(|a| Some(a.site) == made).cloned() else { return };
    let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { return };
    for argument in &call.args {
        if let Value::Function { unit, func, .. } = ev.at(site.unit, argument.value) {
            compare(ev, unit, func, "ANY", &app, served);
        }
    }
}

/// Adds a route for each comparison of the request's path with a text in a function; how many there are.
fn compare(ev: &Evaluator<'_>, unit_id: UnitId, func: FuncId, verb: &str, app: &App, served: &mut Served) -> usize {
    let unit = ev.program.unit(unit_id);
    let module = &unit.module;
    let inside = |expr: ExprId| unit.index.ancestors(expr).any(|p| is_body(module, p, func));
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    for i in 0..module.exprs.len() as u32 {
        let expr = ExprId(i);
        let (subject, texts) = match &module.expr(expr).kind {
            ExprKind::Binary { op: BinaryOp::Eq, left, right } if is_path(module, *left) => (*left, vec![*right]),
            ExprKind::Binary { op: BinaryOp::Eq, left, right } if is_path(module, *right) => (*right, vec![*left]),
            ExprKind::Binary { op: BinaryOp::In, left, right } if is_path(module, *left) => {
                match &module.expr(*right).kind {
                    ExprKind::List(items) => (*left, items.clone()),
                    _ => continue,
                }
            }
            // `self.path.startswith("/health")`, `req.url.startsWith("/health")`
            ExprKind::Call(call) => match &module.expr(call.callee).kind {
                ExprKind::Attr { object, name, .. }
                    if matches!(name.as_str(), "startswith" | "startsWith") && is_path(module, *object) =>
                {
                    (*object, call.args.iter().map(|a| a.value).collect())
                }
                _ => continue,
            },
            _ => continue,
        };
        if !inside(expr) {
            continue;
        }
        let _ = subject;
        let method = method_of(ev, unit_id, expr).unwrap_or_else(|| verb.to_uppercase());
        for text in texts {
            let Some(text) = ev.at(unit_id, text).as_str().filter(|t| t.starts_with('/')) else { continue };
            let path = path::normalise(&text, Parameters::Brace);
            if seen.insert((method.clone(), path.clone())) {
                served.routes.push(Route {
                    unrooted: false,
                    place: ev.program.place(Site { unit: unit_id, expr }),
                    unit: unit_id,
                    method: method.clone(),
                    path,
                    framework: app.framework.clone(),
                    handler: None,
                    app: Some(app.clone()),
                    partial: false,
                });
            }
        }
    }
    seen.len()
}

fn is_body(module: &Module, parent: Parent, func: FuncId) -> bool {
    match parent {
        Parent::Func(f) => f == func,
        Parent::Expr(e) => matches!(module.expr(e).kind, ExprKind::Lambda(f) if f == func),
        _ => false,
    }
}

/// `req.url`, `self.path`, `ctx.path`, `pathname`.
fn is_path(module: &Module, expr: ExprId) -> bool {
    match &module.expr(expr).kind {
        ExprKind::Attr { name, .. } => matches!(name.as_str(), "url" | "path" | "pathname" | "originalUrl"),
        ExprKind::Name(name) => matches!(name.as_str(), "url" | "path" | "pathname"),
        _ => false,
    }
}

/// The method that is compared in the same condition: `req.method === "GET" && req.url === "/x"`.
fn method_of(ev: &Evaluator<'_>, unit_id: UnitId, comparison: ExprId) -> Option<String> {
    let unit = ev.program.unit(unit_id);
    let mut top = comparison;
    for parent in unit.index.ancestors(comparison) {
        match parent {
            Parent::Expr(e) if matches!(unit.module.expr(e).kind, ExprKind::Binary { .. }) => top = e,
            _ => break,
        }
    }
    let mut todo = vec![top];
    while let Some(expr) = todo.pop() {
        if let ExprKind::Binary { op, left, right } = &unit.module.expr(expr).kind {
            if *op == BinaryOp::Eq
                && matches!(&unit.module.expr(*left).kind, ExprKind::Attr { name, .. } if name == "method")
            {
                return ev.at(unit_id, *right).as_str().map(|m| m.to_uppercase());
            }
            if *op == BinaryOp::And {
                todo.extend([*left, *right]);
            }
        }
    }
    None
}
