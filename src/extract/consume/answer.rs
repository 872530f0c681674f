//! Results in which a function of ours says that a message was handled before: `if result.Skip { continue }`.

use crate::facts::module::{ExprId, ExprKind, FuncId, StmtKind};
use crate::program::index::Binding;
use crate::program::{Site, UnitId};
use crate::syntax::Place;

use super::guard::{self, Guard};
use super::reach::Reach;

/// How many calls of a function are followed.
const MAX_CALLS: usize = 24;
/// What a function costs of the depth that tests are read to.
const STEP: u32 = 2;

/// Where the function that made a result tests for a duplicate and returns; `field` is the lower-case name of what
/// the caller looks at.
pub(super) fn told(reach: &Reach<'_, '_>, unit: UnitId, result: ExprId, field: &str, depth: u32) -> Option<Place> {
    let says = ["skip", "ignore", "duplicate", "already", "seen", "known", "noop", "replay"];
    if !says.iter().any(|word| field.contains(word)) {
        return None;
    }
    made_by(reach, unit, result, depth).find_map(|call| tests(reach, call, depth))
}

/// The calls that an expression holds the result of.
fn made_by<'r>(
    reach: &'r Reach<'_, '_>,
    unit: UnitId,
    expr: ExprId,
    depth: u32,
) -> Box<dyn Iterator<Item = Site> + 'r> {
    let linked = reach.ev.program.unit(unit);
    let module = &linked.module;
    if depth > guard::MAX_DEPTH {
        return Box::new(std::iter::empty());
    }
    match &module.expr(expr).kind {
        ExprKind::Call(_) => Box::new(std::iter::once(Site { unit, expr })),
        ExprKind::Await(inner) => made_by(reach, unit, *inner, depth + 1),
        // One of the results of a call of Go.
        ExprKind::Index { object, .. } => made_by(reach, unit, *object, depth + 1),
        ExprKind::Name(name) => {
            let bindings = linked.index.lookup(module, linked.index.func_of(expr), name).map_or(&[][..], |(_, b)| b);
            Box::new(bindings.iter().flat_map(move |binding| match *binding {
                Binding::Value(value) if value != expr => made_by(reach, unit, value, depth + 1),
                _ => Box::new(std::iter::empty()),
            }))
        }
        _ => Box::new(std::iter::empty()),
    }
}

/// Where the functions that a call runs recognise a duplicate and return.
fn tests(reach: &Reach<'_, '_>, call: Site, depth: u32) -> Option<Place> {
    if depth + STEP > guard::MAX_DEPTH {
        return None;
    }
    reach.called(call).into_iter().find_map(|(unit, func)| {
        let own = leaves(reach, unit, func, depth + STEP);
        own.or_else(|| {
            let linked = reach.ev.program.unit(unit);
            let calls = linked.index.calls.iter().filter(|c| c.func == Some(func)).take(MAX_CALLS);
            calls.map(|c| Site { unit, expr: c.expr }).find_map(|inner| tests(reach, inner, depth + STEP))
        })
    })
}

/// The test of a function that recognises a duplicate and returns.
fn leaves(reach: &Reach<'_, '_>, unit: UnitId, func: FuncId, depth: u32) -> Option<Place> {
    let linked = reach.ev.program.unit(unit);
    let module = &linked.module;
    let around = module.func(func).span;
    module.stmts.iter().filter(|s| around.contains(s.span)).find_map(|stmt| match &stmt.kind {
        StmtKind::If { test, then, .. } => {
            let returns = then.iter().any(|s| matches!(module.stmt(*s).kind, StmtKind::Return(_)));
            let found = guard::condition(reach, unit, *test, depth).filter(|_| returns);
            found.map(|(Guard::Durable(place) | Guard::Memory(place) | Guard::Unknown(place), _)| place)
        }
        _ => None,
    })
}
