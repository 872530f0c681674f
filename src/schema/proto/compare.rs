//! What was changed between two declarations, whom it breaks, and a message that shows it.
//!
//! Sources: protobuf.dev, "Updating A Message Type" and "Encoding"; the ids of `buf breaking` are named
//! where a rule has one. The registry's rules are those of Confluent's Schema Registry.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::rules::{Breaks, Level};
use super::types::{Scalar, Type, Types};
use super::{Declaration, Enum, Field, FieldKind, File, Label, Message, Method, Reserved, Service};
use crate::schema::changes::Change;
use crate::schema::compat::Direction;
use crate::schema::inclusion::{Proof, Verdict};

/// How many changes are listed.
const MAX_CHANGES: usize = 300;
/// How deep renamed messages are compared.
const MAX_DEPTH: usize = 16;

/// How two versions of a declaration compare.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// The changes; `narrows` and `widens` say whom each breaks at the level that was asked for.
    pub changes: Vec<Change>,
    /// A message for each change that shows it.
    witnesses: Vec<Value>,
    /// A message as it is written now, for the changes (by index) where it is another one.
    written_now: HashMap<usize, Value>,
    /// Why a positive answer is none.
    open: Option<String>,
    registry: bool,
}

impl Compared {
    /// The answer in a direction.
    pub fn verdict(&self, direction: Direction) -> Verdict {
        let breaks = |change: &Change| match direction {
            Direction::Backward => change.narrows,
            Direction::Forward => change.widens,
        };
        if let Some(index) = self.changes.iter().position(breaks) {
            let change = &self.changes[index];
            let fault = (change.instance.clone(), change.text.clone());
            let written_now = self.written_now.get(&index).filter(|_| direction == Direction::Forward);
            return match written_now.or_else(|| self.witnesses.get(index)) {
                Some(witness) if !self.registry && !witness.is_null() => {
                    Verdict::Breaking { witness: witness.clone(), fault: Some(fault) }
                }
                _ => Verdict::Refused { fault },
            };
        }
        match &self.open {
            Some(reason) => Verdict::Unknown { reason: reason.clone() },
            None if self.registry => Verdict::Compatible { proof: Proof::Registry },
            None => Verdict::Compatible { proof: Proof::Wire },
        }
    }
}

/// One side: the file and the types of its repository.
type Side<'s> = (&'s File, &'s Types<'s>);

/// Compares what stands at a pointer in two files. `None` for a pointer in the new file says that it was
/// removed. With `registry` the rules of the registry count instead of the level.
pub fn compare(old: (Side<'_>, &str), new: (Side<'_>, Option<&str>), level: Level, registry: bool) -> Compared {
    let ((before, pointer), (now, there)) = (old, new);
    let mut comparer = Comparer { old: before, new: now, level, registry, depth: 0, out: Compared::default() };
    comparer.out.registry = registry;
    comparer.run(pointer, there);
    comparer.out
}

struct Comparer<'s> {
    old: Side<'s>,
    new: Side<'s>,
    level: Level,
    registry: bool,
    depth: usize,
    out: Compared,
}

/// Where a change stands: the pointer before, the pointer now, and where it shows in messages.
struct At<'p> {
    old: Option<&'p str>,
    new: Option<&'p str>,
    instance: String,
}

