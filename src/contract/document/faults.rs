//! What breaks the OpenAPI specification, as far as tools stumble over it. Each check names the sentence of
//! the specification it comes from; what is only bad style is no fault.

use std::collections::{BTreeMap, BTreeSet};

use super::lower;
use super::reference::{At, Dangling};
use super::{Fault, Operation, Version};
use crate::syntax::Place;
use crate::syntax::data::Node;

/// Faults as they are found.
#[derive(Debug, Default)]
pub(super) struct Faults {
    found: Vec<Fault>,
}

/// A document with more is no document; what follows says nothing new.
const MAX_FAULTS: usize = 1000;

impl Faults {
    fn add(&mut self, place: Place, message: impl Into<String>, help: impl Into<String>) {
        let fault = Fault { message: message.into(), help: help.into(), place };
        if self.found.len() < MAX_FAULTS && !self.found.contains(&fault) {
            self.found.push(fault);
        }
    }

    pub(super) fn dangling(&mut self, reference: &str, reason: &str, place: Place) {
        self.add(
            place,
            format!("`$ref: {reference}` leads nowhere: {reason}"),
            "Name something that is there, or add what is missing",
        );
    }

    /// In the order of the document, each once.
    pub(super) fn sorted(mut self) -> Vec<Fault> {
        self.found.sort_by(|a, b| (a.place, &a.message).cmp(&(b.place, &b.message)));
        self.found.dedup();
        self.found
    }
}

/// What holds for a document as a whole.
pub(super) fn of_document(root: At<'_>, version: Version, operations: &[Operation], faults: &mut Faults) {
    let top = lower::version(root.node).map_or(root.node.span, |(_, entry)| entry.key.span);
    let place = |node: &Node| Place::new(root.file, node.span);
    match root.node.entry("info") {
        // "info: REQUIRED", "title: REQUIRED", "version: REQUIRED".
        None => faults.add(
            Place::new(root.file, top),
            "the document has no `info`",
            "Add `info` with a `title` and the `version` of the API",
        ),
        Some(info) => {
            for key in ["title", "version"] {
                if info.value.get(key).and_then(Node::text).is_none() {
                    faults.add(
                        Place::new(root.file, info.key.span),
                        format!("`info` has no `{key}`"),
                        format!("Add `{key}` to `info`"),
                    );
                }
            }
        }
    }
    match root.node.entry("paths") {
        // 3.1 asks for one of `paths`, `components` and `webhooks`.
        None if version != Version::V31 || !["components", "webhooks"].iter().any(|k| root.node.get(k).is_some()) => {
            faults.add(Place::new(root.file, top), "the document has no `paths`", "Add `paths`, even if it is empty");
        }
        None => {}
        Some(paths) => {
            for entry in paths.value.entries() {
                // "The field name MUST begin with a forward slash."
                let name = entry.name();
                // `$ref`: the document is put together before it is used.
                if !name.starts_with('/') && !name.starts_with("x-") && name != "$ref" {
                    faults.add(
                        place(&entry.key),
                        format!("the path `{}` does not begin with `/`", entry.name()),
                        format!("Write `/{}`", entry.name()),
                    );
                }
            }
        }
    }
    same_paths(operations, faults);
    same_ids(operations, faults);
    unknown_schemes(root, version, operations, faults);
}

/// "Templated paths with the same hierarchy but different templated names MUST NOT exist as they are
/// identical."
fn same_paths(operations: &[Operation], faults: &mut Faults) {
    let mut seen: BTreeMap<String, &Operation> = BTreeMap::new();
    for operation in operations {
        let mut shape = String::new();
        let mut inside = false;
        for c in operation.path.chars() {
            match c {
                '{' => {
                    inside = true;
                    shape.push('{');
                }
                '}' => {
                    inside = false;
                    shape.push('}');
                }
                _ if inside => {}
                c => shape.push(c),
            }
        }
        match seen.get(&shape) {
            Some(first) if first.path != operation.path => faults.add(
                operation.path_place,
                format!("the paths `{}` and `{}` are the same", first.path, operation.path),
                format!("Put all operations below `{}`", first.path),
            ),
            Some(_) => {}
            None => {
                seen.insert(shape, operation);
            }
        }
    }
}

/// "The id MUST be unique among all operations described in the API."
fn same_ids(operations: &[Operation], faults: &mut Faults) {
    let mut seen: BTreeMap<&str, &Operation> = BTreeMap::new();
    for operation in operations {
        let Some(id) = operation.id.as_deref() else { continue };
        match seen.get(id) {
            Some(first) => faults.add(
                operation.place,
                format!("`operationId: {id}` stands at `{first}` and at `{operation}`"),
                "Give each operation an id of its own: clients are generated with a function of that name",
            ),
            None => {
                seen.insert(id, operation);
            }
        }
    }
}

/// "Each name MUST correspond to a security scheme which is declared in the Security Schemes under the
/// Components Object" (`securityDefinitions` in 2.0).
fn unknown_schemes(root: At<'_>, version: Version, operations: &[Operation], faults: &mut Faults) {
    let schemes = match version {
        Version::V2 => root.node.get("securityDefinitions"),
        _ => root.node.at(["components", "securitySchemes"]),
    };
    let known: BTreeSet<&str> =
        schemes.map(Node::entries).unwrap_or_default().into_iter().map(|entry| entry.name()).collect();
    let mut told = BTreeSet::new();
    for operation in operations {
        for (name, _) in operation.security.iter().flatten().flatten() {
            // 3.2 takes addresses too.
            if !known.contains(name.as_str()) && !name.contains("://") && told.insert(name.clone()) {
                faults.add(
                    operation.place,
                    format!("`{operation}` asks for the security scheme `{name}`, which is not declared"),
                    match version {
                        Version::V2 => format!("Declare `{name}` below `securityDefinitions`"),
                        _ => format!("Declare `{name}` below `components.securitySchemes`"),
                    },
                );
            }
        }
    }
}

