//! Values that satisfy what is known of them. Not every one does: who asks checks them.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::rc::Rc;

use serde_json::{Map, Number, Value, json};

use super::{Builder, MAX_DEPTH, WIDTH};
use crate::schema::facts::{
    Fact, and, exact, listed, max_of, min_of, property_names, strings, tuple_length, type_of, types, types_of, without,
};
use crate::schema::pattern::{Found, Wanted};
use crate::schema::prove::{Interval, parts};

impl Builder<'_> {
    /// Some values of the facts, simple ones first.
    pub(super) fn values(&self, facts: &[Fact], depth: u32) -> Vec<Value> {
        if depth > MAX_DEPTH || !self.world.step() {
            return Vec::new();
        }
        let Some(flat) = self.world.flat(facts) else { return Vec::new() };
        if let Some(values) = listed(&flat) {
            return values.into_iter().take(4 * WIDTH).collect();
        }
        for (index, fact) in flat.iter().enumerate() {
            for key in ["oneOf", "anyOf"] {
                if let Some(branches) = fact.get(key).map(parts) {
                    let rest = plain_without(&flat, index, &[key]);
                    return take(branches.iter().map(|branch| self.values(&and(&rest, branch.clone()), depth + 1)));
                }
            }
            if let Some(condition) = fact.get("if") {
                let rest = plain_without(&flat, index, &["if", "then", "else"]);
                let mut met = and(&rest, condition.clone());
                met.extend(fact.get("then").cloned().map(Rc::new));
                let mut unmet = rest.clone();
                unmet.extend(fact.get("else").cloned().map(Rc::new));
                return take([self.values(&met, depth + 1), self.violating(&unmet, condition, depth + 1)].into_iter());
            }
            if let Some(not) = fact.get("not") {
                let rest = plain_without(&flat, index, &["not"]);
                let simple = not.as_object().is_some_and(|map| map.len() == 1 && map.contains_key("type"));
                if !simple {
                    return self.violating(&rest, not, depth + 1);
                }
            }
        }
        let possible = types_of(&flat);
        if flat.iter().all(|fact| fact.as_object().is_some_and(|map| map.keys().all(|key| key == "type"))) {
            return plainest(possible);
        }
        let each = types::EACH.iter().filter(|(bit, _)| possible & bit != 0);
        take(each.map(|(bit, _)| match *bit {
            types::NULL => vec![Value::Null],
            types::BOOLEAN => vec![json!(true), json!(false)],
            types::NUMBER => self.numbers(&flat),
            types::STRING => self.strings(&flat, &[]),
            types::ARRAY => self.arrays(&flat, depth),
            _ => self.objects(&flat, depth),
        }))
    }

    fn numbers(&self, flat: &[Fact]) -> Vec<Value> {
        let interval = Interval::of(flat);
        let integers_only = types_of(flat) & types::FRACTION == 0;
        let mut out: Vec<f64> = Vec::new();
        if let Some((low, _)) = interval.low {
            out.extend([low, low + 0.5, low + 1.0, low + 2.0]);
        }
        if let Some((high, _)) = interval.high {
            out.extend([high, high - 0.5, high - 1.0, high - 2.0]);
        }
        if let (Some((low, _)), Some((high, _))) = (interval.low, interval.high) {
            out.push(f64::midpoint(low, high));
        }
        out.extend([0.0, 1.0, -1.0, 0.5, 1.5, 2.0, 7.0, 100.0, 1e6, -1e6, 0.1]);
        let steps: Vec<f64> = flat.iter().filter_map(|fact| exact(fact.get("multipleOf")?)).collect();
        if let Some(step) = steps.iter().copied().reduce(|a, b| if a % b == 0.0 { a } else { a * b }) {
            let bounds: Vec<f64> = out.clone();
            out = bounds.iter().flat_map(|n| [(n / step).ceil() * step, (n / step).floor() * step]).collect();
            out.extend([step, 2.0 * step, 3.0 * step, -step, 0.0]);
        }
        let inside = |n: &f64| {
            (!integers_only || n.fract() == 0.0)
                && interval.low.is_none_or(|(low, open)| *n > low || (*n == low && !open))
                && interval.high.is_none_or(|(high, open)| *n < high || (*n == high && !open))
        };
        let mut kept: Vec<f64> = out.into_iter().filter(inside).collect();
        if types_of(flat) & types::INTEGER == 0 {
            kept.retain(|n| n.fract() != 0.0);
        }
        dedup(kept.into_iter().filter_map(number).collect())
    }

    /// Strings of the facts that none of these patterns matches.
    pub(super) fn strings(&self, flat: &[Fact], avoiding: &[&str]) -> Vec<Value> {
        let matching = strings(flat, "pattern");
        let min = max_of(flat, "minLength").unwrap_or(0.0).min(100_000.0) as usize;
        let max = min_of(flat, "maxLength").map(|max| max.min(1e6) as usize);
        if max.is_some_and(|max| max < min) {
            return Vec::new();
        }
        let mut out = Vec::new();
        if matching.is_empty() && avoiding.is_empty() {
            let lengths = [1.max(min), min, min + 1, max.unwrap_or(min + 3)];
            let lengths =
                lengths.into_iter().filter(|length| max.is_none_or(|max| *length <= max) && *length < 200_000);
            out.extend(lengths.map(|length| "a".repeat(length)));
            out.extend(["foo", "bar", "1", " ", "A", "a b"].map(str::to_owned));
            out.retain(|text| {
                let length = text.chars().count();
                length >= min && max.is_none_or(|max| length <= max)
            });
        } else if min <= 512 {
            let bounded = max.filter(|max| *max <= 512);
            for extra in [0, 1, 3] {
                let wanted = Wanted { matching: &matching, avoiding, min: min + extra, max: bounded };
                match self.world.patterns.find(&wanted) {
                    Found::String(text) => out.push(text),
                    _ => break,
                }
            }
        }
        dedup(out.into_iter().map(Value::String).collect())
    }

    fn arrays(&self, flat: &[Fact], depth: u32) -> Vec<Value> {
        let min = max_of(flat, "minItems").unwrap_or(0.0).min(1_000.0) as usize;
        let max = min_of(flat, "maxItems").map(|max| max as usize);
        let unique = flat.iter().any(|fact| fact.get("uniqueItems") == Some(&Value::Bool(true)));
        let mut wanted: Vec<Fact> = Vec::new();
        for fact in flat {
            if let Some(schema) = fact.get("contains") {
                let count = fact.get("minContains").and_then(Value::as_u64).unwrap_or(1);
                wanted.extend((0..count.min(50)).map(|_| Rc::new(schema.clone())));
            }
        }
        let tuple = tuple_length(flat);
        let least = min.max(wanted.len());
        let mut lengths = vec![least, least + 1, least + 2, tuple, tuple + 1, min, 0, max.unwrap_or(least)];
        lengths.retain(|length| *length >= min && max.is_none_or(|max| *length <= max) && *length <= 1_000);
        let mut seen = Vec::new();
        lengths.retain(|length| {
            !seen.contains(length) && {
                seen.push(*length);
                true
            }
        });
        take(lengths.into_iter().map(|length| self.array_of(flat, length, &wanted, unique, depth)))
    }

    fn array_of(&self, flat: &[Fact], length: usize, wanted: &[Fact], unique: bool, depth: u32) -> Vec<Value> {
        let mut choices: Vec<Vec<Value>> = Vec::new();
        // Behind the tuple the items are alike.
        let tail = tuple_length(flat).max(wanted.len());
        let mut alike: Option<Vec<Value>> = None;
        for index in 0..length {
            if let (true, Some(known)) = (index >= tail, &alike) {
                choices.push(known.clone());
                continue;
            }
            let Some(mut item) = self.world.item(flat, index) else { return Vec::new() };
            item.extend(wanted.get(index).cloned());
            let values = self.values(&item, depth + 1);
            if values.is_empty() {
                return Vec::new();
            }
            if index >= tail {
                alike = Some(values.clone());
            }
            choices.push(values);
        }
        let mut out = Vec::new();
        for round in 0..if length == 0 { 1 } else { 6 } {
            let mut items: Vec<Value> = Vec::with_capacity(length);
            for (index, values) in choices.iter().enumerate() {
                let at = if round == 0 { 0 } else { round + index * (round % 2) };
                let mut value = values[at % values.len()].clone();
                if unique && items.contains(&value) {
                    let fresh = values.iter().find(|value| !items.contains(value)).cloned();
                    value = fresh.or_else(|| fresh_like(&value, index)).unwrap_or(value);
                }
                items.push(value);
            }
            out.push(Value::Array(items));
        }
        dedup(out)
    }

    fn objects(&self, flat: &[Fact], depth: u32) -> Vec<Value> {
        self.objects_with(flat, &Map::new(), depth)
    }

    /// Objects that have these members, whatever is said about them.
    pub(super) fn objects_with(&self, flat: &[Fact], fixed: &Map<String, Value>, depth: u32) -> Vec<Value> {
        let mut required: Vec<String> = strings(flat, "required").into_iter().map(str::to_owned).collect();
        let mut at = 0;
        required.extend(fixed.keys().cloned());
        // What the presence of one demands.
        while at < required.len() && at < 200 {
            let name = required[at].clone();
            for fact in flat {
                let more = fact.get("dependentRequired").and_then(|all| all.get(&name)).map(parts).unwrap_or_default();
                required.extend(more.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            at += 1;
        }
        let mut known = flat.to_vec();
        for fact in flat {
            for (name, schema) in fact.get("dependentSchemas").and_then(Value::as_object).into_iter().flatten() {
                if required.contains(name) && !known.iter().any(|k| **k == *schema) {
                    known.push(Rc::new(schema.clone()));
                }
            }
        }
        if known.len() > flat.len() && depth < MAX_DEPTH {
            if let Some(known) = self.world.flat(&known) {
                return self.objects_with(&known, fixed, depth + 1);
            }
            return Vec::new();
        }
        let mut base = Map::new();
        let mut variants: Vec<(String, Vec<Value>)> = Vec::new();
        for name in &required {
            if base.contains_key(name) {
                continue;
            }
            let values = match fixed.get(name) {
                Some(value) => vec![value.clone()],
                None => self.member(flat, name, depth),
            };
            let Some(first) = values.first() else { return Vec::new() };
            base.insert(name.clone(), first.clone());
            variants.push((name.clone(), values));
        }
        let least = max_of(flat, "minProperties").unwrap_or(0.0).min(1_000.0) as usize;
        let optional: Vec<String> = property_names(flat).into_iter().filter(|name| !base.contains_key(name)).collect();
        let mut fresh = self.fresh_names(flat);
        let numbered = (0..least).map(|number| format!("p{number}"));
        let mut more = optional.iter().cloned().chain(fresh.iter().cloned()).chain(numbered);
        while base.len() < least {
            let Some(name) = more.next() else { break };
            if let Some(value) = self.member(flat, &name, depth).into_iter().next() {
                base.insert(name, value);
            }
        }
        let mut out = vec![Value::Object(base.clone())];
        let with = |name: &str, value: &Value| {
            let mut object = base.clone();
            object.insert(name.to_owned(), value.clone());
            Value::Object(object)
        };
        for (name, values) in &variants {
            out.extend(values.iter().skip(1).take(6).map(|value| with(name, value)));
        }
        let mut all = base.clone();
        for name in optional.iter().take(if depth > DETAILED { 0 } else { WIDTH }) {
            let values = self.member(flat, name, depth);
            if let Some(first) = values.first() {
                all.entry(name.clone()).or_insert_with(|| first.clone());
            }
            out.extend(values.iter().take(4).map(|value| with(name, value)));
        }
        fresh.truncate(if depth > DETAILED { 0 } else { 2 });
        for name in &fresh {
            out.extend(self.member(flat, name, depth).iter().take(2).map(|value| with(name, value)));
        }
        out.insert(1, Value::Object(all));
        dedup(out)
    }

    fn member(&self, flat: &[Fact], name: &str, depth: u32) -> Vec<Value> {
        self.world.property(flat, name).map_or_else(Vec::new, |facts| self.values(&facts, depth + 1))
    }

    /// Names that nothing declares; those that patterns ask for among them.
    pub(super) fn fresh_names(&self, flat: &[Fact]) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for fact in flat {
            for pattern in fact.get("patternProperties").and_then(Value::as_object).into_iter().flatten().map(|p| p.0) {
                for min in [0, 2] {
                    let wanted = Wanted { matching: &[pattern.as_str()], min, ..Wanted::default() };
                    if let Found::String(name) = self.world.patterns.find(&wanted) {
                        out.push(name);
                    }
                }
            }
            if let Some(names) = fact.get("propertyNames") {
                let known = and(&[], json!({"type": "string"})).into_iter().chain([Rc::new(names.clone())]);
                let known: Vec<Fact> = known.collect();
                out.extend(self.values(&known, MAX_DEPTH - 2).iter().filter_map(Value::as_str).map(str::to_owned));
            }
        }
        out.extend(["other", "x", "y", "z", "extra", "Other1"].map(str::to_owned));
        let known = property_names(flat);
        out.retain(|name| !known.contains(name));
        out
    }
}

