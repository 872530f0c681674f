//! Values that are put into the path of an address as they are.

use crate::facts::module::{BinaryOp, ExprId, ExprKind, FuncId, StmtKind, TemplatePart};
use crate::program::index::Binding;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, Unit, UnitId};
use crate::syntax::Place;

/// A text that stands in a path and is not encoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Unencoded {
    /// Where it stands in the address.
    pub place: Place,
    /// Its name: `sku`.
    pub name: String,
}

/// A piece of an address.
enum Piece {
    Text(String),
    Hole(ExprId),
}

const MAX_PIECES: usize = 64;

/// The texts from outside that stand between the slashes of an address without being encoded.
pub(super) fn unencoded(ev: &Evaluator<'_>, url: Site) -> Vec<Unencoded> {
    let unit = ev.program.unit(url.unit);
    let mut pieces = Vec::new();
    pieces_of(unit, url.expr, 0, &mut pieces);
    let mut out = Vec::new();
    let mut before = String::new();
    for (i, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(text) => before.push_str(text),
            Piece::Hole(hole) => {
                let ends = match pieces.get(i + 1) {
                    None => true,
                    Some(Piece::Text(text)) => text.starts_with(['/', '?', '#', '.']),
                    Some(Piece::Hole(_)) => false,
                };
                let in_path = before.ends_with('/') && !before.ends_with("//") && !before.contains(['?', '#']);
                if in_path
                    && ends
                    && let Some(name) = text_from_outside(ev, url.unit, *hole)
                {
                    out.push(Unencoded { place: ev.program.place(Site { unit: url.unit, expr: *hole }), name });
                }
                before.push('\u{1}');
            }
        }
    }
    out
}

/// The same for a call of a wrapper: of those arguments that are addresses by their form.
pub(super) fn unencoded_arguments(ev: &Evaluator<'_>, call: Site) -> Vec<Unencoded> {
    let module = &ev.program.unit(call.unit).module;
    let Some(call_expr) = module.call(call.expr) else { return Vec::new() };
    let is_address = |e: ExprId| match &module.expr(e).kind {
        ExprKind::Template(parts) => match parts.first() {
            Some(TemplatePart::Text(text)) => text.starts_with('/') || text.starts_with("http"),
            _ => true,
        },
        ExprKind::Binary { op: BinaryOp::Add, .. } => true,
        _ => false,
    };
    let addresses = call_expr.args.iter().map(|a| a.value).filter(|e| is_address(*e)).take(1);
    addresses.flat_map(|expr| unencoded(ev, Site { unit: call.unit, expr })).collect()
}

fn pieces_of(unit: &Unit, expr: ExprId, depth: u32, out: &mut Vec<Piece>) {
    if depth > 8 || out.len() > MAX_PIECES {
        return;
    }
    match &unit.module.expr(expr).kind {
        ExprKind::Str(text) => out.push(Piece::Text(text.to_string())),
        ExprKind::Template(parts) => {
            for part in parts {
                match part {
                    TemplatePart::Text(text) => out.push(Piece::Text(text.to_string())),
                    TemplatePart::Hole(hole) => out.push(Piece::Hole(*hole)),
                }
            }
        }
        ExprKind::Binary { op: BinaryOp::Add, left, right } => {
            pieces_of(unit, *left, depth + 1, out);
            pieces_of(unit, *right, depth + 1, out);
        }
        // `const url = …` just before.
        ExprKind::Name(name) if depth == 0 => match unit.index.lookup(&unit.module, unit.index.func_of(expr), name) {
            Some((_, [Binding::Value(value)])) if *value != expr => pieces_of(unit, *value, 1, out),
            _ => out.push(Piece::Hole(expr)),
        },
        _ => out.push(Piece::Hole(expr)),
    }
}

/// Names of values that are paths themselves, or that cannot hold a slash.
const PATHS: [&str; 16] = [
    "path", "endpoint", "route", "url", "uri", "resource", "suffix", "prefix", "segment", "action", "version",
    "locale", "lang", "service", "encoded", "base",
];

