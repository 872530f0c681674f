//! The objects of one environment to containers with their variables and names.

use std::collections::BTreeMap;

use super::chart::RELEASE;
use super::{Container, Environment};
use crate::facts::kube::{self, Body, EnvSource, HOLE, Object, ServiceSpec, Text, Workload};
use crate::system::compose::{EnvVar, Origin};

/// Settings of ConfigMaps or Secrets by name.
type Settings<'a> = BTreeMap<&'a str, Vec<&'a (String, Text)>>;

struct Names<'a> {
    services: Vec<(&'a Object, &'a ServiceSpec)>,
    config_maps: Settings<'a>,
    secrets: Settings<'a>,
}

/// What runs in an environment.
pub(super) fn environment(name: String, objects: &[Object]) -> Environment {
    let mut names = Names { services: Vec::new(), config_maps: BTreeMap::new(), secrets: BTreeMap::new() };
    let mut out = Environment { name, ..Environment::default() };
    for object in objects {
        let key = object.name.value.as_str();
        match &object.body {
            Body::Service(service) => {
                names.services.push((object, service));
                if let Some(external) = &service.external_name {
                    out.external_names.push((key.to_owned(), external.clone()));
                }
            }
            Body::ConfigMap(entries) => names.config_maps.entry(key).or_default().extend(entries),
            Body::Secret(entries) => names.secrets.entry(key).or_default().extend(entries),
            _ => {}
        }
        if let Some(namespace) = &object.namespace
            && !out.namespaces.contains(namespace)
        {
            out.namespaces.push(namespace.clone());
        }
    }
    for object in objects {
        if let Body::Workload(workload) = &object.body {
            out.containers.extend(containers(object, workload, &names));
        }
    }
    out
}

fn containers(object: &Object, workload: &Workload, names: &Names<'_>) -> Vec<Container> {
    let label = |key: &str| {
        workload.labels.iter().find(|(known, value)| known == key && !value.contains(HOLE)).map(|(_, v)| v.clone())
    };
    let selects = |spec: &ServiceSpec| {
        !spec.selector.is_empty() && spec.selector.iter().all(|label| workload.labels.contains(label))
    };
    let services: Vec<&(&Object, &ServiceSpec)> = names.services.iter().filter(|(_, spec)| selects(spec)).collect();
    let dapr = |key: &str| workload.annotations.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
    let alone = workload.containers.len() == 1;
    let names_it = |container: &kube::Container| {
        let of = |text: &str| {
            !container.name.is_empty() && (container.name == text || text.starts_with(&format!("{}-", container.name)))
        };
        of(plain_name(&object.name.value)) || label("app").is_some_and(|app| of(&app))
    };
    // Helpers (a proxy, a shipper of logs) stand beside the container that does the work.
    let main = workload.containers.iter().position(names_it).unwrap_or(0);
    let own = |(index, container): (usize, &kube::Container)| {
        let name = object.name.value.clone();
        let mut command = container.command.clone();
        command.extend(container.args.iter().cloned());
        let (env, unread) = variables(container, names);
        let expand = |word: &String| expanded(word, &env);
        Container {
            key: if alone { name.clone() } else { format!("{name}/{}", container.name) },
            workload: name,
            name: container.name.clone(),
            app: label("app.kubernetes.io/name").or_else(|| label("app")).or_else(|| label("name")),
            place: object.name.place,
            image: container.image.as_ref().map(|image| (image.value.clone(), image.place)),
            command: command.iter().map(expand).collect(),
            replaces_entrypoint: !container.command.is_empty(),
            open: !unread.is_empty(),
            unread: if let [one] = unread.as_slice() { Some(one.clone()) } else { None },
            host_names: services.iter().map(|(service, _)| service.name.value.clone()).collect(),
            node_ports: services.iter().flat_map(|(_, spec)| spec.node_ports.iter().cloned()).collect(),
            listens: !container.ports.is_empty() || !services.is_empty(),
            one_shot: workload.one_shot,
            probes: container.probes.clone(),
            dapr_id: dapr("dapr.io/app-id"),
            alone,
            main: index == main,
            env,
        }
    };
    workload.containers.iter().enumerate().map(own).collect()
}

