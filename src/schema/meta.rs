//! The meta-schemas of JSON Schema: what a reference to one means is known without the network.

use jsonschema::{Draft, Registry, uri};
use serde_json::json;

use super::document::Document;

/// Where all of them stand.
pub(super) const HOST: &str = "json-schema.org/draft";

/// Each draft's own, and those that it is put together from.
const ADDRESSES: [(Draft, &str, &[&str]); 5] = [
    (Draft::Draft4, "http://json-schema.org/draft-04/schema", &[]),
    (Draft::Draft6, "http://json-schema.org/draft-06/schema", &[]),
    (Draft::Draft7, "http://json-schema.org/draft-07/schema", &[]),
    (
        Draft::Draft201909,
        "https://json-schema.org/draft/2019-09/schema",
        &["applicator", "content", "core", "format", "meta-data", "validation"],
    ),
    (
        Draft::Draft202012,
        "https://json-schema.org/draft/2020-12/schema",
        &[
            "applicator",
            "content",
            "core",
            "format-annotation",
            "format-assertion",
            "meta-data",
            "unevaluated",
            "validation",
        ],
    ),
];

/// The meta-schemas as the validator has them; their addresses stand in them.
pub(super) fn documents() -> Vec<Document> {
    ADDRESSES.iter().filter_map(|(draft, address, parts)| of_draft(*draft, address, parts)).flatten().collect()
}

fn of_draft(draft: Draft, address: &str, parts: &[&str]) -> Option<Vec<Document>> {
    // The validator adds the meta-schemas of a draft where something refers to one.
    let asks = json!({"$ref": address});
    let registry = Registry::new().draft(draft).add("urn:meta", draft.create_resource(asks)).ok()?.prepare().ok()?;
    let resolver = registry.resolver(uri::from_str(address).ok()?);
    let parts = parts.iter().map(|part| address.replace("/schema", &format!("/meta/{part}")));
    let read = |address: String| {
        let found = resolver.lookup(&address).ok()?;
        Document::read(&format!("{address}.json"), &found.contents().to_string()).ok()
    };
    std::iter::once(address.to_owned()).chain(parts).map(read).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_meta_schema_is_there() {
        assert_eq!(super::documents().len(), 19);
    }
}
