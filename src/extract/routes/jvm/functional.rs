//! Routes that are put together by calls: Spring's router functions (`route().GET("/x", handler)`,
//! `router { "/api".nest { GET("/x") { … } } }`) and Ktor (`routing { route("/api") { get("/x") { … } } }`).
//!
//! Each names the prefix around what is nested, so the way up from a route to the top says its path, also
//! from a function to its callers.

use super::super::path::{self, PathText};
use super::super::{Gap, GapKind, Served};
use super::push;
use crate::facts::module::{Call, ExprId, ExprKind, FuncId, Module};
use crate::program::types::annotation;
use crate::program::{Evaluator, Parent, Site, UnitId, Value};
use crate::syntax::Place;

/// How many functions a path may be put together from.
const MAX_HOPS: u32 = 5;
/// How many places a function with routes may be mounted at.
const MAX_MOUNTS: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Spring,
    Ktor,
}

impl Style {
    fn name(self) -> &'static str {
        match self {
            Style::Spring => "Spring",
            Style::Ktor => "Ktor",
        }
    }

    fn method(self, name: &str) -> Option<&'static str> {
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
        match self {
            Style::Spring => methods.into_iter().find(|m| *m == name),
            Style::Ktor if matches!(name, "webSocket" | "webSocketRaw" | "sse") => Some("GET"),
            Style::Ktor => {
                let plain = name.chars().all(|c| c.is_ascii_lowercase());
                methods.into_iter().find(|m| plain && m.eq_ignore_ascii_case(name))
            }
        }
    }
}

fn styles(module: &Module) -> Vec<Style> {
    let mut out = Vec::new();
    let has = |test: &dyn Fn(&str) -> bool| module.imports.iter().any(|i| test(&i.module));
    if has(&|m| {
        m.starts_with("org.springframework.web") && (m.contains("function.server") || m.contains("servlet.function"))
    }) {
        out.push(Style::Spring);
    }
    if has(&|m| m.starts_with("io.ktor.server") || m.starts_with("io.ktor.routing")) {
        out.push(Style::Ktor);
    }
    out
}

/// Adds the routes that the calls of a module put together.
pub(super) fn find(ev: &Evaluator<'_>, unit: UnitId, served: &mut Served) {
    let module = &ev.program.unit(unit).module;
    for style in styles(module) {
        let calls: Vec<ExprId> = ev.program.unit(unit).index.calls.iter().map(|c| c.expr).collect();
        for expr in calls {
            let site = Site { unit, expr };
            let Some((method, tail)) = route(ev, site, style) else {
                files(ev, site, style, served);
                continue;
            };
            let place = ev.program.place(site);
            for prefix in prefixes(ev, site, style, 0) {
                push(unit, place, handler(ev, site), method, &prefix.join(&tail), style.name(), served);
            }
        }
    }
}

/// The method and the path that a call maps.
fn route(ev: &Evaluator<'_>, site: Site, style: Style) -> Option<(&'static str, PathText)> {
    let module = &ev.program.unit(site.unit).module;
    let call = module.call(site.expr)?;
    let name = module.callee_name(site.expr)?.clone();
    let at = |expr: ExprId| Site { unit: site.unit, expr };
    let first = call.args.first();
    match style {
        Style::Spring => {
            if matches!(name.as_str(), "route" | "andRoute") && call.args.len() >= 2 {
                // `route(path("/x"), handler)` answers every method; `route(GET("/x"), …)` is told by `GET`.
                let predicate = call.args.first()?.value;
                let verbs = |e: &ExprId| module.callee_name(*e).is_some_and(|n| style.method(n).is_some());
                let inside = within(module, predicate);
                return match inside.iter().any(verbs) {
                    true => None,
                    false => predicate_path(ev, site.unit, predicate).map(|p| ("ANY", p)),
                };
            }
            let method = style.method(&name)?;
            // `GET(handler)` answers the path around it.
            let text = first.map(|a| path::of_value(&ev.eval(at(a.value)))).unwrap_or_default();
            let is_handler = call.args.len() == 1 && text.iter().all(|t| t.partial);
            Some((method, if is_handler { PathText::known("") } else { text.into_iter().next()? }))
        }
        Style::Ktor => {
            // A client's `client.get(url)` has an object before it.
            if !matches!(module.expr(call.callee).kind, ExprKind::Name(_) | ExprKind::Index { .. }) {
                return None;
            }
            if name == "handle" {
                return around_handle(ev, site);
            }
            let method = style.method(&name)?;
            let last = call.args.last()?;
            let runs = matches!(module.expr(last.value).kind, ExprKind::Lambda(_))
                || matches!(ev.eval(at(last.value)), Value::Function { .. });
            if !runs {
                return None;
            }
            let named = call.args.iter().find(|a| a.name.as_deref() == Some("path"));
            if let Some(arg) = named.or(first.filter(|_| call.args.len() > 1)) {
                let text = path::of_value(&ev.eval(at(arg.value)));
                return Some((method, text.into_iter().next().unwrap_or_else(PathText::unknown)));
            }
            // `get<Articles.Id> { … }` has the path of the resource.
            let resource = call.type_args.first().and_then(|ty| resource_path(ev, site.unit, *ty, 0));
            Some((method, resource.unwrap_or_else(|| PathText::known(""))))
        }
    }
}

