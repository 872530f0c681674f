//! The rules of the skill `message-queue`.

pub mod dual_write;
pub mod early_acknowledgement;
pub mod missing_dead_letter;
pub mod missing_graceful_shutdown;
pub mod non_idempotent_consumer;
pub mod transient_message;
pub mod unbounded_redelivery;
pub mod unconfirmed_publish;

use crate::extract::consume::Consumer;

/// ` from `orders``, or nothing when the channel is not known.
fn from(consumer: &Consumer) -> String {
    match consumer.channels.as_slice() {
        [] => String::new(),
        [one] => format!(" from `{one}`"),
        [one, rest @ ..] => format!(" from `{one}` and {} more", rest.len()),
    }
}
