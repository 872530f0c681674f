//! The map's brokers, channels and events: who publishes where, and who listens.

use std::collections::{BTreeMap, BTreeSet};

use super::System;
use super::map::{Broker, Channel, Event};
use crate::extract::Presence;
use crate::extract::publish::{Kind, Publisher};
use crate::program::value::Text;

/// The broker of a library that works with several.
const UNNAMED: &str = "binder";

/// What is known of a channel: the services that publish to it and those that consume from it.
type Ends = (BTreeSet<String>, BTreeSet<String>);

/// Fills them in.
pub(super) fn fill(system: &mut System) {
    let mut channels: BTreeMap<(String, String), Ends> = BTreeMap::new();
    let mut brokers: BTreeSet<String> = BTreeSet::new();
    let mut events: Vec<Event> = Vec::new();
    for publisher in system.publishers.iter().filter(|p| !matches!(p.kind, Kind::Reply | Kind::Telemetry)) {
        let services = system.services_at(publisher.place);
        let names = names(publisher);
        brokers.insert(publisher.broker.clone());
        for name in &names {
            channels.entry((publisher.broker.clone(), name.clone())).or_default().0.extend(services.iter().cloned());
        }
        for name in published(publisher) {
            let versioned = match &publisher.version {
                Presence::Unknown(_) => None,
                known => Some(known.is_present()),
            };
            let channel = names.first().cloned();
            events.push(Event { name, channel, producers: services.clone(), versioned, place: publisher.place });
        }
    }
    for consumer in &system.consumers {
        let services = system.services_at(consumer.place);
        brokers.insert(consumer.broker.clone());
        let names = consumer.channels.iter().chain(consumer.handlers.iter().flat_map(|h| &h.channels));
        for name in names.filter(|n| !n.is_empty() && *n != "{}") {
            channels.entry((consumer.broker.clone(), name.clone())).or_default().1.extend(services.iter().cloned());
        }
    }
    // A binder that no setting names is the broker at which others know the channel.
    let unnamed: Vec<(String, String)> = channels.keys().filter(|(broker, _)| broker == UNNAMED).cloned().collect();
    for key in unnamed {
        let named = channels.keys().find(|(broker, name)| broker != UNNAMED && *name == key.1).cloned();
        if let Some((named, ends)) = named.and_then(|named| Some((named, channels.remove(&key)?))) {
            let known = channels.entry(named).or_default();
            known.0.extend(ends.0);
            known.1.extend(ends.1);
        }
    }
    let map = &mut system.map;
    map.brokers = brokers.into_iter().map(|kind| Broker { name: kind.clone(), kind }).collect();
    map.channels = channels
        .into_iter()
        .map(|((broker, name), (producers, consumers))| Channel {
            name,
            broker,
            producers: producers.into_iter().collect(),
            consumers: consumers.into_iter().collect(),
        })
        .collect();
    map.events = events;
}

/// The names a publisher sends to: exchanges, topics and queues; routing keys where there is only the
/// default exchange.
fn names(publisher: &Publisher) -> Vec<String> {
    let known = |texts: &[Text]| -> Vec<String> {
        texts.iter().map(Text::pattern).filter(|t| !t.is_empty() && t != "{}").collect()
    };
    let destinations = known(&publisher.destinations);
    if destinations.is_empty() { known(&publisher.keys) } else { destinations }
}

/// The names of what is published: its classes, else its routing key, else its channel.
fn published(publisher: &Publisher) -> BTreeSet<String> {
    if publisher.kind != Kind::Event {
        return BTreeSet::new();
    }
    let types = publisher.payloads.iter().filter_map(|s| s.types.first()).map(ToString::to_string);
    let types: BTreeSet<String> = types.collect();
    if types.is_empty() { publisher.channel().into_iter().collect() } else { types }
}
