//! How often a failing message comes back.

use crate::catalog::consume::Redeliver;
use crate::facts::module::{BinaryOp, ExprId, ExprKind, Module};
use crate::program::index::Binding;
use crate::program::{Site, UnitId, Value};

use super::Redelivery;
use super::reach::Reach;
use super::setting;
use super::source::Found;
use super::walk::{Kind, Step, Trace};

/// The verdict for a source and the code that handles its messages.
pub(super) fn verdict(reach: &Reach<'_, '_>, found: &Found<'_>, traces: &[Trace]) -> Redelivery {
    let ev = reach.ev;
    let explicit = setting::argument(ev, found.site, &found.source.redelivery_settings);
    match found.source.redelivery {
        Redeliver::Handler => {}
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
    for trace in traces {
        for step in &trace.steps {
            let Kind::Reject(flag, default) = &step.kind else { continue };
            match requeues(reach, *flag, *default) {
                Some(true) => {}
                Some(false) => continue,
                None => {
                    let bounded = flag.is_some_and(|f| bounded_flag(reach, f));
                    unknown |= !bounded;
                    requeued |= bounded;
                    continue;
                }
            }
            if is_quorum(reach, found) {
                return Redelivery::Bounded;
            }
            match bound(reach, step) {
                Bound::None => {
                    return Redelivery::Unbounded {
                        place: step.place,
                        why: "it goes back to the queue each time it fails".into(),
                    };
                }
                Bound::Header(name) => {
                    return Redelivery::Unbounded {
                        place: step.place,
                        why: format!("header `{name}` never changes: a requeued message keeps its headers"),
                    };
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

/// Whether the reject puts the message back.
fn requeues(reach: &Reach<'_, '_>, flag: Option<Site>, default: bool) -> Option<bool> {
    match flag {
        None => Some(default),
        Some(site) => setting::boolean(reach.ev, site),
    }
}

/// `nack(msg, false, !msg.fields.redelivered)`
fn bounded_flag(reach: &Reach<'_, '_>, flag: Site) -> bool {
    let module = &reach.ev.program.unit(flag.unit).module;
    mentions(reach, flag.unit, module, flag.expr, &|name| works(name))
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
    let mut header = None;
    let mut other = false;
    for (test, _) in &step.conditions {
        let module = &reach.ev.program.unit(test.unit).module;
        if mentions(reach, test.unit, module, test.expr, &works) {
            return Bound::Works;
        }
        if mentions(reach, test.unit, module, test.expr, &|n| n == "headers" || n == "properties") {
            header = header.or_else(|| header_name(reach, *test));
            other |= header.is_none();
        } else if counts(reach, *test) {
            other = true;
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
fn is_quorum(reach: &Reach<'_, '_>, found: &Found<'_>) -> bool {
    let module = &reach.ev.program.unit(found.site.unit).module;
    module.exprs.iter().any(|e| matches!(&e.kind, ExprKind::Str(s) if s == "quorum" || s == "x-delivery-limit"))
}

/// A module option that changes the default for every subscriber.
fn set_for_all(reach: &Reach<'_, '_>) -> bool {
    reach.ev.program.ids().any(|u| {
        reach.ev.program.unit(u).module.exprs.iter().any(
            |e| matches!(&e.kind, ExprKind::Str(s) if s == "defaultSubscribeErrorBehavior" || s == "defaultRpcErrorBehavior"),
        )
    })
}
