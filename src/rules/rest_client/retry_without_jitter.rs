//! `rest-client/retry-without-jitter`: callers that failed together do not come back together.

use crate::catalog::http::Wait;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/retry-without-jitter", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for (policy, client) in super::policies(&system.http) {
        // Pauses that do not grow are a finding of their own.
        if policy.jitter != Some(false) || policy.wait != Some(Wait::Exponential) {
            continue;
        }
        let what = super::client_told(client);
        findings.push(
            Finding::new(
                &RULE,
                system,
                policy.place,
                format!("{} repeats {what} after pauses that are the same for every caller", policy.told()),
            )
            .also(client.place, "what is repeated")
            .why("Callers that failed at the same moment come back at the same moment, again and again, and keep the peer down")
            .help(help(&policy.library)),
        );
    }
}

fn help(library: &str) -> &'static str {
    match library {
        "tenacity" => "Use `wait_random_exponential(max=5)` or `wait_exponential_jitter(max=5)`",
        "urllib3" => "Pass `backoff_jitter=0.3` to `Retry`",
        "backoff" => "Leave `jitter` at its default, `full_jitter`",
        "p-retry" | "async-retry" | "retry" => "Pass `randomize: true`",
        "axios-retry" => "Use `axiosRetry.exponentialDelay`, which spreads its pauses",
        _ => "Multiply the pause by a random number: `delay * (0.5 + random())`",
    }
}
