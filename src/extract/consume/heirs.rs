//! Generic classes of the repository that handle messages for the classes that inherit from them:
//! `class IdempotentConsumer<T> : IConsumer<T>` and `class OrderPlacedConsumer : IdempotentConsumer<OrderPlaced>`.

use smol_str::SmolStr;

use crate::facts::module::{ClassId, ClassKind, ExprId, ExprKind, Module};
use crate::program::hierarchy::ClassRef;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, Value};

use super::InScope;
use super::reach::Func;
use super::source::Found;

/// How many generic classes may stand between the library's interface and a class that says the message.
const MAX_CLASSES: u32 = 4;

/// A class that inherits how messages are handled.
pub(super) struct Heir {
    /// The class.
    pub(super) class: ClassRef,
    /// The type of the messages.
    pub(super) message: SmolStr,
}

/// The consumers that a class stands for: itself, or, where the message is a type parameter of it, the classes
/// that inherit from it and say the message.
pub(super) fn instead_of<'c>(
    ev: &Evaluator<'_>,
    in_scope: &InScope<'_>,
    found: Found<'c>,
    class: ClassId,
) -> Vec<Found<'c>> {
    let of = (found.site.unit, class);
    let module = &ev.program.unit(of.0).module;
    let message = match &module.expr(found.site.expr).kind {
        ExprKind::Index { index, .. } => simple_name(module, *index),
        _ => None,
    };
    let Some(at) = message.and_then(|name| parameter(module, class, &name)) else { return vec![found] };
    let mut heirs = Vec::new();
    collect(ev, in_scope, of, at, 0, &mut heirs);
    if heirs.is_empty() {
        return vec![found];
    }
    let heir = |(site, heir): (Site, Heir)| {
        let method = found.source.method.as_deref().and_then(|name| declared(ev, heir.class, name));
        let functions = method.map_or_else(|| found.functions.clone(), |method| vec![method]);
        Found { site, functions, name: found.name.clone(), heir: Some(heir), ..found }
    };
    heirs.into_iter().map(heir).collect()
}

/// The classes below a generic class that say what its type parameter is, each with the base that says it.
fn collect(
    ev: &Evaluator<'_>,
    in_scope: &InScope<'_>,
    of: ClassRef,
    at: usize,
    depth: u32,
    out: &mut Vec<(Site, Heir)>,
) {
    if depth >= MAX_CLASSES {
        return;
    }
    let name = &ev.program.unit(of.0).module.class(of.1).name;
    for &(unit, class) in ev.program.types.derived(name).iter().filter(|heir| in_scope(heir.0)) {
        let module = &ev.program.unit(unit).module;
        let declared = module.class(class);
        let is_it = |base: &&ExprId| {
            simple_name(module, **base).is_some_and(|n| n == *name)
                && matches!(ev.at(unit, **base), Value::Class { unit: u, class: c } if (u, c) == of)
        };
        let Some(&base) = declared.bases.iter().find(is_it).filter(|_| declared.kind == ClassKind::Class) else {
            continue;
        };
        let Some(message) = argument(module, base, at).and_then(|argument| simple_name(module, argument)) else {
            continue;
        };
        match parameter(module, class, &message) {
            Some(at) => collect(ev, in_scope, (unit, class), at, depth + 1, out),
            None => out.push((Site { unit, expr: base }, Heir { class: (unit, class), message })),
        }
    }
}

/// Which type parameter of a class a name is.
fn parameter(module: &Module, class: ClassId, name: &str) -> Option<usize> {
    module.class(class).type_params.iter().position(|param| param == name)
}

/// An argument of a generic type.
fn argument(module: &Module, ty: ExprId, at: usize) -> Option<ExprId> {
    let ExprKind::Index { index, .. } = &module.expr(ty).kind else { return None };
    match &module.expr(*index).kind {
        ExprKind::List(items) => items.get(at).copied(),
        _ => (at == 0).then_some(*index),
    }
}

/// The method that a call on the object itself runs, where the class of that object has one of its own.
pub(super) fn own(ev: &Evaluator<'_>, heir: ClassRef, call: Site) -> Option<Func> {
    let module = &ev.program.unit(call.unit).module;
    let name = match &module.expr(module.call(call.expr)?.callee).kind {
        ExprKind::Name(name) => name,
        ExprKind::Attr { object, name, .. } if module.expr(*object).kind == ExprKind::This => name,
        _ => return None,
    };
    let unit = ev.program.unit(call.unit);
    let of = unit.index.classes_around(module, call.expr).first().copied()?;
    // A function of the heir itself, or of something else that it uses.
    if (call.unit, of) == heir || !ev.above(heir).contains(&(call.unit, of)) {
        return None;
    }
    declared(ev, heir, name)
}

/// The one method of a class with a name.
fn declared(ev: &Evaluator<'_>, class: ClassRef, name: &str) -> Option<Func> {
    let module = &ev.program.unit(class.0).module;
    let mut methods = module.class(class.1).methods.iter().filter(|method| module.func(**method).name == name);
    methods.next().filter(|_| methods.next().is_none()).map(|method| (class.0, *method))
}
