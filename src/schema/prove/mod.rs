//! A proof that every value of one schema is one of another, keyword by keyword.
//!
//! It complements the algebra of [`super::canonical`], which computes with whole schemas: here the outer
//! schema is taken apart, and each of its assertions is shown to follow from what is known of the value.
//! Recursion is proved by induction over the size of the value: what is being shown may be used for its
//! members, not for itself. Anything that is not understood is not proved.

mod arrays;
mod logic;
mod objects;
mod scalars;

pub(super) use scalars::Interval;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::facts::{Fact, World, listed, types, types_of};

/// Shows inclusions in one world.
pub(super) struct Prover<'w> {
    pub(super) world: &'w World,
    /// What is being shown, and how many levels of members above.
    assumed: RefCell<Vec<(String, u32)>>,
    /// What was shown, with the same, in the order in which it was.
    ///
    /// It may rest on what is still being shown, some levels above. So it counts at its own level and below, where
    /// that is as many levels above at least; and when what it rests on is not shown, it is forgotten.
    shown: RefCell<HashMap<String, u32>>,
    order: RefCell<Vec<String>>,
}

/// How often a question may be split into cases within cases.
const MAX_SPLITS: u32 = 4;
/// How deep a proof goes.
const MAX_DEPTH: u32 = 1_500;

/// Where a proof is: levels of members above, cases within cases, steps below the first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct At {
    members: u32,
    splits: u32,
    depth: u32,
}

impl At {
    fn member(self) -> At {
        At { members: self.members + 1, ..self }
    }

    fn split(self) -> At {
        At { splits: self.splits + 1, ..self }
    }
}

