//! A schema as the comparison wants it: 2020-12, without annotations, complete in itself.
//!
//! Every dialect is rewritten to the same few keywords, and every `$ref`, across files too, to
//! `#/$defs/…`. `format` and `content*` go: they are annotations (2020-12, 7.2 and 8), and a validator
//! that asserts them is free to do so differently from the next.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde_json::{Map, Value, json};

use super::document::escape;
use super::library::{Library, RECURSIVE, Target};
use super::{Dialect, uri};

/// How many schemas one may reach through references.
const MAX_DEFINITIONS: usize = 4_000;

/// A schema, ready to be compared.
#[derive(Clone, Debug)]
pub struct Schema {
    /// In 2020-12, all references inside `$defs`.
    pub value: Value,
    /// As it is written, when it refers to nothing outside: what a witness is checked against a second
    /// time.
    pub(super) original: Option<(Value, Dialect)>,
    /// References that lead nowhere, and what else keeps the schema from being known.
    pub unresolved: Vec<Unresolved>,
}

/// Which way documents go. In OpenAPI, a request has no `readOnly` members and a response no `writeOnly` ones.
/// <https://spec.openapis.org/oas/v3.0.4#fixed-fields-20>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// Neither, or not known.
    #[default]
    Whole,
    /// Sent to the API.
    Request,
    /// Sent by the API.
    Response,
}

/// What is not known of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// The path of the document.
    pub path: String,
    /// Where in it.
    pub pointer: String,
    /// What is the matter; no full stop.
    pub reason: String,
    /// It is a reference that leads nowhere, and stays in the schema as its address.
    pub is_reference: bool,
}

/// Something that is no schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The path of the document.
    pub path: String,
    /// Where in it.
    pub pointer: String,
    /// What is wrong; no full stop.
    pub reason: String,
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at `{}#{}`", self.reason, self.path, self.pointer)
    }
}

impl std::error::Error for Invalid {}

impl Schema {
    /// The schema at a pointer of a document of the library.
    ///
    /// # Errors
    /// What is no schema: a wrong type, a keyword with a wrong value, a `$schema` nobody knows.
    pub fn read(library: &Library, path: &str, pointer: &str, dialect: Option<Dialect>) -> Result<Schema, Invalid> {
        Schema::seen(library, path, pointer, dialect, View::Whole).map(|(schema, _)| schema)
    }

    /// The schema of documents that go one way, and the names of the members that don't.
    ///
    /// # Errors
    /// As [`Schema::read`].
    pub fn seen(
        library: &Library,
        path: &str,
        pointer: &str,
        dialect: Option<Dialect>,
        view: View,
    ) -> Result<(Schema, BTreeSet<String>), Invalid> {
        let invalid = |reason: &str| Invalid { path: path.into(), pointer: pointer.into(), reason: reason.into() };
        let document = library.index_of(path).ok_or_else(|| invalid("no such document"))?;
        let root = Target { document, pointer: pointer.to_owned() };
        let value = library.value(&root).ok_or_else(|| invalid("nothing is there"))?;
        let mut bundler = Bundler {
            library,
            forced: dialect,
            names: HashMap::new(),
            queue: VecDeque::new(),
            scope: Scope::new(),
            view,
            hidden: BTreeSet::new(),
            unresolved: Vec::new(),
            at: root.clone(),
            foreign: !pointer.is_empty(),
        };
        let mut plain = bundler.schema_of(&root)?;
        let mut definitions = Map::new();
        while let Some((name, target, scope)) = bundler.queue.pop_front() {
            bundler.scope = scope;
            // A validator knows the meta-schemas.
            bundler.foreign |= target.document != document && !library.is_meta(target.document);
            definitions.insert(name, bundler.schema_of(&target)?);
        }
        if goes_round(&definitions) {
            // A validator never ends there (2020-12, 9.4.1).
            bundler.at = root;
            bundler.unresolved("references lead back to themselves, with nothing in between".into());
        }
        if !definitions.is_empty() {
            if plain.is_boolean() {
                definitions.clear();
            } else if let Value::Object(map) = &mut plain {
                map.insert("$defs".into(), Value::Object(definitions));
            }
        }
        let written = dialect.or_else(|| Dialect::of(value).ok()).filter(|_| !bundler.foreign);
        let original = written.filter(|dialect| dialect.draft().is_some()).map(|dialect| (value.clone(), dialect));
        let original = original.filter(|_| bundler.hidden.is_empty());
        Ok((Schema { value: plain, original, unresolved: bundler.unresolved }, bundler.hidden))
    }

