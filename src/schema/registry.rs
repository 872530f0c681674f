//! What Confluent's Schema Registry decides about JSON Schemas: a list of kinds of changes, some of which it
//! allows. It looks at the text of schemas, not at documents, so it refuses changes that exclude none and
//! allows some that do; docs/schema.md lists them. Here its published rules are followed case by case.
//!
//! Schemas are taken apart as its loader does: a type, an `enum`, a `const`, a `not` and each of `allOf`,
//! `anyOf` and `oneOf` is a schema of its own, and several of them in one are an `allOf` of them.

mod load;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use load::{Arena, Id, Loader};

use super::library::{Library, Target};

/// A schema: its library, path and pointer.
pub type Place<'l> = (&'l Library, &'l str, &'l str);

/// A change that the registry does not allow: its kind, and where, as the registry prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The registry's name: `REQUIRED_ATTRIBUTE_ADDED`.
    pub kind: &'static str,
    /// `#/properties/amount`.
    pub path: String,
}

/// How many refusals are kept of each pair of schemas.
const MAX_REFUSALS: usize = 8;
/// How many pairs are compared.
const MAX_PAIRS: usize = 100_000;
/// How deep schemas are compared.
const MAX_DEPTH: usize = 200;

/// What the registry does not allow when readers go from one schema to another; empty when it accepts it.
///
/// # Errors
/// Why it can't be said: a reference that leads nowhere, schemas that are too large.
pub fn refusals(from: Place<'_>, to: Place<'_>, lenient: bool) -> Result<Vec<Refusal>, String> {
    let mut arena = Arena::default();
    let mut load = |(library, path, pointer): Place<'_>| {
        let document = library.index_of(path).ok_or_else(|| format!("`{path}` was not read"))?;
        Loader::new(library, &mut arena).load(&Target { document, pointer: pointer.to_owned() })
    };
    let (original, update) = (load(from)?, load(to)?);
    let mut seed: HashMap<(Id, Id), Rc<Vec<Refusal>>> = HashMap::new();
    // A pair that is compared while it is compared already is taken to fit; what is found out in the end is
    // put in until nothing changes (the greatest fixed point).
    loop {
        let mut pass = Pass {
            arena: &arena,
            lenient,
            seed: &seed,
            memo: HashMap::new(),
            busy: HashSet::new(),
            depth: 0,
            is_truncated: false,
            is_over: false,
        };
        let found = pass.compare(Some(original), Some(update));
        if pass.is_over {
            return Err("the schemas are too large for the rules of the registry".to_owned());
        }
        let refused: HashMap<_, _> = pass.memo.into_iter().filter(|(_, refusals)| !refusals.is_empty()).collect();
        if !pass.is_truncated || refused.len() == seed.len() {
            return Ok(found.to_vec());
        }
        seed = refused;
    }
}

/// One pass over the pairs.
struct Pass<'a> {
    arena: &'a Arena,
    lenient: bool,
    /// Pairs of which it is known that they don't fit.
    seed: &'a HashMap<(Id, Id), Rc<Vec<Refusal>>>,
    memo: HashMap<(Id, Id), Rc<Vec<Refusal>>>,
    busy: HashSet<(Id, Id)>,
    depth: usize,
    is_truncated: bool,
    is_over: bool,
}

impl Pass<'_> {
    /// The refusals of a pair, with paths from there on. One that is missing is a schema that was added or
    /// removed.
    fn compare(&mut self, original: Option<Id>, update: Option<Id>) -> Rc<Vec<Refusal>> {
        let (original, update) = match (original, update) {
            (Some(original), Some(update)) => (original, update),
            (None, Some(_)) => return Rc::new(vec![Refusal { kind: "SCHEMA_ADDED", path: String::new() }]),
            // A schema that is gone restricts nothing.
            (_, None) => return Rc::default(),
        };
        let pair = (original, update);
        if let Some(known) = self.memo.get(&pair) {
            return Rc::clone(known);
        }
        if self.memo.len() > MAX_PAIRS || self.depth > MAX_DEPTH {
            self.is_over = true;
            return Rc::default();
        }
        if !self.busy.insert(pair) {
            return match self.seed.get(&pair) {
                Some(known) => Rc::clone(known),
                None => {
                    self.is_truncated = true;
                    Rc::default()
                }
            };
        }
        self.depth += 1;
        let mut found = Found { lenient: self.lenient, refusals: Vec::new() };
        rules::types(self, &mut found, original, update);
        self.depth -= 1;
        self.busy.remove(&pair);
        let found = Rc::new(found.refusals);
        self.memo.insert(pair, Rc::clone(&found));
        found
    }
}

/// What is refused in a pair.
struct Found {
    lenient: bool,
    refusals: Vec<Refusal>,
}

impl Found {
    /// A change of a kind; forgotten when it is allowed.
    fn add(&mut self, path: &str, kind: &'static str) {
        let is_allowed = rules::ALLOWED.contains(&kind) || (self.lenient && rules::ALSO_LENIENT.contains(&kind));
        if !is_allowed && self.refusals.len() < MAX_REFUSALS {
            self.refusals.push(Refusal { kind, path: path.to_owned() });
        }
    }

    /// The refusals of a part.
    fn take(&mut self, path: &str, inner: &[Refusal]) {
        for refusal in inner.iter().take(MAX_REFUSALS.saturating_sub(self.refusals.len())) {
            self.refusals.push(Refusal { kind: refusal.kind, path: format!("{path}{}", refusal.path) });
        }
    }
}
