//! `schemas`: how schemas that change are compared, and which breaks are accepted.

use super::Globs;
use super::raw::{Node, Value};
use super::read::{Reader, first_line, is_key, keys};
use crate::findings::Date;
use crate::schema::Model;
use crate::schema::compat::Mode;
use crate::schema::policy::{Accepted, Policy, Setting};
use crate::schema::proto::Level;

impl Reader<'_> {
    pub(super) fn schemas(&mut self, node: &Node) -> Policy {
        let mut policy = Policy::default();
        for (key, value) in self.fields(node, "`schemas`", &keys::SCHEMAS) {
            match key {
                "overrides" => {
                    policy.overrides = self.list(value, key).iter().map(|node| self.schema_override(node)).collect();
                }
                "accepted" => {
                    policy.accepted = self.list(value, key).iter().filter_map(|node| self.accepted(node)).collect();
                }
                _ => self.setting(key, value, &mut policy.general),
            }
        }
        policy
    }

    fn setting(&mut self, key: &str, value: &Node, setting: &mut Setting) {
        match key {
            "mode" => {
                let word = self.choice(value, key, &Mode::ALL.map(Mode::name));
                setting.mode = Mode::ALL.into_iter().find(|mode| Some(mode.name()) == word);
            }
            "model" => {
                let word = self.choice(value, key, &Model::ALL.map(Model::name));
                setting.model = Model::ALL.into_iter().find(|model| Some(model.name()) == word);
            }
            _ => {
                let word = self.choice(value, key, &Level::ALL.map(Level::name));
                setting.protobuf = Level::ALL.into_iter().find(|level| Some(level.name()) == word);
            }
        }
    }

    fn schema_override(&mut self, node: &Node) -> (Globs, Setting) {
        let mut found = (Globs::default(), Setting::default());
        self.needs(node, "override", &[("schemas", "the paths or subjects, as globs")]);
        for (key, value) in self.fields(node, "an override", &keys::SCHEMA) {
            match key {
                "schemas" => found.0 = self.globs(value, key),
                _ => self.setting(key, value, &mut found.1),
            }
        }
        found
    }

    fn accepted(&mut self, node: &Node) -> Option<Accepted> {
        let needed = [
            ("schema", "the path or the subject, as a glob"),
            ("reason", "why nobody is hurt"),
            ("until", "the last day, such as `2027-01-31`"),
        ];
        self.needs(node, "accepted break", &needed);
        let (mut schema, mut change, mut at, mut reason, mut until) = (None, None, None, None, None);
        for (key, value) in self.fields(node, "an accepted break", &keys::ACCEPTED) {
            let text = self.string(value, key);
            match key {
                "schema" => {
                    schema = text.and_then(|text| match Globs::new(vec![text.clone()]) {
                        Ok(globs) => Some(globs),
                        Err((_, why)) => {
                            let message = format!("`{text}` is no glob: {why}");
                            self.error(value.span.clone(), message, "a path or a subject", None);
                            None
                        }
                    });
                }
                "change" => change = text,
                "at" => at = text,
                "reason" => reason = text,
                _ => {
                    until = text.as_deref().and_then(Date::parse);
                    if let (Some(text), None) = (text, until) {
                        let message = format!("`until` is `{text}`");
                        self.error(value.span.clone(), message, "a day such as `2027-01-31`", None);
                    }
                }
            }
        }
        Some(Accepted { schema: schema?, change, at, reason: reason?, until: until? })
    }

    /// Says which keys are missing.
    fn needs(&mut self, node: &Node, what: &str, keys: &[(&str, &str)]) {
        let Value::Map(entries) = &node.value else { return };
        for (key, with) in keys {
            if !entries.iter().any(|(name, _)| is_key(name, key)) {
                let message = format!("this {what} has no `{key}`");
                self.error(first_line(node), message, format!("`{key}:` with {with}"), None);
            }
        }
    }
}
