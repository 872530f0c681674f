//! What is certain about duplicates in Java and Kotlin: repositories are interfaces without code, so
//! that most of what recognises a duplicate can't be seen. A class of ours that keeps the handled ids in a
//! map of the process is; and so is a message or mail that is sent where everything could be followed and
//! nothing is asked but the message.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::chain;
use super::effect::{self, Effect};
use super::entity;

use super::presence;
use super::reach::{Func, Reach};
use super::source::Found;
use super::walk::{Kind, Trace};
use super::{Evidence, Idempotency};
use crate::facts::module::{Call, ClassId, ExprId, ExprKind, Language, StmtKind};
use crate::program::eval::returns;
use crate::program::index::Binding;
use crate::program::types::build_root;
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Place;

/// How deep what a test asks is looked through.
const MAX_DEPTH: u32 = 12;
/// What a function that makes something of its arguments costs of that.
const MADE: u32 = 4;
/// Where no function is looked into any more.
const MAX_MADE: u32 = MAX_DEPTH - MADE;

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
    (traces, found): (&[Trace], Idempotency),
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
    let inserts = what == entity::NEW_ROW || what == effect::INSERTS;
    let stores = what == entity::COUNTS || inserts && !unique();
    if stores && !asked_before(reach, traces, effect) {
        return Idempotency::No { effect, what };
    }
    match handler.and_then(|handler| in_memory(ev, handler)) {
        Some(guard) => Idempotency::InMemory { guard, effect, what },
        None => match handler.and_then(|handler| certain(ev, handler, traces)) {
            Some((effect, what)) => Idempotency::No { effect, what },
            None => Idempotency::Unknown,
        },
    }
}

/// Names of what makes an object of the text of a message: Jackson, Gson, kotlinx.serialization.
const DECODERS: [&str; 5] = ["convertValue", "decodeFromString", "fromJson", "readTree", "readValue"];

/// Names of calls on values that recognise nothing.
const HARMLESS: [&str; 34] = [
    "all",
    "any",
    "append",
    "apply",
    "also",
    "build",
    "builder",
    "collect",
    "contentEquals",
    "equals",
    "findFirst",
    "formatted",
    "intValue",
    "isBlank",
    "isEmpty",
    "let",
    "longValue",
    "mapNotNull",
    "mapToDouble",
    "multiply",
    "name",
    "now",
    "orElse",
    "orElseThrow",
    "randomUUID",
    "run",
    "size",
    "stream",
    "subtract",
    "toList",
    "valueOf",
    "value",
    "with",
    "writeValueAsString",
];

/// True for the name of a method of Java or Kotlin that only says what an object holds, or makes it hold something:
/// `getOrderId`, `isPaid`, `setStatus`, which Lombok may write.
pub(super) fn is_accessor(ev: &Evaluator<'_>, unit: UnitId, name: &str) -> bool {
    let rest = ["get", "is", "set"].iter().find_map(|prefix| name.strip_prefix(prefix));
    ev.program.language(unit).is_jvm() && rest.is_some_and(|rest| rest.starts_with(char::is_uppercase))
}

