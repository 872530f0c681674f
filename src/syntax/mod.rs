//! Text to trees: spans, line index, spanned data formats, and source code by tree-sitter.
//!
//! Nothing here knows what a library or a service is.

pub mod code;
pub mod data;
pub mod fenced;
pub mod lines;
pub mod span;
pub mod spanned;

pub use lines::LineIndex;
pub use span::{FileId, Place, Span};
pub use spanned::Spanned;
