//! From the spanned value to a [`Document`].

use std::sync::Arc;

use super::faults::{self, Faults};
use super::reference::{At, Dangling, Library};
use super::{Alternative, Body, Document, Media, Operation, Parameter, Response, SchemaRef, Version};
use crate::syntax::data::{Entry, Node};
use crate::syntax::{FileId, Place};

/// The members of a path item that are operations.
const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/// Documents with more are cut; the largest known has twelve thousand.
const MAX_OPERATIONS: usize = 50_000;

/// The document that a file is, if it is one.
pub(super) fn document(file: FileId, library: Arc<Library>) -> Option<Document> {
    let root = library.root(file)?;
    let (version, key) = version(root.node)?;
    let mut reader = Reader { library: &library, version, faults: Faults::default(), remote: Vec::new() };
    let bases = reader.bases(root, root.node.get("basePath"));
    let bases = bases.unwrap_or_else(|| vec![String::new()]);
    let security = security(root.node);
    let mut operations = Vec::new();
    let paths = root.node.entry("paths");
    let mut names = Vec::new();
    // A reference in the place of all paths is none of the specification's; who bundles documents writes it.
    let holder = paths.and_then(|paths| reader.follow(At { file, node: &paths.value }));
    for entry in holder.map(|holder| holder.node.entries()).unwrap_or_default() {
        if entry.name().starts_with('/') {
            names.push(entry.name().to_owned());
        }
        if entry.name().starts_with('/') && operations.len() < MAX_OPERATIONS {
            reader.path(holder.unwrap_or(root), entry, &bases, security.as_ref(), &mut operations);
        }
    }
    let api_version = root.node.at(["info", "version"]);
    let api_version = api_version.and_then(|node| Some((node.text()?.to_owned(), Place::new(file, node.span))));
    faults::of_document(root, version, &operations, &mut reader.faults);
    for at in library.files() {
        faults::references(at, &|at| library.follow(at).map(|_| ()), &mut reader.faults);
    }
    let Reader { faults, remote, .. } = reader;
    Some(Document {
        file,
        place: Place::new(file, key.key.span),
        version,
        title: root.node.at(["info", "title"]).and_then(Node::text).map(str::to_owned),
        api_version,
        bases,
        paths: names,
        paths_place: paths.map(|paths| Place::new(file, paths.key.span)),
        operations,
        faults: faults.sorted(),
        remote,
        library: Arc::clone(&library),
    })
}

/// The version that a document names, and where.
pub(super) fn version(root: &Node) -> Option<(Version, &Entry)> {
    if let Some(entry) = root.entry("swagger") {
        return entry.value.text()?.starts_with('2').then_some((Version::V2, entry));
    }
    let entry = root.entry("openapi")?;
    let text = entry.value.text()?;
    match text.strip_prefix("3.")? {
        rest if rest.starts_with('0') => Some((Version::V30, entry)),
        _ => Some((Version::V31, entry)),
    }
}

struct Reader<'l> {
    library: &'l Library,
    version: Version,
    faults: Faults,
    remote: Vec<String>,
}

