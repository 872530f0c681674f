//! The schemas and OpenAPI documents of a repository in its export.

use std::sync::Arc;

use super::VERSION;
use super::fact::{DocumentFact, Fact, Header};
use super::read::Repository;
use crate::cache::Cache;
use crate::contract;
use crate::files::Tree;
use crate::schema::find::Schemas;

/// Adds the documents of a repository to its facts.
pub fn add_documents(tree: &Tree, header: &mut Header, facts: &mut Vec<Fact>) {
    let schemas = Schemas::read_with_text(tree).sources;
    let texts = schemas.into_iter().chain(contract::evolve::texts(tree, &Cache::in_memory()));
    facts.extend(texts.map(|(file, text)| Fact::Document(DocumentFact { file, text })));
    facts.sort();
    facts.dedup();
    header.version = VERSION;
    header.facts = facts.len();
}

/// The documents in an export: path and content.
pub fn documents(repository: &Repository) -> Vec<(String, Arc<[u8]>)> {
    let document = |fact: &Fact| match fact {
        Fact::Document(document) => Some((document.file.clone(), Arc::from(document.text.as_bytes()))),
        _ => None,
    };
    repository.facts.iter().filter_map(document).collect()
}
