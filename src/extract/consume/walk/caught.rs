//! Whether an error in the decoding of a message is caught, and whether what is decoded is the message.

use smol_str::SmolStr;

use crate::catalog::consume::EffectKind;
use crate::facts::module::{Entry, ExprId, ExprKind, Handler, Module, StmtKind};
use crate::program::index::Binding;
use crate::program::{Site, UnitId};

use super::super::reach::Reach;

/// Errors that decoding never raises.
const OTHERS: [&str; 22] = [
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
    "consumeexception",
    "interruptedexception",
    "objectdisposedexception",
    "operationcanceledexception",
    "taskcanceledexception",
    "wakeupexception",
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

/// True for a row that keeps the message beside what went wrong: `FailedEvent.objects.create(value=msg.value(),
/// error=str(e))`. A table may be the place for messages that cannot be handled.
pub(super) fn keeps_message(reach: &Reach<'_, '_>, site: Site) -> bool {
    let ev = reach.ev;
    let language = ev.program.language(site.unit);
    let stores = reach.symbols(site).iter().any(|symbol| {
        matches!(
            ev.catalog.effect(language, symbol),
            Some(EffectKind::Insert | EffectKind::Save | EffectKind::SaveSelf | EffectKind::Upsert)
        )
    });
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr).filter(|_| stores) else { return false };
    let mut parts: Vec<(Option<SmolStr>, ExprId)> = Vec::new();
    let mut todo: Vec<(ExprId, u32)> = vec![(site.expr, 0)];
    if let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind {
        parts.push((None, *object));
    }
    while let Some((expr, depth)) = todo.pop() {
        match &module.expr(expr).kind {
            ExprKind::Call(call) if depth < 3 => {
                for arg in &call.args {
                    parts.push((arg.name.clone(), arg.value));
                    todo.push((arg.value, depth + 1));
                }
            }
            ExprKind::Dict(entries) if depth < 3 => {
                for entry in entries {
                    if let Entry::Pair { key, value } = entry {
                        let name = match &module.expr(*key).kind {
                            ExprKind::Str(name) => Some(name.clone()),
                            _ => None,
                        };
                        parts.push((name, *value));
                        todo.push((*value, depth + 1));
                    }
                }
            }
            ExprKind::Await(inner) if depth < 3 => todo.push((*inner, depth)),
            _ => {}
        }
    }
    let of_failure = |(name, expr): &(Option<SmolStr>, ExprId)| {
        let own = match &module.expr(*expr).kind {
            ExprKind::Name(name) | ExprKind::Attr { name, .. } => Some(name),
            _ => None,
        };
        name.iter().chain(own).any(|name| tells_failure(name))
    };
    parts.iter().any(of_failure)
        && parts.iter().skip(1).any(|part| !of_failure(part) && is_handed(reach, site.unit, part.1, 0))
}

fn tells_failure(name: &str) -> bool {
    let name = name.to_lowercase();
    ["error", "exception", "fail", "reason", "deadletter", "dead_letter"].iter().any(|word| name.contains(word))
        || matches!(name.as_str(), "e" | "err" | "ex" | "exc")
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
                    "poll" | "getone" | "get_message" | "receive" | "next" | "Consume" => true,
                    // `codec.decode(msg.data)`, `new TextDecoder().decode(msg.data)`
                    "decode" | "GetString" if call.args.first().is_some_and(|a| next(a.value)) => true,
                    "decode" | "toString" | "value" | "strip" | "trim" | "tobytes" | "ToArray" => next(*object),
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
