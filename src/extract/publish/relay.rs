//! A relay that nothing calls an outbox: it reads rows, publishes each one and then deletes or marks it.
//!
//! What goes wrong between the two leaves the row, and the next run publishes it again: at least once, as of an
//! outbox, and no dual write.

use super::flow::{self, squeeze};
use crate::facts::module::{Block, ExprId, ExprKind, FunctionKind, LoopHeader, Module, StmtKind};
use crate::program::index::Binding;
use crate::program::{Evaluator, Parent, Site};
use crate::syntax::Span;
use smol_str::SmolStr;

/// Where one row is handled: what it is called, the rows, and the code.
struct Turn {
    row: String,
    rows: ExprId,
    body: Span,
}

/// True when a loop over rows of a store publishes one at `publish` and has done with it at `write`.
pub(super) fn has_done_with(ev: &Evaluator<'_>, publish: Site, write: Site) -> bool {
    let module = &ev.program.unit(publish.unit).module;
    if write.unit != publish.unit || module.expr(write.expr).span.start < module.expr(publish.expr).span.start {
        return false;
    }
    turns(ev, publish).into_iter().any(|turn| {
        let names_row = |site: Site| flow::mentions(ev, site, &|name| name == turn.row);
        let of_row = || {
            turn.body.contains(module.expr(write.expr).span)
                && names_row(write)
                && (deletes(module, write) || marks(ev, publish, write))
        };
        names_row(publish)
            && are_read(ev, publish, turn.rows)
            && (of_row() || (commits(module, write) && is_marked(ev, publish, &turn)))
    })
}

/// True for a write that takes the next row, or has done with it, in a loop that publishes one row at each turn:
/// `event := repo.GetNewEvent()`, `producer.Produce(event)`, `repo.MarkSent(event.ID)`.
pub(super) fn takes_next(ev: &Evaluator<'_>, publish: Site, write: Site) -> bool {
    let unit = ev.program.unit(publish.unit);
    let module = &unit.module;
    if write.unit != publish.unit {
        return false;
    }
    let turn = unit.index.ancestors(publish.expr).find_map(|parent| match parent {
        Parent::Stmt(stmt) => match &module.stmt(stmt).kind {
            StmtKind::Loop { header: LoopHeader::While(_) | LoopHeader::Count { .. }, .. } => {
                Some(module.stmt(stmt).span)
            }
            _ => None,
        },
        _ => None,
    });
    let Some(turn) = turn else { return false };
    let at = module.expr(publish.expr).span;
    let inside = |expr: ExprId| turn.contains(module.expr(expr).span);
    let calls: Vec<ExprId> = unit.index.calls.iter().map(|call| call.expr).filter(|expr| inside(*expr)).collect();
    let names = |expr: ExprId, row: &[SmolStr]| {
        flow::mentions(ev, Site { unit: publish.unit, expr }, &|name| row.iter().any(|n| n == name))
    };
    // What takes the row, and all that is made of it.
    let rows = calls.iter().copied().filter(|call| module.expr(*call).span.end <= at.start && takes(module, *call));
    rows.map(|call| (call, made_of(ev, publish, call))).any(|(taken, row)| {
        let ends = |call: &ExprId| {
            let marks = module.callee_name(*call).is_some_and(|name| is_mark(name));
            let deletes = deletes(module, Site { unit: publish.unit, expr: *call });
            module.expr(*call).span.start >= at.end && (marks || deletes) && names(*call, &row)
        };
        names(publish.expr, &row)
            && calls.iter().any(ends)
            && inside(write.expr)
            && (write.expr == taken || ends(&write.expr))
    })
}

/// True for a call that brings a row: `getNewEvent`, `claimNext`.
fn takes(module: &Module, call: ExprId) -> bool {
    let words = ["find", "get", "fetch", "load", "next", "claim", "poll", "pick", "take", "lock", "select", "read"];
    module.callee_name(call).is_some_and(|name| {
        let name = squeeze(name);
        words.iter().any(|word| name.starts_with(word))
    })
}

/// The names that hold the result of a call before the publish, or what is made of it.
fn made_of(ev: &Evaluator<'_>, publish: Site, call: ExprId) -> Vec<SmolStr> {
    let module = &ev.program.unit(publish.unit).module;
    let (from, to) = (module.expr(call).span, module.expr(publish.expr).span.start);
    let mut out: Vec<SmolStr> = Vec::new();
    for stmt in &module.stmts {
        let StmtKind::Assign { target, value: Some(value), .. } = &stmt.kind else { continue };
        let given = module.expr(*value).span;
        let of_call = given.contains(from);
        let of_row = given.start >= from.end
            && given.end <= to
            && flow::mentions(ev, Site { unit: publish.unit, expr: *value }, &|name| out.iter().any(|n| n == name));
        if of_call || of_row {
            let targets = match &module.expr(*target).kind {
                ExprKind::List(all) => all.clone(),
                _ => vec![*target],
            };
            out.extend(targets.into_iter().filter_map(|target| match &module.expr(target).kind {
                ExprKind::Name(name) if !matches!(name.as_str(), "err" | "_") => Some(name.clone()),
                _ => None,
            }));
        }
    }
    out
}

