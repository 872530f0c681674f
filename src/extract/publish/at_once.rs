//! Functions of the program that run what they are given, once and before they return: those that wrap a transaction,
//! `store.atomically(ctx, func(tx) error { … })`.

use crate::facts::module::{ExprId, ExprKind, FuncId, StmtKind};
use crate::program::{Evaluator, Parent, Site, UnitId, Value};

/// True for a call of such a function with a lambda.
pub(super) fn runs(ev: &Evaluator<'_>, outer: Site, lambda: ExprId) -> bool {
    let module = &ev.program.unit(outer.unit).module;
    if module.language.is_jvm() {
        return false;
    }
    let Some(call) = module.call(outer.expr) else { return false };
    ev.called(outer, call).iter().any(|called| match called {
        Value::Function { unit, func, .. } => {
            let params = ev.program.unit(*unit).module.func(*func).params.len();
            let given = Site { unit: outer.unit, expr: lambda };
            let at = (0..params).find(|at| ev.argument_site(outer, *unit, *func, *at) == Some(given));
            at.is_some_and(|at| calls(ev, *unit, *func, at))
        }
        _ => false,
    })
}

/// True for a function that calls its parameter itself: neither later, nor in a goroutine, nor for each of several.
fn calls(ev: &Evaluator<'_>, unit: UnitId, func: FuncId, at: usize) -> bool {
    let unit = ev.program.unit(unit);
    let module = &unit.module;
    let given = &module.func(func).params[at].name;
    let waits = |parent: Parent| match parent {
        Parent::Stmt(stmt) => !matches!(module.stmt(stmt).kind, StmtKind::Loop { .. }),
        Parent::Expr(expr) => module.callee_name(expr).is_none_or(|name| name != "go"),
        _ => true,
    };
    unit.index.calls.iter().filter(|call| call.func == Some(func)).any(|call| {
        let is_it = module
            .call(call.expr)
            .is_some_and(|call| matches!(&module.expr(call.callee).kind, ExprKind::Name(name) if name == given));
        let around = unit.index.ancestors(call.expr).take_while(|parent| *parent != Parent::Func(func));
        is_it && { around }.all(waits)
    })
}
