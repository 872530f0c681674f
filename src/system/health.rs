//! Whether each service answers a health check.

use super::System;
use super::map::{Endpoint, Health};
use super::services::{Service, ServiceKind, starts_worker, works};
use crate::extract::routes::health::{conventional, is_framework_health, may_be};
use crate::extract::routes::{Gap, GapKind, HealthKind, HealthPath, Route, Served, path};
use crate::facts::probe::{ProbeKind, ProbeTarget};

/// What is known about the health check of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It answers one; the path, where it is an HTTP path.
    Present(Option<String>),
    /// It answers HTTP requests, and none of its routes is a health check.
    Missing,
    /// It answers no HTTP requests, or is nothing that has to.
    NotApplicable,
    /// Not everything that it answers could be read.
    Unknown,
}

impl Verdict {
    /// The name in output.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Present(_) => "present",
            Verdict::Missing => "missing",
            Verdict::NotApplicable => "not-applicable",
            Verdict::Unknown => "unknown",
        }
    }
}

/// The health checks of a service, read.
pub fn probes(service: &Service) -> Vec<(ProbeTarget, crate::syntax::Place)> {
    service.probes.iter().map(|p| (p.target.clone(), p.place)).collect()
}

/// The path of its own server that a health check of a service asks for.
pub fn asked<'p>(service: &Service, target: &'p ProbeTarget) -> Option<&'p str> {
    let names_it = |host: &str| host == service.name || service.host_names.iter().any(|n| n == host);
    let own = target.is_local() || target.host.as_deref().is_some_and(names_it);
    if target.kind == ProbeKind::Http && own { target.path.as_deref() } else { None }
}

/// True when a GET request for a path reaches a route.
pub fn answers(route: &Route, wanted: &str) -> bool {
    matches!(route.method.as_str(), "GET" | "HEAD" | "ANY") && path::matches(&route.path, wanted)
}

/// Whether something answers a path: yes, no, or not known.
pub fn answered(served: &Served, wanted: &str) -> Option<bool> {
    if served.routes.iter().any(|r| answers(r, wanted)) {
        return Some(true);
    }
    // A dependency that serves health routes (Actuator, SmallRye) is configured in many ways.
    if served.health.iter().any(|health| matches!(health.kind, HealthKind::Dependency(_))) {
        return None;
    }
    let partial = served.routes.iter().any(|r| r.partial);
    let covered = served.gaps.iter().any(|g| g.kind == GapKind::Unresolved || path::under(wanted, &g.prefix));
    // Next.js answers with pages, which are files of another kind than its route handlers.
    let page = served.routes.iter().any(|r| r.framework == "Next.js") && !path::under(wanted, "/api");
    if partial || covered || page { None } else { Some(false) }
}

/// True for a route that shows how the process does, and is no part of what the service is for.
pub fn is_operational(route: &Route) -> bool {
    route.path.ends_with("/metrics") || path::under(&route.path, "/debug")
}

/// Whether a service answers a health check.
pub fn verdict(service: &Service, served: &Served) -> Verdict {
    let is_health = |r: &&Route| conventional(&r.method, &r.path).is_some() || is_framework_health(&r.path);
    // The plainest path is the one to name.
    let plain = |r: &&Route| {
        let weak = conventional(&r.method, &r.path) != Some(HealthPath::Strong);
        (r.partial, weak, r.path.len(), r.path.clone())
    };
    if let Some(route) = served.routes.iter().filter(is_health).min_by_key(plain) {
        return Verdict::Present(Some(route.path.clone()));
    }
    let probes = probes(service);
    if !served.health.is_empty() || probes.iter().any(|(p, _)| p.kind == ProbeKind::Grpc) {
        let path = served.health.iter().find_map(|h| match &h.kind {
            HealthKind::Dependency(path) => path.clone(),
            HealthKind::Grpc => None,
        });
        return Verdict::Present(path);
    }
    // A path that a health check of the repository names is a health path when something answers it.
    for (target, _) in &probes {
        if let Some(path) = asked(service, target)
            && !served.routes.is_empty()
        {
            match answered(served, path) {
                Some(true) => return Verdict::Present(Some(path.to_string())),
                None => return Verdict::Unknown,
                Some(false) => {}
            }
        }
    }
    let unresolved = served.gaps.iter().any(|g| g.kind == GapKind::Unresolved);
    let is_server = !matches!(service.kind, ServiceKind::Job | ServiceKind::Infrastructure);
    if is_server && !served.remote.is_empty() && served.routes.iter().all(is_operational) && !unresolved {
        return Verdict::Missing;
    }
    // A worker that serves its metrics is still a worker: a check of the process is its health check.
    if served.routes.iter().all(is_operational) && served.embedded.is_empty() {
        if only_passes_on(service, served) {
            return Verdict::Missing;
        }
        return match service.kind {
            ServiceKind::Worker if probes.iter().any(|(p, _)| p.kind == ProbeKind::Exec) => Verdict::Present(None),
            ServiceKind::Http | ServiceKind::Gateway | ServiceKind::Grpc => Verdict::Unknown,
            _ => Verdict::NotApplicable,
        };
    }
    let files = served.gaps.iter().any(|g| g.kind == GapKind::Files && g.prefix == "/");
    match service.kind {
        ServiceKind::Job | ServiceKind::Infrastructure => return Verdict::NotApplicable,
        // It shares the code of the routes with the server, and starts none.
        ServiceKind::Worker if starts_worker(&service.command) || starts_no_server(service, served) => {
            return Verdict::NotApplicable;
        }
        ServiceKind::Frontend if files => return Verdict::NotApplicable,
        // A site: its first page answers whoever asks whether it is there.
        _ if files && !has_api(served) => return Verdict::Unknown,
        _ => {}
    }
    // Of a path with an unknown prefix the end is known, where an application is.
    let is_open = |r: &Route| r.partial && (may_be(&r.method, &r.path) || (r.app.is_none() && served.apps.is_empty()));
    let unread = served.routes.iter().any(is_open)
        || stands_at_the_root(served)
        || served.gaps.iter().any(|g| match g.kind {
            GapKind::Unresolved => true,
            GapKind::External => g.prefix == "/" || conventional("GET", &g.prefix).is_some(),
            GapKind::Files | GapKind::Pages => false,
        });
    // A route that answers everything answers a health check too, though not a meaningful one.
    let all = |r: &Route| path::matches(&r.path, "/some/path/of/no/meaning");
    let everything = !served.routes.is_empty() && served.routes.iter().all(all);
    if unread || everything { Verdict::Unknown } else { Verdict::Missing }
}

