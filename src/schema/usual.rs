//! The changes that teams make, each in both directions, as the schemas say and for readers that ignore what
//! they do not know.

use serde_json::{Value, json};

use super::compat::{Direction, compare};
use super::{Engine, Model, Schema, Verdict};

/// Who reads whom: `full`, `back` (new readers of old documents), `forw` (old readers of new ones), `none`.
fn decided(old: &Value, new: &Value, model: Model) -> String {
    let (old, new) = (Schema::of_value(old, None).unwrap(), Schema::of_value(new, None).unwrap());
    let holds = |direction| match compare(&Engine::default(), &old, &new, direction, model, &[]) {
        Verdict::Compatible { .. } => true,
        Verdict::Breaking { .. } => false,
        other => panic!("{other:?}"),
    };
    let name = match (holds(Direction::Backward), holds(Direction::Forward)) {
        (true, true) => "full",
        (true, false) => "back",
        (false, true) => "forw",
        (false, false) => "none",
    };
    name.to_owned()
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

fn with(mut schema: Value, key: &str, value: Value) -> Value {
    schema[key] = value;
    schema
}

/// An event with one member of this schema.
fn about(member: Value) -> Value {
    object(json!({"sku": member}), &["sku"])
}

/// Change, schema before, schema now, as written, tolerant.
type Row = (&'static str, Value, Value, &'static str, &'static str);

fn objects() -> Vec<Row> {
    let text = json!({"type": "string"});
    let one = object(json!({"sku": text}), &["sku"]);
    let two = |required: &[&str]| object(json!({"sku": text, "note": text}), required);
    let closed = |schema: Value| with(schema, "additionalProperties", json!(false));
    let only = |schema: Value, member: Value| with(schema, "additionalProperties", member);
    let whole = object(json!({"sku": text, "count": {"type": "integer"}}), &[]);
    let counts = |member: &str| only(object(json!({}), &[]), json!({"type": member}));
    let counted =
        |rest: &str, member: &str| only(object(json!({"count": {"type": member}}), &[]), json!({"type": rest}));
    vec![
        ("optional member added, open", one.clone(), two(&["sku"]), "forw", "full"),
        ("optional member added, closed", closed(one.clone()), closed(two(&["sku"])), "back", "full"),
        ("required member added, open", one.clone(), two(&["sku", "note"]), "forw", "forw"),
        ("required member added, closed", closed(one.clone()), closed(two(&["sku", "note"])), "none", "forw"),
        ("required member removed, closed", closed(two(&["sku", "note"])), closed(one.clone()), "none", "back"),
        ("member required now", two(&["sku"]), two(&["sku", "note"]), "forw", "forw"),
        (
            "name required that is not declared",
            one.clone(),
            with(one.clone(), "required", json!(["sku", "z"])),
            "forw",
            "forw",
        ),
        ("member renamed", two(&["sku"]), object(json!({"sku": text, "remark": text}), &["sku"]), "none", "full"),
        ("closed", one.clone(), closed(one.clone()), "forw", "full"),
        ("other members of a type, the same", counts("number"), counted("number", "number"), "full", "full"),
        ("other members of a type, narrower", counts("number"), counted("number", "integer"), "forw", "forw"),
        ("other members of a type, wider", counts("integer"), counted("integer", "number"), "back", "back"),
        ("members limited in number", whole.clone(), with(whole.clone(), "maxProperties", json!(1)), "forw", "forw"),
        ("names limited", one.clone(), with(one.clone(), "propertyNames", json!({"maxLength": 2})), "forw", "none"),
        (
            "needs another member",
            whole.clone(),
            with(whole, "dependentRequired", json!({"count": ["sku"]})),
            "forw",
            "forw",
        ),
    ]
}

fn values() -> Vec<Row> {
    let kind = |name: Value| about(json!({"type": name}));
    let limited = |key: &str, value: Value| about(json!({"type": ["string", "number", "array"], key: value}));
    let free = about(json!({"type": ["string", "number", "array"]}));
    let list = |key: &str, value: Value| about(json!({"type": "array", key: value}));
    let any_list = about(json!({"type": "array"}));
    let of = |values: Value| about(json!({"enum": values}));
    let row = |what, old: &Value, new: Value, both| (what, old.clone(), new, both, both);
    vec![
        row("another type", &kind(json!("string")), kind(json!("number")), "none"),
        row("integer, then number", &kind(json!("integer")), kind(json!("number")), "back"),
        row("null as well", &kind(json!("string")), kind(json!(["string", "null"])), "back"),
        row("no type", &kind(json!("string")), about(json!({})), "back"),
        row("integer beside number", &kind(json!(["integer", "number"])), kind(json!("number")), "full"),
        row("a value more", &of(json!(["a", "b"])), of(json!(["a", "b", "c"])), "back"),
        row("a value less", &of(json!(["a", "b"])), of(json!(["a"])), "forw"),
        row("the same values in another order", &of(json!(["a", "b"])), of(json!(["b", "a"])), "full"),
        row("one value, then several", &about(json!({"const": "a"})), of(json!(["a", "b"])), "back"),
        row("values, then any text", &of(json!(["a", "b"])), kind(json!("string")), "back"),
        row("longest", &free, limited("maxLength", json!(3)), "forw"),
        row("shortest loosened", &limited("minLength", json!(3)), limited("minLength", json!(2)), "back"),
        row("largest", &free, limited("maximum", json!(9)), "forw"),
        row(
            "smallest, two ways to say it",
            &about(json!({"type": "integer", "exclusiveMinimum": 0})),
            about(json!({"type": "integer", "minimum": 1})),
            "full",
        ),
        row(
            "up to, then below a larger",
            &limited("maximum", json!(10)),
            limited("exclusiveMaximum", json!(11)),
            "back",
        ),
        row("a multiple of more", &limited("multipleOf", json!(5)), limited("multipleOf", json!(10)), "forw"),
        row(
            "whole numbers, two ways to say it",
            &about(json!({"type": "number", "multipleOf": 1})),
            kind(json!("integer")),
            "full",
        ),
        row("a pattern, wider", &limited("pattern", json!("^ab$")), limited("pattern", json!("^a")), "back"),
        row("a format", &kind(json!("string")), about(json!({"type": "string", "format": "email"})), "full"),
        row("items of a type", &any_list, list("items", json!({"type": "string"})), "forw"),
        row("no item twice", &any_list, list("uniqueItems", json!(true)), "forw"),
        row("a fixed first item", &any_list, list("prefixItems", json!([{"type": "string"}])), "forw"),
        row("an item that must be there", &any_list, list("contains", json!({"type": "string"})), "forw"),
        row("fewest items", &list("minItems", json!(2)), list("minItems", json!(1)), "back"),
    ]
}

fn alternatives() -> Vec<Row> {
    let any = |parts: Value| about(json!({"anyOf": parts}));
    let one = |parts: Value| about(json!({"oneOf": parts}));
    let all = |parts: Value| about(json!({"allOf": parts}));
    let (text, whole, number) = (json!({"type": "string"}), json!({"type": "integer"}), json!({"type": "number"}));
    let row = |what, old: Value, new: Value, both| (what, old, new, both, both);
    let tree = |leaf: &str| json!({"type": "object", "properties": {"leaf": {"type": leaf}, "next": {"$ref": "#"}}, "required": ["leaf"]});
    let tagged = |names: &[&str]| {
        let part = |name: &&str| object(json!({"kind": {"const": name}}), &["kind"]);
        json!({"oneOf": names.iter().map(part).collect::<Vec<Value>>()})
    };
    vec![
        row("an alternative more", any(json!([text])), any(json!([text, whole])), "back"),
        row("one that another holds goes", any(json!([whole, number])), any(json!([number])), "full"),
        row(
            "two become one that is wider",
            any(json!([text, whole])),
            about(json!({"type": ["string", "number"]})),
            "back",
        ),
        row("exactly one of two that can't both be", any(json!([text, whole])), one(json!([text, whole])), "full"),
        row("exactly one of two that can", any(json!([number, whole])), one(json!([number, whole])), "forw"),
        row("exactly one, and one that overlaps comes", one(json!([number])), one(json!([number, whole])), "forw"),
        row("a part more", all(json!([text])), all(json!([text, {"minLength": 2}])), "forw"),
        row(
            "parts in one",
            all(json!([text, {"minLength": 2}])),
            about(json!({"type": "string", "minLength": 2})),
            "full",
        ),
        row("less is excluded", about(json!({"not": number})), about(json!({"not": whole})), "back"),
        row("what is excluded", about(text.clone()), about(json!({"type": "string", "not": {"const": ""}})), "forw"),
        row("a condition", about(json!({})), about(json!({"if": text, "then": {"minLength": 1}})), "forw"),
        row(
            "a shared definition",
            about(text.clone()),
            with(about(json!({"$ref": "#/$defs/t"})), "$defs", json!({"t": text})),
            "full",
        ),
        row("a tree with wider leaves", tree("integer"), tree("number"), "back"),
        row("another kind of event", tagged(&["a", "b"]), tagged(&["a", "b", "c"]), "back"),
        row("something, where nothing was allowed", json!({"not": {}}), json!({}), "back"),
    ]
}

#[test]
fn each_change_breaks_whom_it_breaks() {
    let mut wrong = Vec::new();
    for (what, old, new, written, tolerant) in objects().into_iter().chain(values()).chain(alternatives()) {
        for (model, expected) in [(Model::Strict, written), (Model::Tolerant, tolerant)] {
            let found = decided(&old, &new, model);
            if found != expected {
                wrong.push(format!("{what}, {}: {found}, not {expected}", model.name()));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}
