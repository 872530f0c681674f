//! Which files hold schemas, and what each schema is: its subject, its version, the event that it
//! describes.

use rayon::prelude::*;
use serde_json::Value;

use super::avro;
use super::document::{Document, escape};
use super::layouts;
use super::library::Library;
use super::proto;
use crate::files::{self, File, Tree, Zone, zone};
use crate::syntax::{FileId, Place, Span};

/// What a file with schemas is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// A JSON Schema, in JSON or YAML.
    JsonSchema,
    /// An AsyncAPI document; each of its messages is a schema.
    AsyncApi,
    /// An Avro schema (`.avsc`).
    Avro,
    /// A Protobuf file.
    Protobuf,
}

/// A schema of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What it is called whatever its version: the `$id`, the message or the path, without the version.
    pub name: String,
    /// Its version, where one is written (`1`, `1.2.0`).
    pub version: Option<String>,
    /// The version is one of SchemaVer (`1-0-2`), of which only the last number keeps a promise.
    pub is_schema_ver: bool,
    /// What kind of file it is in.
    pub format: Format,
    /// The path of that file.
    pub path: String,
    /// Where in the file the schema is, as a JSON pointer; empty for the whole.
    pub pointer: String,
    /// The types of the events that it describes, as messages carry them: `const` of `type`, the name of a
    /// message; else the title or the file's name. The first one is the most certain.
    pub types: Vec<String>,
    /// True when a type is written in the schema itself, not guessed from a title or a file's name.
    pub is_type_stated: bool,
    /// AsyncAPI: the addresses of the channels that carry the message.
    pub channels: Vec<String>,
    /// Pointers in the file to documents that should be valid.
    pub examples: Vec<String>,
}

/// The schemas of a tree, and the documents that they are in.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    /// Every document that was read, also those that only serve references.
    pub library: Library,
    /// The Protobuf files, by path.
    pub protos: Vec<proto::File>,
    /// Where the types of Avro schemas are defined.
    pub avro: avro::Names,
    /// The schemas, by path and pointer.
    pub subjects: Vec<Subject>,
    /// Files that look like schemas and could not be read: why not, without a full stop.
    pub errors: Vec<(FileId, String)>,
    /// The schemas by the types of their events, without case, separators and version.
    by_type: std::collections::HashMap<String, Vec<usize>>,
    /// The files of the documents by path.
    pub files: std::collections::HashMap<String, FileId>,
    /// The text of the documents by path, where it was asked for ([`Schemas::read_with_text`]).
    pub sources: std::collections::HashMap<String, String>,
}

/// Larger ones are not schemas that somebody wrote.
const MAX_BYTES: u64 = 32 << 20;

impl Schemas {
    /// Reads the schemas of the production code and of its documentation.
    pub fn read(tree: &Tree) -> Schemas {
        let candidates: Vec<FileId> = tree.ids().filter(|id| is_candidate(&tree.file(*id).path)).collect();
        let read: Vec<_> = candidates.into_par_iter().filter_map(|id| Some((id, read(tree.file(id))?))).collect();
        let mut found = Schemas::default();
        for (id, result) in read {
            match result {
                Ok(Source::Document(document)) => {
                    found.files.insert(document.path.clone(), id);
                    found.library.add(document);
                }
                Ok(Source::Protobuf(file)) => found.protos.push(file),
                Err(reason) => found.errors.push((id, reason)),
            }
        }
        for document in found.library.documents() {
            found.subjects.extend(subjects(document));
        }
        found.protos.sort_by(|a, b| a.path.cmp(&b.path));
        found.subjects.extend(found.protos.iter().flat_map(protobuf));
        let avro = found.library.documents().map(|d| d.path.as_str()).filter(|path| is_avro(path));
        found.avro = avro::Names::of(&found.library, avro);
        layouts::without_working_copies(&mut found.subjects);
        found.subjects.sort_by(|a, b| (&a.path, &a.pointer).cmp(&(&b.path, &b.pointer)));
        for (index, subject) in found.subjects.iter().enumerate() {
            for name in &subject.types {
                let known = found.by_type.entry(normal(name)).or_default();
                if known.last() != Some(&index) {
                    known.push(index);
                }
            }
        }
        found
    }

    /// [`Schemas::read`], keeping the text: for a state that is not on disk.
    pub fn read_with_text(tree: &Tree) -> Schemas {
        let mut found = Schemas::read(tree);
        let text = |path: &str| files::read(tree.file(tree.find(path)?)).ok();
        let documents = found.library.documents().map(|document| document.path.clone());
        let paths = documents.chain(found.protos.iter().map(|file| file.path.clone()));
        found.sources = paths.filter_map(|path| text(&path).map(|text| (path, text))).collect();
        found
    }

