//! Publishing whose failure nobody learns of: an error handler that only logs.

use super::Kind;
use super::call::Found;
use super::flow::{self, Fate};
use crate::extract::saga::failure::{checked_after, logs_only, only_logs};
use crate::facts::module::{Block, ExprId, ExprKind, FuncId, Handler, Language, Module, StmtKind};
use crate::program::types::build_root;
use crate::program::{Evaluator, Parent, Site, Value};
use crate::syntax::Place;

/// The handler that swallows the failure of a publish.
pub fn swallowed(ev: &Evaluator<'_>, site: Site, kind: Kind) -> Option<Place> {
    if !matches!(kind, Kind::Event | Kind::Job) {
        return None;
    }
    let linked = ev.program.unit(site.unit);
    let module = &linked.module;
    let (mut inner_expr, mut inner_stmt) = (site.expr, None);
    let mut found: Option<(&Handler, Option<FuncId>)> = None;
    for parent in linked.index.ancestors(site.expr) {
        match parent {
            Parent::Expr(outer) if found.is_none() => {
                // `producer.send(…).catch(log)`
                if let Some(call) = module.call(outer)
                    && call.callee == inner_expr
                    && module.callee_name(outer).is_some_and(|n| is_failure_callback(n))
                {
                    let handler = call.args.first()?.value;
                    let place = ev.program.place(Site { unit: site.unit, expr: handler });
                    let Value::Function { unit, func, .. } = ev.at(site.unit, handler) else { return None };
                    return logs_only(&ev.program.unit(unit).module, func).then_some(place);
                }
                inner_expr = outer;
            }
            Parent::Expr(_) => {}
            Parent::Stmt(stmt) => {
                if module.language == Language::Go
                    && inner_stmt.is_none()
                    && let Some((then, place)) = checked_after(linked, stmt)
                {
                    let in_loop =
                        linked.index.stmt_ancestors(stmt).take_while(|p| !matches!(p, Parent::Func(_))).any(
                            |p| matches!(p, Parent::Stmt(s) if matches!(module.stmt(s).kind, StmtKind::Loop { .. })),
                        );
                    let is_main = linked.index.func_of(site.expr).is_none_or(|f| module.func(f).name == "main");
                    return (!in_loop && !is_main && only_logs(module, then) && !ends_process(module, then))
                        .then_some(place);
                }
                match &module.stmt(stmt).kind {
                    StmtKind::Try { body, handlers, .. }
                        if found.is_none() && inner_stmt.is_some_and(|i| body.contains(&i)) =>
                    {
                        if handlers.is_empty() {
                            inner_stmt = Some(stmt);
                            continue;
                        }
                        // Of several handlers the one that catches what a publish raises.
                        let catching = handlers.iter().find(|h| catches(module, h));
                        let handler = catching.filter(|h| only_reports(module, &h.body))?;
                        if is_relay(module, body) {
                            return None;
                        }
                        // Others that catch more may raise.
                        if handlers.iter().any(|h| leaves(module, &h.body)) {
                            return None;
                        }
                        found = Some((handler, linked.index.func_of(site.expr)));
                    }
                    // What is in a loop is tried again, or is a row of an outbox that stays.
                    StmtKind::Loop { .. } => return None,
                    _ => {}
                }
                inner_stmt = Some(stmt);
            }
            Parent::Func(_) => break,
            Parent::Class(_) | Parent::Top => {}
        }
    }
    let (handler, func) = found?;
    if answers(module, &handler.body) && func.is_some_and(|f| is_asked(ev, site, f)) {
        return None;
    }
    Some(Place::new(linked.file, handler.span))
}

/// The function that is told of every message what became of it, when it only logs that one was not taken, and nobody
/// else asks: `template.setConfirmCallback((data, ack, cause) -> { if (!ack) log.error(…); })`.
pub(super) fn only_told(ev: &Evaluator<'_>, found: &Found<'_>, kind: Kind) -> Option<Place> {
    /// What asks for the answer to one message.
    const ASKS: [&str; 4] = ["getFuture", "waitForConfirms", "waitForConfirmsOrDie", "addConfirmListener"];
    let listeners = &found.form.confirm.listeners;
    if listeners.is_empty() || !matches!(kind, Kind::Event | Kind::Job) {
        return None;
    }
    let root = build_root(&ev.program.unit(found.site.unit).path);
    let near =
        |site: &Site| ev.program.is_production(site.unit) && build_root(&ev.program.unit(site.unit).path) == root;
    if ASKS.iter().flat_map(|name| ev.program.calls_named(name)).any(near) {
        return None;
    }
    let mut told = listeners.iter().flat_map(|name| ev.program.calls_named(name)).copied().filter(near);
    let (only, None) = (told.next()?, told.next()) else { return None };
    let given = ev.program.unit(only.unit).module.call(only.expr)?.args.first()?.value;
    let (unit, func) = match ev.at(only.unit, given) {
        Value::Function { unit, func, .. } => (unit, func),
        // `template.setConfirmCallback(this)`
        Value::Object { unit, class, .. } => {
            let module = &ev.program.unit(unit).module;
            let mut methods = module.class(class).methods.iter().copied();
            (unit, methods.find(|method| module.func(*method).name == "confirm")?)
        }
        _ => return None,
    };
    let module = &ev.program.unit(unit).module;
    let logs = !module.func(func).body.is_empty() && logs_only(module, func);
    logs.then(|| ev.program.place(only))
}

