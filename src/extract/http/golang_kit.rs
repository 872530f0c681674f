//! Endpoints of Go kit: a client is one endpoint, and what protects it wraps the endpoint.
//!
//! Source: <https://pkg.go.dev/github.com/go-kit/kit/transport/http#NewClient>

use super::guards::Guard;
use super::retry::RetryPolicy;
use super::timeout::Timeout;
use crate::program::{Evaluator, Site, Value};

/// Makers of middleware for endpoints, by package.
const BREAKERS: [&str; 3] = ["Gobreaker", "Hystrix", "HandyBreaker"];
const RETRIES: [&str; 3] = ["Retry", "RetryWithCallback", "RetryAlways"];

/// The limit of the client that an option hands over: `SetClient(&http.Client{Timeout: 2 * time.Second})`.
pub(super) fn timeout(ev: &Evaluator<'_>, site: Site) -> Timeout {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return Timeout::Unsaid };
    for option in call.args.iter().filter(|arg| module.callee_name(arg.value).is_some_and(|n| n == "SetClient")) {
        let client = module.call(option.value).and_then(|set| set.args.first());
        let Some(client) = client.map(|arg| ev.at(site.unit, arg.value)) else { continue };
        let Value::Instance(instance) = &client else { return Timeout::Unknown };
        let made = instance.call.and_then(|made| Some((made, ev.program.unit(made.unit).module.call(made.expr)?)));
        return match made {
            Some((made, literal)) if literal.is_new => {
                let limit = literal.args.iter().find(|arg| arg.name.as_deref() == Some("Timeout"));
                limit.map_or(Timeout::Unsaid, |arg| {
                    Timeout::Set(ev.program.place(Site { unit: made.unit, expr: arg.value }))
                })
            }
            _ if instance.ty == "net/http.DefaultClient" => Timeout::Unsaid,
            _ => Timeout::Unknown,
        };
    }
    // Options that are handed on may hold a client.
    if call.args.iter().any(|arg| arg.spread) { Timeout::Unknown } else { Timeout::Unsaid }
}

/// The breakers and retries that wrap endpoints in the package of a client, or in the one that uses it: which
/// endpoint they wrap is not followed.
pub(super) fn guards(ev: &Evaluator<'_>) -> Vec<Guard> {
    let mut found = Vec::new();
    let of = |names: &[&str], package: &str| {
        let sites = names.iter().flat_map(|name| ev.program.calls_named(name)).copied();
        let ours = |site: &Site| {
            ev.program.is_production(site.unit)
                && ev.callee(*site).is_some_and(|(symbol, _)| symbol.starts_with(package))
        };
        sites.filter(ours).map(|site| ev.program.place(site)).collect::<Vec<_>>()
    };
    for place in of(&BREAKERS, "github.com/go-kit/kit/circuitbreaker.") {
        found.push(Guard::breaker(place, "Go kit"));
    }
    for place in of(&RETRIES, "github.com/go-kit/kit/sd/lb.") {
        let policy = RetryPolicy::immediate(place, "Go kit");
        found.push(Guard::Retry(RetryPolicy { wait: None, selective: true, ..policy }));
    }
    found
}
