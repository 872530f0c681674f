//! `message-queue/missing-reconnect`: a process whose connection to the broker is lost opens another, or ends.

use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `message-queue`.
pub const RULE: Rule =
    Rule { id: "message-queue/missing-reconnect", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for connection in &system.brokers.connections {
        let Some(unwatched) = &connection.unwatched else { continue };
        // What only talks to the broker ends when the connection does, and is started again.
        let serves = || system.served.routes.iter().any(|route| unwatched.files.contains(&route.place.file));
        if !unwatched.stays && !serves() {
            continue;
        }
        findings.push(
            Finding::new(
                &RULE,
                system,
                connection.place,
                format!("nothing notices when this connection of {} is lost", connection.library),
            )
            .why("after a restart of the broker, or a minute without the network, the process lives on without a connection: it is healthy, publishes nothing and receives nothing until somebody restarts it")
            .help(unwatched.help.clone())
            .confidence(Confidence::Medium),
        );
    }
}
