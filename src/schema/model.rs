//! What readers do with members that they don't know.
//!
//! As schemas are mostly written, an object may have any other member, so adding an optional one already
//! excludes documents that somebody might have written (`{"note": 1}` before `note` was a string). For
//! events that is not how it works: writers send what they declare, and readers skip what they don't know.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::facts::evaluates_alone;

/// How schemas are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Model {
    /// A writer writes only members that its schema declares; a reader ignores those that its own does
    /// not. Where nothing is declared (a map), nothing is closed.
    #[default]
    Tolerant,
    /// As the schemas are written, and nothing else.
    Strict,
    /// As Confluent's Schema Registry decides: by a list of changes that it allows.
    Confluent,
    /// The same with the longer list of its lenient policy: readers ignore members that they don't know.
    ConfluentLenient,
}

impl Model {
    /// All models, as they are offered.
    pub const ALL: [Model; 4] = [Model::Tolerant, Model::Strict, Model::Confluent, Model::ConfluentLenient];

    /// As it is printed and configured.
    pub fn name(self) -> &'static str {
        match self {
            Model::Tolerant => "tolerant",
            Model::Strict => "strict",
            Model::Confluent => "confluent",
            Model::ConfluentLenient => "confluent-lenient",
        }
    }
}

/// Keywords whose schemas are about the same value.
const IN_PLACE: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// What a writer writes: objects with declared members have no others.
pub(super) fn closed(schema: &Value) -> Value {
    rewritten(schema, "c.")
}

/// What a reader accepts: closed objects take any other member.
pub(super) fn opened(schema: &Value) -> Value {
    rewritten(schema, "o.")
}

/// Rewrites the schema and, under new names, every definition that is reached in the same sense. What
/// stands under `not` and `if` keeps the definitions as they were.
fn rewritten(schema: &Value, sense: &str) -> Value {
    let Value::Object(root) = schema else { return schema.clone() };
    let definitions = root.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut rewriter = Rewriter { definitions: &definitions, open: Vec::new(), done: BTreeMap::new() };
    let mut bare = root.clone();
    bare.remove("$defs");
    let mut out = rewriter.apply(&Value::Object(bare), sense);
    while let Some((sense, name)) = rewriter.open.pop() {
        let key = format!("{sense}{name}");
        if !rewriter.done.contains_key(&key) {
            let value = definitions.get(&name).cloned().unwrap_or(Value::Bool(true));
            // A definition that refers to itself asks for itself again; by then it is known.
            rewriter.done.insert(key.clone(), Value::Bool(true));
            let value = rewriter.apply(&value, &sense);
            rewriter.done.insert(key, value);
        }
    }
    let all: Map<String, Value> = definitions.clone().into_iter().chain(rewriter.done).collect();
    if let (Value::Object(map), false) = (&mut out, all.is_empty()) {
        map.insert("$defs".into(), Value::Object(all));
    }
    out
}

/// Names of members.
#[derive(Default)]
struct Names {
    declared: BTreeSet<String>,
    required: BTreeSet<String>,
}

struct Rewriter<'d> {
    definitions: &'d Map<String, Value>,
    /// What is still to be rewritten: in which sense, which definition.
    open: Vec<(String, String)>,
    done: BTreeMap<String, Value>,
}

