//! `rest-client/unsafe-retry`: a request that changes state is repeated only with an idempotency key.

use crate::extract::http::{HttpClient, HttpRequest, RetryPolicy, SeenFrom};
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule = Rule { id: "rest-client/unsafe-retry", severity: Severity::Error, stage: Stage::Stable, check };

/// The policy that repeats a request which must not be repeated as it is.
pub fn repeated<'s>(client: &'s HttpClient, request: &'s HttpRequest, seen: &SeenFrom) -> Option<&'s RetryPolicy> {
    let asks = || match super::path_words(seen) {
        Some(words) if words.iter().any(|word| !word.is_empty()) => super::asks(&words),
        // `RequestToken` of a server that settings name: another token is no harm (RFC 6749, section 3.2).
        _ => request.function.as_ref().is_some_and(|(name, _)| name.to_lowercase().contains("token")),
    };
    if !seen.changes_state() || client.idempotency_key || asks() {
        return None;
    }
    let mut policies = client.retries.iter().chain(request.retries()).filter(|p| !p.selective);
    match seen.idempotency_key {
        Some(false) => policies.next(),
        // A key that is made again for each attempt is another key.
        Some(true) => policies.find(|p| made_again(p, request)),
        None => None,
    }
}

fn made_again(policy: &RetryPolicy, request: &HttpRequest) -> bool {
    request.key_made.is_some_and(|made| {
        policy.covers.iter().any(|(unit, span)| *unit == made.unit && span.contains(request.key_span))
    })
}

fn check(system: &System, findings: &mut Vec<Finding>) {
    for client in &system.http {
        for request in &client.requests {
            for seen in request.ways_in() {
                let Some(policy) = repeated(client, request, &seen) else { continue };
                let told = super::seen(&seen, request);
                findings.push(
                Finding::new(
                    &RULE,
                    system,
                    seen.place,
                    if seen.idempotency_key == Some(true) {
                        format!("{} is repeated by {} with another idempotency key for each attempt", told, policy.library)
                    } else {
                        format!("{} is repeated by {} without an idempotency key", told, policy.library)
                    },
                )
                .also(request.place, "sent here")
                .also(policy.place, "repeats it")
                .why("When only the answer was lost, the second attempt does the work again: two orders, two charges")
                .help("Make a key before the first attempt and send it as `Idempotency-Key` with each one, or retry only GET, HEAD, PUT and DELETE"),
            );
            }
        }
    }
}
