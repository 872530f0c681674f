//! Where two versions of a document begin to differ below a schema.
//!
//! A schema that was changed is reached from many operations, and in large documents each schema reaches most
//! others. What stands before it is the same in both versions, so it is enough to compare what was changed.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::api::Spot;
use super::load::Loaded;

/// A place in the old version and the same in the new one.
pub(super) type Places = (Spot, Spot);

/// How deep schemas stand in each other, without references.
const MAX_DEPTH: usize = 60;
/// Keywords whose schemas are about the same value.
const IN_PLACE: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// What is known of the pairs of places.
pub(super) struct Reach<'a> {
    old: &'a Loaded,
    new: &'a Loaded,
    /// The number of each pair that was met. Many operations reach the same ones: they are walked by number.
    numbers: HashMap<Places, usize>,
    /// The pairs by number.
    places: Vec<Places>,
    /// What became of them, where it was asked for.
    nodes: Vec<Option<Node>>,
}

/// A schema in both versions.
#[derive(Clone, Debug)]
enum Node {
    /// It says something else, or it can't be told.
    Differs,
    /// It says the same of a value; these are the schemas of its members and items that refer to others.
    Same(Vec<usize>),
}

impl<'a> Reach<'a> {
    pub(super) fn new(old: &'a Loaded, new: &'a Loaded) -> Reach<'a> {
        Reach { old, new, numbers: HashMap::new(), places: Vec::new(), nodes: Vec::new() }
    }

    /// The places at or below two schemas where these begin to differ; none when they never do.
    pub(super) fn differing(&mut self, old: &Spot, new: &Spot) -> Vec<Places> {
        let (mut seen, mut found) = (HashSet::new(), Vec::new());
        let mut open = vec![self.number((old.clone(), new.clone()))];
        while let Some(number) = open.pop() {
            if !seen.insert(number) {
                continue;
            }
            self.look_at(number);
            match &self.nodes[number] {
                Some(Node::Same(members)) => open.extend(members),
                _ => found.push(self.places[number].clone()),
            }
        }
        found.sort();
        found
    }

    /// The number of a pair, behind its references.
    fn number(&mut self, places: Places) -> usize {
        let places = self.settled(places);
        if let Some(known) = self.numbers.get(&places) {
            return *known;
        }
        let number = self.places.len();
        self.numbers.insert(places.clone(), number);
        self.places.push(places);
        self.nodes.push(None);
        number
    }

    /// Where plain references end.
    fn settled(&self, (old, new): Places) -> Places {
        let end = |loaded: &Loaded, at: Spot| {
            let found = loaded.library.followed(&at.path, &at.pointer);
            found.map_or(at, |(path, pointer)| Spot { path, pointer })
        };
        (end(self.old, old), end(self.new, new))
    }

    /// Finds out what becomes of a pair.
    fn look_at(&mut self, number: usize) {
        if self.nodes[number].is_some() {
            return;
        }
        let (places, mut members) = (self.places[number].clone(), Vec::new());
        let node = match self.compare(&places, &mut members, &mut BTreeSet::new(), 0) {
            true => Node::Same(members.into_iter().map(|member| self.number(member)).collect()),
            false => Node::Differs,
        };
        self.nodes[number] = Some(node);
    }

    /// True when the two say the same of a value; its members that refer to something are listed.
    fn compare(&self, places: &Places, members: &mut Vec<Places>, seen: &mut BTreeSet<Places>, depth: usize) -> bool {
        let at = |loaded: &'a Loaded, spot: &Spot| loaded.library.document(&spot.path)?.at(&spot.pointer);
        let (Some(a), Some(b)) = (at(self.old, &places.0), at(self.new, &places.1)) else { return false };
        if a != b || depth > MAX_DEPTH {
            return false;
        }
        let Value::Object(map) = a else { return true };
        let below = |key: &str| (places.0.below(key), places.1.below(key));
        map.iter().all(|(key, value)| match (key.as_str(), value) {
            ("$ref", _) => {
                let end = self.settled(places.clone());
                end != *places && (!seen.insert(end.clone()) || self.compare(&end, members, seen, depth + 1))
            }
            (key, Value::Array(all)) if IN_PLACE.contains(&key) => {
                let (from, to) = below(key);
                let part = |index: usize| (from.below(&index.to_string()), to.below(&index.to_string()));
                (0..all.len()).all(|index| self.compare(&part(index), members, seen, depth + 1))
            }
            ("properties" | "patternProperties", Value::Object(all)) => {
                let (from, to) = below(key);
                let referring = all.iter().filter(|(_, member)| refers(member));
                members.extend(referring.map(|(name, _)| (from.below(name), to.below(name))));
                true
            }
            ("items" | "additionalProperties", Value::Object(_)) => {
                if refers(value) {
                    members.push(below(key));
                }
                true
            }
            // Below `not` and `if` more is less; and what a mapping of names means is not looked up here.
            ("example" | "examples" | "default" | "enum" | "const" | "discriminator" | "xml" | "externalDocs", _) => {
                true
            }
            _ => !refers(value),
        })
    }
}

/// True when a reference stands in a value. The depth of a document is limited where it is read.
fn refers(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, value)| key == "$ref" && value.is_string() || refers(value)),
        Value::Array(items) => items.iter().any(refers),
        _ => false,
    }
}
