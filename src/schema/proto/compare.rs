//! What was changed between two declarations, whom it breaks, and a message that shows it.
//!
//! Sources: protobuf.dev, "Updating A Message Type" and "Encoding"; the ids of `buf breaking` are named
//! where a rule has one. The registry's rules are those of Confluent's Schema Registry.

mod enums;
mod fields;
mod messages;
mod oneofs;
mod samples;
mod services;
mod types;

use std::collections::HashMap;

use serde_json::{Value, json};

use super::rules::{Breaks, Level};
use super::types::Types;
use super::{Declaration, File};
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
}
