//! What is known of a value: a list of schemas that it satisfies, read keyword by keyword.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::pattern::Patterns;

/// A schema in 2020-12; its references are looked up in [`World::definitions`].
pub(super) type Fact = Rc<Value>;

/// The types a value may have, as bits.
pub(super) mod types {
    pub(in super::super) const NULL: u8 = 1;
    pub(in super::super) const BOOLEAN: u8 = 2;
    pub(in super::super) const OBJECT: u8 = 4;
    pub(in super::super) const ARRAY: u8 = 8;
    /// Numbers that are no integers.
    pub(in super::super) const FRACTION: u8 = 16;
    pub(in super::super) const INTEGER: u8 = 32;
    pub(in super::super) const STRING: u8 = 64;
    pub(in super::super) const NUMBER: u8 = FRACTION | INTEGER;
    pub(in super::super) const ALL: u8 = 127;
    pub(in super::super) const EACH: [(u8, &str); 6] = [
        (OBJECT, "object"),
        (STRING, "string"),
        (NUMBER, "number"),
        (ARRAY, "array"),
        (BOOLEAN, "boolean"),
        (NULL, "null"),
    ];
}

/// What the two schemas of a comparison share: definitions, compiled patterns, the time that is left.
pub(super) struct World {
    pub(super) definitions: HashMap<String, Fact>,
    pub(super) patterns: Patterns,
    steps: Cell<u64>,
    deadline: Instant,
    validators: RefCell<HashMap<String, Option<Rc<jsonschema::Validator>>>>,
}

impl World {
    /// The two schemas with their definitions under names that do not clash.
    pub(super) fn of(inner: &Value, outer: &Value, deadline: Instant) -> (World, Fact, Fact) {
        let mut definitions = HashMap::new();
        let mut renamed = |value: &Value, prefix: &str| {
            let mut root = prefixed(value, prefix);
            if let Value::Object(map) = &mut root
                && let Some(Value::Object(all)) = map.remove("$defs")
            {
                definitions.extend(all.into_iter().map(|(name, value)| (format!("{prefix}{name}"), Rc::new(value))));
            }
            Rc::new(root)
        };
        let (inner, outer) = (renamed(inner, "a"), renamed(outer, "b"));
        let world = World {
            definitions,
            patterns: Patterns::default(),
            steps: Cell::new(0),
            deadline,
            validators: RefCell::default(),
        };
        (world, inner, outer)
    }

    /// Counts a step; false when there is no time left.
    pub(super) fn step(&self) -> bool {
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        steps < MAX_STEPS && (!steps.is_multiple_of(64) || Instant::now() < self.deadline)
    }

    pub(super) fn target(&self, reference: &str) -> Option<Fact> {
        self.definitions.get(reference.strip_prefix("#/$defs/")?).cloned()
    }

    /// Is the value valid under all of these? None when that can't be said.
    pub(super) fn is_valid(&self, facts: &[Fact], value: &Value) -> Option<bool> {
        let all: Vec<&Value> = facts.iter().map(|fact| &**fact).collect();
        let key = match serde_json::to_string(&all) {
            Ok(key) => key,
            Err(_) => return None,
        };
        let mut known = self.validators.borrow_mut();
        let validator = known.entry(key).or_insert_with(|| self.validator(&all).map(Rc::new)).clone();
        validator.map(|validator| validator.is_valid(value))
    }

    fn validator(&self, all: &[&Value]) -> Option<jsonschema::Validator> {
        // Only what is reached: a validator of all definitions would cost more than the question.
        let mut reached: BTreeSet<String> = BTreeSet::new();
        let mut open: Vec<String> = Vec::new();
        all.iter().for_each(|value| references(value, &mut open));
        while let Some(name) = open.pop() {
            if reached.insert(name.clone())
                && let Some(value) = self.definitions.get(&name)
            {
                references(value, &mut open);
            }
        }
        let mut definitions = Map::new();
        for name in reached {
            let value = self.definitions.get(&name)?;
            definitions.insert(name, (**value).clone());
        }
        let schema = json!({"allOf": all, "$defs": definitions});
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(false)
            .build(&schema)
            .ok()
    }

