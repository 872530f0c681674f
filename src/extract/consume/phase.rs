//! Questions that an object which was loaded answers about its own state: `if (order.isAwaitingPayment())`.

use super::guard::{Guard, MAX_DEPTH, When, source};
use super::reach::{Func, Reach};
use crate::facts::module::{BinaryOp, ExprId, ExprKind, FunctionKind, Module, StmtKind};
use crate::program::eval::returns;
use crate::program::{Site, UnitId, Value};

/// A method of a loaded object that compares its state, which other methods of its class change: what was handled
/// before may be told by that, either way round.
pub(super) fn asked(reach: &Reach<'_, '_>, unit: UnitId, expr: ExprId, depth: u32) -> Option<(Guard, When)> {
    let module = &reach.ev.program.unit(unit).module;
    let ExprKind::Attr { object, .. } = &module.expr(module.call(expr)?.callee).kind else { return None };
    if depth > MAX_DEPTH || !matches!(source(reach, unit, *object, depth + 1), Some((Guard::Durable(_), _))) {
        return None;
    }
    let mut called = reach.called(Site { unit, expr });
    if called.is_empty() {
        called.extend(by_declaration(reach, unit, expr));
    }
    let tells = called.into_iter().any(|(u, func)| {
        let module = &reach.ev.program.unit(u).module;
        let index = &reach.ev.program.unit(u).index;
        let Some(class) = module.func(func).class else { return false };
        let [answer] = returns(module, func)[..] else { return false };
        let changes = |state: &str| {
            module.stmts.iter().any(|stmt| match &stmt.kind {
                StmtKind::Assign { target, op: None, .. } => {
                    field(module, *target) == Some(state)
                        && index.func_of(*target).is_some_and(|f| {
                            let of = module.func(f);
                            of.class == Some(class) && of.kind == FunctionKind::Method
                        })
                }
                _ => false,
            })
        };
        state(module, answer, 0).is_some_and(changes)
    });
    tells.then(|| (Guard::Unknown(reach.ev.program.place(Site { unit, expr })), When::Either))
}

/// The method of the type that the variable was declared with: `Order order = orders.find(id).orElseThrow()`.
fn by_declaration(reach: &Reach<'_, '_>, unit: UnitId, expr: ExprId) -> Option<Func> {
    let linked = reach.ev.program.unit(unit);
    let (module, index) = (&linked.module, &linked.index);
    let ExprKind::Attr { object, name, .. } = &module.expr(module.call(expr)?.callee).kind else { return None };
    let ExprKind::Name(variable) = &module.expr(*object).kind else { return None };
    let declared = module.stmts.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::Assign { target, annotation: Some(ty), .. }
            if matches!(&module.expr(*target).kind, ExprKind::Name(name) if name == variable)
                && index.func_of(*target) == index.func_of(expr) =>
        {
            reach.ev.declared(unit, *ty)
        }
        _ => None,
    })?;
    let Value::Object { unit, class, .. } = declared else { return None };
    let module = &reach.ev.program.unit(unit).module;
    module.class(class).methods.iter().find(|m| module.func(**m).name == *name).map(|m| (unit, *m))
}

/// The field that an answer compares with a constant: `status` of `status == Status.RUNNING || status == Status.NEW`.
fn state(module: &Module, answer: ExprId, depth: u32) -> Option<&str> {
    let ExprKind::Binary { op, left, right } = &module.expr(answer).kind else { return None };
    match op {
        BinaryOp::And | BinaryOp::Or if depth < MAX_DEPTH => {
            state(module, *left, depth + 1).or_else(|| state(module, *right, depth + 1))
        }
        BinaryOp::Eq | BinaryOp::Ne => {
            let is_constant = |expr: ExprId| {
                matches!(&module.expr(expr).kind, ExprKind::Attr { name, .. } | ExprKind::Name(name)
                    if name.chars().all(|c| c.is_uppercase() || c == '_' || c.is_ascii_digit()))
            };
            match (is_constant(*left), is_constant(*right)) {
                (false, true) => field(module, *left),
                (true, false) => field(module, *right),
                _ => None,
            }
        }
        _ => None,
    }
}

/// `status`, `this.status`
fn field(module: &Module, expr: ExprId) -> Option<&str> {
    match &module.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => Some(name),
        _ => None,
    }
}
