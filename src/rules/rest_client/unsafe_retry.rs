//! `rest-client/unsafe-retry`: a request that changes state is repeated only with an idempotency key.

use crate::extract::http::{HttpClient, HttpRequest, RetryPolicy};
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule = Rule { id: "rest-client/unsafe-retry", severity: Severity::Error, stage: Stage::Stable, check };

/// The policy that repeats a request which must not be repeated as it is.
pub fn repeated<'s>(client: &'s HttpClient, request: &'s HttpRequest) -> Option<&'s RetryPolicy> {
    if !request.changes_state() || client.idempotency_key || request.idempotency_key != Some(false) {
        return None;
    }
    client.retries.iter().chain(request.retries()).find(|p| !p.selective)
}

fn check(system: &System, findings: &mut Vec<Finding>) {
    for client in &system.http {
        for request in &client.requests {
            let Some(policy) = repeated(client, request) else { continue };
            findings.push(
                Finding::new(
                    &RULE,
                    system,
                    request.place,
                    format!("{} is repeated by {} without an idempotency key", super::told(request), policy.library),
                )
                .also(policy.place, "repeats it")
                .why("When only the answer was lost, the second attempt does the work again: two orders, two charges")
                .help("Make a key before the first attempt and send it as `Idempotency-Key` with each one, or retry only GET, HEAD, PUT and DELETE"),
            );
        }
    }
}
