//! Which files are OpenAPI documents, and which services their names and folders stand for.

use rayon::prelude::*;

use super::document::{Document, Refused};
use crate::cache::{Cache, Station};
use crate::files::{self, FileKind, Tree, Zone, classify};
use crate::syntax::FileId;

/// What became of a file that is an OpenAPI document, or says that it is one.
#[derive(Clone, Debug)]
pub enum Found {
    /// It was read.
    Document(Box<Document>),
    /// It can't be parsed.
    Broken(FileId, super::document::Fault),
    /// It can't be read: too large, no text. It counts as not checked.
    Unread(FileId, String),
}

/// All documents of a tree, in the order of their paths.
pub fn documents(tree: &Tree, cache: &Cache) -> Vec<Found> {
    let ids: Vec<FileId> = tree.ids().filter(|id| may_be(&tree.file(*id).path)).collect();
    ids.into_par_iter().filter_map(|id| read(tree, id, cache)).collect()
}

/// The files that say they are documents, in the order of their paths; with the reason when one that is named
/// like a document can't be read.
pub fn candidates(tree: &Tree, cache: &Cache) -> Vec<(FileId, Result<(), String>)> {
    let ids: Vec<FileId> = tree.ids().filter(|id| may_be(&tree.file(*id).path)).collect();
    ids.into_par_iter().filter_map(|id| Some((id, says(tree, id, cache)?))).collect()
}

/// Whether a file says that it is a document.
fn says(tree: &Tree, id: FileId, cache: &Cache) -> Option<Result<(), String>> {
    let file = tree.file(id);
    let named = is_named(&file.path);
    let says: Result<bool, Option<String>> = cache.entry(file).fact(Station::Contract, |text| match text {
        Ok(text) => Ok(says_so(text)),
        Err(error) => Err(named.then(|| error.to_string())),
    });
    match says {
        Ok(true) => Some(Ok(())),
        Ok(false) | Err(None) => None,
        Err(Some(reason)) => Some(Err(reason)),
    }
}

fn read(tree: &Tree, id: FileId, cache: &Cache) -> Option<Found> {
    if let Err(reason) = says(tree, id, cache)? {
        return Some(Found::Unread(id, reason));
    }
    let named = is_named(&tree.file(id).path);
    match Document::read(tree, id) {
        Ok(document) => Some(Found::Document(Box::new(document))),
        // A template of a document that is filled in elsewhere, or data that mentions one.
        Err(Refused::Syntax(fault)) if named => Some(Found::Broken(id, fault)),
        Err(Refused::Unreadable(reason)) if named => Some(Found::Unread(id, reason)),
        Err(_) => None,
    }
}

/// True for a data file of what is deployed or documented.
fn may_be(path: &str) -> bool {
    matches!(classify(path), FileKind::Yaml | FileKind::Json)
        && matches!(files::zone(path), Zone::Production | Zone::Docs)
        && !path.ends_with("-lock.json")
        // What is filled in before it is anything.
        && !path.split('/').any(|part| part == "templates")
}

/// True for a file whose name says that it is an OpenAPI document.
pub(super) fn is_named(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    name.contains("openapi") || name.contains("swagger") || lower.contains("/openapi/")
}

/// True when a text has `openapi: 3…` or `swagger: 2…`, as a quick look before it is parsed.
fn says_so(text: &str) -> bool {
    ["openapi", "swagger"].iter().any(|word| {
        memchr::memmem::find_iter(text.as_bytes(), word).any(|at| {
            let before = text[..at].trim_end_matches(['"', '\'']);
            let starts = before.is_empty() || before.ends_with(['\n', '{', ' ', '\t', ',', '\r', '\u{feff}']);
            let after = text[at + word.len()..].trim_start_matches(['"', '\'']).trim_start();
            let value = after.strip_prefix(':').map(|rest| rest.trim_start().trim_start_matches(['"', '\'']));
            starts && value.is_some_and(|value| value.starts_with(['2', '3']))
        })
    })
}

/// The words of a document's path that may name a service, the surest first, in the form of [`plain`].
pub fn names(path: &str) -> Vec<String> {
    let lower = path.to_ascii_lowercase();
    let mut parts: Vec<&str> = lower.split('/').collect();
    let stem = parts.pop().map(|name| name.rsplit_once('.').map_or(name, |(stem, _)| stem)).unwrap_or_default();
    let mut names = Vec::new();
    let mut add = |text: &str| {
        let name = plain(text);
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    };
    add(stem);
    // `docs/openapi/orders/v1.yaml`, `api/orders/openapi.json`.
    if let Some(folder) = parts.last() {
        add(folder);
    }
    if let [.., above, _] = parts.as_slice() {
        add(above);
    }
    names
}

/// The part of a name that tells one service from another: `orders` of `Orders-Service`, `orders_api`,
/// `orders.openapi`, `orders-v1`. Empty when nothing is left.
pub fn plain(name: &str) -> String {
    const GENERIC: [&str; 27] = [
        "openapi",
        "swagger",
        "api",
        "apis",
        "spec",
        "specs",
        "service",
        "services",
        "svc",
        "server",
        "microservice",
        "ms",
        "docs",
        "doc",
        "rest",
        "http",
        "output",
        "definition",
        "contract",
        "contracts",
        "app",
        "main",
        "src",
        "backend",
        "resources",
        "static",
        "oas",
    ];
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).flat_map(camel);
    let mut out = String::new();
    for word in words {
        let word = word.to_ascii_lowercase();
        let version = word.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        if !GENERIC.contains(&word.as_str()) && !version && !word.bytes().all(|b| b.is_ascii_digit()) {
            out.push_str(&word);
        }
    }
    for ending in ["microservice", "service", "svc", "api"] {
        if let Some(rest) = out.strip_suffix(ending)
            && !rest.is_empty()
        {
            out.truncate(rest.len());
        }
    }
    // `order` and `orders` are one service.
    if out.len() > 3 && out.ends_with('s') && !out.ends_with("ss") {
        out.pop();
    }
    out
}

/// `OrderService` is two words.
fn camel(word: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let bytes = word.as_bytes();
    for i in 1..bytes.len() {
        if bytes[i].is_ascii_uppercase() && bytes[i - 1].is_ascii_lowercase() {
            out.push(&word[start..i]);
            start = i;
        }
    }
    out.push(&word[start..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_that_it_is_one() {
        for yes in [
            "openapi: 3.0.3\ninfo: {}",
            "# c\nopenapi: \"3.1.0\"",
            "{\n  \"swagger\": \"2.0\"",
            "{\"info\":{},\"openapi\":\"3.0.1\"}",
        ] {
            assert!(says_so(yes), "{yes}");
        }
        for no in ["title: openapi", "{\"swagger-ui\": \"3.0\"}", "{\"openapi\": \"^3.0\"}", "x-openapi: 3"] {
            assert!(!says_so(no), "{no}");
        }
    }

    #[test]
    fn a_path_names_a_service() {
        assert_eq!(names("docs/openapi/orders.json"), ["order"]);
        assert_eq!(names("api/openapi/orderservice/swagger.yaml"), ["order"]);
        assert_eq!(names("docs/user/user_swagger.json"), ["user"]);
        assert_eq!(names("Catalog.API_v2.json"), ["catalog"]);
        assert_eq!(names("openapi.yaml"), [""; 0]);
        assert_eq!(plain("OrderService"), plain("orders-api"));
        assert_eq!(plain("address"), "address");
    }
}
