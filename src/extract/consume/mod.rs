//! Consumers: where messages come in, who acknowledges them and when, where a message goes that
//! cannot be handled, how often it comes back, whether a second delivery does harm, and whether the
//! process lets go of them in order.

mod ack;
mod answer;
mod asked;
mod backoff;
mod bean;
mod builder;
mod chain;
mod closed;
mod console;
mod container;
mod dead_channel;
mod dead_letter;
mod dotnet;
mod effect;
mod entity;
mod factory;
mod fresh;
mod go_exit;
mod guard;
mod handler;
mod heirs;
mod hosted;
mod idempotency;
mod jdbc;
mod jvm;
mod jvm_stop;
mod keys;
mod lambda;
mod loaded;
mod many;
mod mapped;
mod nest;
mod new_key;
mod payload_key;
mod phase;
mod pipeline;
mod poison;
mod polling;
mod prefetch;
mod presence;
mod pulled;
mod queue;
pub(in crate::extract) mod reach;
mod redelivery;
mod reply;
mod row;
pub(in crate::extract) mod setting;
mod shown;
mod shutdown;
mod source;
mod sql;
mod struct_key;
mod tracked;
mod unhandled;
mod unique;
mod unique_sql;
mod volatile;
mod walk;

#[cfg(test)]
mod tests;

use crate::extract::Presence;
use crate::program::value::Text;
use crate::program::{Evaluator, Site, UnitId};
use crate::syntax::Place;

pub use dead_letter::Evidence;

/// A place where a program takes messages.
#[derive(Clone, Debug)]
pub struct Consumer {
    /// Where it is built, registered or declared.
    pub place: Place,
    /// The call, decorator or class.
    pub site: Site,
    /// The call that takes messages, where a function of ours hands them on to the place of this consumer.
    pub received: Option<Place>,
    /// The library, as the catalog names it.
    pub library: String,
    /// The broker: `rabbitmq`, `kafka`, `sqs`, …
    pub broker: String,
    /// What it listens to, as far as that is known; holes are `{}`.
    pub channels: Vec<String>,
    /// The same, where variables of the environment name them.
    pub named_by: Vec<Text>,
    /// The type of message that it takes, where the library routes by types: `IConsumer<OrderPlaced>`.
    pub message: Option<String>,
    /// When messages are acknowledged.
    pub ack: Ack,
    /// Where a message goes that cannot be handled.
    pub dead_letter: Presence,
    /// Where its queue is declared.
    pub declared: Option<Place>,
    /// All that is done with a message is to show it: nothing fails because of what is in it.
    pub only_shows: bool,
    /// How often a failing message comes back.
    pub redelivery: Redelivery,
    /// Where a message that cannot be decoded ends the consumer.
    pub poison: Option<Poison>,
    /// Whether the number of messages in flight is bounded.
    pub prefetch: Prefetch,
    /// What to write to wait for messages, when the receiving call comes back at once without any.
    pub short_poll: Option<String>,
    /// Where a handler tells types of messages apart and does nothing for any other.
    pub unhandled: Option<Unhandled>,
    /// The model that messages are read into, when it refuses members that it does not declare.
    pub closed: Option<Closed>,
    /// Where duplicates are looked up by a hash of the payload.
    pub payload_key: Option<Place>,
    /// The functions that run for a message, as far as they could be followed.
    pub functions: Vec<Place>,
    /// The functions that handle messages: one for each registration with a wrapper of ours, else one.
    pub handlers: Vec<Handler>,
    /// Whether the process stops the consumer in order when it is told to end.
    pub shutdown: Presence,
    /// Where what it does is said for several processes: their shared configuration.
    pub shared: Option<Shared>,
    /// It is written in Python.
    pub python: bool,
    /// It runs in a NestJS application.
    pub nest: bool,
    /// It is written in C#.
    pub csharp: bool,
}

/// A configuration in a module of its own, from which processes take how their handlers get messages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shared {
    /// The configuration.
    pub place: Place,
    /// Where this process takes it.
    pub process: Place,
}

