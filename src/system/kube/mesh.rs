//! What service meshes do for the calls of the code: a call to a host that a policy covers has a time
//! limit, is repeated or is broken off although the code says nothing.
//!
//! Where the host of a call is not known, any policy may cover it: then it is not known either.

use std::collections::HashMap;

use super::Cluster;
use crate::catalog::http::Wait;
use crate::extract::http::{Guard, HttpClient, RetryPolicy, Timeout};
use crate::facts::mesh::{Effect, Policy};
use crate::program::value::{Text, TextPart};
use crate::syntax::FileId;
use crate::system::calls::{Destination, Destinations, is_this_machine};
use crate::system::jvm::settings::Files;
use crate::system::services::Service;

/// Whether a policy covers a call.
enum Cover<'p> {
    No,
    Unknown,
    Yes(&'p Policy),
}

/// Tells clients and requests what the meshes do for them.
pub(in crate::system) fn apply(
    cluster: &Cluster,
    services: &[Service],
    owners: &HashMap<FileId, Vec<usize>>,
    http: &mut [HttpClient],
    settings: &Files,
) {
    if http.is_empty() {
        return;
    }
    let destinations = Destinations::new(services, owners, settings);
    for client in http.iter_mut().filter(|client| !cluster.policies.is_empty() || may_ask_sidecar(client)) {
        let of_requests: Vec<_> =
            client.requests.iter().map(|request| destinations.of(client, Some(request))).collect();
        if client.requests.is_empty() && (client.base_url.is_some() || !client.base_urls.is_empty()) {
            let to = destinations.of(client, None);
            let unset = matches!(client.timeout, Timeout::Unsaid | Timeout::Disabled(_));
            match cover(cluster, Effect::Timeout, &to) {
                Cover::Yes(policy) if unset => client.timeout = Timeout::Set(policy.place),
                Cover::Unknown if unset => client.timeout = Timeout::Unknown,
                _ => {}
            }
            if let Cover::Yes(policy) = cover(cluster, Effect::Retry, &to) {
                client.retries.push(retry(policy));
            }
            if let Cover::Yes(_) | Cover::Unknown = cover(cluster, Effect::Breaker, &to) {
                client.followed = false;
            }
        }
        let of_client = matches!(client.timeout, Timeout::Unsaid | Timeout::Disabled(_));
        for (request, to) in client.requests.iter_mut().zip(of_requests) {
            let unset =
                matches!(request.timeout, Timeout::Disabled(_)) || (request.timeout == Timeout::Unsaid && of_client);
            match cover(cluster, Effect::Timeout, &to) {
                Cover::Yes(policy) if unset => request.timeout = Timeout::Set(policy.place),
                Cover::Unknown if unset => request.timeout = Timeout::Unknown,
                _ => {}
            }
            match cover(cluster, Effect::Retry, &to) {
                Cover::Yes(policy) => request.guards.push(Guard::Retry(retry(policy))),
                Cover::Unknown => {
                    client.retry_unknown.get_or_insert_with(|| "the service mesh may repeat it".to_owned());
                }
                Cover::No => {}
            }
            match cover(cluster, Effect::Breaker, &to) {
                Cover::Yes(policy) => request.guards.push(Guard::breaker(policy.place, policy.source)),
                Cover::Unknown => client.followed = false,
                Cover::No => {}
            }
        }
    }
}

/// True for a client whose addresses may be those of Dapr's sidecar.
fn may_ask_sidecar(client: &HttpClient) -> bool {
    let says = |text: &Text| {
        text.parts.iter().any(|part| match part {
            TextPart::Lit(text) => text.contains("/v1.0/invoke") || text.contains(":3500"),
            TextPart::Env { name, .. } => name.starts_with("DAPR_"),
            TextPart::Hole => false,
        })
    };
    let bases = client.base_url.iter().chain(&client.base_urls).map(|(text, _)| text);
    bases.chain(client.requests.iter().filter_map(|request| request.url.as_ref())).any(says)
}

