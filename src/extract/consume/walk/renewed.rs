//! Rows that are not stored twice although an insert runs: what has an id already is updated instead, and what
//! belongs to it is deleted before it is added again.

use crate::extract::consume::effect::Effect;
use crate::extract::consume::entity::NEW_ROW;
use crate::facts::module::{BinaryOp, ExprId, ExprKind, Module};

/// Whether a test holds for an object that is stored already: `if order.id`, `if order.id is not None`.
pub(super) fn is_stored(module: &Module, test: ExprId) -> Option<bool> {
    match &module.expr(test).kind {
        ExprKind::Not(inner) => is_stored(module, *inner).map(|stored| !stored),
        ExprKind::Attr { object, name, .. } => {
            let is_object = matches!(module.expr(*object).kind, ExprKind::Name(_));
            (is_object && matches!(name.as_str(), "id" | "_id" | "pk")).then_some(true)
        }
        ExprKind::Binary { op: op @ (BinaryOp::Eq | BinaryOp::Ne), left, right } => {
            let is_null = matches!(module.expr(*right).kind, ExprKind::Null);
            is_stored(module, *left).filter(|_| is_null).map(|stored| stored == (*op == BinaryOp::Ne))
        }
        _ => None,
    }
}

/// True for the name of a method that takes rows away, not the message.
pub(super) fn deletes(name: &str) -> bool {
    let name = name.to_lowercase();
    (name.starts_with("delete") || name.starts_with("destroy")) && !name.contains("message")
}

/// What an effect comes to where the same rows are put back.
pub(super) fn put_back(effect: Effect) -> Effect {
    match effect {
        Effect::Repeats(what) if what == NEW_ROW => Effect::Unclear,
        other => other,
    }
}
