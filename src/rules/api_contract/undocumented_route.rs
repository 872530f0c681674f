//! `api-contract/undocumented-route`: a route in code that the service's document does not have.

use std::collections::BTreeSet;

use super::{interface, listed};
use crate::contract::template::{Fit, Template};
use crate::extract::routes::{Route, Served};
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::syntax::Place;
use crate::system::System;
use crate::system::contracts::{Contract, method_fits};

/// See the skill `api-contract`.
pub const RULE: Rule =
    Rule { id: "api-contract/undocumented-route", severity: Severity::Warning, stage: Stage::Stable, check };

/// With more of them it is the document that is out of date, not the routes: that is told once.
const MAX_SINGLE: usize = 8;

const WHY: &str =
    "Clients are generated from the document and gateways let through what it names: this route is for neither";

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut told: Vec<(Place, String)> = Vec::new();
    let all = system.served_by_service();
    for (index, (service, served)) in system.services.iter().zip(&all).enumerate() {
        let contracts: Vec<&Contract> = system.contracts_of(index).collect();
        let aligned = contracts.iter().any(|contract| contract.alignment.is_some());
        // What stands on other machines, or in a document of another shape, may have it.
        if !aligned || contracts.iter().any(|c| !c.document.is_whole() || c.alignment.is_none()) {
            continue;
        }
        // Of one code base that several programs are made of, nobody can tell which of them answers.
        let elsewhere = answered_elsewhere(&all, &contracts);
        let routes: Vec<&Route> =
            interface(served).filter(|route| !route.partial && !elsewhere.contains(&route.place)).collect();
        let mut missing: Vec<(&Route, String)> = Vec::new();
        for route in &routes {
            let shown = format!("{} {}", route.method, route.path);
            let known =
                told.contains(&(route.place, shown.clone())) || missing.iter().any(|(_, other)| *other == shown);
            if !route.path.contains("{*") && !known && !contracts.iter().any(|c| is_described(c, route, &routes)) {
                told.push((route.place, shown.clone()));
                missing.push((route, shown));
            }
        }
        let paths = contracts.iter().find_map(|contract| contract.document.paths_place);
        match paths {
            Some(place) if missing.len() > MAX_SINGLE => {
                let names = listed(missing.iter().map(|(_, shown)| shown.as_str()));
                let message = format!(
                    "`{}` answers {} routes that this document does not have: {names}",
                    service.name,
                    missing.len()
                );
                let mut finding = Finding::new(&RULE, system, place, message)
                    .why("Clients are generated from the document and gateways let through what it names: these routes are for neither")
                    .help("Write the document anew from the code, and let CI compare the two");
                finding.services = vec![service.name.clone()];
                for (route, shown) in missing {
                    finding = finding.also(route.place, format!("`{shown}`"));
                }
                findings.push(finding);
            }
            _ => findings.extend(missing.iter().map(|(route, shown)| {
                let mut finding = single(system, &service.name, &contracts, route, shown);
                finding.services = vec![service.name.clone()];
                finding
            })),
        }
    }
}

fn single(system: &System, service: &str, contracts: &[&Contract], route: &Route, shown: &str) -> Finding {
    let path = Template::offered(&route.path);
    let same_path = contracts.iter().find_map(|contract| {
        let mut all = contract.document.operations.iter();
        all.find(|o| contract.templates(o).iter().any(|t| t.is_same(&path)))
    });
    let message = match same_path {
        Some(operation) => format!(
            "`{service}` answers `{shown}`, and its OpenAPI document describes only other methods of `{}`",
            operation.path
        ),
        None => format!("`{service}` answers `{shown}`, which its OpenAPI document does not have"),
    };
    let finding = Finding::new(&RULE, system, route.place, message)
        .why(WHY)
        .help("Describe it in the document, or remove the route; let CI compare the two");
    let place = same_path.map(|o| o.path_place).or_else(|| contracts.iter().find_map(|c| c.document.paths_place));
    match place {
        Some(place) => finding.also(place, "the document"),
        None => finding,
    }
}

/// The places of routes that services answer whose interface the documents do not describe.
fn answered_elsewhere(all: &[Served], contracts: &[&Contract]) -> BTreeSet<Place> {
    let is_described = |index: &usize| contracts.iter().any(|contract| contract.services.contains(index));
    let others = all.iter().enumerate().filter(|(index, _)| !is_described(index));
    others.flat_map(|(_, served)| served.routes.iter().map(|route| route.place)).collect()
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
