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

use crate::extract::consume::Consumer;
use crate::rules::Related;

/// The functions that handle the messages of a consumer, where they stand elsewhere.
fn handlers(consumer: &Consumer) -> Vec<Related> {
    let handles = consumer.functions.first().filter(|place| **place != consumer.place);
    handles.map(|place| Related { place: *place, message: "messages are handled here".into() }).into_iter().collect()
}

/// ` from `orders``, or nothing when the channel is not known.
fn from(consumer: &Consumer) -> String {
    match consumer.channels.as_slice() {
        [] => String::new(),
        [one] => format!(" from `{one}`"),
        [one, rest @ ..] => format!(" from `{one}` and {} more", rest.len()),
    }
}
