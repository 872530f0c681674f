//! Messages that are handed to a broker: where, what is in them, and whether they can get lost on the
//! way.

mod announced;
mod at_once;
mod bound;
pub mod call;
mod captured;
pub mod confirm;
pub(crate) mod declared;
pub mod definitions;
pub mod dual_write;
pub mod envelope;
pub mod failure;
pub mod flow;
mod jvm;
mod lists;
mod managed;
mod mapper;
pub mod path;
pub mod payload;
pub mod persist;
pub mod producer;
mod relay;
pub mod routed;
pub mod serialize;
pub mod shape;
mod text;
pub mod transport;
mod undone;
mod unsaved;
mod unshown;

#[cfg(test)]
mod jvm_tests;
#[cfg(test)]
mod tests;

use crate::catalog::publish::{Publish, PublishKind};
use crate::extract::Presence;
use crate::extract::settings::Settings;
use crate::files::Tree;
use crate::program::value::Text;
use crate::program::{Evaluator, Instance, Site, UnitId, Value};
use crate::syntax::Place;

pub(crate) use declared::is_published;
pub use definitions::{Definition, definitions};
pub use dual_write::DualWrite;
pub use payload::content::{Content, Member, Message, Name};
pub use payload::what::What;
pub use producer::Producer;
pub use serialize::Unserializable;
pub use shape::{Key, Shape};

/// A call that hands a message to a broker.
#[derive(Clone, Debug)]
pub struct Publisher {
    /// The call.
    pub place: Place,
    /// The expression.
    pub site: Site,
    /// The library: `pika`, `kafkajs`.
    pub library: String,
    /// The method: `basic_publish`.
    pub method: String,
    /// The kind of broker: `rabbitmq`, `kafka`, `sqs`, `nats`, `redis`, `celery`.
    pub broker: String,
    /// What the message is.
    pub kind: Kind,
    /// The exchanges, topics, queues or subjects, one for each way in.
    pub destinations: Vec<Text>,
    /// The routing keys or names of events.
    pub keys: Vec<Text>,
    /// What the payload looks like, one for each way in.
    pub payloads: Vec<Shape>,
    /// The publisher learns that the broker has the message.
    pub confirmed: Presence,
    /// The message survives a restart of the broker.
    pub persistent: Presence,
    /// A message that no queue takes comes back.
    pub routed: Presence,
    /// What to write to have it come back.
    pub routed_help: String,
    /// It has a key by which messages about one thing stay in order.
    pub keyed: Presence,
    /// The producer, where the library has one whose repeating matters.
    pub producer: Option<Producer>,
    /// The error handler that swallows its failure.
    pub swallowed: Option<Place>,
    /// A value in it that its serializer refuses.
    pub unserializable: Option<Unserializable>,
    /// Its id is a hash of the payload.
    pub hashed_id: Option<Place>,
    /// The declaration of its queue, when that does not survive a restart of the broker, and what to
    /// write there.
    pub fragile_queue: Option<(Place, String)>,
    /// What an event holds, one for each way in.
    pub messages: Vec<Message>,
    /// The message says which version of its schema it has.
    pub version: Presence,
    /// The message has an id by which a consumer can recognise a duplicate.
    pub event_id: Presence,
    /// What its services name nowhere, see [`crate::system`].
    pub unnamed: Unnamed,
    /// It goes into a table of the service's own database first.
    pub outbox: bool,
    /// The function around it: its name and the place of the name.
    pub function: Option<(String, Place)>,
    /// What to write to have it confirmed.
    pub confirm_help: String,
    /// What to write to have it persistent.
    pub persistent_help: String,
}

/// What is known to be missing though the payload could not be followed: no code of the services has a word for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unnamed {
    /// The version of an event.
    pub version: bool,
    /// The id of an event.
    pub event_id: bool,
}

/// See [`Publisher::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something happened; services that subscribe learn of it.
    Event,
    /// Work for a worker.
    Job,
    /// A message that could not be processed, on its way to a dead letter queue.
    DeadLetter,
    /// The answer to a request, or a request that waits for one.
    Reply,
    /// A log line, a measurement, a sign of life: one that is lost does no harm.
    Telemetry,
}

impl Publisher {
    /// The destination for a message: the first name that is known, with holes as `{}`.
    pub fn channel(&self) -> Option<String> {
        self.keys.iter().chain(&self.destinations).map(Text::pattern).find(|t| !t.is_empty() && t != "{}")
    }
}