    /// The facts with references and `allOf` followed; none when no value satisfies them.
    pub(super) fn flat(&self, facts: &[Fact]) -> Option<Vec<Fact>> {
        let mut out: Vec<Fact> = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut open: Vec<Fact> = facts.iter().rev().cloned().collect();
        while let Some(fact) = open.pop() {
            let map = match &*fact {
                Value::Bool(false) => return None,
                Value::Object(map) => map,
                _ => continue,
            };
            if let Some(reference) = map.get("$ref").and_then(Value::as_str)
                && seen.insert(reference.to_owned())
                && let Some(target) = self.target(reference)
            {
                open.push(target);
            }
            if let Some(Value::Array(all)) = map.get("allOf") {
                open.extend(all.iter().rev().map(|part| Rc::new(part.clone())));
            }
            // A reference that leads nowhere is all that is known of what it asks for.
            let is_opaque = map.get("$ref").and_then(Value::as_str).is_some_and(|name| self.target(name).is_none());
            let says = is_opaque || map.keys().any(|key| key != "$ref" && key != "allOf");
            if says && !out.contains(&fact) {
                out.push(fact);
            }
        }
        Some(out)
    }
}

/// Steps for each part of the work; far more than what a schema written by a person needs.
const MAX_STEPS: u64 = 60_000;

/// Keywords whose members are schemas by name: a member called `enum` or `required` is a schema there.
const NAMED: [&str; 4] = ["properties", "patternProperties", "dependentSchemas", "$defs"];

fn prefixed(value: &Value, prefix: &str) -> Value {
    match value {
        Value::Object(map) => {
            let rename = |(key, value): (&String, &Value)| {
                let value = match (key.as_str(), value) {
                    ("const" | "enum" | "required" | "dependentRequired", data) => data.clone(),
                    ("$ref", Value::String(reference)) => match reference.strip_prefix("#/$defs/") {
                        Some(name) => Value::String(format!("#/$defs/{prefix}{name}")),
                        None => value.clone(),
                    },
                    (key, Value::Object(all)) if NAMED.contains(&key) => {
                        all.iter().map(|(name, value)| (name.clone(), prefixed(value, prefix))).collect()
                    }
                    (_, value) => prefixed(value, prefix),
                };
                (key.clone(), value)
            };
            Value::Object(map.iter().map(rename).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| prefixed(item, prefix)).collect()),
        other => other.clone(),
    }
}

fn references(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("const" | "enum", _) => {}
                    ("$ref", Value::String(reference)) => {
                        out.extend(reference.strip_prefix("#/$defs/").map(str::to_owned));
                    }
                    (key, Value::Object(all)) if NAMED.contains(&key) => {
                        all.values().for_each(|value| references(value, out));
                    }
                    (_, value) => references(value, out),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, out)),
        _ => {}
    }
}

/// The type of a value as a bit; `1.0` is an integer.
pub(super) fn type_of(value: &Value) -> u8 {
    match value {
        Value::Null => types::NULL,
        Value::Bool(_) => types::BOOLEAN,
        Value::String(_) => types::STRING,
        Value::Array(_) => types::ARRAY,
        Value::Object(_) => types::OBJECT,
        Value::Number(number) => match number.as_f64() {
            Some(number) if number.fract() != 0.0 => types::FRACTION,
            _ => types::INTEGER,
        },
    }
}

fn named(name: &str) -> u8 {
    match name {
        "integer" => types::INTEGER,
        name => types::EACH.iter().find(|(_, known)| *known == name).map_or(0, |(bit, _)| *bit),
    }
}