impl Rewriter<'_> {
    fn apply(&mut self, value: &Value, sense: &str) -> Value {
        match sense {
            "c." => self.close(value),
            "p." => self.part(value),
            _ => self.open_up(value),
        }
    }

    fn refer(&mut self, map: &mut Map<String, Value>, sense: &str) {
        let Some(name) = map.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/")) else {
            return;
        };
        let name = name.to_owned();
        map.insert("$ref".into(), Value::String(format!("#/$defs/{sense}{name}")));
        self.open.push((sense.to_owned(), name));
    }

    /// A whole value of a writer.
    fn close(&mut self, value: &Value) -> Value {
        let Value::Object(map) = value else { return value.clone() };
        if map.len() == 1 && map.contains_key("$ref") {
            let mut out = map.clone();
            self.refer(&mut out, "c.");
            return Value::Object(out);
        }
        let mut declared: Vec<String> = Vec::new();
        let declares = self.declared(map, &mut declared, &mut BTreeSet::new());
        let mut asked = Names::default();
        self.names(map, &mut asked, &mut BTreeSet::new());
        let each: BTreeSet<&String> = declared.iter().collect();
        // What two parts say of one member would contradict each other when both were closed.
        let mut out = if each.len() < declared.len() { map.clone() } else { self.members(map, "c.") };
        if each.len() == declared.len() {
            self.parts(&mut out);
        }
        let open = |key: &str| !map.contains_key(key) || map[key] == Value::Bool(true);
        if declares && open("additionalProperties") && open("unevaluatedProperties") {
            out.remove("additionalProperties");
            let key = if evaluates_alone(map) { "additionalProperties" } else { "unevaluatedProperties" };
            out.insert(key.into(), Value::Bool(false));
            // What is required is written, whether anything is said of it or not.
            for name in asked.required.difference(&asked.declared) {
                if let Value::Object(all) = out.entry("properties").or_insert_with(|| json!({})) {
                    all.insert(name.clone(), Value::Bool(true));
                }
            }
        }
        Value::Object(out)
    }

    /// A part of what is said of a value: its members are closed, not itself.
    fn part(&mut self, value: &Value) -> Value {
        let Value::Object(map) = value else { return value.clone() };
        let mut out = self.members(map, "c.");
        self.parts(&mut out);
        Value::Object(out)
    }

    fn parts(&mut self, out: &mut Map<String, Value>) {
        self.refer(out, "p.");
        for key in IN_PLACE {
            if let Some(Value::Array(all)) = out.get(key).cloned() {
                out.insert(key.into(), all.iter().map(|part| self.part(part)).collect());
            }
        }
        for key in ["then", "else"] {
            if let Some(part) = out.get(key).cloned() {
                let part = self.part(&part);
                out.insert(key.into(), part);
            }
        }
        if let Some(Value::Object(all)) = out.get("dependentSchemas").cloned() {
            let all = all.iter().map(|(name, part)| (name.clone(), self.part(part))).collect();
            out.insert("dependentSchemas".into(), Value::Object(all));
        }
    }

    /// The schemas of members and items, rewritten as whole values.
    fn members(&mut self, map: &Map<String, Value>, sense: &str) -> Map<String, Value> {
        let mut out = map.clone();
        for (key, value) in map {
            let new = match (key.as_str(), value) {
                ("properties" | "patternProperties", Value::Object(all)) => {
                    all.iter().map(|(name, member)| (name.clone(), self.apply(member, sense))).collect()
                }
                ("additionalProperties" | "items" | "unevaluatedProperties" | "unevaluatedItems", member) => {
                    self.apply(member, sense)
                }
                ("prefixItems", Value::Array(all)) => all.iter().map(|item| self.apply(item, sense)).collect(),
                _ => continue,
            };
            out.insert(key.clone(), new);
        }
        out
    }

    /// The names that the schema and its parts declare, as often as they do; true when `properties` stands
    /// anywhere.
    fn declared(&self, map: &Map<String, Value>, names: &mut Vec<String>, seen: &mut BTreeSet<String>) -> bool {
        let mut declares = false;
        if let Some(Value::Object(all)) = map.get("properties") {
            declares = true;
            names.extend(all.iter().filter(|(_, member)| is_structured(member)).map(|(name, _)| name.clone()));
        }
        let reference = map.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/"));
        if let Some(name) = reference
            && seen.insert(name.to_owned())
            && let Some(Value::Object(target)) = self.definitions.get(name)
        {
            declares |= self.declared(target, names, seen);
        }
        for key in IN_PLACE {
            // Of alternatives only one counts at a time, so they don't contradict each other.
            let mut most: Vec<String> = Vec::new();
            for part in map.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
                let mut of_part = Vec::new();
                declares |= self.declared(part, &mut of_part, seen);
                match key {
                    "allOf" => most.append(&mut of_part),
                    _ => most.extend(of_part.into_iter().filter(|name| !most.contains(name)).collect::<Vec<_>>()),
                }
            }
            names.append(&mut most);
        }
        declares
    }

    /// The names that the schema and its parts declare, and those that they require.
    fn names(&self, map: &Map<String, Value>, names: &mut Names, seen: &mut BTreeSet<String>) {
        if let Some(Value::Object(all)) = map.get("properties") {
            names.declared.extend(all.keys().cloned());
        }
        let required = map.get("required").and_then(Value::as_array).into_iter().flatten();
        names.required.extend(required.filter_map(Value::as_str).map(str::to_owned));
        let reference = map.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/"));
        if let Some(name) = reference
            && seen.insert(name.to_owned())
            && let Some(Value::Object(target)) = self.definitions.get(name)
        {
            self.names(target, names, seen);
        }
        for key in IN_PLACE {
            for part in map.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
                self.names(part, names, seen);
            }
        }
    }

    fn open_up(&mut self, value: &Value) -> Value {
        let Value::Object(map) = value else { return value.clone() };
        let mut out = self.members(map, "o.");
        self.refer(&mut out, "o.");
        if map.contains_key("properties") && map.get("additionalProperties") == Some(&Value::Bool(false)) {
            out.remove("additionalProperties");
        }
        if map.get("unevaluatedProperties") == Some(&Value::Bool(false))
            && self.declared(map, &mut Vec::new(), &mut BTreeSet::new())
        {
            out.remove("unevaluatedProperties");
        }
        for key in ["then", "else"] {
            if let Some(part) = map.get(key) {
                out.insert(key.into(), self.open_up(part));
            }
        }
        for key in IN_PLACE {
            let Some(Value::Array(all)) = map.get(key) else { continue };
            let opened: Vec<Value> = all.iter().map(|part| self.open_up(part)).collect();
            // Alternatives that told themselves apart by unknown members would overlap once they are open.
            let loose = key == "oneOf" && all.iter().any(|part| self.is_closed(part, 0));
            out.remove(key);
            let target = match (loose, map.contains_key("anyOf")) {
                (false, _) => key,
                (true, false) => "anyOf",
                (true, true) => {
                    let mut parts = out.get("allOf").and_then(Value::as_array).cloned().unwrap_or_default();
                    parts.push(json!({"anyOf": opened}));
                    out.insert("allOf".into(), Value::Array(parts));
                    continue;
                }
            };
            out.insert(target.into(), Value::Array(opened));
        }
        Value::Object(out)
    }

    fn is_closed(&self, part: &Value, depth: u32) -> bool {
        let Value::Object(map) = part else { return false };
        let closed = |key: &str| map.get(key) == Some(&Value::Bool(false));
        let target =
            map.get("$ref").and_then(Value::as_str).and_then(|r| self.definitions.get(r.strip_prefix("#/$defs/")?));
        closed("additionalProperties")
            || closed("unevaluatedProperties")
            || (depth < 8 && target.is_some_and(|target| self.is_closed(target, depth + 1)))
    }
}

