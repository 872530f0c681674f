//! How often a failing message comes back.

use crate::catalog::consume::Redeliver;
use crate::extract::settings::Settings;
use crate::facts::module::{BinaryOp, ExprId, ExprKind, Module};
use crate::program::index::Binding;
use crate::program::{Site, UnitId, Value};

use super::Redelivery;
use super::container;
use super::handler::Body;
use super::reach::Reach;
use super::setting;
use super::source::Found;
use super::walk::{Kind, Step, Trace};

/// The verdict for a source and the code that handles its messages.
pub(super) fn verdict(
    reach: &Reach<'_, '_>,
    found: &Found<'_>,
    bodies: &[Body],
    traces: &[Trace],
    settings: &Settings,
) -> Redelivery {
    let ev = reach.ev;
    let explicit = setting::argument(ev, found.site, &found.source.redelivery_settings);
    match found.source.redelivery {
        Redeliver::Handler => {}
        // A handler that rejects by itself decides.
        Redeliver::Container if traces.iter().flat_map(|t| &t.steps).any(|s| matches!(s.kind, Kind::Reject(..))) => {}
        Redeliver::Container => return container::redelivery(ev, found, bodies, settings),
        Redeliver::Bounded => {
            // `max_retries=None`
            if let Some(site) = explicit
                && ev.eval(site) == Value::Null
            {
                return Redelivery::Unbounded {
                    place: ev.program.place(site),
                    why: format!(
                        "`{}` is None, which means without end",
                        found.source.redelivery_settings.join("`, `")
                    ),
                };
            }
            return Redelivery::Bounded;
        }
        Redeliver::Unbounded => {
            if explicit.is_some() || setting::is_open(ev, found.site) || set_for_all(reach) {
                return Redelivery::Unknown;
            }
            return Redelivery::Unbounded {
                place: ev.program.place(found.site),
                why: "the default error behaviour requeues every failing message".into(),
            };
        }
    }
    let mut requeued = false;
    let mut unknown = traces.is_empty();
    let given_up = traces.iter().flat_map(|t| &t.steps).any(|s| gives_up(reach, s));
    for trace in traces {
        for step in &trace.steps {
            let Kind::Reject(flag, default) = &step.kind else { continue };
            match requeues(reach, *flag, *default) {
                Some(true) => {}
                Some(false) => continue,
                None => {
                    let Some(flag) = *flag else { continue };
                    // `const requeue = attempts < 3`, where the attempts come from a header.
                    match of_condition(reach, flag) {
                        Bound::Works => requeued = true,
                        Bound::Header(name) if !is_quorum(reach, found, bodies) => {
                            return Redelivery::Unbounded { place: step.place, why: header_text(&name) };
                        }
                        _ => unknown = true,
                    }
                    continue;
                }
            }
            if is_quorum(reach, found, bodies) {
                return Redelivery::Bounded;
            }
            match bound(reach, step) {
                // What cannot be handled is given up elsewhere; this place may be for what passes.
                Bound::None if given_up && !step.for_all => unknown = true,
                Bound::None => {
                    return Redelivery::Unbounded {
                        place: step.place,
                        why: "it goes back to the queue each time it fails".into(),
                    };
                }
                Bound::Header(name) => {
                    return Redelivery::Unbounded { place: step.place, why: header_text(&name) };
                }
                Bound::Works => requeued = true,
                Bound::Unknown => unknown = true,
            }
        }
    }
    match (unknown, requeued) {
        (true, _) => Redelivery::Unknown,
        (false, true) => Redelivery::Bounded,
        (false, false) => Redelivery::None,
    }
}

/// A message that was read and could not be handled is rejected for good, sometimes at least.
fn gives_up(reach: &Reach<'_, '_>, step: &Step) -> bool {
    let Kind::Reject(flag, default) = &step.kind else { return false };
    let decodes = |n: &str| {
        let n = n.to_lowercase();
        ["unmarshal", "decode", "deserialize", "parse"].iter().any(|w| n.contains(w))
    };
    requeues(reach, *flag, *default) != Some(true)
        && !step.conditions.last().is_some_and(|(test, _)| {
            mentions(reach, test.unit, &reach.ev.program.unit(test.unit).module, test.expr, &decodes)
        })
}

/// Whether the reject puts the message back.
fn requeues(reach: &Reach<'_, '_>, flag: Option<Site>, default: bool) -> Option<bool> {
    match flag {
        None => Some(default),
        Some(site) => setting::boolean(reach.ev, site),
    }
}

fn header_text(name: &str) -> String {
    format!("header `{name}` never changes: a requeued message keeps its headers")
}

/// What a condition is about: `nack(msg, false, !msg.fields.redelivered)`.
fn of_condition(reach: &Reach<'_, '_>, test: Site) -> Bound {
    let module = &reach.ev.program.unit(test.unit).module;
    // A case of Go's `select` waits; it bounds nothing.
    let receives = |e: ExprId| module.callee_name(e).is_some_and(|n| n == "<-");
    if receives(test.expr) || module.children(test.expr).into_iter().any(receives) {
        return Bound::None;
    }
    if mentions(reach, test.unit, module, test.expr, &works) {
        return Bound::Works;
    }
    if mentions(reach, test.unit, module, test.expr, &|n| n == "headers" || n == "properties") {
        return header_name(reach, test).map_or(Bound::Unknown, Bound::Header);
    }
    if counts(reach, test) { Bound::Unknown } else { Bound::None }
}