/// `log.Fatalf(…)` is more than a line in a log.
fn ends_process(module: &Module, block: &Block) -> bool {
    block.iter().any(|&s| match &module.stmt(s).kind {
        StmtKind::Expr(e) => module.callee_name(*e).is_some_and(|n| n.starts_with("Fatal") || n.starts_with("Panic")),
        _ => false,
    })
}

/// Methods of a promise or a future that are given what to do when it fails: `catch(log)`,
/// `whenComplete((result, failure) -> …)`, `add_errback(log)`.
fn is_failure_callback(name: &str) -> bool {
    matches!(name, "catch" | "whenComplete" | "whenCompleteAsync" | "add_errback")
}

/// True for a handler that catches what a publish raises; those for errors of the payload do not.
fn catches(module: &Module, handler: &Handler) -> bool {
    const OTHERS: [&str; 12] = [
        "json",
        "serial",
        "encod",
        "decod",
        "validation",
        "valueerror",
        "typeerror",
        "keyerror",
        "interrupt",
        "parse",
        "integrity",
        "cancelled",
    ];
    let other = |name: &str| OTHERS.iter().any(|w| name.contains(w));
    let names = |ty: &crate::facts::module::ExprId| match &module.expr(*ty).kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => vec![name.to_lowercase()],
        _ => module
            .children(*ty)
            .into_iter()
            .filter_map(|c| match &module.expr(c).kind {
                ExprKind::Name(name) | ExprKind::Attr { name, .. } => Some(name.to_lowercase()),
                _ => None,
            })
            .collect(),
    };
    handler.types.is_empty() || handler.types.iter().flat_map(names).any(|name| !other(&name))
}

/// True for a block that marks what it has sent: a row of an outbox that could not be sent stays unmarked.
fn is_relay(module: &Module, body: &Block) -> bool {
    body.iter().any(|&s| {
        let StmtKind::Expr(expr) = &module.stmt(s).kind else { return false };
        let call = match &module.expr(*expr).kind {
            ExprKind::Await(inner) => *inner,
            _ => *expr,
        };
        // `rows.createQueryBuilder().update().set({ sent: true }).whereInIds(ids).execute()` is a chain.
        links(module, call).any(|name| {
            let name = name.to_lowercase();
            ["mark", "processed", "update", "delete", "save", "complete"].iter().any(|w| name.contains(w))
        })
    })
}

/// The names of the calls of a chain, the last one first.
fn links(module: &Module, last: ExprId) -> impl Iterator<Item = &str> {
    let mut next = Some(last);
    std::iter::from_fn(move || {
        let callee = module.call(next?)?.callee;
        match &module.expr(callee).kind {
            ExprKind::Attr { object, name, .. } => {
                next = Some(*object);
                Some(name.as_str())
            }
            ExprKind::Name(name) => {
                next = None;
                Some(name.as_str())
            }
            _ => None,
        }
    })
}

/// A handler that logs, and at most says that it went wrong.
fn only_reports(module: &Module, block: &Block) -> bool {
    block.iter().all(|&s| match &module.stmt(s).kind {
        StmtKind::Return(Some(e)) if matches!(module.expr(*e).kind, ExprKind::Bool(false)) => true,
        _ => only_logs(module, &vec![s]),
    })
}

fn leaves(module: &Module, block: &Block) -> bool {
    block.iter().any(|&s| matches!(module.stmt(s).kind, StmtKind::Throw(_)))
}

/// True when the handler returns a value that says that it went wrong.
fn answers(module: &Module, block: &Block) -> bool {
    block.iter().any(|&s| matches!(&module.stmt(s).kind, StmtKind::Return(Some(_))))
}

/// True when every caller looks at what the function returns.
fn is_asked(ev: &Evaluator<'_>, site: Site, func: FuncId) -> bool {
    let callers = ev.callers(site.unit, func);
    let is_dropped = |caller: &Site| match flow::fate(ev, *caller) {
        Fate::Dropped | Fate::Detached => true,
        Fate::Awaited(outer) => matches!(flow::fate(ev, Site { unit: caller.unit, expr: outer }), Fate::Dropped),
        Fate::Used => false,
    };
    !callers.is_empty() && !callers.iter().any(is_dropped)
}
