//! Connections of libraries that do not reconnect, in processes where nobody notices that they are lost.

use std::collections::BTreeSet;

use super::Unwatched;
use crate::catalog::broker::Reconnect;
use crate::extract::consume::reach::Reach;
use crate::extract::saga::failure::logs_only;
use crate::facts::module::{ExprId, ExprKind, FuncId, Language, Module, StmtKind};
use crate::program::{Parent, Site, Unit, UnitId, Value};
use crate::syntax::Span;

/// How many modules of a process are looked through.
const MAX_UNITS: usize = 400;

/// What is known of a connection that nothing watches; none for one that is watched, or closed by who opens it.
pub(super) fn unwatched(reach: &Reach<'_, '_>, site: Site, form: &Reconnect) -> Option<Unwatched> {
    if is_short(reach, site) {
        return None;
    }
    let around = reach.around(&[site.unit]);
    let program = reach.ev.program;
    if around.len() > MAX_UNITS || around.iter().any(|u| watches(reach, *u, form)) {
        return None;
    }
    let named = |unit: &UnitId| names(&program.unit(*unit).module).any(|n| form.stays.iter().any(|s| s == n));
    let kept = is_kept(program.unit(site.unit), site.expr);
    if form.only_kept && !kept {
        return None;
    }
    Some(Unwatched {
        stays: kept || around.iter().any(named),
        files: around.iter().map(|u| program.unit(*u).file).collect(),
        help: form.help.clone(),
    })
}

fn names(module: &Module) -> impl Iterator<Item = &str> {
    module.exprs.iter().filter_map(|e| match &e.kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => Some(name.as_str()),
        _ => None,
    })
}

/// True for a module that asks whether a connection is there, or opens it again.
fn watches(reach: &Reach<'_, '_>, id: UnitId, form: &Reconnect) -> bool {
    let unit = reach.ev.program.unit(id);
    let module = &unit.module;
    let is_sign = |name: &str| form.signs.iter().any(|s| s == name) || name.to_lowercase().contains("reconnect");
    if names(module).any(is_sign) || module.funcs.iter().any(|f| is_sign(&f.name)) {
        return true;
    }
    if module.language == Language::Go && ends_with_deliveries(module) {
        return true;
    }
    unit.index.calls.iter().any(|call| {
        let listens =
            module.callee_name(call.expr).is_some_and(|n| matches!(n.as_str(), "on" | "once" | "addListener"));
        let Some(call) = module.call(call.expr).filter(|_| listens && !form.events.is_empty()) else { return false };
        let (Some(event), Some(listener)) = (call.args.first(), call.args.get(1)) else { return false };
        let ExprKind::Str(event) = &module.expr(event.value).kind else { return false };
        form.events.iter().any(|e| e == event.as_str())
            && !matches!(reach.ev.at(id, listener.value), Value::Function { unit, func, .. }
                if logs_only(&reach.ev.program.unit(unit).module, func))
    })
}

/// Go: `case d, ok := <-deliveries: if !ok { return errors.New("closed") }`. The channel of deliveries is closed with
/// the connection; a bare `return` only ends the goroutine.
fn ends_with_deliveries(module: &Module) -> bool {
    let receives: Vec<Span> = (0..module.exprs.len() as u32)
        .map(ExprId)
        .filter(|e| module.callee_name(*e).is_some_and(|n| n == "<-"))
        .map(|e| module.expr(e).span)
        .collect();
    let tells = |stmt: &StmtKind| match stmt {
        StmtKind::Return(Some(_)) | StmtKind::Throw(_) => true,
        StmtKind::Expr(e) => module.callee_name(*e).is_some_and(|n| {
            matches!(
                n.as_str(),
                "Fatal" | "Fatalf" | "Fatalln" | "Panic" | "Panicf" | "panic" | "Exit" | "cancel" | "stop" | "close"
            )
        }),
        _ => false,
    };
    module.funcs.iter().filter(|f| receives.iter().any(|at| f.span.contains(*at))).any(|f| {
        module.stmts.iter().filter(|s| f.span.contains(s.span)).any(|s| match &s.kind {
            StmtKind::If { test, then, .. } => {
                matches!(module.expr(*test).kind, ExprKind::Not(ok)
                    if matches!(&module.expr(ok).kind, ExprKind::Name(n) if matches!(n.as_str(), "ok" | "open" | "more")))
                    && then.iter().any(|t| tells(&module.stmt(*t).kind))
            }
            _ => false,
        })
    })
}

