//! How long the error handlers of spring-kafka repeat a record: their back-off ends the attempts, or nothing does.
//!
//! Sources: <https://docs.spring.io/spring-kafka/reference/kafka/annotation-error-handling.html#default-eh>,
//! <https://docs.spring.io/spring-framework/docs/current/javadoc-api/org/springframework/util/backoff/FixedBackOff.html>,
//! <https://docs.spring.io/spring-framework/docs/current/javadoc-api/org/springframework/util/backoff/ExponentialBackOff.html>

use crate::facts::module::{ExprKind, Module};
use crate::program::types::build_root;
use crate::program::{Evaluator, Site};

use super::Redelivery;
use super::container::SKIPPING;
use super::source::Found;

/// What limits the attempts of an `ExponentialBackOff`, which has no limit of its own.
const LIMITS: [&str; 4] = ["setMaxElapsedTime", "setMaxAttempts", "maxElapsedTime", "maxAttempts"];

/// How often a record of spring-kafka comes back whose listener throws: ten times, unless the only error handler of the
/// application was given a back-off without an end.
pub(super) fn redelivery(ev: &Evaluator<'_>, found: &Found<'_>) -> Redelivery {
    let own = build_root(&ev.program.unit(found.site.unit).path);
    let near = |site: &&Site| {
        ev.program.is_production(site.unit)
            && ev.program.language(site.unit).is_jvm()
            && build_root(&ev.program.unit(site.unit).path) == own
    };
    let handlers: Vec<Site> =
        SKIPPING.iter().flat_map(|name| ev.program.calls_named(name)).filter(near).copied().collect();
    let endless: Vec<(Site, &str)> = handlers.iter().filter_map(|handler| endless(ev, *handler)).collect();
    match endless.first() {
        Some((place, why)) if endless.len() == handlers.len() => {
            Redelivery::Unbounded { place: ev.program.place(*place), why: (*why).to_string() }
        }
        Some(_) => Redelivery::Unknown,
        None => Redelivery::Bounded,
    }
}

/// The back-off of an error handler that never ends, and why it does not.
fn endless(ev: &Evaluator<'_>, handler: Site) -> Option<(Site, &'static str)> {
    let call = ev.program.unit(handler.unit).module.call(handler.expr)?;
    call.args.iter().find_map(|arg| {
        let made = ev.at(handler.unit, arg.value).instance().filter(|i| i.ty.ends_with("BackOff"))?.clone();
        let site = made.call?;
        let module = &ev.program.unit(site.unit).module;
        let args = &module.call(site.expr)?.args;
        let why = if made.ty.ends_with("FixedBackOff") {
            let attempts = args.get(1).map(|attempts| &module.expr(attempts.value).kind);
            let is_open = attempts.map_or(args.is_empty(), |kind| match kind {
                ExprKind::Attr { name, .. } | ExprKind::Name(name) => {
                    matches!(name.as_str(), "UNLIMITED_ATTEMPTS" | "MAX_VALUE")
                }
                _ => false,
            });
            is_open.then_some("the `FixedBackOff` of the error handler has no last attempt")?
        } else if made.ty.ends_with(".ExponentialBackOff") && !is_limited(module) {
            "an `ExponentialBackOff` has no last attempt unless it is given a `maxElapsedTime` or `maxAttempts`"
        } else {
            return None;
        };
        Some((site, why))
    })
}

/// True when a file limits a back-off, by a setter or as a property in Kotlin.
fn is_limited(module: &Module) -> bool {
    module.exprs.iter().any(|expr| match &expr.kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => LIMITS.contains(&name.as_str()),
        _ => false,
    })
}
