//! Keywords of arrays.

use serde_json::{Map, Value};

use super::{At, Prover, parts, scalars};
use crate::schema::facts::{Fact, World, exact, max_of, min_of, tuple_length};

impl Prover<'_> {
    /// One keyword of arrays of the outer schema.
    pub(super) fn array(&self, facts: &[Fact], map: &Map<String, Value>, key: &str, at: At) -> bool {
        let value = &map[key];
        match key {
            "minItems" => scalars::size(facts, key, value) || self.counted(facts, value),
            "maxItems" => {
                scalars::size(facts, key, value)
                    || longest(self.world, facts)
                        .is_some_and(|most| exact(value).is_some_and(|limit| most as f64 <= limit))
            }
            "uniqueItems" => {
                *value == Value::Bool(false)
                    || facts.iter().any(|fact| fact.get("uniqueItems") == Some(&Value::Bool(true)))
                    || longest(self.world, facts).is_some_and(|most| most < 2)
            }
            "prefixItems" => {
                parts(value).iter().enumerate().all(|(index, schema)| self.item_is(facts, index, schema, at))
            }
            "items" => self.items(facts, map, value, at),
            "contains" => self.contains(facts, map, value, at),
            "minContains" | "maxContains" => true,
            _ => false,
        }
    }

    fn item_is(&self, facts: &[Fact], index: usize, schema: &Value, at: At) -> bool {
        match self.world.item(facts, index) {
            None => true,
            Some(item) => self.implies(&item, schema, at.member()),
        }
    }

    fn items(&self, facts: &[Fact], map: &Map<String, Value>, schema: &Value, at: At) -> bool {
        let first = map.get("prefixItems").map_or(0, |tuple| parts(tuple).len());
        let last = tuple_length(facts).max(first);
        // The item behind every tuple stands for all that follow.
        (first..=last).all(|index| self.item_is(facts, index, schema, at))
    }

    /// `contains` of the outer side asserts at least `minContains` items, so that many are there.
    fn counted(&self, facts: &[Fact], least: &Value) -> bool {
        let known = facts.iter().filter(|fact| fact.get("contains").is_some());
        let most = known.filter_map(|fact| fact.get("minContains").map_or(Some(1.0), exact)).reduce(f64::max);
        most.zip(exact(least)).is_some_and(|(most, least)| most >= least)
    }

    fn contains(&self, facts: &[Fact], map: &Map<String, Value>, schema: &Value, at: At) -> bool {
        let limit = |value: Option<&Value>, otherwise: Option<f64>| value.map_or(otherwise, exact);
        let least = limit(map.get("minContains"), Some(1.0));
        let most = map.get("maxContains");
        let enough = least == Some(0.0)
            || facts.iter().any(|fact| {
                fact.get("contains").is_some_and(|known| {
                    let count = limit(fact.get("minContains"), Some(1.0));
                    count.zip(least).is_some_and(|(count, least)| count >= least)
                        && self.implies(&[std::rc::Rc::new(known.clone())], schema, at.member())
                })
            })
            || (max_of(facts, "minItems").zip(least).is_some_and(|(count, least)| count >= least)
                && (0..=tuple_length(facts)).all(|index| self.item_is(facts, index, schema, at)));
        let few = most.is_none_or(|most| {
            let Some(most) = exact(most) else { return false };
            min_of(facts, "maxItems").is_some_and(|count| count <= most)
                || facts.iter().any(|fact| {
                    let known = fact.get("contains").zip(fact.get("maxContains").and_then(exact));
                    known.is_some_and(|(known, count)| {
                        count <= most && self.implies(&[std::rc::Rc::new(schema.clone())], known, at.member())
                    })
                })
        });
        enough && few
    }
}

/// The most items there can be.
pub(super) fn longest(world: &World, facts: &[Fact]) -> Option<usize> {
    let stated = min_of(facts, "maxItems").map(|count| count as usize);
    let closed = (0..=tuple_length(facts)).find(|&index| world.item(facts, index).is_none());
    match (stated, closed) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
