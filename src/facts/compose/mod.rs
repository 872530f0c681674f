//! What one Compose file says, as written: variables are not filled in, nothing is merged with other
//! files (that is `system::compose`). YAML merge keys and aliases are followed.

mod healthcheck;
mod interpolate;
mod lower;
mod short;

use serde::{Deserialize, Serialize};

use super::command::Command;
use crate::syntax::data::{DataError, Node};
use crate::syntax::{Span, Spanned};

pub use healthcheck::Healthcheck;
pub use interpolate::{Interpolated, interpolate};
pub use lower::{compose, lower};
pub use short::{parse_port, parse_volume};

/// One Compose file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ComposeFile {
    /// The project name (`name:`).
    pub name: Option<Spanned<String>>,
    /// The services in the order of the file.
    pub services: Vec<ComposeService>,
    /// Other files that belong to the same project (`include:`).
    pub includes: Vec<Include>,
    /// What could not be read, and keys that stand twice.
    pub errors: Vec<DataError>,
}

/// `include:` of another Compose file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Include {
    /// The files, relative to this one; later ones override earlier ones.
    pub paths: Vec<Spanned<String>>,
    /// The folder that relative paths in them start from, when it is not their own.
    pub project_directory: Option<Spanned<String>>,
    /// Files of variables for interpolation in them.
    pub env_files: Vec<Spanned<String>>,
}

/// One service of a Compose file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ComposeService {
    /// Its name; the span is the key's.
    pub name: Spanned<String>,
    /// Everything it says.
    pub span: Span,
    /// `image`.
    pub image: Option<Spanned<String>>,
    /// `build`.
    pub build: Option<Build>,
    /// `command`.
    pub command: Option<Command>,
    /// `entrypoint`.
    pub entrypoint: Option<Command>,
    /// `environment`.
    pub environment: Vec<Setting>,
    /// `env_file`.
    pub env_files: Vec<EnvFile>,
    /// `ports`.
    pub ports: Vec<Port>,
    /// `expose`.
    pub expose: Vec<Spanned<String>>,
    /// `depends_on`.
    pub depends_on: Vec<Dependency>,
    /// `healthcheck`.
    pub healthcheck: Option<Healthcheck>,
    /// `profiles`: without one of them the service is not started.
    pub profiles: Vec<Spanned<String>>,
    /// `labels`.
    pub labels: Vec<Setting>,
    /// `extends`.
    pub extends: Option<Extends>,
    /// `deploy.replicas` or `scale`.
    pub replicas: Option<Spanned<String>>,
    /// `container_name`.
    pub container_name: Option<Spanned<String>>,
    /// `hostname`.
    pub hostname: Option<Spanned<String>>,
    /// `working_dir`.
    pub working_dir: Option<Spanned<String>>,
    /// `restart`.
    pub restart: Option<Spanned<String>>,
    /// `stop_grace_period`, as written.
    pub stop_grace_period: Option<Spanned<String>>,
    /// `stop_signal`.
    pub stop_signal: Option<Spanned<String>>,
    /// `network_mode`.
    pub network_mode: Option<Spanned<String>>,
    /// `networks`, with the aliases by which the service is known there.
    pub networks: Vec<Network>,
    /// `volumes`, `configs` and `secrets` are not told apart: what is mounted where.
    pub volumes: Vec<Volume>,
    /// Keys with the tag `!reset` or `!override`: an overlay that says so drops what earlier files say
    /// about the key.
    pub resets: Vec<String>,
}

/// `build`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// The folder that is sent to the builder, as written; none for the file's own folder.
    pub context: Option<Spanned<String>>,
    /// The Dockerfile, relative to the context.
    pub dockerfile: Option<Spanned<String>>,
    /// True when the Dockerfile stands in the Compose file itself.
    pub inline: bool,
    /// The stage to build.
    pub target: Option<Spanned<String>>,
    /// `args`.
    pub args: Vec<Setting>,
    /// All of it.
    pub span: Span,
}

/// `KEY=value` in `environment`, `args` or `labels`, as a map entry or a list item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// The key.
    pub key: Spanned<String>,
    /// The value as written; none when it is passed through from the host's environment.
    pub value: Option<Spanned<String>>,
    /// All of it.
    pub span: Span,
}

/// An `env_file`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvFile {
    /// The path, as written.
    pub path: Spanned<String>,
    /// False when it may be missing.
    pub required: bool,
}

/// A published port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Port {
    /// The port on the host; none when it is chosen by chance, or when `short` is set.
    pub published: Option<String>,
    /// The port in the container; empty when `short` is set.
    pub target: String,
    /// The short form as written (`"${PORT:-80}:8080"`): see [`parse_port`], once variables are
    /// filled in.
    pub short: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// A `depends_on`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dependency {
    /// The service.
    pub service: Spanned<String>,
    /// `service_started` (the default), `service_healthy`, `service_completed_successfully`.
    pub condition: String,
}

/// `extends`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extends {
    /// The file, as written; none for the same file.
    pub file: Option<Spanned<String>>,
    /// The service there.
    pub service: Spanned<String>,
}

/// A network of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// Its name.
    pub name: Spanned<String>,
    /// Further names of the service there.
    pub aliases: Vec<Spanned<String>>,
}

/// A mount.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// A path on the host (with `/` or `.` in front) or the name of a volume; none for an anonymous
    /// one, or when `short` is set.
    pub source: Option<String>,
    /// The path in the container; empty when `short` is set.
    pub target: String,
    /// The short form as written: see [`parse_volume`], once variables are filled in.
    pub short: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// True when a YAML document is a Compose file by its content: a map `services` with at least one
/// service that has an image, a build or a base. For files whose name does not tell.
pub fn looks_like_compose(root: &Node) -> bool {
    // A Kubernetes manifest or a CI pipeline (which also has `services` with images) is none.
    let other = ["apiVersion", "kind", "jobs", "stages", "steps", "on", "pipelines", "openapi"];
    if other.iter().any(|key| root.get(key).is_some()) {
        return false;
    }
    root.get("services").is_some_and(|services| {
        services
            .entries()
            .iter()
            .any(|entry| ["image", "build", "extends"].iter().any(|key| entry.value.get(key).is_some()))
    })
}

#[cfg(test)]
mod tests;
