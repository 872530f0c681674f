use serde_json::{Value, json};

use super::{Library, refusals};

/// `y` allowed, `n` refused: from the old to the new, and back.
fn both(old: &Value, new: &Value, lenient: bool) -> String {
    let (old, new) = (Library::of_value(old.clone()), Library::of_value(new.clone()));
    let place = |library| (library, "schema.json", "");
    let allowed = |from, to| refusals(place(from), place(to), lenient).unwrap().is_empty();
    [allowed(&old, &new), allowed(&new, &old)].map(|yes| if yes { 'y' } else { 'n' }).iter().collect()
}

#[test]
fn rows_where_the_registry_and_the_documents_differ() {
    let object = |properties: Value| json!({"type": "object", "properties": properties});
    let closed = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    let base = object(json!({"a": {"type": "string"}}));
    for (what, old, new, strict, lenient) in [
        (
            "optional property, open",
            base.clone(),
            object(json!({"a": {"type": "string"}, "b": {"type": "number"}})),
            "ny",
            "yy",
        ),
        (
            "required with default, closed",
            closed(json!({"a": {}}), json!([])),
            closed(json!({"a": {}, "b": {"type": "number", "default": 1}}), json!(["b"])),
            "yn",
            "yy",
        ),
        (
            "required name without property",
            base.clone(),
            {
                let mut new = base.clone();
                new["required"] = json!(["z"]);
                new
            },
            "yy",
            "yy",
        ),
        ("const to enum", json!({"const": 1}), json!({"enum": [1, 2]}), "nn", "nn"),
        (
            "pattern widened",
            json!({"type": "string", "pattern": "^ab$"}),
            json!({"type": "string", "pattern": "^a"}),
            "nn",
            "nn",
        ),
        (
            "contains added",
            json!({"type": "array"}),
            json!({"type": "array", "contains": {"type": "null"}}),
            "yy",
            "yy",
        ),
        ("one more type", json!({"type": "integer"}), json!({"type": ["integer", "null"]}), "yn", "yn"),
        (
            "oneOf to anyOf",
            json!({"oneOf": [{"type": "null"}, {"type": "string"}]}),
            json!({"anyOf": [{"type": "null"}, {"type": "string"}]}),
            "yn",
            "yn",
        ),
        ("not narrowed", json!({"not": {"type": "number"}}), json!({"not": {"type": "integer"}}), "yn", "yn"),
        ("anything", json!({"type": "string"}), json!(true), "yn", "yn"),
        (
            "multiples",
            json!({"type": "number", "multipleOf": 0.5}),
            json!({"type": "number", "multipleOf": 0.1}),
            "yn",
            "yn",
        ),
    ] {
        assert_eq!(both(&old, &new, false), strict, "{what}");
        assert_eq!(both(&old, &new, true), lenient, "{what}, lenient");
    }
}

#[test]
fn branches_are_matched_and_recursion_ends() {
    let any = |types: &[&str]| json!({"anyOf": types.iter().map(|t| json!({"type": t})).collect::<Vec<_>>()});
    assert_eq!(both(&any(&["integer", "number"]), &any(&["number", "integer"]), false), "yy");
    assert_eq!(both(&any(&["string", "null"]), &any(&["string", "boolean"]), false), "nn");
    let tree = |leaf: &str| {
        json!({"$ref": "#/definitions/n", "definitions": {"n": {"type": "object", "properties": {
            "next": {"$ref": "#/definitions/n"}, "v": {"type": leaf}}}}})
    };
    assert_eq!(both(&tree("integer"), &tree("number"), false), "yn");
    let gone = Library::of_value(json!({"$ref": "other.json"}));
    assert!(refusals((&gone, "schema.json", ""), (&gone, "schema.json", ""), false).is_err());
}