/// The types of a `type` keyword.
pub(super) fn types_named(value: &Value) -> u8 {
    match value {
        Value::String(name) => named(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(named).fold(0, |all, bit| all | bit),
        _ => types::ALL,
    }
}

/// The types that values of the (flat) facts may have.
pub(super) fn types_of(facts: &[Fact]) -> u8 {
    let mut all = types::ALL;
    for fact in facts {
        let Value::Object(map) = &**fact else { continue };
        if let Some(value) = map.get("type") {
            all &= types_named(value);
        }
        if let Some(value) = map.get("const") {
            all &= type_of(value);
        }
        if let Some(Value::Array(values)) = map.get("enum") {
            all &= values.iter().map(type_of).fold(0, |all, bit| all | bit);
        }
        if let Some(Value::Object(not)) = map.get("not")
            && let (1, Some(value)) = (not.len(), not.get("type"))
        {
            all &= !types_named(value);
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(Value::Array(branches)) = map.get(key) {
                all &= branches.iter().map(branch_types).fold(0, |all, bit| all | bit);
            }
        }
    }
    all
}

fn branch_types(branch: &Value) -> u8 {
    match branch {
        Value::Bool(false) => 0,
        Value::Object(map) => {
            let stated = map.get("type").map_or(types::ALL, types_named);
            stated & map.get("const").map_or(types::ALL, type_of)
        }
        _ => types::ALL,
    }
}

/// The values, when the facts list them.
pub(super) fn listed(facts: &[Fact]) -> Option<Vec<Value>> {
    facts.iter().find_map(|fact| match (fact.get("const"), fact.get("enum")) {
        (Some(value), _) => Some(vec![value.clone()]),
        (None, Some(Value::Array(values))) => Some(values.clone()),
        _ => None,
    })
}

/// The number that a keyword states, exact as `f64`.
pub(super) fn exact(value: &Value) -> Option<f64> {
    let number = value.as_f64()?;
    (number.abs() < 9e15).then_some(number)
}

pub(super) fn max_of(facts: &[Fact], key: &str) -> Option<f64> {
    facts.iter().filter_map(|fact| exact(fact.get(key)?)).reduce(f64::max)
}

pub(super) fn min_of(facts: &[Fact], key: &str) -> Option<f64> {
    facts.iter().filter_map(|fact| exact(fact.get(key)?)).reduce(f64::min)
}

/// All strings under a keyword: of `required` the names, of `pattern` the patterns.
pub(super) fn strings<'f>(facts: &'f [Fact], key: &str) -> Vec<&'f str> {
    let mut out: Vec<&str> = Vec::new();
    for value in facts.iter().filter_map(|fact| fact.get(key)) {
        match value {
            Value::String(text) => out.push(text),
            Value::Array(all) => out.extend(all.iter().filter_map(Value::as_str)),
            _ => {}
        }
    }
    out.dedup();
    out
}

/// The names that the facts say something about.
pub(super) fn property_names(facts: &[Fact]) -> BTreeSet<String> {
    let maps = facts.iter().filter_map(|fact| fact.get("properties").and_then(Value::as_object));
    let mut names: BTreeSet<String> = maps.flat_map(|map| map.keys().cloned()).collect();
    names.extend(strings(facts, "required").into_iter().map(str::to_owned));
    names
}

/// Those, and the ones that alternatives declare.
pub(super) fn all_property_names(world: &World, facts: &[Fact]) -> BTreeSet<String> {
    let mut names = property_names(facts);
    for fact in facts.iter().filter_map(|fact| fact.as_object()) {
        names.extend(world.rest(fact).into_iter().flat_map(|(_, declared)| declared.names));
    }
    names
}

impl World {
    /// What is known of the value under a name; none when there can't be such a member.
    pub(super) fn property(&self, facts: &[Fact], name: &str) -> Option<Vec<Fact>> {
        let mut out = Vec::new();
        for fact in facts {
            let Value::Object(map) = &**fact else { continue };
            let mut evaluated = false;
            if let Some(schema) = map.get("properties").and_then(|all| all.get(name)) {
                evaluated = true;
                out.push(Rc::new(schema.clone()));
            }
            if let Some(Value::Object(all)) = map.get("patternProperties") {
                for (pattern, schema) in all {
                    match self.patterns.is_match(pattern, name) {
                        Some(true) => {
                            evaluated = true;
                            out.push(Rc::new(schema.clone()));
                        }
                        Some(false) => {}
                        // It may be meant: then nothing else is known of it.
                        None => evaluated = true,
                    }
                }
            }
            if let (false, Some(rest)) = (evaluated, map.get("additionalProperties")) {
                out.push(Rc::new(rest.clone()));
            }
            if let (false, Some(rest)) = (evaluated, map.get("unevaluatedProperties"))
                && let Some(declared) = self.declared(map)
                && !declared.names.contains(name)
                && declared.patterns.iter().all(|pattern| self.patterns.is_match(pattern, name) == Some(false))
            {
                out.push(Rc::new(rest.clone()));
            }
            if let Some(names) = map.get("propertyNames")
                && self.is_valid(&[Rc::new(names.clone())], &Value::String(name.to_owned())) == Some(false)
            {
                return None;
            }
        }
        if out.iter().any(|schema| **schema == Value::Bool(false)) {
            return None;
        }
        Some(out)
    }

    /// What a schema says of members that it and its parts do not declare, and what they declare at most;
    /// none when it says nothing of them.
    pub(super) fn rest(&self, map: &Map<String, Value>) -> Option<(Value, Declared)> {
        if let Some(rest) = map.get("additionalProperties") {
            let mut declared = Declared::default();
            declared.add(map);
            return Some((rest.clone(), declared));
        }
        Some((map.get("unevaluatedProperties")?.clone(), self.declared(map)?))
    }

