//! What `graph` shows of the system besides its services and calls. Plain data, filled in by the joins
//! over datastores, channels, events, sagas and routes.

use crate::syntax::Place;

/// The parts of the map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemMap {
    /// Databases and caches.
    pub datastores: Vec<Datastore>,
    /// Message brokers.
    pub brokers: Vec<Broker>,
    /// Queues, topics, exchanges and streams.
    pub channels: Vec<Channel>,
    /// What is published.
    pub events: Vec<Event>,
    /// Sagas.
    pub sagas: Vec<Saga>,
    /// Routes, in any order. Those of code that belongs to no service are shown on their own.
    pub endpoints: Vec<Endpoint>,
    /// Services of which it is known whether they answer a health check, by name.
    pub health: Vec<(String, Health)>,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// The method in upper case, `*` for any; `GRPC` for a remote procedure.
    pub method: String,
    /// The whole path, prefixes included.
    pub path: String,
    /// Where it is declared.
    pub place: Place,
    /// The services that answer it, by name; none for code that belongs to no service.
    pub services: Vec<String>,
}

/// Whether a service answers a health check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// `present`, `missing`, `not-applicable` or `unknown`.
    pub verdict: String,
    /// The path, where there is one.
    pub path: Option<String>,
}

/// A database or cache.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Datastore {
    /// What it is called: its Compose service, else its host or file.
    pub name: String,
    /// `postgres`, `mongodb`.
    pub engine: String,
    /// The host, where it is known.
    pub host: Option<String>,
    /// The database on it.
    pub database: Option<String>,
    /// The schema in it, where schemas separate.
    pub schema: Option<String>,
    /// `store`, `cache` or `queue`.
    pub role: String,
    /// The services that use it, by name.
    pub used_by: Vec<String>,
}

/// A message broker.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broker {
    /// What it is called.
    pub name: String,
    /// `rabbitmq`, `kafka`.
    pub kind: String,
}

/// A queue, topic, exchange or stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// The broker, by name or kind.
    pub broker: String,
    /// The services that publish to it.
    pub producers: Vec<String>,
    /// The services that consume from it.
    pub consumers: Vec<String>,
    /// Where they do, sorted.
    pub places: Vec<Place>,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// Its name, where it is known.
    pub name: String,
    /// The channel it is published to.
    pub channel: Option<String>,
    /// The services that publish it.
    pub producers: Vec<String>,
    /// A version is part of it; none when that could not be decided.
    pub versioned: Option<bool>,
    /// Where it is published.
    pub place: Place,
}

/// The sagas, for the map.
pub(super) fn sagas(system: &super::System) -> Vec<Saga> {
    let shown = |saga: &crate::extract::saga::Saga| Saga {
        name: saga.name.clone(),
        service: system.services_at(saga.place).into_iter().next(),
        steps: saga.steps.iter().map(|step| step.name.clone()).collect(),
        place: saga.place,
    };
    system.sagas.iter().map(shown).collect()
}

/// A saga.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Saga {
    /// The class or function.
    pub name: String,
    /// The service that runs it.
    pub service: Option<String>,
    /// Its steps in order.
    pub steps: Vec<String>,
    /// Where it stands.
    pub place: Place,
}
