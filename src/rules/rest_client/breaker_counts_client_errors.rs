//! `rest-client/breaker-counts-client-errors`: an answer of 4xx does not open the breaker.

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/breaker-counts-client-errors", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut seen = Vec::new();
    for client in &system.http {
        for request in &client.requests {
            let Some((place, library, thrown)) = request.counted_client_errors() else { continue };
            if seen.contains(&place) {
                continue;
            }
            seen.push(place);
            let help = match library {
                "opossum" => "Pass `errorFilter: (error) => error.response?.status < 500`: what it returns true for is no failure".to_string(),
                "circuitbreaker" => "Say what is a failure: `expected_exception=(httpx.TransportError, ServerError)`, and raise a type of your own for 5xx".to_string(),
                "cockatiel" => "Use `handleWhen((error) => isTransient(error))` instead of `handleAll`".to_string(),
                "Polly" => "Use `HttpPolicyExtensions.HandleTransientHttpError()`, or `.OrResult(r => (int)r.StatusCode >= 500)`".to_string(),
                "pybreaker" | "aiobreaker" => "Leave them out: `exclude=[lambda error: isinstance(error, ClientError)]`".to_string(),
                _ => "Count only connection errors, timeouts and 5xx; let a 4xx through as an answer".to_string(),
            };
            findings.push(
                Finding::new(
                    &RULE,
                    system,
                    place,
                    format!("The breaker of {library} counts a 4xx of {} as a failure", super::told(request)),
                )
                .also(thrown, if library == "Polly" { "a 404 is a failure here" } else { "a 404 is thrown here" })
                .why("A caller that asks for what does not exist, a few times, closes a healthy service to everybody")
                .help(help),
            );
        }
    }
}
