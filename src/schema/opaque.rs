//! References that lead nowhere: what holds whatever they mean.
//!
//! A reference to something that is not in the repository stands for some schema, the same one wherever it is
//! written with the same address. An inclusion is proved with such references as they are: nothing is known of
//! them but that each implies itself. It is refuted by a document that fits the writer's schema though no
//! reference accepts anything, and fits the reader's not even when each accepts everything. Between the two the
//! answer depends on what the references mean, and is not known.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Instant;

use serde_json::{Map, Value};

use super::facts::World;
use super::inclusion::{Proof, Verdict};
use super::plain::Schema;
use super::prove::{At, Prover};

/// Decides an inclusion whatever the references mean; none when it depends on that, or something else of the
/// schemas is not known. `refute` looks for a document that the first schema accepts and the second rejects.
pub(super) fn decide(
    inner: &Schema,
    outer: &Schema,
    deadline: Instant,
    refute: impl Fn(&Schema, &Schema) -> Option<Verdict>,
) -> Option<Verdict> {
    if !inner.unresolved.iter().chain(&outer.unresolved).all(|missing| missing.is_reference) {
        return None;
    }
    let (world, small, large) = World::of(&inner.value, &outer.value, deadline);
    if Prover::new(&world).implies(&[Rc::clone(&small)], &large, At::default()) {
        return Some(Verdict::Compatible { proof: Proof::References });
    }
    let known = |value: Value| Schema { value, original: None, unresolved: Vec::new() };
    // What a reference evaluates counts for `unevaluated…`, and nobody knows what that is.
    let least = replaced(&inner.value, false)?;
    let most = replaced(&outer.value, true).filter(|_| !has_key(&outer.value, "unevaluated"))?;
    refute(&known(least), &known(most)).filter(Verdict::is_breaking)
}

/// The schema with `to` in place of each reference to nothing; none when one stands where more accepted by it
/// need not be more accepted by the whole.
fn replaced(schema: &Value, to: bool) -> Option<Value> {
    let unclear = unclear(schema);
    let turned = |key: &str, map: &Map<String, Value>| {
        matches!(key, "not" | "if" | "oneOf") || (key == "contains" && map.contains_key("maxContains"))
    };
    walk(schema, &|map| {
        if map.iter().any(|(key, value)| turned(key, map) && asks(value, &unclear)) {
            return None;
        }
        let reference = map.get("$ref").and_then(Value::as_str);
        if reference.is_none_or(|reference| reference.starts_with("#/$defs/")) {
            return Some(Value::Object(map.clone()));
        }
        if !to {
            return Some(Value::Bool(false));
        }
        let rest = map.iter().filter(|(key, _)| *key != "$ref");
        Some(Value::Object(rest.map(|(key, value)| (key.clone(), value.clone())).collect()))
    })
}

/// The definitions from which a reference to nothing is reached.
fn unclear(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let Some(Value::Object(all)) = schema.get("$defs") else { return found };
    loop {
        let more = all.iter().find(|(name, value)| !found.contains(*name) && asks(value, &found));
        let Some((name, _)) = more else { return found };
        found.insert(name.clone());
    }
}

/// True when a part refers to nothing, or to one of these definitions.
fn asks(value: &Value, unclear: &BTreeSet<String>) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, value)| match (key.as_str(), value) {
            ("const" | "enum", _) => false,
            ("$ref", Value::String(reference)) => {
                reference.strip_prefix("#/$defs/").is_none_or(|name| unclear.contains(name))
            }
            (_, value) => asks(value, unclear),
        }),
        Value::Array(items) => items.iter().any(|item| asks(item, unclear)),
        _ => false,
    }
}

