//! Which service calls which: requests whose address leads to another service.

mod hosts;
pub(super) mod ports;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use smol_str::SmolStr;

use super::jvm::gateway;
use super::jvm::settings::{Files, Own};
use super::proxies::Proxied;
use super::services::Service;
use crate::extract::http::{HttpClient, HttpRequest, Remote, SeenFrom};
use crate::extract::patterns::Asked;
use crate::program::value::{Text, TextPart};
use crate::syntax::{FileId, Place};

pub use hosts::{Hosts, is_this_machine, names_of};

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
    /// The host is a name of the machine that the code runs on: in a container that is the service itself,
    /// whoever publishes the port on the host.
    pub local: bool,
}

/// A request to a host that is no service of this repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outgoing {
    /// The service that sends it.
    pub from: String,
    /// The host, with its port where one is given.
    pub host: String,
    /// See [`Call::method`].
    pub method: Option<String>,
    /// See [`Call::path`].
    pub path: Option<String>,
    /// See [`Call::place`].
    pub place: Place,
}

/// Where the requests of a system lead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// To services, sorted.
    pub calls: Vec<Call>,
    /// To other hosts, sorted.
    pub outgoing: Vec<Outgoing>,
}

/// Where requests are found in the code.
pub(super) struct Sources<'a> {
    /// The HTTP clients.
    pub http: &'a [HttpClient],
    /// Addresses that gateways and gRPC clients are given.
    pub routes: &'a [(Place, Text)],
    /// What proxies pass on.
    pub proxied: &'a [Proxied],
    /// Requests that are built in one place and sent in another.
    pub built: &'a [(Place, Text)],
    /// Requests by a pattern.
    pub asked: &'a [Asked],
}

/// The requests whose address is known, and the routes of gateways. `owners` are those of [`super::owners::owners`], `settings` the files
/// that the services of the JVM are configured with.
pub(super) fn requests(
    services: &[Service],
    owners: &HashMap<FileId, Vec<usize>>,
    Sources { http, routes, proxied, built, asked }: Sources<'_>,
    settings: &Files,
) -> Requests {
    let mut finder = Finder::new(services, owners, settings);
    for client in http {
        let bases = bases(client);
        for request in &client.requests {
            finder.request(&bases, request);
        }
        if client.requests.is_empty() {
            for (base, _) in bases {
                finder.address(client.place, None, base);
            }
        }
    }
    for (place, to) in routes {
        finder.address(*place, None, to);
    }
    for index in 0..services.len() {
        let routes = finder.settings.get(index).and_then(Option::as_ref).map(gateway::routes);
        for route in routes.unwrap_or_default() {
            finder.from(index, route.place, None, &Text::literal(route.to), Tail::Empty);
        }
    }
    for route in proxied {
        let to = Text::literal(route.to.clone());
        let tail = if route.below { Tail::Unknown } else { Tail::Empty };
        if route.methods.is_empty() {
            finder.from(route.service, route.place, None, &to, tail);
        }
        for method in &route.methods {
            finder.from(route.service, route.place, Some(method.as_str()), &to, tail);
        }
    }
    asked.iter().for_each(|request| finder.asked(request));
    // A request that is built and then lost sight of leads to a service that nothing else is known to lead to.
    let known: BTreeSet<(String, String)> =
        finder.found.calls.iter().map(|call| (call.from.clone(), call.to.clone())).collect();
    let (calls, outgoing) = (finder.found.calls.len(), finder.found.outgoing.len());
    for (place, to) in built {
        finder.address(*place, None, to);
    }
    let mut found = finder.found;
    found.outgoing.truncate(outgoing);
    let lost = found.calls.split_off(calls);
    found.calls.extend(lost.into_iter().filter(|call| !known.contains(&(call.from.clone(), call.to.clone()))));
    found.calls.sort();
    found.calls.dedup();
    found.outgoing.sort();
    found.outgoing.dedup();
    found
}

