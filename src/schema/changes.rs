//! What was changed between two versions of a schema: kinds, with the place on both sides.
//!
//! It says what to look at, not whether anybody breaks: that is decided by [`super::Inclusion`].

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::document::escape;
use super::library::{Library, Target};
use super::lifecycle::{self, Life};

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What kind, by a stable name: `type-narrowed`, `required-added`.
    pub kind: &'static str,
    /// What became of it, for people: `number` is `integer` now.
    pub text: String,
    /// Where in documents it shows, as a JSON pointer; `*` stands for any item or name.
    pub instance: String,
    /// The path and the JSON pointer in the old schema, where there is one.
    pub old: Option<(String, String)>,
    /// In the new schema.
    pub new: Option<(String, String)>,
    /// New readers may reject old documents.
    pub narrows: bool,
    /// Old readers may reject new documents.
    pub widens: bool,
}

/// How many changes are listed.
const MAX_CHANGES: usize = 200;
/// How deep schemas are compared, references followed.
const MAX_DEPTH: usize = 60;

/// The changes from the schema at one place to the schema at another.
pub fn changes(old: (&Library, &str, &str), new: (&Library, &str, &str)) -> Vec<Change> {
    let target = |(library, path, pointer): (&Library, &str, &str)| {
        library.index_of(path).map(|document| Target { document, pointer: pointer.to_owned() })
    };
    let (Some(from), Some(to)) = (target(old), target(new)) else { return Vec::new() };
    let mut differ = Differ { old: old.0, new: new.0, seen: BTreeSet::new(), out: Vec::new() };
    differ.schema(&from, &to, "", 0);
    differ.out.truncate(MAX_CHANGES);
    differ.out
}

struct Differ<'l> {
    old: &'l Library,
    new: &'l Library,
    seen: BTreeSet<(Target, Target)>,
    out: Vec<Change>,
}

/// Two places and what of documents they are about.
struct Here<'a> {
    from: &'a Target,
    to: &'a Target,
    instance: &'a str,
    depth: usize,
}

/// Limits: the keyword, and whether a larger number allows more.
const LIMITS: [(&str, bool); 14] = [
    ("minimum", false),
    ("exclusiveMinimum", false),
    ("maximum", true),
    ("exclusiveMaximum", true),
    ("minLength", false),
    ("maxLength", true),
    ("minItems", false),
    ("maxItems", true),
    ("minProperties", false),
    ("maxProperties", true),
    ("minContains", false),
    ("maxContains", true),
    ("multipleOf", false),
    ("uniqueItems", false),
];

/// Formats that say how a value is read. <https://spec.openapis.org/registry/format/>
const FORMATS: [&str; 25] = [
    "int32",
    "int64",
    "float",
    "double",
    "byte",
    "binary",
    "date",
    "date-time",
    "time",
    "duration",
    "uuid",
    "ipv4",
    "ipv6",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "uri",
    "uri-reference",
    "uri-template",
];

fn is_numeric(format: &str) -> bool {
    ["int32", "int64", "float", "double"].contains(&format)
}

