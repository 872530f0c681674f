//! `rest-client/unbounded-half-open`: a half-open breaker lets a few probes through, not everybody.

use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/unbounded-half-open", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for breaker in &system.breakers {
        let Some(place) = breaker.unbounded_half_open else { continue };
        findings.push(
            Finding::new(&RULE, system, place, format!("The half-open `{}` lets every caller through", breaker.name))
                .also(breaker.place, "the breaker")
                .why("All callers that waited reach a peer that has just come back, at once, and push it over again")
                .help("Count the calls in flight while it is half-open and refuse those above one (or a few), or use a breaker of a library")
                .confidence(Confidence::Medium),
        );
    }
}
