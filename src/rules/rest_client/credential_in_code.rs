//! `rest-client/credential-in-code`: a credential comes from the environment or a secret store.

use crate::extract::http::Credential;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/credential-in-code", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut seen = Vec::new();
    for client in &system.http {
        let of_requests = client.requests.iter().filter_map(|r| Some((r.credential.as_ref()?, super::told(r))));
        let of_client = client.credential.as_ref().map(|c| (c, super::client_told(client)));
        let all: Vec<(&Credential, String)> = of_requests.chain(of_client).collect();
        for (credential, told) in all {
            if seen.contains(&credential.place) {
                continue;
            }
            seen.push(credential.place);
            findings.push(
                Finding::new(
                    &RULE,
                    system,
                    credential.place,
                    format!("The credential in `{}` of {told} stands in the code", credential.carrier),
                )
                .why("Whoever can read the repository, its copies or its history can use it, and it can't be changed without a release")
                .help("Read it from the environment or a secret store, and revoke the one that was committed"),
            );
        }
    }
}