/// The calls between services, sorted, where nothing is configured by files of the JVM.
pub fn calls(services: &[Service], owners: &HashMap<FileId, Vec<usize>>, http: &[HttpClient]) -> Vec<Call> {
    requests(services, owners, Sources { http, routes: &[], proxied: &[], built: &[], asked: &[] }, &Files::default())
        .calls
}

/// Adds the calls of clients whose address says nothing, by the service that registers what they are clients of.
pub(super) fn add_remotes(
    services: &[Service],
    owners: &HashMap<FileId, Vec<usize>>,
    remotes: &BTreeMap<SmolStr, Remote>,
    requests: &mut Requests,
) {
    let of = |place: &Place| owners.get(&place.file).cloned().unwrap_or_default();
    for remote in remotes.values() {
        let serving: BTreeSet<usize> = remote.servers.iter().flat_map(of).collect();
        let (Some(to), 1) = (serving.first().and_then(|index| services.get(*index)), serving.len()) else { continue };
        for place in &remote.clients {
            for from in of(place).into_iter().filter_map(|index| services.get(index)) {
                let known = requests.calls.iter().any(|call| call.from == from.name && call.to == to.name);
                if from.name != to.name && !known {
                    let (from, to) = (from.name.clone(), to.name.clone());
                    requests.calls.push(Call { from, to, method: None, path: None, place: *place, local: false });
                }
            }
        }
    }
    requests.calls.sort();
}

/// Where a request goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A host, without its port.
    Host(String),
    /// An application behind the sidecar of Dapr; empty when a header says which.
    Dapr(String),
    /// It is not known.
    Unknown,
}

/// Tells where the requests of clients go to, whoever answers there.
pub(super) struct Destinations<'s>(Finder<'s>);

impl<'s> Destinations<'s> {
    /// See [`requests`].
    pub(super) fn new(
        services: &'s [Service],
        owners: &'s HashMap<FileId, Vec<usize>>,
        settings: &Files,
    ) -> Destinations<'s> {
        Destinations(Finder::new(services, owners, settings))
    }

    /// Where a request goes to, for each service that may send it and each way in; that of a client
    /// without one by its own address.
    pub(super) fn of(&self, client: &HttpClient, request: Option<&HttpRequest>) -> Vec<(&'s Service, Destination)> {
        let finder = &self.0;
        let bases = bases(client);
        let ways = match request {
            Some(request) => request.ways_in().into_iter().map(|way| (way.place, way.through, way.url)).collect(),
            None => vec![(client.place, None, None)],
        };
        let mut found = Vec::new();
        for (place, through, url) in ways {
            for index in finder.senders(place) {
                let Some(from) = finder.services.get(index) else { continue };
                let address = match &url {
                    url if !bases.is_empty() && url.as_ref().is_none_or(is_relative) => {
                        finder.base(&bases, through, index).map(|base| (base, url.as_ref()))
                    }
                    Some(url) => Some((url, None)),
                    None => None,
                };
                let whole = address.and_then(|(address, tail)| finder.whole(index, address, tail));
                found.push((from, destination(whole.as_deref().unwrap_or(""))));
            }
        }
        found
    }
}

fn destination(url: &str) -> Destination {
    match split(url) {
        Some((_, Some(path))) if path.starts_with(INVOKE) => match invoked(&path) {
            Some((app, _)) if !app.contains('{') => Destination::Dapr(app.to_owned()),
            _ => Destination::Unknown,
        },
        Some((host, _)) => match host.split_once(':').unwrap_or((host, "")) {
            (name, SIDECAR) if is_this_machine(name) => Destination::Dapr(String::new()),
            (name, _) => Destination::Host(name.to_owned()),
        },
        None => Destination::Unknown,
    }
}

/// The path under which the sidecar of Dapr takes requests to other applications:
/// <https://docs.dapr.io/reference/api/service_invocation_api/>
const INVOKE: &str = "/v1.0/invoke/";

/// The port on which it listens (<https://docs.dapr.io/reference/arguments-annotations-overview/>); the header
/// `dapr-app-id` names the application.
const SIDECAR: &str = "3500";

