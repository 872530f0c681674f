//! Which JSON Schema a document is written in.

use serde_json::Value;

/// The dialects that are read. All are brought to 2020-12 before anything is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// Draft 4.
    Draft4,
    /// Swagger 2.0: draft 4 with fewer keywords.
    OpenApi2,
    /// OpenAPI 3.0: draft 5 with `nullable`.
    OpenApi30,
    /// Draft 6.
    Draft6,
    /// Draft 7; also AsyncAPI.
    Draft7,
    /// 2019-09.
    Draft201909,
    /// 2020-12; also OpenAPI 3.1.
    Draft202012,
}

/// What holds documents, not schemas.
const IS_DATA: [&str; 5] = ["const", "enum", "default", "examples", "example"];

impl Dialect {
    /// The dialect that a `$schema` names; `None` for one that is not known.
    pub fn named(uri: &str) -> Option<Dialect> {
        let name = uri.trim_end_matches('#').trim_end_matches('/');
        let (_, name) = name.split_once("://").unwrap_or(("", name));
        Some(match name {
            "json-schema.org/draft-04/schema" => Dialect::Draft4,
            "json-schema.org/draft-06/schema" => Dialect::Draft6,
            "json-schema.org/draft-07/schema" => Dialect::Draft7,
            "json-schema.org/draft/2019-09/schema" => Dialect::Draft201909,
            "json-schema.org/draft/2020-12/schema" | "json-schema.org/schema" => Dialect::Draft202012,
            "spec.openapis.org/oas/3.1/dialect/base" => Dialect::Draft202012,
            // Draft 4 with `self`, which says vendor, name and version.
            // <https://docs.snowplow.io/docs/api-reference/iglu/common-architecture/self-describing-jsons/>
            "iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0" => Dialect::Draft4,
            _ => return None,
        })
    }

    /// The dialect of a document: by `openapi`, `swagger`, `asyncapi`, `$schema`, and without any of
    /// them by the keywords that only older drafts have.
    ///
    /// # Errors
    /// The `$schema` that is not known.
    pub fn of(document: &Value) -> Result<Dialect, String> {
        let text = |key: &str| document.get(key).and_then(Value::as_str);
        if let Some(version) = text("openapi") {
            return Ok(if version.starts_with("3.0") { Dialect::OpenApi30 } else { Dialect::Draft202012 });
        }
        if document.get("swagger").is_some() {
            return Ok(Dialect::OpenApi2);
        }
        if document.get("asyncapi").is_some() {
            return Ok(Dialect::Draft7);
        }
        match text("$schema") {
            Some(uri) => Dialect::named(uri).ok_or_else(|| uri.to_owned()),
            None => Ok(Dialect::guessed(document)),
        }
    }

    /// Without `$schema`: what has `exclusiveMinimum: true` is draft 4; `definitions`, lists in `items` or
    /// `dependencies`, draft 7.
    fn guessed(document: &Value) -> Dialect {
        let has = |key: &str| document.get(key).is_some();
        if has("$defs") {
            return Dialect::Draft202012;
        }
        let mut old = has("definitions") || has("dependencies") || has("additionalItems");
        let mut open = vec![document];
        while let Some(value) = open.pop() {
            match value {
                Value::Object(map) => {
                    let is_flag = |key: &str| map.get(key).is_some_and(Value::is_boolean);
                    if (is_flag("exclusiveMinimum") && map.contains_key("minimum"))
                        || (is_flag("exclusiveMaximum") && map.contains_key("maximum"))
                    {
                        return Dialect::Draft4;
                    }
                    let tuple = map.get("items").and_then(Value::as_array);
                    old |= tuple.is_some_and(|items| items.iter().all(|item| item.is_object() || item.is_boolean()));
                    open.extend(map.iter().filter(|(key, _)| !IS_DATA.contains(&key.as_str())).map(|(_, value)| value));
                }
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
        if old { Dialect::Draft7 } else { Dialect::Draft202012 }
    }

    /// Beside `$ref` every other keyword is ignored.
    pub(super) fn ref_is_alone(self) -> bool {
        self < Dialect::Draft201909
    }

    /// `exclusiveMinimum` is a boolean.
    pub(super) fn exclusive_is_flag(self) -> bool {
        self < Dialect::Draft6
    }

    /// Booleans are schemas, and `const`, `contains`, `propertyNames` exist.
    pub(super) fn since_6(self) -> bool {
        self >= Dialect::Draft6
    }

    /// `if`.
    pub(super) fn since_7(self) -> bool {
        self >= Dialect::Draft7
    }

    /// `unevaluatedProperties`, `dependentRequired`, `minContains`.
    pub(super) fn since_2019(self) -> bool {
        self >= Dialect::Draft201909
    }

    /// A list in `items` is a tuple.
    pub(super) fn items_may_be_tuple(self) -> bool {
        self < Dialect::Draft202012
    }

    /// The key that names a schema.
    pub(super) fn id_key(self) -> &'static str {
        if self.since_6() { "$id" } else { "id" }
    }

    pub(super) fn is_openapi(self) -> bool {
        matches!(self, Dialect::OpenApi2 | Dialect::OpenApi30)
    }

    /// The crate's name for it, where the two are the same.
    pub(super) fn draft(self) -> Option<jsonschema::Draft> {
        Some(match self {
            Dialect::Draft4 => jsonschema::Draft::Draft4,
            Dialect::Draft6 => jsonschema::Draft::Draft6,
            Dialect::Draft7 => jsonschema::Draft::Draft7,
            Dialect::Draft201909 => jsonschema::Draft::Draft201909,
            Dialect::Draft202012 => jsonschema::Draft::Draft202012,
            Dialect::OpenApi2 | Dialect::OpenApi30 => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Dialect;

    #[test]
    fn a_schema_without_a_dialect_is_read_in_the_one_whose_keywords_it_has() {
        let draft_4 = json!({"properties": {"x": {"type": "number", "minimum": 0, "exclusiveMinimum": true}}});
        assert_eq!(Dialect::of(&draft_4), Ok(Dialect::Draft4));
        let tuple = json!({"properties": {"x": {"items": [{"type": "string"}]}}});
        assert_eq!(Dialect::of(&tuple), Ok(Dialect::Draft7));
        let data = json!({"examples": [{"items": [{"a": 1}]}], "properties": {"x": {"exclusiveMinimum": 0}}});
        assert_eq!(Dialect::of(&data), Ok(Dialect::Draft202012));
    }
}