impl<'w> Prover<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        Prover { world, assumed: RefCell::default(), shown: RefCell::default(), order: RefCell::default() }
    }

    /// True when every value that satisfies the facts satisfies the schema.
    pub(super) fn implies(&self, facts: &[Fact], schema: &Value, at: At) -> bool {
        let at = At { depth: at.depth + 1, ..at };
        if at.depth > MAX_DEPTH || !self.world.step() {
            return false;
        }
        let map = match schema {
            Value::Bool(true) => return true,
            Value::Bool(false) => return self.is_empty(facts, at),
            Value::Object(map) if map.is_empty() => return true,
            Value::Object(map) => map,
            _ => return false,
        };
        // Definitions of the two sides have other names, so what is equal is equal in meaning.
        if facts.iter().any(|fact| **fact == *schema) {
            return true;
        }
        let key = format!("{facts:?}\u{0}{schema}");
        if let Some((_, members)) = self.assumed.borrow().iter().find(|(known, _)| *known == key) {
            return *members < at.members;
        }
        if self.shown.borrow().get(&key).is_some_and(|members| *members <= at.members) {
            return true;
        }
        let known = self.order.borrow().len();
        self.assumed.borrow_mut().push((key.clone(), at.members));
        let proved = self.implies_all(facts, map, at);
        self.assumed.borrow_mut().pop();
        let (mut shown, mut order) = (self.shown.borrow_mut(), self.order.borrow_mut());
        if proved {
            shown.insert(key.clone(), at.members);
            order.push(key);
        } else {
            order.drain(known..).for_each(|key| {
                shown.remove(&key);
            });
        }
        proved
    }

    fn implies_all(&self, facts: &[Fact], map: &Map<String, Value>, at: At) -> bool {
        let Some(flat) = self.world.flat(facts) else { return true };
        if let Some(values) = listed(&flat) {
            let whole = [Rc::new(Value::Object(map.clone()))];
            let holds = |value: &Value| {
                self.world.is_valid(&flat, value) == Some(false) || self.world.is_valid(&whole, value) == Some(true)
            };
            return values.iter().all(holds);
        }
        let open: Vec<&String> = map.keys().filter(|key| !self.follows(&flat, map, key, at)).collect();
        if open.is_empty() || self.is_empty(&flat, at) {
            return true;
        }
        // In each case more is known.
        let rest: Map<String, Value> = match open.iter().all(|key| is_independent(key)) {
            true => open.iter().map(|key| ((*key).clone(), map[*key].clone())).collect(),
            false => map.clone(),
        };
        let rest = Value::Object(rest);
        at.splits < MAX_SPLITS
            && self
                .cases(&flat)
                .into_iter()
                .any(|cases| !cases.is_empty() && cases.iter().all(|case| self.implies(case, &rest, at.split())))
    }

    /// One keyword of the outer schema.
    fn follows(&self, facts: &[Fact], map: &Map<String, Value>, key: &str, at: At) -> bool {
        let value = &map[key];
        let possible = types_of(facts);
        let only = |of: u8| possible & of == 0;
        match key {
            "type" => possible & !super::facts::types_named(value) == 0,
            "const" | "enum" => self.same_values(facts, key, value),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                only(types::NUMBER) || scalars::bound(facts, key, value)
            }
            "multipleOf" => only(types::NUMBER) || scalars::multiple(facts, value),
            "minLength" | "maxLength" => only(types::STRING) || scalars::size(facts, key, value),
            "pattern" => only(types::STRING) || self.pattern(facts, value),
            "minItems" | "maxItems" | "uniqueItems" | "items" | "prefixItems" | "contains" | "minContains"
            | "maxContains" | "unevaluatedItems" => only(types::ARRAY) || self.array(facts, map, key, at),
            "required"
            | "properties"
            | "patternProperties"
            | "additionalProperties"
            | "propertyNames"
            | "minProperties"
            | "maxProperties"
            | "dependentRequired"
            | "dependentSchemas"
            | "unevaluatedProperties" => only(types::OBJECT) || self.object(facts, map, key, at),
            "$ref" => {
                let target = value.as_str().and_then(|reference| self.world.target(reference));
                facts.iter().any(|fact| fact.get("$ref") == Some(value))
                    || target.is_some_and(|target| self.implies(facts, &target, at))
            }
            "allOf" => parts(value).iter().all(|part| self.implies(facts, part, at)),
            "anyOf" => self.any_of(facts, parts(value), at),
            "oneOf" => self.one_of(facts, parts(value), at),
            "not" => self.excludes(facts, value, at),
            "if" => self.conditional(facts, map, at),
            "then" | "else" | "$defs" => true,
            _ => false,
        }
    }

    fn same_values(&self, facts: &[Fact], key: &str, value: &Value) -> bool {
        // Lists of values are handled before; `null` and booleans are lists of values too.
        let all: Vec<Value> = match types_of(facts) {
            types::NULL => vec![Value::Null],
            types::BOOLEAN => vec![Value::Bool(true), Value::Bool(false)],
            possible if possible == types::NULL | types::BOOLEAN => {
                vec![Value::Null, Value::Bool(true), Value::Bool(false)]
            }
            _ => return false,
        };
        let schema: Map<String, Value> = [(key.to_owned(), value.clone())].into_iter().collect();
        let schema = [Rc::new(Value::Object(schema))];
        all.iter().all(|value| {
            self.world.is_valid(&schema, value) == Some(true) || self.world.is_valid(facts, value) == Some(false)
        })
    }

    fn pattern(&self, facts: &[Fact], value: &Value) -> bool {
        let known = super::facts::strings(facts, "pattern");
        value.as_str().is_some_and(|pattern| self.world.patterns.contained(&known, pattern) == Some(true))
    }
}

/// Keywords that mean the same without their neighbours.
fn is_independent(key: &str) -> bool {
    !matches!(
        key,
        "items"
            | "contains"
            | "minContains"
            | "maxContains"
            | "additionalProperties"
            | "unevaluatedProperties"
            | "unevaluatedItems"
            | "if"
    )
}

/// The schemas of a list.
pub(super) fn parts(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