impl Differ<'_> {
    fn schema(&mut self, from: &Target, to: &Target, instance: &str, depth: usize) {
        let (from, to) = (settled(self.old, from), settled(self.new, to));
        if depth > MAX_DEPTH || self.out.len() >= MAX_CHANGES || !self.seen.insert((from.clone(), to.clone())) {
            return;
        }
        let (Some(a), Some(b)) = (self.old.value(&from), self.new.value(&to)) else { return };
        let here = Here { from: &from, to: &to, instance, depth };
        match (a.as_object(), b.as_object()) {
            (Some(a), Some(b)) => self.object(&here, a, b),
            _ if a == b => {}
            _ => self.add(&here, "schema-replaced", "the schema was replaced".to_owned(), None, (true, true)),
        }
    }

    fn add(&mut self, here: &Here<'_>, kind: &'static str, text: String, key: Option<&str>, ways: (bool, bool)) {
        let place = |library: &Library, target: &Target| {
            let path = library.document_at(target.document).map(|d| d.path.clone()).unwrap_or_default();
            let pointer = match key {
                Some(key) => format!("{}/{key}", target.pointer),
                None => target.pointer.clone(),
            };
            (path, pointer)
        };
        self.out.push(Change {
            kind,
            text,
            instance: here.instance.to_owned(),
            old: Some(place(self.old, here.from)),
            new: Some(place(self.new, here.to)),
            narrows: ways.0,
            widens: ways.1,
        });
    }

    fn object(&mut self, here: &Here<'_>, a: &Map<String, Value>, b: &Map<String, Value>) {
        self.types(here, a, b);
        self.values(here, a, b);
        for (key, larger_allows) in LIMITS {
            self.limit(here, key, larger_allows, a.get(key), b.get(key));
        }
        self.text(here, "pattern", a, b);
        self.required(here, a, b);
        self.properties(here, a, b);
        self.additional(here, a, b);
        let star = format!("{}/*", here.instance);
        for (key, instance) in [("items", star.as_str()), ("contains", &star), ("not", here.instance)] {
            self.member(here, key, instance, a.get(key), b.get(key));
        }
        for key in ["if", "then", "else", "propertyNames", "additionalItems", "unevaluatedItems"] {
            self.member(here, key, here.instance, a.get(key), b.get(key));
        }
        for key in ["allOf", "anyOf", "oneOf", "prefixItems"] {
            self.list(here, key, a, b);
        }
        for key in ["patternProperties", "dependentSchemas", "dependentRequired", "dependencies"] {
            if a.get(key) != b.get(key) {
                self.add(here, "keyword-changed", format!("`{key}` was changed"), Some(key), (true, true));
            }
        }
        self.format(here, a, b);
        self.lifecycle(here, a, b);
        for key in ["contentEncoding", "contentMediaType"] {
            if let (Some(old), Some(new)) = (a.get(key), b.get(key))
                && old != new
            {
                self.add(here, "content-changed", format!("`{key}` was {old} and is {new}"), Some(key), (true, true));
            }
        }
    }

    /// `format` asserts nothing in JSON Schema; who reads values by it breaks all the same.
    fn format(&mut self, here: &Here<'_>, a: &Map<String, Value>, b: &Map<String, Value>) {
        let known = |map: &Map<String, Value>| {
            let name = map.get("format").and_then(Value::as_str)?;
            FORMATS.contains(&name).then(|| name.to_owned())
        };
        let (old, new) = (known(a), known(b));
        let wider = |wide: &str, narrow: &str| [("int64", "int32"), ("double", "float")].contains(&(wide, narrow));
        let ways = match (&old, &new) {
            (Some(old), Some(new)) if old == new => return,
            (Some(old), Some(new)) => (!wider(new, old), !wider(old, new)),
            // The limits of a number are mostly written down late, and hold nobody off.
            (None, Some(new)) if !is_numeric(new) => (true, false),
            (Some(old), None) if !is_numeric(old) => (false, true),
            _ => return,
        };
        let name = |format: Option<&Value>| format.map_or_else(|| "absent".to_owned(), |format| format.to_string());
        let text = format!("`format` was {} and is {}", name(a.get("format")), name(b.get("format")));
        self.add(here, "format-changed", text, Some("format"), ways);
    }

    /// What is promised of a member that is being tried out, or that goes away.
    fn lifecycle(&mut self, here: &Here<'_>, a: &Map<String, Value>, b: &Map<String, Value>) {
        let level = |map: &Map<String, Value>| map.get("x-stability-level").map(word);
        let (was, is) = (level(a), level(b));
        if let Some((kind, text, _)) = lifecycle::stability(was.as_deref(), is.as_deref()) {
            self.add(here, kind, text, Some("x-stability-level"), (true, true));
        }
        let life = |map: &Map<String, Value>| {
            (map.get("deprecated") == Some(&Value::Bool(true)), map.get("x-sunset").map(word))
        };
        let ((was_deprecated, was), (deprecated, is)) = (life(a), life(b));
        let before = Life { deprecated: was_deprecated, sunset: was.as_deref() };
        let now = Life { deprecated, sunset: is.as_deref() };
        if let Some((kind, text, _)) = lifecycle::sunset(before, now) {
            self.add(here, kind, text, Some("x-sunset"), (true, true));
        }
    }

    fn types(&mut self, here: &Here<'_>, a: &Map<String, Value>, b: &Map<String, Value>) {
        let (old, new) = (types(a), types(b));
        if old == new {
            return;
        }
        let covers = |wide: &BTreeSet<String>, narrow: &BTreeSet<String>| {
            wide.is_empty()
                || (!narrow.is_empty()
                    && narrow.iter().all(|t| wide.contains(t) || (t == "integer" && wide.contains("number"))))
        };
        let (widens, narrows) = (!covers(&old, &new), !covers(&new, &old));
        let kind = match (narrows, widens) {
            (true, true) => "type-changed",
            (true, false) => "type-narrowed",
            (false, true) => "type-widened",
            (false, false) => return,
        };
        let text = format!("the type was {} and is {}", shown(&old), shown(&new));
        self.add(here, kind, text, Some("type"), (narrows, widens));
    }

    fn values(&mut self, here: &Here<'_>, a: &Map<String, Value>, b: &Map<String, Value>) {
        let list = |map: &Map<String, Value>, key: &str| map.get(key).and_then(Value::as_array).cloned();
        let values = |map: &Map<String, Value>| {
            let listed = list(map, "enum").or_else(|| Some(vec![map.get("const")?.clone()]));
            listed.or_else(|| list(map, "x-extensible-enum"))
        };
        let key = |map: &Map<String, Value>| {
            ["enum", "const"].into_iter().find(|key| map.contains_key(*key)).unwrap_or("x-extensible-enum")
        };
        match (values(a), values(b)) {
            (Some(old), Some(new)) => {
                let gone: Vec<&Value> = old.iter().filter(|value| !new.contains(value)).collect();
                let come: Vec<&Value> = new.iter().filter(|value| !old.contains(value)).collect();
                if !gone.is_empty() {
                    let text = format!("{} no longer allowed", listed(&gone));
                    self.add(here, "enum-value-removed", text, Some(key(b)), (true, false));
                }
                if !come.is_empty() {
                    self.add(here, "enum-value-added", format!("{} added", listed(&come)), Some(key(b)), (false, true));
                }
            }
            (None, Some(new)) => {
                let text = format!("only {} allowed now", listed(&new.iter().collect::<Vec<_>>()));
                self.add(here, "enum-added", text, Some(key(b)), (true, false));
            }
            (Some(_), None) => {
                self.add(here, "enum-removed", "any value is allowed now".into(), Some(key(a)), (false, true));
            }
            (None, None) => {}
        }
    }

    fn limit(&mut self, here: &Here<'_>, key: &str, larger_allows: bool, a: Option<&Value>, b: Option<&Value>) {
        if a == b {
            return;
        }
        let old = a.map_or_else(|| "absent".to_owned(), Value::to_string);
        let new = b.map_or_else(|| "absent".to_owned(), Value::to_string);
        let (narrows, widens) = match (a, b) {
            (None, _) => (true, false),
            (_, None) => (false, true),
            (Some(a), Some(b)) => match (a.as_f64(), b.as_f64()) {
                (Some(a), Some(b)) if key != "multipleOf" => ((b < a) == larger_allows, (b > a) == larger_allows),
                _ => (true, true),
            },
        };
        let kind = match (narrows, widens) {
            (true, false) => "limit-tightened",
            (false, true) => "limit-loosened",
            _ => "limit-changed",
        };
        self.add(here, kind, format!("`{key}` was {old} and is {new}"), Some(key), (narrows, widens));
    }

    fn text(&mut self, here: &Here<'_>, key: &str, a: &Map<String, Value>, b: &Map<String, Value>) {
        let (old, new) = (a.get(key), b.get(key));
        let kind = match (old, new) {
            (None, Some(_)) => "pattern-added",
            (Some(_), None) => "pattern-removed",
            (Some(a), Some(b)) if a != b => "pattern-changed",
            _ => return,
        };
        let name = |value: Option<&Value>| value.map_or_else(|| "absent".to_owned(), Value::to_string);
        let text = format!("`{key}` was {} and is {}", name(old), name(new));
        self.add(here, kind, text, Some(key), (new.is_some(), old.is_some()));
    }

    fn required(&mut self, here: &Here<'_>, a: &Map<String, Value>, b: &Map<String, Value>) {
        let names = |map: &Map<String, Value>| -> BTreeSet<String> {
            let all = map.get("required").and_then(Value::as_array).into_iter().flatten();
            all.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (old, new) = (names(a), names(b));
        for name in new.difference(&old) {
            let instance = format!("{}/{}", here.instance, escape(name));
            let there = Here { instance: &instance, ..*here };
            self.add(&there, "required-added", format!("`{name}` is required now"), Some("required"), (true, false));
        }
        for name in old.difference(&new) {
            let instance = format!("{}/{}", here.instance, escape(name));
            let there = Here { instance: &instance, ..*here };
            let text = format!("`{name}` is no longer required");
            self.add(&there, "required-removed", text, Some("required"), (false, true));
        }
    }

    fn properties(&mut self, here: &Here<'_>, a: &Map<String, Value>, b: &Map<String, Value>) {
        let empty = Map::new();
        let of = |map: &Map<String, Value>| map.get("properties").and_then(Value::as_object).cloned();
        let (old, new) = (of(a).unwrap_or_else(|| empty.clone()), of(b).unwrap_or(empty));
        for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
            let instance = format!("{}/{}", here.instance, escape(name));
            let key = format!("properties/{}", escape(name));
            let there = Here { instance: &instance, ..*here };
            match (old.contains_key(name), new.contains_key(name)) {
                (true, true) => self.schema(&below(here.from, &key), &below(here.to, &key), &instance, here.depth + 1),
                (true, false) => {
                    let text = format!("`{name}` was removed");
                    self.add(&there, "property-removed", text, None, (is_closed(b), true));
                    self.at_old(&key);
                }
                _ => {
                    self.add(&there, "property-added", format!("`{name}` was added"), Some(&key), (true, is_closed(a)));
                    self.only_new();
                }
            }
        }
    }

    /// The last change has no place of its own in the new schema: it points at what held it.
    fn at_old(&mut self, key: &str) {
        if let Some((_, pointer)) = self.out.last_mut().and_then(|change| change.old.as_mut()) {
            *pointer = format!("{pointer}/{key}");
        }
        if let Some((_, pointer)) = self.out.last_mut().and_then(|change| change.new.as_mut()) {
            pointer.push_str("/properties");
        }
    }

    fn only_new(&mut self) {
        if let Some(change) = self.out.last_mut() {
            change.old = None;
        }
    }

    fn additional(&mut self, here: &Here<'_>, a: &Map<String, Value>, b: &Map<String, Value>) {
        for key in ["additionalProperties", "unevaluatedProperties"] {
            let open = |value: Option<&Value>| value.is_none_or(|value| *value == Value::Bool(true));
            let (old, new) = (a.get(key), b.get(key));
            match (open(old), open(new)) {
                (true, false) => {
                    let text = format!("other members are limited now: `{key}`");
                    self.add(here, "closed", text, Some(key), (true, false));
                }
                (false, true) => {
                    let text = format!("other members are allowed now: `{key}`");
                    self.add(here, "opened", text, Some(key), (false, true));
                }
                _ => self.member(here, key, &format!("{}/*", here.instance), old, new),
            }
        }
    }

    /// A keyword that holds one schema.
    fn member(&mut self, here: &Here<'_>, key: &str, instance: &str, a: Option<&Value>, b: Option<&Value>) {
        match (a, b) {
            (Some(a), Some(b)) if a.is_array() || b.is_array() => {
                if a != b {
                    self.add(here, "keyword-changed", format!("`{key}` was changed"), Some(key), (true, true));
                }
            }
            (Some(_), Some(_)) => {
                self.schema(&below(here.from, key), &below(here.to, key), instance, here.depth + 1);
            }
            (None, Some(_)) => {
                self.add(here, "keyword-added", format!("`{key}` was added"), Some(key), (true, false));
            }
            (Some(_), None) => {
                self.add(here, "keyword-removed", format!("`{key}` was removed"), Some(key), (false, true));
            }
            (None, None) => {}
        }
    }

    fn list(&mut self, here: &Here<'_>, key: &str, a: &Map<String, Value>, b: &Map<String, Value>) {
        let parts = |map: &Map<String, Value>| map.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let (old, new) = (parts(a), parts(b));
        let is_all = key == "allOf" || key == "prefixItems";
        let tells = |index: usize| format!("{key}/{index}");
        if !is_all && old.is_empty() != new.is_empty() {
            let (kind, verb) = if old.is_empty() { ("keyword-added", "added") } else { ("keyword-removed", "removed") };
            let ways = (old.is_empty(), new.is_empty());
            return self.add(here, kind, format!("`{key}` was {verb}"), Some(key), ways);
        }
        if old.len() == new.len() {
            for index in 0..old.len() {
                let (from, to) = (below(here.from, &tells(index)), below(here.to, &tells(index)));
                let instance = match key {
                    "prefixItems" => format!("{}/{index}", here.instance),
                    _ => here.instance.to_owned(),
                };
                self.schema(&from, &to, &instance, here.depth + 1);
            }
            return;
        }
        for (index, _) in new.iter().enumerate().filter(|(_, part)| !old.contains(part)) {
            let kind = if is_all { "part-added" } else { "branch-added" };
            self.add(here, kind, format!("`{key}` has one more"), Some(&tells(index)), (is_all, !is_all));
        }
        if old.iter().any(|part| !new.contains(part)) {
            let kind = if is_all { "part-removed" } else { "branch-removed" };
            self.add(here, kind, format!("`{key}` has lost one"), Some(key), (!is_all, is_all));
        }
    }
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn below(target: &Target, key: &str) -> Target {
    Target { document: target.document, pointer: format!("{}/{key}", target.pointer) }
}