/// What holds for an operation.
pub(super) fn of_operation(at: At<'_>, version: Version, operation: &Operation, faults: &mut Faults) {
    // Required in 2.0 and 3.0.
    if version != Version::V31 && at.node.get("responses").is_none_or(|node| node.entries().is_empty()) {
        faults.add(
            operation.place,
            format!("`{operation}` has no `responses`"),
            "Add at least the response of a successful call",
        );
    }
    if operation.partial {
        return;
    }
    // "Each template expression in the path MUST correspond to a path parameter".
    let declared: BTreeSet<&str> =
        operation.parameters.iter().filter(|p| p.location == "path").map(|p| p.name.as_str()).collect();
    let named = names(&operation.path);
    for name in &named {
        if !declared.contains(name.as_str()) {
            faults.add(
                operation.place,
                format!("`{operation}` declares no parameter for `{{{name}}}`"),
                format!("Add a parameter `{name}` with `in: path` and `required: true`"),
            );
        }
    }
    for parameter in operation.parameters.iter().filter(|p| p.location == "path") {
        if !named.contains(&parameter.name) {
            faults.add(
                parameter.place,
                format!("the path parameter `{}` does not occur in `{}`", parameter.name, operation.path),
                match named.iter().find(|name| !declared.contains(name.as_str())) {
                    Some(other) => format!("Call it `{other}`, as the path does"),
                    None => format!("Put `{{{}}}` into the path, or say `in: query`", parameter.name),
                },
            );
        }
    }
}

/// The names of a path's parameters; `{id}:cancel` and `{+path}` have one too.
fn names(path: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut left = path;
    while let Some(open) = left.find('{') {
        let Some(close) = left[open..].find('}').map(|at| open + at) else { break };
        out.push(left[open + 1..close].to_owned());
        left = &left[close + 1..];
    }
    out
}

/// What holds for a parameter.
pub(super) fn of_parameter(at: At<'_>, version: Version, place: Place, faults: &mut Faults) {
    let text = |key: &str| at.node.get(key).and_then(Node::text);
    let (Some(name), Some(location)) = (text("name"), text("in")) else {
        let key = if text("name").is_none() { "name" } else { "in" };
        faults.add(place, format!("a parameter has no `{key}`"), format!("Add `{key}`"));
        return;
    };
    let locations: &[&str] = match version {
        Version::V2 => &["path", "query", "header", "formData", "body"],
        _ => &["path", "query", "header", "cookie", "querystring"],
    };
    if !locations.contains(&location) {
        let help = match location {
            "body" | "formData" => "Describe the body as `requestBody`: OpenAPI 3 has no such parameter".to_owned(),
            _ => format!("Write one of {}", locations.iter().map(|l| format!("`{l}`")).collect::<Vec<_>>().join(", ")),
        };
        faults.add(place, format!("the parameter `{name}` has `in: {location}`"), help);
        return;
    }
    // "If the parameter location is "path", this field is REQUIRED and its value MUST be true."
    if location == "path" && at.node.get("required").and_then(Node::as_bool) != Some(true) {
        faults.add(
            place,
            format!("the path parameter `{name}` is not `required`"),
            "Add `required: true`: a path has all its parts",
        );
    }
    let described = match version {
        // Below `schema` it is a body, or a mistake that all tools read.
        Version::V2 => ["type", "schema"].iter().any(|key| at.node.get(key).is_some()),
        _ => ["schema", "content"].iter().any(|key| at.node.get(key).is_some()),
    };
    if !described {
        let key = if version == Version::V2 { "type" } else { "schema" };
        faults.add(place, format!("the parameter `{name}` has no `{key}`"), format!("Say with `{key}` what it may be"));
    }
}

/// What holds for a response.
pub(super) fn of_response(at: At<'_>, status: &str, place: Place, faults: &mut Faults) {
    let digits = status.as_bytes();
    let code = digits.len() == 3
        && matches!(digits[0], b'1'..=b'5')
        && (digits[1..].iter().all(u8::is_ascii_digit) || digits[1..] == *b"XX");
    if status != "default" && !code {
        faults.add(
            place,
            format!("`{status}` is no status of a response"),
            "Write a status code in quotes, a range such as `\"4XX\"`, or `default`",
        );
    }
    // "description: REQUIRED."
    if at.node.get("description").is_none_or(|node| !node.is_null() && node.text().is_none()) {
        faults.add(
            place,
            format!("the response `{status}` has no `description`"),
            "Add `description`, which every response has",
        );
    }
}

/// References anywhere in a document that lead nowhere.
pub(super) fn references(root: At<'_>, follow: &dyn Fn(At<'_>) -> Result<(), Dangling>, faults: &mut Faults) {
    let mut todo = vec![root.node];
    while let Some(node) = todo.pop() {
        if super::reference::reference(node).is_some()
            && let Err(Dangling::Missing { reference, reason, place }) = follow(At { file: root.file, node })
        {
            faults.dangling(&reference, &reason, place);
        }
        for entry in node.raw_entries() {
            // What stands there is data, not a part of the document.
            let data = matches!(entry.name(), "example" | "examples" | "default" | "enum" | "const");
            if !data && !entry.name().starts_with("x-") {
                todo.push(&entry.value);
            }
        }
        todo.extend(node.items());
    }
}
