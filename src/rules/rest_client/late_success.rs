//! `rest-client/late-success`: only a probe closes a breaker that has opened.

use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/late-success", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for breaker in &system.breakers {
        let Some(place) = breaker.late_success else { continue };
        findings.push(
            Finding::new(&RULE, system, place, format!("Any success closes `{}`, whatever its state", breaker.name))
                .also(breaker.place, "the breaker")
                .why("A slow call from before it opened still comes back with an answer: that closes it at once, and everybody is sent to a peer that fails")
                .help("Close it only from half-open: `if (this.state === \"half-open\") this.state = \"closed\"`; when it is open, or the call was sent in an earlier state, leave it as it is")
                .confidence(Confidence::Medium),
        );
    }
}
