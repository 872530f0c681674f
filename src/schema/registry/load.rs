//! Schemas as the registry's loader takes them apart.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::schema::document::escape;
use crate::schema::library::{Library, Target};

pub(super) type Id = usize;

/// The schemas of both sides.
#[derive(Debug, Default)]
pub(super) struct Arena {
    nodes: Vec<Node>,
}

impl Arena {
    pub(super) fn node(&self, id: Id) -> &Node {
        // Ids are made here, each for a node.
        &self.nodes[id]
    }
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) sort: Sort,
    /// It has a `default`.
    pub(super) has_default: bool,
    /// As it is written: equal ones of a list count once.
    pub(super) written: Value,
}

/// What the registry knows of a schema.
#[derive(Debug)]
pub(super) enum Sort {
    /// `true` or one without keywords that mean something: the same but for the name.
    Empty,
    False,
    Null,
    Boolean,
    Text(Text),
    Number(Number),
    Array(Array),
    Object(Box<Object>),
    Const(Value),
    Enum(Vec<Value>),
    Not(Id),
    Combined(Criterion, Vec<Id>),
    /// `if`: never looked into.
    Conditional,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Criterion {
    All,
    Any,
    One,
}

#[derive(Debug)]
pub(super) struct Text {
    pub(super) max: Option<f64>,
    pub(super) min: Option<f64>,
    pub(super) pattern: Option<String>,
}

#[derive(Debug)]
pub(super) struct Number {
    pub(super) limits: [Option<f64>; 4],
    pub(super) multiple_of: Option<f64>,
    pub(super) is_integer: bool,
}

#[derive(Debug)]
pub(super) struct Array {
    pub(super) all: Option<Id>,
    pub(super) items: Vec<Id>,
    /// `additionalItems` is not `false`.
    pub(super) is_open: bool,
    pub(super) additional: Option<Id>,
    pub(super) unevaluated: Option<Id>,
    /// `maxItems`, `minItems`, `maxContains`, `minContains`.
    pub(super) limits: [Option<f64>; 4],
    pub(super) is_unique: bool,
}

#[derive(Debug)]
pub(super) struct Object {
    pub(super) properties: Vec<(String, Id)>,
    pub(super) patterns: Vec<(String, Id)>,
    pub(super) required: Vec<String>,
    /// `additionalProperties` is not `false`.
    pub(super) is_open: bool,
    pub(super) additional: Option<Id>,
    pub(super) unevaluated: Option<Id>,
    pub(super) needs: Vec<(String, Vec<String>)>,
    pub(super) implies: Vec<(String, Id)>,
    /// `maxProperties`, `minProperties`.
    pub(super) limits: [Option<f64>; 2],
}

/// How many schemas there are.
const MAX_NODES: usize = 50_000;
/// How deep they nest, references followed.
const MAX_DEPTH: usize = 200;

pub(super) struct Loader<'a> {
    library: &'a Library,
    arena: &'a mut Arena,
    known: HashMap<Target, Id>,
    depth: usize,
}

/// Keywords from which a type is guessed where none is written.
const ARRAY: [&str; 9] = [
    "items",
    "additionalItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "prefixItems",
    "unevaluatedItems",
    "minContains",
];
const OBJECT: [&str; 12] = [
    "properties",
    "required",
    "minProperties",
    "maxProperties",
    "dependencies",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "maxContains",
];
const NUMBER: [&str; 5] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
const TEXT: [&str; 4] = ["minLength", "maxLength", "pattern", "format"];

impl<'a> Loader<'a> {
    pub(super) fn new(library: &'a Library, arena: &'a mut Arena) -> Self {
        Loader { library, arena, known: HashMap::new(), depth: 0 }
    }

    fn add(&mut self, sort: Sort, written: &Value) -> Result<Id, String> {
        if self.arena.nodes.len() >= MAX_NODES {
            return Err(format!("it has more than {MAX_NODES} schemas"));
        }
        let has_default = written.get("default").is_some();
        self.arena.nodes.push(Node { sort, has_default, written: written.clone() });
        Ok(self.arena.nodes.len() - 1)
    }

