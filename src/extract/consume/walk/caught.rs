//! Whether an error in the decoding of a message is caught, and whether what is decoded is the message.

use crate::facts::module::{ExprId, ExprKind, Handler, Module, StmtKind};
use crate::program::index::Binding;
use crate::program::{Site, UnitId};

use super::super::reach::Reach;

/// Errors that decoding never raises.
const OTHERS: [&str; 16] = [
    "keyboardinterrupt",
    "systemexit",
    "cancellederror",
    "keyerror",
    "indexerror",
    "attributeerror",
    "stopiteration",
    "stopasynciteration",
    "timeout",
    "timeouterror",
    "connectionerror",
    "integrityerror",
    "sqlalchemyerror",
    "kafkaexception",
    "kafkaerror",
    "assertionerror",
];

/// True for a handler that keeps a decoding error from leaving; in doubt it does.
pub(super) fn catches(module: &Module, handler: &Handler) -> bool {
    if let Some(&last) = handler.body.last()
        && matches!(module.stmt(last).kind, StmtKind::Throw(_))
    {
        return false;
    }
    let types = types(module, handler);
    let is_other = |ty: &ExprId| match &module.expr(*ty).kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => {
            let name = name.to_lowercase();
            OTHERS.contains(&name.as_str()) || name.starts_with("amqp") || name.ends_with("connectionerror")
        }
        _ => false,
    };
    types.is_empty() || !types.iter().all(is_other)
}

/// True for a handler of every error: `catch (e)`, `except Exception`, `catch (Throwable t)`.
pub(super) fn takes_all(module: &Module, handler: &Handler) -> bool {
    let types = types(module, handler);
    let is_base = |ty: &ExprId| match &module.expr(*ty).kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => {
            matches!(name.as_str(), "Exception" | "BaseException" | "Throwable" | "Error" | "RuntimeException")
        }
        _ => false,
    };
    types.is_empty() || types.iter().any(is_base)
}

/// The types that a handler names, those of a tuple one by one.
fn types(module: &Module, handler: &Handler) -> Vec<ExprId> {
    let mut types = Vec::new();
    for &ty in &handler.types {
        match &module.expr(ty).kind {
            ExprKind::List(items) => types.extend(items.iter().copied()),
            _ => types.push(ty),
        }
    }
    types
}

/// True when the first argument of a call is what was handed over: a parameter, the variable of a loop,
/// what a receiving call gave, or a part of one.
pub(in crate::extract::consume) fn is_of_message(reach: &Reach<'_, '_>, site: Site) -> bool {
    let module = &reach.ev.program.unit(site.unit).module;
    let first = module.call(site.expr).and_then(|call| call.args.first());
    first.is_some_and(|arg| is_handed(reach, site.unit, arg.value, 0))
}

fn is_handed(reach: &Reach<'_, '_>, unit: UnitId, expr: ExprId, depth: u32) -> bool {
    if depth > 8 {
        return false;
    }
    let linked = reach.ev.program.unit(unit);
    let module = &linked.module;
    let next = |e: ExprId| is_handed(reach, unit, e, depth + 1);
    match &module.expr(expr).kind {
        ExprKind::Name(name) => {
            let Some((_, bindings)) = linked.index.lookup(module, linked.index.func_of(expr), name) else {
                return false;
            };
            bindings.iter().any(|b| match b {
                Binding::Param(..) | Binding::Element(_) | Binding::Entered(_) => true,
                Binding::Value(e) => *e != expr && next(*e),
                _ => false,
            })
        }
        ExprKind::Await(e) | ExprKind::Cast { value: e, .. } => next(*e),
        ExprKind::Attr { object, .. } | ExprKind::Index { object, .. } => next(*object),
        // `msg.value ?? "{}"`, `msg?.content`
        ExprKind::Binary { left, .. } => next(*left),
        ExprKind::Other(children) if children.len() == 1 => next(children[0]),
        ExprKind::Call(call) => {
            let name = module.callee_name(expr).map_or("", |n| n.as_str());
            match &module.expr(call.callee).kind {
                ExprKind::Attr { object, .. } => match name {
                    "poll" | "getone" | "get_message" | "receive" | "next" => true,
                    "decode" | "toString" | "value" | "strip" | "trim" | "tobytes" => next(*object),
                    "from" => call.args.first().is_some_and(|a| next(a.value)),
                    _ => false,
                },
                _ if matches!(name, "str" | "bytes" | "String" | "bytearray") => {
                    call.args.first().is_some_and(|a| next(a.value))
                }
                _ => false,
            }
        }
        _ => false,
    }
}
