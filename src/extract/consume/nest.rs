//! The transport behind `@EventPattern` and `@MessagePattern`: what `createMicroservice` and
//! `connectMicroservice` of the same application say.

use crate::extract::Presence;
use crate::program::{Site, UnitId, Value};

use super::reach::Reach;
use super::setting;
use super::{Ack, Prefetch};

/// A transport with what it means for its consumers.
pub(super) struct Transport {
    /// The broker.
    pub(super) broker: &'static str,
    /// Who acknowledges.
    pub(super) ack: Ack,
    /// Where a failed message goes.
    pub(super) dead_letter: Presence,
    /// How many messages are in flight.
    pub(super) prefetch: Prefetch,
}

/// The transport of the application that a controller belongs to; none when it is no message broker
/// or could not be read.
pub(super) fn transport(reach: &Reach<'_, '_>, unit: UnitId) -> Option<Transport> {
    let ev = reach.ev;
    let around = reach.around(&[unit]);
    let mut found: Option<Transport> = None;
    for name in ["createMicroservice", "connectMicroservice"] {
        let position = if name == "createMicroservice" { 1 } else { 0 };
        for &site in ev.program.calls_named(name).iter().filter(|s| around.contains(&s.unit)) {
            let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { continue };
            let Some(options) = ev.positional(site.unit, call, position) else { continue };
            let transport = of_options(reach, site, &options)?;
            match &found {
                // Several transports: which one a handler listens on is not known.
                Some(other) if other.broker != transport.broker => return None,
                _ => found = Some(transport),
            }
        }
    }
    found
}

fn of_options(reach: &Reach<'_, '_>, made: Site, options: &Value) -> Option<Transport> {
    let ev = reach.ev;
    let kind = setting::word(ev, setting::in_value(ev, options, "transport")?)?;
    Some(match kind.as_str() {
        "RMQ" => {
            let ack = match setting::in_value(ev, options, "options.noAck") {
                Some(site) => match setting::boolean(ev, site) {
                    Some(true) => Ack::Auto {
                        place: Some(ev.program.place(site)),
                        why: "the message is gone before the handler has finished".into(),
                    },
                    Some(false) => Ack::Framework,
                    None => Ack::Unknown,
                },
                None if is_open(reach, options) => Ack::Unknown,
                None => {
                    Ack::Auto { place: None, why: "NestJS consumes from RabbitMQ with `noAck: true` by default".into() }
                }
            };
            let names =
                ["options.queueOptions.deadLetterExchange", "options.queueOptions.arguments.x-dead-letter-exchange"];
            let dead_letter = match names.iter().find_map(|n| setting::in_value(ev, options, n)) {
                Some(site) => Presence::Present(ev.program.place(site)),
                None if is_open(reach, options) => Presence::Unknown("the options could not be read".into()),
                None => Presence::Absent,
            };
            // `prefetchCount` is 0, which means without limit (lib constants of @nestjs/microservices).
            let bounded = match setting::in_value(ev, options, "options.prefetchCount") {
                Some(site) => Presence::Present(ev.program.place(site)),
                None if is_open(reach, options) => Presence::Unknown("the options could not be read".into()),
                None if matches!(ack, Ack::Auto { .. }) => Presence::Default,
                None => Presence::Absent,
            };
            let help = "set `prefetchCount: 10` in the options of the microservice".to_string();
            let prefetch = Prefetch { bounded, place: Some(ev.program.place(made)), help };
            Transport { broker: "rabbitmq", ack, dead_letter, prefetch }
        }
        "KAFKA" => Transport {
            broker: "kafka",
            ack: Ack::Framework,
            dead_letter: Presence::Absent,
            prefetch: Prefetch::default(),
        },
        _ => return None,
    })
}

/// True when the options or their `options` hold more than was read.
fn is_open(reach: &Reach<'_, '_>, options: &Value) -> bool {
    let Value::Dict(dict) = options else { return true };
    let nested = |site: Option<Site>| match site.map(|s| reach.ev.eval(s)) {
        None => false,
        Some(Value::Dict(d)) => d.open,
        Some(_) => true,
    };
    dict.open || nested(dict.get("options")) || nested(setting::in_value(reach.ev, options, "options.queueOptions"))
}
