//! `service-health/missing-health-endpoint`: a service answers HTTP requests, and none of its routes is
//! a health check.

use super::{answered, asked};
use crate::extract::routes::health::{conventional, is_framework_health};
use crate::extract::routes::{GapKind, Served, path};
use crate::facts::probe::ProbeKind;
use crate::rules::{Confidence, Finding, Related, Rule, Severity, Stage};
use crate::system::{Service, System};

/// The rule.
pub const RULE: Rule =
    Rule { id: "service-health/missing-health-endpoint", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for (index, service) in system.services.iter().enumerate() {
        let served = system.served_by(index);
        if served.routes.is_empty() || has_health(service, &served) {
            continue;
        }
        let app = served.apps.first();
        let declared = app.map(|a| a.place).or_else(|| served.routes.first().map(|r| r.place));
        let Some(place) = service.place.or(declared) else { continue };
        let mut related: Vec<Related> = declared
            .filter(|p| *p != place)
            .map(|place| Related { place, message: "the HTTP server is put together here".into() })
            .into_iter()
            .collect();
        related.extend(service.probes.iter().filter_map(|probe| {
            let message = match probe.target.kind {
                ProbeKind::PortOnly => "this check only proves that a port is open",
                ProbeKind::Noop => "this check asks nothing",
                ProbeKind::Http => "this check asks for a path that is not served",
                ProbeKind::Exec | ProbeKind::Grpc => return None,
            };
            Some(Related { place: probe.place, message: message.into() })
        }));
        let framework = app.map_or_else(|| served.routes[0].framework.clone(), |a| a.framework.clone());
        findings.push(Finding {
            rule: RULE.id,
            severity: RULE.severity,
            confidence: if served.gaps.is_empty() { Confidence::High } else { Confidence::Medium },
            services: vec![service.name.clone()],
            message: format!("`{}` serves {} but no health endpoint", service.name, count(&served)),
            why: "Without one, the platform cannot tell a process that hangs from one that works, so it keeps \
                  sending requests to it and never restarts it"
                .into(),
            help: help(&framework),
            place,
            related,
        });
    }
}

fn count(served: &Served) -> String {
    let mut routes: Vec<(&str, &str)> = served.routes.iter().map(|r| (r.method.as_str(), r.path.as_str())).collect();
    routes.sort_unstable();
    routes.dedup();
    match routes.as_slice() {
        [(method, path)] => format!("`{method} {path}`"),
        many => format!("{} routes", many.len()),
    }
}

/// True when the service has a health check, and when that could not be decided.
fn has_health(service: &Service, served: &Served) -> bool {
    let is_health = |method: &str, path: &str| conventional(method, path).is_some() || is_framework_health(path);
    if !served.health.is_empty() || served.routes.iter().any(|r| is_health(&r.method, &r.path)) {
        return true;
    }
    // A path that a health check of the repository names is a health path when something answers it.
    let named = service.probes.iter().filter_map(|p| asked(service, &p.target));
    if named.into_iter().any(|path| answered(served, path) != Some(false)) {
        return true;
    }
    if service.probes.iter().any(|p| p.target.kind == ProbeKind::Grpc) {
        return true;
    }
    // A worker that serves its metrics is still a worker: a check of the process is its health check.
    let only_metrics = served.routes.iter().all(|r| r.path.ends_with("/metrics"));
    if only_metrics {
        return true;
    }
    let unread = served.routes.iter().any(|r| r.partial)
        || served.gaps.iter().any(|g| match g.kind {
            GapKind::Unresolved => true,
            GapKind::External => g.prefix == "/" || conventional("GET", &g.prefix).is_some(),
            GapKind::Files => false,
        });
    // A route that answers everything answers a health check too, though not a meaningful one.
    let proxy = served.routes.iter().all(|r| path::matches(&r.path, "/some/path/of/no/meaning"));
    unread || proxy
}

fn help(framework: &str) -> String {
    let route = match framework {
        "FastAPI" | "Starlette" => "@app.get(\"/health\")",
        "Flask" | "Quart" | "Flask-RESTful" | "Flask-RESTX" => "@app.get(\"/health\")",
        "Django" => "path(\"health/\", health)",
        "NestJS" => "@Controller('health') with @HealthCheck() of @nestjs/terminus",
        "Next.js" => "app/api/health/route.ts with an exported GET",
        "aiohttp" => "app.router.add_get(\"/health\", health)",
        _ => "app.get('/health', …)",
    };
    format!(
        "Add a cheap liveness route such as {route}, a readiness route that checks what the service cannot work \
         without (its database, its broker), and name it in the health check of the deployment"
    )
}
