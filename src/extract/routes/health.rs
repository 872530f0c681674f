//! What answers health checks: conventional paths, health libraries, gRPC health services.

use super::path::join;
use super::source;
use super::{App, InScope, Route, Served};
use crate::facts::module::Language;
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Place;

/// A health service that is no route.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthEvidence {
    /// Where it is registered.
    pub place: Place,
    /// The module it stands in.
    pub unit: UnitId,
    /// What it is.
    pub kind: HealthKind,
}

/// See [`HealthEvidence::kind`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthKind {
    /// `grpc.health.v1.Health`.
    Grpc,
    /// A dependency that serves a health route without code of ours; its path, where it is known.
    Dependency(Option<String>),
}

/// How sure a path is about being a health check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthPath {
    /// Nothing else is called so: `/health`, `/healthz`, `/livez`.
    Strong,
    /// Only directly under the prefixes that whole APIs have, since domain objects have a status too:
    /// `/status`, `/ping`, `/ready`.
    Weak,
}

const STRONG: [&str; 12] = [
    "health",
    "healthz",
    "healthy",
    "healthcheck",
    "health-check",
    "health_check",
    "health-status",
    "livez",
    "readyz",
    "startupz",
    "liveness",
    "readiness",
];
const WEAK: [&str; 10] = ["live", "alive", "ready", "startup", "started", "status", "up", "ping", "ht", "hc"];
/// What may stand behind `/health`.
const PARTS: [&str; 12] = [
    "live",
    "liveness",
    "ready",
    "readiness",
    "started",
    "startup",
    "check",
    "status",
    "livez",
    "readyz",
    "ping",
    "heartbeat",
];

/// Whether a route is a health check by its path and method.
pub fn conventional(method: &str, path: &str) -> Option<HealthPath> {
    if !matches!(method, "GET" | "HEAD" | "ANY") || path.contains('{') {
        return None;
    }
    let segments: Vec<String> = path
        .split('/')
        .filter(|s| !s.is_empty())
        .map(|s| s.trim_start_matches(['_', '-']).trim_end_matches('_').to_ascii_lowercase())
        .collect();
    let last = segments.iter().rposition(|s| !s.is_empty())?;
    let name = segments.get(last)?.as_str();
    let before = segments.get(..last).unwrap_or_default();
    if STRONG.contains(&name) {
        return Some(HealthPath::Strong);
    }
    if PARTS.contains(&name) && before.last().is_some_and(|s| STRONG.contains(&s.as_str()) || s == "system") {
        return Some(HealthPath::Strong);
    }
    if (WEAK.contains(&name) || name == "heartbeat") && before.iter().all(|s| is_api_prefix(s)) {
        return Some(HealthPath::Weak);
    }
    None
}

/// Whether a route of which only the end of the path is known may be a health check.
pub fn may_be(method: &str, path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or("");
    let name = last.trim_matches(['_', '-']).to_ascii_lowercase();
    let name = name.as_str();
    matches!(method, "GET" | "HEAD" | "ANY")
        && (name.is_empty()
            || name.contains(['{', '*'])
            || name == "heartbeat"
            || STRONG.contains(&name)
            || WEAK.contains(&name)
            || PARTS.contains(&name))
}

/// `api`, `v1`, `internal` and the like: prefixes of a whole API, not of a domain object.
fn is_api_prefix(segment: &str) -> bool {
    let version = segment.strip_prefix('v').is_some_and(|n| n.chars().all(|c| c.is_ascii_digit() || c == '.'));
    version
        || segment.is_empty()
        || ["api", "apis", "rest", "internal", "public", "actuator", "manage", "management", "system", "probe"]
            .contains(&segment)
}

