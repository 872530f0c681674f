//! The Kubernetes manifests of a tree joined to environments: charts rendered, Kustomize overlays put
//! together, variables looked up in ConfigMaps and Secrets.
//!
//! A repository rarely says which manifests are used together. What does not contradict itself is one
//! environment; a second declaration of the same object belongs to another one, and so does every
//! overlay of Kustomize and whatever lies in a folder that is named after one (`prod`).

mod chart;
mod environment;
mod group;
mod hints;
mod kustomize;
pub(in crate::system) mod mesh;
mod patch;
mod read;

use std::collections::BTreeMap;

use crate::facts::kube::{Body, HealthProbe, Object};
use crate::facts::mesh::{self as facts_mesh, Policy};
use crate::files::Tree;
use crate::syntax::data::Pairs;
use crate::syntax::{FileId, Place};

use super::compose::EnvVar;

pub(in crate::system) use environment::plain_name;
pub use hints::Hint;
pub use read::{Charts, KubeFile, is_other};

/// What stands for the folder of a Compose project where containers of both are told apart.
pub const PROJECT: &str = "kubernetes:";

/// What [`join`] needs.
#[derive(Clone, Copy, Debug)]
pub struct KubeInputs<'a> {
    /// The files of the run.
    pub tree: &'a Tree,
    /// Everything that [`KubeFile::read`] read.
    pub files: &'a BTreeMap<FileId, KubeFile>,
    /// Dotenv files, for generators.
    pub env_files: &'a BTreeMap<FileId, Pairs>,
}

/// Everything that is declared for clusters.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// The ways in which it is deployed; the first one is the plainest.
    pub environments: Vec<Environment>,
    /// What service meshes do for calls, in any environment.
    pub policies: Vec<Policy>,
    /// Images that are built here, and units that are started here.
    pub hints: Vec<Hint>,
    /// How many files declare objects.
    pub files: usize,
}

/// One way to deploy.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `kubernetes`, `helm`, `kubernetes/prod`.
    pub name: String,
    /// The containers that run in it.
    pub containers: Vec<Container>,
    /// The namespaces that are named in it.
    pub namespaces: Vec<String>,
    /// Names of Services that stand for another host (`type: ExternalName`).
    pub external_names: Vec<(String, String)>,
}

/// A container of a workload.
#[derive(Clone, Debug)]
pub struct Container {
    /// A name of its own in its environment: that of the workload, with the container's where there are
    /// several.
    pub key: String,
    /// The workload's name.
    pub workload: String,
    /// The container's name.
    pub name: String,
    /// `app.kubernetes.io/name` or `app` of its pods.
    pub app: Option<String>,
    /// The place of the workload's name.
    pub place: Place,
    /// The image and where it is named; none when it is not known.
    pub image: Option<(String, Place)>,
    /// `command` and `args`.
    pub command: Vec<String>,
    /// True when `command` replaces what the image starts; else its words are only arguments.
    pub replaces_entrypoint: bool,
    /// Its variables.
    pub env: Vec<EnvVar>,
    /// Variables that are not in `env` may be set all the same: a Secret is not in the repository.
    pub open: bool,
    /// The object that has them, when there is one only, and where it is named.
    pub unread: Option<(String, Place)>,
    /// The names of the Services that lead to it.
    pub host_names: Vec<String>,
    /// Its ports on every node.
    pub node_ports: Vec<String>,
    /// It opens a port.
    pub listens: bool,
    /// It runs to its end.
    pub one_shot: bool,
    /// Its probes.
    pub probes: Vec<HealthProbe>,
    /// The id under which Dapr knows it.
    pub dapr_id: Option<String>,
    /// The only one of its workload.
    pub alone: bool,
    /// The one that does the work of its workload; others help it.
    pub main: bool,
}

/// Objects that are used together.
#[derive(Clone, Debug)]
struct Unit {
    /// `kubernetes`, `helm`, or the name of an overlay.
    hint: String,
    /// The folder it comes from.
    folder: String,
    objects: Vec<Object>,
}

/// Joins everything that was read.
pub fn join(inputs: KubeInputs<'_>) -> Cluster {
    let mut units = kustomize::units(inputs);
    let used = kustomize::used(inputs);
    units.extend(group::plain(inputs, &used));
    units.extend(chart::units(inputs));
    let mut cluster = Cluster {
        hints: hints::hints(inputs),
        files: inputs.files.values().filter(|file| file.declares()).count(),
        ..Cluster::default()
    };
    for (name, objects) in group::environments(units) {
        cluster.policies.extend(policies(&objects));
        cluster.environments.push(environment::environment(name, &objects));
    }
    cluster.policies.dedup();
    cluster
}

/// The policies of objects, those in annotations of Services included.
fn policies(objects: &[Object]) -> Vec<Policy> {
    let mut out = Vec::new();
    for object in objects {
        match &object.body {
            Body::Policies(policies) => out.extend(policies.iter().cloned()),
            Body::Service(_) => out.extend(object.annotations.iter().filter_map(|(key, value)| {
                facts_mesh::of_annotation(&object.name.value, key, &value.value, value.place)
            })),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests;