    /// Reads the schema at a place, references followed.
    pub(super) fn load(&mut self, target: &Target) -> Result<Id, String> {
        if let Some(known) = self.known.get(target) {
            return Ok(*known);
        }
        if self.depth >= MAX_DEPTH {
            return Err(format!("schemas nest deeper than {MAX_DEPTH}"));
        }
        let Some(value) = self.library.value(target).cloned() else {
            return Err(format!("there is no schema at `{}`", target.pointer));
        };
        let map = match &value {
            Value::Bool(true) => return self.add(Sort::Empty, &value),
            Value::Bool(false) => return self.add(Sort::False, &value),
            Value::Object(map) => map,
            other => return Err(format!("`{other}` is no schema")),
        };
        if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
            let base = self.library.base(target);
            let Some(there) = self.library.resolve(target, &base, reference) else {
                return Err(format!("`$ref: {reference}` is not in the repository, and nothing is fetched"));
            };
            if there == *target {
                return Err(format!("`$ref: {reference}` leads to itself"));
            }
            self.depth += 1;
            let id = self.load(&there);
            self.depth -= 1;
            return id;
        }
        // Known before its parts are, so that they may refer to it; `Empty` until then.
        let id = self.add(Sort::Empty, &value)?;
        self.known.insert(target.clone(), id);
        self.depth += 1;
        let sort = self.sort(map, target);
        self.depth -= 1;
        self.arena.nodes[id].sort = sort?;
        Ok(id)
    }

    fn child(&mut self, target: &Target, key: &str) -> Result<Id, String> {
        self.load(&Target { document: target.document, pointer: format!("{}/{key}", target.pointer) })
    }

    fn sort(&mut self, map: &Map<String, Value>, at: &Target) -> Result<Sort, String> {
        let mut parts: Vec<Sort> = Vec::new();
        if let Some(values) = map.get("enum").and_then(Value::as_array) {
            parts.push(Sort::Enum(values.clone()));
        }
        for (key, criterion) in [("allOf", Criterion::All), ("anyOf", Criterion::Any), ("oneOf", Criterion::One)] {
            if let Some(list) = map.get(key).and_then(Value::as_array) {
                let inner: Result<Vec<Id>, String> =
                    (0..list.len()).map(|index| self.child(at, &format!("{key}/{index}"))).collect();
                parts.push(Sort::Combined(criterion, inner?));
            }
        }
        if map.contains_key("not") {
            parts.push(Sort::Not(self.child(at, "not")?));
        }
        if let Some(value) = map.get("const") {
            parts.push(Sort::Const(value.clone()));
        }
        if ["if", "then", "else"].iter().any(|key| map.contains_key(*key)) {
            parts.push(Sort::Conditional);
        }
        match map.get("type") {
            Some(Value::String(name)) => parts.push(self.typed(name, map, at)?),
            Some(Value::Array(names)) => {
                let written = Value::Object(map.clone());
                let mut inner = Vec::new();
                for name in names.iter().filter_map(Value::as_str) {
                    let sort = self.typed(name, map, at)?;
                    // Each is told from the others by its type.
                    let mut one = written.clone();
                    one["type"] = Value::String(name.to_owned());
                    inner.push(self.add(sort, &one)?);
                }
                parts.push(Sort::Combined(Criterion::Any, inner));
            }
            _ => {
                for (keywords, name) in
                    [(ARRAY.as_slice(), "array"), (&OBJECT, "object"), (&NUMBER, "number"), (&TEXT, "string")]
                {
                    if keywords.iter().any(|key| map.contains_key(*key)) {
                        parts.push(self.typed(name, map, at)?);
                    }
                }
            }
        }
        if parts.len() > 1 {
            let mut inner = Vec::new();
            for (index, part) in parts.into_iter().enumerate() {
                // Parts of one schema are never the same.
                inner.push(self.add(part, &Value::from(index))?);
            }
            return Ok(Sort::Combined(Criterion::All, inner));
        }
        Ok(parts.pop().unwrap_or(Sort::Empty))
    }

    fn typed(&mut self, name: &str, map: &Map<String, Value>, at: &Target) -> Result<Sort, String> {
        let number = |key: &str| map.get(key).and_then(Value::as_f64);
        Ok(match name {
            "null" => Sort::Null,
            "boolean" => Sort::Boolean,
            "string" => Sort::Text(Text {
                max: number("maxLength"),
                min: number("minLength"),
                pattern: map.get("pattern").and_then(Value::as_str).map(str::to_owned),
            }),
            "number" | "integer" => Sort::Number(Number {
                limits: ["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"].map(number),
                multiple_of: number("multipleOf"),
                is_integer: name == "integer",
            }),
            "array" => Sort::Array(self.array(map, at)?),
            "object" => Sort::Object(Box::new(self.object(map, at)?)),
            other => return Err(format!("`{other}` is no type")),
        })
    }

    /// A member that is a schema; `true` and `false` where only a flag is meant.
    fn optional(&mut self, map: &Map<String, Value>, at: &Target, key: &str) -> Result<Option<Id>, String> {
        match map.get(key) {
            Some(_) => self.child(at, key).map(Some),
            None => Ok(None),
        }
    }

    fn array(&mut self, map: &Map<String, Value>, at: &Target) -> Result<Array, String> {
        let tuple = if map.contains_key("prefixItems") { "prefixItems" } else { "items" };
        let length = map.get(tuple).and_then(Value::as_array).map(Vec::len);
        let mut items = Vec::new();
        for index in 0..length.unwrap_or(0) {
            items.push(self.child(at, &format!("{tuple}/{index}"))?);
        }
        // From 2020-12 on `items` is what `additionalItems` was.
        let rest = match tuple {
            "prefixItems" => "items",
            _ => "additionalItems",
        };
        let all = match length {
            None if map.contains_key("items") => Some(self.child(at, "items")?),
            _ => None,
        };
        let additional = match map.get(rest) {
            None | Some(Value::Bool(_)) => None,
            Some(_) if length.is_none() && rest == "items" => None,
            Some(_) => Some(self.child(at, rest)?),
        };
        let number = |key: &str| map.get(key).and_then(Value::as_f64);
        Ok(Array {
            all,
            items,
            is_open: map.get(rest) != Some(&Value::Bool(false)),
            additional,
            unevaluated: self.optional(map, at, "unevaluatedItems")?,
            limits: ["maxItems", "minItems", "maxContains", "minContains"].map(number),
            is_unique: map.get("uniqueItems") == Some(&Value::Bool(true)),
        })
    }

    fn members(&mut self, map: &Map<String, Value>, at: &Target, key: &str) -> Result<Vec<(String, Id)>, String> {
        let mut members = Vec::new();
        if let Some(Value::Object(inner)) = map.get(key) {
            for (name, value) in inner {
                if key == "dependencies" && value.is_array() {
                    continue;
                }
                members.push((name.clone(), self.child(at, &format!("{key}/{}", escape(name)))?));
            }
        }
        Ok(members)
    }

    fn object(&mut self, map: &Map<String, Value>, at: &Target) -> Result<Object, String> {
        let texts = |value: &Value| -> Vec<String> {
            let all = value.as_array().into_iter().flatten();
            all.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let mut needs = Vec::new();
        for key in ["dependencies", "dependentRequired"] {
            if let Some(Value::Object(inner)) = map.get(key) {
                let lists = inner.iter().filter(|(_, value)| value.is_array());
                needs.extend(lists.map(|(name, value)| (name.clone(), texts(value))));
            }
        }
        let mut implies = self.members(map, at, "dependencies")?;
        implies.extend(self.members(map, at, "dependentSchemas")?);
        let additional = match map.get("additionalProperties") {
            None | Some(Value::Bool(_)) => None,
            Some(_) => Some(self.child(at, "additionalProperties")?),
        };
        let number = |key: &str| map.get(key).and_then(Value::as_f64);
        Ok(Object {
            properties: self.members(map, at, "properties")?,
            patterns: self.members(map, at, "patternProperties")?,
            required: map.get("required").map(texts).unwrap_or_default(),
            is_open: map.get("additionalProperties") != Some(&Value::Bool(false)),
            additional,
            unevaluated: self.optional(map, at, "unevaluatedProperties")?,
            needs,
            implies,
            limits: ["maxProperties", "minProperties"].map(number),
        })
    }
}
