//! What a function that was passed says to the one around it: a transaction that finds the message to be known leaves,
//! and the variables that it would have set say so to what comes behind it.

use smol_str::SmolStr;

use crate::facts::module::{ExprId, ExprKind, Module, StmtKind};
use crate::program::{Index, UnitId};

use super::super::reach::{Func, Reach};

/// A variable of a function, by its module.
pub(super) type Told = (UnitId, SmolStr);

/// The variables of the functions around a lambda that it sets.
pub(super) fn by(reach: &Reach<'_, '_>, (unit, func): Func) -> Vec<Told> {
    let linked = reach.ev.program.unit(unit);
    let module = &linked.module;
    let span = module.func(func).span;
    let set = module.stmts.iter().filter(|stmt| span.contains(stmt.span)).filter_map(|stmt| match &stmt.kind {
        StmtKind::Assign { target, .. } => match &module.expr(*target).kind {
            ExprKind::Name(name) if is_outer(module, &linked.index, func, name) => Some((unit, name.clone())),
            _ => None,
        },
        _ => None,
    });
    set.collect()
}

fn is_outer(module: &Module, index: &Index, func: crate::facts::module::FuncId, name: &str) -> bool {
    use crate::program::index::Scope;
    match index.lookup(module, Some(func), name) {
        Some((Scope::Func(scope), _)) => scope != func,
        _ => false,
    }
}

/// True for a test that asks for one of them.
pub(super) fn asks(module: &Module, unit: UnitId, test: ExprId, told: &[Told]) -> bool {
    let mut todo = if told.is_empty() { Vec::new() } else { vec![test] };
    while let Some(expr) = todo.pop() {
        if let ExprKind::Name(name) = &module.expr(expr).kind
            && told.iter().any(|(of, set)| *of == unit && set == name)
        {
            return true;
        }
        todo.extend(module.children(expr));
    }
    false
}
