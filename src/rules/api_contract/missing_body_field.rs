//! `api-contract/missing-body-field`: a request whose body lacks a field that the operation requires.

use super::{asked, listed, meant, sent};
use crate::contract::Operation;
use crate::contract::document::{Body, schema};
use crate::extract::http::SentBody;
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::syntax::Place;
use crate::system::System;
use crate::system::contracts::Contract;

/// See the skill `api-contract`.
pub const RULE: Rule =
    Rule { id: "api-contract/missing-body-field", severity: Severity::Error, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let sent = sent(system);
    for asked in asked(system) {
        let Some(sent) = sent.get(&asked.place) else { continue };
        let meant = meant(system, &asked);
        let bodies: Vec<(&Contract, &Body)> = meant.iter().filter_map(|(c, o)| Some((*c, o.body.as_ref()?))).collect();
        if bodies.is_empty() || bodies.len() < meant.len() || meant.iter().any(|(_, operation)| operation.partial) {
            continue;
        }
        let service = &system.services[asked.to].name;
        let told = asked.told();
        let (message, related, help) = match &sent.body {
            SentBody::Unknown => continue,
            SentBody::Nothing => {
                if !bodies.iter().all(|(_, body)| body.required) {
                    continue;
                }
                let (_, body) = bodies[0];
                let related = (body.place, "the body is required here".to_owned());
                (
                    format!("`{told}` to `{service}` sends no body, which is required"),
                    related,
                    "Send the body that the document describes".to_owned(),
                )
            }
            SentBody::Fields(fields) => {
                // In every document that describes it.
                let mut missing: Option<Vec<(String, Place)>> = None;
                for (contract, operation) in &meant {
                    let required = required(contract, operation);
                    let absent: Vec<(String, Place)> =
                        required.into_iter().filter(|(name, _)| !fields.iter().any(|field| field == name)).collect();
                    missing = Some(match missing {
                        None => absent,
                        Some(known) => known.into_iter().filter(|(n, _)| absent.iter().any(|(m, _)| m == n)).collect(),
                    });
                }
                let missing = missing.unwrap_or_default();
                let Some((name, place)) = missing.first() else { continue };
                let verb = if missing.len() == 1 { "which is required" } else { "which are required" };
                let names = listed(missing.iter().map(|(name, _)| name.as_str()));
                let has = match fields.as_slice() {
                    [] => "an empty body".to_owned(),
                    _ => format!("a body with {}", listed(fields.iter().map(String::as_str))),
                };
                let near = crate::suggest::nearest(name, fields.iter().map(String::as_str));
                let help = match near {
                    Some(near) => format!("Send `{name}`; `{near}` is not what the document calls it"),
                    None => format!("Send `{name}`, or make it optional for everybody"),
                };
                (
                    format!("`{told}` to `{service}` sends {has}, without {names}, {verb}"),
                    (*place, format!("`{name}` is required here")),
                    help,
                )
            }
        };
        findings.push(
            Finding {
                rule: RULE.id,
                severity: RULE.severity,
                confidence: Confidence::High,
                services: asked.from.clone(),
                message,
                why: "The request is answered with 400 or 422, whatever else it carries".into(),
                help,
                place: asked.place,
                related: Vec::new(),
            }
            .also(related.0, related.1),
        );
    }
}

/// The fields that every JSON body of an operation has to have.
fn required(contract: &Contract, operation: &Operation) -> Vec<(String, Place)> {
    let media = operation.body.iter().flat_map(|body| &body.media);
    let is_json = |name: &str| name.contains("json") || name == "*/*";
    let schemas: Vec<_> = media.collect();
    // A form may be what is sent.
    if schemas.is_empty() || schemas.iter().any(|media| !is_json(&media.name)) {
        return Vec::new();
    }
    let mut found: Option<Vec<(String, Place)>> = None;
    for media in schemas {
        let library = &contract.document.library;
        let object = media.schema.as_ref().and_then(|schema| schema::sent(library, schema.at()));
        let required = object.map(|object| object.required).unwrap_or_default();
        found = Some(match found {
            None => required,
            Some(known) => known.into_iter().filter(|(n, _)| required.iter().any(|(m, _)| m == n)).collect(),
        });
    }
    found.unwrap_or_default()
}
