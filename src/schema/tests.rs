//! The engine on what a reader of the documentation would try.

use serde_json::{Value, json};

use super::{Dialect, Document, Engine, Inclusion, Library, Schema, Verdict};

fn decide(inner: &Value, outer: &Value) -> Verdict {
    let schema = |value: &Value| Schema::of_value(value, None).unwrap();
    Engine::default().decide(&schema(inner), &schema(outer), &[])
}

/// `y` proved, `n` refuted, `?` unknown: of the old in the new, then of the new in the old.
fn both(old: &Value, new: &Value) -> String {
    let letter = |verdict: Verdict| match verdict {
        Verdict::Refused { .. } => panic!("a rule without a document"),
        Verdict::Compatible { .. } => 'y',
        Verdict::Breaking { .. } => 'n',
        Verdict::Unknown { .. } => '?',
    };
    [letter(decide(old, new)), letter(decide(new, old))].into_iter().collect()
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

#[test]
fn changes_that_teams_make() {
    let string = json!({"type": "string"});
    let base = object(json!({"id": string}), &["id"]);
    for (what, new, expected) in [
        ("an optional member", object(json!({"id": string, "note": string}), &["id"]), "ny"),
        ("a required member", object(json!({"id": string, "note": string}), &["id", "note"]), "ny"),
        ("another type", object(json!({"id": {"type": "integer"}}), &["id"]), "nn"),
        ("null as well", object(json!({"id": {"type": ["string", "null"]}}), &["id"]), "yn"),
        ("a pattern", object(json!({"id": {"type": "string", "pattern": "^[a-z]+$"}}), &["id"]), "ny"),
        ("no longer required", object(json!({"id": string}), &[]), "yn"),
        (
            "a title",
            json!({"title": "Order", "type": "object", "properties": {"id": string}, "required": ["id"]}),
            "yy",
        ),
        ("a format", object(json!({"id": {"type": "string", "format": "uuid"}}), &["id"]), "yy"),
    ] {
        assert_eq!(both(&base, &new), expected, "{what}");
    }
}

#[test]
fn a_witness_is_small_and_says_where() {
    let old = object(
        json!({"id": {"type": "string"}, "amount": {"type": "number"}, "note": {"type": "string"}}),
        &["id", "amount"],
    );
    let mut new = old.clone();
    new["properties"]["amount"] = json!({"type": "integer"});
    let Verdict::Breaking { witness, fault } = decide(&old, &new) else { panic!("no witness") };
    assert_eq!(witness, json!({"id": "", "amount": 0.5}));
    assert_eq!(fault.unwrap().0, "/amount");
}

#[test]
fn recursion_is_proved_by_induction() {
    let tree = |leaf: &str| {
        json!({"$ref": "#/$defs/N", "$defs": {"N": {"type": "object", "additionalProperties": false,
            "properties": {"v": {"type": leaf}, "next": {"$ref": "#/$defs/N"}}}}})
    };
    assert_eq!(both(&tree("integer"), &tree("number")), "yn");
    let mutual = |leaf: &str| {
        json!({"$ref": "#/definitions/a", "definitions": {
            "a": {"type": "object", "properties": {"b": {"$ref": "#/definitions/b"}}, "required": ["v"]},
            "b": {"type": "object", "properties": {"a": {"$ref": "#/definitions/a"}, "v": {"type": leaf}}}}})
    };
    assert_eq!(both(&mutual("integer"), &mutual("number")), "yn");
    // A schema that only refers to itself says nothing; it must not hang.
    for empty in [
        json!({"$ref": "#"}),
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
    ] {
        let verdict = decide(&json!({"type": "object"}), &empty);
        assert!(matches!(verdict, Verdict::Unknown { .. }), "{verdict:?}");
    }
}

#[test]
fn what_is_not_known_is_never_compatible() {
    let remote = json!({"type": "object", "properties": {"a": {"$ref": "https://example.org/a.json"}}});
    let verdict = decide(&remote, &json!({"type": "object", "properties": {"a": {"type": "string"}}}));
    let Verdict::Unknown { reason } = verdict else { panic!("{verdict:?}") };
    assert_eq!(
        reason,
        "`$ref: https://example.org/a.json` is not in the repository, and nothing is fetched (`schema.json`)"
    );
    let missing = decide(&json!({}), &json!({"$ref": "#/$defs/none"}));
    assert!(matches!(missing, Verdict::Unknown { .. }), "{missing:?}");
    let dialect = decide(&json!({}), &json!({"$schema": "https://example.org/mine", "type": "object"}));
    assert!(matches!(dialect, Verdict::Unknown { .. }), "{dialect:?}");
    for wrong in [json!({"type": "objekt"}), json!([]), json!({"required": "id"}), json!({"minLength": -1})] {
        assert!(Schema::of_value(&wrong, None).is_err(), "{wrong}");
    }
    let pattern = decide(&json!({"type": "string"}), &json!({"type": "string", "pattern": "("}));
    assert!(matches!(pattern, Verdict::Unknown { .. }), "{pattern:?}");
}

#[test]
fn references_lead_across_files() {
    let document = |path: &str, value: Value| Document::read(path, &value.to_string()).unwrap();
    let library = |amount: &str| {
        Library::new(vec![
            document(
                "events/order.json",
                json!({"$id": "https://acme.org/order.json", "properties": {"total": {"$ref": "common.json#/$defs/money"}}}),
            ),
            document("events/common.json", json!({"$defs": {"money": {"type": amount}}})),
        ])
    };
    let schema = |amount: &str| Schema::read(&library(amount), "events/order.json", "", None).unwrap();
    let verdict = Engine::default().decide(&schema("number"), &schema("integer"), &[]);
    let Verdict::Breaking { witness, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(witness, json!({"total": 0.5}));
    assert!(Engine::default().decide(&schema("integer"), &schema("number"), &[]).is_compatible());
}

#[test]
fn dialects_are_brought_together() {
    let plain = |value: Value, dialect: Dialect| Schema::of_value(&value, Some(dialect)).unwrap().value;
    assert_eq!(
        plain(json!({"type": "string", "nullable": true, "example": "x"}), Dialect::OpenApi30),
        json!({"type": ["string", "null"]})
    );
    assert_eq!(plain(json!({"minimum": 1, "exclusiveMinimum": true}), Dialect::Draft4), json!({"exclusiveMinimum": 1}));
    assert_eq!(
        plain(json!({"items": [{"type": "null"}], "additionalItems": false}), Dialect::Draft7),
        json!({"prefixItems": [{"type": "null"}], "items": false})
    );
    assert_eq!(
        plain(json!({"dependencies": {"a": ["b"], "c": {"type": "object"}}}), Dialect::Draft7),
        json!({"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"type": "object"}}})
    );
}

#[test]
fn a_schema_that_blows_up_has_a_deadline() {
    // Alternatives of alternatives: each level multiplies the cases.
    let mut schema = json!({"type": "string"});
    for level in 0..30 {
        let name = format!("m{level}");
        schema = json!({"anyOf": [
            {"type": "object", "properties": {name.clone(): schema.clone()}, "required": [name]},
            {"type": "array", "prefixItems": [schema]}]});
        if schema.to_string().len() > 200_000 {
            break;
        }
    }
    let text = schema.to_string().replacen("\"string\"", "\"number\"", 1);
    let other: Value = serde_json::from_str(&text).unwrap();
    let started = std::time::Instant::now();
    let verdict = decide(&schema, &other);
    assert!(!verdict.is_compatible(), "{verdict:?}");
    assert!(started.elapsed().as_secs() < 8, "rewriting the two schemas comes on top of the 2 s");
}

#[test]
fn a_meta_schema_is_known_without_the_network() {
    for (draft, definition) in [
        ("http://json-schema.org/draft-07/schema#", json!({"type": 1})),
        ("https://json-schema.org/draft/2020-12/schema", json!({"$defs": []})),
    ] {
        let meta = json!({"$ref": draft});
        let accepted = decide(&json!({"const": {"type": "string", "properties": {"enum": {"minLength": 1}}}}), &meta);
        assert!(accepted.is_compatible(), "{draft}: {accepted:?}");
        let rejected = decide(&json!({"const": definition}), &meta);
        assert!(rejected.is_breaking(), "{draft}: {rejected:?}");
        assert!(decide(&json!({}), &json!({"anyOf": [meta, {"not": meta}]})).is_compatible(), "{draft}");
    }
}

#[test]
fn members_may_have_the_names_of_keywords() {
    let schema = |kind: &str| {
        json!({"type": "object", "required": ["enum"], "properties": {
        "enum": {"$ref": "#/$defs/count"}, "required": {"$ref": "#/$defs/count"}}, "$defs": {"count": {"type": kind}}})
    };
    assert_eq!(both(&schema("integer"), &schema("number")), "yn");
    assert_eq!(both(&schema("integer"), &schema("string")), "nn");
}