/// Everything about publishing.
#[derive(Debug, Default)]
pub struct Publishing {
    /// The calls, sorted by place.
    pub publishers: Vec<Publisher>,
    /// Commits and publishes that are not one, sorted by place.
    pub dual_writes: Vec<DualWrite>,
}

/// True when code of this unit is production code that runs on a server.
pub type InScope<'s> = dyn Fn(UnitId) -> bool + 's;

/// All publishers of the program.
///
/// `settings` is what applications are configured with.
pub fn extract(ev: &Evaluator<'_>, in_scope: &InScope<'_>, tree: &Tree, settings: &Settings) -> Publishing {
    let registered = transport::registrations(ev, in_scope);
    let mut publishers = Vec::new();
    for found in call::find(ev, in_scope) {
        if let Some(publisher) = read(ev, in_scope, settings, &registered, &found)
            && !lists::is_only_kept(ev, &publisher)
        {
            publishers.push(publisher);
        }
    }
    publishers.extend(declared::find(ev, in_scope, settings));
    publishers.extend(bound::find(ev, in_scope, settings));
    let captured = captured::find(ev, in_scope, &publishers, &|| captured::is_routed(tree));
    publishers.extend(captured);
    publishers.sort_by_key(|p| p.place);
    let dual_writes = dual_write::find(ev, in_scope, &publishers);
    Publishing { publishers, dual_writes }
}

