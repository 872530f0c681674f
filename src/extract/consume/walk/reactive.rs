//! Reactive chains of the JVM: `reserve(order).doOnSuccess(…).subscribe()` begins the work and returns.
//! <https://projectreactor.io/docs/core/release/reference/coreFeatures/simple-ways-to-create-a-flux-or-mono-and-subscribe-to-it.html>

use crate::facts::module::{ExprId, ExprKind, FuncId, Module};
use crate::program::Site;
use crate::program::types::simple_name;

use super::super::reach::{Func, Reach};

/// What functions return that only describe their work.
const TYPES: [&str; 9] = ["Mono", "Flux", "Uni", "Multi", "Single", "Maybe", "Completable", "Observable", "Flowable"];
/// Calls of `WebClient` whose answer comes later.
const ANSWERS: [&str; 5] = ["bodyToMono", "bodyToFlux", "exchangeToMono", "exchangeToFlux", "toBodilessEntity"];

/// True for a call of `subscribe` on a chain whose work goes on when the call has returned. What blocks is run where it
/// is subscribed to (`Mono.fromCallable`), unless the chain names another thread.
pub(super) fn is_chain(reach: &Reach<'_, '_>, subscribe: Site) -> bool {
    let module = &reach.ev.program.unit(subscribe.unit).module;
    let mut expr = subscribe.expr;
    while let Some(call) = module.call(expr) {
        let site = Site { unit: subscribe.unit, expr };
        if expr != subscribe.expr {
            let name = module.callee_name(expr).map_or("", |name| name.as_str());
            if ANSWERS.contains(&name) || moves(name) {
                return true;
            }
            if let Some(described) = described(reach, site) {
                return described;
            }
        }
        let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { return false };
        expr = *object;
    }
    false
}

/// True for a call that names the threads on which a chain runs.
fn moves(name: &str) -> bool {
    matches!(name, "subscribeOn" | "runSubscriptionOn")
}

/// Whether a call of a function of the repository only describes its work; none for other calls.
fn described(reach: &Reach<'_, '_>, site: Site) -> Option<bool> {
    let functions = reach.called(site);
    let returns = |(unit, func): &Func| {
        let module = &reach.ev.program.unit(*unit).module;
        let ty = module.func(*func).returns.and_then(|ty| simple_name(module, ty));
        ty.is_some_and(|ty| TYPES.contains(&ty.as_str()))
    };
    if functions.is_empty() || !functions.iter().all(returns) {
        return None;
    }
    Some(!functions.iter().any(|(unit, func)| blocks(&reach.ev.program.unit(*unit).module, *func)))
}

/// True when a function makes its chain of code that blocks, on the thread of whoever subscribes.
fn blocks(module: &Module, func: FuncId) -> bool {
    let span = module.func(func).span;
    let named = |wanted: &dyn Fn(&str) -> bool| {
        module.exprs.iter().enumerate().any(|(i, expr)| {
            span.contains(expr.span)
                && matches!(expr.kind, ExprKind::Call(_))
                && module.callee_name(ExprId(i as u32)).is_some_and(|name| wanted(name))
        })
    };
    let wraps = |name: &str| matches!(name, "fromCallable" | "fromRunnable" | "fromSupplier");
    named(&wraps) && !named(&moves)
}
