//! Retries by recursion: a function that calls itself when its request has failed.

use super::retry::{RetryPolicy, names_in, span_policy};
use crate::facts::module::{BinaryOp, Call, ExprId, ExprKind, FuncId, Module, StmtKind};
use crate::program::{Evaluator, Parent, Site, UnitId, Value};

/// The policy of the function around a call, when it calls itself after a failure.
pub(super) fn policy(ev: &Evaluator<'_>, site: Site, func: FuncId) -> Option<RetryPolicy> {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let function = module.func(func);
    if function.name.is_empty() {
        return None;
    }
    let again = ev.program.calls_named(&function.name).iter().filter(|call| {
        call.unit == site.unit && function.span.contains(module.expr(call.expr).span) && is_itself(ev, **call, func)
    });
    let again = again.copied().find(|call| after_failure(ev, site, *call, func))?;
    let bounded = counts(module, module.call(again.expr)?) || keeps_count(module, func);
    Some(RetryPolicy {
        library: format!("`{}`, which calls itself", function.name),
        ..span_policy(ev, site, function.span, bounded)
    })
}

fn is_itself(ev: &Evaluator<'_>, call: Site, func: FuncId) -> bool {
    let module = &ev.program.unit(call.unit).module;
    let Some(call_expr) = module.call(call.expr) else { return false };
    let is_it = |unit: UnitId, other: FuncId| unit == call.unit && other == func;
    ev.at(call.unit, call_expr.callee)
        .alternatives()
        .iter()
        .any(|value| matches!(value, Value::Function { unit, func, .. } if is_it(*unit, *func)))
}

/// The second call stands in what handles the failure of the first: a handler, a `catch(…)`, or behind a look
/// at the answer in a function that waits.
fn after_failure(ev: &Evaluator<'_>, site: Site, again: Site, func: FuncId) -> bool {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let first = module.expr(site.expr).span;
    for parent in unit.index.ancestors(again.expr) {
        match parent {
            Parent::Stmt(stmt) => match &module.stmt(stmt).kind {
                StmtKind::Try { body, handlers, .. } => {
                    let inside = |block: &[crate::facts::module::StmtId], span| {
                        block.iter().any(|s| module.stmt(*s).span.contains(span))
                    };
                    let second = module.expr(again.expr).span;
                    if inside(body, first) && handlers.iter().any(|h| inside(&h.body, second)) {
                        return true;
                    }
                }
                StmtKind::If { test, .. } if asks_for_failure(module, *test) => {
                    return module.expr(*test).span.start > first.start && waits(module, func);
                }
                _ => {}
            },
            Parent::Expr(outer)
                if module.callee_name(outer).is_some_and(|name| name == "catch")
                    && module.expr(outer).span.contains(first) =>
            {
                return true;
            }
            _ => {}
        }
    }
    false
}

/// `response.status === 503`, `!response.ok`, `attempt < max`.
fn asks_for_failure(module: &Module, test: ExprId) -> bool {
    names_in(module, test).iter().any(|name| {
        let name = name.to_lowercase();
        ["status", "ok", "retry", "retries", "attempt", "tries"].iter().any(|word| name.contains(word))
    })
}

/// True for a function that pauses somewhere.
fn waits(module: &Module, func: FuncId) -> bool {
    let span = module.func(func).span;
    module.exprs.iter().enumerate().filter(|(_, e)| span.contains(e.span)).any(|(i, _)| {
        module.callee_name(ExprId(i as u32)).is_some_and(|name| {
            let name = name.to_lowercase();
            name.contains("sleep") || name.contains("delay") || name.contains("wait") || name == "settimeout"
        })
    })
}

/// The call passes on what it has counted: `retries - 1`, `attempt + 1`, `{ ...options, retries: n - 1 }`.
fn counts(module: &Module, call: &Call) -> bool {
    let mut todo: Vec<ExprId> = call.args.iter().map(|arg| arg.value).collect();
    let mut left = 200;
    while let Some(expr) = todo.pop() {
        left -= 1;
        if left == 0 || matches!(module.expr(expr).kind, ExprKind::Binary { op: BinaryOp::Add | BinaryOp::Sub, .. }) {
            return true;
        }
        todo.extend(module.children(expr));
    }
    false
}

/// The function counts in a variable of its own or of an object: `retries -= 1`, `this.attempts++`.
fn keeps_count(module: &Module, func: FuncId) -> bool {
    let span = module.func(func).span;
    let is_step = |op: &Option<BinaryOp>| matches!(op, Some(BinaryOp::Add | BinaryOp::Sub));
    let assigns = module.stmts.iter().filter(|s| span.contains(s.span)).any(|s| match &s.kind {
        StmtKind::Assign { op, .. } => is_step(op),
        _ => false,
    });
    // What is written as an expression (`retries--`) is not told from other forms.
    assigns
        || module.exprs.iter().filter(|e| span.contains(e.span)).any(|e| match &e.kind {
            ExprKind::Assign { .. } => true,
            ExprKind::Name(name) | ExprKind::Attr { name, .. } => {
                let name = name.to_lowercase();
                ["attempt", "retries", "tries", "maxretr", "count"].iter().any(|word| name.contains(word))
            }
            _ => false,
        })
}
