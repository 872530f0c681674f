//! What a data file says about consuming messages, and about what a handler does to the world.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How a library hands messages over.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Consume {
    /// The broker: `rabbitmq`, `kafka`, `sqs`, `nats`, `redis`, `pubsub`, `servicebus`, `postgres`.
    pub broker: String,
    /// What starts a consumer.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// Calls that acknowledge a message or commit its position.
    #[serde(default)]
    pub acks: Vec<String>,
    /// Calls that give a message back.
    #[serde(default)]
    pub rejects: Vec<Reject>,
    /// Context managers that acknowledge when their body ends (`async with message.process():`).
    #[serde(default)]
    pub ack_contexts: Vec<Reject>,
    /// Calls that declare a queue.
    #[serde(default)]
    pub queues: Vec<QueueDeclaration>,
}

/// A call, decorator or class that starts a consumer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Source {
    /// Functions, methods, constructors, decorators.
    pub calls: Vec<String>,
    /// How messages reach the program.
    pub form: Form,
    /// Where the channel's name stands: a position (`0`), a keyword or the key of an options object,
    /// dotted for nested ones; `*` for every positional string.
    #[serde(default)]
    pub channel: Vec<String>,
    /// Methods of the consumer that name its channels, where the call itself names none.
    pub subscribed: Option<Subscribed>,
    /// Where the handler stands, in the same notation.
    #[serde(default)]
    pub handler: Vec<String>,
    /// For [`Form::Constructor`]: methods that receive messages from the object, besides iteration.
    #[serde(default)]
    pub receives: Vec<String>,
    /// For [`Form::Callback`]: the first argument must be this string (`on("message", …)`).
    pub event: Option<String>,
    /// For [`Form::Class`], [`Form::Implements`] and the object that [`Form::Callback`] is given: the method that handles
    /// a message.
    pub method: Option<String>,
    /// For [`Form::Class`]: decorators of the methods that handle messages.
    #[serde(default)]
    pub handled_by: Vec<String>,
    /// For [`Form::Decorator`]: decorators of the class, one of which it must have.
    #[serde(default)]
    pub within: Vec<String>,
    /// For [`Form::Decorator`]: the decorated methods of a class are one consumer.
    #[serde(default)]
    pub grouped: bool,
    /// Keys of the settings that say what a channel of the program is called at the broker; `{channel}`
    /// stands for its name in the program.
    #[serde(default)]
    pub name_keys: Vec<String>,
    /// The key of the settings that says which broker it is.
    pub broker_key: Option<String>,
    /// Beginnings of keys of the settings that say which broker it is, where that key does not.
    #[serde(default)]
    pub broker_hints: BTreeMap<String, String>,
    /// The library recognises duplicates by something that survives a restart.
    #[serde(default)]
    pub deduplicates: bool,
    /// Nothing is delivered twice: what was missed is lost.
    #[serde(default)]
    pub at_most_once: bool,
    /// Names that switch that off where the module uses them.
    #[serde(default)]
    pub unless_named: Vec<String>,
    /// Who acknowledges when no setting says otherwise.
    pub ack: AckMode,
    /// Settings that change it; the first that matches decides.
    #[serde(default)]
    pub ack_settings: Vec<AckSetting>,
    /// A setting without which nothing is ever acknowledged or committed (`group_id`).
    #[serde(default)]
    pub ack_needs: Vec<String>,
    /// What the default does, for the message: `NestJS acknowledges on delivery unless …`.
    pub ack_text: Option<String>,
    /// Where a message goes that cannot be handled.
    #[serde(default)]
    pub dead_letter: DeadLetter,
    /// Where the dead-letter setting stands, for [`DeadLetter::Setting`].
    #[serde(default)]
    pub dead_letter_settings: Vec<String>,
    /// The keys of the settings that say where.
    #[serde(default)]
    pub dead_letter_keys: Vec<DecidingKey>,
    /// Names in the module that may say where, for [`DeadLetter::Unless`] and [`DeadLetter::Keys`].
    #[serde(default)]
    pub dead_letter_names: Vec<String>,
    /// For [`Form::Builder`]: methods that do something again when a message comes twice.
    #[serde(default)]
    pub repeats: Vec<String>,
    /// The beginning of the keys that every configured channel has, for [`DeadLetter::Keys`]; without
    /// one nothing is known of it.
    pub configured: Option<String>,
    /// Without such a key the one connector of the build has the channel, unless one of these annotations of the
    /// application names it too.
    #[serde(default)]
    pub attached_unless: Vec<String>,
    /// How often a failing message comes back without a setting.
    #[serde(default)]
    pub redelivery: Redeliver,
    /// The setting that bounds it; `null` in the program means without end.
    #[serde(default)]
    pub redelivery_settings: Vec<String>,
    /// What becomes of the consumer when an error leaves the handler or the loop, where that ends it or
    /// stops it: `ends the loop that receives messages`.
    pub unguarded: Option<String>,
    /// Where a function stands that decodes every message before it is handed over.
    #[serde(default)]
    pub decoder: Vec<String>,
    /// How the number of messages in flight is bounded; absent where it always is.
    pub prefetch: Option<Prefetch>,
    /// How a receiving call is told to wait for messages; absent where it always does.
    pub long_poll: Option<LongPoll>,
    /// True when the framework stops the consumer on SIGTERM by itself.
    #[serde(default)]
    pub stops_itself: bool,
}

