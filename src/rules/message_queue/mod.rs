//! The rules of the skill `message-queue`.

pub mod blocking_call_in_consumer;
pub mod dual_write;
pub mod early_acknowledgement;
pub mod hard_coded_broker;
pub mod mismatched_topology;
pub mod missing_dead_letter;
pub mod missing_graceful_shutdown;
pub mod missing_message_key;
pub mod missing_prefetch;
pub mod missing_reconnect;
pub mod non_idempotent_consumer;
pub mod non_idempotent_producer;
pub mod payload_hash_key;
pub mod poison_message;
pub mod short_polling;
pub mod swallowed_publish_failure;
pub mod transient_message;
pub mod unbounded_redelivery;
pub mod unconfirmed_publish;
pub mod unhandled_type;
pub mod unroutable_message;
pub mod unserializable_payload;

use std::collections::HashSet;

use crate::extract::consume::Consumer;
use crate::rules::Related;
use crate::syntax::Place;
use crate::system::System;

/// The functions that handle the messages of a consumer, where they stand elsewhere.
fn handlers(consumer: &Consumer) -> Vec<Related> {
    let handles = consumer.functions.first().filter(|place| **place != consumer.place);
    let received = consumer.received.map(|place| Related { place, message: "messages are received here".into() });
    let handles = handles.map(|place| Related { place: *place, message: "messages are handled here".into() });
    received.into_iter().chain(handles).collect()
}

/// Consumers that share a place with others, such as their configuration, once: the place and the consumers.
fn by_configuration<'c>(
    consumers: &[&'c Consumer],
    at: fn(&Consumer) -> Option<Place>,
) -> Vec<(Place, Vec<&'c Consumer>)> {
    let mut out: Vec<(Place, Vec<&Consumer>)> = Vec::new();
    for consumer in consumers {
        let shared = at(consumer);
        let place = shared.unwrap_or(consumer.place);
        match out.iter_mut().find(|(known, _)| *known == place && shared.is_some()) {
            Some((_, all)) => all.push(consumer),
            None => out.push((place, vec![consumer])),
        }
    }
    out
}

/// The services of several consumers.
fn services(system: &System, consumers: &[&Consumer]) -> Vec<String> {
    let mut out: Vec<String> = consumers.iter().flat_map(|consumer| system.services_at(consumer.place)).collect();
    let mut seen = HashSet::new();
    out.retain(|service| seen.insert(service.clone()));
    out
}

/// The handlers that a shared place is about.
fn configured(consumers: &[&Consumer]) -> Vec<Related> {
    let shared = consumers.iter().filter(|consumer| consumer.shared.is_some() || consumer.received.is_some());
    shared.map(|c| Related { place: c.place, message: "it holds for the messages handled here".into() }).collect()
}

/// ` from `orders``, or nothing when the channel is not known.
fn from(consumer: &Consumer) -> String {
    from_all(&[consumer])
}

/// The same for all consumers of a configuration.
fn from_all(consumers: &[&Consumer]) -> String {
    let mut channels: Vec<&String> = consumers.iter().flat_map(|consumer| &consumer.channels).collect();
    let mut seen = HashSet::new();
    channels.retain(|channel| seen.insert(*channel));
    match channels.as_slice() {
        [] => String::new(),
        [one] => format!(" from `{one}`"),
        [one, rest @ ..] => format!(" from `{one}` and {} more", rest.len()),
    }
}
