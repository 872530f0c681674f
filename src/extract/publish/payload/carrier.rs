//! Headers into which OpenTelemetry writes the trace, and nobody anything else.
//!
//! <https://pkg.go.dev/go.opentelemetry.io/otel/propagation#TextMapCarrier>

use crate::extract::publish::flow;
use crate::facts::module::{ExprKind, Language};
use crate::program::hierarchy::ClassRef;
use crate::program::{Evaluator, Site, Value};

/// How many functions and variables are followed.
const MAX_DEPTH: u32 = 5;

/// True for headers that are a `TextMapCarrier` of ours, or come out of one.
pub(super) fn carries_trace(ev: &Evaluator<'_>, site: Site, depth: u32) -> bool {
    let module = &ev.program.unit(site.unit).module;
    if depth > MAX_DEPTH || module.language != Language::Go {
        return false;
    }
    let at = |expr| Site { unit: site.unit, expr };
    match &module.expr(site.expr).kind {
        ExprKind::Name(name) => match flow::single_assignment(ev, site.unit, site.expr, name) {
            Some(value) => carries_trace(ev, at(value), depth + 1),
            None => is_carrier(ev, &ev.eval(site)),
        },
        ExprKind::Call(call) => {
            // `carrier.Headers()`
            if let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind
                && is_carrier(ev, &ev.at(site.unit, *object))
            {
                return true;
            }
            let callee = ev.at(site.unit, call.callee);
            match (&callee, call.args.as_slice()) {
                (Value::Function { unit, func, .. }, _) => {
                    let returned = crate::program::eval::returns(&ev.program.unit(*unit).module, *func);
                    !returned.is_empty()
                        && returned.iter().all(|e| carries_trace(ev, Site { unit: *unit, expr: *e }, depth + 1))
                }
                // `make(Carrier)`, `amqp.Table(carrier)`
                (_, [only]) => match ev.at(site.unit, only.value) {
                    Value::Class { unit, class } => is_carrier_class(ev, (unit, class)),
                    _ => carries_trace(ev, at(only.value), depth + 1),
                },
                _ => is_carrier(ev, &ev.eval(site)),
            }
        }
        _ => is_carrier(ev, &ev.eval(site)),
    }
}

fn is_carrier(ev: &Evaluator<'_>, value: &Value) -> bool {
    match value {
        Value::Object { unit, class, .. } => is_carrier_class(ev, (*unit, *class)),
        // `propagation.MapCarrier{}`
        Value::Instance(instance) => instance.ty.ends_with("otel/propagation.MapCarrier"),
        _ => false,
    }
}

/// A type with the methods of a carrier, into which no code of ours puts a header by its name.
fn is_carrier_class(ev: &Evaluator<'_>, (unit, class): ClassRef) -> bool {
    let module = &ev.program.unit(unit).module;
    let has = |name: &str| module.class(class).methods.iter().any(|m| module.func(*m).name == name);
    let name = &module.class(class).name;
    let sets_more = || {
        ev.program.calls_named("Set").iter().any(|site| {
            let module = &ev.program.unit(site.unit).module;
            let Some(call) = module.call(site.expr) else { return false };
            let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { return false };
            // `response.Header().Set("Content-Type", …)` is another one.
            let is_other = match ev.at(site.unit, *object) {
                Value::Instance(instance) => ev.catalog.split(Language::Go, &instance.ty).is_some(),
                Value::Object { unit: u, class: c, .. } => (u, c) != (unit, class),
                _ => false,
            };
            let knows_it = site.unit == unit
                || module
                    .exprs
                    .iter()
                    .any(|e| matches!(&e.kind, ExprKind::Name(n) | ExprKind::Attr { name: n, .. } if n == name));
            knows_it && !is_other && call.args.first().is_some_and(|a| ev.at(site.unit, a.value).as_str().is_some())
        })
    };
    has("Get") && has("Set") && has("Keys") && !sets_more()
}
