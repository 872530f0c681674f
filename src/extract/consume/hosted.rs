//! Whether a hosted service of .NET lets go of the channel that it consumes by when its host stops.
//!
//! Source: <https://learn.microsoft.com/en-us/dotnet/core/extensions/workers>: the host calls `StopAsync`, then
//! disposes what it made; a channel that the service made itself is the service's to close.

use super::dotnet::bases;
use super::source::Found;
use crate::extract::Presence;
use crate::facts::module::StmtKind;
use crate::program::{Evaluator, Site};

/// Beginnings of the names of methods that end a consumer, a channel or a connection.
const LETS_GO: [&str; 6] = ["close", "dispose", "basiccancel", "abort", "stop", "shutdown"];

/// Methods that open a connection or a channel, in lower case.
const OPENS: [&str; 4] = ["createconnection", "createconnectionasync", "createmodel", "createchannelasync"];

/// The verdict; unknown for everything but a service that makes the channel itself.
pub(super) fn verdict(ev: &Evaluator<'_>, found: &Found<'_>) -> Presence {
    let unknown = || Presence::Unknown("how the host stops it was not read".into());
    let unit = ev.program.unit(found.site.unit);
    let module = &unit.module;
    let Some(class) = unit.index.classes_around(module, found.site.expr).into_iter().next() else { return unknown() };
    let base = |name: &str| bases(ev, found.site.unit, class).iter().any(|(_, base)| base == name);
    let by_host = base("IHostedService");
    if found.library.library != "RabbitMQ.Client" || !(by_host || base("BackgroundService")) {
        return unknown();
    }
    let span = module.class(class).span;
    let calls: Vec<(Site, String)> = unit
        .index
        .calls
        .iter()
        .filter(|c| span.contains(module.expr(c.expr).span))
        .filter_map(|c| {
            Some((Site { unit: found.site.unit, expr: c.expr }, module.callee_name(c.expr)?.to_lowercase()))
        })
        .collect();
    let makes = |names: &[&str]| calls.iter().any(|(_, name)| names.contains(&name.as_str()));
    if !makes(&["createmodel", "createchannelasync"]) {
        return unknown();
    }
    if let Some((site, _)) = calls.iter().find(|(_, name)| LETS_GO.iter().any(|word| name.starts_with(word))) {
        return Presence::Present(ev.program.place(*site));
    }
    // `using var channel = …;`
    let used = |kind: &StmtKind| match kind {
        StmtKind::With { items, .. } => items.iter().find_map(|(value, _)| {
            let made = module.expr(*value).span;
            let makes = |name: &str| OPENS.contains(&name);
            calls.iter().find(|(s, name)| makes(name) && made.contains(module.expr(s.expr).span))
        }),
        _ => None,
    };
    let mut within = module.stmts.iter().filter(|s| span.contains(s.span));
    if let Some((site, _)) = within.find_map(|s| used(&s.kind)) {
        return Presence::Present(ev.program.place(*site));
    }
    // A connection of the container is closed with it; then the consumer is left to that, unless the service
    // says itself how it stops.
    if makes(&["createconnection", "createconnectionasync"]) || by_host { Presence::Absent } else { unknown() }
}
