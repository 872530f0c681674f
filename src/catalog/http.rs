//! What a data file says about HTTP clients, retries, breakers and deadlines.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How a library sends HTTP requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Http {
    /// The documented default bound of a request in milliseconds; absent when it can wait for ever.
    pub default_timeout_ms: Option<u64>,
    /// What the library does without a timeout, for the message: `requests waits for ever`.
    pub default_text: String,
    /// What to write to set a timeout, for the message.
    #[serde(default)]
    pub timeout_help: Option<String>,
    /// What it repeats without being told.
    pub default_retry: Option<DefaultRetry>,
    /// True when a request blocks the calling thread (Python).
    #[serde(default)]
    pub blocks: bool,
    /// An answer with a status of 4xx or 5xx is an exception without being asked.
    #[serde(default)]
    pub rejects: bool,
    /// A framework hands the client over, and the settings bound it (`@Client("users") HttpClient users`).
    #[serde(default)]
    pub injected: bool,
    /// Objects that are configured once and used for many requests.
    #[serde(default)]
    pub clients: Vec<Client>,
    /// Calls that send a request.
    #[serde(default)]
    pub requests: Vec<Request>,
    /// Names that set the time limit of one request: keyword arguments, or keys of its options.
    #[serde(default)]
    pub timeout: Vec<String>,
    /// Where a request says what it carries; not known for a library without it.
    pub sends: Option<Sends>,
}

/// Where a request says what it carries besides its address: the names of arguments (Python) or of keys of
/// its options (JavaScript).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sends {
    /// The query parameters; none where they only stand in the address.
    pub query: Option<String>,
    /// The body, when it is an object that is sent as JSON.
    pub json: String,
    /// Bodies of other forms.
    #[serde(default)]
    pub other: Vec<String>,
}

/// What a library repeats by itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DefaultRetry {
    /// How often after the first attempt.
    pub attempts: u32,
}

/// A client object.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Client {
    /// Its type.
    #[serde(rename = "type")]
    pub ty: String,
    /// Names that set its time limit: keyword arguments of the constructor, or keys of its options
    /// (dotted for nested ones).
    #[serde(default)]
    pub timeout: Vec<String>,
    /// The position of the options object in the constructor.
    pub options: Option<usize>,
    /// Attributes whose assignment sets the limit later: `defaults.timeout`.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// Names of the constructor that carry a retry policy: `transport`, `retry`.
    #[serde(default)]
    pub retry: Vec<String>,
    /// Names or positions of the base address.
    #[serde(default)]
    pub base_url: Vec<String>,
    /// Its name in messages, where the library has several.
    pub name: Option<String>,
    /// What it does without a timeout, where that differs from the library's other clients.
    pub default_text: Option<String>,
    /// What to write to set one, where that differs.
    pub timeout_help: Option<String>,
    /// It keeps connections of its own: another object opens new ones.
    #[serde(default)]
    pub pooled: bool,
    /// Settings of the application that bound it, when its builder is the framework's
    /// (`spring.http.client.read-timeout`).
    #[serde(default)]
    pub settings: Vec<String>,
    /// False when the object says nothing of its own and each request through it is judged by itself
    /// (the shared default instance).
    #[serde(default = "yes")]
    pub configurable: bool,
}

fn yes() -> bool {
    true
}

/// A call that sends a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Request {
    /// The functions or methods.
    pub calls: Vec<String>,
    /// Where the HTTP method comes from: `name` (the last part of the call), `GET` and the like,
    /// `argument 0`, or `option method`.
    #[serde(default = "by_name")]
    pub method: String,
    /// The position of the address.
    pub url: Option<usize>,
    /// The key of the address in the options.
    pub url_key: Option<String>,
    /// The position of the options object.
    pub options: Option<usize>,
    /// The position of the body.
    pub body: Option<usize>,
    /// It blocks the calling thread although the library's other requests do not.
    #[serde(default)]
    pub blocks: bool,
}

fn by_name() -> String {
    "name".to_string()
}

