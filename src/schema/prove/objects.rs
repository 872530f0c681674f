//! Keywords of objects.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::{At, Prover, scalars};
use crate::schema::facts::{Fact, all_property_names, and, evaluates_alone, exact, strings};

impl Prover<'_> {
    /// One keyword of objects of the outer schema.
    pub(super) fn object(&self, facts: &[Fact], map: &Map<String, Value>, key: &str, at: At) -> bool {
        let value = &map[key];
        let entries = || value.as_object().into_iter().flatten();
        match key {
            "required" => {
                let known = strings(facts, "required");
                value.as_array().is_some_and(|names| {
                    names.iter().all(|name| name.as_str().is_some_and(|name| known.contains(&name)))
                })
            }
            "minProperties" => {
                let mut known = strings(facts, "required");
                known.sort_unstable();
                known.dedup();
                scalars::size(facts, key, value) || exact(value).is_some_and(|least| known.len() as f64 >= least)
            }
            "maxProperties" => {
                scalars::size(facts, key, value)
                    || exact(value).zip(self.most_properties(facts)).is_some_and(|(most, count)| count as f64 <= most)
            }
            "properties" => entries().all(|(name, schema)| self.property_is(facts, name, schema, at)),
            "patternProperties" => entries().all(|(pattern, schema)| self.matched(facts, pattern, schema, at)),
            "additionalProperties" => self.others(facts, map, value, at),
            "unevaluatedProperties" => {
                evaluates_alone(map) && !map.contains_key("additionalProperties") && self.others(facts, map, value, at)
            }
            "propertyNames" => self.names(facts, value, at),
            "dependentRequired" => entries().all(|(name, wanted)| {
                let mut known = strings(facts, "required");
                for fact in facts {
                    known.extend(fact.get(key).and_then(|all| all.get(name)).into_iter().flat_map(names_of));
                }
                self.world.property(facts, name).is_none()
                    || names_of(wanted).into_iter().all(|wanted| wanted == name || known.contains(&wanted))
            }),
            "dependentSchemas" => entries().all(|(name, schema)| {
                self.world.property(facts, name).is_none() || {
                    let there = and(facts, json!({"required": [name]}));
                    self.implies(&there, schema, at)
                }
            }),
            _ => false,
        }
    }

    fn property_is(&self, facts: &[Fact], name: &str, schema: &Value, at: At) -> bool {
        match self.world.property(facts, name) {
            None => true,
            Some(member) => self.implies(&member, schema, at.member()),
        }
    }

    /// All members whose name matches the pattern.
    fn matched(&self, facts: &[Fact], pattern: &str, schema: &Value, at: At) -> bool {
        let known = facts.iter().filter_map(|fact| fact.get("patternProperties")?.get(pattern).cloned());
        if known.map(Rc::new).any(|known| self.implies(&[known], schema, at.member())) {
            return true;
        }
        let named = all_property_names(self.world, facts).into_iter().all(|name| {
            self.world.patterns.is_match(pattern, &name) == Some(false) || self.property_is(facts, &name, schema, at)
        });
        named && self.unnamed(facts, schema, at, |other| self.are_disjoint(other, pattern))
    }

    /// All members that the outer schema names nowhere else.
    fn others(&self, facts: &[Fact], map: &Map<String, Value>, schema: &Value, at: At) -> bool {
        let declared = |name: &str| map.get("properties").is_some_and(|all| all.get(name).is_some());
        let patterns: Vec<&String> =
            map.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::keys).collect();
        let named = all_property_names(self.world, facts).into_iter().all(|name| {
            declared(&name)
                || patterns.iter().any(|pattern| self.world.patterns.is_match(pattern, &name) == Some(true))
                || self.property_is(facts, &name, schema, at)
        });
        named
            && self.unnamed(facts, schema, at, |known| {
                patterns.iter().any(|pattern| self.world.patterns.contained(&[known], pattern) == Some(true))
            })
    }

    /// Members that no `properties` of the facts names: what one fact says of its patterns and of the rest.
    fn unnamed(&self, facts: &[Fact], schema: &Value, at: At, is_elsewhere: impl Fn(&str) -> bool) -> bool {
        if *schema == Value::Bool(true) {
            return true;
        }
        facts.iter().any(|fact| {
            let Value::Object(map) = &**fact else { return false };
            let Some((rest, declared)) = self.world.rest(map) else { return false };
            let own = map.get("patternProperties");
            self.implies(&[Rc::new(rest)], schema, at.member())
                && declared.patterns.iter().all(|pattern| {
                    let known = own.and_then(|all| all.get(pattern)).cloned().map(Rc::new);
                    is_elsewhere(pattern) || known.is_some_and(|known| self.implies(&[known], schema, at.member()))
                })
        })
    }

    fn are_disjoint(&self, one: &str, other: &str) -> bool {
        use crate::schema::pattern::{Found, Wanted};
        self.world.patterns.find(&Wanted { matching: &[one, other], ..Wanted::default() }) == Found::Nothing
    }

    fn names(&self, facts: &[Fact], schema: &Value, at: At) -> bool {
        let string = json!({"type": "string"});
        let stated: Vec<Fact> =
            facts.iter().filter_map(|fact| fact.get("propertyNames").cloned().map(Rc::new)).collect();
        let known = and(&stated, string);
        if self.implies(&known, schema, at.member()) {
            return true;
        }
        // Where the names are listed, each can be looked at.
        let is_name = |name: &String| {
            let name = Value::String(name.clone());
            self.world.is_valid(&[Rc::new(schema.clone())], &name) == Some(true)
        };
        let listed = all_property_names(self.world, facts);
        self.most_properties(facts).is_some()
            && listed.iter().all(|name| is_name(name) || self.world.property(facts, name).is_none())
    }

    /// The most members there can be, when names are listed.
    fn most_properties(&self, facts: &[Fact]) -> Option<usize> {
        let closed = facts.iter().any(|fact| {
            let Value::Object(map) = &**fact else { return false };
            let rest = self.world.rest(map);
            rest.is_some_and(|(rest, declared)| rest == Value::Bool(false) && declared.patterns.is_empty())
        });
        closed.then(|| {
            all_property_names(self.world, facts)
                .iter()
                .filter(|name| self.world.property(facts, name).is_some())
                .count()
        })
    }
}

fn names_of(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
