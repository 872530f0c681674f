//! The documents of a repository by name, so that a `$ref` across files finds its target offline.

use std::collections::HashMap;

use serde_json::Value;

use super::document::{Document, escape, unescape};
use super::{Dialect, meta, uri};

/// A set of documents that may refer to each other.
#[derive(Clone, Debug, Default)]
pub struct Library {
    documents: Vec<Document>,
    by_path: HashMap<String, usize>,
    /// Absolute addresses (`$id` of documents and of schemas in them) and where they lead.
    resources: HashMap<String, Target>,
    /// `address#anchor`.
    anchors: HashMap<String, Target>,
    /// By address: what `$dynamicRef` and `$recursiveRef` may be overridden with, by anchor.
    dynamic: HashMap<String, Vec<(String, Target)>>,
    /// The meta-schemas, once something refers to one.
    meta: std::ops::Range<usize>,
    wants_meta: bool,
}

/// The anchor that `$recursiveAnchor` is (2019-09, 8.2.4.2.2).
pub(super) const RECURSIVE: &str = "";

/// A place in a document of the library.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) document: usize,
    pub(super) pointer: String,
}

/// Where schemas stand in schemas, and in the parts of API descriptions that hold shared ones. An `$id`
/// anywhere else names nothing (2020-12, 8.2.1).
const MAPS: [&str; 6] = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];
const SCHEMAS: [&str; 14] = [
    "items",
    "additionalItems",
    "additionalProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contains",
    "propertyNames",
    "not",
    "if",
    "then",
    "else",
    "contentSchema",
    "components",
    "schemas",
];
/// So many references may lead to one another.
const MAX_HOPS: usize = 32;
const LISTS: [&str; 5] = ["allOf", "anyOf", "oneOf", "prefixItems", "items"];

impl Library {
    /// A library of these documents.
    pub fn new(documents: Vec<Document>) -> Self {
        let mut library = Library::default();
        documents.into_iter().for_each(|document| library.add(document));
        library
    }

    /// A library of one schema; for tests and for schemas that come from elsewhere.
    pub fn of_value(value: Value) -> Self {
        let text = value.to_string();
        let document = Document::read("schema.json", &text).ok();
        Library::new(document.into_iter().collect())
    }

    /// Adds a document. Of two with the same path the later one counts.
    pub fn add(&mut self, document: Document) {
        self.put(document);
        if self.wants_meta && self.meta.is_empty() {
            let first = self.documents.len();
            meta::documents().into_iter().for_each(|document| self.put(document));
            self.meta = first..self.documents.len();
        }
    }

    fn put(&mut self, document: Document) {
        let index = self.documents.len();
        let base = uri::of_file(&document.path);
        let dialect = Dialect::of(&document.value).unwrap_or(Dialect::Draft202012);
        self.by_path.insert(document.path.clone(), index);
        let root = Target { document: index, pointer: String::new() };
        self.resources.insert(base.clone(), root);
        self.index(&document.value, index, String::new(), &base, dialect);
        self.documents.push(document);
    }

    fn index(&mut self, value: &Value, document: usize, pointer: String, base: &str, dialect: Dialect) {
        let Value::Object(map) = value else { return };
        let mut base = base.to_owned();
        let here = || Target { document, pointer: pointer.clone() };
        if let Some(id) = map.get(dialect.id_key()).and_then(Value::as_str)
            && (!map.contains_key("$ref") || !dialect.ref_is_alone())
        {
            let id = uri::resolve(&base, id);
            match id.split_once('#') {
                Some((address, anchor)) if !anchor.is_empty() => {
                    self.anchors.entry(format!("{address}#{anchor}")).or_insert_with(here);
                }
                _ => {
                    base = id.trim_end_matches('#').to_owned();
                    self.resources.entry(base.clone()).or_insert_with(here);
                }
            }
        }
        for key in ["$anchor", "$dynamicAnchor"] {
            if let Some(anchor) = map.get(key).and_then(Value::as_str) {
                self.anchors.entry(format!("{base}#{anchor}")).or_insert_with(here);
            }
        }
        let refers = |key: &str| map.get(key).and_then(Value::as_str).is_some_and(|text| text.contains(meta::HOST));
        self.wants_meta |= refers("$ref") || refers("$dynamicRef");
        let recursive = map.get("$recursiveAnchor") == Some(&Value::Bool(true));
        let anchor = map.get("$dynamicAnchor").and_then(Value::as_str).or(recursive.then_some(RECURSIVE));
        if let Some(anchor) = anchor {
            self.dynamic.entry(base.clone()).or_default().push((anchor.to_owned(), here()));
        }
        for (key, value) in map {
            let inner = format!("{pointer}/{}", escape(key));
            match value {
                Value::Object(members) if MAPS.contains(&key.as_str()) => {
                    for (name, member) in members {
                        self.index(member, document, format!("{inner}/{}", escape(name)), &base, dialect);
                    }
                }
                Value::Object(_) if SCHEMAS.contains(&key.as_str()) => {
                    self.index(value, document, inner, &base, dialect);
                }
                Value::Array(items) if LISTS.contains(&key.as_str()) => {
                    for (at, item) in items.iter().enumerate() {
                        self.index(item, document, format!("{inner}/{at}"), &base, dialect);
                    }
                }
                _ => {}
            }
        }
    }

