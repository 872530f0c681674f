//! `api-contract/missing-parameter`: a request without a query parameter that the operation requires.

use super::{asked, listed, meant, sent};
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `api-contract`.
pub const RULE: Rule =
    Rule { id: "api-contract/missing-parameter", severity: Severity::Error, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let sent = sent(system);
    for asked in asked(system) {
        let Some(query) = sent.get(&asked.place).and_then(|sent| sent.query.as_ref()) else { continue };
        let meant = meant(system, &asked);
        let Some((_, operation)) = meant.first() else { continue };
        let is_missing = |name: &str| {
            !query.iter().any(|sent| sent == name)
                && meant.iter().all(|(_, operation)| {
                    let own = operation.parameters.iter().find(|p| p.location == "query" && p.name == name);
                    own.is_some_and(|p| p.required && !has_default(p))
                })
        };
        let missing: Vec<_> =
            operation.parameters.iter().filter(|p| p.location == "query" && is_missing(&p.name)).collect();
        let Some(first) = missing.first() else { continue };
        let names = listed(missing.iter().map(|parameter| parameter.name.as_str()));
        let verb = if missing.len() == 1 { "which is required" } else { "which are required" };
        let service = &system.services[asked.to].name;
        findings.push(
            Finding {
                rule: RULE.id,
                severity: RULE.severity,
                confidence: Confidence::High,
                services: asked.from.clone(),
                message: format!("`{}` to `{service}` sends no query parameter {names}, {verb}", asked.told()),
                why: "The request is answered with 400 or 422, whatever else it carries".into(),
                help: format!("Send `?{}=…`, or make it optional for everybody", first.name),
                place: asked.place,
                related: Vec::new(),
            }
            .also(first.place, format!("`{}` is required here", first.name)),
        );
    }
}

/// What has a default need not be sent, whatever else the document says.
fn has_default(parameter: &crate::contract::document::Parameter) -> bool {
    parameter.schema.as_ref().is_some_and(|schema| schema.node.get("default").is_some())
}
