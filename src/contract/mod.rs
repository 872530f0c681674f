//! What an API promises: OpenAPI documents, and what fits what they say.
//!
//! [`document`] reads OpenAPI 2 (Swagger), 3.0 and 3.1 from JSON and YAML, references across files followed
//! without a network; [`template`] tells whether the path of a request, of a route and of an operation mean
//! the same; [`evolve`] compares versions; [`find`] tells which files are documents and whose.

pub mod document;
pub mod evolve;
pub mod find;
pub mod generated;
pub mod template;

pub use document::{Document, Operation};
pub use template::{Fit, Template};