enum Bound {
    /// Nothing.
    None,
    /// A header that the client wrote, which a requeue does not change.
    Header(String),
    /// Something the broker counts.
    Works,
    /// A condition that could not be read.
    Unknown,
}

/// What the broker keeps across a requeue.
fn works(name: &str) -> bool {
    matches!(
        name,
        "redelivered" | "x-delivery-count" | "x-death" | "deliveryCount" | "delivery_count" | "num_delivered"
    )
}

/// The conditions around a reject.
fn bound(reach: &Reach<'_, '_>, step: &Step) -> Bound {
    let (mut header, mut other) = (None, false);
    for (test, _) in &step.conditions {
        match of_condition(reach, *test) {
            Bound::Works => return Bound::Works,
            Bound::Header(name) => header = header.or(Some(name)),
            Bound::Unknown => other = true,
            Bound::None => {}
        }
    }
    match header {
        Some(name) => Bound::Header(name),
        None if other => Bound::Unknown,
        None => Bound::None,
    }
}

/// A comparison with a number, or a call that may know.
fn counts(reach: &Reach<'_, '_>, test: Site) -> bool {
    let module = &reach.ev.program.unit(test.unit).module;
    let mut todo = vec![test.expr];
    while let Some(e) = todo.pop() {
        match &module.expr(e).kind {
            ExprKind::Binary { op: BinaryOp::Lt | BinaryOp::Gt, .. } => return true,
            ExprKind::Call(_) => return true,
            ExprKind::Name(n) | ExprKind::Attr { name: n, .. } => {
                let n = n.to_lowercase();
                if ["retry", "retri", "attempt", "transient", "recover", "requeue", "count"]
                    .iter()
                    .any(|w| n.contains(w))
                {
                    return true;
                }
            }
            _ => {}
        }
        todo.extend(module.children(e));
    }
    false
}

/// The header in a condition such as `headers["x-retry-count"] < 3`, through local variables.
fn header_name(reach: &Reach<'_, '_>, test: Site) -> Option<String> {
    let mut out = None;
    search(reach, test.unit, test.expr, 0, &mut |module, e| {
        if let ExprKind::Str(s) = &module.expr(e).kind
            && s.contains(['-', '_'])
        {
            out.get_or_insert_with(|| s.to_string());
        }
        false
    });
    out
}

fn mentions(reach: &Reach<'_, '_>, unit: UnitId, _: &Module, expr: ExprId, wanted: &dyn Fn(&str) -> bool) -> bool {
    search(reach, unit, expr, 0, &mut |module, e| match &module.expr(e).kind {
        ExprKind::Str(n) | ExprKind::Name(n) | ExprKind::Attr { name: n, .. } => wanted(n),
        _ => false,
    })
}

/// Visits an expression and the local variables it names.
fn search(
    reach: &Reach<'_, '_>,
    unit: UnitId,
    expr: ExprId,
    depth: u32,
    visit: &mut dyn FnMut(&Module, ExprId) -> bool,
) -> bool {
    if depth > 4 {
        return false;
    }
    let u = reach.ev.program.unit(unit);
    let mut todo = vec![expr];
    while let Some(e) = todo.pop() {
        if visit(&u.module, e) {
            return true;
        }
        if let ExprKind::Name(name) = &u.module.expr(e).kind
            && let Some((_, bindings)) = u.index.lookup(&u.module, u.index.func_of(e), name)
        {
            for binding in bindings.iter().take(4) {
                if let Binding::Value(v) = binding
                    && *v != e
                    && search(reach, unit, *v, depth + 1, visit)
                {
                    return true;
                }
            }
        }
        todo.extend(u.module.children(e));
    }
    false
}

/// A quorum queue counts deliveries itself (RabbitMQ 4.0: 20 by default).
fn is_quorum(reach: &Reach<'_, '_>, found: &Found<'_>, bodies: &[Body]) -> bool {
    let units = bodies.iter().map(Body::unit).chain([found.site.unit]);
    units.into_iter().any(|unit| {
        let module = &reach.ev.program.unit(unit).module;
        module.exprs.iter().any(|e| matches!(&e.kind, ExprKind::Str(s) if s == "quorum" || s == "x-delivery-limit"))
    })
}

/// A module option that changes the default for every subscriber.
fn set_for_all(reach: &Reach<'_, '_>) -> bool {
    reach.ev.program.ids().any(|u| {
        reach.ev.program.unit(u).module.exprs.iter().any(
            |e| matches!(&e.kind, ExprKind::Str(s) if s == "defaultSubscribeErrorBehavior" || s == "defaultRpcErrorBehavior"),
        )
    })
}