/// True when the object that holds it, or the module, lives as long as the process.
fn is_kept(unit: &Unit, expr: ExprId) -> bool {
    let module = &unit.module;
    let outermost = unit.index.func_of(expr).is_none();
    for parent in unit.index.ancestors(expr) {
        match parent {
            Parent::Expr(e) => match &module.expr(e).kind {
                ExprKind::Await(_) | ExprKind::Cast { .. } => {}
                ExprKind::Assign { target, .. } => return is_field(module, *target),
                _ => return false,
            },
            Parent::Stmt(s) => {
                return match &module.stmt(s).kind {
                    StmtKind::Assign { target, .. } => outermost || is_field(module, *target),
                    _ => false,
                };
            }
            _ => return false,
        }
    }
    false
}

fn is_field(module: &Module, target: ExprId) -> bool {
    matches!(module.expr(target).kind, ExprKind::Attr { .. })
}

/// True for a connection that the function that opens it closes again, or each of its callers.
fn is_short(reach: &Reach<'_, '_>, site: Site) -> bool {
    let unit = reach.ev.program.unit(site.unit);
    let Some(holder) = holder(unit, site.expr) else { return closes(unit, None) };
    if unit.module.func(holder).name == "main" && unit.module.language == Language::Go {
        return false;
    }
    if closes(unit, Some(holder)) {
        return true;
    }
    let callers: BTreeSet<Site> = reach.callers((site.unit, holder)).into_iter().collect();
    let closed_by = |caller: &Site| {
        let unit = reach.ev.program.unit(caller.unit);
        match self::holder(unit, caller.expr) {
            Some(f) if unit.module.language == Language::Go && unit.module.func(f).name == "main" => false,
            around => closes(unit, around),
        }
    };
    !callers.is_empty() && callers.len() <= 16 && callers.iter().all(closed_by)
}

/// The function with a name around an expression.
fn holder(unit: &Unit, expr: ExprId) -> Option<FuncId> {
    let mut func = unit.index.func_of(expr);
    while let Some(f) = func {
        if !unit.index.lambda_expr.contains_key(&f) || !unit.module.func(f).name.is_empty() {
            return Some(f);
        }
        func = unit.module.func(f).parent;
    }
    None
}

/// A function, or the top of the module, closes a connection on its own way: not in a function of its own, and
/// not when a signal comes.
fn closes(unit: &Unit, holder: Option<FuncId>) -> bool {
    let module = &unit.module;
    let within = holder.map(|f| module.func(f).span);
    unit.index.calls.iter().any(|call| {
        let at: Span = module.expr(call.expr).span;
        let closes = module.callee_name(call.expr).is_some_and(|n| matches!(n.as_str(), "close" | "Close"));
        closes && within.is_none_or(|w| w.contains(at)) && of_connection(module, call.expr) && {
            let mut later = false;
            for parent in unit.index.ancestors(call.expr) {
                match parent {
                    Parent::Func(f) if Some(f) == holder => break,
                    // A goroutine waits for something first.
                    Parent::Func(f) => {
                        later |= module.language == Language::Go || !unit.index.lambda_expr.contains_key(&f)
                    }
                    Parent::Expr(e) => {
                        later |= module.callee_name(e).is_some_and(|n| matches!(n.as_str(), "on" | "once"))
                    }
                    _ => {}
                }
            }
            !later
        }
    })
}

/// `connection.close()`, `conn.Close()`, `this.conn.close()`
fn of_connection(module: &Module, call: ExprId) -> bool {
    let Some(call) = module.call(call) else { return false };
    let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { return false };
    match &module.expr(*object).kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => name.to_lowercase().contains("conn"),
        _ => false,
    }
}
