//! Conditions that only ask whether there is what the message is about: `if (driver.isPresent())`. What was looked up
//! by its key is there the second time as well, so they recognise no duplicate.

use super::walk::{self, Step};
use crate::facts::module::{BinaryOp, ExprId, ExprKind, Module};
use crate::program::index::Binding;
use crate::program::{Evaluator, Site};

/// Whether a test holds when something was found that is looked up by a key; none for any other test.
pub(super) fn tests(ev: &Evaluator<'_>, test: Site) -> Option<bool> {
    let module = &ev.program.unit(test.unit).module;
    let at = |expr: ExprId| Site { unit: test.unit, expr };
    match &module.expr(test.expr).kind {
        ExprKind::Not(inner) => tests(ev, at(*inner)).map(|found| !found),
        ExprKind::Binary { op: op @ (BinaryOp::Eq | BinaryOp::Ne), left, right } => {
            let of = match (&module.expr(*left).kind, &module.expr(*right).kind) {
                (_, ExprKind::Null) => *left,
                (ExprKind::Null, _) => *right,
                _ => return None,
            };
            is_looked_up(ev, at(of)).then_some(*op == BinaryOp::Ne)
        }
        ExprKind::Call(call) => {
            let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
            let found = match name.as_str() {
                "isPresent" => true,
                "isEmpty" => false,
                _ => return None,
            };
            (call.args.is_empty() && is_looked_up(ev, at(*object))).then_some(found)
        }
        _ => None,
    }
}

/// True for what a lookup by a key gives, and for a variable that holds nothing else.
fn is_looked_up(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    match &module.expr(site.expr).kind {
        ExprKind::Name(name) => {
            let found = unit.index.lookup(module, unit.index.func_of(site.expr), name);
            let mut values = found.into_iter().flat_map(|(_, bindings)| bindings).filter_map(|b| match b {
                Binding::Value(value) => Some(Some(*value)),
                Binding::Typed(_) => None,
                _ => Some(None),
            });
            let only = values.next().flatten();
            values.next().is_none() && only.is_some_and(|value| by_key(module, value))
        }
        _ => by_key(module, site.expr),
    }
}

/// `orders.findById(id)`, `drivers.findNearest(x, y)`, also with `.orElse(null)` behind it; not
/// `orders.findByIdAndStatus(id, NEW)`, which finds nothing once the status has changed.
fn by_key(module: &Module, expr: ExprId) -> bool {
    let Some(call) = module.call(expr) else { return false };
    let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return false };
    if matches!(name.as_str(), "orElse" | "orElseGet") {
        return by_key(module, *object);
    }
    let Some(rest) = ["find", "get", "load"].iter().find_map(|verb| name.strip_prefix(verb)) else { return false };
    let key = rest.rsplit_once("By").map_or("", |(_, key)| key);
    let is_key = ["Id", "ID", "Uuid", "Key", "Code", "Number", "Name", "Email", "Sku"].iter().any(|w| key.ends_with(w));
    is_key && !key.contains("And") && !key.contains("Or") && !call.args.is_empty()
}

/// True for a step that takes something away: what was looked up may be gone the second time.
pub(super) fn deletes(ev: &Evaluator<'_>, step: &Step) -> bool {
    let takes_away = |name: &str| {
        let name = name.to_lowercase();
        ["delete", "remove", "destroy", "evict", "clear", "poll", "pop", "archive"].iter().any(|w| name.starts_with(w))
    };
    match &step.kind {
        walk::Kind::Unresolved(name) => takes_away(name),
        walk::Kind::Enters((unit, func)) => takes_away(&ev.program.unit(*unit).module.func(*func).name),
        walk::Kind::Does(_) => ev.program.ids().map(|id| ev.program.unit(id)).any(|unit| {
            unit.file == step.place.file
                && unit.index.calls.iter().any(|c| {
                    unit.module.expr(c.expr).span == step.place.span
                        && unit.module.callee_name(c.expr).is_some_and(|name| takes_away(name))
                })
        }),
        _ => false,
    }
}