fn read(
    ev: &Evaluator<'_>,
    in_scope: &InScope<'_>,
    settings: &Settings,
    registered: &[transport::Registration],
    found: &call::Found<'_>,
) -> Option<Publisher> {
    let (form, site) = (found.form, found.site);
    let registration = match form.broker.as_str() {
        "transport" => transport::of(ev, registered, site),
        _ => None,
    };
    if form.unanswered && (registration.is_none() || !transport::drops_answer(ev, site)) {
        return None;
    }
    let path = &ev.program.unit(site.unit).path;
    let broker = match (form.broker.as_str(), registration) {
        ("transport", Some(r)) => r.broker()?.to_string(),
        ("binder", _) => jvm::bound_broker(settings, path).unwrap_or("binder").to_string(),
        (broker, _) => broker.to_string(),
    };
    let mut reader = payload::Reader::new(ev, in_scope);
    let configured = |texts: Vec<Text>| texts.into_iter().map(|t| settings.resolved(path, t)).collect::<Vec<_>>();
    let opened = envelope::at(ev, site, form);
    let mut destinations = configured(reader.texts_at(site, &form.destination));
    destinations.extend(configured(reader.texts_of(opened.iter().flat_map(|e| &e.destinations))));
    destinations.extend(form.channel_by.as_ref().and_then(|by| jvm::channel(ev, by, site)));
    destinations = jvm::at_broker(ev, (form, site), settings, destinations)?;
    let keys = configured(reader.texts_at(site, &form.key));
    let mut payloads = if opened.is_empty() {
        reader.payloads(site, form)
    } else {
        opened.iter().flat_map(|e| &e.bodies).flat_map(|s| reader.read(*s)).collect()
    };
    let unread = payloads.iter().all(|s| s.open && s.keys.is_empty());
    let family = form.event_base.as_deref().filter(|_| unread).and_then(|base| reader.of_base(found.library, base));
    if let Some(family) = &family {
        payloads = vec![family.clone()];
    }
    let kind = match kind(ev, form, site, &destinations, &keys) {
        Kind::Event if text::asks_for_reply(ev, found) => Kind::Reply,
        kind => kind,
    };
    let mut hashed_id = serialize::hashed_id(ev, &payloads);
    let (version, event_id) = match kind {
        Kind::Event | Kind::DeadLetter => {
            let mut metadata = reader.metadata(site, form);
            metadata.extend(jvm::headers(ev, site, &opened));
            hashed_id = hashed_id.or_else(|| serialize::hashed_id(ev, &metadata));
            let names: Vec<String> = destinations.iter().chain(&keys).map(Text::pattern).collect();
            // A request waits for its answer, which comes back by its own id; it is no event.
            let asks = metadata.iter().flat_map(|m| &m.keys).any(|k| flow::squeeze(&k.name) == "replyto");
            if asks {
                (Presence::Default, Presence::Default)
            } else {
                (
                    shape::version(ev, &payloads, &metadata, &names, ev.program.place(site)),
                    if form.has_id {
                        Presence::Default
                    } else if form.ids.iter().any(|p| !matches!(path::lookup(ev, site, p), path::Lookup::Missing)) {
                        Presence::Present(ev.program.place(site))
                    } else if let Some(key) = producer::fresh_key(ev, found) {
                        Presence::Present(key)
                    } else {
                        shape::event_id(ev, &payloads, &metadata)
                    },
                )
            }
        }
        Kind::Job | Kind::Reply | Kind::Telemetry => (Presence::Default, Presence::Default),
    };
    // Whoever listens at a channel of Redis may be a cache or a socket; where nobody says which channel it is and what
    // goes there, it is not known to be an event.
    let names = || destinations.iter().chain(&keys).map(Text::pattern);
    let is_anything = broker == "redis pub/sub" && names().all(|name| name.contains("{}"));
    let untold = || Presence::Unknown("what is published, and where, nobody says".into());
    let (version, event_id) = if is_anything {
        (if version.is_absent() { untold() } else { version }, if event_id.is_absent() { untold() } else { event_id })
    } else {
        (version, event_id)
    };
    // A text has no fields; what it is for is not said, but by its headers.
    let is_bare = version.is_absent() && event_id.is_absent() && opened.is_empty() && text::is_plain(ev, found);
    let (version, event_id) = if is_bare { (Presence::Default, Presence::Default) } else { (version, event_id) };
    if let Some(family) = &mut family.is_some().then(|| payloads.first_mut()).flatten() {
        // It decides, but it is no event that could be described.
        family.keys.clear();
        family.types.clear();
    }
    let messages = match kind {
        Kind::Event => reader.messages(site, form, &opened),
        _ => Vec::new(),
    };
    let unit = ev.program.unit(site.unit);
    let function = flow::home(ev, site)
        .map(|func| (unit.module.func(func).name.to_string(), ev.program.function_place(site.unit, func)));
    Some(Publisher {
        place: ev.program.place(site),
        site,
        library: found.library.library.clone(),
        method: unit.module.callee_name(site.expr).map_or_else(String::new, |name| match name.as_str() {
            // What the front end calls a message that goes into a channel of Go.
            "->" => "<-".to_owned(),
            name => name.to_owned(),
        }),
        kind,
        confirmed: jvm::confirmed(ev, found, settings, confirm::read(ev, found, &broker, registration.is_some())),
        persistent: persist::read(ev, found, &broker, registration, kind),
        routed: routed::read(ev, found, kind),
        routed_help: form.mandatory.as_ref().map_or_else(String::new, |m| m.help.clone()),
        keyed: producer::key(ev, found),
        producer: producer::read(ev, found),
        swallowed: failure::swallowed(ev, site, kind)
            .or_else(|| failure::only_told(ev, found, kind))
            .filter(|_| !form.outbox),
        unserializable: serialize::read(ev, found),
        hashed_id,
        fragile_queue: persist::fragile_queue(ev, found).filter(|_| !matches!(kind, Kind::Reply | Kind::Telemetry)),
        broker,
        destinations,
        keys,
        payloads,
        messages,
        version,
        event_id,
        unnamed: Unnamed::default(),
        outbox: form.outbox,
        function,
        confirm_help: form.confirm_help.clone(),
        persistent_help: form.persistent_help.clone(),
    })
}

/// What a message is, by where it goes.
fn kind(ev: &Evaluator<'_>, form: &Publish, site: Site, destinations: &[Text], keys: &[Text]) -> Kind {
    if form.kind == PublishKind::Job {
        return Kind::Job;
    }
    let paths = || form.destination.iter().chain(&form.key);
    if paths().any(|p| path::sites(ev, site, p).iter().any(|s| names_asker(ev, *s))) {
        return Kind::Reply;
    }
    // `log.INFO` says how grave it is, and the exchange what it is about.
    let only_grave = keys.iter().all(|key| is_severity(&key.pattern())) && destinations.iter().any(is_known);
    let keys = if only_grave { &[] } else { keys };
    let texts: Vec<String> = destinations.iter().chain(keys).map(Text::pattern).collect();
    let named_dead = !texts.is_empty() && texts.iter().all(|t| is_dead_letter(t));
    let spelled_dead =
        paths().any(|p| path::sites(ev, site, p).iter().any(|s| flow::mentions(ev, *s, &is_dead_letter)));
    // The routing keys, or an exchange that is for nothing else: `auth.error` of `logs`.
    let exchanges: Vec<String> = destinations.iter().filter(|name| is_known(name)).map(Text::pattern).collect();
    let says = |test: &dyn Fn(&str) -> bool| {
        let named = keys_or(&texts, keys);
        !named.is_empty() && named.iter().all(|t| test(t)) || !exchanges.is_empty() && exchanges.iter().all(|t| test(t))
    };
    if named_dead || spelled_dead {
        Kind::DeadLetter
    } else if says(&|t| is_telemetry(t) || form.broker == "mqtt" && is_measurement(t)) {
        Kind::Telemetry
    } else if says(&is_work_queue) {
        Kind::Job
    } else {
        Kind::Event
    }
}