/// The variables of a container, and the objects that may set others.
fn variables(container: &kube::Container, names: &Names<'_>) -> (Vec<EnvVar>, Vec<(String, crate::syntax::Place)>) {
    let mut env: Vec<EnvVar> = Vec::new();
    let mut unread: Vec<(String, crate::syntax::Place)> = Vec::new();
    let mut set = |variable: EnvVar| match env.iter_mut().find(|known| known.name == variable.name) {
        Some(known) => *known = variable,
        None => env.push(variable),
    };
    for from in &container.env_from {
        let settings = if from.secret { &names.secrets } else { &names.config_maps };
        match settings.get(from.object.as_str()) {
            Some(entries) => {
                for (key, text) in entries.iter().copied() {
                    set(known(format!("{}{key}", from.prefix), text));
                }
            }
            None => unread.push((format!("{}{}", from.object, from.prefix), from.place)),
        }
    }
    for variable in &container.env {
        let name = variable.name.clone();
        match &variable.source {
            EnvSource::Value(value) => {
                set(known(name, &Text { value: value.clone(), place: variable.place }));
            }
            EnvSource::Key { object, key, secret } => {
                let settings = if *secret { &names.secrets } else { &names.config_maps };
                let entries = settings.get(object.as_str()).map(Vec::as_slice).unwrap_or_default();
                match entries.iter().find(|(known, _)| known == key) {
                    Some((_, text)) => set(known(name, text)),
                    // The same key of the same object is the same value, whoever reads it.
                    None => set(unknown(name, format!("${{{object}.{key}}}"), variable.place)),
                }
            }
            EnvSource::Unknown => set(unknown(name, String::new(), variable.place)),
        }
    }
    // `$(NAME)` stands for a variable in front of it.
    for index in 0..env.len() {
        let (before, rest) = env.split_at_mut(index);
        if let Some(variable) = rest.first_mut()
            && variable.partial.contains("$(")
        {
            variable.partial = expanded(&variable.partial, before);
            if let Some(value) = &variable.value {
                let value = expanded(value, before);
                variable.value = (!value.contains("$(")).then_some(value);
            }
        }
    }
    (env, unread)
}

fn known(name: String, text: &Text) -> EnvVar {
    let raw = text.value.trim_end_matches('\n').to_owned();
    if !raw.contains(HOLE) {
        return EnvVar {
            name,
            value: Some(raw.clone()),
            partial: raw.clone(),
            raw,
            place: text.place,
            origin: Origin::Kubernetes,
            assumed: false,
        };
    }
    // What a template leaves open is told apart by where it stands.
    let mark = format!("${{{}:{}}}", text.place.file.0, text.place.span.start);
    unknown(name, raw.replace(HOLE, &mark), text.place)
}

fn unknown(name: String, partial: String, place: crate::syntax::Place) -> EnvVar {
    let raw = partial.clone();
    EnvVar { name, value: None, partial, raw, place, origin: Origin::Kubernetes, assumed: false }
}

/// Fills in `$(NAME)`.
fn expanded(text: &str, env: &[EnvVar]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("$(") {
        out.push_str(&rest[..at]);
        let inner = &rest[at + 2..];
        let Some(end) = inner.find(')') else {
            out.push_str(&rest[at..]);
            return out;
        };
        let variable = env.iter().find(|variable| variable.name == inner[..end]);
        match variable.and_then(|variable| variable.value.as_ref()) {
            Some(value) => out.push_str(value),
            None => out.push_str(&rest[at..at + 2 + end + 1]),
        }
        rest = &inner[end + 1..];
    }
    out.push_str(rest);
    out
}

/// The name of an object without what the installation puts in front of it.
pub(in crate::system) fn plain_name(name: &str) -> &str {
    name.strip_prefix(RELEASE).map_or(name, |rest| rest.trim_start_matches('-'))
}
