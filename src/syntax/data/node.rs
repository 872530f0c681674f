//! The tree that YAML, JSON and TOML are read into.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use smol_str::SmolStr;

use super::super::Span;

/// A value. A copy is cheap: lists and maps are shared, which is also how an alias is kept.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where the value is written; for an alias, where the anchor's value is written.
    pub span: Span,
    /// The YAML tag as written (`!reset`), when there is one that is not of the core schema.
    pub tag: Option<SmolStr>,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Scalar(SmolStr, Scalar),
    List(Arc<[Node]>),
    Map(Arc<[Entry]>),
}

/// What a scalar is by the YAML 1.2 core schema (JSON and TOML fit into it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// `null`, `~`, nothing.
    Null,
    /// `true`, `false`.
    Bool,
    /// A number.
    Number,
    /// Anything else, and everything in quotes.
    Str,
}

/// One `key: value` of a map.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Node,
    /// The value.
    pub value: Node,
}

impl Entry {
    /// The key's text; empty for a key that is no scalar.
    pub fn name(&self) -> &str {
        self.key.raw().unwrap_or("")
    }
}

impl Node {
    pub(super) fn scalar(text: impl Into<SmolStr>, scalar: Scalar, span: Span) -> Self {
        Node { span, tag: None, kind: Kind::Scalar(text.into(), scalar) }
    }

    pub(super) fn list(items: Vec<Node>, span: Span) -> Self {
        Node { span, tag: None, kind: Kind::List(items.into()) }
    }

    pub(super) fn map(entries: Vec<Entry>, span: Span) -> Self {
        Node { span, tag: None, kind: Kind::Map(entries.into()) }
    }

    /// The text of a string. Numbers, booleans and null are not strings; see [`Node::text`].
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(text, Scalar::Str) => Some(text),
            _ => None,
        }
    }

    /// The text of any scalar but null: `8080` as well as `"8080"`.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(_, Scalar::Null) => None,
            Kind::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    fn raw(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// The value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Scalar(text, Scalar::Bool) => Some(text.eq_ignore_ascii_case("true")),
            _ => None,
        }
    }

    /// The value of a number.
    pub fn as_f64(&self) -> Option<f64> {
        match &self.kind {
            Kind::Scalar(text, Scalar::Number) => number(text),
            _ => None,
        }
    }

    /// True for null.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(_, Scalar::Null))
    }

    /// True for a map.
    pub fn is_map(&self) -> bool {
        matches!(&self.kind, Kind::Map(_))
    }

    /// True for a list.
    pub fn is_list(&self) -> bool {
        matches!(&self.kind, Kind::List(_))
    }

    /// What a scalar is; none for lists and maps.
    pub fn scalar_type(&self) -> Option<Scalar> {
        match &self.kind {
            Kind::Scalar(_, scalar) => Some(*scalar),
            _ => None,
        }
    }

    /// The items of a list; nothing for other values.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a map as written: merge keys (`<<`) are entries like others, keys that occur
    /// twice are both there. Nothing for other values.
    pub fn raw_entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The entries of a map with its merge keys followed: the map's own entries in their order, then
    /// the merged ones that it does not define itself. Of a key that occurs twice the last one counts.
    pub fn entries(&self) -> Vec<&Entry> {
        let mut found = Vec::with_capacity(self.raw_entries().len());
        self.collect_entries(&mut found, &mut HashSet::new());
        found
    }

    fn collect_entries<'a>(&'a self, found: &mut Vec<&'a Entry>, seen: &mut HashSet<&'a str>) {
        let mut own: HashMap<&str, usize> = HashMap::new();
        for entry in self.raw_entries().iter().filter(|entry| !entry.is_merge() && !seen.contains(entry.name())) {
            match own.get(entry.name()) {
                Some(&index) => found[index] = entry,
                None => {
                    own.insert(entry.name(), found.len());
                    found.push(entry);
                }
            }
        }
        seen.extend(own.keys());
        for source in self.merge_sources() {
            source.collect_entries(found, seen);
        }
    }

    /// The maps behind the merge keys; the earlier one wins.
    fn merge_sources(&self) -> impl Iterator<Item = &Node> {
        self.raw_entries().iter().filter(|entry| entry.is_merge()).flat_map(|entry| match &entry.value.kind {
            Kind::List(items) => items.iter().collect::<Vec<_>>(),
            _ => vec![&entry.value],
        })
    }

    /// The value of a key of a map, merge keys followed; none for other values.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key of a map, merge keys followed.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        let own = self.raw_entries().iter().rev().find(|entry| !entry.is_merge() && entry.name() == key);
        own.or_else(|| self.merge_sources().find_map(|source| source.entry(key)))
    }

    /// The value at a path of keys: `at(["services", "web", "image"])`.
    pub fn at<const N: usize>(&self, path: [&str; N]) -> Option<&Node> {
        path.into_iter().try_fold(self, |node, key| node.get(key))
    }
}

const MERGE: &str = "<<";

impl Entry {
    /// A merge key is a plain `<<` whose value is a map or a list of maps.
    fn is_merge(&self) -> bool {
        self.name() == MERGE && (self.value.is_map() || self.value.is_list())
    }
}

/// The type of a plain scalar by the YAML 1.2 core schema.
pub(super) fn plain_type(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Scalar::Bool,
        _ if looks_like_number(text) && number(text).is_some() => Scalar::Number,
        _ => Scalar::Str,
    }
}

fn looks_like_number(text: &str) -> bool {
    // Rust's float parser also takes `inf`, `nan` and `infinity`, which are words here.
    let body = text.trim_start_matches(['-', '+']);
    body.starts_with(|c: char| c.is_ascii_digit())
        || (body.starts_with('.') && body[1..].starts_with(|c: char| c.is_ascii_digit()))
        || matches!(body, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN")
}

fn number(text: &str) -> Option<f64> {
    if let Some(hex) = text.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok().map(|n| n as f64);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return u64::from_str_radix(octal, 8).ok().map(|n| n as f64);
    }
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        _ => text.parse().ok(),
    }
}
