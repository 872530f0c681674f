//! `event-schema/unpublished-event`

use std::collections::{BTreeMap, BTreeSet};

use crate::extract::publish::{Kind, Publisher};
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::schema::find::normal;
use crate::suggest;
use crate::syntax::Place;
use crate::system::System;

/// A consumer waits for events that nobody publishes, under a name close to that of one that is published.
pub const RULE: Rule =
    Rule { id: "event-schema/unpublished-event", severity: Severity::Error, stage: Stage::Preview, check };

/// Brokers at which the name that is consumed is the one that is published to.
const BY_NAME: [&str; 4] = ["kafka", "nats", "redis pub/sub", "jetstream"];

/// What is published at a broker.
#[derive(Default)]
struct Published {
    names: BTreeMap<String, Place>,
    /// Some publisher's channel is not known.
    unknown: bool,
}

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut published: BTreeMap<&str, Published> = BTreeMap::new();
    // A dead letter goes where the message came from, under another name.
    for publisher in system.publishers.iter().filter(|publisher| publisher.kind != Kind::DeadLetter) {
        let all = published.entry(publisher.broker.as_str()).or_default();
        match names(publisher) {
            Some(names) => all.names.extend(names.into_iter().map(|name| (name, publisher.place))),
            None => all.unknown = true,
        }
    }
    let mut consumed: BTreeSet<&str> = BTreeSet::new();
    let mut waits: Vec<(&str, Place, &str)> = Vec::new();
    for consumer in &system.consumers {
        let handlers = consumer.handlers.iter().flat_map(|handler| handler.channels.iter().map(|c| (handler.place, c)));
        for (place, channel) in handlers.chain(consumer.channels.iter().map(|c| (consumer.place, c))) {
            consumed.insert(channel);
            waits.push((consumer.broker.as_str(), place, channel));
        }
    }
    let mut seen = BTreeSet::new();
    for (broker, place, channel) in waits {
        let Some(all) = published.get(broker).filter(|all| BY_NAME.contains(&broker) && !all.unknown) else { continue };
        let is_name = !channel.is_empty() && !channel.contains(['{', '*', '>', '$', '^', '#']);
        if !is_name || all.names.contains_key(channel) || !seen.insert((broker, channel)) {
            continue;
        }
        // Only with the publisher that was meant: others may publish from elsewhere.
        let unread = all.names.keys().filter(|name| !consumed.contains(name.as_str()));
        let same = unread.clone().find(|name| normal(name) == normal(channel));
        let meant = same.or_else(|| {
            let nearest = suggest::nearest(channel, unread.map(String::as_str))?;
            all.names.keys().find(|name| *name == nearest)
        });
        let Some(meant) = meant else { continue };
        findings.push(
            Finding::new(&RULE, system, place, format!("nobody publishes `{channel}`"))
                .confidence(Confidence::Medium)
                .why(format!("`{meant}` is published and nobody consumes it; a consumer of a name that is never published waits for ever, without an error"))
                .help(format!("consume `{meant}`, and keep the name in one place that both sides import"))
                .also(all.names[meant], format!("publishes `{meant}`")),
        );
    }
}

/// The channels of a publisher; none when one of them is not known.
fn names(publisher: &Publisher) -> Option<Vec<String>> {
    if publisher.destinations.is_empty() {
        return None;
    }
    publisher.destinations.iter().map(|text| Some(text.pattern()).filter(|name| !name.contains("{}"))).collect()
}
