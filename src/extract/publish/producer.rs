//! The producer that a message is sent with.

use super::call::Found;
use super::path::{self, Lookup};
use crate::extract::Presence;
use crate::extract::consume::setting;
use crate::facts::module::ExprKind;
use crate::program::index::Binding;
use crate::program::{Evaluator, Site, Value};
use crate::syntax::Place;

/// An object that sends messages.
#[derive(Clone, Debug, PartialEq)]
pub struct Producer {
    /// Where it is made.
    pub place: Place,
    /// Repeating a message does not make two of it.
    pub idempotent: Presence,
    /// What to write.
    pub help: String,
}

/// Reads it; none where the library has no such producer or it was not found.
pub fn read(ev: &Evaluator<'_>, found: &Found<'_>) -> Option<Producer> {
    let idempotence = found.form.idempotence.as_ref()?;
    let made = found.receivers.iter().find_map(|r| r.call)?;
    let producer =
        |idempotent| Some(Producer { place: ev.program.place(made), idempotent, help: idempotence.help.clone() });
    // `producer.transaction()` of kafkajs: a producer with transactions is idempotent.
    let module = &ev.program.unit(made.unit).module;
    if module.callee_name(made.expr).is_some_and(|name| name == "transaction") {
        return producer(Presence::Default);
    }
    if let Some(site) = setting::argument(ev, made, &idempotence.implied) {
        return producer(Presence::Present(ev.program.place(site)));
    }
    if let Some(site) = setting::argument(ev, made, &idempotence.options) {
        return producer(match setting::boolean(ev, site) {
            Some(true) => Presence::Present(ev.program.place(site)),
            Some(false) => Presence::Absent,
            None => Presence::Unknown("the option could not be read".into()),
        });
    }
    let call = ev.program.unit(made.unit).module.call(made.expr)?;
    let unread = |v: Value| !matches!(v, Value::Dict(ref d) if !d.open);
    let unread = call.args.iter().any(|a| a.spread || a.name.is_none() && unread(ev.at(made.unit, a.value)));
    if unread || setting::is_open(ev, made) {
        return producer(Presence::Unknown("the options of the producer could not be read".into()));
    }
    producer(Presence::Absent)
}

/// Whether the message has a key by which Kafka chooses its partition.
pub fn key(ev: &Evaluator<'_>, found: &Found<'_>) -> Presence {
    if found.form.partition_key.is_empty() {
        return Presence::Default;
    }
    for path in &found.form.partition_key {
        match path::lookup(ev, found.site, path) {
            Lookup::Found(sites) => {
                if let Some(site) = sites.iter().find(|s| ev.eval(**s) != Value::Null) {
                    return Presence::Present(ev.program.place(*site));
                }
            }
            Lookup::Missing => {}
            Lookup::Unknown => return Presence::Unknown("the message could not be read".into()),
        }
    }
    Presence::Absent
}

/// The key of a message to Kafka, where it is made anew for each: it tells a duplicate as well as an id does.
pub fn fresh_key(ev: &Evaluator<'_>, found: &Found<'_>) -> Option<Place> {
    let keys = if found.form.partition_key.is_empty() { &found.form.key } else { &found.form.partition_key };
    if found.form.broker != "kafka" {
        return None;
    }
    let sites = keys.iter().flat_map(|path| super::path::sites(ev, found.site, path));
    sites.into_iter().find(|site| is_made(ev, *site, 0)).map(|site| ev.program.place(site))
}

/// True for an expression with a call that makes a random id, or for the variable that holds one.
fn is_made(ev: &Evaluator<'_>, site: Site, depth: u32) -> bool {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    if depth > 3 {
        return false;
    }
    if let ExprKind::Name(name) = &module.expr(site.expr).kind {
        let bound = unit.index.lookup(module, unit.index.func_of(site.expr), name);
        let Some((_, [Binding::Value(value)])) = bound else { return false };
        return *value != site.expr && is_made(ev, Site { unit: site.unit, expr: *value }, depth + 1);
    }
    let mut todo = vec![site.expr];
    while let Some(expr) = todo.pop() {
        if module.callee_name(expr).is_some_and(|name| super::shape::makes_id(name)) {
            return true;
        }
        // The arguments of another call are not the key.
        match &module.expr(expr).kind {
            ExprKind::Call(call) => {
                if let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind {
                    todo.push(*object);
                } else if call.args.len() == 1 {
                    todo.push(call.args[0].value);
                }
            }
            ExprKind::Name(_) | ExprKind::Attr { .. } => {}
            _ => todo.extend(module.children(expr)),
        }
    }
    false
}