/// What the handler does again for certain: something outside of its store, under no condition but on the
/// message, in code of which everything could be followed.
fn certain(ev: &Evaluator<'_>, handler: Func, traces: &[Trace]) -> Option<(Place, String)> {
    let is_accessor = |name: &str| ["get", "set", "is", "to", "from", "of"].iter().any(|p| name.starts_with(p));
    // What was looked up to be worked on is there the second time as well, unless the handler deletes it.
    let deletes = traces.iter().flat_map(|t| &t.steps).any(|s| presence::deletes(ev, s));
    let given = given_message(ev, handler, traces);
    let on_message = |test: Site, branch: bool| {
        asks_message(ev, &given, test) || !deletes && presence::tests(ev, test) == Some(branch)
    };
    let stays = |func: Func| may_leave(ev, func).iter().all(|(test, leaves)| on_message(*test, !leaves));
    let steps = || traces.iter().flat_map(|t| &t.steps).filter(|s| !s.in_catch);
    let followed = traces.iter().all(|t| !t.truncated)
        && stays(handler)
        && steps().all(|s| match &s.kind {
            Kind::Unresolved(name) => HARMLESS.contains(&name.as_str()) || is_accessor(name) || !may_refuse(name),
            // What is saved may have a key that refuses it the second time; what is asked may be remembered.
            Kind::Passed(..) | Kind::Does(Effect::Claim | Effect::Keyed | Effect::Unclear) => false,
            Kind::Enters(func) => s.guard.is_none() && stays(*func),
            _ => s.guard.is_none(),
        });
    if !followed {
        return None;
    }
    traces.iter().find_map(|trace| {
        trace.steps.iter().find_map(|step| match &step.kind {
            Kind::Does(Effect::Repeats(what)) if !step.in_catch && step.always(&trace.steps, &on_message) => {
                let outside = ![entity::NEW_ROW, entity::COUNTS, effect::INSERTS].contains(&what.as_str());
                outside.then(|| (step.place, what.clone()))
            }
            _ => None,
        })
    })
}

/// True for the name of a function that may know of the message, and end its handling: `ensureNew`, `tryAcquire`.
fn may_refuse(name: &str) -> bool {
    let words = [
        "accept",
        "acquire",
        "allow",
        "already",
        "apply",
        "assert",
        "begin",
        "check",
        "claim",
        "dedup",
        "duplicate",
        "ensure",
        "exist",
        "filter",
        "guard",
        "handle",
        "idempot",
        "insert",
        "lock",
        "mark",
        "once",
        "persist",
        "process",
        "put",
        "receive",
        "record",
        "register",
        "remember",
        "require",
        "reserve",
        "save",
        "seen",
        "should",
        "skip",
        "start",
        "store",
        "track",
        "try",
        "update",
        "upsert",
        "valid",
        "verif",
        "with",
        "execute",
        "run",
        "invoke",
        "call",
        "do",
    ];
    let name = name.to_lowercase();
    words.iter().any(|word| name.contains(word))
}

/// True when a function that is called before the effect asks a store and gives up by the answer:
/// `if (payments.existsByOrderId(id)) throw …` in a method of its own.
fn asked_before(reach: &Reach<'_, '_>, traces: &[Trace], effect: Place) -> bool {
    let asks = |test: Site| {
        let module = &reach.ev.program.unit(test.unit).module;
        let mut todo = vec![test.expr];
        while let Some(expr) = todo.pop() {
            if module.call(expr).is_some() && effect::of(reach, Site { expr, ..test }) == Some(Effect::Read) {
                return true;
            }
            todo.extend(module.children(expr));
        }
        false
    };
    traces.iter().any(|trace| {
        trace.steps.iter().take_while(|s| s.place != effect).any(|step| match step.kind {
            Kind::Enters(func) => may_leave(reach.ev, func).into_iter().any(|(test, _)| asks(test)),
            _ => false,
        })
    })
}

/// The conditions under which a function ends early, with what they are then.
fn may_leave(ev: &Evaluator<'_>, (unit, func): Func) -> Vec<(Site, bool)> {
    let module = &ev.program.unit(unit).module;
    let span = module.func(func).span;
    let ends = |block: &crate::facts::module::Block| {
        block.last().is_some_and(|last| {
            let last = &module.stmt(*last).kind;
            matches!(last, StmtKind::Return(_) | StmtKind::Throw(_) | StmtKind::Continue | StmtKind::Break)
        })
    };
    let tests = module.stmts.iter().filter(|s| span.contains(s.span)).filter_map(|s| match &s.kind {
        StmtKind::If { test, then, .. } if ends(then) => Some((Site { unit, expr: *test }, true)),
        StmtKind::If { test, other, .. } if ends(other) => Some((Site { unit, expr: *test }, false)),
        _ => None,
    });
    tests.collect()
}

