//! What a schema says about the members of an object, as far as that can be told without a document.

use std::collections::BTreeMap;

use serde_json::Value;

use super::plain::Schema;

/// How deep references and `allOf` are followed.
const MAX_DEPTH: u32 = 32;

/// The members of an object by its schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline<'s> {
    /// The members that every document has.
    pub required: Vec<&'s str>,
    /// The members that are declared, with their schemas.
    pub properties: BTreeMap<&'s str, &'s Value>,
    /// A member that is not declared makes a document invalid.
    pub closed: bool,
    /// There are alternatives or patterns: a member that is not among the properties may be declared there.
    pub partial: bool,
}

impl Schema {
    /// The outline of the schema.
    pub fn outline(&self) -> Outline<'_> {
        self.outline_of(&self.value)
    }

    /// The outline of a part of the schema.
    pub fn outline_of<'s>(&'s self, part: &'s Value) -> Outline<'s> {
        let mut out = Outline { partial: !self.unresolved.is_empty(), ..Outline::default() };
        self.add(part, 0, &mut out);
        out
    }

    /// The types that a part of the schema allows; empty for any.
    pub fn types_of<'s>(&'s self, part: &'s Value) -> Vec<&'s str> {
        let mut part = part;
        for _ in 0..MAX_DEPTH {
            match part.get("type") {
                Some(Value::String(only)) => return vec![only],
                Some(Value::Array(all)) => return all.iter().filter_map(Value::as_str).collect(),
                _ => {}
            }
            match self.target(part) {
                Some(next) => part = next,
                None => break,
            }
        }
        Vec::new()
    }

    fn target<'s>(&'s self, part: &'s Value) -> Option<&'s Value> {
        let reference = part.get("$ref").and_then(Value::as_str)?;
        self.value.pointer(reference.strip_prefix('#')?)
    }

    fn add<'s>(&'s self, part: &'s Value, depth: u32, out: &mut Outline<'s>) {
        const ALTERNATIVES: [&str; 10] = [
            "anyOf",
            "oneOf",
            "if",
            "not",
            "patternProperties",
            "dependentSchemas",
            "unevaluatedProperties",
            "propertyNames",
            "$dynamicRef",
            "dependencies",
        ];
        if depth > MAX_DEPTH {
            out.partial = true;
            return;
        }
        out.partial |= !part.is_object() || ALTERNATIVES.iter().any(|key| part.get(key).is_some());
        out.partial |= part.get("additionalProperties").is_some_and(Value::is_object);
        out.closed |= part.get("additionalProperties") == Some(&Value::Bool(false));
        let required = part.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        out.required.extend(required);
        let properties = part.get("properties").and_then(Value::as_object).into_iter().flatten();
        out.properties.extend(properties.map(|(name, value)| (name.as_str(), value)));
        if part.get("$ref").is_some() {
            match self.target(part) {
                Some(target) => self.add(target, depth + 1, out),
                None => out.partial = true,
            }
        }
        for all in part.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.add(all, depth + 1, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Schema;
    use serde_json::json;

    #[test]
    fn references_and_parts_are_followed() {
        let value = json!({"$ref": "#/$defs/base", "required": ["a"], "$defs": {
            "base": {"type": "object", "properties": {"b": {"type": ["string", "null"]}}, "required": ["b"],
                "additionalProperties": false}}});
        let schema = Schema::of_value(&value, None).unwrap();
        let outline = schema.outline();
        assert_eq!(outline.required, ["a", "b"]);
        assert_eq!(schema.types_of(outline.properties["b"]), ["string", "null"]);
        assert!(outline.closed && !outline.partial);
        let open = Schema::of_value(&json!({"oneOf": [{"required": ["a"]}, true]}), None).unwrap();
        assert!(open.outline().partial && open.outline().required.is_empty());
        // A schema that refers to itself ends.
        let circle = Schema::of_value(&json!({"allOf": [{"$ref": "#"}]}), None).unwrap();
        assert!(circle.outline().partial);
    }
}
