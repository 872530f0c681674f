//! What the settings of an application say about a channel: its name at the broker, the broker, where
//! failed messages go.

use crate::catalog::consume::DeadLetter;
use crate::extract::settings::Settings;
use crate::extract::{Presence, attached};
use crate::program::Evaluator;

use super::source::Found;

/// A source with the settings that apply to it.
pub(super) struct Configured<'f, 'c> {
    found: &'f Found<'c>,
    /// The names of its channels in the program.
    names: Vec<String>,
    settings: &'f Settings,
    path: &'f str,
    /// The broker of channels that no setting tells of.
    attached: Option<&'static str>,
}

impl<'f, 'c> Configured<'f, 'c> {
    pub(super) fn new(
        ev: &'f Evaluator<'_>,
        found: &'f Found<'c>,
        names: &[String],
        settings: &'f Settings,
    ) -> Configured<'f, 'c> {
        let unless = &found.source.attached_unless;
        let attached = names.first().and_then(|name| attached::broker(ev, settings, found.site, name, unless));
        Configured { found, names: names.to_vec(), settings, path: &ev.program.unit(found.site.unit).path, attached }
    }

    /// The names of its channels at the broker.
    pub(super) fn channels(&self) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for name in &self.names {
            let keys = self.found.source.name_keys.iter();
            let configured = keys.filter_map(|key| self.settings.get(self.path, &key.replace("{channel}", name)));
            let at_broker = configured.map(|(value, _)| value).next().unwrap_or(name);
            let text = self.settings.filled(self.path, at_broker).unwrap_or_else(|| at_broker.to_string());
            // `"#{queue.name}"` and settings that are not here: the name is not known.
            if !text.contains("#{") && !text.contains("${") {
                out.extend(text.split(',').map(|t| t.trim().to_string()).filter(|t| !t.is_empty()));
            }
        }
        out.sort();
        out.dedup();
        out
    }

    /// The broker.
    pub(super) fn broker(&self) -> String {
        let of_key = self.found.source.broker_key.as_ref().and_then(|key| {
            let value = self.names.iter().find_map(|n| self.settings.get(self.path, &key.replace("{channel}", n)))?.0;
            let known = ["kafka", "rabbitmq", "amqp", "pulsar", "jms", "mqtt", "nats"];
            known.into_iter().find(|k| value.to_lowercase().contains(k))
        });
        let hints = &self.found.source.broker_hints;
        let hint = || hints.iter().find(|(prefix, _)| self.settings.under(self.path, prefix).is_some());
        match of_key {
            Some(kind) => kind.to_string(),
            None => match (hint(), self.attached) {
                (Some((_, kind)), _) => kind.clone(),
                (None, Some(kind)) => kind.to_string(),
                (None, None) => self.found.consume.broker.clone(),
            },
        }
    }

    /// Where failed messages go, given what the code says.
    pub(super) fn dead_letter(&self, code: Presence) -> Presence {
        if code.is_present() {
            return code;
        }
        let nameless = [String::new()];
        for name in if self.names.is_empty() { &nameless } else { self.names.as_slice() } {
            for deciding in &self.found.source.dead_letter_keys {
                let key = deciding.key.replace("{channel}", name);
                let hit = match key.split_once('*') {
                    Some((prefix, suffix)) => self.settings.ending(self.path, prefix, suffix),
                    None => self.settings.get(self.path, &key),
                };
                let Some((value, place)) = hit else { continue };
                if deciding.values.is_empty() || deciding.values.iter().any(|v| v == value) {
                    return Presence::Present(place);
                }
            }
        }
        if self.found.source.dead_letter != DeadLetter::Keys {
            return code;
        }
        let known = self.found.source.configured.as_ref().is_none_or(|prefix| {
            self.names.iter().any(|n| self.settings.under(self.path, &prefix.replace("{channel}", n)).is_some())
        });
        if !known && self.attached.is_none() || self.settings.is_remote(self.path) {
            return Presence::Unknown("the channel is configured outside the repository".into());
        }
        code
    }
}
