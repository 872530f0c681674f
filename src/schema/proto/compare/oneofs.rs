//! Fields that exclude each other.

use serde_json::{Value, json};

use super::{At, Comparer};
use crate::schema::proto::rules::{Breaks, Level};
use crate::schema::proto::{Field, Message};

impl Comparer<'_> {
    /// Fields that exclude each other now, or no longer do.
    pub(super) fn oneofs(&mut self, a: (&Message, &str), b: (&Message, &str), scopes: (&str, &str)) {
        let ((from, old_at), (to, new_at)) = (a, b);
        let of = |message: &Message, number: i64| {
            message.fields.iter().find(|field| field.number == number).map(|field| field.oneof.clone())
        };
        for oneof in from.oneofs.iter().filter(|oneof| !to.oneofs.contains(oneof)) {
            // ONEOF_NO_DELETE.
            let pointer = format!("{old_at}/{oneof}");
            let at = At { old: Some(&pointer), new: Some(new_at), instance: String::new() };
            self.add(
                at,
                "oneof-removed",
                format!("oneof `{oneof}` was removed"),
                Breaks::both(Level::Source),
                json!({}),
            );
        }
        // Where members of one come from: another oneof, or each from itself.
        let groups = |members: &[&Field], other: &Message| -> Vec<String> {
            let mut groups: Vec<String> = members
                .iter()
                .filter_map(|field| match of(other, field.number)? {
                    Some(oneof) => Some(format!("oneof {oneof}")),
                    None => Some(format!("field {}", field.number)),
                })
                .collect();
            groups.sort();
            groups.dedup();
            groups
        };
        for (is_new, message, other) in [(true, to, from), (false, from, to)] {
            for oneof in &message.oneofs {
                let members: Vec<&Field> = message.fields.iter().filter(|f| f.oneof.as_ref() == Some(oneof)).collect();
                if groups(&members, other).len() < 2 {
                    continue;
                }
                // FIELD_SAME_ONEOF; protobuf.dev: a single field may move into a new oneof, others lose data.
                let moved: Vec<&str> = members
                    .iter()
                    .filter(|field| of(other, field.number).is_some_and(|there| there.as_ref() != Some(oneof)))
                    .map(|field| field.name.as_str())
                    .collect();
                let Some(first) = moved.first() else { continue };
                let pointers = (format!("{old_at}/{first}"), format!("{new_at}/{first}"));
                let at = At { old: Some(&pointers.0), new: Some(&pointers.1), instance: format!("/{first}") };
                let names = moved.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                let scope = if is_new { scopes.1 } else { scopes.0 };
                let both: serde_json::Map<String, Value> =
                    members.iter().take(8).map(|field| (field.json.clone(), self.sample(field, scope))).collect();
                let (text, breaks) = match is_new {
                    true => (
                        format!("{names} moved into oneof `{oneof}`: only one of its members is read"),
                        Breaks::backward(Level::Wire).refused(true),
                    ),
                    false => (
                        format!("{names} moved out of oneof `{oneof}`: old readers read only one of its members"),
                        Breaks::forward(Level::Wire),
                    ),
                };
                self.add(at, "oneof-changed", text, breaks, Value::Object(both));
            }
        }
        if self.level == Level::Source && !self.registry {
            for field in &to.fields {
                let Some(before) = of(from, field.number).filter(|before| *before != field.oneof) else { continue };
                let word =
                    |oneof: &Option<String>| oneof.as_ref().map_or("no oneof".into(), |o| format!("oneof `{o}`"));
                let text = format!("`{}` was in {} and is in {}", field.name, word(&before), word(&field.oneof));
                let pointer = format!("{new_at}/{}", field.name);
                let at = At { old: Some(old_at), new: Some(&pointer), instance: format!("/{}", field.json) };
                self.add(at, "oneof-changed", text, Breaks::both(Level::Source), json!({}));
            }
        }
    }
}
