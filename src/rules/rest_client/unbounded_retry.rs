//! `rest-client/unbounded-retry`: the attempts end.

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/unbounded-retry", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for (policy, client) in super::policies(&system.http) {
        if policy.bounded != Some(false) {
            continue;
        }
        let message = match policy.library.as_str() {
            "a loop" => format!("A loop repeats {} until it succeeds", super::client_told(client)),
            library => {
                format!("{library} repeats {} for ever: nothing bounds the attempts", super::client_told(client))
            }
        };
        findings.push(
            Finding::new(&RULE, system, policy.place, message)
                .also(client.place, "what is repeated")
                .why("While the peer is down the request never ends: the caller gets no answer and the load on the peer never falls")
                .help("Bound the attempts or their total time (tenacity `stop=stop_after_attempt(3)`, backoff `max_tries=3`, cockatiel `maxAttempts: 3`, rxjs `retry({ count: 3 })`) and let the last error out"),
        );
    }
}
