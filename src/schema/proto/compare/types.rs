//! Types of fields: which are read as which.

use super::{Compared, Comparer, MAX_DEPTH};
use crate::schema::proto::rules::Level;
use crate::schema::proto::types::{Scalar, Type};
use crate::schema::proto::{Field, FieldKind, File, Message};

impl Comparer<'_> {
    /// Whom a change of type breaks: the level, backward, forward, and whether the registry refuses it.
    pub(super) fn kinds(
        &mut self,
        from: &Field,
        to: &Field,
        scopes: (&str, &str),
    ) -> Option<(Level, bool, bool, bool)> {
        match (&from.kind, &to.kind) {
            (FieldKind::One(a), FieldKind::One(b)) => self.types(a, b, scopes),
            (FieldKind::Map(key, value), FieldKind::Map(other_key, other_value)) => {
                let keys = self.types(key, other_key, scopes);
                let values = self.types(value, other_value, scopes);
                match (keys, values) {
                    (Some(a), Some(b)) => Some((a.0.min(b.0), a.1 || b.1, a.2 || b.2, a.3 || b.3)),
                    (one, other) => one.or(other),
                }
            }
            (FieldKind::Group(a), FieldKind::Group(b)) if a == b => None,
            _ => Some((Level::Wire, true, true, true)),
        }
    }

    fn types(&mut self, a: &str, b: &str, scopes: (&str, &str)) -> Option<(Level, bool, bool, bool)> {
        let (old, new) = (self.old.1.find(a, scopes.0), self.new.1.find(b, scopes.1));
        let source = Some((Level::Source, true, true, false));
        let wire = |registry: bool| Some((Level::Wire, true, true, registry));
        match (old, new) {
            (Type::Scalar(x), Type::Scalar(y)) => scalars(a, b, x, y),
            (Type::Missing, Type::Missing) if a.trim_start_matches('.') == b.trim_start_matches('.') => None,
            // An imported message or enum is no string and no zigzag; but an enum is a varint.
            (Type::Missing, Type::Scalar(Scalar::Varint(..))) | (Type::Scalar(Scalar::Varint(..)), Type::Missing) => {
                self.unknown(a, b);
                None
            }
            (Type::Missing, Type::Scalar(_)) | (Type::Scalar(_), Type::Missing) => wire(true),
            (Type::Missing, _) | (_, Type::Missing) => {
                // The same name, found on one side only: a file that moved in or out.
                let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
                if last(a) != last(b) {
                    self.unknown(a, b);
                }
                None
            }
            // protobuf.dev: an enum is compatible with these; values are truncated if they don't fit. In
            // JSON readers take the number for the name, and not the reverse.
            (Type::Enum(..), Type::Scalar(Scalar::Varint(bits, _))) if bits > 1 => {
                Some((Level::Json, true, true, false))
            }
            (Type::Scalar(Scalar::Varint(bits, _)), Type::Enum(..)) if bits > 1 => {
                Some((Level::Json, true, true, false))
            }
            (Type::Enum(..), Type::Scalar(Scalar::Varint(..))) | (Type::Scalar(Scalar::Varint(..)), Type::Enum(..)) => {
                wire(false)
            }
            (Type::Enum(x, from), Type::Enum(y, to)) => {
                if self.is_same(x, y) {
                    return None;
                }
                // Renamed: as good as the same when every number is still there.
                let lost = from.values.iter().any(|(_, number)| !to.values.iter().any(|(_, other)| other == number));
                if lost { Some((Level::Wire, true, false, false)) } else { source }
            }
            (Type::Message(x, from), Type::Message(y, to)) => {
                if self.registry {
                    return self.registered((x, from), (y, to)).then_some((Level::Wire, true, true, true));
                }
                if self.is_same(x, y) {
                    return None;
                }
                if self.depth < MAX_DEPTH && self.level < Level::Source {
                    // Renamed: whether it is the same on the wire is seen by comparing the two.
                    let mut inner = Comparer { depth: self.depth + 1, out: Compared::default(), ..*self };
                    inner.message((from, ""), (to, ""), (x, y));
                    let backward = inner.out.changes.iter().any(|change| change.narrows);
                    let forward = inner.out.changes.iter().any(|change| change.widens);
                    return match backward || forward {
                        true => Some((Level::Wire, backward, forward, true)),
                        false => source,
                    };
                }
                Some((Level::Wire, true, true, true))
            }
            _ => wire(true),
        }
    }

    /// True when the registry refuses a message for another: called otherwise in its own package, or, where it
    /// is another file's, changed there.
    fn registered(&self, (x, from): (&str, &Message), (y, to): (&str, &Message)) -> bool {
        let (old, new) = (self.old.1.file(x), self.new.1.file(y));
        let local = |full: &str, file: Option<&File>| {
            let package = file.map_or("", |file| file.package.as_str());
            full.strip_prefix(package).map_or(full, |rest| rest.trim_start_matches('.')).to_owned()
        };
        if local(x, old) != local(y, new) {
            return true;
        }
        let is_own = old.is_some_and(|file| file.path == self.old.0.path);
        if is_own || self.depth >= MAX_DEPTH {
            return false;
        }
        let mut inner = Comparer { depth: self.depth + 1, out: Compared::default(), ..*self };
        inner.message((from, ""), (to, ""), (x, y));
        inner.out.changes.iter().any(|change| change.narrows)
    }

    /// The same type, whatever the package that it is in: that is told for itself.
    pub(super) fn is_same(&self, old: &str, new: &str) -> bool {
        let local = |full: &str, package: &str| {
            full.strip_prefix(package).and_then(|rest| rest.strip_prefix('.')).unwrap_or(full).to_owned()
        };
        old == new || local(old, &self.old.0.package) == local(new, &self.new.0.package)
    }

    fn unknown(&mut self, a: &str, b: &str) {
        let reason = format!("`{a}` became `{b}`, and the file that defines one of them is not in the repository");
        self.out.open.get_or_insert(reason);
    }
}

/// FIELD_WIRE_COMPATIBLE_TYPE, FIELD_WIRE_JSON_COMPATIBLE_TYPE, FIELD_SAME_TYPE.
fn scalars(a: &str, b: &str, from: Scalar, to: Scalar) -> Option<(Level, bool, bool, bool)> {
    if a == b {
        return None;
    }
    let source = Some((Level::Source, true, true, false));
    let json = Some((Level::Json, true, true, false));
    match (from, to) {
        (Scalar::Varint(x, _), Scalar::Varint(y, _)) if x == y && x > 1 => source,
        // 64 bits are text in JSON, and `bool` is no number.
        (Scalar::Varint(..), Scalar::Varint(..)) | (Scalar::Zigzag(_), Scalar::Zigzag(_)) => json,
        (Scalar::Fixed32(_), Scalar::Fixed32(_)) | (Scalar::Fixed64(_), Scalar::Fixed64(_)) => source,
        // Text is bytes; bytes need not be text.
        (Scalar::Text, Scalar::Bytes) => Some((Level::Wire, false, true, false)),
        (Scalar::Bytes, Scalar::Text) => Some((Level::Wire, true, false, false)),
        _ => Some((Level::Wire, true, true, true)),
    }
}