/// Methods of a consumer that name its channels: `consumer.subscribe(["orders"])`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Subscribed {
    /// The methods.
    pub calls: Vec<String>,
    /// Where the names stand, as for [`Source::channel`].
    pub channel: Vec<String>,
}

/// How a receiving call waits until there is a message.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LongPoll {
    /// Options that say how long.
    pub options: Vec<String>,
    /// What to write.
    pub help: String,
}

/// How the number of messages that a consumer holds unacknowledged is bounded.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Prefetch {
    /// Calls that bound it.
    #[serde(default)]
    pub calls: Vec<String>,
    /// Options that bound it.
    #[serde(default)]
    pub options: Vec<String>,
    /// What to write.
    pub help: String,
}

/// How messages reach the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A function is passed to the call.
    Callback,
    /// The call makes an object that is iterated or polled, here or elsewhere.
    Constructor,
    /// The call itself returns messages.
    Receive,
    /// The function is decorated.
    Decorator,
    /// The class is decorated; one method handles messages, or several that are decorated too.
    Class,
    /// The class implements an interface; one method handles messages.
    Implements,
    /// A builder is begun; the methods that go on name channels and take handlers.
    Builder,
    /// An object is made; methods that are called on it name channels and take the handler.
    Object,
    /// Classes and methods are handlers by their names, in projects that listen to a broker.
    Convention,
    /// A bean is a function that the framework binds to a channel by its name and the settings.
    Bean,
}

/// Who acknowledges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AckMode {
    /// The program, with one of the `acks` calls.
    Manual,
    /// The library, after the handler has returned.
    Framework,
    /// The library or broker, before the handler has finished.
    Auto,
    /// There is nothing to acknowledge (publish/subscribe without delivery state).
    None,
}

/// A setting that changes who acknowledges.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AckSetting {
    /// Where it stands in the call, as for [`Source::channel`].
    #[serde(default)]
    pub names: Vec<String>,
    /// Names under which it is set anywhere in the program (`task_acks_late` of an app).
    #[serde(default)]
    pub anywhere: Vec<String>,
    /// The value: `true`, `false`, or the last part of a name (`AckPolicy.ACK_FIRST`).
    pub value: SettingValue,
    /// What it means.
    pub means: AckMode,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// A boolean.
    Bool(bool),
    /// A string, or the last part of a name.
    Text(String),
}

/// A key of the settings with the values that have a consequence.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DecidingKey {
    /// The key; `{channel}` stands for the name of the channel in the program, `*` for anything.
    pub key: String,
    /// The values; any when empty.
    #[serde(default)]
    pub values: Vec<String>,
}

/// Where a message goes that cannot be handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeadLetter {
    /// To where the queue's declaration says.
    Queue,
    /// To where a setting of the source says.
    Setting,
    /// Only to where the handler publishes it.
    Handler,
    /// To where the infrastructure says (a redrive policy).
    Infrastructure,
    /// To where the settings of the application say.
    Keys,
    /// Nowhere, unless the module uses a name or key that says otherwise.
    Unless,
    /// To where the container around the listener is configured to put it, in code or in settings.
    Container,
    /// The library keeps failed messages.
    BuiltIn,
    /// It cannot be said from the code.
    #[default]
    Unknown,
}

/// How often a failing message comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Redeliver {
    /// As the handler says with a reject.
    #[default]
    Handler,
    /// A bounded number of times.
    Bounded,
    /// Without end.
    Unbounded,
    /// As the container around the listener is configured, in code or in settings; without that without end.
    Container,
}

/// A call that gives a message back.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reject {
    /// The methods.
    pub calls: Vec<String>,
    /// Where the requeue flag stands.
    #[serde(default)]
    pub requeue: Vec<String>,
    /// Whether it is requeued without the flag.
    pub default: bool,
}

/// A call that declares a queue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct QueueDeclaration {
    /// The functions, methods or constructors.
    pub calls: Vec<String>,
    /// Where the name stands.
    pub name: Vec<String>,
    /// Where the dead-letter setting stands.
    pub dead_letter: Vec<String>,
    /// Where the options stand; when they cannot be read, nothing is known.
    pub options: Vec<String>,
}

/// What calls of a library do to the world when a handler runs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", transparent)]
pub struct Effects {
    /// Kinds of effect with the calls that have them; `*` in a call stands for one name.
    pub kinds: BTreeMap<EffectKind, Vec<String>>,
}

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EffectKind {
    /// Reads a store.
    Read,
    /// Adds a row or document with a new key.
    Insert,
    /// Saves an object: adds it when it is new.
    Save,
    /// Saves the receiver.
    SaveSelf,
    /// Makes an object that `save` will add.
    New,
    /// Changes rows or documents; harmless when repeated unless it counts.
    Update,
    /// Adds or replaces by key.
    Upsert,
    /// Removes.
    Delete,
    /// Adds to a number.
    Increment,
    /// Adds to a list.
    Append,
    /// Takes a key only if nobody has it (`SET NX`, `SETNX`).
    Claim,
    /// Sets a key; a claim when it says so (`nx=True`, `"NX"`).
    Set,
    /// Runs a statement that is written as text or built by the library.
    Execute,
    /// Sends an e-mail, a text, a push message, a payment.
    Send,
    /// Publishes a message or enqueues a job.
    Publish,
    /// Writes what was changed on loaded objects.
    Commit,
}
