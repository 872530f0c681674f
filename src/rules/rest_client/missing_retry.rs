//! `rest-client/missing-retry`: a failure that passes is repeated before it becomes an error.

use crate::extract::consume::{Ack, Redelivery};
use crate::extract::http::{ClientKind, HttpRequest};
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::syntax::Place;
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/missing-retry", severity: Severity::Warning, stage: Stage::Stable, check };

/// The request is only made while a message or job is handled that comes again when it fails.
fn repeated_as_job(system: &System, request: &HttpRequest) -> bool {
    let repeats = |place: &Place| {
        system.consumers.iter().any(|consumer| {
            matches!(consumer.redelivery, Redelivery::Bounded | Redelivery::Unbounded { .. })
                && consumer.ack == Ack::Framework
                && consumer
                    .handlers
                    .iter()
                    // A lambda runs where it is registered.
                    .any(|h| h.place == *place || h.function.as_ref().is_some_and(|(_, at)| at == place))
        })
    };
    !request.roots.is_empty() && request.roots.iter().all(repeats)
}

fn check(system: &System, findings: &mut Vec<Finding>) {
    for client in &system.http {
        if client.is_retried() || (client.requests.is_empty() && !client.forwards) || super::is_own_probe(client) {
            continue;
        }
        if !client.requests.is_empty() && client.requests.iter().all(|r| repeated_as_job(system, r)) {
            continue;
        }
        let what = super::client_told(client);
        let keyed = |r: &HttpRequest| client.idempotency_key || r.idempotency_key == Some(true);
        let only_unsafe = !client.requests.is_empty() && client.requests.iter().all(|r| r.changes_state() && !keyed(r));
        let message = if client.kind == ClientKind::Call {
            format!("{what} is tried once: one lost connection or 503 fails it")
        } else {
            format!("Nothing repeats the requests of {what}: one lost connection or 503 fails them")
        };
        let help = if only_unsafe {
            "Send an `Idempotency-Key` that stays the same for all attempts, then retry a bounded number of times with exponential backoff and jitter".to_string()
        } else {
            format!(
                "Retry connection errors, 429, 502, 503 and 504 a bounded number of times with exponential backoff and jitter: {}",
                client.retry_help
            )
        };
        let mut finding = Finding::new(&RULE, system, client.place, message);
        for request in client.requests.iter().filter(|request| request.place != client.place).take(3) {
            finding = finding.also(request.place, format!("{} goes through it", super::told(request)));
        }
        findings.push(
            finding
                .why("Deployments, restarts and lost packets are normal; a second attempt hides them from the user")
                .help(help)
                .confidence(if only_unsafe { Confidence::Medium } else { Confidence::High }),
        );
    }
}
