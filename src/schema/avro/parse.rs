//! From the JSON of a schema to its types.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{Avro, Definition, Field, Id, Kind, Name, Names, Node};
use crate::schema::document::escape;
use crate::schema::library::Library;

/// Why a schema is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The file.
    pub path: String,
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// What is wrong; no full stop.
    pub reason: String,
}

/// How deep types nest, through files too.
const MAX_DEPTH: usize = 400;
/// How many types a schema has.
const MAX_TYPES: usize = 200_000;

impl Avro {
    /// Reads the schema of a file with the types of other files that it names.
    ///
    /// # Errors
    /// The first thing that the specification does not allow.
    pub fn read(library: &Library, names: &Names, path: &str) -> Result<Avro, Invalid> {
        Avro::read_at(library, names, path, "")
    }

    /// The schema at a pointer of a document: the payload of a message.
    ///
    /// # Errors
    /// As [`Avro::read`].
    pub fn read_at(library: &Library, names: &Names, path: &str, pointer: &str) -> Result<Avro, Invalid> {
        let mut reader = Reader {
            library,
            names,
            avro: Avro { nodes: Vec::new(), root: 0, files: vec![path.to_owned()] },
            known: HashMap::new(),
            file: 0,
            depth: 0,
        };
        let Some(document) = library.document(path) else {
            return Err(reader.wrong("", "the file was not read"));
        };
        let Some(value) = document.at(pointer) else { return Err(reader.wrong(pointer, "nothing is there")) };
        reader.avro.root = reader.schema(value, pointer, "")?;
        Ok(reader.avro)
    }
}

struct Reader<'l> {
    library: &'l Library,
    names: &'l Names,
    avro: Avro,
    /// The types that were defined so far, by full name.
    known: HashMap<String, Id>,
    /// The file that is being read.
    file: usize,
    depth: usize,
}