    /// Where the schema, or what it holds at a pointer, stands in a file.
    pub fn span(&self, path: &str, pointer: &str) -> Option<Span> {
        match self.library.document(path) {
            Some(document) => Some(document.span(pointer)),
            None => self.protos.iter().find(|file| file.path == path).map(|file| file.span(pointer)),
        }
    }

    /// Where something stands in a document: a JSON pointer, empty for the whole.
    pub fn place(&self, path: &str, pointer: &str) -> Option<Place> {
        Some(Place::new(*self.files.get(path)?, self.library.document(path)?.span(pointer)))
    }

    /// The schemas that describe an event of this type, whatever its version. Names are compared without
    /// case and separators: `order.placed.v1`, `OrderPlaced` and `order-placed` are one event.
    pub fn of_event(&self, name: &str) -> Vec<&Subject> {
        let known = self.by_type.get(&normal(name));
        known.into_iter().flatten().filter_map(|index| self.subjects.get(*index)).collect()
    }
}

/// True for a path that may hold a schema.
pub fn is_candidate(path: &str) -> bool {
    matches!(zone(path), Zone::Production | Zone::Docs) && format_of(path).is_some()
}

/// What a file may be by its path; its content decides.
fn format_of(path: &str) -> Option<Format> {
    let path = path.to_ascii_lowercase();
    if layouts::is_iglu(&path) {
        return Some(Format::JsonSchema);
    }
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "avsc" => return Some(Format::Avro),
        "proto" => return Some(Format::Protobuf),
        "json" | "yaml" | "yml" => {}
        _ => return None,
    }
    if name.starts_with("asyncapi") || name.contains(".asyncapi.") || folders.split('/').any(|f| f == "asyncapi") {
        return Some(Format::AsyncApi);
    }
    const FOLDERS: [&str; 10] = [
        "schemas",
        "schema",
        "events",
        "event-schemas",
        "event_schemas",
        "json-schemas",
        "json-schema",
        "jsonschema",
        "jsonschemas",
        "messages",
    ];
    let named =
        [".schema.json", ".schema.yaml", ".schema.yml", ".jsonschema.json"].iter().any(|end| name.ends_with(end));
    (named || folders.split('/').any(|folder| FOLDERS.contains(&folder))).then_some(Format::JsonSchema)
}

/// A file with schemas.
enum Source {
    Document(Document),
    Protobuf(proto::File),
}

/// What a file says; none for one that holds no schema.
fn read(file: &File) -> Option<Result<Source, String>> {
    let format = format_of(&file.path)?;
    if file.size > MAX_BYTES {
        return Some(Err(format!("has {} bytes, more than a schema that is read", file.size)));
    }
    let text = match files::read(file) {
        Ok(text) => text,
        Err(files::ReadError::TooLarge { size, limit }) => {
            return Some(Err(format!("has {size} bytes, more than the {limit} that are read of such a file")));
        }
        Err(error) => return says_schema(&file.path).then(|| Err(error.to_string())),
    };
    if format == Format::Protobuf {
        return Some(proto::File::read(&file.path, &text).map(Source::Protobuf));
    }
    match Document::read(&file.path, &text) {
        Ok(document) if format == Format::Avro => Some(Ok(Source::Document(document))),
        Err(error) if format == Format::Avro => Some(Err(error.message)),
        Ok(document) => looks_like_schema(&document.value).then_some(Ok(Source::Document(document))),
        // Data in a folder called `events` may be anything; who says it is a schema is taken at its word.
        Err(error) if says_schema(&file.path) || text.contains("asyncapi") => Some(Err(error.message)),
        Err(_) => None,
    }
}

/// True for a file whose name says that it holds schemas.
fn says_schema(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    name.contains(".schema.") || name.starts_with("asyncapi") || name.contains(".asyncapi.")
}

/// True for what has the keywords of a schema or of AsyncAPI.
fn looks_like_schema(value: &Value) -> bool {
    if value.get("asyncapi").is_some() {
        return true;
    }
    // Those have readers of their own.
    if ["openapi", "swagger", "apiVersion", "services"].iter().any(|key| value.get(key).is_some()) {
        return false;
    }
    let has = |key: &str| value.get(key).is_some();
    let typed = value.get("type").is_some_and(|t| {
        let is_type = |t: &Value| {
            t.as_str()
                .is_some_and(|t| ["object", "array", "string", "number", "integer", "boolean", "null"].contains(&t))
        };
        is_type(t) || t.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(is_type))
    });
    let structured =
        ["properties", "$ref", "allOf", "anyOf", "oneOf", "items", "enum", "const", "$defs", "definitions"];
    value.get("$schema").and_then(Value::as_str).is_some_and(|uri| uri.contains("schema"))
        && (typed || has("$id") || structured.iter().any(|key| has(key)))
        || (typed && structured.iter().any(|key| has(key)))
        || (has("$defs") || has("definitions")) && value.as_object().is_some_and(|map| map.len() <= 4)
        || has("allOf") && value["allOf"].is_array()
}

