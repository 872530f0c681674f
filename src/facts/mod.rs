//! What one file says, with spans: the language-neutral [`module::Module`] for source code, and
//! plain records for Compose files, Dockerfiles and manifests.
//!
//! Everything here is computed from the bytes of a single file and is plain data.

pub mod dump;
pub mod javascript;
pub mod module;
pub mod probe;
pub mod python;
