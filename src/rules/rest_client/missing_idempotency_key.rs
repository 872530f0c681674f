//! `rest-client/missing-idempotency-key`: a POST that creates or charges can be recognised when it comes
//! twice.

use crate::extract::http::SeenFrom;
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/missing-idempotency-key", severity: Severity::Warning, stage: Stage::Stable, check };

/// What costs money or stock when it happens twice.
const COSTLY: [&str; 24] = [
    "payment",
    "payments",
    "pay",
    "charge",
    "charges",
    "refund",
    "refunds",
    "capture",
    "payout",
    "payouts",
    "transfer",
    "transfers",
    "withdraw",
    "withdrawal",
    "deposit",
    "checkout",
    "order",
    "orders",
    "purchase",
    "purchases",
    "subscription",
    "subscriptions",
    "booking",
    "bookings",
];

/// What only looks like it.
const HARMLESS: [&str; 14] = [
    "search",
    "query",
    "quote",
    "estimate",
    "preview",
    "calculate",
    "validate",
    "verify",
    "login",
    "token",
    "auth",
    "graphql",
    "health",
    "history",
];

fn check(system: &System, findings: &mut Vec<Finding>) {
    for client in &system.http {
        for request in &client.requests {
            for seen in request.ways_in() {
                let sent = client.idempotency_key || seen.idempotency_key != Some(false);
                // The stronger finding says the same.
                let unsafe_retry = super::unsafe_retry::repeated(client, request, &seen).is_some();
                if seen.method.as_deref() != Some("POST") || sent || unsafe_retry {
                    continue;
                }
                let Some(word) = costly(&seen) else { continue };
                findings.push(
                    Finding::new(
                        &RULE,
                        system,
                        seen.place,
                        format!(
                            "{} sends no idempotency key (`{word}` is not to happen twice)",
                            super::seen(&seen, request)
                        ),
                    )
                    .also(request.place, "sent here")
                    .why("When the answer is lost, nobody can tell whether it happened; trying again may do it twice")
                    .help("Make a key for the operation (not for the attempt) and send it as the header `Idempotency-Key`")
                    .confidence(Confidence::Medium),
                );
            }
        }
    }
}

/// The word that makes a request costly: in the path, else in the name of the function.
fn costly(request: &SeenFrom) -> Option<&'static str> {
    let url = request.url.as_ref()?.pattern();
    let path = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest.split_once('/').map_or("", |(_, p)| p));
    let words: Vec<String> = path
        .split(['?', '#'])
        .next()
        .unwrap_or("")
        .split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
        .collect();
    if words.iter().any(|w| HARMLESS.contains(&w.as_str())) {
        return None;
    }
    COSTLY.into_iter().find(|c| words.iter().any(|w| w == c))
}
