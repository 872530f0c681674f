//! `api-contract/missing-openapi`: a service answers requests, and no document says which.

use super::interface;
use crate::contract::template::Template;
use crate::extract::routes::Route;
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;
use crate::system::services::ServiceKind;

/// See the skill `api-contract`.
pub const RULE: Rule =
    Rule { id: "api-contract/missing-openapi", severity: Severity::Info, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    // Where no other service has one, that is a decision, and none that a finding for each service changes.
    let are_kept = system.contracts.documents.iter().any(|contract| contract.alignment.is_some());
    if !are_kept || !system.contracts.unread.is_empty() {
        return;
    }
    let mut seen: Vec<&str> = Vec::new();
    for (index, (service, served)) in system.services.iter().zip(system.served_by_service()).enumerate() {
        let routes: Vec<&Route> = interface(&served).filter(|route| !route.partial).collect();
        let is_server =
            matches!(service.kind, ServiceKind::Http | ServiceKind::Gateway) && service.repository.is_none();
        if !is_server || routes.is_empty() || has_document(system, index, &routes) {
            continue;
        }
        // Processes of one code base answer the same.
        if seen.contains(&service.code_base.as_str()) {
            continue;
        }
        seen.push(service.code_base.as_str());
        let app = served.apps.first().map(|app| app.place);
        let Some(place) = app.or(service.place).or(routes.first().map(|route| route.place)) else { continue };
        let mut paths: Vec<String> = routes.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
        paths.sort_unstable();
        paths.dedup();
        let number = match paths.as_slice() {
            [only] => format!("`{only}`"),
            many => format!("{} routes", many.len()),
        };
        findings.push(Finding {
            rule: RULE.id,
            severity: RULE.severity,
            confidence: Confidence::High,
            services: vec![service.name.clone()],
            message: format!("`{}` serves {number} and has no OpenAPI document", service.name),
            why: "Those who call it can only guess, and nobody sees in a review that a change breaks them".into(),
            help: help(&routes[0].framework, &service.name),
            place,
            related: Vec::new(),
        });
    }
}

/// True when a document may describe the service, be it that of several.
fn has_document(system: &System, service: usize, routes: &[&Route]) -> bool {
    let of_base = |other: &usize| {
        system.services.get(*other).map(|s| s.code_base.as_str())
            == system.services.get(service).map(|s| s.code_base.as_str())
    };
    let own = system.contracts.documents.iter().any(|contract| contract.services.iter().any(of_base));
    let broken =
        system.contracts.broken.iter().any(|(_, _, services)| services.is_empty() || services.iter().any(of_base));
    let shared = || {
        system.contracts.documents.iter().filter(|contract| contract.services.is_empty()).any(|contract| {
            contract.document.operations.iter().any(|operation| {
                let templates = contract.templates(operation);
                routes.iter().any(|route| templates.iter().any(|t| Template::offered(&route.path).is_same(t)))
            })
        })
    };
    own || broken || shared()
}

fn help(framework: &str, service: &str) -> String {
    let file = format!("docs/openapi/{service}.json");
    match framework {
        "FastAPI" => format!(
            "Write what FastAPI makes of the code to `{file}` (`json.dump(app.openapi(), file)`), commit it, and let CI \
             fail when it differs"
        ),
        "NestJS" => format!(
            "Write what `SwaggerModule.createDocument` makes to `{file}`, commit it, and let CI fail when it differs"
        ),
        "Spring" => format!("Write what springdoc serves at `/v3/api-docs` to `{file}` in a test, and commit it"),
        "ASP.NET Core" => {
            format!("Let the build write it (`Microsoft.Extensions.ApiDescription.Server`) to `{file}`, and commit it")
        }
        _ => format!("Describe them in `{file}` and commit it with each change of a route"),
    }
}