fn text_from_outside(ev: &Evaluator<'_>, unit_id: UnitId, hole: ExprId) -> Option<String> {
    let unit = ev.program.unit(unit_id);
    let module = &unit.module;
    match &module.expr(hole).kind {
        ExprKind::Name(name) => {
            if PATHS.iter().any(|p| name.to_lowercase().contains(p)) {
                return None;
            }
            match unit.index.lookup(module, unit.index.func_of(hole), name) {
                Some((_, [Binding::Param(func, index)])) => {
                    let param = module.func(*func).params.get(*index)?;
                    let ty = simple_name(module, param.ty?)?;
                    let is_text = matches!(ty.as_str(), "str" | "string" | "String");
                    // `@Param('id', ParseUUIDPipe)`, `@PathVariable`: a framework has looked at it.
                    let decorated = param.decorators.iter().any(|d| module.call(*d).is_some_and(|c| c.args.len() > 1));
                    let checked = is_checked(unit, *func, name) || only_literals(ev, unit_id, *func, *index);
                    (is_text && !decorated && !checked).then(|| name.to_string())
                }
                Some((_, [Binding::Value(value)])) if *value != hole => {
                    of_request(unit, *value)
                        .filter(|_| unit.index.func_of(hole).is_none_or(|f| !is_checked(unit, f, name)))?;
                    Some(name.to_string())
                }
                _ => None,
            }
        }
        ExprKind::Attr { .. } => of_request(unit, hole),
        _ => None,
    }
}

/// `req.params.id`, `req.query.name`: decoded by the framework, so it may hold a slash.
fn of_request(unit: &Unit, expr: ExprId) -> Option<String> {
    let ExprKind::Attr { object, name, .. } = &unit.module.expr(expr).kind else { return None };
    let ExprKind::Attr { object: request, name: part, .. } = &unit.module.expr(*object).kind else { return None };
    let ExprKind::Name(request) = &unit.module.expr(*request).kind else { return None };
    (matches!(request.as_str(), "req" | "request") && matches!(part.as_str(), "params" | "query" | "body"))
        .then(|| format!("{request}.{part}.{name}"))
}

/// A condition of the function calls something with the name: it looks at its form.
fn is_checked(unit: &Unit, func: FuncId, name: &str) -> bool {
    let module = &unit.module;
    let span = module.func(func).span;
    let mentions = |e: ExprId| super::retry::names_in(module, e).iter().any(|n| n == name);
    module.stmts.iter().filter(|s| span.contains(s.span)).any(|s| match &s.kind {
        StmtKind::If { test, .. } => {
            let test_span = module.expr(*test).span;
            unit.index.calls.iter().any(|c| test_span.contains(module.expr(c.expr).span) && mentions(c.expr))
        }
        // `id = encodeURIComponent(id)`, `validate(id)`
        StmtKind::Assign { target, .. } => matches!(&module.expr(*target).kind, ExprKind::Name(n) if n == name),
        StmtKind::Expr(e) => {
            let checks = |n: &str| {
                let n = n.to_lowercase();
                ["valid", "check", "assert", "ensure", "verify", "require"].iter().any(|w| n.contains(w))
            };
            module.callee_name(*e).is_some_and(|n| checks(n)) && mentions(*e)
        }
        _ => false,
    })
}

/// All callers pass what stands in the code, or something that was turned into a text: a number, a UUID.
fn only_literals(ev: &Evaluator<'_>, unit: UnitId, func: FuncId, index: usize) -> bool {
    let callers = ev.callers(unit, func);
    !callers.is_empty()
        && callers.iter().all(|caller| {
            ev.argument_site(*caller, unit, func, index).is_some_and(|s| {
                let converted = ev.program.unit(s.unit).module.callee_name(s.expr);
                converted.is_some_and(|n| matches!(n.as_str(), "str" | "toString" | "String" | "ToString" | "Itoa"))
                    || ev.eval(s).as_str().is_some()
            })
        })
}
