//! Enums and their values.

use serde_json::json;

use super::{At, Comparer};
use crate::schema::proto::Enum;
use crate::schema::proto::rules::{Breaks, Level};

impl Comparer<'_> {
    pub(super) fn enumeration(&mut self, a: (&Enum, &str), b: (&Enum, &str)) {
        let ((from, old_at), (to, new_at)) = (a, b);
        let at = |instance: &str| At { old: Some(old_at), new: Some(new_at), instance: instance.to_owned() };
        self.reserved(at(""), &from.reserved, &to.reserved);
        let mut told: Vec<i64> = Vec::new();
        for (name, number) in &from.values {
            let stays = to.values.iter().any(|(_, other)| other == number);
            let has_name = to.values.iter().any(|(other, n)| other == name && n == number);
            if has_name {
                continue;
            }
            let old_there = format!("{old_at}/{name}");
            let witness = json!(name);
            if stays {
                // ENUM_VALUE_SAME_NAME: in JSON the name is what is sent.
                let new_name = to.values.iter().find(|(_, other)| other == number).map_or("", |(name, _)| name);
                let new_there = format!("{new_at}/{new_name}");
                let text = format!("`{name}` ({number}) is called `{new_name}` now");
                let at = At { old: Some(&old_there), new: Some(&new_there), instance: String::new() };
                self.add(at, "value-renamed", text, Breaks::both(Level::Json), witness);
            } else if !told.contains(number) {
                told.push(*number);
                // ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED, _NAME_RESERVED, ENUM_VALUE_NO_DELETE.
                let (text, level) = match (to.reserved.has_number(*number), to.reserved.has_name(name)) {
                    (false, _) => {
                        (format!("`{name}` was removed, and its number {number} is not reserved"), Level::Wire)
                    }
                    (true, false) => (format!("`{name}` was removed, and its name is not reserved"), Level::Json),
                    (true, true) => (format!("`{name}` was removed; its number and name are reserved"), Level::Source),
                };
                let at = At { old: Some(&old_there), new: Some(new_at), instance: String::new() };
                self.add(at, "value-removed", text, Breaks::backward(level), witness);
            }
        }
        for (name, number) in &to.values {
            if from.values.iter().any(|(_, known)| known == number) {
                continue;
            }
            let pointer = format!("{new_at}/{name}");
            let at = At { old: None, new: Some(&pointer), instance: String::new() };
            let (kind, text, breaks) = match from.reserved.has_number(*number) {
                true => (
                    "number-reused",
                    format!("`{name}` has the number {number}, which was reserved"),
                    Breaks::backward(Level::Wire),
                ),
                false => ("value-added", format!("`{name}` was added"), Breaks::NOBODY),
            };
            self.add(at, kind, text, breaks, json!(number));
        }
    }
}
