//! The rules of the skill `rest-client`.

pub mod blocking_call_in_async;
pub mod breaker_counts_client_errors;
pub mod client_per_call;
pub mod credential_in_code;
pub mod hard_coded_address;
pub mod ignored_retry_after;
pub mod late_success;
pub mod lost_error;
pub mod missing_circuit_breaker;
pub mod missing_idempotency_key;
pub mod missing_retry;
pub mod missing_timeout;
pub mod pause_after_last_attempt;
pub mod retry_on_client_error;
pub mod retry_without_backoff;
pub mod retry_without_jitter;
pub mod unbounded_half_open;
pub mod unbounded_retry;
pub mod unencoded_path_parameter;
pub mod unsafe_retry;

use crate::extract::http::{ClientKind, HttpClient, HttpRequest, RetryPolicy, SeenFrom};
use crate::extract::routes::health::conventional;
use crate::program::value::TextPart;
use crate::system::calls::is_this_machine;

/// Words of a path behind which a POST asks for something and changes nothing that counts.
const QUESTIONS: [&str; 14] = [
    "search",
    "query",
    "quote",
    "estimate",
    "preview",
    "calculate",
    "validate",
    "verify",
    "login",
    "token",
    "auth",
    "graphql",
    "health",
    "history",
];

/// The words of a request's path, in lower case.
fn path_words(request: &SeenFrom) -> Option<Vec<String>> {
    let url = request.url.as_ref()?.pattern();
    let path = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest.split_once('/').map_or("", |(_, p)| p));
    let path = path.split(['?', '#']).next().unwrap_or("");
    Some(path.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect())
}

/// True when the path says that the request asks.
fn asks(words: &[String]) -> bool {
    words.iter().any(|word| QUESTIONS.contains(&word.as_str()))
}

/// True for a program that only asks its own machine whether it is well: the health check of a container is made
/// again by whoever starts it. An address that a variable may change is that of a peer.
fn is_own_probe(client: &HttpClient) -> bool {
    let asks = |request: &HttpRequest| {
        let Some(url) = &request.url else { return false };
        let is_fixed = matches!(url.parts.first(), Some(TextPart::Lit(text)) if text.contains("://"));
        let pattern = url.pattern();
        let parts = pattern.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        let in_main = request.function.as_ref().is_some_and(|(name, _)| name == "main");
        let is_health = |path: &str| conventional("GET", &format!("/{path}")).is_some();
        is_fixed && in_main && parts.is_some_and(|(host, path)| is_this_machine(host) && is_health(path))
    };
    !client.requests.is_empty() && client.requests.iter().all(asks)
}

/// A request in a message: "GET `http://stock/{}`".
fn told(request: &HttpRequest) -> String {
    let method = request.method.as_deref();
    // The address of one of several callers is not that of the request.
    let ways = &request.seen_from;
    let is_one_of = ways.iter().any(|way| way.url == request.url) && ways.iter().any(|way| way.url != request.url);
    match (request.url.as_ref().filter(|_| !is_one_of), &request.function) {
        (Some(url), _) => format!("{} `{}`", method.unwrap_or("a request to"), url.pattern()),
        (None, Some((name, _))) if !name.is_empty() => format!("{} in `{name}`", method.unwrap_or("a request")),
        _ => method.unwrap_or("a request").to_string(),
    }
}

/// A request from the outside in a message.
fn seen(request: &SeenFrom, inner: &HttpRequest) -> String {
    match &request.url {
        Some(url) => format!("{} `{}`", request.method.as_deref().unwrap_or("a request to"), url.pattern()),
        None => told(inner),
    }
}

/// A client in a message.
fn client_told(client: &HttpClient) -> String {
    match (client.kind, client.requests.first()) {
        (ClientKind::Call, Some(request)) => told(request),
        _ => match &client.base_url {
            Some((url, _)) => format!("the {} client for `{}`", client.library, url.pattern()),
            None => format!("the {} client", client.library),
        },
    }
}

/// Each policy once, with the clients it serves.
fn policies(clients: &[HttpClient]) -> Vec<(&RetryPolicy, &HttpClient)> {
    let mut out: Vec<(&RetryPolicy, &HttpClient)> = Vec::new();
    for client in clients {
        for policy in client.policies() {
            if !out.iter().any(|(p, _)| p.place == policy.place) {
                out.push((policy, client));
            }
        }
    }
    out
}
