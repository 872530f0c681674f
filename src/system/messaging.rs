//! What goes through brokers, joined over the services: channels, events, brokers, and sagas for the map.

use std::collections::{BTreeMap, BTreeSet};

use super::System;
use super::map::{Broker, Channel, Event, Saga, SystemMap};
use super::services::Service;
use crate::extract::Presence;
use crate::extract::publish::{Kind, Publisher};
use crate::program::value::Text;
use crate::syntax::Place;

/// The broker of a library that works with several.
const UNNAMED: &str = "binder";

/// What is known of a channel.
#[derive(Default)]
struct Ends {
    producers: BTreeSet<String>,
    consumers: BTreeSet<String>,
    places: BTreeSet<Place>,
}

/// Fills in the parts of the map that are about messages.
pub(super) fn fill(system: &mut System) {
    let mut channels: BTreeMap<(String, String), Ends> = BTreeMap::new();
    let mut brokers: BTreeSet<String> = BTreeSet::new();
    let mut events = Vec::new();
    for publisher in system.publishers.iter().filter(|p| !matches!(p.kind, Kind::Reply | Kind::Telemetry)) {
        let producers = system.services_at(publisher.place);
        brokers.insert(publisher.broker.clone());
        let mut names = destinations(publisher, &|_| None);
        for service in owners(system, publisher.place) {
            let own = destinations(publisher, &|name| variable(service, name));
            for name in &own {
                let ends = channels.entry((publisher.broker.clone(), name.clone())).or_default();
                ends.producers.insert(service.name.clone());
                ends.places.insert(publisher.place);
            }
            names = own;
        }
        if publisher.kind == Kind::Event {
            events.extend(event(publisher, names.first().cloned(), &producers));
        }
    }
    for consumer in &system.consumers {
        let consumers = system.services_at(consumer.place);
        brokers.insert(consumer.broker.clone());
        let of_handlers = consumer.handlers.iter().map(|h| (system.services_at(h.place), h.place, &h.channels));
        let typed: Vec<String> = consumer.message.iter().filter(|_| by_type(&consumer.broker)).cloned().collect();
        let own = [(consumers.clone(), consumer.place, &consumer.channels), (consumers, consumer.place, &typed)];
        for (services, place, names) in of_handlers.chain(own) {
            for name in names.iter().filter(|name| is_name(name)) {
                let ends = channels.entry((consumer.broker.clone(), name.clone())).or_default();
                ends.consumers.extend(services.iter().cloned());
                ends.places.insert(place);
            }
        }
        for service in owners(system, consumer.place) {
            let named = consumer.named_by.iter().map(|text| text.with_env(&|name| variable(service, name)));
            for name in named.filter(|name| is_name(name)) {
                let ends = channels.entry((consumer.broker.clone(), name)).or_default();
                ends.consumers.insert(service.name.clone());
                ends.places.insert(consumer.place);
            }
        }
    }
    bound(system, &mut channels);
    // A binder that no setting names is the broker at which others know the channel, and a stream of
    // JetStream keeps what is published to a subject of NATS.
    let other_name = |broker: &str, other: &str| match broker {
        UNNAMED => other != UNNAMED,
        "nats" => other == "jetstream",
        _ => false,
    };
    let unnamed: Vec<(String, String)> =
        channels.keys().filter(|(broker, _)| matches!(broker.as_str(), UNNAMED | "nats")).cloned().collect();
    for key in unnamed {
        let named = channels.keys().find(|(broker, name)| other_name(&key.0, broker) && *name == key.1).cloned();
        if let Some((named, ends)) = named.and_then(|named| Some((named, channels.remove(&key)?))) {
            let known = channels.entry(named).or_default();
            known.producers.extend(ends.producers);
            known.consumers.extend(ends.consumers);
            known.places.extend(ends.places);
        }
    }
    let sagas = system.sagas.iter().map(|saga| Saga {
        name: saga.name.clone(),
        service: system.services_at(saga.place).into_iter().next(),
        steps: saga.steps.iter().map(|step| step.name.clone()).collect(),
        place: saga.place,
    });
    let sagas = sagas.collect();
    let SystemMap { channels: shown, brokers: named, events: published, sagas: run, .. } = &mut system.map;
    *shown = channels
        .into_iter()
        .map(|((broker, name), ends)| Channel {
            name,
            broker,
            producers: ends.producers.into_iter().collect(),
            consumers: ends.consumers.into_iter().collect(),
            places: ends.places.into_iter().collect(),
        })
        .collect();
    *named = brokers.into_iter().map(|kind| Broker { name: kind.clone(), kind }).collect();
    *published = events;
    *run = sagas;
}