/// `route("/x", HttpMethod.Get) { handle { … } }`, `method(HttpMethod.Get) { handle { … } }`.
fn around_handle(ev: &Evaluator<'_>, site: Site) -> Option<(&'static str, PathText)> {
    let unit = ev.program.unit(site.unit);
    let outer = unit.index.ancestors(site.expr).find_map(|p| match p {
        Parent::Expr(e) if e != site.expr => unit.module.call(e).map(|call| (e, call)),
        _ => None,
    });
    let (expr, call) = outer?;
    let known = unit.module.callee_name(expr).is_some_and(|n| matches!(n.as_str(), "route" | "method"));
    let method = call.args.iter().find_map(|a| match &unit.module.expr(a.value).kind {
        ExprKind::Attr { name, .. } => Style::Ktor.method(&name.to_lowercase()),
        _ => None,
    });
    known.then(|| (method.unwrap_or("ANY"), PathText::known("")))
}

/// The path of a class with `@Resource`, under that of its `parent` or of the class around it.
fn resource_path(ev: &Evaluator<'_>, unit: UnitId, ty: ExprId, depth: u32) -> Option<PathText> {
    let Value::Class { unit, class } = ev.at(unit, ty) else { return None };
    let module = &ev.program.unit(unit).module;
    let decorator = annotation(module, &module.class(class).decorators, &["Resource", "Location"])?;
    let own = super::mapping::paths(ev, unit, decorator).into_iter().next()?;
    let params = module.class(class).methods.iter().flat_map(|m| &module.func(*m).params);
    let parent = params.filter(|p| p.name == "parent").find_map(|p| p.ty);
    match parent.filter(|_| depth < MAX_HOPS).and_then(|ty| resource_path(ev, unit, ty, depth + 1)) {
        Some(above) => Some(above.join(&own)),
        None => Some(own),
    }
}

/// What is served from files below a prefix.
fn files(ev: &Evaluator<'_>, site: Site, style: Style, served: &mut Served) {
    let module = &ev.program.unit(site.unit).module;
    let Some(name) = module.callee_name(site.expr) else { return };
    let serves = match style {
        Style::Ktor => {
            matches!(name.as_str(), "staticResources" | "staticFiles" | "staticZip" | "singlePageApplication")
        }
        Style::Spring => name == "resources",
    };
    if !serves {
        return;
    }
    let own = module.call(site.expr).and_then(|c| c.args.first());
    let own = own.and_then(|a| path::of_value(&ev.at(site.unit, a.value)).into_iter().next());
    for prefix in prefixes(ev, site, style, 0) {
        let full = own.as_ref().map_or(prefix.clone(), |own| prefix.join(own));
        let prefix = path::join("/", full.text.trim_end_matches("/**"));
        let prefix = if prefix.is_empty() { "/".to_string() } else { prefix };
        let place = ev.program.place(site);
        served.gaps.push(Gap { place, unit: site.unit, app: None, prefix, kind: GapKind::Files });
    }
}

/// Every path under which a call is nested.
fn prefixes(ev: &Evaluator<'_>, site: Site, style: Style, hops: u32) -> Vec<PathText> {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    // From the inside out.
    let mut parts: Vec<PathText> = Vec::new();
    let join =
        |parts: &[PathText], outer: &PathText| parts.iter().rev().fold(outer.clone(), |path, part| path.join(part));
    let mut inner = site.expr;
    for parent in unit.index.ancestors(site.expr) {
        match parent {
            Parent::Expr(e) => {
                if let Some(call) = module.call(e)
                    && call.args.iter().any(|a| a.value == inner)
                {
                    if is_top(module, e, style) {
                        return vec![join(&parts, &PathText::known(""))];
                    }
                    parts.extend(nested(ev, site.unit, e, call, inner, style));
                }
                inner = e;
            }
            Parent::Func(f) if !unit.index.lambda_expr.contains_key(&f) => {
                let mounts = if hops < MAX_HOPS { mounts(ev, site.unit, f, style) } else { Vec::new() };
                if mounts.is_empty() {
                    break;
                }
                let outer: Vec<PathText> = mounts
                    .into_iter()
                    .flat_map(|(mount, handed)| {
                        let above = prefixes(ev, mount, style, hops + 1);
                        let call = ev.program.unit(mount.unit).module.call(mount.expr);
                        let own = handed
                            .zip(call)
                            .and_then(|(arg, call)| nested(ev, mount.unit, mount.expr, call, arg, style));
                        above.into_iter().map(move |p| own.as_ref().map_or(p.clone(), |own| p.join(own)))
                    })
                    .collect();
                return outer.iter().map(|outer| join(&parts, outer)).collect();
            }
            _ => {}
        }
    }
    vec![join(&parts, &PathText::known(""))]
}

