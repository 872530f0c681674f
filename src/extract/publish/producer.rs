//! The producer that a message is sent with.

use super::call::Found;
use super::path::{self, Lookup};
use crate::extract::Presence;
use crate::extract::consume::setting;
use crate::program::{Evaluator, Value};
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
