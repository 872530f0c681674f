//! Outgoing HTTP: the clients that are configured, the requests that go through them, and what
//! protects each.

mod asked;
pub mod breaker;
pub mod clients;
pub mod context;
pub mod credential;
mod dotnet;
mod dotnet_base;
mod dotnet_grpc;
mod dotnet_handler;
pub mod failure;
mod flurl;
mod golang;
mod golang_grpc;
mod golang_kit;
pub mod guards;
mod jitter;
mod jvm;
pub mod keyed;
mod late;
pub mod lifetime;
pub mod lost;
mod named;
pub mod path;
mod pause;
mod polly;
mod recursion;
pub mod request;
pub mod retry;
pub mod sent;
pub mod timeout;
mod told;

use crate::catalog::http::Wait;
use crate::program::value::Text;
use crate::program::{Evaluator, Site, UnitId};
use crate::syntax::Place;

pub use breaker::{OwnBreaker, breakers};
pub use clients::clients;
pub use credential::Credential;
pub(crate) use dotnet::{apply as apply_facts, defaults, message};
pub use dotnet_grpc::grpc_clients;
pub use failure::{Failures, Thrown};
pub use golang::{built, dialled, proxied};
pub use golang_grpc::{Remote, asks_remote, remotes};
pub use guards::{Guard, Guards};
pub use jvm::gateway_routes;
pub use lifetime::PerCall;
pub use lost::{Instead, Lost};
pub use path::Unencoded;
pub use retry::RetryPolicy;
pub use sent::{Sent, SentBody};
pub use timeout::Timeout;

/// A configured client with the requests that go through it, or a single call without one.
#[derive(Clone, Debug)]
pub struct HttpClient {
    /// The construction, or the call.
    pub place: Place,
    /// The expression.
    pub site: Site,
    /// The library: `requests`, `axios`.
    pub library: String,
    /// Whether it is an object, or a call without one.
    pub kind: ClientKind,
    /// Requests go through it without a call of ours (a proxy).
    pub forwards: bool,
    /// The breaker that is attached to the object, whoever sends requests through it.
    pub breaker: Option<Guard>,
    /// False when only the type of the object is known: what its construction says was not read.
    pub followed: bool,
    /// The requests, in source order. Empty when none was found.
    pub requests: Vec<HttpRequest>,
    /// The time limit that its construction sets.
    pub timeout: Timeout,
    /// The policies that are attached to the object.
    pub retries: Vec<RetryPolicy>,
    /// How often the library repeats by itself, not counting the first attempt.
    pub default_retries: u32,
    /// A retry policy may be there but could not be read.
    pub retry_unknown: Option<String>,
    /// The address it is configured with.
    pub base_url: Option<(Text, Place)>,
    /// The addresses that the callers of a wrapper configure it with, each with the construction of the
    /// wrapper that says so.
    pub base_urls: Vec<(Text, Place)>,
    /// Its addresses are names that service discovery looks up.
    pub logical_address: bool,
    /// An idempotency key is sent with every request.
    pub idempotency_key: bool,
    /// An answer of 4xx is an exception without being asked.
    pub rejects: bool,
    /// It keeps connections of its own.
    pub pooled: bool,
    /// Settings of the application that bound it; none where they do not reach it.
    pub bounded_by: Vec<String>,
    /// The function that builds it anew for each call.
    pub per_call: Option<PerCall>,
    /// A credential in the code that is sent with every request.
    pub credential: Option<Credential>,
    /// What the library does without a timeout.
    pub default_text: String,
    /// What to write to set one.
    pub timeout_help: String,
    /// What to write to retry.
    pub retry_help: String,
    /// What to write to break the circuit.
    pub breaker_help: String,
}

/// A call that blocks the event loop, other than an HTTP request.
#[derive(Clone, Debug)]
pub struct BlockingCall {
    /// The call.
    pub place: Place,
    /// What is called: `time.sleep`.
    pub symbol: String,
    /// The async function around it.
    pub function: String,
    /// The place of its name.
    pub function_place: Place,
}

/// Calls in async functions that block the thread they run on.
pub fn blocking_calls(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Vec<BlockingCall> {
    let mut out = Vec::new();
    for unit in ev.program.ids().filter(|u| in_scope(*u)) {
        let u = ev.program.unit(unit);
        for call in &u.index.calls {
            let Some(id) = call.func else { continue };
            let func = u.module.func(id);
            if !func.is_async {
                continue;
            }
            let site = Site { unit, expr: call.expr };
            let name = u.module.callee_name(call.expr).map_or("", |n| n.as_str());
            if !ev.catalog.may_block(name) {
                continue;
            }
            let Some((symbol, _)) = ev.callee(site) else { continue };
            if ev.catalog.blocks(u.module.language, &symbol) {
                out.push(BlockingCall {
                    place: ev.program.place(site),
                    symbol: symbol.to_string(),
                    function: func.name.to_string(),
                    function_place: ev.program.function_place(unit, id),
                });
            }
        }
    }
    out
}

/// See [`HttpClient::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// An object that is configured once.
    Client,
    /// A call of a module-level function.
    Call,
}

