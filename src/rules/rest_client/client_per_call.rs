//! `rest-client/client-per-call`: a client lives as long as the process.

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/client-per-call", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for client in &system.http {
        let Some(per_call) = &client.per_call else { continue };
        findings.push(
            Finding::new(
                &RULE,
                system,
                client.place,
                format!("`{}` builds a client of {} for each call", per_call.function, client.library),
            )
            .also(per_call.place, "called for each request")
            .why("Its connections are opened, and encrypted, for one request and thrown away; under load ports and files run out")
            .help("Build it once for each peer, at module level or at start-up, share it, and close it when the process ends"),
        );
    }
}
