//! What a data file says about the connection to a broker and about what is declared there. Paths are those
//! of [`super::publish`].

use std::collections::BTreeMap;

use serde::Deserialize;

/// Calls that connect to a broker.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Connect {
    /// The functions or constructors.
    pub calls: Vec<String>,
    /// Paths of the address: a URL, a host, a list of hosts.
    #[serde(default)]
    pub address: Vec<String>,
    /// What a program has to do about a lost connection; none for a library that reconnects by itself.
    pub reconnect: Option<Reconnect>,
}

/// How a program notices that its connection is lost.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reconnect {
    /// Names of what asks for the connection, or fails without one: `NotifyClose`, `is_closed`.
    #[serde(default)]
    pub signs: Vec<String>,
    /// Events of the connection: a listener that does more than log is a sign.
    #[serde(default)]
    pub events: Vec<String>,
    /// Names of what keeps the process alive without the connection, besides routes.
    #[serde(default)]
    pub stays: Vec<String>,
    /// Only a connection that is kept in an object or a module matters.
    #[serde(default)]
    pub only_kept: bool,
    /// What to write.
    pub help: String,
}

/// Calls that declare an exchange or a queue of RabbitMQ.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Declare {
    /// The functions or methods.
    pub calls: Vec<String>,
    /// What they declare.
    pub kind: DeclareKind,
    /// Paths of the name.
    pub name: Vec<String>,
    /// Paths of the type of an exchange.
    #[serde(default)]
    pub exchange_type: Vec<String>,
    /// The type without one.
    #[serde(default)]
    pub default_type: String,
    /// Flags that both sides have to agree on.
    #[serde(default)]
    pub flags: BTreeMap<String, Flag>,
    /// Paths of the table of arguments.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Options that stand for an argument: `deadLetterExchange: x-dead-letter-exchange`.
    #[serde(default)]
    pub argument_options: BTreeMap<String, String>,
    /// Paths of the flag that only asks whether it is there.
    #[serde(default)]
    pub passive: Vec<String>,
}

/// See [`Declare::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeclareKind {
    /// A queue.
    Queue,
    /// An exchange.
    Exchange,
}

/// A flag of a declaration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Flag {
    /// Its paths.
    pub paths: Vec<String>,
    /// Its value without one.
    pub default: bool,
}

/// Calls that bind a queue of RabbitMQ to an exchange.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Bind {
    /// The methods.
    pub calls: Vec<String>,
    /// Paths of the queue.
    pub queue: Vec<String>,
    /// Paths of the exchange.
    pub exchange: Vec<String>,
}
