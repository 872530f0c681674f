//! `service-health/probe-without-route`: a health check asks a service for a path that no route of it
//! answers, so the service is never healthy.

use crate::extract::routes::health::conventional;
use crate::rules::{Confidence, Finding, Related, Rule, Severity, Stage};
use crate::system::System;
use crate::system::health::{answered, asked, probes};

/// The rule.
pub const RULE: Rule =
    Rule { id: "service-health/probe-without-route", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for (service, served) in system.services.iter().zip(system.served_by_service()) {
        if service.probes.is_empty() || served.routes.is_empty() {
            continue;
        }
        for (target, place) in probes(service) {
            let Some(path) = asked(service, &target) else { continue };
            if answered(&served, path) != Some(false) {
                continue;
            }
            let other = served.routes.iter().find(|r| conventional(&r.method, &r.path).is_some());
            let by_method = served.routes.iter().find(|r| crate::extract::routes::path::matches(&r.path, path));
            let (help, related) = match (by_method, other) {
                (Some(route), _) => (
                    format!("Answer GET requests there too; it is registered for {} only", route.method),
                    Some((route, "this route has the path but not the method")),
                ),
                (None, Some(route)) => (
                    format!("Ask for `{}`, or serve `{path}`", route.path),
                    Some((route, "this is the health check that the service answers")),
                ),
                (None, None) => (format!("Add a route for `GET {path}`, or ask for one that exists"), None),
            };
            findings.push(Finding {
                rule: RULE.id,
                severity: RULE.severity,
                confidence: if served.gaps.is_empty() { Confidence::High } else { Confidence::Medium },
                services: vec![service.name.clone()],
                message: format!("the health check asks `{}` for `{path}`, which it does not serve", service.name),
                why: "The check fails for ever: the service counts as unhealthy, whatever waits for it never \
                      starts, and an orchestrator restarts it again and again"
                    .into(),
                help,
                place,
                related: related
                    .map(|(route, message)| Related { place: route.place, message: message.into() })
                    .into_iter()
                    .collect(),
            });
        }
    }
}
