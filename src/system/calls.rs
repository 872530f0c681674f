//! Which service calls which: requests whose address leads to another service.

use std::collections::HashMap;

use super::jvm::settings::{Files, Own};
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
    configured(services, owners, http, &Files::default())
}

/// The same with the files that the services of the JVM are configured with.
pub(super) fn configured(
    services: &[Service],
    owners: &HashMap<FileId, Vec<usize>>,
    http: &[HttpClient],
    settings: &Files,
) -> Vec<Call> {
    let settings: Vec<Option<Own>> = services.iter().map(|s| is_jvm(s).then(|| settings.of(s))).collect();
    let services = &Known { services, settings };
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

/// The services, and what those of the JVM are configured with.
struct Known<'s> {
    services: &'s [Service],
    settings: Vec<Option<Own>>,
}

impl<'s> Known<'s> {
    /// The service that registers itself under a name (Eureka, Consul): by the name of its application.
    fn registered(&self, host: &str) -> Option<&'s Service> {
        let host = host.split(':').next().unwrap_or(host);
        let keys = ["spring.application.name", "quarkus.application.name", "micronaut.application.name"];
        let mut named = self.services.iter().zip(&self.settings).filter(|(_, own)| {
            let own = own.as_ref();
            keys.iter().filter_map(|key| own?.value(key)).any(|name| name.eq_ignore_ascii_case(host))
        });
        let first = named.next()?;
        named.next().is_none().then_some(first.0)
    }
}

fn is_jvm(service: &Service) -> bool {
    service.languages.iter().any(|l| matches!(l.as_str(), "java" | "kotlin"))
}

fn of_request(
    services: &Known<'_>,
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
    known: &Known<'_>,
    owners: &HashMap<FileId, Vec<usize>>,
    place: Place,
    method: Option<&str>,
    address: &Text,
    tail: Option<&Text>,
) -> Vec<Call> {
    let mut found = Vec::new();
    let services = known.services;
    for (index, from) in owners.get(&place.file).into_iter().flatten().filter_map(|i| Some((*i, services.get(*i)?))) {
        let own = known.settings.get(index).and_then(Option::as_ref);
        let env = |name: &str| {
            let variable = from.env.iter().find(|variable| variable.name == name);
            variable.and_then(|variable| variable.value.clone()).or_else(|| own?.value(name))
        };
        let mut url = address.with_env(&env);
        if let Some(tail) = tail {
            let tail = tail.with_env(&env);
            let tail = tail.trim_start_matches('/');
            if !tail.is_empty() {
                url = format!("{}/{tail}", url.trim_end_matches('/'));
            }
        }
        if url.contains("${") {
            let Some(filled) = own.and_then(|own| own.filled(&url, 0)) else { continue };
            url = filled;
        }
        // A client that is named by a key has its address in the settings.
        if let Some(configured) = own.and_then(|own| own.client_address(&url)) {
            url = configured;
        }
        let Some((host, path)) = split(&url) else { continue };
        let Some(to) = service_at(services, from, host).or_else(|| known.registered(host)) else { continue };
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
