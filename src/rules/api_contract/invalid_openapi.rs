//! `api-contract/invalid-openapi`: a document breaks the OpenAPI specification.

use std::collections::BTreeSet;

use super::names;
use crate::contract::document::Fault;
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `api-contract`.
pub const RULE: Rule =
    Rule { id: "api-contract/invalid-openapi", severity: Severity::Error, stage: Stage::Stable, check };

/// Documents with more have one fault at the root of all.
const MAX: usize = 20;

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut told = Vec::new();
    for contract in &system.contracts.documents {
        let services = names(system, &contract.services);
        let document = &contract.document;
        let faults = &document.faults;
        // Generators write a document twice, as JSON and as YAML.
        let messages: BTreeSet<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
        let key = (&document.title, &document.paths, messages);
        if told.contains(&key) {
            continue;
        }
        told.push(key);
        for fault in faults.iter().take(MAX) {
            findings.push(finding(fault, services.clone()));
        }
        if let Some(last) = findings.last_mut().filter(|_| faults.len() > MAX) {
            last.message = format!("{} (and {} more)", last.message, faults.len() - MAX);
        }
    }
    for (_, fault, services) in &system.contracts.broken {
        findings.push(finding(fault, names(system, services)));
    }
}

fn finding(fault: &Fault, services: Vec<String>) -> Finding {
    Finding {
        rule: RULE.id,
        severity: RULE.severity,
        confidence: Confidence::High,
        services,
        message: fault.message.clone(),
        why: "Generators, validators and gateways refuse the document, or each reads it in its own way".into(),
        help: fault.help.clone(),
        place: fault.place,
        related: Vec::new(),
    }
}