/// Meshes repeat a bounded number of times with growing pauses, and only what the policy names.
fn retry(policy: &Policy) -> RetryPolicy {
    RetryPolicy {
        wait: Some(Wait::Exponential),
        selective: true,
        ..RetryPolicy::immediate(policy.place, policy.source)
    }
}

/// Whether the calls to all destinations of a request are covered.
fn cover<'p>(cluster: &'p Cluster, effect: Effect, to: &[(&Service, Destination)]) -> Cover<'p> {
    let mut found = Cover::No;
    let policies = || cluster.policies.iter().filter(|policy| policy.effect == effect);
    if to.is_empty() {
        return Cover::No;
    }
    for (from, destination) in to {
        let reaches = |policy: &&Policy| policy.scopes.is_empty() || policy.scopes.iter().any(|id| is_called(from, id));
        let covering = match destination {
            // The sidecar of Dapr listens there: a header may say which application is meant.
            Destination::Host(host) if is_this_machine(host) && policies().any(|p| p.dapr) => return Cover::Unknown,
            Destination::Host(host) => policies().filter(reaches).find(|p| !p.dapr && covers(&p.host, host)),
            Destination::Dapr(app) if app.is_empty() && policies().any(|p| p.dapr) => return Cover::Unknown,
            Destination::Dapr(app) => match policies().filter(reaches).find(|p| p.dapr && p.host == *app) {
                // Without a policy the sidecar repeats what did not reach the other one:
                // <https://docs.dapr.io/operations/resiliency/policies/retries/override-default-retries/>
                None if effect == Effect::Retry => return Cover::Unknown,
                found => found,
            },
            Destination::Unknown if policies().next().is_some() => return Cover::Unknown,
            Destination::Unknown => None,
        };
        match covering {
            Some(policy) => found = Cover::Yes(policy),
            None => return Cover::No,
        }
    }
    found
}

fn is_called(service: &Service, id: &str) -> bool {
    service.name == id || service.host_names.iter().any(|name| name == id)
}

/// True when the host of a policy is that of a call: `orders`, `orders.shop.svc.cluster.local`, `*`.
fn covers(policy: &str, host: &str) -> bool {
    let local = |name: &str| name.find(".svc").map_or(name, |at| &name[..at]).to_owned();
    let (policy, host) = (policy.to_ascii_lowercase(), host.to_ascii_lowercase());
    let inside = !host.contains('.') || host.contains(".svc") || host.ends_with(".local");
    if policy == "*" {
        return inside;
    }
    if let Some(domain) = policy.strip_prefix("*.") {
        // Of a namespace: a bare name is one of the caller's own.
        return host.ends_with(&format!(".{domain}")) || (domain.contains("svc") && !host.contains('.'));
    }
    if policy == host {
        return true;
    }
    let first = |name: &str| name.split('.').next().unwrap_or("").to_owned();
    let within = |name: &str| !name.contains('.') || name.contains(".svc") || name.matches('.').count() == 1;
    let (a, b) = (local(&policy), local(&host));
    let namespaces_agree = match (a.split_once('.'), b.split_once('.')) {
        (Some((_, one)), Some((_, other))) => one == other,
        _ => true,
    };
    // `api.stripe.com` is no Service of a namespace `stripe`.
    within(&policy)
        && within(&host)
        && (inside || policy.contains(".svc"))
        && first(&a) == first(&b)
        && namespaces_agree
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn hosts_are_compared_by_service_and_namespace() {
        let cases = [
            ("orders", "orders", true),
            ("orders.shop.svc.cluster.local", "orders", true),
            ("orders", "orders.shop.svc.cluster.local", true),
            ("orders.shop.svc.cluster.local", "orders.billing", false),
            ("orders.shop.svc.cluster.local", "orders.shop", true),
            ("orders", "stock", false),
            ("*", "stock", true),
            ("*", "api.stripe.com", false),
            ("*.shop.svc.cluster.local", "stock", true),
            ("*.shop.svc.cluster.local", "stock.shop.svc.cluster.local", true),
            ("api.stripe.com", "api.stripe.com", true),
            ("api", "api.stripe.com", false),
        ];
        for (policy, host, expected) in cases {
            assert_eq!(covers(policy, host), expected, "{policy} {host}");
        }
    }
}