/// Every `oneOf` as `anyOf`, which accepts more. Below `not` and `if` more would be less, so a schema with one
/// of them stays as it is.
pub(super) fn any_branch(schema: Value) -> Value {
    if negates(&schema) { schema } else { loosened(schema) }
}

fn negates(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => map.iter().any(|(key, value)| key == "not" || key == "if" || negates(value)),
        Value::Array(items) => items.iter().any(negates),
        _ => false,
    }
}

fn loosened(schema: Value) -> Value {
    match schema {
        Value::Object(map) => {
            let mut out: Map<String, Value> = Map::new();
            for (key, value) in map {
                match key.as_str() {
                    "const" | "enum" | "required" => drop(out.insert(key, value)),
                    "oneOf" if value.is_array() => {
                        let part = json!({"anyOf": loosened(value)});
                        match out.entry("allOf").or_insert_with(|| json!([])) {
                            Value::Array(parts) => parts.push(part),
                            other => *other = json!([part]),
                        }
                    }
                    "allOf" => match (out.get_mut("allOf"), loosened(value)) {
                        (Some(Value::Array(parts)), Value::Array(more)) => parts.extend(more),
                        (_, value) => drop(out.insert(key, value)),
                    },
                    _ => drop(out.insert(key, loosened(value))),
                }
            }
            Value::Object(out)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(loosened).collect()),
        other => other,
    }
}

/// A member that may be an object with members of its own.
fn is_structured(member: &Value) -> bool {
    ["properties", "$ref", "allOf", "anyOf", "oneOf", "items"].iter().any(|key| member.get(key).is_some())
}
