//! What a service mesh does for calls: Istio, Linkerd and Dapr resources that set time limits, retries
//! and circuit breakers for the calls to a host.
//!
//! - Istio: <https://istio.io/latest/docs/reference/config/networking/virtual-service/>,
//!   <https://istio.io/latest/docs/reference/config/networking/destination-rule/>
//! - Linkerd: <https://linkerd.io/2/reference/service-profiles/>, <https://linkerd.io/2/reference/retries/>,
//!   <https://linkerd.io/2/reference/circuit-breaking/>
//! - Gateway API: <https://gateway-api.sigs.k8s.io/api-types/httproute/>
//! - Dapr: <https://docs.dapr.io/operations/resiliency/>

use crate::facts::kube::Places;
use crate::syntax::data::Node;
use crate::syntax::{Place, Span};

/// What a mesh does for the calls to a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What it does.
    pub effect: Effect,
    /// The host as written: `orders`, `orders.shop.svc.cluster.local`, `*.shop.svc.cluster.local`; for
    /// Dapr the id of the application.
    pub host: String,
    /// How it is told: `Istio VirtualService`.
    pub source: &'static str,
    /// It holds for calls through Dapr's sidecar, not for plain requests.
    pub dapr: bool,
    /// The applications whose calls it covers; empty for all.
    pub scopes: Vec<String>,
    /// Where it stands.
    pub place: Place,
}

/// What a [`Policy`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Ends calls that take too long.
    Timeout,
    /// Repeats calls that failed.
    Retry,
    /// Keeps calls from a peer that fails.
    Breaker,
}

/// The policies of an object.
pub(super) fn policies(group: &str, kind: &str, node: &Node, at: &Places<'_>) -> Vec<Policy> {
    let Some(spec) = node.get("spec") else { return Vec::new() };
    match (group, kind) {
        ("networking.istio.io", "VirtualService") => virtual_service(spec, at),
        ("networking.istio.io", "DestinationRule") => destination_rule(spec, at),
        ("linkerd.io", "ServiceProfile") => service_profile(node, spec, at),
        ("gateway.networking.k8s.io" | "policy.linkerd.io", "HTTPRoute") => http_route(node, spec, at),
        ("dapr.io", "Resiliency") => resiliency(node, spec, at),
        _ => Vec::new(),
    }
}

/// What the annotations of a Service set for the calls to it (Linkerd).
pub fn of_annotation(service: &str, key: &str, value: &str, place: Place) -> Option<Policy> {
    let effect = match key {
        "retry.linkerd.io/http" => Effect::Retry,
        "timeout.linkerd.io/request" | "timeout.linkerd.io/response" => Effect::Timeout,
        "balancer.linkerd.io/failure-accrual" if value == "consecutive" => Effect::Breaker,
        _ => return None,
    };
    let on = effect == Effect::Breaker || is_set(value);
    on.then(|| Policy {
        effect,
        host: service.to_owned(),
        source: "Linkerd annotation",
        dapr: false,
        scopes: Vec::new(),
        place,
    })
}

/// True for a duration or number that is not nothing: Istio switches off with `0s`, Linkerd with `0`.
fn is_set(value: &str) -> bool {
    value.chars().any(|c| c.is_ascii_digit() && c != '0') || value.chars().any(|c| c.is_alphabetic() && c != 's')
}

fn items<'n>(node: &'n Node, key: &str) -> impl Iterator<Item = &'n Node> {
    node.get(key).map(Node::items).unwrap_or_default().iter()
}

/// The span of an entry.
fn entry(node: &Node, key: &str) -> Option<(Span, String)> {
    let entry = node.entry(key)?;
    let span = Span { start: entry.key.span.start, end: entry.value.span.end };
    Some((span, entry.value.text().unwrap_or("").to_owned()))
}

struct Collector<'a, 'p> {
    at: &'a Places<'p>,
    source: &'static str,
    out: Vec<Policy>,
}

impl Collector<'_, '_> {
    fn add(&mut self, effect: Effect, hosts: &[&str], span: Span) {
        for host in hosts {
            let known = self.out.iter().any(|policy| policy.effect == effect && policy.host == *host);
            if !known && !host.is_empty() {
                self.out.push(Policy {
                    effect,
                    host: (*host).to_owned(),
                    source: self.source,
                    dapr: false,
                    scopes: Vec::new(),
                    place: (self.at)(span),
                });
            }
        }
    }
}

