//! What is certain about duplicates in Java and Kotlin: repositories are interfaces without code, so
//! that most of what recognises a duplicate can't be seen. Only a class of ours that keeps the handled
//! ids in a map of the process is.

use smol_str::SmolStr;

use super::Idempotency;
use super::reach::Func;
use crate::facts::module::{ClassId, ExprId, ExprKind, StmtKind};
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Place;

/// Collections of `java.util`.
const COLLECTIONS: [&str; 8] = [
    "ConcurrentHashMap",
    "ConcurrentSkipListSet",
    "CopyOnWriteArraySet",
    "HashMap",
    "HashSet",
    "LinkedHashMap",
    "LinkedHashSet",
    "newKeySet",
];

/// Words of imports of what keeps data elsewhere.
const ELSEWHERE: [&str; 8] = ["redis", "jdbc", "persistence", "data.", "hazelcast", "ignite", "infinispan", "mongo"];

/// The verdict for a handler, given what was found without knowing its guards.
pub(super) fn idempotency(ev: &Evaluator<'_>, handler: Option<Func>, found: Idempotency) -> Idempotency {
    let Idempotency::No { effect, what } = found else { return found };
    match handler.and_then(|handler| in_memory(ev, handler)) {
        Some(guard) => Idempotency::InMemory { guard, effect, what },
        None => Idempotency::Unknown,
    }
}

/// The condition of the handler that asks a collection in memory.
fn in_memory(ev: &Evaluator<'_>, (unit, func): Func) -> Option<Place> {
    let module = &ev.program.unit(unit).module;
    let span = module.func(func).span;
    module.stmts.iter().find_map(|stmt| {
        let StmtKind::If { test, .. } = &stmt.kind else { return None };
        let mut asked = *test;
        while let ExprKind::Not(inner) = &module.expr(asked).kind {
            asked = *inner;
        }
        let call = module.call(asked).filter(|_| span.contains(module.expr(asked).span))?;
        let found = ev.at(unit, call.callee).alternatives().iter().any(|value| match value {
            Value::Function { unit, func, .. } => {
                ev.program.unit(*unit).module.func(*func).class.is_some_and(|class| keeps_in_memory(ev, *unit, class))
            }
            _ => false,
        });
        found.then(|| ev.program.place(Site { unit, expr: asked }))
    })
}

/// True for a class whose state is a collection and nothing that survives a restart.
fn keeps_in_memory(ev: &Evaluator<'_>, unit: UnitId, class: ClassId) -> bool {
    let module = &ev.program.unit(unit).module;
    let span = module.class(class).span;
    let is_collection = |name: &SmolStr| COLLECTIONS.contains(&name.as_str());
    let made = (0..module.exprs.len() as u32).map(ExprId).any(|expr| {
        span.contains(module.expr(expr).span)
            && module.call(expr).is_some()
            && module.callee_name(expr).is_some_and(is_collection)
    });
    made && !module.imports.iter().any(|i| ELSEWHERE.iter().any(|word| i.module.contains(word)))
}
