//! The services of a repository, found from Compose, Dockerfiles, manifests, entry points and the source
//! tree together.
//!
//! What is deployed decides: a Compose service that builds a folder, a Dockerfile with an entry point.
//! Without one of them the code itself must say that it is started. A stub, a library, a test and the
//! image of a database are no service.

mod compose;
mod context;
mod corrections;
pub mod foreign;
mod image_names;
mod images;
mod kind;
mod kube;
pub mod marks;
mod merge;
mod modules;
mod programs;
mod root;
mod scripts;
mod shared_image;
mod shell;
mod source;
mod standalone;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::compose::EnvVar;
use super::deployment::Deployment;
use crate::facts::probe::{self, ProbeTarget};
use crate::files::Tree;
use crate::syntax::{FileId, Place};
use context::Context;

pub use context::language;
pub use corrections::Correction;
pub use kind::{is_browser_package, is_server_package, starts_worker, works};

/// A first-party process that the system deploys.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// Its name: the Compose service, else the package, else the folder.
    pub name: String,
    /// The folder of its code, relative, with `/`; empty for the root.
    pub root: String,
    /// What it does.
    pub kind: ServiceKind,
    /// The languages of its code, most files first.
    pub languages: Vec<String>,
    /// The place that declares it: the key in the Compose file, else the Dockerfile's `FROM`, else the
    /// manifest or the entry point.
    pub place: Option<Place>,
    /// Why it is a service.
    pub evidence: Vec<(Place, String)>,
    /// The containers that run it.
    pub containers: Vec<Container>,
    /// The variables of its containers, over those that the image sets.
    pub env: Vec<EnvVar>,
    /// Variables that are not in `env` may be set all the same: an `env_file` is not in the repository.
    pub env_is_open: bool,
    /// The commands that look after its health.
    pub probes: Vec<Probe>,
    /// The words that its container runs, as far as they are known.
    pub command: Vec<String>,
    /// The source files that the command starts.
    pub entries: Vec<FileId>,
    /// Equal for processes of one code base: an API and its worker.
    pub code_base: String,
    /// Names under which other containers reach it.
    pub host_names: Vec<String>,
    /// Its ports on the host.
    pub published_ports: Vec<String>,
    /// Its Dockerfile.
    pub dockerfile: Option<FileId>,
    /// A host of the repository starts it as a process beside the others, whatever its Dockerfile is for.
    pub is_started_here: bool,
    /// Nothing builds it, and nothing else there is built: source files alone, as an article shows them.
    pub is_sample: bool,
    /// The repository it comes from, when that is not the one that is checked: only what its exported
    /// facts say is known of it.
    pub repository: Option<Arc<str>>,
}

/// What a service does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceKind {
    /// Answers HTTP requests.
    #[default]
    Http,
    /// Answers gRPC requests.
    Grpc,
    /// Takes messages or jobs.
    Worker,
    /// Forwards requests to other services.
    Gateway,
    /// Serves what runs in the browser.
    Frontend,
    /// Runs to its end, or makes load.
    Job,
    /// An off-the-shelf server that a Dockerfile of the repository builds.
    Infrastructure,
}

impl ServiceKind {
    /// All kinds.
    pub const ALL: [ServiceKind; 7] = [
        ServiceKind::Http,
        ServiceKind::Grpc,
        ServiceKind::Worker,
        ServiceKind::Gateway,
        ServiceKind::Frontend,
        ServiceKind::Job,
        ServiceKind::Infrastructure,
    ];

    /// The name in output.
    pub fn name(self) -> &'static str {
        match self {
            ServiceKind::Http => "http",
            ServiceKind::Grpc => "grpc",
            ServiceKind::Worker => "worker",
            ServiceKind::Gateway => "gateway",
            ServiceKind::Frontend => "frontend",
            ServiceKind::Job => "job",
            ServiceKind::Infrastructure => "infrastructure",
        }
    }
}

/// A Compose service, or a container of a Kubernetes workload, that runs a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its name in the Compose file, or that of the workload.
    pub name: String,
    /// The folder of its Compose project; [`kube::PROJECT`](crate::system::kube::PROJECT) for Kubernetes.
    pub project: String,
    /// Where it is declared.
    pub place: Place,
}

impl Probe {
    /// The health check that a command makes.
    pub fn new(text: String, words: Vec<String>, place: Place) -> Probe {
        let target = probe::probe(&words);
        Probe { told: "health check".to_owned(), text, words, target, place }
    }
}

/// A health check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What it is: `health check`, `readiness probe of the environment `kubernetes/prod``.
    pub told: String,
    /// The command as one text.
    pub text: String,
    /// Its words.
    pub words: Vec<String>,
    /// What it asks.
    pub target: ProbeTarget,
    /// Where it stands.
    pub place: Place,
}

/// Finds the services of a tree, sorted by name.
pub fn discover(tree: &Tree, deployment: &Deployment, corrections: &[Correction]) -> Vec<Service> {
    let ctx = Context::new(tree, deployment);
    let mut candidates = compose::candidates(&ctx);
    kube::add(&ctx, &mut candidates);
    standalone::add(&ctx, &mut candidates);
    programs::add(&ctx, &mut candidates);
    source::add(&ctx, &mut candidates);
    let mut services = merge::services(&ctx, candidates);
    corrections::apply(&ctx, &mut services, corrections);
    services.sort_by(|a, b| (&a.name, &a.root).cmp(&(&b.name, &b.root)));
    services
}

/// A service in the making.
#[derive(Clone, Debug)]
struct Candidate {
    /// What becomes of it. Containers, place, command and so on are filled in already.
    service: Service,
    /// Names that an image may have: of the package, of `image:`.
    aliases: Vec<String>,
    /// What the image brings.
    role: images::ImageRole,
    /// The context, Dockerfile, stage and command it is built and started by; none for one that is not
    /// built.
    build: Option<String>,
    /// Compose opens a port of it.
    listens: bool,
    /// It ends by itself.
    one_shot: bool,
    /// The name comes from the Compose file.
    named: bool,
    /// A better name than the own one when that is taken.
    other_name: Option<String>,
}
