//! The rules of the skill `api-contract`.

pub mod breaking_change;
pub mod invalid_openapi;
pub mod missing_body_field;
pub mod missing_openapi;
pub mod missing_parameter;
pub mod stale_generated_types;
pub mod undocumented_route;
pub mod unimplemented_operation;
pub mod unknown_operation;
pub mod unversioned_api;

use std::collections::BTreeMap;

use crate::contract::document::Operation;
use crate::contract::template::{Fit, Segment, Template};
use crate::extract::http::Sent;
use crate::extract::routes::{Route, Served};
use crate::syntax::Place;
use crate::system::System;
use crate::system::contracts::{Contract, is_internal};
use crate::system::services::ServiceKind;

/// The names of services.
fn names(system: &System, services: &[usize]) -> Vec<String> {
    services.iter().filter_map(|index| system.services.get(*index)).map(|service| service.name.clone()).collect()
}

/// A request of the code that certainly goes to one service, and whose path is known to its end.
struct Asked<'s> {
    place: Place,
    from: Vec<String>,
    to: usize,
    method: Option<&'s str>,
    path: &'s str,
    template: Template,
}

impl Asked<'_> {
    /// `GET /orders/{}`.
    fn told(&self) -> String {
        let method = self.method.map(|method| format!("{method} ")).unwrap_or_default();
        format!("{method}{}", self.path.replace("{}", "{…}"))
    }
}

/// The requests between services of this repository, each once, whoever runs the code.
fn asked(system: &System) -> Vec<Asked<'_>> {
    let mut found: BTreeMap<(Place, &str, Option<&str>, &str), Asked<'_>> = BTreeMap::new();
    for call in &system.calls {
        let Some(path) = call.path.as_deref().filter(|_| !call.local && !call.forwarded) else { continue };
        let key = (call.place, call.to.as_str(), call.method.as_deref(), path);
        if let Some(known) = found.get_mut(&key) {
            known.from.push(call.from.clone());
            continue;
        }
        let is_provider = |s: &&(usize, &crate::system::Service)| {
            s.1.name == call.to
                && s.1.repository.is_none()
                && matches!(s.1.kind, ServiceKind::Http | ServiceKind::Worker)
        };
        let services: Vec<(usize, &crate::system::Service)> = system.services.iter().enumerate().collect();
        let Some((to, _)) = services.iter().find(is_provider) else { continue };
        let template = Template::requested(path);
        let is_literal = |segment: &Segment| matches!(segment, Segment::Lit(_));
        if !template.segments().iter().any(is_literal) {
            continue;
        }
        let (to, method) = (*to, call.method.as_deref());
        found.insert(key, Asked { place: call.place, from: vec![call.from.clone()], to, method, path, template });
    }
    found.into_values().collect()
}

/// What the requests carry, by place; nothing where several different ones stand at one place.
fn sent(system: &System) -> BTreeMap<Place, Sent> {
    let mut found: BTreeMap<Place, Option<Sent>> = BTreeMap::new();
    for request in system.http.iter().flat_map(|client| &client.requests) {
        for way in request.ways_in() {
            found
                .entry(way.place)
                .and_modify(|known| {
                    if known.as_ref() != Some(&way.sent) {
                        *known = None;
                    }
                })
                .or_insert(Some(way.sent));
        }
    }
    found.into_iter().filter_map(|(place, sent)| Some((place, sent?))).collect()
}

/// The operations of a service's documents that a request certainly means: its most specific ones.
fn meant<'s>(system: &'s System, asked: &Asked<'_>) -> Vec<(&'s Contract, &'s Operation)> {
    let literals = |operation: &Operation| operation.path.split('/').filter(|part| !part.contains('{')).count();
    let mut found: Vec<(&Contract, &Operation)> = Vec::new();
    for contract in system.contracts_of(asked.to) {
        let fits =
            |o: &&Operation| Some(o.method.as_str()) == asked.method && contract.fit(o, &asked.template) == Fit::Must;
        let best = contract.document.operations.iter().filter(fits).max_by_key(|operation| literals(operation));
        found.extend(best.map(|operation| (contract, operation)));
    }
    found
}

/// The routes of a service that are its interface.
fn interface(served: &Served) -> impl Iterator<Item = &Route> {
    served.routes.iter().filter(|route| !is_internal(route))
}

/// `` `a`, `b` and 2 more ``.
fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let all: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match all.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [many @ .., last] if all.len() <= 4 => format!("{} and {last}", many.join(", ")),
        _ => format!("{} and {} more", all[..3].join(", "), all.len() - 3),
    }
}
