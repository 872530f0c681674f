//! What Kubernetes manifests say: workloads with their containers, Services, ConfigMaps and Secrets.
//!
//! A manifest can be rendered from a template, so every text carries the place it comes from, which may
//! be another file than the one it was rendered to. What a template could not tell stands as [`HOLE`].

mod base64;
pub mod kustomize;
mod pod;
mod probe;
pub mod skaffold;

use memchr::memmem;

use super::mesh::{self, Policy};
use crate::syntax::data::Node;
use crate::syntax::{Place, Span};

pub use pod::{Container, EnvFrom, EnvSource, Port, Variable, Workload};
pub use probe::{HealthProbe, ProbeRole};

/// Stands in a text for what is not known. A character of the private use area: no manifest has it.
pub const HOLE: char = '\u{E000}';

/// Where the bytes of a parsed text come from; none for what a template made up.
pub type Places<'p> = dyn Fn(Span) -> Place + 'p;

/// A text and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text; may have [`HOLE`]s.
    pub value: String,
    /// Where.
    pub place: Place,
}

impl Text {
    /// The text when all of it is known.
    pub fn known(&self) -> Option<&str> {
        (!self.value.contains(HOLE)).then_some(self.value.as_str())
    }
}

/// One object of a manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// `kind`.
    pub kind: String,
    /// `metadata.name`.
    pub name: Text,
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// `metadata.annotations`.
    pub annotations: Vec<(String, Text)>,
    /// What it declares.
    pub body: Body,
}

/// What an [`Object`] declares.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Something that runs containers.
    Workload(Workload),
    /// A name under which pods are reached.
    Service(ServiceSpec),
    /// The entries of a ConfigMap.
    ConfigMap(Vec<(String, Text)>),
    /// The entries of a Secret, decoded.
    Secret(Vec<(String, Text)>),
    /// What a service mesh does for calls.
    Policies(Vec<Policy>),
    /// Anything else.
    Other,
}

/// A Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSpec {
    /// The labels of the pods behind it.
    pub selector: Vec<(String, String)>,
    /// The ports on every node.
    pub node_ports: Vec<String>,
    /// Another name that it stands for (`type: ExternalName`).
    pub external_name: Option<String>,
}

/// True for a text that has objects in it: a cheap look before it is parsed.
pub fn looks_like_manifest(text: &str) -> bool {
    let has_line = |key: &str| {
        memmem::find_iter(text.as_bytes(), key.as_bytes())
            .any(|at| text[..at].chars().rev().take_while(|c| *c != '\n').all(|c| matches!(c, ' ' | '-' | '\u{FEFF}')))
    };
    has_line("apiVersion:") && has_line("kind:")
}

/// The objects of a document, those of a `List` included.
pub fn objects(document: &Node, at: &Places<'_>) -> Vec<Object> {
    let mut out = Vec::new();
    collect(document, at, 0, &mut out);
    out
}

fn collect(node: &Node, at: &Places<'_>, depth: usize, out: &mut Vec<Object>) {
    // A list of lists is not what anybody writes.
    const MAX_LISTS: usize = 3;
    let (Some(api), Some(kind)) = (text_of(node, "apiVersion"), text_of(node, "kind")) else { return };
    if kind.ends_with("List") {
        if depth < MAX_LISTS {
            for item in node.get("items").map(Node::items).unwrap_or_default() {
                collect(item, at, depth + 1, out);
            }
        }
        return;
    }
    let Some(name) = node.at(["metadata", "name"]).or_else(|| node.at(["metadata", "generateName"])) else { return };
    let Some(text) = name.text() else { return };
    out.push(Object {
        kind: kind.to_owned(),
        name: Text { value: text.to_owned(), place: at(name.span) },
        namespace: node.at(["metadata", "namespace"]).and_then(Node::text).map(str::to_owned),
        annotations: texts(node.at(["metadata", "annotations"]), at),
        body: body(api, kind, node, at),
    });
}

fn body(api: &str, kind: &str, node: &Node, at: &Places<'_>) -> Body {
    let group = api.split('/').next().unwrap_or(api);
    match kind {
        "Service" if group == "serving.knative.dev" => {
            Body::Workload(pod::workload(kind, node.at(["spec", "template"]), at))
        }
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Rollout"
        | "DeploymentConfig"
        | "Job" => Body::Workload(pod::workload(kind, node.at(["spec", "template"]), at)),
        "CronJob" => Body::Workload(pod::workload(kind, node.at(["spec", "jobTemplate", "spec", "template"]), at)),
        "Pod" => Body::Workload(pod::workload(kind, Some(node), at)),
        "Service" => Body::Service(service(node)),
        "ConfigMap" => Body::ConfigMap(texts(node.get("data"), at)),
        "Secret" => {
            let mut entries = texts(node.get("stringData"), at);
            for (key, mut text) in texts(node.get("data"), at) {
                if let Some(decoded) = base64::decode(&text.value) {
                    text.value = decoded;
                } else if text.known().is_some() {
                    continue;
                }
                entries.push((key, text));
            }
            Body::Secret(entries)
        }
        _ => match mesh::policies(group, kind, node, at) {
            policies if policies.is_empty() => Body::Other,
            policies => Body::Policies(policies),
        },
    }
}

fn service(node: &Node) -> ServiceSpec {
    let Some(spec) = node.get("spec") else { return ServiceSpec::default() };
    let ports = spec.get("ports").map(Node::items).unwrap_or_default();
    ServiceSpec {
        selector: labels(spec.get("selector")),
        node_ports: ports.iter().filter_map(|port| text_of(port, "nodePort")).map(str::to_owned).collect(),
        external_name: text_of(spec, "externalName").map(str::to_owned),
    }
}

/// The scalar behind a key.
pub(super) fn text_of<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key)?.text()
}

/// The scalars of a map.
pub(super) fn labels(node: Option<&Node>) -> Vec<(String, String)> {
    let entries = node.map(Node::entries).unwrap_or_default();
    entries.iter().filter_map(|e| Some((e.name().to_owned(), e.value.text()?.to_owned()))).collect()
}

/// The scalars of a map with their places; null is the empty text.
pub(super) fn texts(node: Option<&Node>, at: &Places<'_>) -> Vec<(String, Text)> {
    let entries = node.map(Node::entries).unwrap_or_default();
    entries
        .iter()
        .filter(|entry| !entry.value.is_map() && !entry.value.is_list())
        .map(|entry| {
            let value = entry.value.text().unwrap_or("").to_owned();
            // The key and its value; a block of text is told by its key.
            let whole = Span { start: entry.key.span.start, end: entry.value.span.end };
            let span = if value.contains('\n') { entry.key.span } else { whole };
            (entry.name().to_owned(), Text { value, place: at(span) })
        })
        .collect()
}

#[cfg(test)]
mod tests;