    /// The documents, in the order in which they came.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        let is_own = |index: usize| !self.meta.contains(&index);
        self.documents.iter().enumerate().filter(move |(index, _)| is_own(*index)).map(|(_, document)| document)
    }

    /// The document of a target; also a meta-schema.
    pub(super) fn document_at(&self, index: usize) -> Option<&Document> {
        self.documents.get(index)
    }

    /// True for a meta-schema.
    pub(super) fn is_meta(&self, index: usize) -> bool {
        self.meta.contains(&index)
    }

    /// The document at a path.
    pub fn document(&self, path: &str) -> Option<&Document> {
        self.by_path.get(path).map(|&index| &self.documents[index])
    }

    pub(super) fn index_of(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    pub(super) fn value(&self, target: &Target) -> Option<&Value> {
        self.documents.get(target.document)?.at(&target.pointer)
    }

    /// The address that relative references at this place are relative to.
    pub(super) fn base(&self, target: &Target) -> String {
        let Some(document) = self.documents.get(target.document) else { return String::new() };
        let key = Dialect::of(&document.value).unwrap_or(Dialect::Draft202012).id_key();
        let mut base = uri::of_file(&document.path);
        let mut value = Some(&document.value);
        let mut tokens = target.pointer.split('/').skip(1);
        while let Some(here) = value {
            if let Some(id) = here.get(key).and_then(Value::as_str).filter(|id| !id.starts_with('#')) {
                base = uri::resolve(&base, id).trim_end_matches('#').to_owned();
            }
            let Some(token) = tokens.next() else { break };
            value = match here {
                Value::Object(map) => map.get(&unescape(token)),
                Value::Array(items) => token.parse::<usize>().ok().and_then(|at| items.get(at)),
                _ => None,
            };
        }
        base
    }

    /// Where the plain references at a place end, as path and pointer; none when they lead nowhere, or in a
    /// circle.
    pub fn followed(&self, path: &str, pointer: &str) -> Option<(String, String)> {
        let mut at = Target { document: self.index_of(path)?, pointer: pointer.to_owned() };
        for _ in 0..MAX_HOPS {
            let Some(reference) = self.value(&at)?.get("$ref").and_then(Value::as_str) else {
                return Some((self.documents.get(at.document)?.path.clone(), at.pointer));
            };
            at = self.resolve(&at, &self.base(&at), reference)?;
        }
        None
    }

    /// The dynamic anchors of the schema resource with this address.
    pub(super) fn dynamic(&self, base: &str) -> &[(String, Target)] {
        self.dynamic.get(base).map_or(&[], Vec::as_slice)
    }

    /// Where a reference leads; none when that is not in the library.
    pub(super) fn resolve(&self, from: &Target, base: &str, reference: &str) -> Option<Target> {
        let absolute = uri::resolve(base, reference);
        self.lookup(&absolute).or_else(|| {
            // An `$id` is often an address that serves nothing; the files lie side by side all the same.
            let file = uri::of_file(&self.documents.get(from.document)?.path);
            // By the letter `file://other.json` names a host; what is meant is a neighbour.
            let neighbour = reference.strip_prefix("file://").filter(|rest| !rest.starts_with('/'));
            self.lookup(&uri::resolve(&file, neighbour.unwrap_or(reference)))
        })
    }

    fn lookup(&self, absolute: &str) -> Option<Target> {
        let (address, fragment) = absolute.split_once('#').unwrap_or((absolute, ""));
        let fragment = percent_decoded(fragment);
        if !fragment.is_empty() && !fragment.starts_with('/') {
            return self.anchors.get(&format!("{address}#{fragment}")).cloned();
        }
        let known = self.resources.get(address).or_else(|| self.resources.get(&percent_decoded(address)))?;
        let target = Target { document: known.document, pointer: format!("{}{fragment}", known.pointer) };
        self.value(&target).map(|_| target)
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.filter(|_| first == b'%').and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
