//! Documents that one schema accepts and another rejects.
//!
//! Candidates are built, not guessed: from the difference that the algebra computes, and by going through
//! the outer schema assertion by assertion and building a value of the inner one that breaks it. A
//! candidate is a witness only when validators of both sides say so.

mod build;
mod shrink;
mod violate;

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::{Value, json};

use super::facts::{Fact, World};
use super::plain::Schema;

/// Candidates from one level of a schema.
const WIDTH: usize = 24;
/// How deep candidates nest.
const MAX_DEPTH: u32 = 24;

/// Makes values.
pub(super) struct Builder<'w> {
    world: &'w World,
}

/// Checks candidates with a validator of each side.
pub(super) struct Judge {
    inner: Vec<jsonschema::Validator>,
    outer: Vec<jsonschema::Validator>,
}

impl Judge {
    /// Validators of both sides, as rewritten and as written.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn new(inner: &Schema, outer: &Schema) -> Result<Judge, String> {
        Ok(Judge { inner: validators(inner)?, outer: validators(outer)? })
    }

    /// Validators of both sides as they are written; none when one of them refers to something outside.
    pub(super) fn as_written(inner: &Schema, outer: &Schema) -> Option<Judge> {
        let of = |schema: &Schema| {
            let (value, dialect) = schema.original.as_ref()?;
            validator(value, dialect.draft()?).ok()
        };
        Some(Judge { inner: vec![of(inner)?], outer: vec![of(outer)?] })
    }

    /// Accepted by the one, rejected by the other.
    pub(super) fn is_witness(&self, value: &Value) -> bool {
        self.inner.iter().all(|v| v.is_valid(value)) && self.outer.iter().all(|v| !v.is_valid(value))
    }

    /// Where in the value the outer schema finds fault, and which assertion.
    pub(super) fn fault(&self, value: &Value) -> Option<(String, String)> {
        let error = self.outer.first()?.iter_errors(value).next()?;
        Some((error.instance_path().to_string(), error.to_string()))
    }
}

fn validators(schema: &Schema) -> Result<Vec<jsonschema::Validator>, String> {
    let plain = validator(&schema.value, jsonschema::Draft::Draft202012)?;
    let mut all = vec![plain];
    if let Some((value, dialect)) = &schema.original
        && let Some(draft) = dialect.draft()
        // What the validator of the original refuses was understood all the same.
        && let Ok(original) = validator(value, draft)
    {
        all.push(original);
    }
    Ok(all)
}

fn validator(schema: &Value, draft: jsonschema::Draft) -> Result<jsonschema::Validator, String> {
    let options = jsonschema::options().with_draft(draft).should_validate_formats(false).offline();
    options.build(schema).map_err(|error| error.to_string())
}

/// The first candidate that is a witness.
pub(super) fn search(
    world: &World,
    judge: &Judge,
    inner: &Fact,
    outer: &Fact,
    samples: &[Value],
    deadline: Instant,
) -> Option<Value> {
    let builder = Builder { world };
    let found = |candidates: Vec<Value>| {
        candidates.into_iter().take_while(|_| Instant::now() < deadline).find(|value| judge.is_witness(value))
    };
    let facts = [std::rc::Rc::clone(inner)];
    samples
        .iter()
        .find(|value| judge.is_witness(value))
        .cloned()
        .or_else(|| found(mined(inner, outer)))
        .or_else(|| found(sketched(inner, outer)))
        .or_else(|| found(builder.violating(&facts, outer, 0)))
        .or_else(|| found(builder.values(&facts, 0)))
}

/// The first candidate that is a witness, of those that nest so many levels at most. Where schemas refer to one
/// another in circles, the search loses itself in the first of them; what is wrong near the top is found so.
pub(super) fn near(world: &World, judge: &Judge, sides: (&Fact, &Fact), levels: u32, end: Instant) -> Option<Value> {
    let builder = Builder { world };
    let candidates = builder.violating(&[std::rc::Rc::clone(sides.0)], sides.1, MAX_DEPTH.saturating_sub(levels));
    candidates.into_iter().take_while(|_| Instant::now() < end).find(|value| judge.is_witness(value))
}

