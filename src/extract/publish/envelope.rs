//! Objects around a payload: `new ProducerRecord<>(topic, key, payload)`,
//! `MessageBuilder.withPayload(payload).setHeader(…).build()`.

use super::{call::callees, instances, path};
use crate::catalog::publish::{Envelope, Publish};
use crate::facts::module::ExprKind;
use crate::program::{Evaluator, Instance, Site};

/// An envelope that a call is given.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    /// Expressions of the exchange, topic, queue or subject.
    pub destinations: Vec<Site>,
    /// Expressions of the payload.
    pub bodies: Vec<Site>,
    /// The call that makes it, then those of the builder.
    pub calls: Vec<Site>,
}

/// The envelopes at the body of a publishing call, one for each way in.
pub fn at(ev: &Evaluator<'_>, site: Site, form: &Publish) -> Vec<Opened> {
    let bodies = form.body.iter().flat_map(|p| path::sites(ev, site, p));
    bodies.flat_map(|body| made_by(ev, body)).collect()
}

/// The envelopes that an expression is.
pub(super) fn made_by(ev: &Evaluator<'_>, site: Site) -> Vec<Opened> {
    instances(ev, &ev.eval(site)).iter().filter_map(|made| open(ev, made)).collect()
}

fn open(ev: &Evaluator<'_>, made: &Instance) -> Option<Opened> {
    let mut calls = Vec::new();
    let mut current = Some(made);
    while let Some(instance) = current {
        let call = instance.call?;
        calls.push(call);
        if let Some(envelope) = envelope(ev, call) {
            let sites = |paths: &[String]| paths.iter().flat_map(|p| path::sites(ev, call, p)).collect::<Vec<_>>();
            let (mut destinations, mut bodies) = (sites(&envelope.destination), sites(&envelope.body));
            let given = |names: &[String]| {
                let by = calls.iter().filter(|c| {
                    let name = ev.program.unit(c.unit).module.callee_name(c.expr);
                    name.is_some_and(|name| names.iter().any(|n| n == name))
                });
                by.flat_map(|c| path::sites(ev, *c, "0")).collect::<Vec<_>>()
            };
            destinations.extend(given(&envelope.destination_by));
            bodies.extend(given(&envelope.body_by));
            destinations.extend(calls.iter().filter_map(|c| topic_header(ev, *c)));
            calls.reverse();
            return Some(Opened { destinations, bodies, calls });
        }
        current = instance.from.as_deref();
    }
    None
}

/// What the catalog says about the call that makes an envelope.
fn envelope<'e>(ev: &Evaluator<'e>, site: Site) -> Option<&'e Envelope> {
    let args = ev.program.unit(site.unit).module.call(site.expr)?.args.len();
    callees(ev, site).into_iter().find_map(|(symbol, _)| {
        let (library, rest) = ev.catalog.split(ev.program.language(site.unit), &symbol)?;
        let fits = |e: &&Envelope| e.calls.iter().any(|c| c == rest) && e.args.is_none_or(|n| n == args);
        library.envelopes.iter().find(fits)
    })
}

/// `setHeader(KafkaHeaders.TOPIC, topic)`.
fn topic_header(ev: &Evaluator<'_>, site: Site) -> Option<Site> {
    let module = &ev.program.unit(site.unit).module;
    let call = module.call(site.expr)?;
    let [name, value] = call.args.as_slice() else { return None };
    let is_topic = match &module.expr(name.value).kind {
        ExprKind::Attr { name, .. } | ExprKind::Name(name) => name == "TOPIC",
        ExprKind::Str(text) => text == "kafka_topic",
        _ => false,
    };
    is_topic.then_some(Site { unit: site.unit, expr: value.value })
}