/// Whoever takes messages from a queue of RabbitMQ takes those of the exchanges that it is bound to. The binding of a
/// queue that the broker names belongs to the consumer in the same file.
fn bound(system: &System, channels: &mut BTreeMap<(String, String), Ends>) {
    for binding in &system.brokers.bindings {
        let key = |name: &str| ("rabbitmq".to_owned(), name.to_owned());
        let consumers: BTreeSet<String> = if binding.queue.is_empty() {
            let here = |place: Place| place.file == binding.place.file;
            let taking = system.consumers.iter().filter(|c| here(c.place) && !c.channels.iter().any(|n| is_name(n)));
            taking.flat_map(|consumer| system.services_at(consumer.place)).collect()
        } else {
            channels.get(&key(&binding.queue)).map(|ends| ends.consumers.clone()).unwrap_or_default()
        };
        if !consumers.is_empty()
            && let Some(exchange) = channels.get_mut(&key(&binding.exchange))
        {
            exchange.consumers.extend(consumers);
            exchange.places.insert(binding.place);
        }
    }
}

/// The services whose code stands at a place.
fn owners(system: &System, place: Place) -> impl Iterator<Item = &Service> {
    let owners = system.owners.get(&place.file).into_iter().flatten();
    owners.filter_map(|index| system.services.get(*index))
}

/// What a service is told in a variable of its environment.
fn variable(service: &Service, name: &str) -> Option<String> {
    service.env.iter().find(|variable| variable.is_called(name))?.value.clone()
}

/// The exchanges, topics and queues that a publisher sends to; the routing key where it sends to the
/// default exchange, which is the queue's name.
fn destinations(publisher: &Publisher, env: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let known = |texts: &[Text]| texts.iter().map(|text| text.with_env(env)).filter(|t| is_name(t)).collect::<Vec<_>>();
    let mut names = known(&publisher.destinations);
    if names.is_empty() {
        names = known(&publisher.keys);
    }
    if names.is_empty() && by_type(&publisher.broker) {
        names.extend(publisher.payloads.iter().filter_map(|payload| payload.types.first()).map(ToString::to_string));
    }
    names.sort();
    names.dedup();
    names
}

/// True for a library that makes a channel of each type of message.
/// <https://masstransit.io/documentation/configuration/topology/message>
fn by_type(broker: &str) -> bool {
    matches!(broker, "masstransit" | "nservicebus" | "rebus" | "wolverine")
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains("{}")
}

/// The events of a publisher, named by the classes of what is published, else by the routing key, else by
/// the channel.
fn event(publisher: &Publisher, channel: Option<String>, producers: &[String]) -> Vec<Event> {
    let classes = publisher.payloads.iter().filter_map(|payload| payload.types.first());
    let mut names: Vec<String> = classes.map(ToString::to_string).collect();
    if names.is_empty() {
        names.extend(publisher.keys.iter().map(Text::pattern).filter(|name| is_name(name)));
    }
    names.sort();
    names.dedup();
    if names.is_empty() {
        names.extend(channel.clone());
    }
    let versioned = match &publisher.version {
        Presence::Present(_) | Presence::Default => Some(true),
        Presence::Absent => Some(false),
        Presence::Unknown(_) => None,
    };
    let event = |name| Event {
        name,
        channel: channel.clone(),
        producers: producers.to_vec(),
        versioned,
        place: publisher.place,
    };
    names.into_iter().map(event).collect()
}
