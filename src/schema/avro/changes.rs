//! What was changed between two Avro schemas, with the place on both sides and whom it breaks.

use std::collections::HashSet;

use super::resolve::{Resolver, source};
use super::{Avro, Field, Id, Kind, Name};
use crate::schema::changes::Change;

/// How many changes are listed.
const MAX_CHANGES: usize = 200;
/// How deep schemas are compared.
const MAX_DEPTH: usize = 200;

/// The changes from the old schema to the new one.
pub fn changes(old: &Avro, new: &Avro) -> Vec<Change> {
    let (backward, forward) = (Resolver::new(new, old), Resolver::new(old, new));
    let mut differ = Differ { old, new, backward, forward, seen: HashSet::new(), out: Vec::new() };
    differ.pair(old.root, new.root, "", 0);
    differ.out.truncate(MAX_CHANGES);
    differ.out
}

struct Differ<'a> {
    old: &'a Avro,
    new: &'a Avro,
    /// New readers, old writers.
    backward: Resolver<'a>,
    /// Old readers, new writers.
    forward: Resolver<'a>,
    seen: HashSet<(Id, Id)>,
    out: Vec<Change>,
}

/// Two types and where their values stand.
#[derive(Clone, Copy)]
struct Here<'i> {
    a: Id,
    b: Id,
    instance: &'i str,
}

