//! What is certain about duplicates in Java and Kotlin: repositories are interfaces without code, so
//! that most of what recognises a duplicate can't be seen. Only a class of ours that keeps the handled
//! ids in a map of the process is.

use smol_str::SmolStr;

use super::chain;
use super::entity;
use super::reach::{Func, Reach};
use super::source::Found;
use super::{Evidence, Idempotency};
use crate::facts::module::{ClassId, ExprId, ExprKind, Language, StmtKind};
use crate::program::types::build_root;
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
pub(super) fn idempotency(
    reach: &Reach<'_, '_>,
    source: &Found<'_>,
    handler: Option<Func>,
    evidence: &Evidence,
    found: Idempotency,
) -> Idempotency {
    let ev = reach.ev;
    if source.source.deduplicates {
        let off = names_in_module(ev, source.site.unit, &source.source.unless_named);
        return if off { Idempotency::Unknown } else { Idempotency::Durable(ev.program.place(source.site)) };
    }
    if let Some((effect, what)) = chain::repeats(ev, source) {
        return Idempotency::No { effect, what };
    }
    let Idempotency::No { effect, what } = found else { return found };
    let unique = || entity::table_at(reach, effect).is_none_or(|table| evidence.has_unique_key(&table));
    if what == entity::COUNTS || what == entity::NEW_ROW && !unique() {
        return Idempotency::No { effect, what };
    }
    match handler.and_then(|handler| in_memory(ev, handler)) {
        Some(guard) => Idempotency::InMemory { guard, effect, what },
        None => Idempotency::Unknown,
    }
}

/// True when the build module of a unit has one of the names in it; in Go, where packages are small, and in Python any
/// package.
pub(super) fn names_in_module(ev: &Evaluator<'_>, unit: UnitId, names: &[String]) -> bool {
    let root = build_root(&ev.program.unit(unit).path);
    let language = ev.program.language(unit);
    let units = ev.program.ids().map(|id| ev.program.unit(id)).filter(|u| u.module.language == language);
    let everywhere = matches!(language, Language::Go | Language::Python);
    units.filter(|u| everywhere || build_root(&u.path) == root).any(|u| {
        u.module.imports.iter().any(|i| names.iter().any(|n| *n == i.local))
            || u.module.exprs.iter().any(|e| match &e.kind {
                ExprKind::Name(n) | ExprKind::Attr { name: n, .. } | ExprKind::Str(n) => names.iter().any(|x| x == n),
                _ => false,
            })
    })
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