/// True when a route is called `status` or the like right below the prefix that all routes share: there it may
/// tell how the service is, or how what the service is about is.
fn stands_at_the_root(served: &Served) -> bool {
    let read = served.routes.iter().filter(|r| !r.partial && !is_operational(r));
    let routes: Vec<(&str, Vec<&str>)> = read.map(|r| (r.method.as_str(), r.path.split('/').collect())).collect();
    let Some(((_, first), others)) = routes.split_first() else { return false };
    let alike = |a: &[&str], b: &[&str]| a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let shared = others.iter().fold(first.len() - 1, |shared, (_, path)| shared.min(alike(first, path)));
    let is_health = |(method, path): &(&str, Vec<&str>)| {
        conventional(method, &path.get(shared..).unwrap_or_default().join("/")).is_some()
    };
    !others.is_empty() && shared > 1 && routes.iter().any(is_health)
}

/// True when the files that a worker starts make no application that serves, and it publishes no port: the
/// code of the routes belongs to another process of the same folder.
fn starts_no_server(service: &Service, served: &Served) -> bool {
    let in_entry = |place: crate::syntax::Place| service.entries.contains(&place.file);
    !service.entries.is_empty()
        && service.published_ports.is_empty()
        && !served.apps.iter().any(|app| in_entry(app.place))
        && !served.routes.iter().any(|route| in_entry(route.place))
}

/// True for a server that passes on what it is asked below some paths, and answers nothing itself.
fn only_passes_on(service: &Service, served: &Served) -> bool {
    let is_narrow =
        |gap: &Gap| gap.kind == GapKind::External && gap.prefix != "/" && conventional("GET", &gap.prefix).is_none();
    let is_server = service.kind == ServiceKind::Gateway || service.kind == ServiceKind::Http;
    is_server
        && !served.apps.is_empty()
        && served.routes.is_empty()
        && !served.gaps.is_empty()
        && served.gaps.iter().all(is_narrow)
}

/// True for a service that answers more than the pages of a site: a route that changes something, or one of
/// several paths below which data is asked for.
fn has_api(served: &Served) -> bool {
    let all = |r: &Route| path::matches(&r.path, "/some/path/of/no/meaning");
    let data = |r: &&Route| r.path != "/" && !all(r) && !is_operational(r);
    served.routes.iter().filter(data).any(|r| !matches!(r.method.as_str(), "GET" | "HEAD" | "ANY"))
}

/// Calls a service that answers requests by that name, where its entry point alone did not show that it does.
pub(super) fn correct_kinds(system: &mut System) {
    let served = system.served_by_service();
    for (service, served) in system.services.iter_mut().zip(&served) {
        let answers = !served.routes.iter().all(is_operational) && !starts_no_server(service, served);
        if service.kind == ServiceKind::Worker && answers && !works(&service.command) {
            service.kind = ServiceKind::Http;
        }
    }
}

/// The verdicts of all services, for the map.
pub(super) fn all(system: &System) -> Vec<(String, Health)> {
    let services = system.services.iter().zip(system.served_by_service());
    services
        .map(|(service, served)| {
            let verdict = verdict(service, &served);
            let path = match &verdict {
                Verdict::Present(path) => path.clone(),
                _ => None,
            };
            (service.name.clone(), Health { verdict: verdict.name().to_string(), path })
        })
        .collect()
}

/// The routes, for the map. One belongs to the services that run its code, and of these to those that hold
/// its application when it is known which do.
pub(super) fn endpoints(system: &System) -> Vec<Endpoint> {
    let endpoint = |r: &Route| {
        let mut services = system.services_at(r.place);
        let of_app = r.app.as_ref().map(|app| system.services_at(app.place)).unwrap_or_default();
        if services.iter().any(|s| of_app.contains(s)) {
            services.retain(|s| of_app.contains(s));
        } else if services.is_empty() {
            services = of_app;
        }
        Endpoint {
            method: if r.method == "ANY" { "*".into() } else { r.method.clone() },
            path: r.path.clone(),
            place: r.place,
            services,
        }
    };
    let mut out: Vec<Endpoint> = system.served.routes.iter().map(endpoint).collect();
    out.sort();
    out.dedup();
    out
}
