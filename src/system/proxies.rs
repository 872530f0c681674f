//! Where gateways of .NET lead: the routes of Ocelot and of YARP in the settings of a service.
//!
//! Sources: <https://ocelot.readthedocs.io/en/latest/features/routing.html>,
//! <https://learn.microsoft.com/en-us/aspnet/core/fundamentals/servers/yarp/config-files>.

use super::map::Endpoint;
use super::services::Service;
use crate::catalog::server::Parameters;
use crate::extract::routes::{Gap, GapKind, Served, path};
use crate::facts::module::{ExprId, ExprKind};
use crate::files::{self, FileKind, Tree, Zone, classify, folder_of};
use crate::program::Evaluator;
use crate::program::resolve::within;
use crate::syntax::data::{Node, json};
use crate::syntax::{FileId, Place};

/// The calls that put the routes of a settings file to work.
const STARTS: [&str; 2] = ["UseOcelot", "MapReverseProxy"];
/// How many routes of a service are read.
const MAX_ROUTES: usize = 500;

/// A route of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proxied {
    /// The gateway, by its position among the services.
    pub(super) service: usize,
    /// The setting.
    pub(super) place: Place,
    /// The methods it takes, in upper case; empty for any.
    pub(super) methods: Vec<String>,
    /// The address it sends requests to.
    pub(super) to: String,
    /// The path below which the gateway takes them, where the setting says it.
    pub(super) takes: Option<String>,
    /// What follows the address is taken over from the request.
    pub(super) below: bool,
}

/// A path that a gateway takes requests at, whoever answers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// The gateway, by its position among the services.
    service: usize,
    /// The setting.
    place: Place,
    /// The methods, in upper case; empty for any.
    methods: Vec<String>,
    /// The template.
    path: String,
}

/// What the settings of gateways say.
#[derive(Clone, Debug, Default)]
pub(super) struct Gateways {
    /// Where they send requests.
    pub(super) proxied: Vec<Proxied>,
    /// What they answer.
    taken: Vec<Taken>,
}

impl Gateways {
    /// The routes for the map.
    pub(super) fn endpoints(&self, services: &[Service]) -> Vec<Endpoint> {
        let mut out: Vec<Endpoint> = Vec::new();
        for taken in &self.taken {
            let Some(service) = services.get(taken.service) else { continue };
            let methods = if taken.methods.is_empty() { vec!["*".to_string()] } else { taken.methods.clone() };
            let path = path::normalise(&taken.path, Parameters::Brace);
            for method in methods {
                let same = |e: &Endpoint| e.method == method && e.path == path && e.services == [service.name.as_str()];
                // The same route for another environment.
                if !out.iter().any(same) {
                    let services = vec![service.name.clone()];
                    out.push(Endpoint { method, path: path.clone(), place: taken.place, services });
                }
            }
        }
        out
    }
}

/// The JSON files that the code of a service names, `{}` for what is not known: `ocelot.{}.json`.
fn named_files(ev: &Evaluator<'_>, root: &str) -> Vec<String> {
    let units = ev.program.ids().filter(|u| within(&ev.program.unit(*u).path, root));
    let mut out = Vec::new();
    for unit in units {
        let module = &ev.program.unit(unit).module;
        let texts = (0..module.exprs.len()).filter_map(|i| {
            let expr = ExprId(i as u32);
            match &module.expr(expr).kind {
                ExprKind::Str(text) => Some(text.to_string()),
                ExprKind::Template(_) => ev.at(unit, expr).to_text().map(|text| text.pattern()),
                _ => None,
            }
        });
        out.extend(texts.filter(|text| text.ends_with(".json")));
    }
    out
}

/// True for a file that nothing loads: the code names files of Ocelot, and not this one
/// (<https://ocelot.readthedocs.io/en/latest/features/configuration.html>).
fn is_left_over(name: &str, named: &[String]) -> bool {
    let name = name.to_ascii_lowercase();
    if name.starts_with("appsettings.") {
        return false;
    }
    let mut of_ocelot = named.iter().map(|n| n.to_ascii_lowercase()).filter(|n| n.contains("ocelot")).peekable();
    let fits = |pattern: &String| match pattern.rsplit('/').next().unwrap_or(pattern).split_once("{}") {
        Some((head, tail)) => name.starts_with(head) && name.ends_with(tail),
        None => *pattern == name || pattern.ends_with(&format!("/{name}")),
    };
    of_ocelot.peek().is_some() && !of_ocelot.any(|pattern| fits(&pattern))
}

