//! Pauses of a loop that repeats a request: whether it also waits when no attempt follows.

use super::retry::{is_sleep, names_in};
use crate::facts::module::{BinaryOp, ExprId, ExprKind, Language, LoopHeader, Module, StmtId, StmtKind};
use crate::program::{Evaluator, Site};
use crate::syntax::{Place, Span};

/// Where a loop waits behind its last attempt: a pause after the request, in a loop that never asks for the
/// number of the attempt. A loop that asks may leave before, and is not judged.
pub(super) fn after_last(ev: &Evaluator<'_>, request: Site, loop_stmt: StmtId, header: &LoopHeader) -> Option<Place> {
    let unit = ev.program.unit(request.unit);
    let module = &unit.module;
    let span = module.stmt(loop_stmt).span;
    // What asks whether something is ready repeats an answer, not a failure.
    if !ev.program.is_production(request.unit) || module.language == Language::Go && gives_up(module, span) {
        return None;
    }
    let counters = counters(module, header)?;
    let mut tests = module.stmts.iter().filter(|s| span.contains(s.span)).filter_map(|s| match &s.kind {
        StmtKind::If { test, .. } => Some(*test),
        _ => None,
    });
    let is_counter = |name: &String| {
        let lower = name.to_lowercase();
        counters.contains(name)
            || ["attempt", "retr", "tries", "last", "final", "remain", "left", "count", "max"]
                .iter()
                .any(|word| lower.contains(word))
    };
    if tests.any(|test| names_in(module, test).iter().any(is_counter)) {
        return None;
    }
    // `attempt < max && await sleep(…)`, `attempt < max ? … : …`
    let chooses = module.exprs.iter().filter(|e| span.contains(e.span)).any(|e| match &e.kind {
        ExprKind::Cond { test, .. } => names_in(module, *test).iter().any(is_counter),
        _ => false,
    });
    if chooses {
        return None;
    }
    let after = module.expr(request.expr).span.end;
    let pause = (0..module.exprs.len() as u32).map(ExprId).find(|e| {
        let at = module.expr(*e).span;
        span.contains(at) && at.start >= after && module.callee_name(*e).is_some_and(|n| is_sleep(n))
    })?;
    // The one inside a promise is told by what is awaited.
    Some(ev.program.place(Site { unit: request.unit, expr: pause }))
}

/// `if err != nil { return … }`: the first failure ends the loop.
fn gives_up(module: &Module, span: Span) -> bool {
    module.stmts.iter().filter(|s| span.contains(s.span)).any(|s| match &s.kind {
        StmtKind::If { test, then, .. } => {
            let is_failure = match &module.expr(*test).kind {
                ExprKind::Binary { op: BinaryOp::Ne, left, right } => {
                    matches!(&module.expr(*left).kind, ExprKind::Name(n) if n.to_lowercase().contains("err"))
                        && module.expr(*right).kind == ExprKind::Null
                }
                _ => false,
            };
            is_failure && then.iter().any(|s| matches!(module.stmt(*s).kind, StmtKind::Return(_) | StmtKind::Break))
        }
        _ => false,
    })
}

/// What counts the attempts; none for a loop that may go on for ever, which has no last attempt.
fn counters(module: &Module, header: &LoopHeader) -> Option<Vec<String>> {
    match header {
        LoopHeader::Each { target, .. } => Some(names_in(module, *target)),
        LoopHeader::Count { init, test, .. } => {
            (*test)?;
            let targets = init.iter().filter_map(|s| match &module.stmt(*s).kind {
                StmtKind::Assign { target, .. } => Some(names_in(module, *target)),
                _ => None,
            });
            Some(targets.flatten().collect())
        }
        LoopHeader::While(test) => {
            let test = (*test)?;
            // `while retries < 3`, not `while not done`.
            let compares = matches!(&module.expr(test).kind, ExprKind::Binary { .. });
            compares.then(|| names_in(module, test))
        }
    }
}
