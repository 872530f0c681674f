//! What one file says, with spans: the language-neutral [`module::Module`] for source code, and
//! plain records for Compose files, Dockerfiles and manifests.
//!
//! Everything here is computed from the bytes of a single file and is plain data.

pub mod command;
pub mod compose;
pub mod csharp;
pub mod dockerfile;
pub mod dump;
mod error;
pub mod golang;
pub mod helm;
pub mod hocon;
pub mod javascript;
pub mod jvm;
pub mod kube;
pub mod manifest;
pub mod mesh;
pub mod module;
pub mod probe;
pub mod python;
pub mod settings;
mod walk;
