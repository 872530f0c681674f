//! `rest-client/missing-timeout`: every request has a time limit, written or by a short default.

use crate::extract::http::{HttpClient, HttpRequest, Timeout};
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/missing-timeout", severity: Severity::Error, stage: Stage::Stable, check };

const WHY: &str =
    "A peer that accepts the connection and never answers holds the caller, and then the caller's callers";

fn check(system: &System, findings: &mut Vec<Finding>) {
    for client in &system.http {
        let missing: Vec<&HttpRequest> = client
            .requests
            .iter()
            .filter(|r| {
                matches!(
                    (&r.timeout, &client.timeout),
                    (Timeout::Disabled(_), _) | (Timeout::Unsaid, Timeout::Unsaid | Timeout::Disabled(_))
                )
            })
            .collect();
        let unset = matches!(client.timeout, Timeout::Unsaid | Timeout::Disabled(_));
        if unset && (client.requests.is_empty() || !missing.is_empty()) {
            findings.push(on_client(system, client, &missing));
        } else if !unset {
            findings.extend(missing.into_iter().map(|request| on_request(system, client, request)));
        }
    }
}

fn on_client(system: &System, client: &HttpClient, missing: &[&HttpRequest]) -> Finding {
    let what = super::client_told(client);
    let mut finding = match (&client.timeout, missing.first().map(|r| &r.timeout)) {
        (Timeout::Disabled(place), _) => {
            Finding::new(&RULE, system, client.place, format!("The timeout of {what} is switched off"))
                .also(*place, "switched off here")
        }
        (_, Some(Timeout::Disabled(place))) => {
            Finding::new(&RULE, system, client.place, format!("The timeout of {what} is switched off"))
                .also(*place, "switched off here")
        }
        _ => Finding::new(&RULE, system, client.place, format!("No timeout on {what}: {}", client.default_text)),
    };
    for request in missing.iter().take(3) {
        finding = finding.also(request.place, format!("{} goes through it", super::told(request)));
    }
    finding.why(WHY).help(client.timeout_help.clone())
}

fn on_request(system: &System, client: &HttpClient, request: &HttpRequest) -> Finding {
    let message = format!("The timeout is switched off for {}", super::told(request));
    let mut finding = Finding::new(&RULE, system, request.place, message);
    if let Timeout::Disabled(place) = request.timeout {
        finding = finding.also(place, "switched off here");
    }
    finding
        .also(client.place, "although the client has a timeout")
        .why(WHY)
        .help("Leave the client's timeout in force, or pass a larger finite one")
}
