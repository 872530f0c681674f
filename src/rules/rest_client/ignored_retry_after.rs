//! `rest-client/ignored-retry-after`: who repeats a 429 waits as long as the peer says.

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/ignored-retry-after", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for (policy, client) in super::policies(&system.http) {
        let Some(place) = policy.ignores_retry_after else { continue };
        let what = super::client_told(client);
        findings.push(
            Finding::new(
                &RULE,
                system,
                place,
                format!("{} repeats {what} after a 429 and does not look at `Retry-After`", policy.told()),
            )
            .also(policy.place, "repeats it")
            .why("The peer says when it takes requests again; asking earlier is refused and can prolong the block")
            .help("Wait for the seconds (or until the date) of the header `Retry-After`, up to a bound, and for the usual pause without it"),
        );
    }
}
