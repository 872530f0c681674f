//! Messages that are passed on as they came: a relay. A second delivery is the same message again, with the same
//! identity, for whoever receives it.

use crate::extract::publish::path;
use crate::facts::module::{ExprId, ExprKind, LoopHeader, StmtKind};
use crate::program::index::Binding;
use crate::program::{Parent, Site, Unit};

use super::super::effect::{Effect, PUBLISHES};
use super::super::reach::{Func, Reach};
use super::way::{Way, is_result};

/// How far a body is followed.
const MAX_DEPTH: u32 = 16;

/// What messages call the bytes that they carry.
const BODIES: [&str; 8] = ["value", "body", "data", "content", "payload", "message", "rawvalue", "buffer"];

/// What a publish does: who receives what is passed on decides whether twice is too often.
pub(super) fn seen(reach: &Reach<'_, '_>, site: Site, effect: Effect, way: Way<'_>) -> Effect {
    match effect {
        Effect::Repeats(what) if what == PUBLISHES && passes_on(reach, site, way) => Effect::Unclear,
        effect => effect,
    }
}

/// True when the call publishes what the handler was handed, unchanged.
fn passes_on(reach: &Reach<'_, '_>, site: Site, way: Way<'_>) -> bool {
    let ev = reach.ev;
    let language = ev.program.language(site.unit);
    reach.symbols(site).iter().any(|symbol| {
        let Some((library, rest)) = ev.catalog.split(language, symbol) else { return false };
        let form = library.publish.iter().find(|form| form.calls.iter().any(|call| call == rest));
        let bodies = form.iter().flat_map(|form| &form.body).flat_map(|body| path::sites(ev, site, body));
        let mut bodies = bodies.peekable();
        bodies.peek().is_some() && bodies.all(|body| is_message(reach, body, way, 0))
    })
}

fn is_message(reach: &Reach<'_, '_>, site: Site, way: Way<'_>, depth: u32) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    let linked = reach.ev.program.unit(site.unit);
    let module = &linked.module;
    let next = |expr: ExprId| is_message(reach, Site { unit: site.unit, expr }, way, depth + 1);
    let is_body = |name: &str| BODIES.contains(&name.to_lowercase().as_str());
    match &module.expr(site.expr).kind {
        ExprKind::Name(name) => {
            let func = linked.index.func_of(site.expr);
            let Some((_, [only])) = linked.index.lookup(module, func, name) else { return false };
            if func.is_some_and(|func| changes(reach, (site.unit, func), name)) {
                return false;
            }
            match *only {
                Binding::Param(func, index) => match way.passed(reach, (site.unit, func), index) {
                    Some((from, before)) => is_message(reach, from, before, depth + 1),
                    None => way.is_handler((site.unit, func)),
                },
                Binding::Value(value) => value != site.expr && next(value),
                // `for message := range messages`, also for entries of a stream that came with others.
                Binding::Element(messages) => {
                    receives(reach, Site { unit: site.unit, expr: messages })
                        || is_part(linked, messages) && next(messages)
                }
                Binding::Opaque => parts_of(linked, site.expr, name).is_some_and(next),
                _ => false,
            }
        }
        ExprKind::Await(inner) | ExprKind::Cast { value: inner, .. } => next(*inner),
        // One of the results of a call of Go, a part that carries the bytes, or a field of an entry of a stream.
        ExprKind::Index { object, index } => {
            let is_part = || match &module.expr(*index).kind {
                ExprKind::Num(_) => true,
                ExprKind::Str(key) => is_body(key),
                _ => false,
            };
            (is_result(reach, Site { unit: site.unit, expr: *object }) || is_part()) && next(*object)
        }
        ExprKind::Attr { object, name, .. } => is_body(name) && next(*object),
        ExprKind::Call(call) => match (&module.expr(call.callee).kind, call.args.as_slice()) {
            // `record.value()`
            (ExprKind::Attr { object, name, .. }, []) if is_body(name) => next(*object),
            // `[]byte(message)`
            (ExprKind::Index { .. }, [only]) => next(only.value),
            _ => receives(reach, site),
        },
        _ => false,
    }
}

/// True for a part of something: `results[0]`, or the name of one.
fn is_part(linked: &Unit, expr: ExprId) -> bool {
    let module = &linked.module;
    match &module.expr(expr).kind {
        ExprKind::Index { .. } => true,
        ExprKind::Cast { value, .. } => is_part(linked, *value),
        ExprKind::Name(name) => match linked.index.lookup(module, linked.index.func_of(expr), name) {
            Some((_, [Binding::Value(value)])) => {
                let value = *value;
                value != expr && !matches!(module.expr(value).kind, ExprKind::Name(_)) && is_part(linked, value)
            }
            _ => false,
        },
        _ => false,
    }
}

/// What a loop goes through that takes its elements apart: `for (const [id, fields] of entries)`.
fn parts_of(linked: &Unit, expr: ExprId, name: &str) -> Option<ExprId> {
    let module = &linked.module;
    linked.index.ancestors(expr).find_map(|parent| {
        let Parent::Stmt(stmt) = parent else { return None };
        let StmtKind::Loop { header: LoopHeader::Each { target, iter }, .. } = &module.stmt(stmt).kind else {
            return None;
        };
        let ExprKind::List(parts) = &module.expr(*target).kind else { return None };
        let is_part = |part: &ExprId| matches!(&module.expr(*part).kind, ExprKind::Name(n) if n == name);
        parts.iter().any(is_part).then_some(*iter)
    })
}

/// True for a call that waits for a message.
fn receives(reach: &Reach<'_, '_>, site: Site) -> bool {
    let ev = reach.ev;
    let language = ev.program.language(site.unit);
    reach.symbols(site).iter().any(|symbol| {
        ev.catalog.split(language, symbol).is_some_and(|(library, rest)| {
            let sources = library.consume.iter().flat_map(|consume| &consume.sources);
            sources.flat_map(|source| source.receives.iter().chain(&source.calls)).any(|call| call == rest)
        })
    })
}

/// True when a function may change what a name holds: it assigns a part of it, or calls a method that does more than
/// read.
fn changes(reach: &Reach<'_, '_>, (unit, func): Func, name: &str) -> bool {
    let linked = reach.ev.program.unit(unit);
    let (module, index) = (&linked.module, &linked.index);
    let is_it = |expr: ExprId| matches!(&module.expr(expr).kind, ExprKind::Name(n) if n == name);
    let part = |expr: ExprId| match &module.expr(expr).kind {
        ExprKind::Attr { object, .. } | ExprKind::Index { object, .. } => is_it(*object),
        _ => false,
    };
    let assigned = module.stmts.iter().any(|stmt| match &stmt.kind {
        StmtKind::Assign { target, .. } => part(*target) && index.func_of(*target) == Some(func),
        _ => false,
    });
    let reads = |method: &str| {
        let lower = method.to_lowercase();
        ["get", "is", "has", "to", "as"].iter().any(|w| lower.starts_with(w))
            || BODIES.contains(&lower.as_str())
            || matches!(lower.as_str(), "key" | "topic" | "headers" | "offset" | "partition" | "ack" | "nack" | "id")
    };
    assigned
        || index.calls.iter().filter(|call| call.func == Some(func)).any(|found| {
            module.call(found.expr).is_some_and(|call| match &module.expr(call.callee).kind {
                ExprKind::Attr { object, name: method, .. } => is_it(*object) && !reads(method),
                _ => false,
            })
        })
}
