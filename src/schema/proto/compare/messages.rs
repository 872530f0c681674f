//! Messages: the fields that came and went, what is reserved, what is nested.

use serde_json::json;

use super::{At, Comparer};
use crate::schema::proto::rules::{Breaks, Level};
use crate::schema::proto::{Field, Label, Message, Reserved};

impl Comparer<'_> {
    pub(super) fn message(&mut self, a: (&Message, &str), b: (&Message, &str), scopes: (&str, &str)) {
        let ((from, old_at), (to, new_at)) = (a, b);
        let whole = || At { old: Some(old_at), new: Some(new_at), instance: String::new() };
        self.reserved(whole(), &from.reserved, &to.reserved);
        for field in &to.fields {
            if from.fields.iter().any(|known| known.number == field.number) {
                continue;
            }
            let pointer = format!("{new_at}/{}", field.name);
            let at = At { old: None, new: Some(&pointer), instance: format!("/{}", field.json) };
            if field.label == Label::Required {
                // MESSAGE_SAME_REQUIRED_FIELDS: a message without it can't be read.
                let text = format!("`{}` is required and new", field.name);
                self.add(at, "required-added", text, Breaks::backward(Level::Wire).refused(true), json!({}));
            } else if from.reserved.has_number(field.number) {
                let text = format!("`{}` has the number {}, which was reserved", field.name, field.number);
                let witness = json!({"unknown": {field.number.to_string(): "what it was before"}});
                self.add(at, "number-reused", text, Breaks::backward(Level::Wire), witness);
            } else {
                self.add(at, "field-added", format!("`{}` was added", field.name), Breaks::NOBODY, json!({}));
            }
        }
        for field in &from.fields {
            match to.fields.iter().find(|other| other.number == field.number) {
                Some(other) => self.field((field, from, old_at), (other, to, new_at), scopes),
                None => self.field_removed((field, from, old_at), (to, new_at), scopes.0),
            }
        }
        self.oneofs((from, old_at), (to, new_at), scopes);
        for nested in &from.nested {
            let (old_there, new_there) = (format!("{old_at}/{}", nested.name()), format!("{new_at}/{}", nested.name()));
            let inner = (format!("{}.{}", scopes.0, nested.name()), format!("{}.{}", scopes.1, nested.name()));
            match to.nested.iter().find(|other| other.name() == nested.name()) {
                Some(other) => {
                    self.declaration((nested, &old_there), (other, &new_there), (&inner.0, &inner.1));
                }
                None => self.removed(nested, &old_there, ""),
            }
        }
    }

    pub(super) fn field_removed(&mut self, a: (&Field, &Message, &str), b: (&Message, &str), scope: &str) {
        let ((field, from, old_at), (to, new_at)) = (a, b);
        let pointer = format!("{old_at}/{}", field.name);
        let at = At { old: Some(&pointer), new: Some(new_at), instance: format!("/{}", field.json) };
        let witness = json!({field.json.clone(): self.sample(field, scope)});
        // A member of a oneof that goes while others stay; the registry's rule.
        let drops_member = field.oneof.as_ref().is_some_and(|oneof| {
            let stays = |number: i64| to.fields.iter().any(|other| other.number == number);
            let mut members = from.fields.iter().filter(|other| other.oneof.as_ref() == Some(oneof));
            to.oneofs.contains(oneof) || members.any(|other| stays(other.number))
        });
        if field.label == Label::Required {
            let text = format!("`{}`, which was required, was removed", field.name);
            self.add(at, "required-removed", text, Breaks::forward(Level::Wire).refused(true), json!({}));
            return;
        }
        // FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED, FIELD_NO_DELETE_UNLESS_NAME_RESERVED, FIELD_NO_DELETE.
        let (number, name) = (to.reserved.has_number(field.number), to.reserved.has_name(&field.name));
        let (text, level) = match (number, name) {
            (false, _) => {
                (format!("`{}` was removed, and its number {} is not reserved", field.name, field.number), Level::Wire)
            }
            (true, false) => (format!("`{}` was removed, and its name is not reserved", field.name), Level::Json),
            (true, true) => (format!("`{}` was removed; its number and name are reserved", field.name), Level::Source),
        };
        // EXTENSION_NO_DELETE: their numbers are given away by the message that is extended.
        let (text, level) = match from.is_extension() {
            true => (format!("extension `{}` was removed", field.name), Level::Source),
            false => (text, level),
        };
        self.add(at, "field-removed", text, Breaks::backward(level).refused(drops_member), witness);
    }

    pub(super) fn reserved(&mut self, at: At<'_>, from: &Reserved, to: &Reserved) {
        // RESERVED_MESSAGE_NO_DELETE, RESERVED_ENUM_NO_DELETE.
        let covered = |from: i64, until: i64| {
            // Ranges of the new side, walked from the start of the old one.
            let mut next = from;
            while next <= until {
                match to
                    .numbers
                    .iter()
                    .filter(|(low, high)| (*low..=*high).contains(&next))
                    .map(|(_, high)| *high)
                    .max()
                {
                    Some(high) => next = high.saturating_add(1),
                    None => return Err(next),
                }
            }
            Ok(())
        };
        let freed = from.numbers.iter().find_map(|(low, high)| covered(*low, *high).err());
        let name = from.names.iter().find(|name| !to.has_name(name));
        let what = match (freed, name) {
            (Some(number), _) => format!("the number {number} is no longer reserved"),
            (None, Some(name)) => format!("the name `{name}` is no longer reserved"),
            (None, None) => return,
        };
        let level = if freed.is_some() { Level::Wire } else { Level::Json };
        let key = freed.map_or_else(|| name.cloned().unwrap_or_default(), |number| number.to_string());
        self.add(
            at,
            "reserved-removed",
            what,
            Breaks::backward(level),
            json!({"unknown": {key: "what it was before"}}),
        );
    }
}
