//! Is a document valid?

use serde_json::Value;

use super::plain::Schema;

/// The first fault that a schema finds in a document: where in it, and which. None when there is none, or when
/// that can't be told: a reference that leads nowhere, a schema that the validator refuses. `format` is an
/// annotation here (2020-12, 7.2).
pub fn fault(schema: &Schema, document: &Value) -> Option<(String, String)> {
    if !schema.unresolved.is_empty() {
        return None;
    }
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
    let validator = options.should_validate_formats(false).offline().build(&schema.value).ok()?;
    let error = validator.iter_errors(document).next()?;
    Some((error.instance_path().to_string(), error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{Schema, fault};
    use serde_json::json;

    #[test]
    fn the_first_fault_is_told_with_its_place() {
        let schema = Schema::of_value(&json!({"properties": {"total": {"type": "integer"}}}), None).unwrap();
        assert_eq!(fault(&schema, &json!({"total": 1})), None);
        let (at, text) = fault(&schema, &json!({"total": "1"})).unwrap();
        assert_eq!((at.as_str(), text.as_str()), ("/total", "\"1\" is not of type \"integer\""));
    }
}