/// A model that refuses members which it does not declare.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// What makes it so.
    pub place: Place,
    /// Where a message is read into it.
    pub decoded: Place,
    /// The model, in a message.
    pub model: String,
    /// What makes it so, as it is written.
    pub how: String,
    /// What to write.
    pub help: String,
}

/// A place where a message is decoded outside of any error handler.
#[derive(Clone, Debug, PartialEq)]
pub struct Poison {
    /// The decoding.
    pub place: Place,
    /// What becomes of the consumer: `ends the loop that receives messages`.
    pub ends: String,
    /// The message itself is rejected, and does not come back.
    pub rejected: bool,
}

/// A handler that knows some types of messages and says nothing of the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Unhandled {
    /// The branches.
    pub place: Place,
    /// What is compared: `event.type`.
    pub subject: String,
    /// The types that it knows.
    pub known: Vec<String>,
}

/// Whether the number of messages that a consumer holds unacknowledged is bounded.
#[derive(Clone, Debug, PartialEq)]
pub struct Prefetch {
    /// The verdict.
    pub bounded: Presence,
    /// Where it would be said, when that is not where the consumer stands.
    pub place: Option<Place>,
    /// What to write.
    pub help: String,
}

impl Default for Prefetch {
    fn default() -> Self {
        Prefetch { bounded: Presence::Default, place: None, help: String::new() }
    }
}

/// A handler and whether it bears a second delivery.
#[derive(Clone, Debug)]
pub struct Handler {
    /// The registration; the consumer's own place when there is no wrapper.
    pub place: Place,
    /// The name and place of the function, where it has one.
    pub function: Option<(String, Place)>,
    /// What this registration listens to.
    pub channels: Vec<String>,
    /// The verdict.
    pub idempotency: Idempotency,
}

/// When a message is acknowledged.
#[derive(Clone, Debug, PartialEq)]
pub enum Ack {
    /// By the program, after the work.
    After,
    /// By the program, before the work is done.
    Before {
        /// The acknowledgement.
        place: Place,
        /// What it does not wait for.
        work: Option<Place>,
        /// Why that is too early: `the handler is not awaited`.
        why: String,
    },
    /// By the library or the broker, before the handler has finished.
    Auto {
        /// The setting; none when it is the default.
        place: Option<Place>,
        /// What the default does.
        why: String,
    },
    /// By the library, after a handler that does not wait for its work.
    Unawaited {
        /// The call that nothing waits for.
        call: Place,
        /// The work.
        work: Place,
    },
    /// By the library, after the handler.
    Framework,
    /// It could not be decided, or there is nothing to acknowledge.
    Unknown,
}

/// How often a failing message comes back.
#[derive(Clone, Debug, PartialEq)]
pub enum Redelivery {
    /// A bounded number of times.
    Bounded,
    /// For ever.
    Unbounded {
        /// What puts it back.
        place: Place,
        /// Why nothing ends it.
        why: String,
    },
    /// Never: it is dropped or dead-lettered.
    None,
    /// It could not be decided.
    Unknown,
}

/// Whether a second delivery does harm.
#[derive(Clone, Debug, PartialEq)]
pub enum Idempotency {
    /// Duplicates are recognised by something that survives a restart.
    Durable(Place),
    /// Duplicates are recognised by a collection in memory only.
    InMemory {
        /// The collection's test.
        guard: Place,
        /// What is repeated after a restart.
        effect: Place,
        /// That, in words.
        what: String,
    },
    /// Nothing recognises them.
    No {
        /// What is repeated.
        effect: Place,
        /// That, in words.
        what: String,
    },
    /// Repeating it changes nothing.
    NotNeeded,
    /// It could not be decided.
    Unknown,
}

/// True when code of this unit is production code that runs on a server.
pub type InScope<'s> = dyn Fn(UnitId) -> bool + 's;

/// All consumers of the program, sorted by place. `evidence` is what the rest of the repository says
/// about dead-letter queues.
pub fn extract(ev: &Evaluator<'_>, in_scope: &InScope<'_>, evidence: &Evidence) -> Vec<Consumer> {
    source::consumers(ev, in_scope, evidence)
}
