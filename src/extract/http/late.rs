//! Circuit breakers written by hand that any success closes: also one of a call from before they opened.

use super::retry::names_in;
use crate::facts::module::{ClassId, ExprId, ExprKind, FuncId, Function, FunctionKind, Module, StmtKind};
use crate::program::{Parent, Unit};
use crate::syntax::{Place, Span};

/// Where a success closes the breaker whatever its state is.
pub(super) fn closes(unit: &Unit, class: ClassId) -> Option<Place> {
    let module = &unit.module;
    let span = module.class(class).span;
    // With a number that changes with the state, or one call at a time, an old answer is told from a probe's.
    let guarded = module.exprs.iter().filter(|e| span.contains(e.span)).any(|e| match &e.kind {
        ExprKind::Name(n) | ExprKind::Attr { name: n, .. } => {
            let n = n.to_lowercase().replace('_', "");
            ["generation", "epoch", "semaphore", "startedat", "wasprobe"].iter().any(|w| n.contains(w))
        }
        _ => false,
    });
    if guarded {
        return None;
    }
    let becomes_closed = |target: ExprId, value: ExprId| {
        let closed = match &module.expr(value).kind {
            ExprKind::Str(text) => is_closed(text),
            ExprKind::Attr { name, .. } | ExprKind::Name(name) => is_closed(name),
            _ => false,
        };
        let field = match &module.expr(target).kind {
            ExprKind::Attr { .. } => true,
            ExprKind::Name(_) => module.language.has_packages(),
            _ => false,
        };
        closed && field
    };
    let statements = module.stmts.iter().filter_map(|s| match &s.kind {
        StmtKind::Assign { value: Some(value), target, .. } if becomes_closed(*target, *value) => {
            Some((*target, s.span))
        }
        _ => None,
    });
    let expressions = module.exprs.iter().filter_map(|e| match &e.kind {
        ExprKind::Assign { target, value } if becomes_closed(*target, *value) => Some((*target, e.span)),
        _ => None,
    });
    let mut closing = statements.chain(expressions).filter(|(_, at)| span.contains(*at));
    let (_, at) = closing.find(|(target, at)| after_success(unit, class, *target, *at))?;
    Some(Place::new(unit.file, at))
}

fn is_closed(text: &str) -> bool {
    text.eq_ignore_ascii_case("closed")
}

/// The assignment is reached by each call that succeeds.
fn after_success(unit: &Unit, class: ClassId, target: ExprId, at: Span) -> bool {
    let module = &unit.module;
    let Some((id, function)) = method(module, class, at) else { return false };
    if !is_unconditional(unit, target) {
        return false;
    }
    if !function.name.to_lowercase().contains("success") {
        return function.kind != FunctionKind::Constructor && runs_before(unit, id, at);
    }
    // `if (…) return;` before it may have asked for the state.
    if conditions(module, function.span).any(|test| module.expr(test).span.start < at.start) {
        return false;
    }
    let span = module.class(class).span;
    let called = unit.index.calls.iter().filter(|c| {
        span.contains(module.expr(c.expr).span) && module.callee_name(c.expr).is_some_and(|n| *n == function.name)
    });
    let called: Vec<ExprId> = called.map(|c| c.expr).collect();
    !called.is_empty() && called.iter().all(|call| is_unconditional(unit, *call))
}

/// The method of the class around a place.
fn method(module: &Module, class: ClassId, at: Span) -> Option<(FuncId, &Function)> {
    let methods = module.class(class).methods.iter().map(|m| (*m, module.func(*m)));
    methods.into_iter().find(|(_, f)| f.span.contains(at))
}

/// No condition, handler or loop of its function stands around an expression.
fn is_unconditional(unit: &Unit, expr: ExprId) -> bool {
    let module = &unit.module;
    let at = module.expr(expr).span;
    for parent in unit.index.ancestors(expr) {
        match parent {
            Parent::Func(_) | Parent::Class(_) | Parent::Top => break,
            Parent::Stmt(s) => match &module.stmt(s).kind {
                StmtKind::If { .. } | StmtKind::Loop { .. } => return false,
                StmtKind::Try { handlers, finally, .. } => {
                    let in_block = |block: &[crate::facts::module::StmtId]| {
                        block.iter().any(|s| module.stmt(*s).span.contains(at))
                    };
                    if in_block(finally) || handlers.iter().any(|h| in_block(&h.body)) {
                        return false;
                    }
                }
                _ => {}
            },
            Parent::Expr(e) => {
                if matches!(module.expr(e).kind, ExprKind::Cond { .. } | ExprKind::Binary { .. }) {
                    return false;
                }
            }
        }
    }
    true
}

/// The protected call stands in the same function before the assignment, and between the two nothing asks for
/// anything.
fn runs_before(unit: &Unit, id: FuncId, at: Span) -> bool {
    let module = &unit.module;
    let function = module.func(id);
    let params: Vec<&str> = function.params.iter().map(|p| p.name.as_str()).collect();
    let action = unit.index.calls.iter().map(|c| module.expr(c.expr)).filter(|e| function.span.contains(e.span));
    let action = action.filter(|e| match &e.kind {
        // `action()`, `action.get()`, `this.action(…)` with the function that the breaker was made with
        ExprKind::Call(call) => match &module.expr(call.callee).kind {
            ExprKind::Name(name) => params.contains(&name.as_str()),
            ExprKind::Attr { object, name, .. } => {
                matches!(&module.expr(*object).kind, ExprKind::Name(n) if params.contains(&n.as_str()))
                    && matches!(name.as_str(), "get" | "call" | "run" | "execute" | "apply" | "invoke" | "Invoke")
            }
            _ => false,
        },
        _ => false,
    });
    let Some(end) = action.map(|e| e.span.end).filter(|end| *end <= at.start).max() else { return false };
    // What stands in a handler or a `finally` is about the failure.
    let apart: Vec<Span> = module
        .stmts
        .iter()
        .filter(|s| function.span.contains(s.span))
        .flat_map(|s| match &s.kind {
            StmtKind::Try { handlers, finally, .. } => {
                let finally = finally.iter().map(|s| module.stmt(*s).span);
                handlers.iter().map(|h| h.span).chain(finally).collect()
            }
            _ => Vec::new(),
        })
        .collect();
    let asked = conditions(module, function.span)
        .filter(|test| !apart.iter().any(|a| a.contains(module.expr(*test).span)))
        .any(|test| (end..at.start).contains(&module.expr(test).span.start) && asks_for_state(module, test));
    !asked
}

fn asks_for_state(module: &Module, test: ExprId) -> bool {
    names_in(module, test).iter().any(|name| {
        let name = name.to_lowercase();
        ["state", "half", "open", "probe", "closed"].iter().any(|w| name.contains(w))
    })
}

fn conditions(module: &Module, within: Span) -> impl Iterator<Item = ExprId> + '_ {
    module.stmts.iter().filter(move |s| within.contains(s.span)).filter_map(|s| match &s.kind {
        StmtKind::If { test, .. } => Some(*test),
        _ => None,
    })
}