/// The schemas in a document.
pub fn subjects(document: &Document) -> Vec<Subject> {
    if is_avro(&document.path) {
        return vec![avro_subject(document)];
    }
    if document.value.get("asyncapi").is_some() {
        return super::asyncapi::subjects(document);
    }
    let value = &document.value;
    // A file of shared definitions describes no document.
    let only_shared = value.as_object().is_some_and(|map| {
        !["type", "properties", "$ref", "allOf", "anyOf", "oneOf", "enum", "const", "items"]
            .iter()
            .any(|key| map.contains_key(*key))
    });
    if only_shared {
        return Vec::new();
    }
    let id = value.get("$id").or_else(|| value.get("id")).and_then(Value::as_str).map(|id| id.trim_end_matches('#'));
    let (by_path, path_version) = unversioned(stem(&document.path));
    let described = layouts::self_described(value);
    let is_schema_ver = described.is_some();
    let (name, version) = match (described, id.filter(|id| id.contains(['/', ':']))) {
        (Some((name, version)), _) => (name, Some(version.replace('-', "."))),
        (None, Some(id)) => {
            let (name, version) = unversioned(stem(id));
            (name, version.or(path_version))
        }
        (None, None) => (by_path, path_version),
    };
    let stated: Vec<String> = stated_types(value);
    let is_type_stated = !stated.is_empty();
    let mut types = stated;
    types.extend(value.get("title").and_then(Value::as_str).filter(|title| title.len() < 80).map(str::to_owned));
    let file = document.path.rsplit('/').next().unwrap_or_default();
    types.push(unversioned(stem(file)).0);
    types.extend(name.rsplit('/').next().map(str::to_owned));
    types.dedup();
    vec![Subject {
        name,
        version,
        is_schema_ver,
        format: Format::JsonSchema,
        path: document.path.clone(),
        pointer: String::new(),
        types,
        is_type_stated,
        channels: Vec::new(),
        examples: examples(value, ""),
    }]
}

fn is_avro(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".avsc")
}

/// The schema of an `.avsc` file: its subject is the full name, or the path of a union.
fn avro_subject(document: &Document) -> Subject {
    let (by_path, path_version) = unversioned(stem(&document.path));
    let full = document.value.as_object().and_then(avro::full_name);
    let (name, version) = match &full {
        Some(full) => unversioned(full),
        None => (by_path.clone(), None),
    };
    let mut types: Vec<String> = full.iter().filter_map(|full| full.rsplit('.').next()).map(str::to_owned).collect();
    types.extend(full);
    types.extend(by_path.rsplit('/').next().map(str::to_owned));
    types.dedup();
    Subject {
        name,
        version: version.or(path_version),
        is_schema_ver: false,
        format: Format::Avro,
        path: document.path.clone(),
        pointer: String::new(),
        types,
        is_type_stated: false,
        channels: Vec::new(),
        examples: Vec::new(),
    }
}

/// A file for itself (its package and options), and its messages, enums and services; only messages are
/// events.
fn protobuf(file: &proto::File) -> impl Iterator<Item = Subject> {
    let whole = std::iter::once((stem(&file.path), String::new()));
    whole.chain(file.top()).map(|(called, pointer)| {
        let full = if pointer.is_empty() { called.to_owned() } else { file.full_name(called) };
        let (name, mut version) = unversioned(&full);
        if pointer.is_empty() {
            version = unversioned(&file.package).1;
        }
        let types = if file.is_message(&pointer) { vec![called.to_owned(), full] } else { Vec::new() };
        Subject {
            name,
            version: version.or_else(|| unversioned(stem(&file.path)).1),
            is_schema_ver: false,
            format: Format::Protobuf,
            path: file.path.clone(),
            pointer,
            types,
            is_type_stated: false,
            channels: Vec::new(),
            examples: Vec::new(),
        }
    })
}

/// `const` and one-valued `enum` of the members that carry the type, and our extensions.
pub(super) fn stated_types(schema: &Value) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    found
        .extend(["x-event-type", "x-event-name"].iter().filter_map(|key| schema.get(key)?.as_str()).map(str::to_owned));
    const CARRIERS: [&str; 7] = ["type", "event_type", "eventType", "event", "event_name", "eventName", "name"];
    let all = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
    for part in [schema].into_iter().chain(all) {
        for carrier in CARRIERS {
            let Some(member) = part.get("properties").and_then(|all| all.get(carrier)) else { continue };
            let only = member.get("enum").and_then(Value::as_array).filter(|values| values.len() == 1);
            let value = member.get("const").or_else(|| only.map(|values| &values[0]));
            found.extend(value.and_then(Value::as_str).map(str::to_owned));
        }
    }
    found
}

