//! The rules of the skill `service-health`.

pub mod missing_health_endpoint;
pub mod probe_without_route;

use crate::extract::routes::{GapKind, Route, Served, path};
use crate::facts::probe::{ProbeKind, ProbeTarget};
use crate::system::Service;

/// True when a GET request for a path reaches a route.
fn answers(route: &Route, wanted: &str) -> bool {
    matches!(route.method.as_str(), "GET" | "HEAD" | "ANY") && path::matches(&route.path, wanted)
}

/// Whether something answers a path: yes, no, or not known.
fn answered(served: &Served, wanted: &str) -> Option<bool> {
    if served.routes.iter().any(|r| answers(r, wanted)) {
        return Some(true);
    }
    let partial = served.routes.iter().any(|r| r.partial);
    let covered = served.gaps.iter().any(|g| g.kind == GapKind::Unresolved || path::under(wanted, &g.prefix));
    // Next.js answers with pages, which are files of another kind than its route handlers.
    let page = served.routes.iter().any(|r| r.framework == "Next.js") && !path::under(wanted, "/api");
    if partial || covered || page { None } else { Some(false) }
}

/// The path of its own server that a health check of a service asks for.
fn asked<'p>(service: &Service, target: &'p ProbeTarget) -> Option<&'p str> {
    let own = target.is_local() || target.host.as_deref() == Some(service.name.as_str());
    if target.kind == ProbeKind::Http && own { target.path.as_deref() } else { None }
}