/// Rewrites every schema in a schema, the outer one before what is in it. What is no schema but looks like one,
/// a value of `const` or a map of members, is told apart by where it stands.
fn walk(value: &Value, each: &dyn Fn(&Map<String, Value>) -> Option<Value>) -> Option<Value> {
    const MAPS: [&str; 4] = ["properties", "patternProperties", "dependentSchemas", "$defs"];
    let map = match value {
        Value::Object(map) => match each(map)? {
            Value::Object(map) => map,
            other => return Some(other),
        },
        Value::Array(items) => {
            return Some(Value::Array(items.iter().map(|item| walk(item, each)).collect::<Option<_>>()?));
        }
        other => return Some(other.clone()),
    };
    let mut out = Map::new();
    for (key, value) in map {
        let new = match (key.as_str(), &value) {
            ("const" | "enum" | "required" | "dependentRequired" | "$ref", _) => value,
            (name, Value::Object(all)) if MAPS.contains(&name) => {
                let all = all.iter().map(|(name, member)| Some((name.clone(), walk(member, each)?)));
                Value::Object(all.collect::<Option<_>>()?)
            }
            (_, part) => walk(part, each)?,
        };
        out.insert(key, new);
    }
    Some(Value::Object(out))
}

fn has_key(value: &Value, start: &str) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, value)| key.starts_with(start) || has_key(value, start)),
        Value::Array(items) => items.iter().any(|item| has_key(item, start)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::schema::inclusion::{Engine, Inclusion, Proof, Verdict};
    use crate::schema::{Library, Schema};

    fn decide(inner: &Value, outer: &Value) -> Verdict {
        let read = |value: &Value| Schema::read(&Library::of_value(value.clone()), "schema.json", "", None).unwrap();
        Engine::default().decide(&read(inner), &read(outer), &[])
    }

    fn with_money(more: &[(&str, Value)]) -> Value {
        let mut properties = json!({"total": {"$ref": "https://schemas.acme.org/money.json"}});
        for (name, schema) in more {
            properties[*name] = schema.clone();
        }
        json!({"type": "object", "properties": properties, "additionalProperties": false})
    }

    #[test]
    fn a_change_beside_a_remote_reference_is_decided_whatever_it_means() {
        let old = with_money(&[("id", json!({"type": "integer"}))]);
        let new = with_money(&[("id", json!({"type": "number"})), ("note", json!({"type": "string"}))]);
        assert_eq!(decide(&old, &new), Verdict::Compatible { proof: Proof::References });
        let Verdict::Breaking { witness, .. } = decide(&new, &old) else { panic!("a note breaks") };
        assert!(witness.get("total").is_none(), "whether a total is right is not known: {witness}");
    }

    #[test]
    fn what_depends_on_the_meaning_is_unknown() {
        let unknown = |inner: &Value, outer: &Value| matches!(decide(inner, outer), Verdict::Unknown { .. });
        let text = json!({"properties": {"total": {"type": "string"}}});
        let remote = json!({"properties": {"total": {"$ref": "https://schemas.acme.org/money.json"}}});
        let other = json!({"properties": {"total": {"$ref": "https://schemas.acme.org/cash.json"}}});
        assert!(unknown(&text, &remote) && unknown(&remote, &text) && unknown(&remote, &other));
        let not = json!({"not": {"$ref": "https://schemas.acme.org/money.json"}});
        let money = json!({"$ref": "https://schemas.acme.org/money.json"});
        assert!(unknown(&not, &money) && unknown(&money, &not));
        let one = json!({"oneOf": [{"$ref": "https://schemas.acme.org/money.json"}, {"type": "string"}]});
        let any = json!({"anyOf": [{"$ref": "https://schemas.acme.org/money.json"}, {"type": "string"}]});
        assert_eq!(decide(&one, &any), Verdict::Compatible { proof: Proof::References });
        assert!(unknown(&any, &one));
        // What it evaluates is not known.
        let open = json!({"$ref": "https://schemas.acme.org/money.json", "properties": {"a": true}});
        let mut closed = open.clone();
        closed["unevaluatedProperties"] = json!(false);
        assert!(unknown(&open, &closed));
        assert_eq!(decide(&closed, &open), Verdict::Compatible { proof: Proof::References });
    }

    #[test]
    fn a_required_reference_leaves_nothing_to_show() {
        let remote = json!({"$ref": "https://schemas.acme.org/money.json"});
        let old = json!({"properties": {"total": remote}, "required": ["total"]});
        let new = json!({"properties": {"total": remote, "id": {"type": "string"}}, "required": ["total", "id"]});
        // It may accept nothing at all, and then there are no events of either kind.
        assert!(matches!(decide(&old, &new), Verdict::Unknown { .. }));
        assert_eq!(decide(&new, &old), Verdict::Compatible { proof: Proof::References });
    }
}