/// Adds what health libraries serve.
pub(super) fn libraries(ev: &Evaluator<'_>, in_scope: &InScope<'_>, served: &mut Served) {
    let grpc = |served: &mut Served, site: Site| {
        served.health.push(HealthEvidence { place: ev.program.place(site), unit: site.unit, kind: HealthKind::Grpc });
    };
    for &site in ev.program.calls_named("add_HealthServicer_to_server") {
        if in_scope(site.unit) {
            grpc(served, site);
        }
    }
    for &site in ev.program.calls_named("RegisterHealthServer") {
        let symbol = ev.callee(site).map(|(symbol, _)| symbol);
        if in_scope(site.unit) && symbol.is_some_and(|s| s.starts_with("google.golang.org/grpc/health/")) {
            grpc(served, site);
        }
    }
    // go-zero registers the service by itself: <https://go-zero.dev/en/docs/tutorials/grpc/server/configuration>.
    for name in ["MustNewServer", "NewServer"] {
        for &site in ev.program.calls_named(name) {
            let symbol = ev.callee(site).map(|(symbol, _)| symbol);
            if in_scope(site.unit) && symbol.is_some_and(|s| s.starts_with("github.com/zeromicro/go-zero/zrpc.")) {
                grpc(served, site);
            }
        }
    }
    for name in ["HealthImplementation", "addService"] {
        for &site in ev.program.calls_named(name) {
            if in_scope(site.unit) && ev.program.language(site.unit) != Language::Python && grpc_node(ev, site, name) {
                grpc(served, site);
            }
        }
    }
    for &site in ev.program.calls_named("createTerminus") {
        if in_scope(site.unit) && package(ev, site).is_some_and(|p| p == "@godaddy/terminus") {
            terminus(ev, site, served);
        }
    }
    for &site in ev.program.calls_named("register") {
        if in_scope(site.unit) {
            fastify(ev, site, served);
        }
    }
    for &site in ev.program.calls_named("ApolloServer") {
        if in_scope(site.unit) {
            apollo(ev, site, served);
        }
    }
}

fn package(ev: &Evaluator<'_>, site: Site) -> Option<String> {
    let (symbol, _) = ev.callee(site)?;
    ev.catalog.split(ev.program.language(site.unit), &symbol).and_then(|(l, _)| l.packages.first().cloned())
}

/// `new HealthImplementation(…)` of grpc-health-check; `server.addService(health.service, …)` with a
/// service of a package that names health.
fn grpc_node(ev: &Evaluator<'_>, site: Site, name: &str) -> bool {
    let symbol = ev.callee(site).map(|(symbol, _)| symbol);
    match name {
        "HealthImplementation" => symbol.is_some_and(|s| s.starts_with("grpc-health-check.")),
        "addService" => source::find(ev, site, &["0".to_string()]).first().is_some_and(|s| {
            let value = ev.eval(*s);
            match &value {
                Value::External(s) => s.starts_with("grpc-health-check") || s.contains("grpc.health.v1"),
                Value::Method { symbol, .. } => {
                    symbol.starts_with("grpc-health-check") || symbol.contains("grpc.health.v1")
                }
                _ => false,
            }
        }),
        _ => false,
    }
}

/// `createTerminus(server, { healthChecks: { "/healthcheck": check } })`
fn terminus(ev: &Evaluator<'_>, site: Site, served: &mut Served) {
    let Some(checks) = source::find(ev, site, &["1.healthChecks".to_string()]).into_iter().next() else { return };
    let app = source::find(ev, site, &["0".to_string()]).first().and_then(|server| app_of(ev, *server, served));
    for (path, place) in source::entries(ev, checks) {
        if path.starts_with('/') {
            served.routes.push(Route {
                unrooted: false,
                place: ev.program.place(place),
                unit: place.unit,
                method: "GET".into(),
                path: join("/", &path),
                framework: "@godaddy/terminus".into(),
                handler: None,
                app: app.clone(),
                partial: false,
            });
        }
    }
}

/// The application that `http.createServer(app)` wraps, or the application itself.
fn app_of(ev: &Evaluator<'_>, server: Site, served: &Served) -> Option<App> {
    let value = ev.eval(server);
    let call = value.instance()?.call?;
    let known = |site: Site| served.apps.iter().find(|a| a.site == site).cloned();
    known(call).or_else(|| {
        let inner = source::find(ev, call, &["0".to_string()]).into_iter().next()?;
        known(ev.eval(inner).instance()?.call?)
    })
}