impl Reader<'_> {
    fn wrong(&self, pointer: &str, reason: impl Into<String>) -> Invalid {
        let path = self.avro.files.get(self.file).cloned().unwrap_or_default();
        Invalid { path, pointer: pointer.to_owned(), reason: reason.into() }
    }

    fn add(&mut self, kind: Kind, pointer: &str) -> Result<Id, Invalid> {
        if self.avro.nodes.len() >= MAX_TYPES {
            return Err(self.wrong(pointer, format!("the schema has more than {MAX_TYPES} types")));
        }
        let node = Node { kind, decimal: None, logical: None, file: self.file, pointer: pointer.to_owned() };
        self.avro.nodes.push(node);
        Ok(self.avro.nodes.len() - 1)
    }

    fn schema(&mut self, value: &Value, pointer: &str, namespace: &str) -> Result<Id, Invalid> {
        if self.depth >= MAX_DEPTH {
            return Err(self.wrong(pointer, format!("types nest deeper than {MAX_DEPTH}")));
        }
        self.depth += 1;
        let read = match value {
            Value::String(name) => self.named(name, pointer, namespace),
            Value::Array(branches) => self.union(branches, pointer, namespace),
            Value::Object(map) => self.object(map, pointer, namespace),
            other => Err(self.wrong(pointer, format!("`{other}` is no type"))),
        };
        self.depth -= 1;
        read
    }

    fn named(&mut self, name: &str, pointer: &str, namespace: &str) -> Result<Id, Invalid> {
        if let Some(kind) = primitive(name) {
            return self.add(kind, pointer);
        }
        let full = qualified(name, namespace);
        if let Some(id) = self.known.get(&full).or_else(|| self.known.get(name)) {
            return Ok(*id);
        }
        let from = self.avro.files.get(self.file).cloned().unwrap_or_default();
        // Of another file, or further down in this one: generators put the types in order themselves.
        let (names, library) = (self.names, self.library);
        let found = names.find(&full, &from).or_else(|reason| names.find(name, &from).map_err(|_| reason));
        let definition = match found {
            Ok(definition) => definition,
            Err(reason) => return self.add(Kind::Missing(reason), pointer),
        };
        let value = library.document(&definition.path).and_then(|document| document.at(&definition.pointer));
        let Some(value) = value else { return self.add(Kind::Missing(format!("type `{full}` is gone")), pointer) };
        let back = self.file;
        self.file = match self.avro.files.iter().position(|path| *path == definition.path) {
            Some(file) => file,
            None => {
                self.avro.files.push(definition.path.clone());
                self.avro.files.len() - 1
            }
        };
        let read = self.schema(value, &definition.pointer, &definition.namespace);
        self.file = back;
        read
    }

    fn union(&mut self, branches: &[Value], pointer: &str, namespace: &str) -> Result<Id, Invalid> {
        let mut ids = Vec::with_capacity(branches.len());
        let mut seen: std::collections::HashSet<String> = std::collections::HashSet::new();
        for (index, branch) in branches.iter().enumerate() {
            let at = format!("{pointer}/{index}");
            let id = self.schema(branch, &at, namespace)?;
            match self.avro.kind(id) {
                Kind::Union(_) => return Err(self.wrong(&at, "a union immediately in a union")),
                Kind::Missing(_) => {}
                _ if !seen.insert(self.avro.plain(id).to_owned()) => {
                    return Err(self.wrong(&at, format!("`{}` stands twice in a union", self.avro.plain(id))));
                }
                _ => {}
            }
            ids.push(id);
        }
        self.add(Kind::Union(ids), pointer)
    }

    fn object(&mut self, map: &Map<String, Value>, pointer: &str, namespace: &str) -> Result<Id, Invalid> {
        let below = |key: &str| format!("{pointer}/{key}");
        let id = match map.get("type") {
            Some(Value::String(kind)) => match kind.as_str() {
                "record" | "error" => self.record(map, pointer, namespace)?,
                "enum" => self.enumeration(map, pointer, namespace)?,
                "fixed" => self.fixed(map, pointer, namespace)?,
                "array" | "map" => {
                    let key = if kind == "array" { "items" } else { "values" };
                    let Some(inner) = map.get(key) else {
                        return Err(self.wrong(pointer, format!("`{kind}` without `{key}`")));
                    };
                    let inner = self.schema(inner, &below(key), namespace)?;
                    let kind = if key == "items" { Kind::Array(inner) } else { Kind::Map(inner) };
                    self.add(kind, pointer)?
                }
                name => {
                    let id = self.named(name, &below("type"), namespace)?;
                    if primitive(name).is_none() {
                        return Ok(id);
                    }
                    id
                }
            },
            Some(inner @ (Value::Object(_) | Value::Array(_))) => self.schema(inner, &below("type"), namespace)?,
            Some(other) => return Err(self.wrong(&below("type"), format!("`{other}` is no type"))),
            None => return Err(self.wrong(pointer, "a type without `type`")),
        };
        if let Some(logical) = map.get("logicalType").and_then(Value::as_str) {
            let number = |key: &str| map.get(key).and_then(Value::as_u64);
            // A logical type that is not valid is ignored (specification, "Logical Types").
            let precision = number("precision").filter(|precision| *precision > 0);
            let scale = if map.contains_key("scale") { number("scale") } else { Some(0) };
            let node = &mut self.avro.nodes[id];
            node.logical = Some(logical.to_owned());
            if logical == "decimal" && matches!(node.kind, Kind::Bytes | Kind::Fixed(..)) {
                node.decimal = scale.zip(precision).filter(|(scale, precision)| scale <= precision);
            }
        }
        Ok(id)
    }

    /// The name of a definition, now known under it, and the namespace inside.
    fn define(&mut self, map: &Map<String, Value>, at: &str, namespace: &str) -> Result<(Id, Name, String), Invalid> {
        let Some(full) = full_name(map, namespace) else { return Err(self.wrong(at, "a definition without `name`")) };
        if let Some(part) = full.split('.').find(|part| !is_name(part)) {
            return Err(self.wrong(&format!("{at}/name"), format!("`{part}` is no name")));
        }
        if primitive(&full).is_some() {
            return Err(self.wrong(&format!("{at}/name"), format!("`{full}` is the name of a primitive type")));
        }
        let inside = full.rsplit_once('.').map_or(String::new(), |(namespace, _)| namespace.to_owned());
        let aliases = self.aliases(map, at)?.iter().map(|alias| qualified(alias, &inside)).collect();
        let name = Name { full: full.clone(), aliases };
        // Fields may name the record that they are of, so it is one from the beginning.
        let id = self.add(Kind::Record(name.clone(), Vec::new()), at)?;
        if self.known.insert(full.clone(), id).is_some() {
            return Err(self.wrong(&format!("{at}/name"), format!("`{full}` is defined twice")));
        }
        Ok((id, name, inside))
    }

    fn aliases(&self, map: &Map<String, Value>, at: &str) -> Result<Vec<String>, Invalid> {
        match map.get("aliases") {
            None => Ok(Vec::new()),
            Some(Value::Array(all)) if all.iter().all(Value::is_string) => {
                Ok(all.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            }
            Some(other) => Err(self.wrong(&format!("{at}/aliases"), format!("`{other}` is no list of names"))),
        }
    }

    fn record(&mut self, map: &Map<String, Value>, pointer: &str, namespace: &str) -> Result<Id, Invalid> {
        let (id, name, inside) = self.define(map, pointer, namespace)?;
        let Some(Value::Array(list)) = map.get("fields") else {
            return Err(self.wrong(pointer, format!("record `{}` without a list of `fields`", name.full)));
        };
        let mut fields: Vec<Field> = Vec::with_capacity(list.len());
        let mut seen = std::collections::HashSet::new();
        for (index, value) in list.iter().enumerate() {
            let at = format!("{pointer}/fields/{index}");
            let field = value.as_object();
            let Some((field, called)) = field.and_then(|f| Some((f, f.get("name")?.as_str()?))) else {
                return Err(self.wrong(&at, "a field without `name`"));
            };
            if !is_name(called) {
                return Err(self.wrong(&format!("{at}/name"), format!("`{called}` is no name")));
            }
            if !seen.insert(called.to_owned()) {
                return Err(self.wrong(&format!("{at}/name"), format!("field `{called}` stands twice")));
            }
            let Some(kind) = field.get("type") else {
                return Err(self.wrong(&at, format!("field `{called}` without `type`")));
            };
            let kind = self.schema(kind, &format!("{at}/type"), &inside)?;
            let default = field.get("default").cloned();
            let aliases = self.aliases(field, &at)?;
            fields.push(Field { name: called.to_owned(), aliases, kind, default, pointer: at });
        }
        self.avro.nodes[id].kind = Kind::Record(name, fields);
        // A field's type may be a record whose fields are not known yet, so defaults come last.
        self.defaults(id)?;
        Ok(id)
    }

    fn defaults(&self, id: Id) -> Result<(), Invalid> {
        let Kind::Record(_, fields) = self.avro.kind(id) else { return Ok(()) };
        for field in fields {
            let Some(default) = &field.default else { continue };
            if !self.fits(default, field.kind, 0) {
                let shown = self.avro.shown(field.kind);
                let reason = format!("`{default}` is no default of `{}`, which is {shown}", field.name);
                return Err(self.wrong(&format!("{}/default", field.pointer), reason));
            }
        }
        Ok(())
    }

    /// A default of a union is one of any branch since 1.12, of the first one before.
    fn fits(&self, value: &Value, id: Id, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return true;
        }
        let deeper = |value: &Value, id: Id| self.fits(value, id, depth + 1);
        match self.avro.kind(id) {
            Kind::Null => value.is_null(),
            Kind::Boolean => value.is_boolean(),
            Kind::Int => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
            Kind::Long => value.as_i64().is_some(),
            // Libraries write what JSON has no number for as text.
            Kind::Float | Kind::Double => {
                value.is_number() || matches!(value.as_str(), Some("NaN" | "Infinity" | "-Infinity" | "INF" | "-INF"))
            }
            Kind::Bytes | Kind::String | Kind::Fixed(..) => value.is_string(),
            Kind::Enum(_, symbols, _) => value.as_str().is_some_and(|name| symbols.iter().any(|s| s == name)),
            Kind::Array(items) => value.as_array().is_some_and(|all| all.iter().all(|item| deeper(item, *items))),
            Kind::Map(values) => value.as_object().is_some_and(|all| all.values().all(|value| deeper(value, *values))),
            Kind::Union(branches) => branches.iter().any(|branch| deeper(value, *branch)),
            Kind::Record(_, fields) => value.as_object().is_some_and(|map| {
                fields.iter().all(|field| match map.get(&field.name) {
                    Some(value) => deeper(value, field.kind),
                    None => field.default.is_some(),
                })
            }),
            Kind::Missing(_) => true,
        }
    }

    fn enumeration(&mut self, map: &Map<String, Value>, pointer: &str, namespace: &str) -> Result<Id, Invalid> {
        let (id, name, _) = self.define(map, pointer, namespace)?;
        let symbols: Option<Vec<String>> = map
            .get("symbols")
            .and_then(Value::as_array)
            .and_then(|all| all.iter().map(|symbol| symbol.as_str().map(str::to_owned)).collect());
        let Some(symbols) = symbols else {
            return Err(self.wrong(pointer, format!("enum `{}` without a list of `symbols`", name.full)));
        };
        let mut seen = std::collections::HashSet::new();
        for symbol in &symbols {
            if !is_name(symbol) {
                return Err(self.wrong(&format!("{pointer}/symbols"), format!("`{symbol}` is no symbol")));
            }
            if !seen.insert(symbol) {
                return Err(self.wrong(&format!("{pointer}/symbols"), format!("symbol `{symbol}` stands twice")));
            }
        }
        // A default that is no symbol helps no reader, and harms none: it is only asked for where a symbol is not
        // known. Some parsers refuse such a schema, others take it.
        let default = map.get("default").and_then(Value::as_str);
        let default = default.filter(|name| symbols.iter().any(|symbol| symbol == name)).map(str::to_owned);
        self.avro.nodes[id].kind = Kind::Enum(name, symbols, default);
        Ok(id)
    }

    fn fixed(&mut self, map: &Map<String, Value>, pointer: &str, namespace: &str) -> Result<Id, Invalid> {
        let (id, name, _) = self.define(map, pointer, namespace)?;
        let Some(size) = map.get("size").and_then(Value::as_u64) else {
            return Err(self.wrong(pointer, format!("fixed `{}` without a `size`", name.full)));
        };
        self.avro.nodes[id].kind = Kind::Fixed(name, size);
        Ok(id)
    }
}

