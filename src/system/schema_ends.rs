//! Who publishes and who consumes the event that a schema describes.

use std::collections::BTreeSet;

use super::System;
use crate::schema::find::{Subject, normal};
use crate::syntax::Place;

/// A place in the code where an event is published or consumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Where.
    pub place: Place,
    /// It is published here.
    pub is_producer: bool,
}

impl System {
    /// Where the event of a schema is published and consumed.
    pub fn ends_of(&self, subject: &Subject) -> Vec<End> {
        let types: BTreeSet<String> = subject.types.iter().map(|name| normal(name)).collect();
        let is_event = |name: &str| types.contains(&normal(name));
        let mut channels: BTreeSet<&str> = subject.channels.iter().map(String::as_str).collect();
        let mut found = Vec::new();
        for event in &self.map.events {
            let on_channel =
                event.channel.as_deref().is_some_and(|channel| subject.channels.iter().any(|c| c == channel));
            if is_event(&event.name) || (on_channel && subject.types.len() == 1 && event.name.is_empty()) {
                channels.extend(event.channel.as_deref());
                found.push(End { place: event.place, is_producer: true });
            }
        }
        let is_read = |names: &[String]| names.iter().any(|name| channels.contains(name.as_str()) || is_event(name));
        let consumed = |place: Place| End { place, is_producer: false };
        for consumer in &self.consumers {
            let handlers: Vec<_> = consumer.handlers.iter().filter(|handler| is_read(&handler.channels)).collect();
            if handlers.is_empty() && is_read(&consumer.channels) {
                found.push(consumed(consumer.place));
            }
            found.extend(handlers.iter().map(|handler| consumed(handler.place)));
        }
        found
    }
}
