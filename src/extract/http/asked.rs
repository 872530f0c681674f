//! Breakers that are asked: `if not breaker.can_execute(): raise …` before the request, and told afterwards.

use super::breaker::is_breaker_name;
use super::guards::Guard;
use super::retry::leaves_somewhere;
use super::told::words;
use crate::facts::module::{ExprId, ExprKind, FuncId, Module, StmtKind};
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Span;

/// What the last name of a question tells, without underscores: `isOpen`, `allow_request`, `tryAcquirePermission`.
const QUESTIONS: [&str; 15] = [
    "open",
    "allow",
    "canexec",
    "canrequest",
    "cancall",
    "canattempt",
    "canproceed",
    "canpass",
    "permi",
    "available",
    "state",
    "check",
    "before",
    "acquire",
    "ensure",
];

/// The breaker that a function asks before it comes to a place in it.
pub(super) fn before(ev: &Evaluator<'_>, unit: UnitId, func: FuncId, at: Span) -> Option<Guard> {
    let module = &ev.program.unit(unit).module;
    let span = module.func(func).span;
    let earlier = |s: Span| span.contains(s) && s.start < at.start;
    let asked = module.stmts.iter().filter(|s| earlier(s.span)).find_map(|s| match &s.kind {
        StmtKind::If { test, then, other } => {
            let decides = s.span.contains(at) || leaves_somewhere(module, then) || leaves_somewhere(module, other);
            decides.then(|| question(ev, unit, module, *test)).flatten()
        }
        // `breaker.check()`, which throws
        StmtKind::Expr(e) | StmtKind::Assign { value: Some(e), op: None, .. } if s.span.end <= at.start => {
            let e = match module.expr(*e).kind {
                ExprKind::Await(inner) => inner,
                _ => *e,
            };
            module.call(e).and_then(|call| asks(ev, unit, module, call.callee).then_some(e))
        }
        _ => None,
    })?;
    Some(Guard::breaker(ev.program.place(Site { unit, expr: asked }), "a circuit breaker"))
}

/// The part of a condition that asks a breaker.
fn question(ev: &Evaluator<'_>, unit: UnitId, module: &Module, test: ExprId) -> Option<ExprId> {
    let mut todo = vec![test];
    while let Some(e) = todo.pop() {
        let name = match &module.expr(e).kind {
            ExprKind::Call(call) => call.callee,
            _ => e,
        };
        if asks(ev, unit, module, name) {
            return Some(e);
        }
        todo.extend(module.children(e));
    }
    None
}

/// `self.circuit_breaker.can_execute`, `isCircuitOpen`
fn asks(ev: &Evaluator<'_>, unit: UnitId, module: &Module, name: ExprId) -> bool {
    let (ExprKind::Name(last) | ExprKind::Attr { name: last, .. }) = &module.expr(name).kind else { return false };
    let last = last.to_lowercase().replace('_', "");
    if !QUESTIONS.iter().any(|q| last.contains(q)) {
        return false;
    }
    let words = words(ev, unit, name);
    words.contains("breaker") || words.contains("circuit") || is_of_breaker(ev, unit, module, name)
}

/// True for a member of an object whose class is a breaker, whatever the object is called.
fn is_of_breaker(ev: &Evaluator<'_>, unit: UnitId, module: &Module, name: ExprId) -> bool {
    let ExprKind::Attr { object, .. } = &module.expr(name).kind else { return false };
    ev.at(unit, *object).alternatives().iter().any(|value| match value {
        Value::Object { unit, class, .. } => is_breaker_name(&ev.program.unit(*unit).module.class(*class).name),
        _ => false,
    })
}
