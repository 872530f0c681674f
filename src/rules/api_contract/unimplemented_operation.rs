//! `api-contract/unimplemented-operation`: an operation of a document that no route of the service answers.

use super::names;
use crate::contract::document::Operation;
use crate::contract::template::{Fit, Template};
use crate::extract::routes::health::{conventional, is_framework_health};
use crate::extract::routes::{Route, Served};
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;
use crate::system::contracts::{Contract, is_whole, may_be_answered, method_fits};

/// See the skill `api-contract`.
pub const RULE: Rule =
    Rule { id: "api-contract/unimplemented-operation", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let served = system.served_by_service();
    let mut told: Vec<(Vec<usize>, String)> = Vec::new();
    for contract in &system.contracts.documents {
        let own: Vec<&Served> = contract.services.iter().filter_map(|index| served.get(*index)).collect();
        if contract.alignment.is_none() || own.is_empty() || !own.iter().all(|served| is_whole(served)) {
            continue;
        }
        for operation in &contract.document.operations {
            let paths = contract.paths(operation);
            let health = paths.iter().any(|p| conventional(&operation.method, p).is_some() || is_framework_health(p));
            let answered =
                served.iter().flat_map(|served| &served.routes).any(|route| answers(contract, operation, route));
            let perhaps = own.iter().any(|served| paths.iter().any(|path| may_be_answered(served, path)));
            // Documents are often there twice, as JSON and as YAML.
            let key = (contract.services.clone(), format!("{} {}", operation.method, paths.join(" ")));
            if health || answered || perhaps || told.contains(&key) {
                continue;
            }
            told.push(key);
            let same_path =
                own.iter().flat_map(|served| &served.routes).find(|route| same_path(contract, operation, route));
            let service = names(system, &contract.services);
            let mut finding = Finding {
                rule: RULE.id,
                severity: RULE.severity,
                confidence: Confidence::High,
                message: match same_path {
                    Some(route) => format!(
                        "`{operation}` stands in the OpenAPI document of `{}`, which answers only {} there",
                        service[0], route.method
                    ),
                    None => format!(
                        "`{operation}` stands in the OpenAPI document of `{}`, and no route answers it",
                        service[0]
                    ),
                },
                services: service,
                why: "Who trusts the document calls something that is not there, and gets 404 or 405".into(),
                help: "Remove it from the document, or serve it".into(),
                place: operation.place,
                related: Vec::new(),
            };
            let evidence = same_path.or_else(|| own.iter().flat_map(|served| &served.routes).next());
            if let Some(route) = evidence {
                finding = finding.also(route.place, format!("answers `{} {}`", route.method, route.path));
            }
            findings.push(finding);
        }
    }
}

fn answers(contract: &Contract, operation: &Operation, route: &Route) -> bool {
    let path = Template::offered(&route.path);
    method_fits(&route.method, &operation.method)
        && contract.templates(operation).iter().any(|described| {
            described.is_same(&path) || described.fit(&path) == Fit::Must || path.fit(described) == Fit::Must
        })
}

fn same_path(contract: &Contract, operation: &Operation, route: &Route) -> bool {
    let path = Template::offered(&route.path);
    contract.templates(operation).iter().any(|described| described.is_same(&path))
}
