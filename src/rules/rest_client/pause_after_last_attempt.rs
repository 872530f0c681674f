//! `rest-client/pause-after-last-attempt`: who gives up does so at once.

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/pause-after-last-attempt", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for (policy, client) in super::policies(&system.http) {
        let Some(place) = policy.waits_after_last else { continue };
        let what = super::client_told(client);
        findings.push(
            Finding::new(
                &RULE,
                system,
                place,
                format!("{} that repeats {what} also waits after the last attempt", policy.told()),
            )
            .also(policy.place, "repeats it")
            .why("Nothing follows this pause, which is the longest when pauses grow: the caller waits that much longer for the same error, and often past its own timeout")
            .help("Wait only when an attempt follows: `if (attempt < attempts) await sleep(delay)`, or throw in the last turn before the pause"),
        );
    }
}