impl Comparer<'_> {
    fn add(&mut self, at: At<'_>, kind: &'static str, text: String, breaks: Breaks, witness: Value) {
        if self.out.changes.len() >= MAX_CHANGES {
            return;
        }
        let counts = if self.registry { breaks.registry } else { breaks.level <= self.level };
        let place = |(file, _): Side<'_>, pointer: Option<&str>| Some((file.path.clone(), pointer?.to_owned()));
        self.out.changes.push(Change {
            kind,
            text,
            instance: at.instance,
            old: place(self.old, at.old),
            new: place(self.new, at.new),
            narrows: counts && (breaks.backward || self.registry),
            widens: counts && (breaks.forward || self.registry),
        });
        self.out.witnesses.push(witness);
    }

    /// What a new writer sends after the change that was added last.
    fn written_now(&mut self, witness: Value) {
        if let Some(last) = self.out.changes.len().checked_sub(1) {
            self.out.written_now.insert(last, witness);
        }
    }

    fn run(&mut self, pointer: &str, there: Option<&str>) {
        let ((old, _), (new, _)) = (self.old, self.new);
        if pointer.is_empty() {
            return self.files(old, new);
        }
        let Some(a) = old.declaration(pointer) else { return };
        let name = a.name();
        let scopes = (old.full_name(name), new.full_name(name));
        match there.and_then(|pointer| Some((pointer, new.declaration(pointer)?))) {
            Some((there, b)) => self.declaration((a, pointer), (b, there), (&scopes.0, &scopes.1)),
            None => self.removed(a, pointer, ""),
        }
    }

    /// The package, and the syntax and options of the file, which generated code depends on.
    fn files(&mut self, old: &File, new: &File) {
        let at = || At { old: Some(""), new: Some(""), instance: String::new() };
        if old.package != new.package {
            // FILE_SAME_PACKAGE: `Any`, gRPC's paths and registries carry the full name.
            let full = old.full_name(old.declarations.first().map_or("", Declaration::name));
            let text = format!("the package was `{}` and is `{}`", old.package, new.package);
            self.add(at(), "package-changed", text, Breaks::both(Level::Wire).refused(true), json!({"@type": full}));
        }
        if old.syntax != new.syntax {
            let text = format!("the syntax was `{}` and is `{}`", old.syntax, new.syntax);
            self.add(at(), "syntax-changed", text, Breaks::both(Level::Source), Value::Null);
        }
        const GENERATED: [&str; 18] = [
            "java_package",
            "java_outer_classname",
            "java_multiple_files",
            "java_generic_services",
            "java_string_check_utf8",
            "go_package",
            "csharp_namespace",
            "objc_class_prefix",
            "php_class_prefix",
            "php_namespace",
            "php_metadata_namespace",
            "php_generic_services",
            "py_generic_services",
            "ruby_package",
            "swift_prefix",
            "cc_enable_arenas",
            "cc_generic_services",
            "optimize_for",
        ];
        for key in GENERATED {
            let of = |file: &File| file.options.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
            let (a, b) = (of(old), of(new));
            if a != b {
                let shown = |value: Option<String>| value.map_or("absent".to_owned(), |value| format!("`{value}`"));
                let text = format!("the option `{key}` was {} and is {}", shown(a), shown(b));
                self.add(at(), "file-option-changed", text, Breaks::both(Level::Source), Value::Null);
            }
        }
    }

    fn declaration(&mut self, a: (&Declaration, &str), b: (&Declaration, &str), scopes: (&str, &str)) {
        match (a.0, b.0) {
            (Declaration::Message(from), Declaration::Message(to)) => self.message((from, a.1), (to, b.1), scopes),
            (Declaration::Enum(from), Declaration::Enum(to)) => self.enumeration((from, a.1), (to, b.1)),
            (Declaration::Service(from), Declaration::Service(to)) => self.service((from, a.1), (to, b.1), scopes),
            (from, to) => {
                let text = format!("`{}` was a {} and is a {}", from.name(), from.sort(), to.sort());
                let at = At { old: Some(a.1), new: Some(b.1), instance: String::new() };
                let was_message = matches!(from, Declaration::Message(_));
                self.add(at, "declaration-changed", text, Breaks::both(Level::Wire).refused(was_message), Value::Null);
            }
        }
    }

    fn removed(&mut self, gone: &Declaration, pointer: &str, instance: &str) {
        let text = format!("{} `{}` was removed", gone.sort(), gone.name());
        let at = At { old: Some(pointer), new: Some(pointer), instance: instance.to_owned() };
        let full = self.old.0.full_name(gone.name());
        match gone {
            // MESSAGE_NO_DELETE, ENUM_NO_DELETE: who refers to it has changed too.
            Declaration::Message(message) => {
                let refused = !message.is_extension();
                self.add(at, "message-removed", text, Breaks::both(Level::Source).refused(refused), json!({}));
            }
            Declaration::Enum(_) => self.add(at, "enum-removed", text, Breaks::both(Level::Source), json!({})),
            // SERVICE_NO_DELETE; to a caller it is not only the source.
            Declaration::Service(_) => {
                self.add(at, "service-removed", text, Breaks::backward(Level::Wire), json!({"service": full}));
            }
        }
    }

    fn message(&mut self, a: (&Message, &str), b: (&Message, &str), scopes: (&str, &str)) {
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

    fn field_removed(&mut self, a: (&Field, &Message, &str), b: (&Message, &str), scope: &str) {
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

    fn reserved(&mut self, at: At<'_>, from: &Reserved, to: &Reserved) {
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

    fn field(&mut self, a: (&Field, &Message, &str), b: (&Field, &Message, &str), scopes: (&str, &str)) {
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

    fn labels(&mut self, at: At<'_>, from: &Field, to: &Field, scopes: (&str, &str)) {
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

    /// Whom a change of type breaks: the level, backward, forward, and whether the registry refuses it.
    fn kinds(&mut self, from: &Field, to: &Field, scopes: (&str, &str)) -> Option<(Level, bool, bool, bool)> {
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
    fn is_same(&self, old: &str, new: &str) -> bool {
        let local = |full: &str, package: &str| {
            full.strip_prefix(package).and_then(|rest| rest.strip_prefix('.')).unwrap_or(full).to_owned()
        };
        old == new || local(old, &self.old.0.package) == local(new, &self.new.0.package)
    }

    fn unknown(&mut self, a: &str, b: &str) {
        let reason = format!("`{a}` became `{b}`, and the file that defines one of them is not in the repository");
        self.out.open.get_or_insert(reason);
    }

    /// Fields that exclude each other now, or no longer do.
    fn oneofs(&mut self, a: (&Message, &str), b: (&Message, &str), scopes: (&str, &str)) {
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

    fn enumeration(&mut self, a: (&Enum, &str), b: (&Enum, &str)) {
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

    fn service(&mut self, a: (&Service, &str), b: (&Service, &str), scopes: (&str, &str)) {
        let ((from, old_at), (to, new_at)) = (a, b);
        let path = |method: &Method| format!("/{}/{}", scopes.0, method.name);
        for method in &from.methods {
            let pointers = (format!("{old_at}/{}", method.name), format!("{new_at}/{}", method.name));
            let witness = json!({"rpc": path(method)});
            let Some(other) = to.methods.iter().find(|other| other.name == method.name) else {
                // RPC_NO_DELETE; to a caller it is not only the source: the answer is UNIMPLEMENTED.
                let at = At { old: Some(&pointers.0), new: Some(new_at), instance: String::new() };
                let text = format!("`{}` was removed", method.name);
                self.add(at, "rpc-removed", text, Breaks::backward(Level::Wire), witness);
                continue;
            };
            let at = || At { old: Some(&pointers.0), new: Some(&pointers.1), instance: String::new() };
            // RPC_SAME_REQUEST_TYPE, RPC_SAME_RESPONSE_TYPE, RPC_SAME_CLIENT_STREAMING, RPC_SAME_SERVER_STREAMING.
            let sides = [("request", &method.request, &other.request), ("response", &method.response, &other.response)];
            for (word, (before, was_stream), (now, is_stream)) in sides {
                let same = match (self.old.1.find(before, scopes.0), self.new.1.find(now, scopes.1)) {
                    (Type::Message(x, _), Type::Message(y, _)) => self.is_same(x, y),
                    (Type::Missing, Type::Missing) => before.trim_start_matches('.') == now.trim_start_matches('.'),
                    _ => before.rsplit('.').next() == now.rsplit('.').next(),
                };
                if !same {
                    let text = format!("the {word} of `{}` was `{before}` and is `{now}`", method.name);
                    self.add(at(), "rpc-type-changed", text, Breaks::both(Level::Wire), witness.clone());
                }
                if was_stream != is_stream {
                    let what = |stream: bool| if stream { "a stream" } else { "one message" };
                    let text = format!(
                        "the {word} of `{}` was {} and is {}",
                        method.name,
                        what(*was_stream),
                        what(*is_stream)
                    );
                    self.add(at(), "rpc-streaming-changed", text, Breaks::both(Level::Wire), witness.clone());
                }
            }
            if method.idempotency != other.idempotency {
                // RPC_SAME_IDEMPOTENCY_LEVEL: clients that repeat or use GET rely on it.
                let shown = |level: &Option<String>| level.clone().unwrap_or_else(|| "IDEMPOTENCY_UNKNOWN".to_owned());
                let text = format!(
                    "`{}` was `{}` and is `{}`",
                    method.name,
                    shown(&method.idempotency),
                    shown(&other.idempotency)
                );
                self.add(at(), "rpc-idempotency-changed", text, Breaks::backward(Level::Wire), witness);
            }
        }
    }

    /// A value of a field in the JSON encoding, one that has something to lose.
    fn sample(&self, field: &Field, scope: &str) -> Value {
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

fn shown(kind: &FieldKind) -> String {
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
