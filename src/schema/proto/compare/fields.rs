//! A field that is in both versions.

use serde_json::{Value, json};

use super::samples::shown;
use super::{At, Comparer};
use crate::schema::proto::rules::{Breaks, Level};
use crate::schema::proto::types::{Scalar, Type};
use crate::schema::proto::{Field, FieldKind, Label, Message};

impl Comparer<'_> {
    pub(super) fn field(&mut self, a: (&Field, &Message, &str), b: (&Field, &Message, &str), scopes: (&str, &str)) {
        let ((from, _, old_at), (to, _, new_at)) = (a, b);
        let (old_there, new_there) = (format!("{old_at}/{}", from.name), format!("{new_at}/{}", to.name));
        let at = || At { old: Some(&old_there), new: Some(&new_there), instance: format!("/{}", from.json) };
        let sample = |this: &Self| json!({from.json.clone(): this.sample(from, scopes.0)});
        let sample_now = |this: &Self| json!({to.json.clone(): this.sample(to, scopes.1)});
        if from.name != to.name || from.json != to.json {
            // FIELD_SAME_NAME, FIELD_SAME_JSON_NAME.
            let level = if from.json != to.json { Level::Json } else { Level::Source };
            let text = match from.name != to.name {
                true => format!("`{}` is called `{}` now", from.name, to.name),
                false => format!("`{}` is `{}` in JSON now, and was `{}`", from.name, to.json, from.json),
            };
            let witness = sample(self);
            self.add(at(), "field-renamed", text, Breaks::both(level), witness);
            self.written_now(sample_now(self));
        }
        self.labels(at(), from, to, scopes);
        if let Some((level, backward, forward, refused)) = self.kinds(from, to, scopes) {
            let text = format!("`{}` was `{}` and is `{}`", to.name, shown(&from.kind), shown(&to.kind));
            let breaks = Breaks { level, backward, forward, registry: refused };
            let witness = match backward {
                true => sample(self),
                false => sample_now(self),
            };
            self.add(at(), "type-changed", text, breaks, witness);
            self.written_now(sample_now(self));
        }
        if from.default != to.default {
            // FIELD_SAME_DEFAULT: what is not sent is something else now.
            let shown = |value: &Option<String>| value.as_ref().map_or("absent".to_owned(), |v| format!("`{v}`"));
            let text =
                format!("the default of `{}` was {} and is {}", to.name, shown(&from.default), shown(&to.default));
            self.add(at(), "default-changed", text, Breaks::both(Level::Source), json!({}));
        }
        if from.generated != to.generated {
            let text = format!("`ctype` or `jstype` of `{}` was changed", to.name);
            self.add(at(), "generated-type-changed", text, Breaks::both(Level::Source), json!({}));
        }
    }

    pub(super) fn labels(&mut self, at: At<'_>, from: &Field, to: &Field, scopes: (&str, &str)) {
        if from.label == to.label {
            return;
        }
        let word = |label: Label| match label {
            Label::Implicit => "single",
            Label::Explicit => "optional",
            Label::Required => "required",
            Label::Repeated => "repeated",
        };
        let text = format!("`{}` was {} and is {}", to.name, word(from.label), word(to.label));
        let is_number = |kind: Type<'_>| {
            matches!(kind, Type::Enum(..))
                || matches!(kind, Type::Scalar(kind) if !matches!(kind, Scalar::Text | Scalar::Bytes))
        };
        let numeric = matches!(&from.kind, FieldKind::One(name) if is_number(self.old.1.find(name, scopes.0)));
        let breaks = match (from.label, to.label) {
            // FIELD_SAME_CARDINALITY.
            (Label::Implicit | Label::Explicit, Label::Implicit | Label::Explicit) => Breaks::both(Level::Source),
            (_, Label::Required) => Breaks::backward(Level::Wire),
            (Label::Required, Label::Repeated) => Breaks::both(Level::Wire),
            (Label::Required, _) => Breaks::forward(Level::Wire),
            // FIELD_WIRE_COMPATIBLE_CARDINALITY: of several values a single one reads the last, or none
            // where they are packed. In JSON one is a list and the other is not.
            _ if self.level >= Level::Json => Breaks::both(Level::Json),
            (_, Label::Repeated) => Breaks::forward(Level::Wire),
            (Label::Repeated, _) => Breaks::backward(Level::Wire),
        };
        let both_written = to.label != Label::Implicit && from.label != Label::Implicit;
        // The registry looks at labels that are written, and only at those of numbers.
        let refused = numeric && both_written;
        let refused = refused && !(from.oneof.is_some() || to.oneof.is_some());
        let value = self.sample(from, scopes.0);
        let several = match (from.label, to.label, &value) {
            (Label::Repeated, _, Value::Array(all)) => {
                let one = all.first().cloned().unwrap_or(Value::Null);
                json!([one.clone(), one])
            }
            (_, Label::Repeated, one) => json!([one.clone(), one]),
            _ => value.clone(),
        };
        let witness = match (from.label, to.label) {
            (_, Label::Required) | (Label::Required, Label::Implicit | Label::Explicit) => json!({}),
            _ => json!({from.json.clone(): several}),
        };
        self.add(at, "label-changed", text, breaks.refused(refused), witness);
    }
}