/// Where plain references end.
fn settled(library: &Library, target: &Target) -> Target {
    let mut target = target.clone();
    for _ in 0..32 {
        let Some(map) = library.value(&target).and_then(Value::as_object) else { break };
        let Some(reference) = map.get("$ref").and_then(Value::as_str) else { break };
        match library.resolve(&target, &library.base(&target), reference) {
            Some(next) => target = next,
            None => break,
        }
    }
    target
}

fn types(map: &Map<String, Value>) -> BTreeSet<String> {
    let mut types: BTreeSet<String> = match map.get("type") {
        Some(Value::String(name)) => [name.clone()].into(),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => BTreeSet::new(),
    };
    if map.get("nullable") == Some(&Value::Bool(true)) && !types.is_empty() {
        types.insert("null".into());
    }
    types
}

fn shown(types: &BTreeSet<String>) -> String {
    match types.is_empty() {
        true => "any".to_owned(),
        false => types.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "),
    }
}

fn listed(values: &[&Value]) -> String {
    let shown: Vec<String> = values.iter().take(4).map(|value| format!("`{value}`")).collect();
    let more = values.len().saturating_sub(4);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let verb = if values.len() == 1 { "is" } else { "are" };
    format!("{}{rest} {verb}", shown.join(", "))
}

