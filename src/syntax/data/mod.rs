//! Data formats with the span of every key and value: YAML, JSON (with comments), TOML into one
//! [`Node`] tree; dotenv and Java properties into [`Pair`]s.
//!
//! Hostile input ends in a [`DataError`] or a small tree: nesting and the expansion of aliases are
//! capped while the tree is built, so whoever walks a tree may recurse and need not count.

mod dotenv;
mod json;
mod node;
mod properties;
mod toml;
mod yaml;

pub use dotenv::dotenv;
pub use json::json;
pub use node::{Entry, Node, Scalar};
pub use properties::properties;
pub use toml::toml;
pub use yaml::{DuplicateKey, Yaml, yaml};

use serde::{Deserialize, Serialize};

use super::Span;

/// How deeply a tree may nest, aliases followed.
pub const MAX_DEPTH: usize = 200;

/// How many values a tree may have, aliases followed.
pub const MAX_VALUES: u64 = 1_000_000;

/// What a parser could not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataError {
    /// What is wrong; no full stop.
    pub message: String,
    /// Where.
    pub span: Span,
}

impl DataError {
    pub(crate) fn new(message: impl Into<String>, span: Span) -> Self {
        DataError { message: message.into(), span }
    }
}

impl std::fmt::Display for DataError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DataError {}

/// One `key = value` of a dotenv or properties file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value, unquoted and unescaped; none for a dotenv line that is only a name (the value
    /// then comes from the environment).
    pub value: Option<String>,
    /// Where the value stands, quotes included; empty behind the key when there is none.
    pub value_span: Span,
    /// True for a single-quoted dotenv value: `$` in it has no meaning.
    pub literal: bool,
}

/// What a dotenv or properties file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairs {
    /// The pairs in the order of the file; a key may occur again, the last one counts.
    pub pairs: Vec<Pair>,
    /// Lines that could not be read.
    pub errors: Vec<DataError>,
}

impl Pairs {
    /// The last pair with this key.
    pub fn get(&self, key: &str) -> Option<&Pair> {
        self.pairs.iter().rev().find(|pair| pair.key == key)
    }
}

#[cfg(test)]
mod tests;
