//! `rest-client/missing-circuit-breaker`: calls to a peer that is down fail fast.

use crate::extract::http::{Guard, HttpClient, HttpRequest};
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/missing-circuit-breaker", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for client in &system.http {
        let goes_through = client.forwards && client.breaker.is_none();
        if !client.followed || (client.requests.is_empty() && !goes_through) || super::is_own_probe(client) {
            continue;
        }
        let (with, without): (Vec<&HttpRequest>, Vec<&HttpRequest>) =
            client.requests.iter().partition(|r| r.has_breaker());
        if with.is_empty() {
            let message = format!("No circuit breaker before {}", super::client_told(client));
            let through = without.iter().filter(|request| request.place != client.place).take(3);
            findings.push(
                through.fold(finding(system, client, client.place, message, &without), |finding, request| {
                    finding.also(request.place, format!("{} goes through it", super::told(request)))
                }),
            );
        } else {
            // Others go through the breaker, this one goes past it.
            for request in without {
                let message = format!("{} goes past the circuit breaker of the other requests", super::told(request));
                findings.push(finding(system, client, request.place, message, &[request]));
            }
        }
    }
}

fn finding(
    system: &System,
    client: &HttpClient,
    place: crate::syntax::Place,
    message: String,
    requests: &[&HttpRequest],
) -> Finding {
    let inert = requests.iter().flat_map(|r| &r.guards).find_map(|g| match g {
        Guard::Breaker { place, inert: Some(why), .. } => Some((*place, why.clone())),
        _ => None,
    });
    let mut finding = Finding::new(&RULE, system, place, message);
    if let Some((place, why)) = inert {
        finding = finding.also(place, format!("this one does not count: {why}"));
    }
    finding
        .why("While the peer is down, every call still waits for its timeout and holds a worker; the outage spreads to the callers")
        .help(client.breaker_help.clone())
}
