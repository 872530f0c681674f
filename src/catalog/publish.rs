//! What a data file says about publishing messages.
//!
//! Where something stands in a call is a path: a position or a keyword, then keys of the object there,
//! `[]` for the items of a list. `3.persistent` is the key `persistent` of the fourth argument,
//! `0.messages[].value` the values of all messages of the first. A keyword argument of a construction
//! counts as a key: `properties.delivery_mode` finds `BasicProperties(delivery_mode=2)`, and `@.Topic` is
//! one of the construction of the object that the method is called on. `-1` is the last argument; `<0>` is
//! the first type argument of the base of the object's class, `@Channel` the argument of that decorator of
//! the field or parameter the object is; `**` as the path of metadata stands for all keyword arguments, `*,**` as that
//! of a payload for keys and values in turns behind an argument `"*"`. A path that
//! ends in `?` counts only where something is known to stand there.

use serde::Deserialize;

/// Calls that hand a message to a broker.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Publish {
    /// The functions, methods or constructors.
    pub calls: Vec<String>,
    /// The kind of broker: `rabbitmq`, `kafka`; `transport` when a registration elsewhere says it.
    pub broker: String,
    /// A message to subscribers, or work for a worker.
    #[serde(default)]
    pub kind: PublishKind,
    /// It gives an answer: only where nobody takes that, and where a registration says which broker is behind it, is it
    /// a message and no request.
    #[serde(default)]
    pub unanswered: bool,
    /// It gives an observable, which is no promise: `await` on it waits for nothing.
    #[serde(default)]
    pub observable: bool,
    /// It is a decorator: what the function below it returns is published, `->` as the path of the payload.
    #[serde(default)]
    pub decorator: bool,
    /// The name of the method is used by nothing else, so that an object of unknown type is taken for
    /// one of this library.
    #[serde(default)]
    pub distinctive: bool,
    /// Paths of the exchange, topic, queue or subject.
    #[serde(default)]
    pub destination: Vec<String>,
    /// Paths of the routing key or the name of the event.
    #[serde(default)]
    pub key: Vec<String>,
    /// Paths of the payload.
    pub body: Vec<String>,
    /// Paths of objects with properties and headers of the message.
    #[serde(default)]
    pub metadata: Vec<String>,
    /// Paths whose presence gives the message an id for deduplication.
    #[serde(default)]
    pub ids: Vec<String>,
    /// How many arguments the call has, where a method is overloaded; any when absent.
    pub args: Option<usize>,
    /// Simple names of types, one of which the last argument has, where overloads have as many
    /// arguments; `lambda` for a function.
    #[serde(default)]
    pub last_is: Vec<String>,
    /// The library gives every message an id by itself.
    #[serde(default)]
    pub has_id: bool,
    /// The message goes into a table of the service's own database first, so that with a write to it it
    /// is one.
    #[serde(default)]
    pub outbox: bool,
    /// The type that everything published with the library implements: where the payload can't be
    /// followed, it is one of the classes that do.
    pub event_base: Option<String>,
    /// How the channel is declared that the message is sent to; none where any object of the type publishes.
    pub channel_by: Option<ChannelBy>,
    /// Keys of the settings that say what a destination of the program is called at the broker; `{name}`
    /// stands for its name in the program.
    #[serde(default)]
    pub name_keys: Vec<String>,
    /// The beginning of the keys that a destination outside the process has in the settings.
    pub configured: Option<String>,
    /// Without such a key the one connector of the build has the channel, unless one of these annotations of the
    /// application names it too.
    #[serde(default)]
    pub attached_unless: Vec<String>,
    /// How the publisher learns that the broker has the message.
    pub confirm: Confirm,
    /// How the message survives a restart of the broker; absent where the broker always stores it.
    pub persistent: Option<Persistent>,
    /// Whether a message that reaches no queue comes back; absent where the broker keeps every message.
    pub mandatory: Option<Mandatory>,
    /// Paths of the key that decides the partition.
    #[serde(default)]
    pub partition_key: Vec<String>,
    /// Whether the producer repeats a message without making two of it.
    pub idempotence: Option<Idempotence>,
    /// Options of the producer that hold the function by which payloads are serialised.
    #[serde(default)]
    pub serializer: Vec<String>,
    /// What to write to have it confirmed, for the message of a rule.
    #[serde(default)]
    pub confirm_help: String,
    /// What to write to have it persistent.
    #[serde(default)]
    pub persistent_help: String,
}

