//! Changes that no value shows which is sent as the documents say.

use serde_json::Value;

use crate::schema::Library;
use crate::schema::changes::Change;

/// A path and a JSON pointer.
type Place = Option<(String, String)>;

/// Keywords that only say something of one type. <https://json-schema.org/draft/2020-12/json-schema-validation>
const OF_A_TYPE: [(&str, &[&str]); 5] = [
    ("string", &["minLength", "maxLength", "pattern"]),
    ("number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
    ("integer", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
    (
        "array",
        &["items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems", "minContains", "maxContains"],
    ),
    (
        "object",
        &[
            "properties",
            "required",
            "minProperties",
            "maxProperties",
            "additionalProperties",
            "patternProperties",
            "propertyNames",
            "dependentRequired",
            "dependentSchemas",
        ],
    ),
];

/// True for a member that is promised less than it was.
pub(super) fn is_lifecycle(change: &Change) -> bool {
    change.kind.starts_with("stability") || change.kind.starts_with("sunset")
}

/// True for a `oneOf` that was not there.
pub(super) fn is_choice(change: &Change) -> bool {
    change.kind == "keyword-added" && change.new.as_ref().is_some_and(|(_, pointer)| pointer.ends_with("/oneOf"))
}

/// True for a change of what is said of members and items that are not declared one by one. A client does not care
/// about members that are allowed beside those that it knows.
pub(super) fn is_of_others(change: &Change, is_request: bool, old: &Library) -> bool {
    const KEYWORDS: [&str; 5] =
        ["propertyNames", "patternProperties", "dependentSchemas", "unevaluatedProperties", "unevaluatedItems"];
    let place = |place: &Place| {
        place.as_ref().is_some_and(|(_, pointer)| {
            pointer.split('/').any(|part| KEYWORDS.contains(&part) || is_request && part == "additionalProperties")
        })
    };
    let was_closed = || at(old, &change.old) == Some(&Value::Bool(false));
    (place(&change.old) || place(&change.new)) && (is_request || !was_closed())
}

/// A keyword on the way to a place that says nothing of the type that its schema has, on either side.
pub(super) fn contradiction((old, was): (&Library, &Place), (new, is): (&Library, &Place)) -> Option<String> {
    contradicts(new, is).or_else(|| contradicts(old, was))
}

fn contradicts(library: &Library, place: &Place) -> Option<String> {
    let (path, pointer) = place.as_ref()?;
    let mut value = &library.document(path)?.value;
    for part in pointer.split('/').skip(1) {
        if value.get(part).is_some()
            && let Some(told) = misplaced(value, part)
        {
            return Some(told);
        }
        let part = part.replace("~1", "/").replace("~0", "~");
        value = match value {
            Value::Object(map) => map.get(&part)?,
            Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    None
}

fn misplaced(schema: &Value, keyword: &str) -> Option<String> {
    let types: Vec<&str> = match schema.get("type")? {
        Value::String(only) => vec![only],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let mut meant = OF_A_TYPE.iter().filter(|(_, keywords)| keywords.contains(&keyword)).map(|(name, _)| *name);
    let first = meant.clone().next()?;
    if types.is_empty() || meant.any(|name| types.contains(&name)) {
        return None;
    }
    let shown = types.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
    Some(format!("`{keyword}` says nothing of {shown}, so the document does not say what is meant ({first}?)"))
}

fn at<'l>(library: &'l Library, place: &Place) -> Option<&'l Value> {
    let (path, pointer) = place.as_ref()?;
    library.document(path)?.at(pointer)
}
