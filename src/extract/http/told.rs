//! Guards that only their names tell: code calls a function or uses a decorator that could not be found. What
//! it does exactly is unknown; that it is there, its name says.

use super::guards::Guard;
use super::retry::RetryPolicy;
use crate::facts::module::{ExprId, ExprKind};
use crate::program::{Evaluator, Site, UnitId, Value};

/// Names of what runs a function later or for an event: `setTimeout(() => …)`, `breaker.on("open", …)`.
const RUNS_LATER: [&str; 7] =
    ["setTimeout", "setInterval", "setImmediate", "clearTimeout", "on", "once", "addListener"];

/// What a call that is handed our call, or a function with it, seems to be.
pub(super) fn by_name(ev: &Evaluator<'_>, site: Site) -> Vec<Guard> {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return Vec::new() };
    if module.callee_name(site.expr).is_some_and(|name| RUNS_LATER.contains(&name.as_str())) {
        return Vec::new();
    }
    of(ev, site, call.callee)
}

/// What a decorator seems to be.
pub(super) fn decorator(ev: &Evaluator<'_>, unit: UnitId, expr: ExprId) -> Vec<Guard> {
    let target = match &ev.program.unit(unit).module.expr(expr).kind {
        ExprKind::Call(call) => call.callee,
        _ => expr,
    };
    of(ev, Site { unit, expr }, target)
}

fn of(ev: &Evaluator<'_>, site: Site, callee: ExprId) -> Vec<Guard> {
    if !is_unresolved(ev, site.unit, callee) {
        return Vec::new();
    }
    let words = words(ev, site.unit, callee);
    let has = |list: &[&str]| list.iter().any(|word| words.contains(word));
    let both = has(&["resilien", "failsafe", "faulttoleran"]);
    let place = ev.program.place(site);
    let mut out = Vec::new();
    if both || has(&["retry", "retries", "retrier", "withbackoff"]) {
        // How often and when is said where it is made.
        out.push(Guard::Retry(RetryPolicy {
            wait: None,
            bounded: None,
            selective: true,
            ..RetryPolicy::immediate(place, "a retry policy")
        }));
    }
    if both || has(&["breaker", "circuit"]) {
        out.push(Guard::breaker(place, "a circuit breaker"));
    }
    if both || has(&["breaker", "circuit", "timeout", "deadline", "timelimit"]) {
        out.push(Guard::Deadline(place));
    }
    out
}

/// True when nothing is known of what is called: neither the repository nor the catalog has it.
fn is_unresolved(ev: &Evaluator<'_>, unit: UnitId, callee: ExprId) -> bool {
    let language = ev.program.language(unit);
    let is_unknown = |symbol: &str| match ev.catalog.split(language, symbol) {
        None => true,
        Some((library, _)) => library.packages.iter().any(|p| p == "globalThis" || p == "builtins"),
    };
    ev.at(unit, callee).alternatives().iter().all(|value| match value {
        Value::Unknown | Value::Param { .. } => true,
        Value::External(symbol) => is_unknown(symbol),
        Value::Method { symbol, .. } => is_unknown(symbol),
        _ => false,
    })
}

/// The names in the callee, in lower case: `this.stockBreaker.execute`, `createRetry(options)`.
pub(super) fn words(ev: &Evaluator<'_>, unit: UnitId, callee: ExprId) -> String {
    let module = &ev.program.unit(unit).module;
    let mut out = String::new();
    let mut at = callee;
    for _ in 0..16 {
        let (name, next) = match &module.expr(at).kind {
            ExprKind::Name(name) => (Some(name), None),
            ExprKind::Attr { object, name, .. } => (Some(name), Some(*object)),
            ExprKind::Call(call) => (None, Some(call.callee)),
            ExprKind::Index { object, .. } => (None, Some(*object)),
            ExprKind::Await(inner) => (None, Some(*inner)),
            _ => (None, None),
        };
        if let Some(name) = name {
            out.extend(name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase));
            out.push(' ');
        }
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    out
}
