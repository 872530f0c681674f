//! What runs containers, and what a container is given.

use super::probe::{HealthProbe, probes};
use super::{Places, Text, labels, text_of};
use crate::syntax::data::Node;
use crate::syntax::{Place, Span};

/// Something that runs containers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workload {
    /// It runs to its end: a Job or CronJob.
    pub one_shot: bool,
    /// The labels of its pods.
    pub labels: Vec<(String, String)>,
    /// The annotations of its pods.
    pub annotations: Vec<(String, String)>,
    /// The containers that stay, in order. Those that run before them (`initContainers`) are none.
    pub containers: Vec<Container>,
}

/// A container.
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Where it is named.
    pub place: Place,
    /// `image`.
    pub image: Option<Text>,
    /// `command`, which replaces the image's entry point.
    pub command: Vec<String>,
    /// `args`.
    pub args: Vec<String>,
    /// `env`, in order.
    pub env: Vec<Variable>,
    /// `envFrom`, in order.
    pub env_from: Vec<EnvFrom>,
    /// `ports`.
    pub ports: Vec<Port>,
    /// The probes.
    pub probes: Vec<HealthProbe>,
}

/// One of `env`.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Where its value comes from.
    pub source: EnvSource,
    /// Where it stands.
    pub place: Place,
}

/// Where the value of a variable comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum EnvSource {
    /// It is written there.
    Value(String),
    /// A key of a ConfigMap or Secret.
    Key {
        /// The object's name.
        object: String,
        /// The key.
        key: String,
        /// It is a Secret.
        secret: bool,
    },
    /// The platform: the name of the pod, a limit.
    Unknown,
}

/// One of `envFrom`.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvFrom {
    /// The ConfigMap's or Secret's name.
    pub object: String,
    /// It is a Secret.
    pub secret: bool,
    /// What is put in front of every name.
    pub prefix: String,
    /// Where it stands.
    pub place: Place,
}

/// One of `ports`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name.
    pub name: Option<String>,
    /// `containerPort`.
    pub number: String,
}

/// What runs the containers of a pod template (a node with `metadata` and `spec`).
pub(super) fn workload(kind: &str, template: Option<&Node>, at: &Places<'_>) -> Workload {
    let Some(template) = template else { return Workload::default() };
    let containers = template.at(["spec", "containers"]).map(Node::items).unwrap_or_default();
    Workload {
        one_shot: matches!(kind, "Job" | "CronJob"),
        labels: labels(template.at(["metadata", "labels"])),
        annotations: labels(template.at(["metadata", "annotations"])),
        containers: containers.iter().filter(|c| c.is_map()).map(|node| container(node, at)).collect(),
    }
}

fn container(node: &Node, at: &Places<'_>) -> Container {
    let named = node.get("name");
    let image = node.get("image").and_then(|n| Some(Text { value: n.text()?.to_owned(), place: at(n.span) }));
    let words = |key: &str| match node.get(key) {
        Some(list) if list.is_list() => list.items().iter().filter_map(|w| Some(w.text()?.to_owned())).collect(),
        Some(other) => other.text().map(crate::facts::command::split).unwrap_or_default(),
        None => Vec::new(),
    };
    let ports: Vec<Port> = list(node, "ports")
        .filter_map(|port| {
            let number = text_of(port, "containerPort")?.to_owned();
            Some(Port { name: text_of(port, "name").map(str::to_owned), number })
        })
        .collect();
    Container {
        name: named.and_then(Node::text).unwrap_or("").to_owned(),
        place: at(named.map_or(node.span, |name| name.span)),
        image,
        command: words("command"),
        args: words("args"),
        env: list(node, "env").filter_map(|entry| variable(entry, at)).collect(),
        env_from: list(node, "envFrom").filter_map(|entry| env_from(entry, at)).collect(),
        probes: probes(node, &ports, at),
        ports,
    }
}

fn list<'n>(node: &'n Node, key: &str) -> impl Iterator<Item = &'n Node> {
    node.get(key).map(Node::items).unwrap_or_default().iter()
}

fn variable(entry: &Node, at: &Places<'_>) -> Option<Variable> {
    let name = text_of(entry, "name")?.to_owned();
    let mut span = entry.span;
    let source = if let Some(from) = entry.get("valueFrom") {
        let key = |kind: &str, secret: bool| {
            let reference = from.get(kind)?;
            let (object, key) = (text_of(reference, "name")?.to_owned(), text_of(reference, "key")?.to_owned());
            Some(EnvSource::Key { object, key, secret })
        };
        key("configMapKeyRef", false).or_else(|| key("secretKeyRef", true)).unwrap_or(EnvSource::Unknown)
    } else {
        let value = entry.entry("value");
        // The line of the value is the one to show.
        span = value.map_or(span, |value| Span { start: value.key.span.start, end: value.value.span.end });
        EnvSource::Value(value.and_then(|value| value.value.text()).unwrap_or("").to_owned())
    };
    Some(Variable { name, source, place: at(span) })
}

fn env_from(entry: &Node, at: &Places<'_>) -> Option<EnvFrom> {
    let (reference, secret) = match (entry.get("configMapRef"), entry.get("secretRef")) {
        (Some(reference), _) => (reference, false),
        (None, Some(reference)) => (reference, true),
        (None, None) => return None,
    };
    Some(EnvFrom {
        object: text_of(reference, "name")?.to_owned(),
        secret,
        prefix: text_of(entry, "prefix").unwrap_or("").to_owned(),
        place: at(entry.span),
    })
}