fn is_closed(map: &Map<String, Value>) -> bool {
    ["additionalProperties", "unevaluatedProperties"].iter().any(|key| map.get(*key) == Some(&Value::Bool(false)))
}

/// The change that explains a broken document best: one that goes in the direction, at the place of the
/// fault, or as near as there is one.
pub fn explaining<'c>(changes: &'c [Change], narrows: bool, fault: Option<&str>) -> Option<&'c Change> {
    let goes = |change: &&Change| if narrows { change.narrows } else { change.widens };
    let fits = |change: &Change, at: &str| {
        let (mut a, mut b) = (change.instance.split('/'), at.split('/'));
        loop {
            match (a.next(), b.next()) {
                (None, None) => return true,
                (Some(one), Some(other)) if one == "*" || one == other => {}
                _ => return false,
            }
        }
    };
    let candidates: Vec<&Change> = changes.iter().filter(goes).collect();
    let at = fault.unwrap_or_default();
    // A missing member is reported at the object that lacks it.
    let parent = |change: &&&Change| {
        change.kind == "required-added" || change.kind == "required-removed" || change.kind.starts_with("property")
    };
    let held = |change: &&&Change| {
        parent(change)
            && change
                .instance
                .rsplit_once('/')
                .is_some_and(|(object, _)| object.replace("/*", "/0") == at.replace("/1", "/0") || object == at)
    };
    candidates
        .iter()
        .find(|change| fits(change, at))
        .or_else(|| candidates.iter().filter(|c| c.kind.starts_with("required")).find(held))
        .or_else(|| candidates.iter().find(held))
        .or_else(|| candidates.first())
        .copied()
        .or_else(|| changes.first())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Library, changes};

    fn kinds(old: Value, new: Value) -> Vec<(String, String, String)> {
        let library = |value: Value| Library::of_value(value);
        let (old, new) = (library(old), library(new));
        changes((&old, "schema.json", ""), (&new, "schema.json", ""))
            .into_iter()
            .map(|c| (c.kind.to_owned(), c.instance, c.new.map(|(_, pointer)| pointer).unwrap_or_default()))
            .collect()
    }

    fn is(kind: &str, instance: &str, pointer: &str) -> (String, String, String) {
        (kind.to_owned(), instance.to_owned(), pointer.to_owned())
    }

    #[test]
    fn changes_are_named_with_their_places() {
        let old = json!({"type": "object", "required": ["id"], "properties": {
            "id": {"type": "string"}, "amount": {"type": "number"}, "items": {"type": "array", "items": {"$ref": "#/$defs/item"}}},
            "$defs": {"item": {"enum": ["a", "b"]}}});
        let new = json!({"type": "object", "required": ["id", "currency"], "properties": {
            "id": {"type": "string", "maxLength": 5}, "currency": {"type": "string"},
            "items": {"type": "array", "items": {"$ref": "#/$defs/item"}}},
            "$defs": {"item": {"enum": ["a"]}}});
        assert_eq!(
            kinds(old.clone(), new),
            [
                is("required-added", "/currency", "/required"),
                is("limit-tightened", "/id", "/properties/id/maxLength"),
                is("property-removed", "/amount", "/properties"),
                is("enum-value-removed", "/items/*", "/$defs/item/enum"),
                is("property-added", "/currency", "/properties/currency"),
            ]
        );
        assert_eq!(kinds(old.clone(), old), []);
    }
}
