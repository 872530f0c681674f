//! `message-queue/swallowed-publish-failure`: who publishes learns that it failed.

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `message-queue`.
pub const RULE: Rule =
    Rule { id: "message-queue/swallowed-publish-failure", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for publisher in &system.publishers {
        let Some(handler) = publisher.swallowed else { continue };
        let to = publisher.channel().map_or_else(String::new, |c| format!(" to `{c}`"));
        findings.push(
            Finding::new(
                &RULE,
                system,
                publisher.place,
                format!("a failure of `{}`{to} is only logged", publisher.method),
            )
            .also(handler, "the error ends here")
            .why("the caller goes on as if the message had been sent, and nothing sends it later")
            .help("let the error reach the caller (`raise … from error`), or write the message to an outbox table, from which a relay sends it when the broker is back"),
        );
    }
}