/// The application and its own path in a request to the sidecar of Dapr: `/v1.0/invoke/orders/method/items`.
fn invoked(path: &str) -> Option<(&str, &str)> {
    let (app, rest) = path.strip_prefix(INVOKE)?.split_once("/method")?;
    Some((app.split('.').next().unwrap_or(app), rest))
}

/// The addresses that a client is constructed with.
fn bases(client: &HttpClient) -> Vec<Base<'_>> {
    let mut bases: Vec<Base<'_>> = client.base_urls.iter().map(|(text, place)| (text, Some(*place))).collect();
    if bases.is_empty() {
        bases.extend(client.base_url.iter().map(|(text, _)| (text, None)));
    }
    bases
}

/// The names of applications, in lower case, with the service of each.
fn registered(settings: &[Option<Own>]) -> HashMap<String, Option<usize>> {
    let keys = ["spring.application.name", "quarkus.application.name", "micronaut.application.name"];
    let mut found = HashMap::new();
    for (index, own) in settings.iter().enumerate() {
        let names = keys.iter().filter_map(|key| own.as_ref()?.value(key));
        for name in names.map(|name| name.to_ascii_lowercase()).collect::<BTreeSet<String>>() {
            found.entry(name).and_modify(|known| *known = None).or_insert(Some(index));
        }
    }
    found
}

fn is_jvm(service: &Service) -> bool {
    service.languages.iter().any(|l| matches!(l.as_str(), "java" | "kotlin"))
}

/// What a request adds to the address of its client.
#[derive(Clone, Copy)]
enum Tail<'t> {
    Empty,
    Known(&'t Text),
    /// It goes somewhere below.
    Unknown,
}

impl<'t> Tail<'t> {
    fn of(url: Option<&'t Text>) -> Tail<'t> {
        url.map_or(Tail::Unknown, Tail::Known)
    }
}

/// The address of a client, and what constructs it with that.
type Base<'t> = (&'t Text, Option<Place>);

struct Finder<'s> {
    services: &'s [Service],
    owners: &'s HashMap<FileId, Vec<usize>>,
    hosts: Hosts<'s>,
    /// What the services of the JVM are configured with, in the order of the services.
    settings: Vec<Option<Own>>,
    /// The services by the names of their applications; none for a name that several have.
    registered: HashMap<String, Option<usize>>,
    found: Requests,
}

