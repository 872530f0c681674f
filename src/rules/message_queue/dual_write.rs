//! `message-queue/dual-write`

use crate::rules::{Confidence, Finding, Related, Rule, Severity, Stage};
use crate::system::System;

/// A function commits to its database and publishes, and nothing makes sure that both happen.
pub const RULE: Rule = Rule { id: "message-queue/dual-write", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for dual in &system.dual_writes {
        let Some(publisher) = system.publishers.get(dual.publisher) else { continue };
        let mut related = vec![Related {
            place: dual.write,
            message: format!("the database is written here, by `{}`", dual.write_name),
        }];
        if let Some(place) = dual.broker_call {
            related.push(Related { place, message: format!("the message goes to {} here", publisher.broker) });
        }
        let (order, why) = if dual.write_first {
            (
                "after",
                "when the process dies or the broker is down between the two, the data is saved and the message never sent",
            )
        } else {
            (
                "before",
                "when the write fails after the message has gone out, others act on something that never happened",
            )
        };
        findings.push(Finding {
            rule: RULE.id,
            severity: RULE.severity,
            confidence: Confidence::High,
            services: system.services_at(dual.place),
            message: format!("publishes {order} `{}` writes to the database, without an outbox", dual.write_name),
            why: why.into(),
            help: "insert the event into an outbox table in the same transaction, and let a relay publish the rows and mark them as sent".into(),
            place: dual.place,
            related,
        });
    }
}