/// The first value of a schema (a difference, complete in itself) that is a witness.
pub(super) fn from_difference(judge: &Judge, difference: &Value, deadline: Instant) -> Option<Value> {
    let (world, schema, _) = World::of(difference, &Value::Bool(true), deadline);
    let builder = Builder { world: &world };
    let candidates = builder.values(&[schema], 0);
    candidates.into_iter().take_while(|_| Instant::now() < deadline).find(|value| judge.is_witness(value))
}

/// The witness made small.
pub(super) fn shrunk(judge: &Judge, value: Value, deadline: Instant) -> Value {
    shrink::shrink(value, deadline, &|value| judge.is_witness(value))
}

/// The values that the schemas name, and the plainest ones of each type.
fn mined(inner: &Value, outer: &Value) -> Vec<Value> {
    let mut out: Vec<Value> = serde_json::from_str(
        r#"[null, true, false, 0, 1, -1, 0.5, 1.5, 2, 100, -100, "", "a", "foo", [], [null], [1], ["a"], [1, 1], [1, 2],
            [1, "a"], [[]], [{}], [1, 2, 3], [1, 2, 3, 4], {}, {"a": null}, {"a": 1}, {"a": "a"}, {"foo": 1, "bar": 2}]"#,
    )
    .unwrap_or_default();
    let mut named = Vec::new();
    listed(inner, &mut named, 0);
    listed(outer, &mut named, 0);
    named.extend(named.clone().into_iter().take(40).map(|value| Value::Array(vec![value])));
    named.append(&mut out);
    named.truncate(400);
    named
}

/// Objects with one member each, of those that the schemas declare: plain values at any depth. They are cheap,
/// and where schemas are intertwined (`if`, `unevaluatedProperties`) nothing else is found in time.
fn sketched(inner: &Value, outer: &Value) -> Vec<Value> {
    let plain = [
        json!({}),
        json!(""),
        json!(0),
        json!(0.5),
        json!(null),
        json!([]),
        json!(true),
        json!("a"),
        json!({"a": ""}),
        json!({"a": "a"}),
        json!([0]),
    ];
    let mut paths: BTreeSet<Vec<&str>> = BTreeSet::new();
    members(inner, &mut Vec::new(), &mut paths, 0);
    members(outer, &mut Vec::new(), &mut paths, 0);
    let nested = |path: &[&str], value: &Value| {
        path.iter()
            .rev()
            .fold(value.clone(), |value, name| Value::Object([((*name).to_owned(), value)].into_iter().collect()))
    };
    plain.iter().flat_map(|value| paths.iter().map(move |path| nested(path, value))).collect()
}

/// The paths of members that a schema declares.
fn members<'v>(schema: &'v Value, path: &mut Vec<&'v str>, out: &mut BTreeSet<Vec<&'v str>>, depth: u32) {
    let Value::Object(map) = schema else { return };
    if depth > 12 || path.len() > 4 || out.len() > 60 {
        return;
    }
    for (key, value) in map {
        match (key.as_str(), value) {
            ("properties", Value::Object(all)) => {
                for (name, member) in all {
                    path.push(name);
                    out.insert(path.clone());
                    members(member, path, out, depth + 1);
                    path.pop();
                }
            }
            ("dependentSchemas", Value::Object(all)) => {
                all.values().for_each(|part| members(part, path, out, depth + 1));
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(all)) => {
                all.iter().for_each(|part| members(part, path, out, depth + 1));
            }
            ("if" | "then" | "else", part) => members(part, path, out, depth + 1),
            _ => {}
        }
    }
}

fn listed(schema: &Value, out: &mut Vec<Value>, depth: u32) {
    if depth > 40 || out.len() > 300 {
        return;
    }
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("const", value) => out.push(value.clone()),
                    ("enum", Value::Array(values)) => out.extend(values.iter().cloned()),
                    (_, value) => listed(value, out, depth + 1),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| listed(item, out, depth + 1)),
        _ => {}
    }
}