fn virtual_service(spec: &Node, at: &Places<'_>) -> Vec<Policy> {
    // A route that is bound to gateways only says nothing about calls between services.
    let gateways: Vec<&str> = items(spec, "gateways").filter_map(Node::text).collect();
    if !gateways.is_empty() && !gateways.contains(&"mesh") {
        return Vec::new();
    }
    let hosts: Vec<&str> = items(spec, "hosts").filter_map(Node::text).collect();
    let mut found = Collector { at, source: "Istio VirtualService", out: Vec::new() };
    for route in items(spec, "http") {
        if let Some((span, value)) = entry(route, "timeout")
            && is_set(&value)
        {
            found.add(Effect::Timeout, &hosts, span);
        }
        let Some(retries) = route.get("retries") else { continue };
        if let Some((span, attempts)) = entry(retries, "attempts")
            && is_set(&attempts)
        {
            found.add(Effect::Retry, &hosts, span);
            if let Some((span, value)) = entry(retries, "perTryTimeout")
                && is_set(&value)
            {
                found.add(Effect::Timeout, &hosts, span);
            }
        }
    }
    found.out
}

fn destination_rule(spec: &Node, at: &Places<'_>) -> Vec<Policy> {
    let hosts: Vec<&str> = spec.get("host").and_then(Node::text).into_iter().collect();
    let mut found = Collector { at, source: "Istio DestinationRule", out: Vec::new() };
    let subsets = items(spec, "subsets").filter_map(|subset| subset.get("trafficPolicy"));
    let policies: Vec<&Node> = spec.get("trafficPolicy").into_iter().chain(subsets).collect();
    let of_ports: Vec<&Node> = policies.iter().flat_map(|policy| items(policy, "portLevelSettings")).collect();
    for policy in policies.into_iter().chain(of_ports) {
        let limits = policy.get("connectionPool").filter(|pool| pool.get("http").is_some());
        let key = if policy.get("outlierDetection").is_some_and(|node| !node.is_null()) {
            "outlierDetection"
        } else if limits.is_some() {
            // Envoy answers at once when too many requests wait.
            "connectionPool"
        } else {
            continue;
        };
        if let Some((span, _)) = entry(policy, key) {
            found.add(Effect::Breaker, &hosts, span);
        }
    }
    found.out
}

fn service_profile(node: &Node, spec: &Node, at: &Places<'_>) -> Vec<Policy> {
    let hosts: Vec<&str> = node.at(["metadata", "name"]).and_then(Node::text).into_iter().collect();
    let mut found = Collector { at, source: "Linkerd ServiceProfile", out: Vec::new() };
    for route in items(spec, "routes") {
        if let Some((span, value)) = entry(route, "timeout")
            && is_set(&value)
        {
            found.add(Effect::Timeout, &hosts, span);
        }
        if let Some((span, value)) = entry(route, "isRetryable")
            && value == "true"
        {
            found.add(Effect::Retry, &hosts, span);
        }
    }
    found.out
}

fn http_route(node: &Node, spec: &Node, at: &Places<'_>) -> Vec<Policy> {
    let parents = items(spec, "parentRefs")
        .filter(|parent| parent.get("kind").and_then(Node::text) == Some("Service"))
        .filter_map(|parent| parent.get("name")?.text());
    let hosts: Vec<&str> = parents.collect();
    let mut found = Collector { at, source: "HTTPRoute", out: Vec::new() };
    for rule in items(spec, "rules") {
        let timeouts = rule.get("timeouts").and_then(|t| entry(t, "request").or_else(|| entry(t, "backendRequest")));
        if let Some((span, value)) = timeouts
            && is_set(&value)
        {
            found.add(Effect::Timeout, &hosts, span);
        }
        if let Some((span, _)) = entry(rule, "retry") {
            found.add(Effect::Retry, &hosts, span);
        }
    }
    for note in node.at(["metadata", "annotations"]).map(Node::entries).unwrap_or_default() {
        let span = Span { start: note.key.span.start, end: note.value.span.end };
        let policy = of_annotation("", note.name(), note.value.text().unwrap_or(""), at(span));
        if let Some(policy) = policy {
            found.add(policy.effect, &hosts, span);
        }
    }
    found.out
}