/// True for the end of a unit of work, which names no row: `db.SaveChanges()`, `session.commit()`.
fn commits(module: &Module, write: Site) -> bool {
    let name = module.callee_name(write.expr).map(|n| squeeze(n)).unwrap_or_default();
    ["save", "commit", "flush", "complete"].iter().any(|w| name.starts_with(w))
}

/// True when the row of a turn is deleted or marked as sent behind the publish, in memory: `row.MarkAsSent()`,
/// `row.SentAt = now`, `rows.Remove(row)`.
fn is_marked(ev: &Evaluator<'_>, publish: Site, turn: &Turn) -> bool {
    let module = &ev.program.unit(publish.unit).module;
    let from = module.expr(publish.expr).span.end;
    let of_row = |expr: ExprId| flow::mentions(ev, Site { unit: publish.unit, expr }, &|name| name == turn.row);
    (0..module.exprs.len()).filter_map(|n| u32::try_from(n).ok()).map(ExprId).any(|id| {
        let expr = module.expr(id);
        expr.span.start >= from
            && turn.body.contains(expr.span)
            && match &expr.kind {
                ExprKind::Attr { name, .. } => is_mark(name) && of_row(id),
                ExprKind::Call(_) => deletes(module, Site { unit: publish.unit, expr: id }) && of_row(id),
                _ => false,
            }
    })
}

/// The loops around an expression that go through something, innermost first.
fn turns(ev: &Evaluator<'_>, site: Site) -> Vec<Turn> {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let around = |block: &Block| {
        let first = module.stmt(*block.first()?).span;
        let last = module.stmt(*block.last()?).span;
        Some(Span { start: first.start, end: last.end })
    };
    let each = |parent: Parent| match parent {
        Parent::Stmt(stmt) => {
            let StmtKind::Loop { header: LoopHeader::Each { target, iter }, body, .. } = &module.stmt(stmt).kind else {
                return None;
            };
            let row = match &module.expr(*target).kind {
                ExprKind::Name(name) => name,
                // Go: `for _, row := range rows`
                ExprKind::List(all) => match &module.expr(*all.last()?).kind {
                    ExprKind::Name(name) => name,
                    _ => return None,
                },
                _ => return None,
            };
            Some(Turn { row: row.to_string(), rows: *iter, body: around(body)? })
        }
        // `rows.forEach(row -> …)`
        Parent::Func(func) => {
            let function = module.func(func);
            let lambda = *unit.index.lambda_expr.get(&func).filter(|_| function.kind == FunctionKind::Lambda)?;
            let Parent::Expr(outer) = *unit.index.expr_parent.get(lambda.0 as usize)? else { return None };
            let ExprKind::Attr { object, name, .. } = &module.expr(module.call(outer)?.callee).kind else {
                return None;
            };
            let row = function.params.first().map_or("it", |p| p.name.as_str());
            matches!(name.as_str(), "forEach" | "ForEach" | "map" | "onEach").then(|| Turn {
                row: row.to_string(),
                rows: *object,
                body: function.span,
            })
        }
        _ => None,
    };
    unit.index.ancestors(site.expr).filter_map(each).collect()
}

/// True for what a query has brought: `repository.findAll()`, or a name that was given that.
fn are_read(ev: &Evaluator<'_>, at: Site, rows: ExprId) -> bool {
    let unit = ev.program.unit(at.unit);
    let module = &unit.module;
    let reads = |expr: ExprId| {
        let words = ["find", "get", "fetch", "load", "list", "select", "query", "read", "pull", "claim", "poll"];
        flow::mentions(ev, Site { unit: at.unit, expr }, &|name| {
            let name = squeeze(name);
            words.iter().any(|w| name.starts_with(w))
                || matches!(name.as_str(), "scalars" | "tolist" | "tolistasync" | "toarrayasync")
        })
    };
    match &module.expr(rows).kind {
        ExprKind::Name(name) => {
            let Some((_, bindings)) = unit.index.lookup(module, unit.index.func_of(rows), name) else { return false };
            bindings.iter().any(|b| matches!(b, Binding::Value(value) if reads(*value)))
        }
        _ => reads(rows),
    }
}

fn deletes(module: &Module, write: Site) -> bool {
    let name = module.callee_name(write.expr).map(|n| squeeze(n)).unwrap_or_default();
    ["delete", "remove", "destroy"].iter().any(|w| name.starts_with(w))
}

/// True when the row is marked as sent between the publish and the end of the write.
fn marks(ev: &Evaluator<'_>, publish: Site, write: Site) -> bool {
    let module = &ev.program.unit(publish.unit).module;
    let (from, to) = (module.expr(publish.expr).span.end, module.expr(write.expr).span.end);
    module.exprs.iter().filter(|e| e.span.start >= from && e.span.end <= to).any(|e| match &e.kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } | ExprKind::Str(name) => is_mark(name),
        _ => false,
    })
}

/// `published`, `setSentAt`, `markAsProcessed`, `SENT`.
fn is_mark(name: &str) -> bool {
    let name = squeeze(name);
    let rest = ["set", "mark", "is", "as", "status"].iter().fold(name.as_str(), |n, p| n.strip_prefix(p).unwrap_or(n));
    ["published", "sent", "dispatched", "processed"]
        .iter()
        .any(|word| rest.strip_prefix(word).is_some_and(|end| matches!(end, "" | "at" | "on" | "time" | "date")))
}