    /// This schema with another value in its place, which nobody has written.
    pub fn with_value(&self, value: Value) -> Schema {
        Schema { value, original: None, unresolved: self.unresolved.clone() }
    }

    /// A schema given as a value.
    ///
    /// # Errors
    /// As [`Schema::read`].
    pub fn of_value(value: &Value, dialect: Option<Dialect>) -> Result<Schema, Invalid> {
        Schema::read(&Library::of_value(value.clone()), "schema.json", "", dialect)
    }
}

/// True when some definition asks for itself about the same value.
fn goes_round(definitions: &Map<String, Value>) -> bool {
    let mut asks: HashMap<&str, usize> = HashMap::new();
    let mut asked_by: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, value) in definitions {
        let targets = asked_in_place(value);
        asks.insert(name, targets.len());
        for target in targets {
            asked_by.entry(target).or_default().push(name);
        }
    }
    // What asks for nothing is left out, and then who asked for that; a circle stays.
    let mut done: Vec<&str> = asks.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    let mut left = asks.len();
    while let Some(name) = done.pop() {
        left -= 1;
        for asker in asked_by.remove(name).unwrap_or_default() {
            if let Some(count) = asks.get_mut(asker) {
                *count -= 1;
                if *count == 0 {
                    done.push(asker);
                }
            }
        }
    }
    left > 0
}

/// The definitions that a schema asks for about the value itself.
fn asked_in_place(schema: &Value) -> BTreeSet<&str> {
    let mut out = BTreeSet::new();
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        for (key, value) in schema.as_object().into_iter().flatten() {
            match (key.as_str(), value) {
                ("$ref", Value::String(reference)) => out.extend(reference.strip_prefix("#/$defs/")),
                ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => open.extend(parts),
                ("not" | "if" | "then" | "else", part) => open.push(part),
                ("dependentSchemas", Value::Object(parts)) => open.extend(parts.values()),
                _ => {}
            }
        }
    }
    out
}

/// What dynamic anchors mean: the outermost schema resource that has one decides (2020-12, 8.2.3.2). A schema
/// is another one in each scope.
type Scope = BTreeMap<String, Target>;

struct Bundler<'a> {
    library: &'a Library,
    forced: Option<Dialect>,
    names: HashMap<(Target, Scope), String>,
    queue: VecDeque<(String, Target, Scope)>,
    /// The one that applies where the schema is read.
    scope: Scope,
    view: View,
    /// Members that are not sent this way.
    hidden: BTreeSet<String>,
    unresolved: Vec<Unresolved>,
    /// The place that is being read.
    at: Target,
    /// Some of it lies outside of the document.
    foreign: bool,
}

type Out = Result<Value, Invalid>;