    /// The most that the schema and the parts that speak of the same value can evaluate; none when that may
    /// be everything.
    fn declared(&self, map: &Map<String, Value>) -> Option<Declared> {
        let mut declared = Declared::default();
        let mut seen = BTreeSet::new();
        let mut open: Vec<Value> = Vec::new();
        let in_place = |map: &Map<String, Value>, open: &mut Vec<Value>| {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => open.extend(parts.iter().cloned()),
                    ("if" | "then" | "else", part) => open.push(part.clone()),
                    ("dependentSchemas", Value::Object(parts)) => open.extend(parts.values().cloned()),
                    ("$ref", Value::String(_)) => open.push(json!({"$ref": value})),
                    _ => {}
                }
            }
        };
        declared.add(map);
        in_place(map, &mut open);
        while let Some(part) = open.pop() {
            let Value::Object(map) = part else { continue };
            match map.get("$ref").and_then(Value::as_str) {
                Some(reference) if map.len() == 1 => {
                    if seen.insert(reference.to_owned()) {
                        open.push((*self.target(reference)?).clone());
                    }
                }
                _ => {
                    if map.contains_key("additionalProperties") || map.contains_key("unevaluatedProperties") {
                        return None;
                    }
                    declared.add(&map);
                    in_place(&map, &mut open);
                }
            }
        }
        Some(declared)
    }

    /// What is known of the item at an index; none when there can't be one.
    pub(super) fn item(&self, facts: &[Fact], index: usize) -> Option<Vec<Fact>> {
        if max_of_items(facts).is_some_and(|max| index as f64 >= max) {
            return None;
        }
        let mut out = Vec::new();
        for fact in facts {
            let tuple = fact.get("prefixItems").and_then(Value::as_array);
            match tuple.and_then(|items| items.get(index)) {
                Some(item) => out.push(Rc::new(item.clone())),
                None => out.extend(fact.get("items").map(|items| Rc::new(items.clone()))),
            }
        }
        (!out.iter().any(|schema| **schema == Value::Bool(false))).then_some(out)
    }
}

/// Names and patterns of members.
#[derive(Clone, Debug, Default)]
pub(super) struct Declared {
    pub(super) names: BTreeSet<String>,
    pub(super) patterns: BTreeSet<String>,
}

impl Declared {
    fn add(&mut self, map: &Map<String, Value>) {
        let keys = |key: &str| map.get(key).and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned();
        self.names.extend(keys("properties"));
        self.patterns.extend(keys("patternProperties"));
    }
}

fn max_of_items(facts: &[Fact]) -> Option<f64> {
    min_of(facts, "maxItems")
}

/// True when no other keyword of the schema evaluates properties: `unevaluatedProperties` is then
/// `additionalProperties`.
pub(super) fn evaluates_alone(map: &Map<String, Value>) -> bool {
    const IN_PLACE: [&str; 8] = ["$ref", "allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas"];
    !IN_PLACE.iter().any(|key| map.contains_key(*key))
}

/// The length of the longest tuple.
pub(super) fn tuple_length(facts: &[Fact]) -> usize {
    facts.iter().filter_map(|fact| fact.get("prefixItems")?.as_array().map(Vec::len)).max().unwrap_or(0)
}

/// The facts and one more.
pub(super) fn and(facts: &[Fact], more: Value) -> Vec<Fact> {
    facts.iter().cloned().chain([Rc::new(more)]).collect()
}

/// The facts with one of them replaced by itself without some keywords. `unevaluated…` looks at what its
/// neighbours evaluate, so it goes with them: less is known then, and that is never wrong.
pub(super) fn without(facts: &[Fact], at: usize, keys: &[&str]) -> Vec<Fact> {
    let mut out = facts.to_vec();
    if let Some(Value::Object(map)) = facts.get(at).map(|fact| &**fact) {
        let rest: Map<String, Value> = map
            .iter()
            .filter(|(key, _)| !keys.contains(&key.as_str()) && (keys == ["not"] || !key.starts_with("unevaluated")))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        out[at] = Rc::new(Value::Object(rest));
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{prefixed, references};

    #[test]
    fn a_member_with_the_name_of_a_keyword_is_a_schema() {
        let schema = json!({"properties": {"enum": {"$ref": "#/$defs/a"}}, "enum": [{"$ref": "#/$defs/a"}]});
        let renamed = prefixed(&schema, "x");
        assert_eq!(renamed["properties"]["enum"]["$ref"], "#/$defs/xa");
        assert_eq!(renamed["enum"], schema["enum"]);
        let mut found = Vec::new();
        references(&renamed, &mut found);
        assert_eq!(found, ["xa"]);
    }
}
