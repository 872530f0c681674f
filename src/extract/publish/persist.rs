//! Whether a message survives a restart of the broker.

use super::Kind;
use super::call::Found;
use super::path::{self, Lookup};
use super::transport::Registration;
use crate::extract::Presence;
use crate::facts::module::{ExprKind, FuncId};
use crate::program::types::build_root;
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Place;

/// Reads it. Replies to requests may be transient: who waits for one is gone after a restart. So may
/// measurements.
pub fn read(
    ev: &Evaluator<'_>,
    found: &Found<'_>,
    broker: &str,
    registration: Option<&Registration>,
    kind: Kind,
) -> Presence {
    let Some(persistent) = &found.form.persistent else { return Presence::Default };
    if matches!(kind, Kind::Reply | Kind::Telemetry) || !matches!(broker, "rabbitmq" | "transport") {
        return Presence::Default;
    }
    if goes_to_stored_queue(ev, found) {
        return Presence::Default;
    }
    // `send(event, message -> { message.getMessageProperties().setDeliveryMode(NON_PERSISTENT); … })`
    let module = &ev.program.unit(found.site.unit).module;
    let span = module.expr(found.site.expr).span;
    let is_off = |kind: &ExprKind| matches!(kind, ExprKind::Name(name) | ExprKind::Attr { name, .. } if persistent.off.iter().any(|off| off == name));
    if !persistent.off.is_empty() && module.exprs.iter().any(|e| span.contains(e.span) && is_off(&e.kind)) {
        return Presence::Absent;
    }
    let mut unknown = None;
    if found.form.broker == "transport" {
        // Said once, where the client is registered.
        let Some(registration) = registration else {
            return Presence::Unknown("the registration of the client could not be found".into());
        };
        let mut site = registration.site;
        for key in ["options", "persistent"] {
            match path::get(ev, site, key) {
                Lookup::Found(sites) if !sites.is_empty() => site = sites[0],
                Lookup::Unknown => return Presence::Unknown("the options of the client could not be read".into()),
                _ => return Presence::Absent,
            }
        }
        return stated(ev, site);
    }
    for option in &persistent.options {
        match path::lookup(ev, found.site, option) {
            Lookup::Found(sites) => {
                let found: Vec<Presence> = sites.iter().map(|s| stated(ev, *s)).collect();
                if let Some(absent) = found.iter().find(|p| p.is_absent()) {
                    return absent.clone();
                }
                if let Some(first) = found.into_iter().next() {
                    return first;
                }
            }
            Lookup::Missing => {}
            Lookup::Unknown => unknown = Some(option),
        }
    }
    match unknown {
        Some(_) if !persistent.default => Presence::Unknown("the options of the message could not be read".into()),
        _ if persistent.default => Presence::Default,
        _ => Presence::Absent,
    }
}

/// True for a message to a quorum queue or a stream that the same file declares: these store every message,
/// whatever its delivery mode says. <https://www.rabbitmq.com/docs/quorum-queues#behaviour>
fn goes_to_stored_queue(ev: &Evaluator<'_>, found: &Found<'_>) -> bool {
    let sites =
        |site: Site, paths: &[String]| paths.iter().flat_map(|path| path::sites(ev, site, path)).collect::<Vec<_>>();
    let texts = |found: Vec<Site>| found.into_iter().find_map(|s| ev.eval(s).as_str());
    let to = if found.form.key.is_empty() {
        texts(sites(found.site, &found.form.destination))
    } else {
        if texts(sites(found.site, &found.form.destination)).is_some_and(|exchange| !exchange.is_empty()) {
            return false;
        }
        texts(sites(found.site, &found.form.key))
    };
    let queues = found.library.consume.iter().flat_map(|consume| &consume.queues);
    let declared: Vec<(Site, Option<String>)> = queues
        .flat_map(|queue| queue.calls.iter().map(move |call| (queue, call.rsplit('.').next().unwrap_or(call))))
        .flat_map(|(queue, name)| ev.program.calls_named(name).iter().map(move |site| (queue, *site)))
        .filter(|(_, site)| site.unit == found.site.unit)
        .map(|(queue, site)| (site, texts(sites(site, &queue.name))))
        .collect();
    let module = &ev.program.unit(found.site.unit).module;
    let is_stored = |site: &Site| {
        let span = module.expr(site.expr).span;
        module.exprs.iter().filter(|e| span.contains(e.span)).any(|e| match &e.kind {
            ExprKind::Str(text) => text == "quorum" || text == "stream",
            ExprKind::Name(name) | ExprKind::Attr { name, .. } => {
                let name = name.to_lowercase();
                name.contains("quorum") || name.ends_with("queuetypestream")
            }
            _ => false,
        })
    };
    match &to {
        Some(to) => declared.iter().any(|(site, name)| name.as_ref() == Some(to) && is_stored(site)),
        // `q.Name` of the only queue that is declared here.
        None => matches!(declared.as_slice(), [(only, _)] if is_stored(only)),
    }
}

