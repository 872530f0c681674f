//! Operators of reactive streams that repeat a request: `retry`, `retryWhen` of Reactor and RxJava, and
//! `onFailure().retry()` of Mutiny.
//!
//! Sources: <https://projectreactor.io/docs/core/release/api/reactor/util/retry/Retry.html>,
//! <https://smallrye.io/smallrye-mutiny/latest/guides/retrying/>.

use super::{after, chain, named, origin};
use crate::catalog::http::Wait;
use crate::extract::http::retry::RetryPolicy;
use crate::facts::module::{ExprId, ExprKind};
use crate::program::{Evaluator, Site, Value};

/// The policy of a call of `retry` or `retryWhen`.
pub(in crate::extract::http) fn repeated(ev: &Evaluator<'_>, site: Site) -> RetryPolicy {
    let module = &ev.program.unit(site.unit).module;
    let immediate = RetryPolicy::immediate(ev.program.place(site), "Reactor");
    let Some(call) = module.call(site.expr) else { return immediate };
    let first = call.args.first().map(|arg| Site { unit: site.unit, expr: arg.value });
    if module.callee_name(site.expr).is_some_and(|name| name == "retryWhen") {
        return match first {
            Some(spec) => told(ev, spec, immediate),
            None => RetryPolicy { wait: None, bounded: None, ..immediate },
        };
    }
    let on_failure = match &module.expr(call.callee).kind {
        ExprKind::Attr { object, .. } => named(module, *object, &["onFailure"]),
        _ => false,
    };
    if on_failure {
        return mutiny(ev, site, immediate);
    }
    match first {
        // `retry()` resubscribes as often as it fails.
        None => RetryPolicy { bounded: Some(false), ..immediate },
        Some(times) if is_endless(ev, times) => RetryPolicy { bounded: Some(false), ..immediate },
        Some(_) => immediate,
    }
}

/// `Retry.backoff(3, Duration.ofMillis(100))`, also from a variable.
fn told(ev: &Evaluator<'_>, spec: Site, immediate: RetryPolicy) -> RetryPolicy {
    let spec = origin(ev, spec);
    let module = &ev.program.unit(spec.unit).module;
    let unknown = RetryPolicy { wait: None, bounded: None, ..immediate.clone() };
    let steps = chain(module, spec.expr);
    let Some((&made, set)) = steps.split_last() else { return unknown };
    let (Some(call), Some(name)) = (module.call(made), module.callee_name(made)) else { return unknown };
    let times = call.args.first().map(|arg| Site { unit: spec.unit, expr: arg.value });
    let bounded = Some(times.is_none_or(|times| !is_endless(ev, times)));
    // What is left out by a filter is not repeated.
    let selective = set.iter().any(|step| named(module, *step, &["filter"]));
    let jittered = set.iter().find(|step| named(module, **step, &["jitter"])).map(|step| !is_zero(ev, spec, *step));
    let policy = RetryPolicy { bounded, selective, ..immediate };
    match name.as_str() {
        // Half of each pause is chance unless it is said otherwise.
        "backoff" => RetryPolicy { wait: Some(Wait::Exponential), jitter: Some(jittered.unwrap_or(true)), ..policy },
        "fixedDelay" => RetryPolicy { wait: Some(Wait::Fixed), ..policy },
        "max" | "maxInARow" => policy,
        "indefinitely" => RetryPolicy { bounded: Some(false), ..policy },
        _ => unknown,
    }
}

/// `onFailure().retry().withBackOff(…).atMost(3)`
fn mutiny(ev: &Evaluator<'_>, site: Site, immediate: RetryPolicy) -> RetryPolicy {
    let module = &ev.program.unit(site.unit).module;
    let steps = after(ev, site);
    let has = |names: &[&str]| steps.iter().any(|step| named(module, *step, names));
    let bounded = match (has(&["atMost", "expireIn", "expireAt"]), has(&["indefinitely"])) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        _ => None,
    };
    let wait = if has(&["withBackOff"]) { Some(Wait::Exponential) } else { Some(Wait::None) };
    RetryPolicy { library: "Mutiny".into(), bounded, wait, ..immediate }
}

fn is_endless(ev: &Evaluator<'_>, site: Site) -> bool {
    matches!(ev.eval(site), Value::External(symbol) if symbol.ends_with(".MAX_VALUE"))
        || matches!(&ev.program.unit(site.unit).module.expr(site.expr).kind,
            ExprKind::Attr { name, .. } if name == "MAX_VALUE")
}

fn is_zero(ev: &Evaluator<'_>, at: Site, step: ExprId) -> bool {
    let call = ev.program.unit(at.unit).module.call(step);
    call.and_then(|call| call.args.first()).is_some_and(|arg| ev.at(at.unit, arg.value) == Value::Num(0.0))
}
