//! Which objects of Python are rows that a store gave.

use crate::facts::module::{ExprId, ExprKind};
use crate::program::index::Binding;
use crate::program::{Site, UnitId};

use super::effect::{self, Effect};
use super::reach::Reach;
use super::walk::way::Way;

/// How many names, calls and functions lie between an object and the call that reads it.
const MAX_STEPS: u32 = 16;

/// True for a row: what a query gave, an element of what it gave, what a function of ours gave that asked for it, and
/// the object whose method was entered on the way here.
pub(super) fn is_row(reach: &Reach<'_, '_>, object: Site, way: Way<'_>) -> bool {
    is_given(reach, object.unit, object.expr, Some(way), 0)
}

fn is_given(reach: &Reach<'_, '_>, unit: UnitId, expr: ExprId, way: Option<Way<'_>>, steps: u32) -> bool {
    if steps > MAX_STEPS {
        return false;
    }
    let linked = reach.ev.program.unit(unit);
    let module = &linked.module;
    let next = |expr: ExprId| is_given(reach, unit, expr, way, steps + 1);
    match &module.expr(expr).kind {
        ExprKind::Await(inner) | ExprKind::Cast { value: inner, .. } => next(*inner),
        ExprKind::Index { object, .. } => next(*object),
        ExprKind::Call(call) => {
            let site = Site { unit, expr };
            let functions = reach.called(site);
            if !functions.is_empty() {
                return functions.into_iter().all(|(u, f)| {
                    let returned = crate::program::eval::returns(&reach.ev.program.unit(u).module, f);
                    returned.into_iter().any(|e| is_given(reach, u, e, None, steps + 1))
                });
            }
            match effect::of(reach, site) {
                Some(effect) => effect == Effect::Read,
                // `db.query(Product).filter(…).first()`, `(await db.execute(…)).scalar_one()`
                None => match &module.expr(call.callee).kind {
                    ExprKind::Attr { object, .. } => next(*object),
                    _ => false,
                },
            }
        }
        ExprKind::This => way.is_some_and(|way| is_receiver(reach, way, steps)),
        ExprKind::Name(name) => {
            let func = linked.index.func_of(expr);
            let Some((_, bindings)) = linked.index.lookup(module, func, name) else { return false };
            bindings.iter().any(|binding| match *binding {
                Binding::Value(value) | Binding::Element(value) if value != expr => next(value),
                Binding::Param(func, index) => way.is_some_and(|way| {
                    let is_self =
                        index == 0 && module.func(func).class.is_some() && way.calls.last() == Some(&(unit, func));
                    match way.passed(reach, (unit, func), index).filter(|_| !is_self) {
                        Some((from, before)) => is_given(reach, from.unit, from.expr, Some(before), steps + 1),
                        None => is_self && is_receiver(reach, way, steps),
                    }
                }),
                _ => false,
            })
        }
        _ => false,
    }
}

/// True when the method that was entered last was called on a row: `product.take(quantity)`.
fn is_receiver(reach: &Reach<'_, '_>, way: Way<'_>, steps: u32) -> bool {
    let Some((Some(call), before)) = way.entered.split_last() else { return false };
    let module = &reach.ev.program.unit(call.unit).module;
    let Some(ExprKind::Attr { object, .. }) = module.call(call.expr).map(|c| &module.expr(c.callee).kind) else {
        return false;
    };
    let before = Way { calls: &way.calls[..before.len()], entered: before };
    is_given(reach, call.unit, *object, Some(before), steps + 1)
}
