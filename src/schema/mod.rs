//! Schemas that change: what a file holds, and whether a new version breaks who reads or writes the old.
//!
//! A [`Library`] of [`Document`]s resolves references offline. [`Schema::read`] brings a schema of any
//! dialect to 2020-12, complete in itself. An [`Inclusion`] decides whether every document of one schema
//! is one of another: proved, refuted with a document, or unknown. [`find`] says which schemas a repository
//! has.

pub mod asyncapi;
pub mod avro;
mod canonical;
pub mod changes;
pub mod compat;
mod dialect;
mod document;
pub mod evolve;
mod facts;
pub mod find;
mod formats;
mod inclusion;
mod layouts;
mod library;
pub(crate) mod lifecycle;
mod meta;
mod model;
mod opaque;
mod outline;
mod pattern;
mod plain;
pub mod policy;
pub mod proto;
mod prove;
pub mod registry;
pub mod renames;
mod uri;
mod validate;
mod witness;

pub use dialect::Dialect;
pub use document::Document;
pub use inclusion::{DEADLINE, Engine, Inclusion, Proof, Verdict};
pub use library::Library;
pub use model::Model;
pub use outline::Outline;
pub use plain::{Invalid, Schema, Unresolved, View};
pub use validate::fault;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod usual;
