//! The transport behind `@EventPattern` and `@MessagePattern`: what `createMicroservice` and
//! `connectMicroservice` of the same application say.

use crate::extract::{Presence, patterns};
use crate::facts::module::ExprKind;
use crate::program::{Evaluator, Site, Value};

use super::reach::Reach;
use super::setting;
use super::{Ack, Consumer, Idempotency, Prefetch, Redelivery, Shared};

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
    /// A message is delivered once or not at all: nobody acknowledges it, and it never comes again.
    pub(super) once: bool,
    /// It carries requests, which are answered.
    pub(super) answers: bool,
    /// Where it is described, when that is no part of the file that makes the application.
    pub(super) shared: Option<Shared>,
}

impl Transport {
    /// A broker that hands messages to whoever listens, and forgets them.
    fn once(broker: &'static str, shared: Option<Shared>) -> Transport {
        let dead_letter = Presence::Unknown("the broker knows no dead letters".into());
        Transport {
            broker,
            ack: Ack::Unknown,
            dead_letter,
            prefetch: Prefetch::default(),
            once: true,
            answers: false,
            shared,
        }
    }

    /// What holds for requests: whoever asks waits, and learns that nobody answers.
    fn of_requests(self) -> Transport {
        Transport {
            ack: Ack::Unknown,
            dead_letter: Presence::Unknown("whoever asks learns of a failure".into()),
            prefetch: Prefetch::default(),
            answers: true,
            ..self
        }
    }

    /// Takes from a consumer what only brokers that deliver again are asked for.
    pub(super) fn settle(&self, consumer: &mut Consumer) {
        if self.answers {
            consumer.handlers.iter_mut().for_each(|handler| handler.idempotency = Idempotency::Unknown);
            consumer.redelivery = Redelivery::None;
        }
        if self.once {
            consumer.handlers.iter_mut().for_each(|handler| handler.idempotency = Idempotency::Unknown);
            consumer.redelivery = Redelivery::None;
            consumer.shutdown = Presence::Unknown("nothing waits at the broker for an acknowledgement".into());
        }
    }
}

/// What one `createMicroservice` or `connectMicroservice` listens on.
enum Listens {
    /// Messages of a broker.
    Broker(Transport),
    /// Calls from process to process.
    Direct,
}

/// The transport of the application that the handler of a decorator belongs to; none when it is no message
/// broker or could not be read.
pub(super) fn transport(reach: &Reach<'_, '_>, decorator: Site) -> Option<Transport> {
    let ev = reach.ev;
    let around = reach.around(&[decorator.unit]);
    let mut found: Option<Transport> = None;
    let mut direct = false;
    for name in ["createMicroservice", "connectMicroservice"] {
        let position = if name == "createMicroservice" { 1 } else { 0 };
        for &site in ev.program.calls_named(name).iter().filter(|s| around.contains(&s.unit)) {
            let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { continue };
            let Some(options) = ev.positional(site.unit, call, position) else { continue };
            let options = made_by_factory(ev, &options).unwrap_or(options);
            let transport = match of_options(reach, site, &options)? {
                Listens::Broker(transport) => transport,
                Listens::Direct => {
                    direct = true;
                    continue;
                }
            };
            match &found {
                // Several transports: which one a handler listens on is not known.
                Some(other) if other.broker != transport.broker => return None,
                _ => found = Some(transport),
            }
        }
    }
    if is_called(ev, decorator, "MessagePattern")
        && let Some(transport) = found.take_if(|_| patterns::is_asked(ev, decorator))
    {
        return (!(direct || transport.once)).then(|| transport.of_requests());
    }
    // Handlers are bound to every transport. Who asks for an answer does so directly where that is possible, and a
    // request is no message that waits in a channel.
    found.filter(|transport| !(direct || transport.once) || is_called(ev, decorator, "EventPattern"))
}

/// What `{ useFactory: (settings) => settings.of(Queue.Orders), inject: [Settings] }` gives
/// (<https://docs.nestjs.com/microservices/basics#asynchronous-configuration>).
fn made_by_factory(ev: &Evaluator<'_>, options: &Value) -> Option<Value> {
    let factory = setting::in_value(ev, options, "useFactory")?;
    let module = &ev.program.unit(factory.unit).module;
    let func = match &module.expr(factory.expr).kind {
        ExprKind::Lambda(func) => *func,
        _ => return None,
    };
    match crate::program::eval::returns(module, func).as_slice() {
        [only] => Some(ev.at(factory.unit, *only)),
        _ => None,
    }
}

/// The description of a transport in another module than the call that makes the application: several applications
/// may have it in common, so what it says is told there, once. What an application says of itself is told at its
/// handlers, as for the listeners of every other framework.
fn shared(ev: &Evaluator<'_>, made: Site, options: &Value) -> Option<Shared> {
    let Value::Dict(dict) = options else { return None };
    let elsewhere = dict.site.unit != made.unit;
    elsewhere.then(|| Shared { place: ev.program.place(dict.site), process: ev.program.place(made) })
}

fn is_called(ev: &Evaluator<'_>, decorator: Site, name: &str) -> bool {
    let module = &ev.program.unit(decorator.unit).module;
    let callee = module.call(decorator.expr).map(|call| &module.expr(call.callee).kind);
    matches!(callee, Some(ExprKind::Name(n) | ExprKind::Attr { name: n, .. }) if n.as_str() == name)
}

fn of_options(reach: &Reach<'_, '_>, made: Site, options: &Value) -> Option<Listens> {
    let ev = reach.ev;
    let kind = setting::word(ev, setting::in_value(ev, options, "transport")?)?;
    let shared = shared(ev, made, options);
    Some(Listens::Broker(match kind.as_str() {
        "TCP" | "GRPC" => return Some(Listens::Direct),
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
            Transport { broker: "rabbitmq", ack, dead_letter, prefetch, once: false, answers: false, shared }
        }
        "KAFKA" => Transport {
            broker: "kafka",
            ack: Ack::Framework,
            dead_letter: Presence::Absent,
            prefetch: Prefetch::default(),
            once: false,
            answers: false,
            shared,
        },
        // Core NATS and the channels of Redis deliver at most once: https://docs.nestjs.com/microservices/nats,
        // https://redis.io/docs/latest/develop/pubsub/#delivery-semantics
        "NATS" => Transport::once("nats", shared),
        "REDIS" => Transport::once("redis pub/sub", shared),
        _ => return None,
    }))
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
