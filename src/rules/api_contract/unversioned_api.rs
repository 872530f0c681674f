//! `api-contract/unversioned-api`: nothing in the interface says which version it is.

use super::names;
use crate::contract::document::Document;
use crate::extract::routes::health::{conventional, is_framework_health};
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `api-contract`.
pub const RULE: Rule =
    Rule { id: "api-contract/unversioned-api", severity: Severity::Info, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut told: Vec<&[usize]> = Vec::new();
    for contract in &system.contracts.documents {
        let document = &contract.document;
        let Some(place) = document.paths_place else { continue };
        let mut paths = document.operations.iter().flat_map(|operation| contract.paths(operation));
        // Documents of others, and those of nobody, are not ours to number.
        let is_ours = !contract.services.is_empty() && contract.alignment.is_some();
        if !is_ours && !system.services.is_empty() {
            continue;
        }
        if !document.is_whole() || told.contains(&contract.services.as_slice()) || is_versioned(document) {
            continue;
        }
        if paths.any(|path| path.split('/').any(is_version)) {
            continue;
        }
        let public = |o: &&crate::contract::Operation| {
            conventional(&o.method, &o.path).is_none() && !is_framework_health(&o.path)
        };
        let Some(operation) = document.operations.iter().find(public) else { continue };
        told.push(&contract.services);
        findings.push(Finding {
            rule: RULE.id,
            severity: RULE.severity,
            confidence: Confidence::Medium,
            services: names(system, &contract.services),
            message: format!(
                "nothing in this interface says its version: neither a path such as `{}` nor a server, a header or a media type",
                operation.path
            ),
            why: "A change that breaks callers then has no place beside the old interface: all have to move at the same time".into(),
            help: format!("Put the major version in front (`/v1{}`), in `servers`, and keep it until the last caller has moved", operation.path),
            place,
            related: Vec::new(),
        });
    }
}

/// `v1`, `v2.1`, `v{version}`, `2024-05-01`.
fn is_version(segment: &str) -> bool {
    let number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) || text.starts_with('{');
    let date = segment.len() == 10
        && segment.bytes().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
    segment.strip_prefix(['v', 'V']).is_some_and(number) || segment.to_ascii_lowercase().contains("version") || date
}

/// True when a server, a parameter or a media type says the version.
fn is_versioned(document: &Document) -> bool {
    let server = document.bases.iter().any(|base| base.split('/').any(is_version));
    let root = document.library.root(document.file);
    let servers = root.and_then(|at| at.node.get("servers")).map(|node| node.items()).unwrap_or_default();
    let host =
        servers.iter().filter_map(|server| server.get("url")?.text()).any(|url| url.split(['/', '.']).any(is_version));
    let media = |name: &str| {
        let lower = name.to_ascii_lowercase();
        lower.contains("version=") || lower.contains("vnd.") && lower.split(['.', '+', ';', '-']).any(is_version)
    };
    server
        || host
        || document.operations.iter().any(|operation| {
            let bodies = operation.body.iter().flat_map(|body| &body.media);
            let mut all = bodies.chain(operation.responses.iter().flat_map(|response| &response.media));
            operation.parameters.iter().any(|p| p.name.to_ascii_lowercase().contains("version"))
                || all.any(|m| media(&m.name))
        })
}
