//! Members that went away while one like them came: probably one member with another name.
//!
//! A tolerant reader accepts either version, so no document shows that anything is wrong; the value is only
//! never found again.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::changes::Change;
use super::document::unescape;
use super::library::Library;

/// A member that is probably called otherwise now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The name before.
    pub from: String,
    /// The name now.
    pub to: String,
    /// Where the object is in documents, as a JSON pointer.
    pub instance: String,
    /// The path and the JSON pointer of the member now.
    pub new: (String, String),
}

/// Words that many names have in common.
const COMMON: [&str; 16] =
    ["id", "name", "at", "is", "has", "type", "the", "of", "date", "time", "no", "number", "value", "new", "old", "by"];

/// A member of one side.
struct Member<'v> {
    name: String,
    place: (String, String),
    schema: Value,
    is_required: bool,
    /// How it is told apart from others of its object.
    written: &'v Change,
}

/// The members that were probably renamed.
pub(super) fn renames(changes: &[Change], old: &Library, new: &Library) -> Vec<Rename> {
    let mut objects: BTreeMap<String, (Vec<Member<'_>>, Vec<Member<'_>>)> = BTreeMap::new();
    for change in changes {
        let (library, place) = match change.kind {
            "property-removed" => (old, &change.old),
            "property-added" => (new, &change.new),
            _ => continue,
        };
        let Some((path, pointer)) = place else { continue };
        let Some((object, name)) = change.instance.rsplit_once('/') else { continue };
        let name = unescape(name);
        let Some(document) = library.document(path) else { continue };
        let Some(schema) = document.at(pointer).map(bare) else { continue };
        let holder = pointer.rsplit_once("/properties/").and_then(|(holder, _)| document.at(holder));
        let required = holder.and_then(|holder| holder.get("required")).and_then(Value::as_array);
        let is_required = required.is_some_and(|all| all.iter().any(|known| known.as_str() == Some(&name)));
        let place = (path.clone(), pointer.clone());
        let member = Member { name, place, schema, is_required, written: change };
        let sides = objects.entry(object.to_owned()).or_default();
        match change.kind {
            "property-removed" => sides.0.push(member),
            _ => sides.1.push(member),
        }
    }
    let mut found = Vec::new();
    for (instance, (gone, come)) in objects {
        for before in &gone {
            let fits = |now: &&Member<'_>| {
                let alone = gone.len() == 1 && come.len() == 1 && before.is_required && now.is_required;
                before.schema == now.schema && (alone || are_alike(&before.name, &now.name))
            };
            let mut candidates = come.iter().filter(fits);
            let (Some(now), None) = (candidates.next(), candidates.next()) else { continue };
            // Nobody else claims it.
            let rivals = gone.iter().filter(|other| !std::ptr::eq(other.written, before.written));
            if rivals.filter(|other| other.schema == now.schema).any(|other| are_alike(&other.name, &now.name)) {
                continue;
            }
            found.push(Rename {
                from: before.name.clone(),
                to: now.name.clone(),
                instance: instance.clone(),
                new: now.place.clone(),
            });
        }
    }
    found
}

/// A schema without what people alone read.
fn bare(schema: &Value) -> Value {
    const SAID: [&str; 8] =
        ["title", "description", "examples", "example", "$comment", "deprecated", "readOnly", "writeOnly"];
    match schema {
        Value::Object(map) => {
            let rest: Map<String, Value> = map
                .iter()
                .filter(|(key, value)| !SAID.contains(&key.as_str()) || value.is_object())
                .map(|(key, value)| (key.clone(), bare(value)))
                .collect();
            Value::Object(rest)
        }
        Value::Array(items) => items.iter().map(bare).collect(),
        other => other.clone(),
    }
}

/// The same but for case and separators, or one has all words of the other and they say something.
fn are_alike(a: &str, b: &str) -> bool {
    let (a, b) = (words(a), words(b));
    if a.concat() == b.concat() {
        return true;
    }
    let (few, many) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    let says = |word: &String| !COMMON.contains(&word.as_str());
    few.iter().all(|word| many.contains(word)) && few.iter().any(says)
}

/// The words of a name in lower case.
fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut before = '_';
    for c in name.chars() {
        let starts = before.is_lowercase() && c.is_uppercase();
        if c.is_alphanumeric() {
            if starts || !before.is_alphanumeric() {
                out.push(String::new());
            }
            if let Some(word) = out.last_mut() {
                word.extend(c.to_lowercase());
            }
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Library, renames};
    use crate::schema::changes::changes;

    fn found(old: Value, new: Value) -> Vec<(String, String)> {
        let (old, new) = (Library::of_value(old), Library::of_value(new));
        let all = changes((&old, "schema.json", ""), (&new, "schema.json", ""));
        renames(&all, &old, &new).into_iter().map(|rename| (rename.from, rename.to)).collect()
    }

    fn object(members: Value) -> Value {
        json!({"type": "object", "properties": members})
    }

    #[test]
    fn a_member_with_a_like_name_and_the_same_schema_is_the_old_one() {
        let is = |from: &str, to: &str| vec![(from.to_owned(), to.to_owned())];
        let (text, count) = (json!({"type": "string"}), json!({"type": "integer"}));
        assert_eq!(
            found(object(json!({"total": count})), object(json!({"total_cents": count}))),
            is("total", "total_cents")
        );
        assert_eq!(found(object(json!({"userId": text})), object(json!({"user_id": text}))), is("userId", "user_id"));
        assert_eq!(found(object(json!({"total": count})), object(json!({"total_cents": text}))), []);
        assert_eq!(found(object(json!({"note": text})), object(json!({"currency": text}))), [], "two things");
        assert_eq!(found(object(json!({"order_id": text})), object(json!({"user_id": text}))), [], "a common word");
        let both = object(json!({"total_cents": count, "total_net": count}));
        assert_eq!(found(object(json!({"total": count})), both), [], "either may be meant");
    }

    #[test]
    fn the_only_required_member_that_goes_and_the_only_one_that_comes() {
        let of = |name: &str| json!({"properties": {"id": {}, name: {"type": "string", "minLength": 1}}, "required": ["id", name]});
        assert_eq!(found(of("buyer"), of("customer")), [("buyer".to_owned(), "customer".to_owned())]);
    }
}