fn resiliency(node: &Node, spec: &Node, at: &Places<'_>) -> Vec<Policy> {
    let scopes: Vec<String> = items(node, "scopes").filter_map(Node::text).map(str::to_owned).collect();
    let Some(apps) = spec.at(["targets", "apps"]) else { return Vec::new() };
    let mut found = Collector { at, source: "Dapr resiliency", out: Vec::new() };
    for app in apps.entries() {
        let keys = [("timeout", Effect::Timeout), ("retry", Effect::Retry), ("circuitBreaker", Effect::Breaker)];
        for (key, effect) in keys {
            if let Some((span, _)) = entry(&app.value, key) {
                found.add(effect, &[app.name()], span);
            }
        }
    }
    for policy in &mut found.out {
        policy.dapr = true;
        policy.scopes.clone_from(&scopes);
    }
    found.out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::kube::{Body, objects};
    use crate::syntax::FileId;
    use crate::syntax::data::yaml;

    fn read(text: &str) -> Vec<(Effect, String)> {
        let at = |span| Place::new(FileId(0), span);
        let parsed = yaml(text);
        assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
        let found = parsed.documents.iter().flat_map(|document| objects(document, &at));
        found
            .flat_map(|object| match object.body {
                Body::Policies(policies) => policies,
                _ => Vec::new(),
            })
            .map(|policy| (policy.effect, policy.host))
            .collect()
    }

    #[test]
    fn istio_routes_set_timeouts_and_retries() {
        let route = |more: &str, http: &str| {
            format!(
                "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: orders}}\n\
                 spec:\n  hosts: [orders]\n{more}  http:\n  - route: [{{destination: {{host: orders}}}}]\n{http}"
            )
        };
        let both = route("", "    timeout: 5s\n    retries: {attempts: 3}\n");
        let orders = |effect| (effect, "orders".to_owned());
        assert_eq!(read(&both), [orders(Effect::Timeout), orders(Effect::Retry)]);
        assert_eq!(read(&route("", "    timeout: 0s\n    retries: {attempts: 0}\n")), []);
        let tries = route("", "    retries: {attempts: 3, perTryTimeout: 2s}\n");
        assert_eq!(read(&tries), [orders(Effect::Retry), orders(Effect::Timeout)]);
        // What comes in through a gateway is no call between services.
        assert_eq!(read(&route("  gateways: [edge]\n", "    timeout: 5s\n")), []);
        assert_eq!(read(&route("  gateways: [edge, mesh]\n", "    timeout: 5s\n")), [orders(Effect::Timeout)]);
    }

    #[test]
    fn breakers_are_outlier_detection_and_limits_of_requests() {
        let rule = |policy: &str| {
            format!(
                "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: orders}}\n\
                 spec:\n  host: orders.shop.svc.cluster.local\n  trafficPolicy: {policy}\n"
            )
        };
        let breaker = [(Effect::Breaker, "orders.shop.svc.cluster.local".to_owned())];
        assert_eq!(read(&rule("{outlierDetection: {consecutive5xxErrors: 5}}")), breaker);
        assert_eq!(read(&rule("{connectionPool: {http: {http1MaxPendingRequests: 10}}}")), breaker);
        assert_eq!(read(&rule("{connectionPool: {tcp: {connectTimeout: 1s}}}")), []);
        assert_eq!(read(&rule("{tls: {mode: ISTIO_MUTUAL}}")), []);
    }

    #[test]
    fn linkerd_and_dapr_are_read() {
        let profile = "apiVersion: linkerd.io/v1alpha2\nkind: ServiceProfile\n\
                       metadata: {name: stock.shop.svc.cluster.local}\nspec:\n  routes:\n\
                       \x20 - {name: GET /, isRetryable: true, timeout: 300ms}\n  - {name: POST /, isRetryable: false}\n";
        let stock = |effect| (effect, "stock.shop.svc.cluster.local".to_owned());
        assert_eq!(read(profile), [stock(Effect::Timeout), stock(Effect::Retry)]);
        let dapr = "apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: {name: r}\nspec:\n  policies: {}\n\
                    \x20 targets:\n    apps:\n      stock: {timeout: general, circuitBreaker: simple}\n";
        assert_eq!(read(dapr), [(Effect::Timeout, "stock".into()), (Effect::Breaker, "stock".into())]);
        let place = Place::new(FileId(0), Span::default());
        let effect = |key: &str, value: &str| of_annotation("stock", key, value, place).map(|p| p.effect);
        assert_eq!(effect("retry.linkerd.io/http", "5xx"), Some(Effect::Retry));
        assert_eq!(effect("timeout.linkerd.io/request", "5s"), Some(Effect::Timeout));
        assert_eq!(effect("balancer.linkerd.io/failure-accrual", "consecutive"), Some(Effect::Breaker));
        assert_eq!(effect("balancer.linkerd.io/failure-accrual", "none"), None);
    }
}