/// The routes of all gateways.
pub(super) fn routes(ev: &Evaluator<'_>, tree: &Tree, services: &[Service]) -> Gateways {
    let mut out = Gateways::default();
    for (index, service) in services.iter().enumerate() {
        if !service.languages.iter().any(|language| language == "csharp") {
            continue;
        }
        let mut files: Vec<(FileId, Node)> = Vec::new();
        let mut named: Option<Vec<String>> = None;
        for id in tree.ids() {
            let file = tree.file(id);
            let settings = classify(&file.path) == FileKind::Json && folder_of(&file.path) == service.root;
            if !settings || files::zone(&file.path) != Zone::Production || file.size > 1_000_000 {
                continue;
            }
            let Some(node) = files::read(file).ok().and_then(|text| json(&text).ok()) else { continue };
            let name = file.path.rsplit('/').next().unwrap_or(&file.path);
            let is_ocelot = node.get("Routes").or_else(|| node.get("ReRoutes")).is_some();
            if is_ocelot && is_left_over(name, named.get_or_insert_with(|| named_files(ev, &service.root))) {
                continue;
            }
            ocelot(index, id, &node, &mut out);
            files.push((id, node));
        }
        yarp(index, &files, &mut out);
    }
    out
}

/// The texts of a list, in upper case.
fn methods(list: Option<&Node>) -> Vec<String> {
    let items = list.map(Node::items).unwrap_or_default().iter();
    items.filter_map(|method| method.text().map(str::to_ascii_uppercase)).collect()
}

fn ocelot(service: usize, file: FileId, root: &Node, out: &mut Gateways) {
    let routes = root.get("Routes").or_else(|| root.get("ReRoutes"));
    for route in routes.map(Node::items).unwrap_or_default().iter().take(MAX_ROUTES) {
        let text = |key: &str| route.get(key).and_then(Node::text).unwrap_or_default().to_string();
        let methods = methods(route.get("UpstreamHttpMethod"));
        if let Some(entry) = route.entry("UpstreamPathTemplate") {
            let (place, path) = (Place::new(file, entry.value.span), text("UpstreamPathTemplate"));
            out.taken.push(Taken { service, place, methods: methods.clone(), path });
        }
        let hosts = route.get("DownstreamHostAndPorts").map(Node::items).unwrap_or_default();
        let host = hosts.first().and_then(|at| {
            let host = at.get("Host")?.text()?;
            Some(match at.get("Port").and_then(Node::text) {
                Some(port) => format!("{host}:{port}"),
                None => host.to_string(),
            })
        });
        // With service discovery the name of a service stands for its address.
        let host = host.or_else(|| route.get("ServiceName").and_then(Node::text).map(ToString::to_string));
        let Some(host) = host else { continue };
        let place = route.entry("DownstreamPathTemplate").map_or(route.span, |entry| entry.value.span);
        let (takes, path) = (text("UpstreamPathTemplate"), text("DownstreamPathTemplate"));
        // A placeholder at the end of both takes whatever follows, also nothing; one for an id is meant for one.
        let last = path.rsplit_once("/{").map(|(_, name)| name.trim_end_matches('}').to_ascii_lowercase());
        let below = takes.ends_with('}') && last.is_some_and(|name| !name.ends_with("id") && !name.contains('/'));
        let path = if below { path.rsplit_once("/{").map_or(path.as_str(), |(head, _)| head) } else { path.as_str() };
        out.proxied.push(Proxied {
            service,
            place: Place::new(file, place),
            methods,
            to: format!("http://{host}{}", holes(path)),
            takes: Some(prefix(&takes)),
            below,
        });
    }
}

