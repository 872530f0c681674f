//! Which service answers at a host.

use std::collections::HashMap;

use crate::system::services::Service;

/// The services by the names and ports at which they are reached.
#[derive(Debug, Default)]
pub struct Hosts<'s> {
    services: &'s [Service],
    /// By host name and by service name, in lower case; in the order of the services.
    names: HashMap<String, Vec<usize>>,
    /// By port on the host.
    ports: HashMap<&'s str, Vec<usize>>,
}

/// Domains that name a service inside of a system: <https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/>,
/// <https://developer.hashicorp.com/consul/docs/services/discovery/dns-static-lookups>, RFC 6762 (`.local`),
/// <https://www.icann.org/en/board-activities-and-meetings/materials/approved-resolutions-special-meeting-of-the-icann-board-29-07-2024-en>
/// (`.internal`).
const INTERNAL: [&str; 4] = ["svc", "internal", "local", "consul"];

/// Domains of the internet with more than two letters that short names are often registered in.
const PUBLIC: [&str; 9] = ["com", "org", "net", "dev", "app", "cloud", "info", "xyz", "tech"];

impl<'s> Hosts<'s> {
    /// Indexes services.
    pub fn new(services: &'s [Service]) -> Self {
        let mut hosts = Hosts { services, names: HashMap::new(), ports: HashMap::new() };
        for (index, service) in services.iter().enumerate() {
            for name in service.host_names.iter().chain([&service.name]) {
                let known = hosts.names.entry(name.to_ascii_lowercase()).or_default();
                if known.last() != Some(&index) {
                    known.push(index);
                }
            }
            for port in &service.published_ports {
                let known = hosts.ports.entry(port.as_str()).or_default();
                if known.last() != Some(&index) {
                    known.push(index);
                }
            }
        }
        hosts
    }

    /// The service behind a host, with its port: by a name in the same Compose project as `from`, else by
    /// any name; on the local machine by the published port.
    pub fn service(&self, from: Option<&Service>, host: &str) -> Option<usize> {
        let (name, port) = host.split_once(':').unwrap_or((host, ""));
        if is_this_machine(name) {
            return match self.ports.get(port).map(Vec::as_slice) {
                Some([only]) => Some(*only),
                _ => None,
            };
        }
        let project = |service: &Service| service.containers.first().map(|container| container.project.clone());
        let found = names_of(name).into_iter().find_map(|name| self.names.get(&name))?;
        let near = from.and_then(|from| {
            found.iter().find(|index| self.services.get(**index).is_some_and(|s| project(s) == project(from)))
        });
        near.or_else(|| found.first()).copied()
    }
}

/// True for the names of the machine that the code runs on, with or without a port.
pub fn is_this_machine(host: &str) -> bool {
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    matches!(
        name,
        "localhost"
            | "127.0.0.1"
            | "0.0.0.0"
            | "host.docker.internal"
            | "docker.for.mac.localhost"
            | "docker.for.win.localhost"
    )
}

/// The names that a service behind a host may have, in lower case, the surest first: the host itself, and
/// the first part of one that is resolved inside of the system. `orders.shop.svc.cluster.local` and
/// `orders.shop` are `orders` of the namespace `shop`.
pub fn names_of(host: &str) -> Vec<String> {
    let host = host.split_once(':').map_or(host, |(name, _)| name).trim_end_matches('.').to_ascii_lowercase();
    let mut names = vec![host.clone()];
    let labels: Vec<&str> = host.split('.').collect();
    if let [first, rest @ ..] = labels.as_slice()
        && let Some(last) = rest.last()
        && !first.is_empty()
        && first.parse::<u8>().is_err()
    {
        let namespace = rest.len() == 1 && last.len() > 2 && !PUBLIC.contains(last);
        if namespace || rest.iter().any(|label| INTERNAL.contains(label)) {
            names.push((*first).to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_of_containers_and_published_ports() {
        let service = |name: &str, host: &str, port: &str| Service {
            name: name.into(),
            host_names: vec![host.into()],
            published_ports: vec![port.into()],
            ..Service::default()
        };
        let services = [service("orders", "orders", "8001"), service("users", "shop-users", "8002")];
        let hosts = Hosts::new(&services);
        let to = |host: &str| hosts.service(Some(&services[0]), host).map(|i| services[i].name.as_str());
        assert_eq!(to("shop-users:80"), Some("users"));
        assert_eq!(to("users"), Some("users"));
        assert_eq!(to("USERS"), Some("users"));
        for inside in ["users.shop.svc.cluster.local", "users.shop", "users.default.svc:80", "users.service.consul"] {
            assert_eq!(to(inside), Some("users"), "{inside}");
        }
        assert_eq!(to("localhost:8002"), Some("users"));
        for elsewhere in ["localhost:9", "localhost", "api.stripe.com", "users.example.com", "users.io", "10.0.0.1"] {
            assert_eq!(to(elsewhere), None, "{elsewhere}");
        }
    }
}
