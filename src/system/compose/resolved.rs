//! What a service of a project is in the end.

use crate::facts::command::Command;
use crate::syntax::Place;

/// A text with its variables filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The value; none when a variable in it is unknown.
    pub value: Option<String>,
    /// The text with what is known filled in; an unknown variable is left as written (`${DB_PASSWORD}`).
    pub partial: String,
    /// The text as written.
    pub raw: String,
    /// Where it stands.
    pub place: Place,
}

/// A service, all files and bases merged.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedService {
    /// Its name.
    pub name: String,
    /// The key that declares it first (not in a base that it extends).
    pub place: Place,
    /// Every key that declares it: one a file.
    pub declarations: Vec<Place>,
    /// `image`.
    pub image: Option<Resolved>,
    /// `build`.
    pub build: Option<ResolvedBuild>,
    /// `command`, variables filled in.
    pub command: Option<ResolvedCommand>,
    /// `entrypoint`, variables filled in.
    pub entrypoint: Option<ResolvedCommand>,
    /// `environment` over `env_file`, in the order of first mention. What the image itself sets
    /// (`ENV`) is not part of it.
    pub env: Vec<EnvVar>,
    /// `env_file`s that are not there or could not be read: a variable that is not in `env` may be
    /// set all the same.
    pub unread_env_files: Vec<UnreadEnvFile>,
    /// `ports`.
    pub ports: Vec<ResolvedPort>,
    /// `expose`.
    pub expose: Vec<Resolved>,
    /// `depends_on`.
    pub depends_on: Vec<ResolvedDependency>,
    /// `healthcheck`.
    pub healthcheck: Option<ResolvedHealthcheck>,
    /// `profiles`.
    pub profiles: Vec<Resolved>,
    /// `labels`.
    pub labels: Vec<EnvVar>,
    /// The names under which other containers reach it: its own, `container_name`, `hostname`, and
    /// its aliases in networks.
    pub host_names: Vec<String>,
    /// The networks it is in; empty for the default one.
    pub networks: Vec<Resolved>,
    /// `network_mode`.
    pub network_mode: Option<Resolved>,
    /// Mounts.
    pub volumes: Vec<ResolvedVolume>,
    /// `deploy.replicas` or `scale`.
    pub replicas: Option<Resolved>,
    /// `working_dir`.
    pub working_dir: Option<Resolved>,
    /// `restart`.
    pub restart: Option<Resolved>,
    /// `stop_grace_period`, as written (`30s`).
    pub stop_grace_period: Option<Resolved>,
    /// `stop_signal`.
    pub stop_signal: Option<Resolved>,
}

impl ResolvedService {
    /// The variable of this name.
    pub fn env(&self, name: &str) -> Option<&EnvVar> {
        self.env.iter().find(|variable| variable.name == name)
    }

    /// The folder of the build context as a printed path, when it is in the tree.
    pub fn context(&self) -> Option<&str> {
        self.build.as_ref()?.context.as_deref()
    }

    /// The path of the Dockerfile, when its place is known; it need not exist.
    pub fn dockerfile(&self) -> Option<&str> {
        self.build.as_ref()?.dockerfile.as_deref()
    }
}

/// `build`.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedBuild {
    /// The context's folder as a printed path (empty for the root); none when it is remote, outside the
    /// tree or unknown.
    pub context: Option<String>,
    /// The context as written; `.` when nothing is written.
    pub raw_context: String,
    /// The path of the Dockerfile as a printed path; none when the context is none, or when it stands
    /// inline.
    pub dockerfile: Option<String>,
    /// True when the Dockerfile stands in the Compose file.
    pub inline: bool,
    /// The stage to build.
    pub target: Option<String>,
    /// `args`.
    pub args: Vec<EnvVar>,
    /// Where `build` stands.
    pub place: Place,
}

/// `command` or `entrypoint`.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedCommand {
    /// The command; a variable that is unknown is left as written.
    pub command: Command,
    /// Where it stands.
    pub place: Place,
}

/// A variable of a service's environment (or a label, or a build argument).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Its value; none when it is passed through from a host that we do not know, or when a variable
    /// in it is unknown.
    pub value: Option<String>,
    /// The value with what is known filled in; an unknown variable is left as written, so that the host
    /// and the database of `postgres://u:${DB_PASSWORD}@db/orders` can still be read. Empty when the
    /// variable is passed through from an unknown host.
    pub partial: String,
    /// The value as written; empty when it is passed through.
    pub raw: String,
    /// Where it is set.
    pub place: Place,
    /// What sets it.
    pub origin: Origin,
    /// True when the value comes from an example file (`.env.example`) in place of a file that is not
    /// in the repository.
    pub assumed: bool,
}

impl EnvVar {
    /// True when this is its name. The keys of .NET's configuration (`ConnectionStrings:Orders`) have no case, and
    /// those with dots (`db.base-url`) are set by `DB_BASE_URL` as well.
    pub fn is_called(&self, name: &str) -> bool {
        let plain = |text: &str| -> String {
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        self.name == name
            || (name.contains(':') && self.name.eq_ignore_ascii_case(name))
            || (name.contains('.') && self.name.contains(['.', '_']) && plain(&self.name) == plain(name))
    }
}

/// What sets a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// `environment` (or `labels`, `args`).
    Compose,
    /// An `env_file`.
    EnvFile,
    /// A Kubernetes manifest.
    Kubernetes,
    /// `ENV` of the Dockerfile (only in `services::Service::env`).
    Image,
}

/// An `env_file` that is not in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadEnvFile {
    /// The path as written.
    pub path: String,
    /// The path from the root of the tree; none when a variable in it is unknown, or it lies outside.
    pub found_at: Option<String>,
    /// Where it is named.
    pub place: Place,
    /// False when Compose lets it be missing.
    pub required: bool,
    /// True when an example file was read in its place.
    pub example: bool,
}

/// A port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedPort {
    /// The port on the host; none when it is chosen by chance or unknown.
    pub published: Option<String>,
    /// The port in the container; none when unknown. May be a range (`8000-8010`).
    pub target: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// A `depends_on`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedDependency {
    /// The service.
    pub service: String,
    /// `service_started`, `service_healthy`, `service_completed_successfully`.
    pub condition: String,
    /// Where it stands.
    pub place: Place,
}

/// A `healthcheck`.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedHealthcheck {
    /// The command; none when the image's own is kept or when it is disabled.
    pub test: Option<Command>,
    /// True when the image's own is switched off, too.
    pub disabled: bool,
    /// Where it stands.
    pub place: Place,
}

/// A mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedVolume {
    /// The file or folder of the tree that is mounted, as a printed path.
    pub path: Option<String>,
    /// The source as Compose sees it: a path or the name of a volume.
    pub source: Option<String>,
    /// The path in the container; none when unknown.
    pub target: Option<String>,
    /// Where it stands.
    pub place: Place,
}