impl<'s> Finder<'s> {
    fn new(services: &'s [Service], owners: &'s HashMap<FileId, Vec<usize>>, settings: &Files) -> Finder<'s> {
        let settings: Vec<Option<Own>> = services.iter().map(|s| is_jvm(s).then(|| settings.of(s))).collect();
        let registered = registered(&settings);
        let hosts = Hosts::new(services);
        Finder { services, owners, hosts, settings, registered, found: Requests::default() }
    }

    /// The service behind a host: by its name on the network, else by the name of its application.
    fn service(&self, from: &Service, host: &str) -> Option<&'s Service> {
        let found = self.hosts.service(Some(from), host).and_then(|index| self.services.get(index));
        found.or_else(|| self.registered(host)).or_else(|| self.listening(from, host))
    }

    /// The service that is configured to listen on a port of this machine, where nothing is deployed that
    /// could give the port away to another one.
    fn listening(&self, from: &Service, host: &str) -> Option<&'s Service> {
        let (name, port) = host.split_once(':')?;
        if !is_this_machine(name) || !from.containers.is_empty() {
            return None;
        }
        let of =
            |own: &Own| ["server.port", "micronaut.server.port", "quarkus.http.port"].iter().find_map(|k| own.value(k));
        let mut found = self
            .settings
            .iter()
            .zip(self.services)
            .filter(|(own, _)| own.as_ref().and_then(of).is_some_and(|listens| listens == port));
        let (_, only) = found.next()?;
        found.next().is_none().then_some(only)
    }

    /// The service that registers itself under a name (Eureka, Consul).
    fn registered(&self, host: &str) -> Option<&'s Service> {
        let host = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
        self.registered.get(&host).copied().flatten().and_then(|index| self.services.get(index))
    }

    /// A request as the callers of a wrapper make it; as it stands when none of them says where it leads.
    fn request(&mut self, bases: &[Base<'_>], request: &HttpRequest) {
        let before = self.found.calls.len();
        for way in request.ways_in() {
            self.way(bases, &way);
        }
        if before == self.found.calls.len() && !request.seen_from.is_empty() {
            let own = HttpRequest { seen_from: Vec::new(), ..request.clone() };
            own.ways_in().iter().for_each(|way| self.way(bases, way));
        }
    }

    fn way(&mut self, bases: &[Base<'_>], way: &SeenFrom) {
        match way.url.as_ref() {
            url if !bases.is_empty() && url.is_none_or(is_relative) => {
                for from in self.senders(way.place) {
                    if let Some(base) = self.base(bases, way.through, from) {
                        self.from(from, way.place, way.method.as_deref(), base, Tail::of(url));
                    }
                }
            }
            Some(url) => self.address(way.place, way.method.as_deref(), url),
            None => {}
        }
    }

    /// The address of the client that a request of a service goes through: of several that of its
    /// construction, else the only one that the service has.
    fn base<'t>(&self, bases: &[Base<'t>], through: Option<Place>, from: usize) -> Option<&'t Text> {
        if let [(only, _)] = bases {
            return Some(only);
        }
        if let Some((text, _)) = bases.iter().find(|(_, place)| through.is_some() && *place == through) {
            return Some(text);
        }
        let has = |place: Place| self.owners.get(&place.file).is_some_and(|owners| owners.contains(&from));
        let mut own = bases.iter().filter(|(_, place)| place.is_some_and(has));
        let first = own.next()?;
        own.next().is_none().then_some(first.0)
    }

    fn senders(&self, place: Place) -> Vec<usize> {
        self.owners.get(&place.file).cloned().unwrap_or_default()
    }

    fn address(&mut self, place: Place, method: Option<&str>, address: &Text) {
        for from in self.senders(place) {
            self.from(from, place, method, address, Tail::Empty);
        }
    }

    /// A request by a pattern: to the service that its client connects to, else to the only one that answers it.
    fn asked(&mut self, request: &Asked) {
        let (calls, outgoing) = (self.found.calls.len(), self.found.outgoing.len());
        if let Some(address) = &request.address {
            self.address(request.place, None, address);
        }
        if self.found.calls.len() > calls {
            return;
        }
        self.found.outgoing.truncate(outgoing);
        for from in self.senders(request.place) {
            let mut answering: Vec<usize> = request.handlers.iter().flat_map(|place| self.senders(*place)).collect();
            answering.sort_unstable();
            answering.dedup();
            answering.retain(|to| *to != from);
            let [to] = answering.as_slice() else { continue };
            if let (Some(from), Some(to)) = (self.services.get(from), self.services.get(*to)) {
                let (from, to) = (from.name.clone(), to.name.clone());
                self.found.calls.push(Call { from, to, method: None, path: None, place: request.place, local: false });
            }
        }
    }

    /// The address of a request as a service sends it.
    fn whole(&self, index: usize, address: &Text, tail: Option<&Text>) -> Option<String> {
        let from = self.services.get(index)?;
        let own = self.settings.get(index).and_then(Option::as_ref);
        let env = |name: &str| {
            let variable = from.env.iter().find(|variable| variable.is_called(name));
            let said = variable.and_then(|variable| variable.value.clone()).or_else(|| own?.value(name));
            said.or_else(|| self.injected(name))
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
            url = own.and_then(|own| own.filled(&url, 0))?;
        }
        // A client that is named by a key has its address in the settings.
        own.and_then(|own| own.client_address(&url)).or(Some(url))
    }

    /// What Kubernetes puts into the environment of a container for a service of the cluster:
    /// `ORDERS_SERVICE_HOST`, `ORDERS_SERVICE_PORT`
    /// (<https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>).
    fn injected(&self, variable: &str) -> Option<String> {
        let host = variable.strip_suffix("_SERVICE_HOST");
        let stem = host.or_else(|| variable.strip_suffix("_SERVICE_PORT"))?;
        let names = self.services.iter().flat_map(|service| service.host_names.iter().chain([&service.name]));
        let of_cluster = names.into_iter().find(|name| name.to_ascii_uppercase().replace(['-', '.'], "_") == stem)?;
        Some(if host.is_some() { of_cluster.clone() } else { "{}".to_owned() })
    }

    fn from(&mut self, index: usize, place: Place, method: Option<&str>, address: &Text, tail: Tail<'_>) {
        let Some(from) = self.services.get(index) else { return };
        let known = if let Tail::Known(text) = tail { Some(text) } else { None };
        let Some(mut url) = self.whole(index, address, known) else { return };
        if matches!(tail, Tail::Unknown) && !url.ends_with("{}") {
            url.push_str("{}");
        }
        let Some((host, path)) = split(&url) else { return };
        // Whoever listens on this machine only passes it on.
        let (host, path) = match path.as_deref().and_then(invoked) {
            Some((app, rest)) => (app.to_owned(), Some(rest.to_owned()).filter(|rest| !rest.is_empty())),
            None => (host.to_owned(), path),
        };
        let host = host.as_str();
        let method = method.map(str::to_owned);
        let named = discovered(from, host);
        match self.service(from, host).or_else(|| self.service(from, named.as_deref()?)) {
            Some(to) if to.name == from.name => {}
            Some(to) => {
                let (from, to) = (from.name.clone(), to.name.clone());
                let local = is_this_machine(host);
                self.found.calls.push(Call { from, to, method, path, place, local });
            }
            None => {
                let (from, host) = (from.name.clone(), host.trim_end_matches(":{}").to_ascii_lowercase());
                self.found.outgoing.push(Outgoing { from, host, method, path, place });
            }
        }
    }
}