/// The call at which nesting begins.
fn is_top(module: &Module, call: ExprId, style: Style) -> bool {
    style == Style::Ktor && module.callee_name(call).is_some_and(|n| matches!(n.as_str(), "routing" | "routingRoot"))
}

/// The prefix that a call puts before what is in one of its arguments.
fn nested(
    ev: &Evaluator<'_>,
    unit: UnitId,
    expr: ExprId,
    call: &Call,
    inner: ExprId,
    style: Style,
) -> Option<PathText> {
    let module = &ev.program.unit(unit).module;
    let name = module.callee_name(expr)?;
    let first = call.args.first().map(|a| a.value).filter(|first| *first != inner);
    let text = |expr: ExprId| path::of_value(&ev.at(unit, expr)).into_iter().next();
    match (style, name.as_str()) {
        (Style::Ktor, "route") => Some(first.and_then(text).unwrap_or_else(|| {
            // `route(Regex(…))`; a route with only a lambda adds nothing.
            if first.is_some() { PathText::unknown() } else { PathText::known("") }
        })),
        (Style::Spring, "path") => first.and_then(text),
        (Style::Spring, "nest" | "andNest") => match (first, &module.expr(call.callee).kind) {
            (Some(predicate), _) => predicate_path(ev, unit, predicate),
            // Kotlin: `"/api".nest { … }`, `("/api" and accept(JSON)).nest { … }`.
            (None, ExprKind::Attr { object, .. }) => predicate_path(ev, unit, *object),
            _ => None,
        },
        _ => None,
    }
}

/// The path among the conditions of a predicate: a text, or `path("/x")`.
fn predicate_path(ev: &Evaluator<'_>, unit: UnitId, predicate: ExprId) -> Option<PathText> {
    let module = &ev.program.unit(unit).module;
    if let Some(text) = path::of_value(&ev.at(unit, predicate)).into_iter().find(|t| !t.partial) {
        return Some(text);
    }
    within(module, predicate).into_iter().find_map(|e| match &module.expr(e).kind {
        ExprKind::Call(call) if module.callee_name(e).is_some_and(|n| n == "path" || n == "pathPrefix") => {
            path::of_value(&ev.at(unit, call.args.first()?.value)).into_iter().next()
        }
        // `"/api" and accept(JSON)`, `accept(JSON) and "/api"`
        ExprKind::Call(call) if module.callee_name(e).is_some_and(|n| n == "and") => {
            let left = match &module.expr(call.callee).kind {
                ExprKind::Attr { object, .. } => Some(*object),
                _ => None,
            };
            let right = call.args.first().map(|arg| arg.value);
            left.into_iter().chain(right).find_map(|side| match &module.expr(side).kind {
                ExprKind::Str(text) => Some(PathText::known(text.as_str())),
                _ => None,
            })
        }
        _ => None,
    })
}

/// The expressions of a predicate, without the bodies of lambdas.
fn within(module: &Module, root: ExprId) -> Vec<ExprId> {
    let mut out = vec![root];
    let mut next = 0;
    while next < out.len() && out.len() < 200 {
        out.extend(module.children(out[next]));
        next += 1;
    }
    out
}

/// Where a function with routes is called, or handed to a call: with the argument that it is.
fn mounts(ev: &Evaluator<'_>, unit: UnitId, func: FuncId, style: Style) -> Vec<(Site, Option<ExprId>)> {
    let module = &ev.program.unit(unit).module;
    let function = module.func(func);
    // A bean is used by the container.
    if function.name.is_empty() || annotation(module, &function.decorators, &["Bean"]).is_some() {
        return Vec::new();
    }
    let mut out: Vec<(Site, Option<ExprId>)> = ev.callers(unit, func).into_iter().map(|s| (s, None)).collect();
    for (site, position) in ev.handed_to(unit, func) {
        let arg = ev.program.unit(site.unit).module.call(site.expr).and_then(|c| c.args.get(position)).map(|a| a.value);
        out.push((site, arg));
    }
    // Kotlin: an extension that a class declares is called in the scope of its object.
    if out.is_empty() && style == Style::Ktor && function.class.is_some() {
        let named = ev.program.calls_named(&function.name).iter();
        out.extend(named.filter(|s| styles(&ev.program.unit(s.unit).module).contains(&style)).map(|s| (*s, None)));
    }
    out.retain(|(site, _)| ev.program.is_production(site.unit));
    out.truncate(MAX_MOUNTS);
    out
}

/// The function that answers, where it is one of the repository.
fn handler(ev: &Evaluator<'_>, site: Site) -> Option<Place> {
    let call = ev.program.unit(site.unit).module.call(site.expr)?;
    call.args.iter().rev().find_map(|a| match ev.at(site.unit, a.value) {
        Value::Function { unit, func, .. } => Some(ev.program.function_place(unit, func)),
        _ => None,
    })
}
