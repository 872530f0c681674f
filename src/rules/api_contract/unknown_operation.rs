//! `api-contract/unknown-operation`: a request to another service that no operation of it answers.

use super::{Asked, asked};
use crate::contract::template::{Fit, Template};
use crate::extract::routes::Served;
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::syntax::Place;
use crate::system::System;
use crate::system::contracts::{Contract, is_internal, is_whole, may_be_answered, method_fits};

/// See the skill `api-contract`.
pub const RULE: Rule =
    Rule { id: "api-contract/unknown-operation", severity: Severity::Error, stage: Stage::Stable, check };

/// How near a path has to be to be named as the one that was meant.
const NEAR: f64 = 0.5;

fn check(system: &System, findings: &mut Vec<Finding>) {
    let served = system.served_by_service();
    for asked in asked(system) {
        let Some(provider) = served.get(asked.to) else { continue };
        let contracts: Vec<&Contract> = system.contracts_of(asked.to).collect();
        if !is_known(provider, &contracts, &asked) {
            continue;
        }
        let offers = offers(provider, &contracts);
        let fits = |offer: &&Offer| offer.templates.iter().any(|t| asked.template.fit(t) != Fit::No);
        let by_path: Vec<&Offer> = offers.iter().filter(fits).collect();
        if by_path.iter().any(|offer| asked.method.is_none_or(|method| method_fits(&offer.method, method))) {
            continue;
        }
        let Some(service) = system.services.get(asked.to) else { continue };
        let (message, nearest) = match by_path.first() {
            Some(offer) => {
                let mut methods: Vec<&str> = by_path.iter().map(|offer| offer.method.as_str()).collect();
                methods.sort_unstable();
                methods.dedup();
                let only = methods.join(" and ");
                (format!("`{}` answers {only} at `{}`, not `{}`", service.name, offer.path, asked.told()), Some(*offer))
            }
            None => {
                let near = nearest(&offers, &asked);
                (format!("`{}` has no operation for `{}`", service.name, asked.told()), near)
            }
        };
        let mut finding = Finding {
            rule: RULE.id,
            severity: RULE.severity,
            confidence: if is_whole(provider) { Confidence::High } else { Confidence::Medium },
            services: asked.from.clone(),
            message,
            why: "The request is answered with 404 or 405, whatever it carries".into(),
            help: match nearest {
                Some(offer) => {
                    format!("Ask for `{} {}`, or let `{}` serve this", offer.method, offer.path, service.name)
                }
                None => format!("Ask for one of the operations of `{}`, or let it serve this", service.name),
            },
            place: asked.place,
            related: Vec::new(),
        };
        if let Some(offer) = nearest {
            finding = finding.also(offer.place, "the nearest operation");
        }
        findings.push(finding);
    }
}

/// Something that a service answers, by its code or by its document.
struct Offer {
    method: String,
    path: String,
    templates: Vec<Template>,
    place: Place,
}

fn offers(served: &Served, contracts: &[&Contract]) -> Vec<Offer> {
    let mut offers: Vec<Offer> = served
        .routes
        .iter()
        .map(|route| Offer {
            method: route.method.clone(),
            path: route.path.clone(),
            templates: vec![Template::offered(&route.path)],
            place: route.place,
        })
        .collect();
    for contract in contracts {
        offers.extend(contract.document.operations.iter().map(|operation| {
            let mut templates = contract.templates(operation);
            templates.extend(operation.full_paths().iter().map(|path| Template::offered(path)));
            templates.push(Template::offered(&operation.path));
            let path = contract.paths(operation).into_iter().next().unwrap_or_else(|| operation.path.clone());
            Offer { method: operation.method.clone(), path, templates, place: operation.place }
        }));
    }
    offers
}

/// True when all that the service answers is known: by its code, or by a document that has every route.
fn is_known(served: &Served, contracts: &[&Contract], asked: &Asked<'_>) -> bool {
    if contracts.iter().any(|contract| !contract.document.is_whole()) {
        return false;
    }
    if is_whole(served) {
        return !may_be_answered(served, asked.path);
    }
    let routes: Vec<_> = served.routes.iter().filter(|route| !is_internal(route)).collect();
    let described = |route: &&&crate::extract::routes::Route| contracts.iter().any(|c| c.operation_of(route).is_some());
    let external = served.gaps.iter().any(|gap| crate::extract::routes::path::under(asked.path, &gap.prefix));
    contracts.iter().any(|contract| contract.alignment.is_some())
        && routes.iter().filter(|route| !route.partial).count() > 2
        && routes.iter().all(|route| !route.partial && described(&route))
        && !external
}

fn nearest<'o>(offers: &'o [Offer], asked: &Asked<'_>) -> Option<&'o Offer> {
    let score = |offer: &Offer| {
        let path = offer.templates.iter().map(|t| asked.template.nearness(t)).fold(0.0, f64::max);
        let method = asked.method.is_none_or(|method| method_fits(&offer.method, method));
        path + if method { 0.1 } else { 0.0 }
    };
    let best = offers.iter().max_by(|a, b| score(a).total_cmp(&score(b)).then_with(|| b.path.cmp(&a.path)))?;
    (score(best) >= NEAR).then_some(best)
}