/// Routes and clusters may stand in different files: those of an environment often hold nothing but addresses.
fn yarp(service: usize, files: &[(FileId, Node)], out: &mut Gateways) {
    let parts = |part: &'static str| {
        files.iter().flat_map(move |(file, root)| {
            let entries = root.at(["ReverseProxy", part]).map(Node::entries).unwrap_or_default();
            entries.into_iter().take(MAX_ROUTES).map(|entry| (*file, entry))
        })
    };
    for (file, route) in parts("Routes") {
        let Some(matched) = route.value.get("Match") else { continue };
        let Some(path) = matched.get("Path") else { continue };
        let (place, methods) = (Place::new(file, path.span), methods(matched.get("Methods")));
        let path = path.text().unwrap_or_default().to_string();
        out.taken.push(Taken { service, place, methods, path });
    }
    for (file, cluster) in parts("Clusters") {
        let takes = parts("Routes")
            .map(|(_, route)| &route.value)
            .filter(|route| route.get("ClusterId").and_then(Node::text) == Some(cluster.name()))
            .filter_map(|route| route.at(["Match", "Path"])?.text())
            .map(prefix)
            .min();
        for destination in cluster.value.get("Destinations").map(Node::entries).unwrap_or_default() {
            let Some(address) = destination.value.get("Address") else { continue };
            let Some(to) = address.text() else { continue };
            out.proxied.push(Proxied {
                service,
                place: Place::new(file, address.span),
                methods: Vec::new(),
                to: to.to_string(),
                takes: takes.clone(),
                below: false,
            });
        }
    }
}

/// `/orders/{id}` as other paths are shown: `/orders/{}`.
fn holes(template: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    for c in template.chars() {
        match c {
            '{' => {
                depth += 1;
                if depth == 1 {
                    out.push_str("{}");
                }
            }
            '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// The fixed beginning of a template, without a slash at its end: `/orders/{id}` is `/orders`.
fn prefix(template: &str) -> String {
    let fixed = template.split('{').next().unwrap_or(template).trim_matches('/');
    format!("/{fixed}")
}

/// Narrows what a gateway may answer from everything to what its routes take.
pub(super) fn narrow(
    ev: &Evaluator<'_>,
    proxied: &[Proxied],
    owner: impl Fn(Place) -> Vec<usize>,
    served: &mut Served,
) {
    let starts: Vec<Place> =
        STARTS.iter().flat_map(|name| ev.program.calls_named(name)).map(|site| ev.program.place(*site)).collect();
    let mut out = Vec::new();
    for gap in std::mem::take(&mut served.gaps) {
        let owners = owner(gap.place);
        let known: Vec<&Proxied> = proxied.iter().filter(|route| owners.contains(&route.service)).collect();
        let whole = gap.kind == GapKind::External && gap.prefix == "/" && starts.contains(&gap.place);
        if !whole || known.is_empty() || known.iter().any(|route| route.takes.is_none()) {
            out.push(gap);
            continue;
        }
        let mut prefixes: Vec<String> = known.iter().filter_map(|route| route.takes.clone()).collect();
        prefixes.sort();
        prefixes.dedup();
        out.extend(prefixes.into_iter().map(|prefix| Gap { prefix, ..gap.clone() }));
    }
    served.gaps = out;
}

/// The ports at which a project of .NET listens on this machine when it is started by hand.
/// <https://learn.microsoft.com/en-us/aspnet/core/fundamentals/environments#lsj>
pub(super) fn launch_ports(tree: &Tree, service: &Service) -> Vec<String> {
    if !service.languages.iter().any(|language| language == "csharp") {
        return Vec::new();
    }
    let path = crate::program::resolve::join(&service.root, "Properties/launchSettings.json");
    let Some(id) = tree.find(&path) else { return Vec::new() };
    let Some(node) = files::read(tree.file(id)).ok().and_then(|text| json(&text).ok()) else { return Vec::new() };
    let mut out: Vec<String> = Vec::new();
    for profile in node.get("profiles").map(Node::entries).unwrap_or_default() {
        let urls = profile.value.get("applicationUrl").and_then(Node::text).unwrap_or_default();
        for url in urls.split(';') {
            let port = url.trim_end_matches('/').rsplit(':').next().unwrap_or_default();
            if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && !out.iter().any(|known| known == port) {
                out.push(port.to_string());
            }
        }
    }
    out
}
