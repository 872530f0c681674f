//! The lines of an export.

use serde::{Deserialize, Serialize};

use crate::files::Allowed;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`super::FORMAT`].
    pub format: String,
    /// [`super::VERSION`] of the build that wrote it.
    pub version: u32,
    /// What the repository is called: unique among those that are joined.
    pub repository: String,
    /// The version of skillcheck that wrote it.
    pub skillcheck: String,
    /// How many lines follow; fewer mean that the file was cut.
    pub facts: usize,
    /// Some files of the repository could not be read, so facts may be missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
}

/// A place in a file of the repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct At {
    /// The path in the repository, with `/`.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// What suppression comments allow there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allows: Vec<Allowed>,
}

/// Any other line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "lowercase")]
pub enum Fact {
    /// A service.
    Service(ServiceFact),
    /// A database or cache with the services that use it.
    Datastore(DatastoreFact),
    /// A queue, topic, exchange or stream with those that publish and consume.
    Channel(ChannelFact),
    /// A publish.
    Event(EventFact),
    /// A request from one service of the repository to another.
    Call(CallFact),
    /// A request to a host that is no service of the repository.
    Request(RequestFact),
    /// A route.
    Endpoint(EndpointFact),
    /// A saga.
    Saga(SagaFact),
    /// A schema or an OpenAPI document, where they were asked for.
    Document(DocumentFact),
}

/// A file with schemas, or one that such a file refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentFact {
    /// Its path in the repository, with `/`.
    pub file: String,
    /// What it says.
    pub text: String,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceFact {
    /// Its name, unique in the repository.
    pub name: String,
    /// The folder of its code; empty for the root.
    pub root: String,
    /// `http`, `grpc`, `worker`, `gateway`, `frontend`, `job` or `infrastructure`.
    pub kind: String,
    /// The languages of its code, most files first.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Equal for processes of one code base.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code_base: String,
    /// Names under which others reach it.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Whether it answers a health check, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthFact>,
    /// What declares it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
}

/// Whether a service answers a health check.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HealthFact {
    /// `present`, `missing`, `not-applicable` or `unknown`.
    pub verdict: String,
    /// The path, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// A database or cache.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DatastoreFact {
    /// Its name in output.
    pub name: String,
    /// `postgres`, `mongodb`.
    pub engine: String,
    /// The host, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The database on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The schema in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// `store`, `cache` or `queue`.
    pub role: String,
    /// Where the host name means this server: a Compose project's folder. None for a name that means the
    /// same everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Who uses it.
    pub used_by: Vec<StoreUseFact>,
}

/// A service that uses a datastore.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StoreUseFact {
    /// The service.
    pub service: String,
    /// The Compose environment in which it does; none without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// `high`, `medium` or `low`.
    pub certainty: String,
    /// The literal beginnings of the keys that it keeps, for Redis.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// What says which database it is.
    pub at: At,
    /// The way from there to the code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub way: Vec<StoreUseStep>,
}

/// A step on the way from a variable to the code that opens a datastore.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StoreUseStep {
    /// Where.
    pub at: At,
    /// What stands there.
    pub text: String,
}

/// A queue, topic, exchange or stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChannelFact {
    /// Its name.
    pub name: String,
    /// The kind of broker.
    pub broker: String,
    /// The services that publish to it.
    pub producers: Vec<String>,
    /// The services that consume from it.
    pub consumers: Vec<String>,
    /// Where they do.
    pub at: Vec<At>,
}

/// A publish.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventFact {
    /// Its name.
    pub name: String,
    /// The channel it is published to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The services that publish it.
    pub producers: Vec<String>,
    /// A version is part of it; none when that could not be decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versioned: Option<bool>,
    /// Where.
    pub at: At,
}

/// A request from one service of the repository to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallFact {
    /// The service that sends it.
    pub from: String,
    /// The service that answers it.
    pub to: String,
    /// The method, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path, `{}` for what is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where.
    pub at: At,
}

/// A request to a host that is no service of the repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestFact {
    /// The service that sends it.
    pub from: String,
    /// The host, with its port where one is given.
    pub host: String,
    /// See [`CallFact::method`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// See [`CallFact::path`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where.
    pub at: At,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EndpointFact {
    /// The services that answer it; none for code that belongs to no service.
    pub services: Vec<String>,
    /// The method in upper case, `*` for any.
    pub method: String,
    /// The whole path.
    pub path: String,
    /// Where.
    pub at: At,
}

/// A saga.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SagaFact {
    /// The class or function.
    pub name: String,
    /// The service that runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Its steps in order.
    pub steps: Vec<String>,
    /// Where.
    pub at: At,
}
