//! Schemas that change: what a file holds, and whether a new version breaks who reads or writes the old.
//!
//! A [`Library`] of [`Document`]s resolves references offline. [`Schema::read`] brings a schema of any
//! dialect to 2020-12, complete in itself. An [`Inclusion`] decides whether every document of one schema
//! is one of another: proved, refuted with a document, or unknown. [`find`] says which schemas a repository
//! has.

mod asyncapi;
mod canonical;
pub mod changes;
pub mod compat;
mod dialect;
mod document;
pub mod evolve;
mod facts;
pub mod find;
mod inclusion;
mod library;
mod model;
mod outline;
mod pattern;
mod plain;
mod prove;
mod uri;
mod validate;
mod witness;

pub use dialect::Dialect;
pub use document::Document;
pub use inclusion::{DEADLINE, Engine, Inclusion, Proof, Verdict};
pub use library::Library;
pub use model::Model;
pub use outline::Outline;
pub use plain::{Invalid, Schema, Unresolved};
pub use validate::fault;

#[cfg(test)]
mod tests;