/// A method that gives a channel: `channels.placed().send(…)`. The channel is called as the decorator of the method
/// says, else as the method.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ChannelBy {
    /// The decorator of a method of the repository.
    pub decorator: String,
    /// Methods of the library, by their whole names.
    #[serde(default)]
    pub methods: Vec<String>,
}

/// Whether a message that reaches no queue comes back to the publisher.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mandatory {
    /// Whether it does without being told.
    pub default: bool,
    /// Paths of the flag.
    pub options: Vec<String>,
    /// Methods that bind a queue to an exchange.
    #[serde(default)]
    pub binds: Vec<String>,
    /// Methods that declare a queue.
    #[serde(default)]
    pub declares: Vec<String>,
    /// What to write.
    pub help: String,
}

/// Whether a producer that repeats a message makes two of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Idempotence {
    /// Options of the producer that say so.
    pub options: Vec<String>,
    /// Options that imply it.
    #[serde(default)]
    pub implied: Vec<String>,
    /// What to write.
    pub help: String,
}

/// An object around a payload, made by a constructor or begun by a builder: a record, a message with
/// headers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Envelope {
    /// The constructors, or the methods that begin the builder.
    pub calls: Vec<String>,
    /// How many arguments the call has; any when absent.
    pub args: Option<usize>,
    /// Paths of the exchange, topic, queue or subject.
    #[serde(default)]
    pub destination: Vec<String>,
    /// Paths of the payload.
    pub body: Vec<String>,
    /// Paths of objects with properties and headers.
    #[serde(default)]
    pub metadata: Vec<String>,
    /// Methods of the builder that are given the exchange, topic, queue or subject.
    #[serde(default)]
    pub destination_by: Vec<String>,
    /// Methods of the builder that are given the payload.
    #[serde(default)]
    pub body_by: Vec<String>,
}

/// See [`Publish::kind`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublishKind {
    /// Something happened.
    #[default]
    Event,
    /// Something is to be done.
    Job,
}

/// How a message is confirmed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Confirm {
    /// The mechanism.
    pub by: ConfirmBy,
    /// Methods of the channel that turn confirms on or wait for them.
    #[serde(default)]
    pub calls: Vec<String>,
    /// Paths of a callback that is told the outcome.
    #[serde(default)]
    pub callback: Vec<String>,
    /// Methods that are given a function which is told of every message what became of it.
    #[serde(default)]
    pub listeners: Vec<String>,
    /// Options of the call, or of what the channel or producer was made with, that turn it off when
    /// they are `false` or 0.
    #[serde(default)]
    pub off: Vec<String>,
    /// Options without which nothing is confirmed when the producer is written as a literal.
    #[serde(default)]
    pub required: Vec<String>,
}

/// See [`Confirm::by`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfirmBy {
    /// The call itself fails when the broker does not take the message.
    Library,
    /// There is no confirmation.
    Never,
    /// The protocol has one, but it cannot be seen here.
    Unknown,
    /// A method of the channel turns confirms on.
    ChannelCall,
    /// The result of the call has to be awaited.
    Await,
    /// The call gives a future (after `await`, where it is a coroutine) that has to be looked at.
    Future,
    /// A callback, or a call that waits for all outstanding messages.
    Callback,
    /// A channel of the producer that somebody has to read: `AsyncProducer.Errors`.
    Reports,
}

/// How a message is persistent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Persistent {
    /// Whether it is without being told.
    pub default: bool,
    /// Paths of the option.
    #[serde(default)]
    pub options: Vec<String>,
    /// Constants that make it transient where they stand in the call, in code that changes its properties.
    #[serde(default)]
    pub off: Vec<String>,
    /// How a queue is declared that does not outlive the broker.
    pub queue: Option<QueueDurability>,
}

/// How a queue is declared, and whether it outlives a restart of the broker.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct QueueDurability {
    /// The methods that declare one.
    pub calls: Vec<String>,
    /// Paths of its name.
    pub name: Vec<String>,
    /// Paths of the flag.
    pub durable: Vec<String>,
    /// Whether it is without the flag.
    #[serde(default)]
    pub durable_by_default: bool,
    /// What to write to have it durable.
    #[serde(default)]
    pub help: String,
}