/// Plugins of Fastify that serve a route when they are told to.
fn fastify(ev: &Evaluator<'_>, site: Site, served: &mut Served) {
    let Some(plugin) = source::find(ev, site, &["0".to_string()]).into_iter().next() else { return };
    let Value::External(symbol) = ev.eval(plugin) else { return };
    let path = match ev.catalog.split(ev.program.language(site.unit), &symbol).map(|(l, _)| l.packages[0].as_str()) {
        Some("@fastify/under-pressure") => {
            let option = source::find(ev, site, &["1.exposeStatusRoute".to_string()]).into_iter().next();
            match option.map(|s| ev.eval(s)) {
                Some(Value::Bool(true)) => "/status".to_string(),
                Some(Value::Str(text)) => text.pattern(),
                Some(Value::Dict(dict)) => {
                    dict.get("url").and_then(|s| ev.eval(s).as_str()).unwrap_or_else(|| "/status".into())
                }
                _ => return,
            }
        }
        Some("fastify-healthcheck") => source::find(ev, site, &["1.healthcheckUrl".to_string()])
            .first()
            .and_then(|s| ev.eval(*s).as_str())
            .unwrap_or_else(|| "/health".into()),
        _ => return,
    };
    // The plugins break out of the encapsulation: the prefix of the registration does not apply.
    let app = ev.callee(site).and_then(|(_, receiver)| {
        let call = receiver?.call?;
        served.apps.iter().find(|a| a.site == call).cloned()
    });
    served.routes.push(Route {
        unrooted: false,
        place: ev.program.place(site),
        unit: site.unit,
        method: "GET".into(),
        path: join("/", &path),
        framework: "Fastify".into(),
        handler: None,
        app,
        partial: false,
    });
}

/// Apollo Server 2 and 3 serve `/.well-known/apollo/server-health` unless told not to; 4 does not.
fn apollo(ev: &Evaluator<'_>, site: Site, served: &mut Served) {
    let Some((symbol, _)) = ev.callee(site) else { return };
    let Some(package) = symbol.strip_suffix(".ApolloServer") else { return };
    if package != "apollo-server" && !package.starts_with("apollo-server-") {
        return;
    }
    let app = App { place: ev.program.place(site), unit: site.unit, site, framework: "Apollo Server".into() };
    // The package without a suffix listens by itself, at `/`; the others add to a framework's application.
    let standalone = package == "apollo-server";
    let mut push = |method: &str, path: &str| {
        served.routes.push(Route {
            unrooted: false,
            place: app.place,
            unit: site.unit,
            method: method.into(),
            path: path.into(),
            framework: app.framework.clone(),
            handler: None,
            app: standalone.then(|| app.clone()),
            partial: false,
        });
    };
    push("POST", if standalone { "/" } else { "/graphql" });
    push("GET", "/.well-known/apollo/server-health");
    if standalone {
        served.apps.push(app);
    }
}

/// True for a path that only a health check of a framework has.
pub fn is_framework_health(path: &str) -> bool {
    path == "/.well-known/apollo/server-health"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conventional_paths() {
        let strong = [
            "/health",
            "/healthz",
            "/api/v1/health",
            "/health/live",
            "/Health/Ready",
            "/orders/health",
            "/_health",
            "/-/healthy",
            "/__health__",
            "/livez",
            "/api/health/readiness",
        ];
        for path in strong {
            assert_eq!(conventional("GET", path), Some(HealthPath::Strong), "{path}");
        }
        for path in ["/ping", "/status", "/api/v1/ping", "/v1/ready", "/up", "/-/ready", "/live"] {
            assert_eq!(conventional("GET", path), Some(HealthPath::Weak), "{path}");
        }
        let none = ["/", "/metrics", "/orders/status", "/orders/{id}/status", "/users/{id}/health", "/games/live"];
        for path in none {
            assert_eq!(conventional("GET", path), None, "{path}");
        }
        assert_eq!(conventional("POST", "/health"), None);
    }
}