impl Differ<'_> {
    fn add(&mut self, here: Here<'_>, kind: &'static str, text: String, (narrows, widens): (bool, bool)) {
        self.out.push(Change {
            kind,
            text,
            instance: here.instance.to_owned(),
            old: Some(self.old.place(here.a)),
            new: Some(self.new.place(here.b)),
            narrows,
            widens,
        });
    }

    /// Adds to the pointers of the last change.
    fn at(&mut self, old: Option<&str>, new: Option<&str>) {
        let Some(change) = self.out.last_mut() else { return };
        for (place, pointer) in [(&mut change.old, old), (&mut change.new, new)] {
            match pointer {
                Some(pointer) if pointer.starts_with('/') || pointer.is_empty() => {
                    if let Some((_, known)) = place {
                        *known = pointer.to_owned();
                    }
                }
                Some(key) => {
                    if let Some((_, known)) = place {
                        known.push('/');
                        known.push_str(key);
                    }
                }
                None => {}
            }
        }
    }

    fn pair(&mut self, a: Id, b: Id, instance: &str, depth: usize) {
        if depth > MAX_DEPTH || self.out.len() >= MAX_CHANGES || !self.seen.insert((a, b)) {
            return;
        }
        let (old, new) = (self.old, self.new);
        let here = Here { a, b, instance };
        match (old.kind(a), new.kind(b)) {
            (Kind::Record(from, before), Kind::Record(to, now)) => {
                self.name(here, from, to);
                self.fields(here, before, now, depth);
            }
            (Kind::Enum(from, before, standard), Kind::Enum(to, now, default)) => {
                self.name(here, from, to);
                self.symbols(here, (before, standard.as_ref()), (now, default.as_ref()));
            }
            (Kind::Fixed(from, before), Kind::Fixed(to, now)) => {
                self.name(here, from, to);
                if before != now {
                    self.add(
                        here,
                        "size-changed",
                        format!("`{}` had {before} bytes and has {now}", to.full),
                        (true, true),
                    );
                    self.at(Some("size"), Some("size"));
                }
                self.logical(here);
            }
            (Kind::Array(from), Kind::Array(to)) | (Kind::Map(from), Kind::Map(to)) => {
                self.pair(*from, *to, &format!("{instance}/*"), depth + 1);
            }
            (Kind::Union(before), Kind::Union(now)) => self.branches(here, before, now, depth),
            (Kind::Union(before), _) => self.branches(here, before, &[b], depth),
            (_, Kind::Union(now)) => self.branches(here, &[a], now, depth),
            (Kind::Missing(_), _) | (_, Kind::Missing(_)) => {}
            (from, to) if from == to => self.logical(here),
            _ => {
                let narrows = !self.backward.reads(b, a);
                let widens = !self.forward.reads(a, b);
                let kind = match (narrows, widens) {
                    (true, false) => "type-narrowed",
                    (false, true) => "type-widened",
                    _ => "type-changed",
                };
                let text = format!("the type was `{}` and is `{}`", old.shown(a), new.shown(b));
                self.add(here, kind, text, (narrows, widens));
            }
        }
    }

    fn name(&mut self, here: Here<'_>, from: &Name, to: &Name) {
        if from.full == to.full {
            return;
        }
        let text = format!("`{}` is called `{}` now", from.full, to.full);
        let kind = if from.simple() == to.simple() { "namespace-changed" } else { "name-changed" };
        self.add(here, kind, text, (!to.reads(from), !from.reads(to)));
        self.at(Some("name"), Some("name"));
    }

    fn fields(&mut self, here: Here<'_>, before: &[Field], now: &[Field], depth: usize) {
        let mut known: HashSet<&str> = HashSet::new();
        for field in now {
            let instance = format!("{}/{}", here.instance, field.name);
            let there = Here { instance: &instance, ..here };
            let Some(from) = source(field, before) else {
                let text = match field.default.is_some() {
                    true => format!("`{}` was added, with a default", field.name),
                    false => format!("`{}` was added without a default", field.name),
                };
                self.add(there, "field-added", text, (field.default.is_none(), false));
                self.at(None, Some(&field.pointer));
                if let Some(change) = self.out.last_mut() {
                    change.old = None;
                }
                continue;
            };
            known.insert(&from.name);
            if from.name != field.name {
                let text = format!("`{}` is called `{}` now, with an alias", from.name, field.name);
                let loses = from.default.is_none() && source(from, now).is_none();
                self.add(there, "field-renamed", text, (false, loses));
                self.at(Some(&from.pointer), Some(&field.pointer));
            } else if from.default != field.default {
                let shown =
                    |field: &Field| field.default.as_ref().map_or("absent".to_owned(), |value| format!("`{value}`"));
                let text = format!("the default of `{}` was {} and is {}", field.name, shown(from), shown(field));
                self.add(there, "default-changed", text, (false, false));
                self.at(Some(&from.pointer), Some(&field.pointer));
            }
            self.pair(from.kind, field.kind, &instance, depth + 1);
        }
        for field in before.iter().filter(|field| !known.contains(field.name.as_str())) {
            let instance = format!("{}/{}", here.instance, field.name);
            let text = match field.default.is_some() {
                true => format!("`{}`, which had a default, was removed", field.name),
                false => format!("`{}`, which had no default, was removed", field.name),
            };
            let widens = field.default.is_none() && source(field, now).is_none();
            self.add(Here { instance: &instance, ..here }, "field-removed", text, (false, widens));
            self.at(Some(&field.pointer), Some("fields"));
        }
    }

    fn symbols(&mut self, here: Here<'_>, old: (&[String], Option<&String>), new: (&[String], Option<&String>)) {
        let ((before, standard), (now, default)) = (old, new);
        let listed = |gone: &[&String]| {
            let shown: Vec<String> = gone.iter().take(4).map(|name| format!("`{name}`")).collect();
            format!("{}{}", shown.join(", "), if gone.len() > 4 { ", …" } else { "" })
        };
        let removed: Vec<&String> = before.iter().filter(|symbol| !now.contains(symbol)).collect();
        if !removed.is_empty() {
            self.add(
                here,
                "symbol-removed",
                format!("symbol {} is gone", listed(&removed)),
                (default.is_none(), false),
            );
            self.at(Some("symbols"), Some("symbols"));
        }
        let added: Vec<&String> = now.iter().filter(|symbol| !before.contains(symbol)).collect();
        if !added.is_empty() {
            self.add(here, "symbol-added", format!("symbol {} is new", listed(&added)), (false, standard.is_none()));
            self.at(Some("symbols"), Some("symbols"));
        }
        if standard != default {
            let shown = |name: Option<&String>| name.map_or("absent".to_owned(), |name| format!("`{name}`"));
            let text = format!("the default symbol was {} and is {}", shown(standard), shown(default));
            self.add(here, "default-changed", text, (false, false));
        }
    }

    fn branches(&mut self, here: Here<'_>, before: &[Id], now: &[Id], depth: usize) {
        let (old, new) = (self.old, self.new);
        let is_same = |a: Id, b: Id| match (old.kind(a), new.kind(b)) {
            (Kind::Record(from, _), Kind::Record(to, _))
            | (Kind::Enum(from, ..), Kind::Enum(to, ..))
            | (Kind::Fixed(from, _), Kind::Fixed(to, _)) => to.reads(from) || from.reads(to),
            _ => old.plain(a) == new.plain(b),
        };
        let mut used: HashSet<Id> = HashSet::new();
        for branch in before {
            match now.iter().find(|other| !used.contains(*other) && is_same(*branch, **other)) {
                Some(same) => {
                    used.insert(*same);
                    self.pair(*branch, *same, here.instance, depth + 1);
                }
                None => {
                    let narrows = !self.backward.reads(here.b, *branch);
                    let text = format!("`{}` is no longer one of the types", old.shown(*branch));
                    self.add(Here { a: *branch, ..here }, "branch-removed", text, (narrows, false));
                }
            }
        }
        for branch in now.iter().filter(|branch| !used.contains(*branch)) {
            let widens = !self.forward.reads(here.a, *branch);
            let text = format!("`{}` is one of the types now", new.shown(*branch));
            self.add(Here { b: *branch, ..here }, "branch-added", text, (false, widens));
        }
    }

    fn logical(&mut self, here: Here<'_>) {
        let (a, b) = (&self.old.nodes[here.a], &self.new.nodes[here.b]);
        if let (Some(before), Some(now)) = (a.decimal, b.decimal) {
            if before != now {
                let shown = |(scale, precision): (u64, u64)| format!("`decimal({precision}, {scale})`");
                let text = format!("the type was {} and is {}", shown(before), shown(now));
                self.add(here, "decimal-changed", text, (true, true));
            }
        } else if a.logical != b.logical {
            let shown = |name: &Option<String>| name.as_ref().map_or("absent".to_owned(), |name| format!("`{name}`"));
            let text = format!("the logical type was {} and is {}", shown(&a.logical), shown(&b.logical));
            self.add(here, "logical-type-changed", text, (false, false));
        }
    }
}