/// True for the name of a queue of work, which tells one program what to do: `email-queue`, `image_tasks`, `tasks`,
/// unlike `shipping-task`, which another service may wait for as well.
fn is_work_queue(name: &str) -> bool {
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let is_queue = |w: &&str| matches!(*w, "queue" | "tasks" | "jobs" | "job" | "task" | "work" | "worker");
    let is_work = |w: &&str| {
        matches!(
            *w,
            "email" | "emails" | "mail" | "mails" | "sms" | "image" | "images" | "pdf" | "thumbnail" | "thumbnails"
        )
    };
    words.last().is_some_and(is_queue)
        && !words.iter().any(|w| w.starts_with("event"))
        && (words.iter().any(is_work) || words.iter().all(is_queue) && name != "queue")
}

/// True for an expression that names the queue to which a request wants its answer: `props.reply_to`.
pub(crate) fn names_asker(ev: &Evaluator<'_>, site: Site) -> bool {
    flow::mentions(ev, site, &|name| {
        let name = flow::squeeze(name);
        name.ends_with("replyto") || name.contains("directreply")
    })
}

/// The routing keys where there are any: they say more than the exchange.
fn keys_or(texts: &[String], keys: &[Text]) -> Vec<String> {
    let named: Vec<String> = keys.iter().map(Text::pattern).filter(|k| !k.is_empty()).collect();
    if named.is_empty() { texts.iter().filter(|text| !text.is_empty()).cloned().collect() } else { named }
}

fn is_known(name: &Text) -> bool {
    let name = name.pattern();
    !name.is_empty() && name != "{}"
}

/// True for a routing key that is nothing but a level of a log: `log.INFO`, `error`.
fn is_severity(key: &str) -> bool {
    let key = key.to_lowercase();
    let mut words = key.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).peekable();
    words.peek().is_some()
        && words.all(|w| matches!(w, "log" | "logs" | "debug" | "info" | "warn" | "warning" | "error" | "critical"))
}

/// True for the name of a stream of measurements, log lines or signs of life.
pub(crate) fn is_telemetry(name: &str) -> bool {
    name.to_lowercase().split(|c: char| !c.is_ascii_alphanumeric()).any(|w| {
        matches!(
            w,
            "log" | "logs" | "logging" | "metric" | "metrics" | "telemetry" | "heartbeat" | "presence" | "typing"
        )
    })
}

/// True for a topic of a device that tells what it measures, and whether it is there.
fn is_measurement(topic: &str) -> bool {
    const MEASURED: [&str; 10] = [
        "sensor",
        "sensors",
        "temperature",
        "humidity",
        "pressure",
        "measurement",
        "measurements",
        "reading",
        "readings",
        "status",
    ];
    topic.to_lowercase().split(|c: char| !c.is_ascii_alphanumeric()).any(|word| MEASURED.contains(&word))
}

/// True for a name that says dead letter: `orders.dlq`, `order-dead-letter`, `deadLetterTopic`.
pub fn is_dead_letter(name: &str) -> bool {
    let lower = name.to_lowercase();
    let squeezed = flow::squeeze(name);
    squeezed.contains("deadletter")
        || squeezed.contains("poison")
        || lower
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|w| matches!(w, "dlq" | "dlt" | "dlx" | "dead" | "dle"))
        || squeezed.starts_with("dlq")
        || squeezed.ends_with("dlq")
}

/// The first alternative of a value that is an external object, with parameters followed.
pub(crate) fn instances(ev: &Evaluator<'_>, value: &Value) -> Vec<Instance> {
    ev.settle(value)
        .iter()
        .flat_map(|v| v.alternatives().to_vec())
        .filter_map(|v| match v {
            Value::Instance(i) => Some(i),
            _ => None,
        })
        .collect()
}
