//! `saga/event-cycle`: a choreography that starts itself again.

use std::collections::{BTreeMap, BTreeSet};

use super::Said;
use crate::extract::publish::Kind;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::syntax::Place;
use crate::system::System;

/// The rule.
pub const RULE: Rule = Rule { id: "saga/event-cycle", severity: Severity::Warning, stage: Stage::Preview, check };

/// How many events a circle has at most.
const MAX_LENGTH: usize = 8;

/// Who handles one event and publishes another.
struct Step {
    to: String,
    handled: Place,
    published: Place,
}

fn check(system: &System, out: &mut Vec<Finding>) {
    let steps = steps(system);
    let mut told: BTreeSet<Vec<&str>> = BTreeSet::new();
    for start in steps.keys() {
        let Some(circle) = circle(&steps, start) else { continue };
        let mut names: Vec<&str> = circle.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        if !told.insert(names) {
            continue;
        }
        let Some((_, last)) = circle.last() else { continue };
        let shown: Vec<String> =
            circle.iter().map(|(name, _)| format!("`{name}`")).chain([format!("`{start}`")]).collect();
        let related = circle.iter().flat_map(|(name, step)| {
            [(step.handled, format!("handles `{name}`")), (step.published, format!("publishes `{}`", step.to))]
        });
        Said {
            place: last.published,
            message: format!("events cause each other in a circle: {}", shown.join(" → ")),
            why: "each of them starts the next and the last one the first again, so one event keeps the services busy until somebody stops them".into(),
            help: "let the last step publish an event of its own that nobody answers with the first, or let an orchestrator decide what comes next".into(),
            related: related.filter(|(place, _)| *place != last.published).collect(),
        }
        .report(&RULE, system, out);
    }
}

/// The events that each event causes. A name that may stand for several events (a topic, a queue) says nothing of
/// which one causes which, so only names of facts count: `order.placed`.
fn steps(system: &System) -> BTreeMap<String, Vec<Step>> {
    let mut steps: BTreeMap<String, Vec<Step>> = BTreeMap::new();
    for consumer in &system.consumers {
        // What several handlers do together can't be told apart.
        let [handler] = &consumer.handlers[..] else { continue };
        let channels = if handler.channels.is_empty() { &consumer.channels } else { &handler.channels };
        let [channel] = &channels[..] else { continue };
        let runs = |place: &Place| consumer.functions.contains(place);
        let published = system.publishers.iter().filter(|p| p.kind == Kind::Event && p.broker == consumer.broker);
        for publisher in published.filter(|p| p.function.as_ref().is_some_and(|(_, place)| runs(place))) {
            let Some(name) = publisher.channel().filter(|name| is_fact(name) && is_fact(channel)) else { continue };
            let step = Step { to: name, handled: handler.place, published: publisher.place };
            steps.entry(channel.clone()).or_default().push(step);
        }
    }
    steps
}

/// The shortest way from an event back to it.
fn circle<'s>(steps: &'s BTreeMap<String, Vec<Step>>, start: &'s str) -> Option<Vec<(&'s str, &'s Step)>> {
    let mut ways: Vec<Vec<(&str, &Step)>> = vec![Vec::new()];
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for _ in 0..MAX_LENGTH {
        let mut longer = Vec::new();
        for way in ways {
            let at = way.last().map_or(start, |(_, step)| step.to.as_str());
            for step in steps.get(at).into_iter().flatten() {
                let mut way = way.clone();
                way.push((at, step));
                if step.to == start {
                    return Some(way);
                }
                if seen.insert(&step.to) {
                    longer.push(way);
                }
            }
        }
        ways = longer;
    }
    None
}

/// True for a name that says what has happened: `order.placed`, `PaymentFailed`.
fn is_fact(name: &str) -> bool {
    if name.contains(['{', '*', '#', '>', '$']) {
        return false;
    }
    let name = crate::schema::find::unversioned(name).0;
    let name = name.trim_end_matches("Event").trim_end_matches(['.', '-', '_']);
    let lower = name.to_ascii_lowercase();
    let several = name.contains(['.', '-', '_', '/', ':']) || name.chars().skip(1).any(char::is_uppercase);
    several && ["ed", "paid", "sent", "made", "lost", "taken"].iter().any(|end| lower.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::is_fact;

    #[test]
    fn a_fact_is_one_event() {
        for name in ["order.placed", "PaymentFailed", "order-paid", "OrderPlacedEvent", "stock.reserved.v1"] {
            assert!(is_fact(name), "{name}");
        }
        for name in ["orders", "order.create", "order.*", "order-events", "shared", "{topic}.placed"] {
            assert!(!is_fact(name), "{name}");
        }
    }
}