/// The handler, and the functions below it that are given nothing but the message and what is made of it.
fn given_message(ev: &Evaluator<'_>, handler: Func, traces: &[Trace]) -> BTreeSet<Func> {
    let mut given = BTreeSet::from([handler]);
    let mut other = BTreeSet::new();
    for step in traces.iter().flat_map(|trace| &trace.steps) {
        let Kind::Enters(func) = step.kind else { continue };
        let unit = ev.program.unit(step.site.unit);
        let caller = unit.index.func_of(step.site.expr).map(|caller| (step.site.unit, caller));
        let is_known = caller.is_some_and(|caller| given.contains(&caller))
            && unit.module.call(step.site.expr).is_some_and(|call| {
                call.args.iter().all(|arg| asks_message(ev, &given, Site { expr: arg.value, ..step.site }))
            });
        if is_known && !other.contains(&func) {
            given.insert(func);
        } else if func != handler {
            given.remove(&func);
            other.insert(func);
        }
    }
    given
}

/// True for an expression of which every name stands for the message, a constant or a type.
fn asks_message(ev: &Evaluator<'_>, given: &BTreeSet<Func>, test: Site) -> bool {
    is_made_of(ev, given, test, 0)
}

/// The same at some depth of what was looked through.
fn is_made_of(ev: &Evaluator<'_>, given: &BTreeSet<Func>, test: Site, depth: u32) -> bool {
    let unit = test.unit;
    let module = &ev.program.unit(unit).module;
    let mut todo = vec![(test.expr, depth)];
    while let Some((expr, depth)) = todo.pop() {
        match &module.expr(expr).kind {
            _ if depth > MAX_DEPTH => return false,
            ExprKind::Name(name) => {
                let index = &ev.program.unit(unit).index;
                let Some((_, bindings)) = index.lookup(module, index.func_of(expr), name) else {
                    // A type or a constant.
                    if name.starts_with(char::is_uppercase) {
                        continue;
                    }
                    return false;
                };
                for binding in bindings {
                    match binding {
                        Binding::Param(of, _) if given.contains(&(unit, *of)) => {}
                        Binding::Value(value) => todo.push((*value, depth + 1)),
                        Binding::Import(_) | Binding::Class(_) | Binding::Typed(_) => {}
                        _ => return false,
                    }
                }
            }
            ExprKind::Call(call) if makes_of_arguments(ev, unit, call, depth) => {
                todo.extend(call.args.iter().map(|a| (a.value, depth + 1)));
            }
            ExprKind::Call(call) => match &module.expr(call.callee).kind {
                ExprKind::Attr { object, name, .. } => {
                    // `mapper.readValue(message, Placed.class)` is the message.
                    if !DECODERS.contains(&name.as_str()) {
                        todo.push((*object, depth + 1));
                    }
                    todo.extend(call.args.iter().map(|a| (a.value, depth + 1)));
                }
                _ => return false,
            },
            ExprKind::Lambda(_) => return false,
            _ => todo.extend(module.children(expr).into_iter().map(|e| (e, depth + 1))),
        }
    }
    true
}

/// True for a call of a function of ours that gives nothing but what is made of its arguments: one that reads the text
/// of a message, a constructor.
fn makes_of_arguments(ev: &Evaluator<'_>, unit: UnitId, call: &Call, depth: u32) -> bool {
    if depth > MAX_MADE {
        return false;
    }
    let called = ev.at(unit, call.callee);
    let made = |value: &Value| match value {
        Value::Class { .. } => true,
        Value::Function { unit, func, .. } => {
            let given = BTreeSet::from([(*unit, *func)]);
            let answers = returns(&ev.program.unit(*unit).module, *func);
            let of_arguments = |expr: ExprId| is_made_of(ev, &given, Site { unit: *unit, expr }, depth + MADE);
            !answers.is_empty() && answers.into_iter().all(of_arguments)
        }
        _ => false,
    };
    called.alternatives().iter().all(made)
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
