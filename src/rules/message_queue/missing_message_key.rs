//! `message-queue/missing-message-key`: events about one thing stay in order.

use crate::extract::publish::{Kind, Shape, shape};
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `message-queue`.
pub const RULE: Rule =
    Rule { id: "message-queue/missing-message-key", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for publisher in system.publishers.iter().filter(|p| p.kind == Kind::Event && p.keyed.is_absent()) {
        let Some(id) = publisher.payloads.iter().find_map(|s| subject(s, 0)) else { continue };
        let to = publisher.channel().map_or_else(String::new, |c| format!(" to `{c}`"));
        findings.push(
            Finding::new(
                &RULE,
                system,
                publisher.place,
                format!("`{}`{to} has no key, although the event is about one `{id}`", publisher.method),
            )
            .confidence(Confidence::Medium)
            .why("Kafka keeps the order within a partition only: without a key two events of the same thing go to different partitions, and the later one can be handled first")
            .help(format!("pass the `{id}` as the key of the message")),
        );
    }
}

/// The key of a payload that says what it is about.
fn subject(shape: &Shape, depth: u32) -> Option<&str> {
    let is_subject = |name: &str| {
        let lower = name.to_lowercase();
        (lower.ends_with("_id") || name.ends_with("Id"))
            && !shape::is_id(name)
            && !lower.contains("correlation")
            && !lower.contains("trace")
    };
    let named = shape.keys.iter().map(|k| k.name.as_str()).find(|n| is_subject(n));
    named.or_else(|| {
        shape.keys.iter().filter(|_| depth < 3).filter_map(|k| k.nested.as_deref()).find_map(|n| subject(n, depth + 1))
    })
}
