//! What the two rules about AsyncAPI documents and code have in common: whose a document is, and which of its
//! channels code uses.

use super::squeezed;
use crate::extract::publish::{Kind, Publisher};
use crate::schema::asyncapi::{Channel, channels};
use crate::syntax::Place;
use crate::system::System;

/// An AsyncAPI document of the repository.
pub(super) struct Described {
    /// Its path.
    pub(super) path: String,
    /// The services that it describes; empty when that is not said, and it is about all of them.
    pub(super) services: Vec<String>,
    /// What it declares.
    pub(super) channels: Vec<Channel>,
}

/// The documents that declare channels.
pub(super) fn documents(system: &System) -> Vec<Described> {
    let all = system.schemas.library.documents();
    let described = all.map(|document| Described {
        path: document.path.clone(),
        services: owners(system, &document.path),
        channels: channels(document),
    });
    described.filter(|document| !document.channels.is_empty()).collect()
}

/// The service in whose folder the document lies, or after which it is named.
fn owners(system: &System, path: &str) -> Vec<String> {
    let holders = system.schemas.place(path, "").map(|place| system.services_at(place)).unwrap_or_default();
    if !holders.is_empty() {
        return holders;
    }
    let stem = path.rsplit('/').next().unwrap_or(path);
    let stem = stem.trim_end_matches(".json").trim_end_matches(".yaml").trim_end_matches(".yml");
    let stem = squeezed(&stem.replace("asyncapi", ""));
    let is_it = |name: &str| {
        let name = squeezed(name);
        let plain = name.trim_end_matches("service");
        !stem.is_empty() && (stem == name || stem.trim_end_matches("service") == plain)
    };
    system.services.iter().map(|service| service.name.clone()).filter(|name| is_it(name)).collect()
}

/// True when the document is about the service.
pub(super) fn is_about(document: &Described, services: &[String]) -> bool {
    document.services.is_empty() || document.services.iter().any(|service| services.contains(service))
}

/// A place in code that uses channels: what they may be called there.
pub(super) struct Use {
    pub(super) place: Place,
    /// Topics, exchanges, queues, routing keys, types of events, with holes as `{}`.
    pub(super) names: Vec<String>,
    /// Where it goes is known.
    pub(super) is_known: bool,
    /// It is the publisher with this index.
    pub(super) publisher: Option<usize>,
}

/// Every place that publishes or consumes.
pub(super) fn uses(system: &System) -> Vec<Use> {
    let published = system.publishers.iter().enumerate().map(|(index, publisher)| Use {
        place: publisher.place,
        names: names(publisher),
        is_known: goes(publisher).is_some(),
        publisher: Some(index),
    });
    let consumed = system.consumers.iter().map(|consumer| {
        let handlers = consumer.handlers.iter().flat_map(|handler| handler.channels.iter());
        let names: Vec<String> = consumer.channels.iter().chain(handlers).cloned().collect();
        let is_known = !names.is_empty() && names.iter().all(|name| !is_hole(name));
        Use { place: consumer.place, names, is_known, publisher: None }
    });
    published.chain(consumed).collect()
}

fn is_hole(name: &str) -> bool {
    name.is_empty() || name.replace("{}", "").trim_matches(['.', '-', '_', '/', ':']).is_empty()
}

/// Where an event goes, when that is known: the topic, or exchange and key.
pub(super) fn goes(publisher: &Publisher) -> Option<String> {
    let texts =
        |all: &[crate::program::value::Text]| -> Vec<String> { all.iter().map(|text| text.pattern()).collect() };
    let (to, keys) = (texts(&publisher.destinations), texts(&publisher.keys));
    let known = |all: &[String]| !all.is_empty() && all.iter().all(|name| !name.contains("{}") && !name.is_empty());
    match (known(&to), known(&keys)) {
        (true, _) => to.into_iter().next(),
        // The default exchange: the key is the queue.
        (false, true) if to.iter().all(String::is_empty) => keys.into_iter().next(),
        _ => None,
    }
}

/// What a channel may be called in a document: `orders`, `orders/placed`, `orders.placed`, `order.placed`.
fn names(publisher: &Publisher) -> Vec<String> {
    let to: Vec<String> = publisher.destinations.iter().map(|text| text.pattern()).collect();
    let keys: Vec<String> = publisher.keys.iter().map(|text| text.pattern()).collect();
    let mut names: Vec<String> = to.iter().chain(&keys).cloned().collect();
    for (to, key) in to.iter().flat_map(|to| keys.iter().map(move |key| (to, key))) {
        names.extend(["/", ".", ":"].map(|between| format!("{to}{between}{key}")));
    }
    let events = publisher.messages.iter().flat_map(|message| &message.names).map(|name| name.text.clone());
    names.extend(events);
    names.retain(|name| !is_hole(name));
    names
}

/// Is the channel of a document the one that code means? Parameters and holes stand for anything, and so do
/// the wildcards of a consumer.
pub(super) fn fits(address: &str, name: &str) -> bool {
    let address = address.trim_matches('/');
    let name = name.trim_matches('/');
    address == name || like(&pieces(address), name) || like(&pieces(name), address)
}

/// The literal parts of a name with holes.
fn pieces(name: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut inside = false;
    for c in name.chars() {
        match c {
            '{' => {
                inside = true;
                out.push(String::new());
            }
            '}' if inside => inside = false,
            '*' | '#' | '>' if !inside => out.push(String::new()),
            c if !inside => {
                if let Some(last) = out.last_mut() {
                    last.push(c);
                }
            }
            _ => {}
        }
    }
    out
}

fn like(pieces: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = pieces else { return false };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for piece in middle {
        match rest.find(piece.as_str()) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

/// True for what happens, not for jobs, answers, failures and telemetry.
pub(super) fn is_event(publisher: &Publisher) -> bool {
    publisher.kind == Kind::Event
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn parameters_and_wildcards_stand_for_anything() {
        assert!(fits("/orders/placed", "orders/placed") && fits("orders.{region}", "orders.eu"));
        assert!(fits("orders.{region}", "orders.{}") && fits("orders.placed", "orders.*"));
        assert!(!fits("orders.placed", "orders.cancelled") && !fits("orders", "orders.placed"));
    }
}
