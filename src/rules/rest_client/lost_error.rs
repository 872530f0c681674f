//! `rest-client/lost-error`: why a request failed is known afterwards.

use crate::extract::http::Instead;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule = Rule { id: "rest-client/lost-error", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut seen = Vec::new();
    for client in &system.http {
        for request in &client.requests {
            for lost in &request.lost {
                if seen.contains(&lost.place) {
                    continue;
                }
                seen.push(lost.place);
                let told = super::told(request);
                let message = match lost.instead {
                    Instead::Throws => format!("When {told} fails, another error is thrown without its cause"),
                    Instead::Answers => {
                        format!("When {told} fails, the answer is the same whatever happened: the error is dropped")
                    }
                    Instead::Returns => format!("When {told} fails, nobody learns that it did: the error is dropped"),
                };
                findings.push(
                    Finding::new(&RULE, system, lost.place, message)
                        .also(request.place, "sent here")
                        .why("A timeout, a refused connection and a 404 look the same afterwards: callers can't decide, and nobody finds the reason")
                        .help("Throw an error of your own with the cause (`new StockUnavailable(message, { cause: error })`, `raise … from error`), or log the error before you go on without the answer"),
                );
            }
        }
    }
}