/// `examples` of a schema.
pub(super) fn examples(schema: &Value, at: &str) -> Vec<String> {
    let count = schema.get("examples").and_then(Value::as_array).map_or(0, Vec::len);
    let mut found: Vec<String> = (0..count).map(|index| format!("{at}/examples/{index}")).collect();
    found.extend(schema.get("example").map(|_| format!("{at}/example")));
    found
}

/// A path without what says that it is a schema.
fn stem(path: &str) -> &str {
    let mut path = path;
    for end in [".json", ".yaml", ".yml", ".schema", ".jsonschema", "-schema", "_schema", ".avsc", ".proto"] {
        path = path.strip_suffix(end).unwrap_or(path);
    }
    path
}

/// A name without its version, and the version: `order-placed.v1`, `orders/v2/placed`, `placed/1-0-0`,
/// `OrderPlacedV2`.
pub fn unversioned(name: &str) -> (String, Option<String>) {
    let bytes = name.as_bytes();
    let mut best: Option<(usize, usize, String)> = None;
    let mut at = 0;
    while at < bytes.len() {
        let separated = at == 0 || matches!(bytes[at - 1], b'.' | b'-' | b'_' | b'/' | b'@' | b':');
        let cased = bytes[at] == b'V' && at > 0 && bytes[at - 1].is_ascii_lowercase();
        let marked = (bytes[at] | 32) == b'v' && (separated || cased);
        let from = at + usize::from(marked);
        let starts = (marked || (separated && at > 0)) && bytes.get(from).is_some_and(u8::is_ascii_digit);
        if !starts {
            at += 1;
            continue;
        }
        let mut end = from;
        while end < bytes.len()
            && (bytes[end].is_ascii_digit()
                || (matches!(bytes[end], b'.' | b'-') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)))
        {
            end += 1;
        }
        let closed = bytes.get(end).is_none_or(|next| matches!(next, b'.' | b'-' | b'_' | b'/'));
        let version = name[from..end].replace('-', ".");
        // A bare number is a version only as one of several (`1.2.0`), as the last part, or as a folder.
        let plain = marked || version.contains('.') || end == bytes.len() || bytes.get(end) == Some(&b'/');
        if closed && plain {
            best = Some((if cased { at } else { at.saturating_sub(1) }, end, version));
        }
        at = end;
    }
    match best {
        Some((start, end, version)) => {
            (format!("{}{}", &name[..start], &name[end..]).trim_matches('/').to_owned(), Some(version))
        }
        None => (name.to_owned(), None),
    }
}

/// A name of an event without case, separators and version.
pub fn normal(name: &str) -> String {
    let name = unversioned(name).0;
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A pointer and one token more.
pub(super) fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", escape(key))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Document, is_candidate, normal, subjects, unversioned};

    #[test]
    fn versions_are_told_from_names() {
        let of = |name: &str| {
            let (name, version) = unversioned(name);
            (name, version.unwrap_or_default())
        };
        let is = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(of("order-placed.v1"), is("order-placed", "1"));
        assert_eq!(of("schemas/v2/order"), is("schemas/order", "2"));
        assert_eq!(of("iglu:com.acme/order/jsonschema/1-0-0"), is("iglu:com.acme/order/jsonschema", "1.0.0"));
        assert_eq!(of("OrderPlacedV2"), is("OrderPlaced", "2"));
        assert_eq!(of("order_placed_v10"), is("order_placed", "10"));
        assert_eq!(of("order-placed"), is("order-placed", ""));
        assert_eq!(of("oauth2-token"), is("oauth2-token", ""));
        assert_eq!(of("s3/object"), is("s3/object", ""));
        assert_eq!(normal("order.placed.v1"), normal("OrderPlaced"));
    }

    #[test]
    fn a_schema_has_a_name_and_the_type_of_its_event() {
        let value = json!({"$id": "https://acme.org/orders/order-placed/v3.json",
            "type": "object", "properties": {"type": {"const": "order.placed.v3"}}, "examples": [{}]});
        let document = Document::read("events/order-placed.v3.schema.json", &value.to_string()).unwrap();
        let subject = subjects(&document).remove(0);
        assert_eq!(subject.name, "https://acme.org/orders/order-placed");
        assert_eq!(subject.version.as_deref(), Some("3"));
        assert_eq!(subject.types[0], "order.placed.v3");
        assert!(subject.is_type_stated);
        assert_eq!(subject.examples, ["/examples/0"]);
        assert!(is_candidate("orders/events/x.json") && !is_candidate("orders/tests/events/x.json"));
        assert!(is_candidate("docs/asyncapi/orders.yaml"), "as OpenAPI documents, they lie among the documentation");
    }
}