impl Bundler<'_> {
    fn schema_of(&mut self, target: &Target) -> Out {
        self.at = target.clone();
        let Some(document) = self.library.document_at(target.document) else { return Ok(Value::Bool(true)) };
        let dialect = match (self.forced, Dialect::of(&document.value)) {
            (Some(dialect), _) if !self.library.is_meta(target.document) => dialect,
            (_, Ok(dialect)) => dialect,
            (_, Err(name)) => {
                self.unresolved(format!("`$schema` names a dialect that is not known: `{name}`"));
                return Ok(Value::Bool(true));
            }
        };
        let base = self.library.base(target);
        self.enter(&base);
        match self.library.value(target) {
            Some(value) => self.schema(value, &base, dialect),
            None => Ok(Value::Bool(true)),
        }
    }

    /// What is read from here on belongs to this schema resource.
    fn enter(&mut self, base: &str) {
        for (anchor, target) in self.library.dynamic(base) {
            self.scope.entry(anchor.clone()).or_insert_with(|| target.clone());
        }
    }

    fn path(&self) -> String {
        self.library.document_at(self.at.document).map(|d| d.path.clone()).unwrap_or_default()
    }

    fn unresolved(&mut self, reason: String) {
        self.missing(reason, false);
    }

    fn missing(&mut self, reason: String, is_reference: bool) {
        let found = Unresolved { path: self.path(), pointer: self.at.pointer.clone(), reason, is_reference };
        if !self.unresolved.contains(&found) {
            self.unresolved.push(found);
        }
    }

    fn invalid(&self, reason: impl Into<String>) -> Invalid {
        Invalid { path: self.path(), pointer: self.at.pointer.clone(), reason: reason.into() }
    }

    /// Goes to a member and back.
    fn inside(&mut self, key: &str, read: impl FnOnce(&mut Self) -> Out) -> Out {
        let length = self.at.pointer.len();
        self.at.pointer.push('/');
        self.at.pointer.push_str(&escape(key));
        let out = read(self);
        if out.is_ok() {
            self.at.pointer.truncate(length);
        }
        out
    }

    fn schema(&mut self, value: &Value, base: &str, dialect: Dialect) -> Out {
        let Some(Value::String(id)) = value.get(dialect.id_key()).filter(|_| dialect.since_2019()) else {
            return self.object(value, base, dialect);
        };
        let outer = self.scope.clone();
        self.enter(uri::resolve(base, id).trim_end_matches('#'));
        let out = self.object(value, base, dialect);
        self.scope = outer;
        out
    }

    fn object(&mut self, value: &Value, base: &str, dialect: Dialect) -> Out {
        let map = match value {
            Value::Bool(known) => return Ok(Value::Bool(*known)),
            Value::Object(map) => map,
            other => return Err(self.invalid(format!("a schema is an object or a boolean, not {}", kind(other)))),
        };
        let mut base = base.to_owned();
        if let Some(id) = map.get(dialect.id_key()).and_then(Value::as_str)
            && !id.starts_with('#')
            && !(map.contains_key("$ref") && dialect.ref_is_alone())
        {
            base = uri::resolve(&base, id).trim_end_matches('#').to_owned();
        }
        let mut out = Map::new();
        if let Some(reference) = map.get("$ref") {
            let Some(reference) = reference.as_str() else { return Err(self.invalid("`$ref` is no string")) };
            let known = match self.resolved(reference, &base) {
                Ok(target) => self.named(target),
                Err(address) => Value::String(address),
            };
            out.insert("$ref".into(), known);
            if dialect.ref_is_alone() {
                return Ok(self.checked(out));
            }
        }
        self.dynamic(map, &base, dialect, &mut out);
        let hidden = self.not_sent(map, &base);
        for (key, value) in map {
            match (key.as_str(), value) {
                ("properties", Value::Object(all)) if !hidden.is_empty() => {
                    let sent = all.iter().filter(|(name, _)| !hidden.contains(*name));
                    let sent = Value::Object(sent.map(|(name, member)| (name.clone(), member.clone())).collect());
                    self.keyword(key, &sent, map, &base, dialect, &mut out)?;
                }
                ("required", Value::Array(all)) if !hidden.is_empty() => {
                    let sent = all.iter().filter(|name| name.as_str().is_none_or(|name| !hidden.contains(name)));
                    let sent = Value::Array(sent.cloned().collect());
                    self.keyword(key, &sent, map, &base, dialect, &mut out)?;
                }
                // The values that a server knows; clients must expect others.
                // <https://opensource.zalando.com/restful-api-guidelines/#112>
                ("x-extensible-enum", Value::Array(_)) if self.view == View::Request && !map.contains_key("enum") => {
                    self.keyword("enum", value, map, &base, dialect, &mut out)?;
                }
                _ => self.keyword(key, value, map, &base, dialect, &mut out)?,
            }
        }
        if dialect == Dialect::OpenApi30 && map.get("nullable") == Some(&Value::Bool(true)) {
            match out.get_mut("type") {
                Some(Value::String(only)) => {
                    let only = std::mem::take(only);
                    out.insert("type".into(), json!([only, "null"]));
                }
                Some(Value::Array(types)) => types.push(json!("null")),
                _ => {}
            }
        }
        Ok(self.checked(out))
    }

    /// What stands for one reference too many matches everything; the schema is not known then.
    fn checked(&self, mut out: Map<String, Value>) -> Value {
        if out.get("$ref") == Some(&Value::Null) {
            out.remove("$ref");
        }
        Value::Object(out)
    }

    /// The members of an object that are not sent this way, also those that its parts declare.
    fn not_sent(&mut self, map: &Map<String, Value>, base: &str) -> BTreeSet<String> {
        let mark = match self.view {
            View::Whole => return BTreeSet::new(),
            View::Request => "readOnly",
            View::Response => "writeOnly",
        };
        let meant = |value: &'_ Value| -> Value {
            let reference = value.get("$ref").and_then(Value::as_str);
            let target = reference.and_then(|reference| self.library.resolve(&self.at, base, reference));
            target.and_then(|target| self.library.value(&target)).unwrap_or(value).clone()
        };
        let is_marked = |value: &Value| value.get(mark) == Some(&Value::Bool(true));
        let mut found = BTreeSet::new();
        let parts = map.get("allOf").and_then(Value::as_array).into_iter().flatten().map(meant);
        for part in std::iter::once(Value::Object(map.clone())).chain(parts) {
            for (name, member) in part.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if is_marked(member) || is_marked(&meant(member)) {
                    found.insert(name.clone());
                }
            }
        }
        self.hidden.extend(found.iter().cloned());
        found
    }

    /// Where a reference leads.
    ///
    /// # Errors
    /// The address that is not in the repository.
    fn resolved(&mut self, reference: &str, base: &str) -> Result<Target, String> {
        let from = self.at.clone();
        self.library.resolve(&from, base, reference).ok_or_else(|| {
            let absolute = uri::resolve(base, reference);
            let remote = !absolute.starts_with("file:") && !reference.starts_with('#');
            let why = if remote { "is not in the repository, and nothing is fetched" } else { "leads nowhere" };
            self.missing(format!("`$ref: {reference}` {why}"), true);
            absolute
        })
    }

    /// The reference to a schema, as it is read in this scope; `null` when there are too many.
    fn named(&mut self, target: Target) -> Value {
        let next = format!("s{}", self.names.len());
        if self.names.len() >= MAX_DEFINITIONS {
            self.unresolved(format!("more than {MAX_DEFINITIONS} schemas are reached through references"));
            return Value::Null;
        }
        let key = (target, self.scope.clone());
        let name = match self.names.get(&key) {
            Some(name) => name.clone(),
            None => {
                self.names.insert(key.clone(), next.clone());
                self.queue.push_back((next.clone(), key.0, key.1));
                next
            }
        };
        Value::String(format!("#/$defs/{name}"))
    }

    /// `$dynamicRef` and `$recursiveRef`: plain references, unless they lead to a dynamic anchor; then to
    /// that of the outermost schema resource that has it.
    fn dynamic(&mut self, map: &Map<String, Value>, base: &str, dialect: Dialect, out: &mut Map<String, Value>) {
        let key = match dialect {
            Dialect::Draft202012 => "$dynamicRef",
            Dialect::Draft201909 => "$recursiveRef",
            _ => return,
        };
        let Some(reference) = map.get(key).and_then(Value::as_str) else { return };
        let Ok(target) = self.resolved(reference, base) else {
            self.unresolved(format!("`{key}: {reference}` leads nowhere"));
            return;
        };
        let anchor = self.library.value(&target).and_then(|value| match dialect {
            Dialect::Draft201909 => (value.get("$recursiveAnchor") == Some(&Value::Bool(true))).then_some(RECURSIVE),
            _ => {
                let fragment = reference.split_once('#').map_or("", |(_, fragment)| fragment);
                value.get("$dynamicAnchor").and_then(Value::as_str).filter(|anchor| *anchor == fragment)
            }
        });
        let target = anchor.and_then(|anchor| self.scope.get(anchor).cloned()).unwrap_or(target);
        let target = self.named(target);
        if target.is_null() {
            return;
        }
        match out.contains_key("$ref") {
            false => drop(out.insert("$ref".into(), target)),
            true => drop(out.insert("allOf".into(), json!([{"$ref": target}]))),
        }
    }

    fn keyword(
        &mut self,
        key: &str,
        value: &Value,
        map: &Map<String, Value>,
        base: &str,
        dialect: Dialect,
        out: &mut Map<String, Value>,
    ) -> Result<(), Invalid> {
        let known = match key {
            "type" => self.types(value)?,
            "enum" => match value {
                Value::Array(_) => value.clone(),
                _ => return Err(self.invalid("`enum` is no list")),
            },
            "const" if dialect.since_6() => value.clone(),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                return self.number(key, value, map, dialect, out);
            }
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
                self.count(key, value)?
            }
            "minContains" | "maxContains" if dialect.since_2019() => self.count(key, value)?,
            "pattern" => match value {
                Value::String(_) => value.clone(),
                _ => return Err(self.invalid("`pattern` is no string")),
            },
            "uniqueItems" => match value {
                Value::Bool(_) => value.clone(),
                _ => return Err(self.invalid("`uniqueItems` is no boolean")),
            },
            "required" => match self.names(key, value) {
                Ok(names) => names,
                // Draft 3's `required: true` is still found in the wild; drafts from 4 on don't know it.
                Err(_) if value.is_boolean() => return Ok(()),
                Err(error) => return Err(error),
            },
            "items" if value.is_array() => match dialect.items_may_be_tuple() {
                true => {
                    let items = self.list(key, value, base, dialect)?;
                    out.insert("prefixItems".into(), items);
                    if let Some(rest) = map.get("additionalItems") {
                        let rest = self.member("additionalItems", rest, base, dialect)?;
                        out.insert("items".into(), rest);
                    }
                    return Ok(());
                }
                false => return Err(self.invalid("`items` is a list; in 2020-12 that is `prefixItems`")),
            },
            "prefixItems" if dialect == Dialect::Draft202012 => self.list(key, value, base, dialect)?,
            "items" | "not" | "additionalProperties" => self.member(key, value, base, dialect)?,
            "contains" | "propertyNames" if dialect.since_6() => self.member(key, value, base, dialect)?,
            "if" | "then" | "else" if dialect.since_7() && map.contains_key("if") => {
                self.member(key, value, base, dialect)?
            }
            "unevaluatedItems" | "unevaluatedProperties" if dialect.since_2019() => {
                if key == "unevaluatedItems" && dialect == Dialect::Draft201909 && map.contains_key("contains") {
                    self.unresolved("`unevaluatedItems` beside `contains` means something else in 2019-09".into());
                }
                self.member(key, value, base, dialect)?
            }
            "allOf" | "anyOf" | "oneOf" => {
                let mut all = self.list(key, value, base, dialect)?;
                // A dynamic reference beside a plain one is there already.
                if let (Value::Array(all), Some(Value::Array(more))) = (&mut all, out.get(key)) {
                    all.extend(more.iter().cloned());
                }
                all
            }
            "properties" | "patternProperties" => self.map(key, value, base, dialect)?,
            "dependentSchemas" if dialect.since_2019() => self.map(key, value, base, dialect)?,
            "dependentRequired" if dialect.since_2019() => {
                let Value::Object(all) = value else { return Err(self.invalid("`dependentRequired` is no object")) };
                for names in all.values() {
                    self.names(key, names)?;
                }
                merged(out, key, value.clone())
            }
            "dependencies" if !dialect.is_openapi() && !dialect.since_2019() => {
                return self.dependencies(value, base, dialect, out);
            }
            _ => return Ok(()),
        };
        out.insert(key.to_owned(), known);
        Ok(())
    }

    fn types(&self, value: &Value) -> Out {
        const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "integer", "string"];
        let known = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
        match value {
            Value::String(name) if known(value) => Ok(Value::String(name.clone())),
            // Swagger's type of an upload.
            Value::String(name) if name == "file" => Ok(json!("string")),
            Value::Array(all) if !all.is_empty() && all.iter().all(known) => Ok(value.clone()),
            other => Err(self.invalid(format!("`type: {other}` names no type"))),
        }
    }

    fn number(
        &self,
        key: &str,
        value: &Value,
        map: &Map<String, Value>,
        dialect: Dialect,
        out: &mut Map<String, Value>,
    ) -> Result<(), Invalid> {
        let limit = key.strip_prefix("exclusive").map(|name| format!("m{}", &name[1..]));
        if let (Some(limit), true) = (&limit, dialect.exclusive_is_flag()) {
            let Value::Bool(excluded) = value else { return Err(self.invalid(format!("`{key}` is no boolean"))) };
            if let (true, Some(number)) = (*excluded, map.get(limit)) {
                out.insert(key.to_owned(), number.clone());
            }
            return Ok(());
        }
        if !value.is_number() {
            return Err(self.invalid(format!("`{key}: {value}` is no number")));
        }
        let exclusive = format!("exclusive{}{}", key[..1].to_uppercase(), &key[1..]);
        if dialect.exclusive_is_flag() && map.get(&exclusive) == Some(&Value::Bool(true)) {
            return Ok(());
        }
        if key == "multipleOf" && value.as_f64().is_none_or(|number| number <= 0.0) {
            return Err(self.invalid("`multipleOf` is not greater than 0"));
        }
        out.insert(key.to_owned(), value.clone());
        Ok(())
    }

    fn count(&self, key: &str, value: &Value) -> Out {
        match value.as_f64().filter(|n| n.fract() == 0.0 && (0.0..9e15).contains(n)) {
            Some(number) => Ok(Value::from(number as u64)),
            None => Err(self.invalid(format!("`{key}: {value}` is no count"))),
        }
    }

    fn names(&self, key: &str, value: &Value) -> Out {
        match value {
            Value::Array(names) if names.iter().all(Value::is_string) => Ok(value.clone()),
            _ => Err(self.invalid(format!("`{key}` is no list of names"))),
        }
    }

    fn member(&mut self, key: &str, value: &Value, base: &str, dialect: Dialect) -> Out {
        self.inside(key, |this| this.schema(value, base, dialect))
    }

    fn list(&mut self, key: &str, value: &Value, base: &str, dialect: Dialect) -> Out {
        let Value::Array(items) = value else { return Err(self.invalid(format!("`{key}` is no list"))) };
        self.inside(key, |this| {
            let all = items.iter().enumerate();
            let all: Result<Vec<_>, _> =
                all.map(|(at, item)| this.member(&at.to_string(), item, base, dialect)).collect();
            Ok(Value::Array(all?))
        })
    }

    fn map(&mut self, key: &str, value: &Value, base: &str, dialect: Dialect) -> Out {
        let Value::Object(entries) = value else { return Err(self.invalid(format!("`{key}` is no object"))) };
        self.inside(key, |this| {
            let mut out = Map::new();
            for (name, value) in entries {
                out.insert(name.clone(), this.member(name, value, base, dialect)?);
            }
            Ok(Value::Object(out))
        })
    }

    fn dependencies(
        &mut self,
        value: &Value,
        base: &str,
        dialect: Dialect,
        out: &mut Map<String, Value>,
    ) -> Result<(), Invalid> {
        let Value::Object(entries) = value else { return Err(self.invalid("`dependencies` is no object")) };
        let (mut required, mut schemas) = (Map::new(), Map::new());
        for (name, value) in entries {
            match value {
                Value::Array(_) => drop(required.insert(name.clone(), self.names("dependencies", value)?)),
                _ => drop(schemas.insert(name.clone(), self.member(name, value, base, dialect)?)),
            }
        }
        for (key, map) in [("dependentRequired", required), ("dependentSchemas", schemas)] {
            if !map.is_empty() {
                out.insert(key.into(), Value::Object(map));
            }
        }
        Ok(())
    }
}

fn merged(out: &Map<String, Value>, key: &str, value: Value) -> Value {
    match (out.get(key), value) {
        (Some(Value::Object(old)), Value::Object(new)) => Value::Object(old.clone().into_iter().chain(new).collect()),
        (_, value) => value,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
