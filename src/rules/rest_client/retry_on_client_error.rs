//! `rest-client/retry-on-client-error`: an answer of 4xx is not asked for again.

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/retry-on-client-error", severity: Severity::Warning, stage: Stage::Stable, check };

const WHY: &str =
    "A 4xx says that the request is wrong: each attempt gets the same answer, and the caller waits for all of them";

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut seen = Vec::new();
    for client in &system.http {
        for request in &client.requests {
            let Some((policy, thrown)) = request.repeated_client_errors() else { continue };
            if seen.contains(&policy.place) {
                continue;
            }
            seen.push(policy.place);
            let told = super::told(request);
            findings.push(
                Finding::new(&RULE, system, policy.place, format!("{} repeats {told} after a 4xx too", policy.told()))
                    .also(thrown, if policy.library == "Polly" { "a 404 is a failure here" } else { "a 404 is thrown here" })
                    .why(WHY)
                    .help("Repeat only what can pass: connection errors, timeouts, 408, 429, 502, 503 and 504; let every other 4xx out at once"),
            );
        }
        for policy in client.policies() {
            let Some((statuses, place)) = &policy.client_errors else { continue };
            if seen.contains(place) {
                continue;
            }
            seen.push(*place);
            let listed: Vec<String> = statuses.iter().map(u16::to_string).collect();
            let what = super::client_told(client);
            findings.push(
                Finding::new(
                    &RULE,
                    system,
                    *place,
                    format!("{} repeats {what} after {}", policy.told(), listed.join(", ")),
                )
                .also(client.place, "what is repeated")
                .why(WHY)
                .help("List only what can pass: 408, 429, 502, 503, 504"),
            );
        }
    }
}
