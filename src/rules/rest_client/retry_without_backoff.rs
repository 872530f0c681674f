//! `rest-client/retry-without-backoff`: the pauses between attempts grow.

use crate::catalog::http::Wait;
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/retry-without-backoff", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for (policy, client) in super::policies(&system.http) {
        let confidence = match policy.wait {
            Some(Wait::None) => Confidence::High,
            Some(Wait::Fixed) => Confidence::Medium,
            _ => continue,
        };
        findings.push(
            Finding::new(
                &RULE,
                system,
                policy.place,
                format!("{} repeats {} {}", policy.told(), super::client_told(client), policy.wait_text()),
            )
            .also(client.place, "what is repeated")
            .why("A peer that is overloaded gets all its callers again at the same moment, which keeps it down")
            .help("Wait exponentially longer after each attempt, with jitter and an upper bound")
            .confidence(confidence),
        );
    }
}
