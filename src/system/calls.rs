//! Which service calls which: requests whose address leads to another service.

use std::collections::HashMap;

use super::services::Service;
use crate::extract::http::{HttpClient, HttpRequest};
use crate::program::value::{Text, TextPart};
use crate::syntax::{FileId, Place};

/// A request from one service to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The service that sends it.
    pub from: String,
    /// The service that answers it.
    pub to: String,
    /// The method in upper case; none when it is not known, or when the client forwards any.
    pub method: Option<String>,
    /// The path, `{}` for what is not known; none when only the host is known.
    pub path: Option<String>,
    /// The call, or the client when requests go through it without a call of ours.
    pub place: Place,
}

/// The calls between services, sorted. `owners` are those of [`super::owners::owners`].
pub fn calls(services: &[Service], owners: &HashMap<FileId, Vec<usize>>, http: &[HttpClient]) -> Vec<Call> {
    let mut found = Vec::new();
    for client in http {
        let base = client.base_url.as_ref().map(|(text, _)| text);
        for request in &client.requests {
            found.extend(of_request(services, owners, base, request));
        }
        if client.requests.is_empty()
            && let Some(base) = base
        {
            found.extend(from_place(services, owners, client.place, None, base, None));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Where a request goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A host, without its port.
    Host(String),
    /// An application behind the sidecar of Dapr.
    Dapr(String),
    /// It is not known.
    Unknown,
}

/// Where a request goes to, for each service that may send it. `base` is the address of its client.
pub(super) fn destinations<'s>(
    services: &'s [Service],
    owners: &HashMap<FileId, Vec<usize>>,
    place: Place,
    base: Option<&Text>,
    url: Option<&Text>,
) -> Vec<(&'s Service, Destination)> {
    let (address, tail) = match (base, url) {
        (Some(base), url) if url.is_none_or(is_relative) => (Some(base), url),
        (_, url) => (url, None),
    };
    let senders = owners.get(&place.file).into_iter().flatten().filter_map(|index| services.get(*index));
    senders
        .map(|from| {
            let url = address.map(|address| whole(from, address, tail)).unwrap_or_default();
            let destination = match split(&url) {
                Some((_, Some(path))) if invoked(&path).is_some() => match invoked(&path) {
                    Some((app, _)) if !app.contains('{') => Destination::Dapr(app.to_owned()),
                    _ => Destination::Unknown,
                },
                Some((host, _)) => Destination::Host(host.split(':').next().unwrap_or(host).to_owned()),
                None => Destination::Unknown,
            };
            (from, destination)
        })
        .collect()
}

/// The application and its own path in a request to the sidecar of Dapr:
/// `/v1.0/invoke/orders/method/items`.
/// <https://docs.dapr.io/reference/api/service_invocation_api/>
fn invoked(path: &str) -> Option<(&str, &str)> {
    let (app, rest) = path.strip_prefix("/v1.0/invoke/")?.split_once("/method")?;
    Some((app.split('.').next().unwrap_or(app), rest))
}

/// The address of a request as a service sends it.
fn whole(from: &Service, address: &Text, tail: Option<&Text>) -> String {
    let env =
        |name: &str| from.env.iter().find(|variable| variable.name == name).and_then(|variable| variable.value.clone());
    let url = address.with_env(&env);
    match tail {
        Some(tail) => {
            let tail = tail.with_env(&env);
            format!("{}/{}", url.trim_end_matches('/'), tail.trim_start_matches('/'))
        }
        None => url,
    }
}

fn of_request(
    services: &[Service],
    owners: &HashMap<FileId, Vec<usize>>,
    base: Option<&Text>,
    request: &HttpRequest,
) -> Vec<Call> {
    let empty = Text::default();
    let url = request.url.as_ref();
    match (base, url) {
        (Some(base), url) if url.is_none_or(is_relative) => {
            from_place(services, owners, request.place, request.method.as_deref(), base, Some(url.unwrap_or(&empty)))
        }
        (_, Some(url)) => from_place(services, owners, request.place, request.method.as_deref(), url, None),
        (_, None) => Vec::new(),
    }
}

/// True for an address that is added to that of its client.
fn is_relative(url: &Text) -> bool {
    match url.parts.first() {
        None => true,
        Some(TextPart::Lit(text)) => !text.contains("://") && !text.starts_with("//"),
        // `${BASE}/orders` is a whole address; a single hole may be anything, most often a path.
        Some(TextPart::Env { .. }) => false,
        Some(TextPart::Hole) => true,
    }
}

fn from_place(
    services: &[Service],
    owners: &HashMap<FileId, Vec<usize>>,
    place: Place,
    method: Option<&str>,
    address: &Text,
    tail: Option<&Text>,
) -> Vec<Call> {
    let mut found = Vec::new();
    for from in owners.get(&place.file).into_iter().flatten().filter_map(|index| services.get(*index)) {
        let url = whole(from, address, tail);
        let Some((host, path)) = split(&url) else { continue };
        let dapr = path.as_deref().and_then(invoked);
        let Some(to) = service_at(services, from, dapr.map_or(host, |(app, _)| app)) else { continue };
        let path = match dapr {
            Some((_, rest)) => Some(rest.to_owned()).filter(|rest| !rest.is_empty()),
            None => path,
        };
        if to.name != from.name {
            found.push(Call {
                from: from.name.clone(),
                to: to.name.clone(),
                method: method.map(str::to_owned),
                path,
                place,
            });
        }
    }
    found
}

/// Host (with port) and path of an address.
fn split(url: &str) -> Option<(&str, Option<String>)> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.rsplit('@').next().unwrap_or(host);
    let path = path.split(['?', '#']).next().unwrap_or("");
    if host.is_empty() || host.contains("{}") && !host.ends_with(":{}") {
        return None;
    }
    Some((host, Some(path.to_owned()).filter(|path| !path.is_empty())))
}