impl<'l> Reader<'l> {
    /// What a value means; a reference that leads nowhere is a fault.
    fn follow(&mut self, at: At<'l>) -> Option<At<'l>> {
        match self.library.follow(at) {
            Ok(found) => Some(found),
            Err(Dangling::Remote(reference)) => {
                if !self.remote.contains(&reference) {
                    self.remote.push(reference);
                }
                None
            }
            Err(Dangling::Missing { reference, reason, place }) => {
                self.faults.dangling(&reference, &reason, place);
                None
            }
            Err(Dangling::Circle(_)) => None,
        }
    }

    fn member(&mut self, at: At<'l>, key: &str) -> Option<At<'l>> {
        let node = at.node.get(key)?;
        self.follow(At { file: at.file, node })
    }

    /// The paths of the servers that a value names; none when it names none.
    fn bases(&mut self, at: At<'l>, base_path: Option<&Node>) -> Option<Vec<String>> {
        if self.version == Version::V2 {
            return base_path.and_then(Node::text).map(|path| vec![path.trim_end_matches('/').to_owned()]);
        }
        let servers = at.node.get("servers")?;
        let mut bases: Vec<String> = Vec::new();
        for server in servers.items() {
            let Some(url) = server.get("url").and_then(Node::text) else { continue };
            let variables = server.get("variables");
            let default = |name: &str| variables?.get(name)?.get("default")?.text().map(str::to_owned);
            let base = base_of(url, default);
            if !bases.contains(&base) {
                bases.push(base);
            }
        }
        Some(bases).filter(|bases| !bases.is_empty())
    }

    fn path(
        &mut self,
        root: At<'l>,
        entry: &'l Entry,
        bases: &[String],
        security: Option<&Vec<Alternative>>,
        operations: &mut Vec<Operation>,
    ) {
        let path_place = Place::new(root.file, entry.key.span);
        let Some(item) = self.follow(At { file: root.file, node: &entry.value }) else { return };
        let item_bases = self.bases(item, None).filter(|_| self.version != Version::V2);
        let mut partial = false;
        let (shared, shared_body) = self.parameters(root, item, &mut partial);
        for operation in item.node.entries() {
            let name = operation.name();
            if !METHODS.contains(&name) || !operation.value.is_map() {
                continue;
            }
            let at = At { file: item.file, node: &operation.value };
            let place = Place::new(item.file, operation.key.span);
            let own_bases = self.bases(at, None).filter(|_| self.version != Version::V2);
            let mut partial = partial;
            let (mut parameters, mut body) = self.parameters(root, at, &mut partial);
            let inherited =
                |p: &&Parameter| !parameters.iter().any(|q| (&q.name, &q.location) == (&p.name, &p.location));
            let more: Vec<Parameter> = shared.iter().filter(inherited).cloned().collect();
            parameters.extend(more);
            if body.is_none() {
                body = shared_body.clone();
            }
            if self.version != Version::V2 {
                body = self.body(at, &mut partial);
            }
            let responses = self.responses(root, at, &mut partial);
            let own = self::security(at.node);
            let operation = Operation {
                method: name.to_ascii_uppercase(),
                path: entry.name().to_owned(),
                bases: own_bases.or_else(|| item_bases.clone()).unwrap_or_else(|| bases.to_vec()),
                place,
                path_place,
                id: at.node.get("operationId").and_then(Node::text).map(str::to_owned),
                parameters,
                body,
                responses,
                security: own.or_else(|| security.cloned()),
                deprecated: at.node.get("deprecated").and_then(Node::as_bool).unwrap_or(false),
                partial,
            };
            faults::of_operation(at, self.version, &operation, &mut self.faults);
            operations.push(operation);
        }
    }

    /// The parameters of an operation or of a path, and the body that OpenAPI 2 has among them.
    fn parameters(&mut self, root: At<'l>, at: At<'l>, partial: &mut bool) -> (Vec<Parameter>, Option<Body>) {
        let mut parameters = Vec::new();
        let mut body = None;
        let items = at.node.get("parameters").map(Node::items).unwrap_or_default();
        for item in items {
            let Some(found) = self.follow(At { file: at.file, node: item }) else {
                *partial = true;
                continue;
            };
            let text = |key: &str| found.node.get(key).and_then(Node::text).map(str::to_owned);
            let place = Place::new(found.file, found.node.get("name").unwrap_or(found.node).span);
            faults::of_parameter(found, self.version, place, &mut self.faults);
            let (Some(name), Some(location)) = (text("name"), text("in")) else { continue };
            let required = found.node.get("required").and_then(Node::as_bool).unwrap_or(false);
            let schema = found.node.get("schema").cloned().or_else(|| match self.version {
                Version::V2 => Some(found.node.clone()),
                _ => found
                    .node
                    .get("content")
                    .and_then(|c| c.entries().first().and_then(|e| e.value.get("schema")).cloned()),
            });
            let schema = schema.map(|node| SchemaRef { file: found.file, node });
            if location == "body" && self.version == Version::V2 {
                let media = consumes(root, at);
                let media = media.into_iter().map(|name| Media { name, schema: schema.clone(), place }).collect();
                body = Some(Body { required, media, place });
            } else {
                parameters.push(Parameter { name, location, required, schema, place });
            }
        }
        (parameters, body)
    }

    fn body(&mut self, at: At<'l>, partial: &mut bool) -> Option<Body> {
        let entry = at.node.entry("requestBody")?;
        let Some(found) = self.follow(At { file: at.file, node: &entry.value }) else {
            *partial = true;
            return None;
        };
        Some(Body {
            required: found.node.get("required").and_then(Node::as_bool).unwrap_or(false),
            media: media(found),
            place: Place::new(at.file, entry.key.span),
        })
    }

    fn responses(&mut self, root: At<'l>, at: At<'l>, partial: &mut bool) -> Vec<Response> {
        let mut out = Vec::new();
        for entry in at.node.get("responses").map(Node::entries).unwrap_or_default() {
            if entry.name().starts_with("x-") {
                continue;
            }
            let place = Place::new(at.file, entry.key.span);
            let Some(found) = self.follow(At { file: at.file, node: &entry.value }) else {
                *partial = true;
                continue;
            };
            faults::of_response(found, entry.name(), place, &mut self.faults);
            let media = match self.version {
                Version::V2 => {
                    let schema =
                        found.node.get("schema").map(|node| SchemaRef { file: found.file, node: node.clone() });
                    let names = if schema.is_some() { produces(root, at) } else { Vec::new() };
                    names.into_iter().map(|name| Media { name, schema: schema.clone(), place }).collect()
                }
                _ => media(found),
            };
            let headers = self.headers(found);
            out.push(Response { status: entry.name().to_owned(), media, headers, place });
        }
        out
    }

    fn headers(&mut self, response: At<'l>) -> Vec<Parameter> {
        let mut out = Vec::new();
        let Some(headers) = self.member(response, "headers") else { return out };
        for entry in headers.node.entries() {
            let Some(found) = self.follow(At { file: headers.file, node: &entry.value }) else { continue };
            out.push(Parameter {
                name: entry.name().to_owned(),
                location: "header".into(),
                required: found.node.get("required").and_then(Node::as_bool).unwrap_or(false),
                schema: found.node.get("schema").map(|node| SchemaRef { file: found.file, node: node.clone() }),
                place: Place::new(headers.file, entry.key.span),
            });
        }
        out
    }
}

/// The media types below `content`.
fn media(at: At<'_>) -> Vec<Media> {
    let entries = at.node.get("content").map(Node::entries).unwrap_or_default();
    entries
        .into_iter()
        .map(|entry| Media {
            name: entry.name().to_owned(),
            schema: entry.value.get("schema").map(|node| SchemaRef { file: at.file, node: node.clone() }),
            place: Place::new(at.file, entry.key.span),
        })
        .collect()
}

fn consumes(root: At<'_>, at: At<'_>) -> Vec<String> {
    types(at.node.get("consumes").or_else(|| root.node.get("consumes")))
}

fn produces(root: At<'_>, at: At<'_>) -> Vec<String> {
    types(at.node.get("produces").or_else(|| root.node.get("produces")))
}

/// OpenAPI 2 has no default; what is meant is JSON.
fn types(node: Option<&Node>) -> Vec<String> {
    let named: Vec<String> =
        node.map(Node::items).unwrap_or_default().iter().filter_map(|n| n.text().map(str::to_owned)).collect();
    if named.is_empty() { vec!["application/json".into()] } else { named }
}

/// What a document or operation asks for; none when it does not say.
fn security(node: &Node) -> Option<Vec<Alternative>> {
    let list = node.get("security").filter(|node| node.is_list())?;
    let scopes = |node: &Node| node.items().iter().filter_map(|s| s.text().map(str::to_owned)).collect::<Vec<String>>();
    let alternative = |node: &Node| {
        let mut all: Alternative =
            node.entries().iter().map(|entry| (entry.name().to_owned(), scopes(&entry.value))).collect();
        all.sort();
        all
    };
    Some(list.items().iter().map(alternative).collect())
}

/// The path of a server's address, its variables replaced by their defaults.
pub(in crate::contract) fn base_of(url: &str, default: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::new();
    let mut left = url;
    while let Some(open) = left.find('{') {
        let Some(close) = left[open..].find('}').map(|at| open + at) else { break };
        text.push_str(&left[..open]);
        let name = &left[open + 1..close];
        match default(name) {
            Some(default) => text.push_str(&default),
            None => text.push_str(&left[open..=close]),
        }
        left = &left[close + 1..];
    }
    text.push_str(left);
    let path = match text.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None if text.starts_with("//") => text[2..].find('/').map_or("", |at| &text[2 + at..]),
        // `{server}/v1` with an address that is filled in elsewhere.
        None if text.starts_with('{') => text.find('/').map_or("", |at| &text[at..]),
        None => &text,
    };
    let path = path.split(['?', '#']).next().unwrap_or(path).trim_end_matches('/');
    if path.is_empty() || path == "." {
        String::new()
    } else {
        format!("/{}", path.trim_start_matches("./").trim_start_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::base_of;

    #[test]
    fn a_server_has_a_path() {
        for (url, path) in [
            ("/", ""),
            ("/v1/", "/v1"),
            ("https://api.example.com", ""),
            ("https://api.example.com/orders/v1", "/orders/v1"),
            ("//host/x", "/x"),
            ("{host}/api", "/api"),
            ("./api", "/api"),
            ("api", "/api"),
        ] {
            assert_eq!(base_of(url, |_| None), path, "{url}");
        }
    }
}
