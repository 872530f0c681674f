//! `api-contract/undocumented-route`: a route in code that the service's document does not have.

use super::interface;
use crate::contract::template::{Fit, Template};
use crate::extract::routes::Route;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;
use crate::system::contracts::{Contract, method_fits};

/// See the skill `api-contract`.
pub const RULE: Rule =
    Rule { id: "api-contract/undocumented-route", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut told: Vec<(crate::syntax::Place, String)> = Vec::new();
    for (index, (service, served)) in system.services.iter().zip(system.served_by_service()).enumerate() {
        let contracts: Vec<&Contract> = system.contracts_of(index).collect();
        let aligned = contracts.iter().any(|contract| contract.alignment.is_some());
        // What stands on other machines, or in a document of another shape, may have it.
        if !aligned || contracts.iter().any(|c| !c.document.is_whole() || c.alignment.is_none()) {
            continue;
        }
        let routes: Vec<&Route> = interface(&served).filter(|route| !route.partial).collect();
        for route in &routes {
            let shown = format!("{} {}", route.method, route.path);
            if route.path.contains("{*") || told.contains(&(route.place, shown.clone())) {
                continue;
            }
            if contracts.iter().any(|contract| is_described(contract, route, &routes)) {
                continue;
            }
            told.push((route.place, shown.clone()));
            let path = Template::offered(&route.path);
            let same_path = contracts.iter().find_map(|contract| {
                let mut all = contract.document.operations.iter();
                all.find(|o| contract.templates(o).iter().any(|t| t.is_same(&path)))
            });
            let mut finding = Finding::new(
                &RULE,
                system,
                route.place,
                match same_path {
                    Some(operation) => format!(
                        "`{}` answers `{shown}`, and its OpenAPI document describes only other methods of `{}`",
                        service.name, operation.path
                    ),
                    None => format!("`{}` answers `{shown}`, which its OpenAPI document does not have", service.name),
                },
            )
            .why("Clients are generated from the document and gateways let through what it names: this route is for neither")
            .help("Describe it in the document, or remove the route; let CI compare the two");
            finding.services = vec![service.name.clone()];
            let place =
                same_path.map(|o| o.path_place).or_else(|| contracts.iter().find_map(|c| c.document.paths_place));
            if let Some(place) = place {
                finding = finding.also(place, "the document");
            }
            findings.push(finding);
        }
    }
}

/// True when the document has the route, be it as one of the values of a parameter (`/stats/{period}` for
/// `/stats/daily` and `/stats/weekly`), or each value of its parameter as a path.
fn is_described(contract: &Contract, route: &Route, routes: &[&Route]) -> bool {
    if contract.operation_of(route).is_some() {
        return true;
    }
    let path = Template::offered(&route.path);
    contract.document.operations.iter().filter(|o| method_fits(&route.method, &o.method)).any(|operation| {
        contract.templates(operation).iter().any(|described| {
            let covers = path.fit(described) == Fit::Must || described.fit(&path) == Fit::Must;
            covers && !routes.iter().any(|other| Template::offered(&other.path).is_same(described))
        })
    })
}