/// The service behind a host: by a name in the same Compose project, else by any name; on the local
/// machine by the published port.
fn service_at<'s>(services: &'s [Service], from: &Service, host: &str) -> Option<&'s Service> {
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    if matches!(name, "localhost" | "127.0.0.1" | "0.0.0.0" | "host.docker.internal") {
        let mut published =
            services.iter().filter(|service| !port.is_empty() && service.published_ports.iter().any(|p| p == port));
        let first = published.next()?;
        return published.next().is_none().then_some(first);
    }
    // `orders.shop.svc.cluster.local` is `orders` of the namespace `shop`.
    let name = name.split_once(".svc").map_or(name, |(name, _)| name.split('.').next().unwrap_or(name));
    let name = name.split_once(".default").map_or(name, |(name, _)| name);
    let answers = |service: &&Service| service.host_names.iter().any(|host| host == name) || service.name == name;
    let project = |service: &Service| service.containers.first().map(|container| container.project.clone());
    let near = services.iter().filter(answers).find(|service| project(service) == project(from));
    near.or_else(|| services.iter().find(answers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split() {
        assert_eq!(split("http://orders:8000/api?x=1"), Some(("orders:8000", Some("/api".into()))));
        assert_eq!(split("http://u:p@orders"), Some(("orders", None)));
        assert_eq!(split("http://{}/api"), None);
        assert_eq!(split("http://orders:{}/api"), Some(("orders:{}", Some("/api".into()))));
        assert_eq!(split("/api"), None);
    }

    #[test]
    fn hosts_are_names_of_containers_and_published_ports() {
        let service = |name: &str, host: &str, port: &str| Service {
            name: name.into(),
            host_names: vec![host.into()],
            published_ports: vec![port.into()],
            ..Service::default()
        };
        let services = [service("orders", "orders", "8001"), service("users", "shop-users", "8002")];
        let to = |host: &str| service_at(&services, &services[0], host).map(|s| s.name.as_str());
        assert_eq!(to("shop-users:80"), Some("users"));
        assert_eq!(to("users"), Some("users"));
        assert_eq!(to("users.shop.svc.cluster.local"), Some("users"));
        assert_eq!(to("localhost:8002"), Some("users"));
        assert_eq!(to("localhost:9"), None);
        assert_eq!(to("api.stripe.com"), None);
    }
}
