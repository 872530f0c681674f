//! What a schema asks of the object that it describes, as far as that is certain.

use super::reference::{At, Library};
use crate::syntax::Place;
use crate::syntax::data::Node;

/// How deep `allOf` is followed.
const MAX_DEPTH: usize = 16;

/// What is asked of an object.
#[derive(Clone, Debug, Default)]
pub struct Object {
    /// The names that have to be there, each with the place that says so, sorted.
    pub required: Vec<(String, Place)>,
    /// The names that are described.
    pub properties: Vec<String>,
    /// Something could not be read, so more may be asked or described.
    pub open: bool,
}

/// What a schema asks of an object that is sent to the server; none for one that is no object.
pub fn sent(library: &Library, schema: At<'_>) -> Option<Object> {
    let mut object = Object::default();
    let mut read_only = Vec::new();
    let is_object = collect(library, schema, 0, &mut object, &mut read_only);
    // OpenAPI 3.0: what is read-only is required of responses only. 3.1 leaves that open, so it is not
    // asked for either.
    object.required.retain(|(name, _)| !read_only.contains(name));
    object.required.sort();
    object.required.dedup_by(|a, b| a.0 == b.0);
    is_object.then_some(object)
}

fn collect(library: &Library, schema: At<'_>, depth: usize, object: &mut Object, read_only: &mut Vec<String>) -> bool {
    if depth > MAX_DEPTH {
        object.open = true;
        return false;
    }
    let Ok(at) = library.follow(schema) else {
        object.open = true;
        return false;
    };
    let types: Vec<&str> = match at.node.get("type") {
        Some(node) if node.is_list() => node.items().iter().filter_map(Node::text).collect(),
        Some(node) => node.text().into_iter().collect(),
        None => Vec::new(),
    };
    let mut is_object = types == ["object"] || types.is_empty() && at.node.get("properties").is_some_and(Node::is_map);
    for name in at.node.get("required").map(Node::items).unwrap_or_default() {
        if let Some(text) = name.as_str() {
            object.required.push((text.to_owned(), Place::new(at.file, name.span)));
        }
    }
    for entry in at.node.get("properties").map(Node::entries).unwrap_or_default() {
        object.properties.push(entry.name().to_owned());
        let property = library.follow(At { file: at.file, node: &entry.value });
        if property.is_ok_and(|p| p.node.get("readOnly").and_then(Node::as_bool) == Some(true)) {
            read_only.push(entry.name().to_owned());
        }
        // A default is filled in by the server, whatever the list of required names says: many frameworks
        // write both.
        if entry.value.get("default").is_some() {
            read_only.push(entry.name().to_owned());
        }
    }
    for part in at.node.get("allOf").map(Node::items).unwrap_or_default() {
        is_object |= collect(library, At { file: at.file, node: part }, depth + 1, object, read_only);
    }
    if ["oneOf", "anyOf", "if", "not", "$dynamicRef"].iter().any(|key| at.node.get(key).is_some()) {
        object.open = true;
    }
    is_object
}