/// What the value of the option says.
fn stated(ev: &Evaluator<'_>, site: Site) -> Presence {
    let place = ev.program.place(site);
    let value = ev.eval(site);
    let symbol = match &value {
        Value::Bool(true) => return Presence::Present(place),
        Value::Num(n) if *n == 2.0 => return Presence::Present(place),
        Value::Bool(false) | Value::Num(_) | Value::Null => return Presence::Absent,
        Value::External(symbol) => symbol.to_string(),
        Value::Method { symbol, .. } => symbol.to_string(),
        Value::Str(text) => text.as_literal().unwrap_or_default(),
        _ => return Presence::Unknown("the value of the option is not known".into()),
    };
    let lower = symbol.to_lowercase();
    if lower.contains("not_persistent") || lower.contains("transient") {
        Presence::Absent
    } else if lower.contains("persistent") {
        Presence::Present(place)
    } else {
        Presence::Unknown("the value of the option is not known".into())
    }
}

/// The declaration of the queue that a message goes to by the default exchange, when that queue does not
/// outlive a restart of the broker. Only a queue that is declared in the same file under the same literal
/// name counts.
///
/// Where a container puts queues and senders together, one in the same build module counts.
pub fn fragile_queue(ev: &Evaluator<'_>, found: &Found<'_>) -> Option<(Place, String)> {
    let queue = found.form.persistent.as_ref()?.queue.as_ref()?;
    let literal = |site: Site, paths: &[String]| {
        paths.iter().flat_map(|path| path::sites(ev, site, path)).find_map(|s| ev.eval(s).as_str())
    };
    // A named exchange may lead anywhere; without one the only name is that of the queue.
    let named = if found.form.key.is_empty() {
        &found.form.destination
    } else {
        if literal(found.site, &found.form.destination).is_some_and(|exchange| !exchange.is_empty()) {
            return None;
        }
        &found.form.key
    };
    // `q.Name` of `q, err := ch.QueueDeclare(…)`
    let declared_as = |s: Site| match &ev.program.unit(s.unit).module.expr(s.expr).kind {
        ExprKind::Attr { object, .. } => ev.at(s.unit, *object).instance().and_then(|i| i.call),
        _ => None,
    };
    let origin = named.iter().flat_map(|path| path::sites(ev, found.site, path)).find_map(declared_as);
    let key = literal(found.site, named);
    // `ch.QueueDeclare(name, …)` and `ch.Publish("", name, …)` in one function.
    let parameter = parameter_at(ev, found.site, named);
    if key.is_none() && parameter.is_none() && origin.is_none() {
        return None;
    }
    let unit = ev.program.unit(found.site.unit);
    let is_near = |other: UnitId| {
        other == found.site.unit
            || unit.module.language.is_jvm() && build_root(&ev.program.unit(other).path) == build_root(&unit.path)
    };
    let calls = queue.calls.iter().flat_map(|name| ev.program.calls_named(name)).copied();
    let declared = calls.filter(|s| {
        is_near(s.unit)
            && match (&key, origin) {
                (_, Some(made)) => made == *s,
                (Some(key), None) => literal(*s, &queue.name).as_deref() == Some(key.as_str()),
                (None, None) => parameter_at(ev, *s, &queue.name) == parameter,
            }
    });
    let fragile = |site: &Site| {
        queue.durable.iter().all(|path| match path::lookup(ev, *site, path) {
            Lookup::Missing => !queue.durable_by_default,
            Lookup::Found(sites) => sites.iter().any(|s| ev.eval(*s) == Value::Bool(false)),
            Lookup::Unknown => false,
        })
    };
    let mut declared = declared.peekable();
    declared.peek()?;
    let declared: Vec<Site> = declared.collect();
    declared.iter().all(fragile).then(|| (ev.program.place(declared[0]), queue.help.clone()))
}

/// The parameter that stands at one of the paths of a call.
fn parameter_at(ev: &Evaluator<'_>, site: Site, paths: &[String]) -> Option<(UnitId, FuncId, usize)> {
    paths.iter().flat_map(|path| path::sites(ev, site, path)).find_map(|s| match ev.eval(s) {
        Value::Param { unit, func, index } => Some((unit, func, index)),
        _ => None,
    })
}
