//! Values that show a change, in the JSON encoding.

use serde_json::{Value, json};

use super::Comparer;
use crate::schema::proto::types::{Scalar, Type};
use crate::schema::proto::{Field, FieldKind, File, Label};

impl Comparer<'_> {
    /// A value of a field in the JSON encoding, one that has something to lose.
    pub(super) fn sample(&self, field: &Field, scope: &str) -> Value {
        let types = if scope_is(self.old.0, scope) { self.old.1 } else { self.new.1 };
        let one = |name: &str| match types.find(name, scope) {
            Type::Scalar(kind) => sample_of(name, kind),
            Type::Enum(_, found) => found.values.last().map_or(json!(1), |(name, _)| json!(name)),
            Type::Message(..) => json!({}),
            Type::Missing => json!({}),
        };
        match &field.kind {
            FieldKind::Map(_, value) => json!({"1": one(value)}),
            FieldKind::Group(_) => json!({}),
            FieldKind::One(name) if field.label == Label::Repeated => json!([one(name)]),
            FieldKind::One(name) => one(name),
        }
    }
}

fn scope_is(file: &File, scope: &str) -> bool {
    file.package.is_empty() || scope.starts_with(file.package.as_str())
}

pub(super) fn shown(kind: &FieldKind) -> String {
    match kind {
        FieldKind::One(name) => name.clone(),
        FieldKind::Map(key, value) => format!("map<{key}, {value}>"),
        FieldKind::Group(name) => format!("group {name}"),
    }
}

fn sample_of(name: &str, kind: Scalar) -> Value {
    match kind {
        Scalar::Varint(1, _) => json!(true),
        Scalar::Varint(64, false) => json!(u64::MAX.to_string()),
        Scalar::Varint(64, true) => json!(i64::MAX.to_string()),
        Scalar::Varint(_, false) => json!(u32::MAX),
        Scalar::Varint(_, true) | Scalar::Zigzag(32) => json!(-1),
        Scalar::Zigzag(_) => json!("-1"),
        Scalar::Fixed64(_) => json!("1"),
        Scalar::Fixed32(_) => json!(1),
        Scalar::Float | Scalar::Double => json!(0.5),
        Scalar::Text => json!("text"),
        // One byte that is no UTF-8.
        Scalar::Bytes if name == "bytes" => json!("/w=="),
        Scalar::Bytes => json!(""),
    }
}
