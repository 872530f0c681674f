//! `service-health/missing-health-endpoint`: a service answers HTTP requests, and none of its routes is
//! a health check.

use crate::extract::routes::Served;
use crate::facts::probe::ProbeKind;
use crate::rules::{Confidence, Finding, Related, Rule, Severity, Stage};
use crate::system::System;
use crate::system::health::{self, Verdict};

/// The rule.
pub const RULE: Rule =
    Rule { id: "service-health/missing-health-endpoint", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for (service, served) in system.services.iter().zip(system.served_by_service()) {
        if health::verdict(service, &served) != Verdict::Missing {
            continue;
        }
        let app =
            served.remote.first().filter(|_| served.routes.iter().all(health::is_operational)).or(served.apps.first());
        let declared = app.map(|a| a.place).or_else(|| served.routes.first().map(|r| r.place));
        let embedded = served.embedded.first();
        let Some(place) = service.place.or(declared).or(embedded.map(|e| e.place)) else { continue };
        let mut related: Vec<Related> = declared
            .filter(|p| *p != place)
            .map(|place| Related { place, message: "the HTTP server is put together here".into() })
            .into_iter()
            .collect();
        related.extend(health::probes(service).into_iter().filter_map(|(target, place)| {
            let message = match target.kind {
                ProbeKind::PortOnly => "this check only proves that a port is open",
                ProbeKind::Noop => "this check asks nothing",
                ProbeKind::Http => "this check asks for a path that is not served",
                ProbeKind::Exec | ProbeKind::Grpc => return None,
            };
            Some(Related { place, message: message.into() })
        }));
        let framework = app.map_or_else(
            || {
                served
                    .routes
                    .first()
                    .map(|r| &r.framework)
                    .or(embedded.map(|e| &e.framework))
                    .cloned()
                    .unwrap_or_default()
            },
            |a| a.framework.clone(),
        );
        findings.push(Finding {
            rule: RULE.id,
            severity: RULE.severity,
            confidence: if served.gaps.is_empty() { Confidence::High } else { Confidence::Medium },
            services: vec![service.name.clone()],
            message: match served.routes.as_slice() {
                [] if framework == "gRPC" => format!("`{}` serves gRPC without a health service", service.name),
                [] => format!("`{}` runs an HTTP server without a health endpoint", service.name),
                _ => format!("`{}` serves {} but no health endpoint", service.name, count(&served)),
            },
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
    if let Some(remote) = served.remote.first().filter(|_| served.routes.iter().all(health::is_operational)) {
        return remote.framework.clone();
    }
    let mut routes: Vec<(&str, &str)> = served.routes.iter().map(|r| (r.method.as_str(), r.path.as_str())).collect();
    routes.sort_unstable();
    routes.dedup();
    match routes.as_slice() {
        [(method, path)] => format!("`{method} {path}`"),
        many => format!("{} routes", many.len()),
    }
}

fn help(framework: &str) -> String {
    if framework == "gRPC" {
        return "Register the health service of gRPC, such as `grpc_health_v1.RegisterHealthServer(server, \
                health.NewServer())`, set it to SERVING when what the service cannot work without is there, and \
                name it in the health check of the deployment"
            .into();
    }
    let route = match framework {
        "FastAPI" | "Starlette" => "@app.get(\"/health\")",
        "Flask" | "Quart" | "Flask-RESTful" | "Flask-RESTX" => "@app.get(\"/health\")",
        "Django" => "path(\"health/\", health)",
        "NestJS" => "@Controller('health') with @HealthCheck() of @nestjs/terminus",
        "Next.js" => "app/api/health/route.ts with an exported GET",
        "aiohttp" => "app.router.add_get(\"/health\", health)",
        "Spring" => "`/actuator/health` of the dependency `spring-boot-starter-actuator`",
        "JAX-RS" => "@Path(\"health\") with a @GET method",
        "Micronaut" => "`/health` of the dependency `micronaut-management`",
        "ASP.NET Core" | "FastEndpoints" => "app.MapHealthChecks(\"/health\") after builder.Services.AddHealthChecks()",
        "Ktor" => "get(\"/health\") { call.respondText(\"ok\") }",
        "Servlet" => "@WebServlet(\"/health\")",
        "net/http" | "gorilla/mux" => "mux.HandleFunc(\"GET /healthz\", health)",
        "chi" | "fiber" => "router.Get(\"/healthz\", health)",
        "gin" | "echo" | "httprouter" => "router.GET(\"/healthz\", health)",
        "gRPC-Gateway" => "`runtime.WithHealthzEndpoint(client)` as an option of the mux",
        _ => "app.get('/health', …)",
    };
    format!(
        "Add a cheap liveness route such as {route}, a readiness route that checks what the service cannot work \
         without (its database, its broker), and name it in the health check of the deployment"
    )
}
