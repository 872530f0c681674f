//! Next.js: routes by the names of files (https://nextjs.org/docs/app/getting-started/route-handlers).

use super::path::{self, PathText};
use super::{Gap, GapKind, InScope, Route, Served};
use crate::catalog::server::Parameters;
use crate::facts::module::{ExportValue, ExprId, ExprKind, Language};
use crate::program::index::Binding;
use crate::program::resolve::join;
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::{Place, Span};

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Adds the route handlers of Next.js applications.
pub(super) fn next(ev: &Evaluator<'_>, in_scope: &InScope<'_>, served: &mut Served) {
    for unit_id in ev.program.ids().filter(|u| in_scope(*u)) {
        let unit = ev.program.unit(unit_id);
        if unit.module.language == Language::Python {
            continue;
        }
        let Some(file) = RouteFile::of(&unit.path) else { continue };
        let methods: Vec<(String, Span)> = if file.is_app {
            METHODS.iter().filter_map(|m| export(ev, unit_id, m).map(|span| (m.to_string(), span))).collect()
        } else {
            export(ev, unit_id, "default").map(|span| ("ANY".to_string(), span)).into_iter().collect()
        };
        if methods.is_empty() {
            continue;
        }
        let base = base_path(ev, &file.root);
        for (method, span) in methods {
            let full = base.join(&PathText::known(file.path.clone()));
            served.routes.push(Route {
                unrooted: false,
                place: Place::new(unit.file, span),
                unit: unit_id,
                method,
                path: path::normalise(&full.text, Parameters::Brace),
                framework: "Next.js".into(),
                handler: None,
                app: None,
                partial: full.partial,
            });
        }
        if let Some(gap) = rewrites(ev, &file.root)
            && !served.gaps.contains(&gap)
        {
            served.gaps.push(gap);
        }
    }
}

/// A file that is a route by its name.
struct RouteFile {
    /// The folder of the application.
    root: String,
    /// The path it stands for.
    path: String,
    /// In `app/` (a function for each method), not in `pages/api/`.
    is_app: bool,
}

impl RouteFile {
    fn of(path: &str) -> Option<RouteFile> {
        let (folder, name) = path.rsplit_once('/')?;
        let stem = ["ts", "tsx", "js", "jsx", "mjs"].iter().find_map(|e| name.strip_suffix(&format!(".{e}")))?;
        let segments: Vec<&str> = folder.split('/').collect();
        let root = |at: usize| {
            let before = segments.get(..at).unwrap_or_default();
            before.strip_suffix(&["src"]).unwrap_or(before).join("/")
        };
        if stem == "route" {
            // The outermost `app`, for there may be a segment of the same name below.
            let at = segments.iter().position(|s| *s == "app")?;
            let path = segments.get(at + 1..)?.iter().filter_map(|s| segment(s)).collect::<Vec<_>>().join("/");
            return Some(RouteFile { root: root(at), path: format!("/{path}"), is_app: true });
        }
        let at = segments.windows(2).position(|w| w == ["pages", "api"])?;
        let mut parts: Vec<String> = segments.get(at + 1..)?.iter().filter_map(|s| segment(s)).collect();
        if stem != "index" {
            parts.extend(segment(stem));
        }
        Some(RouteFile { root: root(at), path: format!("/{}", parts.join("/")), is_app: false })
    }
}

/// `[id]` is `{id}`, `[...rest]` takes the rest; groups `(shop)` and slots `@modal` are not in the path.
fn segment(name: &str) -> Option<String> {
    if name.starts_with('(') && name.ends_with(')') || name.starts_with('@') {
        return None;
    }
    let inner = name.trim_start_matches('[').trim_end_matches(']');
    Some(match (name.starts_with('['), inner.strip_prefix("...")) {
        (true, Some(rest)) => format!("{{*{rest}}}"),
        (true, None) => format!("{{{inner}}}"),
        _ => name.to_string(),
    })
}

/// Where a module exports a name.
fn export(ev: &Evaluator<'_>, unit_id: UnitId, name: &str) -> Option<Span> {
    let unit = ev.program.unit(unit_id);
    let export = unit.module.exports.iter().find(|e| e.name == name)?;
    let of_expr = |e: ExprId| unit.module.expr(e).span;
    Some(match &export.value {
        ExportValue::Local(local) => match unit.index.top(local).first()? {
            Binding::Func(func) => unit.module.func(*func).name_span,
            Binding::Class(class) => unit.module.class(*class).name_span,
            Binding::Value(e) => of_expr(*e),
            Binding::Import(i) => unit.module.imports.get(*i)?.span,
            _ => return None,
        },
        ExportValue::Expr(e) => of_expr(*e),
        ExportValue::From { .. } => Span::default(),
    })
}

/// The configuration of the application in a folder.
fn config(ev: &Evaluator<'_>, root: &str) -> Option<UnitId> {
    ["ts", "js", "mjs", "cjs", "mts"].iter().find_map(|e| ev.program.find(&join(root, &format!("next.config.{e}"))))
}

/// `basePath` of `next.config.*`.
fn base_path(ev: &Evaluator<'_>, root: &str) -> PathText {
    let Some(unit) = config(ev, root) else { return PathText::default() };
    let Some(value) = option(ev, unit, "basePath") else { return PathText::default() };
    path::of_value(&ev.eval(value)).into_iter().next().unwrap_or_else(PathText::unknown)
}

/// `rewrites` answer paths for which there is no file.
fn rewrites(ev: &Evaluator<'_>, root: &str) -> Option<Gap> {
    let unit = config(ev, root)?;
    let site = option(ev, unit, "rewrites")?;
    Some(Gap { place: ev.program.place(site), unit, app: None, prefix: "/".into(), kind: GapKind::External })
}

/// The value of a key of any object in the configuration.
fn option(ev: &Evaluator<'_>, unit_id: UnitId, key: &str) -> Option<Site> {
    let unit = ev.program.unit(unit_id);
    (0..unit.module.exprs.len() as u32).map(ExprId).find_map(|expr| {
        if !matches!(unit.module.expr(expr).kind, ExprKind::Dict(_)) {
            return None;
        }
        match ev.at(unit_id, expr) {
            Value::Dict(dict) if dict.site.unit == unit_id => dict.get(key),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_paths() {
        let cases = [
            ("web/src/app/api/health/route.ts", Some(("web", "/api/health"))),
            ("web/app/(shop)/api/orders/[id]/route.js", Some(("web", "/api/orders/{id}"))),
            ("app/api/auth/[...nextauth]/route.ts", Some(("", "/api/auth/{*nextauth}"))),
            ("web/pages/api/orders/index.ts", Some(("web", "/api/orders"))),
            ("web/src/pages/api/orders/[id].ts", Some(("web", "/api/orders/{id}"))),
            ("web/src/pages/orders.tsx", None),
            ("src/orders/route.ts", None),
        ];
        for (path, expected) in cases {
            let found = RouteFile::of(path).map(|f| (f.root, f.path));
            assert_eq!(found, expected.map(|(r, p)| (r.to_string(), p.to_string())), "{path}");
        }
    }
}
