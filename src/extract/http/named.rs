//! Guards of libraries that the catalog does not know: what they are called tells what they do.

use super::guards::Guard;
use super::retry::RetryPolicy;
use crate::facts::module::{ExprId, ExprKind};
use crate::program::{Evaluator, Site, Value};

/// What stands around a function that is handed to somebody else's library: `retryit.Do(ctx, func() error { … })`
/// repeats it, though nobody knows how often and after what pause.
pub(super) fn around(ev: &Evaluator<'_>, site: Site, inner: ExprId) -> Vec<Guard> {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return Vec::new() };
    if !matches!(module.expr(inner).kind, ExprKind::Lambda(_)) {
        return Vec::new();
    }
    let callee = ev.at(site.unit, call.callee);
    let symbols = callee.alternatives().iter().filter_map(|value| match value {
        Value::External(symbol) | Value::Method { symbol, .. } => Some(symbol),
        _ => None,
    });
    let language = ev.program.language(site.unit);
    let mut out = Vec::new();
    for symbol in symbols.filter(|symbol| ev.catalog.split(language, symbol).is_none()) {
        let symbol = symbol.to_lowercase();
        let place = ev.program.place(site);
        if ["retry", "retries", "retrier"].iter().any(|word| symbol.contains(word)) {
            let policy = RetryPolicy::immediate(place, "a retry library");
            out.push(Guard::Retry(RetryPolicy { wait: None, bounded: None, selective: true, ..policy }));
        }
        if symbol.contains("breaker") || symbol.contains("hystrix") {
            out.push(Guard::breaker(place, "a circuit breaker"));
        }
    }
    out
}