/// The address that the settings of a service give for a name of service discovery:
/// `"Services": { "orders": { "https": ["localhost:7041"] } }`
/// (<https://learn.microsoft.com/en-us/dotnet/core/extensions/service-discovery>).
fn discovered(from: &Service, host: &str) -> Option<String> {
    let begins = format!("services:{}:", host.split(':').next().unwrap_or(host)).to_ascii_lowercase();
    let variable = from.env.iter().find(|variable| variable.name.to_ascii_lowercase().starts_with(&begins))?;
    let (at, _) = split(variable.value.as_deref()?)?;
    Some(at.to_owned())
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

/// Host (with port) and path of an address.
fn split(url: &str) -> Option<(&str, Option<String>)> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.rsplit('@').next().unwrap_or(host);
    let path = path.split(['?', '#']).next().unwrap_or("");
    // `BASE + path`: what follows the port, or ends the address, is a path that is not known.
    if let Some(known) = host.strip_suffix("{}").filter(|known| !known.ends_with([':', '.', '-']))
        && !known.is_empty()
        && !known.contains("{}")
    {
        let after_port = known.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        return (after_port || path.is_empty()).then(|| (known, Some(format!("/{{}}{path}"))));
    }
    if host.is_empty() || host.contains("{}") && !host.ends_with(":{}") {
        return None;
    }
    Some((host, Some(path.to_owned()).filter(|path| !path.is_empty())))
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
        assert_eq!(split("http://orders:8000{}"), Some(("orders:8000", Some("/{}".into()))));
        assert_eq!(split("http://orders:8000{}/x"), Some(("orders:8000", Some("/{}/x".into()))));
        assert_eq!(split("http://orders{}"), Some(("orders", Some("/{}".into()))));
        assert_eq!(split("http://orders{}/x"), None, "a domain");
        assert_eq!(split("http://orders-{}"), None);
        assert_eq!(split("/api"), None);
    }
}