/// A request.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// The call.
    pub place: Place,
    /// The expression.
    pub site: Site,
    /// The method in upper case; none when it is not known.
    pub method: Option<String>,
    /// The address.
    pub url: Option<Text>,
    /// The literal in the address expression, for [`crate::rules`] that point at it.
    pub url_place: Option<Place>,
    /// The function around it: its name and the place of the name.
    pub function: Option<(String, Place)>,
    /// It blocks the calling thread.
    pub blocks: bool,
    /// The function around it is asynchronous.
    pub in_async: bool,
    /// The time limit that reaches the request.
    pub timeout: Timeout,
    /// The guards around the call.
    pub guards: Vec<Guard>,
    /// An idempotency key is sent: yes, no, or not known.
    pub idempotency_key: Option<bool>,
    /// Where a fresh key is made, when it is made on the way to the request.
    pub key_made: Option<Site>,
    /// The bytes of that.
    pub key_span: crate::syntax::Span,
    /// The request as the callers of a wrapper make it; empty when it stands in no wrapper.
    pub seen_from: Vec<SeenFrom>,
    /// The functions that nothing of the repository calls, from which the request is reached: the places
    /// of their names. Empty when there are too many.
    pub roots: Vec<Place>,
    /// Async functions that call the synchronous function around it.
    pub async_callers: Vec<Place>,
    /// What it carries.
    pub sent: Sent,
    /// Where an answer of 4xx becomes an exception.
    pub thrown: Option<Thrown>,
    /// The handlers around it, and around the calls of the wrapper it stands in, that lose its error.
    pub lost: Vec<Lost>,
    /// Texts that stand in the path of its address without being encoded.
    pub unencoded: Vec<Unencoded>,
    /// A credential in the code that is sent with it.
    pub credential: Option<Credential>,
}

/// A request through a wrapper of the repository, from the outside.
#[derive(Clone, Debug)]
pub struct SeenFrom {
    /// The call of the wrapper.
    pub place: Place,
    /// The expression.
    pub site: Site,
    /// The method in upper case; none when it is not known.
    pub method: Option<String>,
    /// The address.
    pub url: Option<Text>,
    /// An idempotency key is sent: yes, no, or not known.
    pub idempotency_key: Option<bool>,
    /// The construction of the object that the wrapper is called on; see [`HttpClient::base_urls`].
    pub through: Option<Place>,
    /// What it carries.
    pub sent: Sent,
}

impl HttpClient {
    /// Every retry policy that reaches a request of this client.
    pub fn policies(&self) -> impl Iterator<Item = &RetryPolicy> {
        self.retries.iter().chain(self.requests.iter().flat_map(HttpRequest::retries))
    }

    /// True when something repeats its requests, or may.
    pub fn is_retried(&self) -> bool {
        self.default_retries > 0 || self.retry_unknown.is_some() || self.policies().next().is_some()
    }
}

impl HttpRequest {
    /// The retry policies around the call.
    pub fn retries(&self) -> impl Iterator<Item = &RetryPolicy> {
        self.guards.iter().filter_map(|g| match g {
            Guard::Retry(policy) => Some(policy),
            _ => None,
        })
    }

    /// True when a working breaker stands before it.
    pub fn has_breaker(&self) -> bool {
        self.guards.iter().any(|g| matches!(g, Guard::Breaker { inert: None, .. }))
    }

    /// The request once for each way in: as the callers of a wrapper make it, or as it stands.
    pub fn ways_in(&self) -> Vec<SeenFrom> {
        if self.seen_from.is_empty() {
            vec![SeenFrom {
                place: self.place,
                site: self.site,
                method: self.method.clone(),
                url: self.url.clone(),
                idempotency_key: self.idempotency_key,
                through: None,
                sent: self.sent.clone(),
            }]
        } else {
            self.seen_from.clone()
        }
    }

    /// False for the methods that may be repeated without harm (RFC 9110, section 9.2.2), and for an
    /// unknown method.
    pub fn changes_state(&self) -> bool {
        matches!(self.method.as_deref(), Some("POST" | "PATCH"))
    }
}

impl SeenFrom {
    /// See [`HttpRequest::changes_state`].
    pub fn changes_state(&self) -> bool {
        matches!(self.method.as_deref(), Some("POST" | "PATCH"))
    }
}

impl RetryPolicy {
    /// What repeats, at the beginning of a message.
    pub fn told(&self) -> String {
        match self.library.strip_prefix("a") {
            Some(rest) if rest.starts_with([' ', 'n']) && self.library.contains(' ') => format!("A{rest}"),
            _ => self.library.clone(),
        }
    }

    /// How the waiting is to be told: `without a pause`, `after a fixed pause`.
    pub fn wait_text(&self) -> &'static str {
        match self.wait {
            Some(Wait::None) => "without a pause",
            Some(Wait::Fixed) => "after a fixed pause",
            Some(Wait::Exponential) => "with growing pauses",
            None => "after a pause that could not be read",
        }
    }
}

/// True when code of this unit is production code that runs on a server.
pub type InScope<'s> = dyn Fn(UnitId) -> bool + 's;

/// All HTTP clients of the program.
pub fn extract(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Vec<HttpClient> {
    clients(ev, in_scope)
}