/// How a library repeats things.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Retry {
    /// Decorators, wrappers, classes or functions.
    pub symbols: Vec<String>,
    /// How it reaches the request.
    pub form: RetryForm,
    /// The position of its options object, when it has one.
    pub options: Option<usize>,
    /// What bounds it.
    pub bound: Bound,
    /// How long it waits between attempts.
    pub backoff: Facet,
    /// Which methods it repeats.
    #[serde(default)]
    pub methods: Methods,
    /// The name that restricts the methods or the condition: `allowed_methods`, `retryCondition`.
    #[serde(default)]
    pub condition: Vec<String>,
    /// Whether the pauses are spread by chance.
    #[serde(default)]
    pub jitter: Jitter,
    /// It waits as long as the header `Retry-After` says.
    #[serde(default)]
    pub retry_after: bool,
    /// Which failures are repeated.
    #[serde(default)]
    pub failures: Selection,
    /// The name of the list of statuses that are repeated.
    #[serde(default)]
    pub statuses: Vec<String>,
}

/// Whether the pauses of a retry are spread by chance.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Jitter {
    /// Names of the arguments or options that say it.
    #[serde(default)]
    pub names: Vec<String>,
    /// Whether they are without them; none when that is not known.
    pub default: Option<bool>,
    /// What a value means: the last part of its symbol (`wait_random_exponential: true`).
    #[serde(default)]
    pub values: BTreeMap<String, bool>,
}

/// Which failures a retry repeats, or a breaker counts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Selection {
    /// Names of the arguments or options that list the types of exceptions, or make the selection.
    #[serde(default)]
    pub types: Vec<String>,
    /// The position of that argument.
    pub position: Option<usize>,
    /// The position of the options object.
    pub options: Option<usize>,
    /// Names of the arguments or options that decide by code, or leave something out.
    #[serde(default)]
    pub code: Vec<String>,
    /// Without any of them it is each failure; else that is not known.
    #[serde(default)]
    pub every: bool,
}

/// How a retry reaches a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryForm {
    /// It decorates or wraps a function: `@retry(…)`, `pRetry(() => …)`, `for attempt in Retrying(…)`.
    Wrapper,
    /// It is attached to a client: `axiosRetry(client, …)`; the first argument is the client.
    Attached,
    /// It is passed to the client's constructor or mounted on it: `HTTPAdapter(max_retries=Retry(…))`.
    Policy,
    /// An operator of a pipeline: `http.get(…).pipe(retry(3))`.
    Operator,
}

/// What bounds the attempts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Bound {
    /// Names of the arguments or options that bound it.
    #[serde(default)]
    pub names: Vec<String>,
    /// The position of the bound.
    pub position: Option<usize>,
    /// Whether it is bounded without them.
    #[serde(default)]
    pub default: bool,
    /// A bound of zero means that there is none.
    #[serde(default)]
    pub zero_is_endless: bool,
}

/// How long a retry waits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Facet {
    /// Names of the arguments or options that say it.
    #[serde(default)]
    pub names: Vec<String>,
    /// The position of the argument that says it.
    pub position: Option<usize>,
    /// What it does without them.
    pub default: Wait,
    /// What a value means: the last part of the symbol of the value (`wait_exponential: exponential`).
    #[serde(default)]
    pub values: BTreeMap<String, Wait>,
    /// What a plain number under one of the names means (`backoff_factor=0.5`: exponential).
    #[serde(default)]
    pub number: Option<Wait>,
}

/// How the waiting time develops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wait {
    /// The next attempt follows at once.
    None,
    /// Always the same.
    Fixed,
    /// It grows with the attempts.
    Exponential,
}

/// Which requests are repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Methods {
    /// Whatever is wrapped.
    #[default]
    All,
    /// Only idempotent methods, unless told otherwise.
    Idempotent,
}

/// How a library breaks circuits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Breaker {
    /// Decorators, classes, or methods that run a function through the breaker.
    pub symbols: Vec<String>,
    /// It does nothing for `async def` functions.
    #[serde(default)]
    pub sync_only: bool,
    /// It also bounds the time of a call, in milliseconds by default; `timeout: false` in its options
    /// switches that off.
    pub timeout_ms: Option<u64>,
    /// Which failures it counts.
    #[serde(default)]
    pub failures: Selection,
}

/// A function that bounds the time of what it wraps: `asyncio.wait_for(coroutine, 5)`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Deadline {
    /// Functions, context managers or operators.
    pub symbols: Vec<String>,
}
