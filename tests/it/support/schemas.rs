//! Generated event schemas, and the same after a change.

use serde_json::{Value, json};

/// So many schemas by path, with so many plain members beside the others; `changed`, each has changed in one of five ways: an optional member more, a required
/// one more, a limit tightened in a shared definition, a value of an enumeration more, another description.
pub(crate) fn schemas(number: usize, fields: usize, changed: bool) -> Vec<(String, String)> {
    (0..number)
        .map(|index| (format!("events/e{index}.v1.schema.json"), format!("{:#}", schema(index, fields, changed))))
        .collect()
}

fn schema(index: usize, fields: usize, changed: bool) -> Value {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("https://schemas.shop.example/e{index}/v1.json"),
        "type": "object",
        "required": ["id", "lines"],
        "properties": {
            "id": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$"},
            "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
            "status": {"enum": ["placed", "paid", "sent"]}},
        "$defs": {"line": {
            "type": "object",
            "required": ["sku"],
            "properties": {
                "sku": {"type": "string"},
                "quantity": {"type": "integer", "minimum": 1},
                "tags": {"type": "array", "items": {"type": "string", "maxLength": 20}}}}}});
    for field in 0..fields {
        let kind = ["string", "integer", "number", "boolean"][(index + field) % 4];
        schema["properties"][format!("field{field}")] = json!({"type": kind, "description": "What it means"});
    }
    if changed {
        match index % 5 {
            0 => schema["properties"]["more"] = json!({"type": "string"}),
            1 => schema["required"] = json!(["id", "lines", "status"]),
            2 => schema["$defs"]["line"]["properties"]["quantity"]["minimum"] = json!(2),
            3 => schema["properties"]["status"] = json!({"enum": ["placed", "paid", "sent", "lost"]}),
            _ => schema["description"] = json!("An event"),
        }
    }
    schema
}
