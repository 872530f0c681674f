//! Negation, alternatives, conditions; and when there is no value at all.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::scalars::Interval;
use super::{At, Prover, arrays, parts};
use crate::schema::facts::{Fact, and, listed, max_of, min_of, strings, types, types_of, without};
use crate::schema::pattern::{Found, Wanted};

/// More alternatives than this are not gone through.
const MAX_BRANCHES: usize = 24;

impl Prover<'_> {
    /// True when no value satisfies the facts.
    pub(super) fn is_empty(&self, facts: &[Fact], at: At) -> bool {
        let at = At { depth: at.depth + 2, ..at };
        if at.depth > super::MAX_DEPTH || !self.world.step() {
            return false;
        }
        let Some(flat) = self.world.flat(facts) else { return true };
        if let Some(values) = listed(&flat) {
            return values.iter().all(|value| self.world.is_valid(&flat, value) == Some(false));
        }
        let possible = types_of(&flat);
        if possible == 0 || self.is_barred(&flat, at) {
            return true;
        }
        types::EACH.iter().filter(|(bit, _)| possible & bit != 0).all(|(bit, _)| match *bit {
            types::NUMBER => Interval::of(&flat).is_empty(),
            types::STRING => self.no_string(&flat),
            types::OBJECT => self.no_object(&flat, at),
            types::ARRAY => self.no_array(&flat, at),
            _ => false,
        })
    }

    /// A `not` that the rest implies, or alternatives of which none is left.
    fn is_barred(&self, flat: &[Fact], at: At) -> bool {
        flat.iter().enumerate().any(|(index, fact)| {
            if let Some(not) = fact.get("not")
                && self.implies(&without(flat, index, &["not"]), not, at)
            {
                return true;
            }
            ["anyOf", "oneOf"].iter().any(|key| {
                let Some(branches) = fact.get(key).map(parts) else { return false };
                let rest = without(flat, index, &[key]);
                branches.len() <= MAX_BRANCHES
                    && branches.iter().all(|branch| self.is_empty(&and(&rest, branch.clone()), at))
            })
        })
    }

    fn no_string(&self, flat: &[Fact]) -> bool {
        let (min, max) = (max_of(flat, "minLength").unwrap_or(0.0), min_of(flat, "maxLength"));
        if max.is_some_and(|max| min > max) {
            return true;
        }
        let patterns = strings(flat, "pattern");
        let bounded = max.is_none_or(|max| max < 100.0) && min < 100.0;
        !patterns.is_empty() && bounded && {
            let wanted = Wanted { matching: &patterns, min: min as usize, max: max.map(|m| m as usize), avoiding: &[] };
            self.world.patterns.find(&wanted) == Found::Nothing
        }
    }

    fn no_object(&self, flat: &[Fact], at: At) -> bool {
        let at = at.member();
        min_of(flat, "maxProperties").is_some_and(|max| max_of(flat, "minProperties").is_some_and(|min| min > max))
            || min_of(flat, "maxProperties").is_some_and(|max| {
                let mut names = strings(flat, "required");
                names.sort_unstable();
                names.dedup();
                names.len() as f64 > max
            })
            || strings(flat, "required").into_iter().any(|name| match self.world.property(flat, name) {
                None => true,
                Some(member) => self.is_empty(&member, at),
            })
    }

    fn no_array(&self, flat: &[Fact], at: At) -> bool {
        let least = max_of(flat, "minItems").unwrap_or(0.0);
        arrays::longest(self.world, flat).is_some_and(|most| least > most as f64)
            || (0..least.min(8.0) as usize)
                .any(|index| self.world.item(flat, index).is_none_or(|item| self.is_empty(&item, at.member())))
    }

    /// One of the alternatives follows, or does where none of the others holds.
    pub(super) fn any_of(&self, facts: &[Fact], branches: &[Value], at: At) -> bool {
        branches.iter().any(|branch| self.implies(facts, branch, at))
            || (branches.len() <= 6
                && at.splits < super::MAX_SPLITS
                && (0..branches.len()).any(|index| {
                    let others = branches.iter().enumerate().filter(|(other, _)| *other != index);
                    let barred = others.map(|(_, other)| Rc::new(json!({"not": other})));
                    let known: Vec<Fact> = facts.iter().cloned().chain(barred).collect();
                    self.implies(&known, &branches[index], at.split())
                }))
    }

    /// Exactly one of the alternatives: one follows, and the others can't be.
    pub(super) fn one_of(&self, facts: &[Fact], branches: &[Value], at: At) -> bool {
        branches.len() <= MAX_BRANCHES
            && branches.iter().enumerate().any(|(index, branch)| {
                self.implies(facts, branch, at)
                    && branches
                        .iter()
                        .enumerate()
                        .filter(|(other, _)| *other != index)
                        .all(|(_, other)| self.excludes(facts, other, at))
            })
    }

    /// No value satisfies the facts and the schema.
    pub(super) fn excludes(&self, facts: &[Fact], schema: &Value, at: At) -> bool {
        let known = facts.iter().filter_map(|fact| fact.get("not"));
        let schema_alone = [Rc::new(schema.clone())];
        known.into_iter().any(|not| self.implies(&schema_alone, not, at))
            || self.is_empty(&and(facts, schema.clone()), at)
    }

    pub(super) fn conditional(&self, facts: &[Fact], map: &Map<String, Value>, at: At) -> bool {
        let condition = &map["if"];
        let case = |met: bool, key: &str| {
            let Some(schema) = map.get(key) else { return true };
            let known = if met { condition.clone() } else { json!({"not": condition}) };
            self.implies(&and(facts, known), schema, at)
        };
        case(true, "then") && case(false, "else")
    }

    /// Ways to tell cases apart: in each, the facts of all its cases together are the facts.
    pub(super) fn cases(&self, flat: &[Fact]) -> Vec<Vec<Vec<Fact>>> {
        let mut out = Vec::new();
        for (index, fact) in flat.iter().enumerate() {
            for key in ["oneOf", "anyOf"] {
                let Some(branches) = fact.get(key).map(parts).filter(|all| all.len() <= MAX_BRANCHES) else { continue };
                let rest = without(flat, index, &[key]);
                out.push(branches.iter().map(|branch| and(&rest, branch.clone())).collect());
            }
            if let Some(condition) = fact.get("if") {
                let rest = without(flat, index, &["if", "then", "else"]);
                let branch = |known: Value, key: &str| {
                    let mut case = and(&rest, known);
                    case.extend(fact.get(key).map(|schema| Rc::new(schema.clone())));
                    case
                };
                out.push(vec![branch(condition.clone(), "then"), branch(json!({"not": condition}), "else")]);
            }
            for (name, schema) in fact.get("dependentSchemas").and_then(Value::as_object).into_iter().flatten() {
                let there = and(&and(flat, json!({"required": [name]})), schema.clone());
                let absent = and(flat, json!({"properties": {name: false}}));
                if strings(flat, "required").contains(&name.as_str()) {
                    if !flat.iter().any(|known| **known == *schema) {
                        out.push(vec![and(flat, schema.clone())]);
                    }
                } else if self.world.property(flat, name).is_some() {
                    out.push(vec![there, absent]);
                }
            }
        }
        let possible = types_of(flat);
        let several = types::EACH.iter().filter(|(bit, _)| possible & bit != 0).count() > 1;
        if several {
            let each = types::EACH.iter().filter(|(bit, _)| possible & bit != 0);
            out.push(
                each.map(|(bit, name)| {
                    let name = if possible & bit == types::INTEGER { "integer" } else { name };
                    and(flat, json!({"type": name}))
                })
                .collect(),
            );
        }
        out.extend(self.listed_members(flat));
        out
    }

    /// A member whose values are listed, as a discriminator's are.
    fn listed_members(&self, flat: &[Fact]) -> Option<Vec<Vec<Fact>>> {
        let names = strings(flat, "required");
        names.into_iter().find_map(|name| {
            let member = self.world.flat(&self.world.property(flat, name)?)?;
            let values = listed(&member).filter(|values| (2..=MAX_BRANCHES).contains(&values.len()))?;
            Some(values.into_iter().map(|value| and(flat, json!({"properties": {name: {"const": value}}}))).collect())
        })
    }
}
