//! `rest-client/missing-idempotency-key`: a POST that creates or charges can be recognised when it comes
//! twice.

use super::{asks, path_words};
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

/// What is over stays over when it is ended once more: `POST /orders/7/cancel`.
const ENDS: [&str; 8] = ["archive", "cancel", "cancellation", "close", "deactivate", "disable", "release", "void"];

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

/// The word that makes a request costly, in the path.
fn costly(request: &SeenFrom) -> Option<&'static str> {
    let words = path_words(request)?;
    let ends = words.iter().rev().find(|word| !word.is_empty()).is_some_and(|word| ENDS.contains(&word.as_str()));
    if asks(&words) || is_publish(&words) || ends {
        return None;
    }
    COSTLY.into_iter().find(|c| words.iter().any(|w| w == c))
}

/// True for a message that is given to Dapr (`/v1.0/publish/<component>/<topic>`,
/// <https://docs.dapr.io/reference/api/pubsub_api/>): the word is the name of a topic, and a message is recognised
/// by the id of its event.
fn is_publish(words: &[String]) -> bool {
    words.windows(3).any(|at| *at == ["v1", "0", "publish"])
}
