//! Whether a hosted service of .NET lets go of the channel that it consumes by when its host stops.
//!
//! Source: <https://learn.microsoft.com/en-us/dotnet/core/extensions/workers>: the host calls `StopAsync`, then
//! disposes what it made; a channel that the service made itself is the service's to close.

use super::console;
use super::dotnet::bases;
use super::source::Found;
use crate::catalog::consume::Form;
use crate::extract::Presence;
use crate::facts::module::{ExprId, ExprKind, Module, StmtKind};
use crate::program::index::Scope;
use crate::program::{Evaluator, Site, UnitId};

/// Beginnings of the names of methods that end a consumer, a channel or a connection.
const LETS_GO: [&str; 6] = ["close", "dispose", "basiccancel", "abort", "stop", "shutdown"];

/// Methods that open a connection, in lower case.
const CONNECTS: [&str; 2] = ["createconnection", "createconnectionasync"];

/// Methods that open a channel, in lower case.
const OPENS: [&str; 2] = ["createmodel", "createchannelasync"];

/// True for a channel and a connection that only variables of the function around hold, when no code that uses the
/// library closes anything: nothing can stop the consumer any more.
fn is_out_of_reach(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    // `BasicGet` asks once.
    let consumes = module.callee_name(site.expr).is_some_and(|name| name.starts_with("BasicConsume"));
    let Some(func) = unit.index.func_of(site.expr).filter(|_| consumes) else { return false };
    let made = |names: [&str; 2]| {
        let mut calls = unit.index.calls.iter().filter(|c| c.func == Some(func));
        let call = calls
            .find(|c| module.callee_name(c.expr).is_some_and(|name| names.contains(&name.to_lowercase().as_str())))?;
        module.stmts.iter().find_map(|stmt| match &stmt.kind {
            StmtKind::Assign { target, value: Some(value), .. } if is_call(module, *value, call.expr) => Some(*target),
            _ => None,
        })
    };
    let is_local = |target: ExprId| match &module.expr(target).kind {
        ExprKind::Name(name) => {
            let found = unit.index.lookup(module, Some(func), name);
            found.is_some_and(|(scope, _)| matches!(scope, Scope::Func(of) if of == func))
        }
        _ => false,
    };
    let closes = || {
        let uses = |unit: &UnitId| {
            let imports = &ev.program.unit(*unit).module.imports;
            imports.iter().any(|i| i.module.starts_with("RabbitMQ.Client"))
        };
        ev.program.ids().filter(uses).any(|unit| {
            let other = ev.program.unit(unit);
            let mut names = other.index.calls.iter().filter_map(|c| other.module.callee_name(c.expr));
            names.any(|name| LETS_GO.iter().any(|word| name.to_lowercase().starts_with(word)))
        })
    };
    made(OPENS).is_some_and(is_local) && made(CONNECTS).is_some_and(is_local) && !closes()
}

/// `await factory.CreateConnectionAsync()`
fn is_call(module: &Module, value: ExprId, call: ExprId) -> bool {
    value == call || matches!(module.expr(value).kind, ExprKind::Await(inner) if inner == call)
}

/// The verdict; unknown for everything but a service that makes the channel itself.
pub(super) fn verdict(ev: &Evaluator<'_>, found: &Found<'_>) -> Presence {
    let unknown = || Presence::Unknown("how the host stops it was not read".into());
    let unit = ev.program.unit(found.site.unit);
    let module = &unit.module;
    let of_client = found.library.library == "RabbitMQ.Client" && found.source.form == Form::Callback;
    if of_client && console::waits_for_key(ev, found.site) {
        return Presence::Absent;
    }
    let Some(class) = unit.index.classes_around(module, found.site.expr).into_iter().next() else { return unknown() };
    let base = |name: &str| bases(ev, found.site.unit, class).iter().any(|(_, base)| base == name);
    let by_host = base("IHostedService");
    if found.library.library != "RabbitMQ.Client" {
        return unknown();
    }
    if !(by_host || base("BackgroundService")) {
        return if is_out_of_reach(ev, found.site) { Presence::Absent } else { unknown() };
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
    let makes = |names: [&str; 2]| calls.iter().any(|(_, name)| names.contains(&name.as_str()));
    if !makes(OPENS) {
        return unknown();
    }
    if let Some((site, _)) = calls.iter().find(|(_, name)| LETS_GO.iter().any(|word| name.starts_with(word))) {
        return Presence::Present(ev.program.place(*site));
    }
    // `using var channel = …;`
    let used = |kind: &StmtKind| match kind {
        StmtKind::With { items, .. } => items.iter().find_map(|(value, _)| {
            let made = module.expr(*value).span;
            let makes = |name: &str| OPENS.contains(&name) || CONNECTS.contains(&name);
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
    if makes(CONNECTS) || by_host { Presence::Absent } else { unknown() }
}