fn primitive(name: &str) -> Option<Kind> {
    Some(match name {
        "null" => Kind::Null,
        "boolean" => Kind::Boolean,
        "int" => Kind::Int,
        "long" => Kind::Long,
        "float" => Kind::Float,
        "double" => Kind::Double,
        "bytes" => Kind::Bytes,
        "string" => Kind::String,
        _ => return None,
    })
}

fn is_name(name: &str) -> bool {
    let mut all = name.bytes();
    all.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && all.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn qualified(name: &str, namespace: &str) -> String {
    match name.contains('.') || namespace.is_empty() {
        true => name.trim_start_matches('.').to_owned(),
        false => format!("{namespace}.{name}"),
    }
}

/// The name of a definition with its namespace.
pub(super) fn full_name(map: &Map<String, Value>, around: &str) -> Option<String> {
    let name = map.get("name")?.as_str()?;
    let namespace = map.get("namespace").and_then(Value::as_str).unwrap_or(around);
    Some(qualified(name, namespace))
}

/// Adds the named types that a schema defines.
pub(super) fn definitions(value: &Value, path: &str, names: &mut Names) {
    // What is still to be looked at: the value, its pointer, the namespace around it.
    let mut open: Vec<(&Value, String, String)> = vec![(value, String::new(), String::new())];
    while let Some((value, pointer, namespace)) = open.pop() {
        match value {
            Value::Array(all) => {
                let inner = all.iter().enumerate();
                open.extend(inner.map(|(index, item)| (item, format!("{pointer}/{index}"), namespace.clone())));
            }
            Value::Object(map) => {
                let kind = map.get("type").and_then(Value::as_str);
                let mut inside = namespace.clone();
                if let (Some("record" | "error" | "enum" | "fixed"), Some(full)) = (kind, full_name(map, &namespace)) {
                    inside = full.rsplit_once('.').map_or(String::new(), |(namespace, _)| namespace.to_owned());
                    let definition = Definition { path: path.to_owned(), pointer: pointer.clone(), namespace };
                    names.0.entry(full).or_default().push(definition);
                }
                for key in ["type", "fields", "items", "values"] {
                    if let Some(inner @ (Value::Array(_) | Value::Object(_))) = map.get(key) {
                        open.push((inner, format!("{pointer}/{}", escape(key)), inside.clone()));
                    }
                }
            }
            _ => {}
        }
    }
}