/// Values of which nothing but the type is known.
fn plainest(possible: u8) -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(
        r#"["a", 1, 0.5, true, null, {}, [], 0, "", -1, false, {"a": 1}, [1], "foo", 100, [1, "a"], {"x": null}, ["a", "b", "c"]]"#,
    )
    .unwrap_or_default();
    all.into_iter().filter(|value| type_of(value) & possible != 0).collect()
}

/// Below this depth only what is required is built.
const DETAILED: u32 = 7;

/// For building, what is lost of `unevaluated…` does not matter: the candidate is checked.
pub(super) fn plain_without(facts: &[Fact], at: usize, keys: &[&str]) -> Vec<Fact> {
    without(facts, at, keys)
}

/// A few of each.
pub(super) fn take(all: impl Iterator<Item = Vec<Value>>) -> Vec<Value> {
    let lists: Vec<Vec<Value>> = all.collect();
    let mut out: Vec<Value> = Vec::new();
    for round in 0..4 * WIDTH {
        for value in lists.iter().filter_map(|list| list.get(round)) {
            if out.len() < 4 * WIDTH {
                out.push(value.clone());
            }
        }
    }
    dedup(out)
}

pub(super) fn dedup(values: Vec<Value>) -> Vec<Value> {
    // By hash: candidates are large and many, and mostly differ.
    let hasher = RandomState::new();
    let mut known: HashMap<u64, Vec<usize>> = HashMap::with_capacity(values.len());
    let mut out: Vec<Value> = Vec::with_capacity(values.len());
    for value in values {
        let same = known.entry(hasher.hash_one(&value)).or_default();
        if !same.iter().any(|index| out[*index] == value) {
            same.push(out.len());
            out.push(value);
        }
    }
    out
}

/// A number as it would be written.
pub(super) fn number(number: f64) -> Option<Value> {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Some(Value::from(number as i64));
    }
    Number::from_f64(number).map(Value::Number)
}

/// Another value of the same type.
fn fresh_like(value: &Value, index: usize) -> Option<Value> {
    match value {
        Value::Number(known) => number(known.as_f64()? + index as f64),
        Value::String(text) => Some(Value::String(format!("{text}{index}"))),
        _ => None,
    }
}
