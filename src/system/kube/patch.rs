//! Strategic merge patches and operations on paths, as far as they change containers and settings.

use crate::facts::kube::kustomize::Operations;
use crate::facts::kube::{Body, Container, EnvSource, Object, Text, Variable, objects};
use crate::syntax::Place;
use crate::syntax::data::{Node, yaml};

/// The objects of a patch that is written into a kustomization.
pub(super) fn inline(text: &Text) -> Vec<Object> {
    let at = |_| -> Place { text.place };
    yaml(&text.value).documents.iter().flat_map(|document| objects(document, &at)).collect()
}

/// Applies a patch to the object it names.
pub(super) fn patched(objects: &mut [Object], patch: &Object) {
    let is_it = |object: &&mut Object| object.kind == patch.kind && object.name.value == patch.name.value;
    let Some(object) = objects.iter_mut().find(is_it) else { return };
    match (&mut object.body, &patch.body) {
        (Body::Workload(workload), Body::Workload(changes)) => {
            for change in &changes.containers {
                match workload.containers.iter_mut().find(|container| container.name == change.name) {
                    Some(container) => merge(container, change),
                    None => workload.containers.push(change.clone()),
                }
            }
        }
        (Body::ConfigMap(entries), Body::ConfigMap(changes)) | (Body::Secret(entries), Body::Secret(changes)) => {
            for (key, value) in changes {
                set(entries, key, value);
            }
        }
        _ => {}
    }
}

/// Applies operations on paths (JSON 6902) that change images and variables of containers, and the entries of
/// a ConfigMap: `/spec/template/spec/containers/0/env/1/value`.
pub(super) fn operated(objects: &mut [Object], operations: &Operations) {
    let is_it = |object: &&mut Object| {
        operations.kind.as_ref().is_none_or(|kind| *kind == object.kind)
            && operations.name.as_ref().is_none_or(|name| *name == object.name.value)
    };
    let parsed = yaml(&operations.text.value);
    let Some(list) = parsed.documents.first() else { return };
    for object in objects.iter_mut().filter(is_it) {
        for operation in list.items() {
            let text = |key: &str| operation.get(key).and_then(Node::text);
            let (Some(op), Some(path)) = (text("op"), text("path")) else { continue };
            let path: Vec<&str> = path.split('/').skip(1).collect();
            match (&mut object.body, path.as_slice()) {
                (Body::ConfigMap(entries) | Body::Secret(entries), ["data" | "stringData", key]) if op != "remove" => {
                    let Some(value) = text("value") else { continue };
                    set(entries, key, &Text { value: value.to_owned(), place: operations.text.place });
                }
                (Body::Workload(workload), path) => {
                    let at = path.iter().position(|part| *part == "containers");
                    let Some([index, rest @ ..]) = at.and_then(|at| path.get(at + 1..)) else { continue };
                    let container = index.parse::<usize>().ok().and_then(|i| workload.containers.get_mut(i));
                    let Some(container) = container else { continue };
                    operate(container, op, rest, operation.get("value"), operations.text.place);
                }
                _ => {}
            }
        }
    }
}

fn operate(container: &mut Container, op: &str, path: &[&str], value: Option<&Node>, place: Place) {
    let scalar = value.and_then(Node::text);
    match (path, op) {
        (["image"], "add" | "replace") => {
            container.image = scalar.map(|value| Text { value: value.to_owned(), place });
        }
        (["env", index, "value"], "add" | "replace") => {
            let variable = index.parse::<usize>().ok().and_then(|i| container.env.get_mut(i));
            if let (Some(variable), Some(value)) = (variable, scalar) {
                (variable.source, variable.place) = (EnvSource::Value(value.to_owned()), place);
            }
        }
        (["env", index], "add" | "replace") => {
            let text = |key: &str| value?.get(key)?.text();
            let (Some(name), Some(value)) = (text("name"), text("value")) else { return };
            let made = Variable { name: name.to_owned(), source: EnvSource::Value(value.to_owned()), place };
            match index.parse::<usize>() {
                Ok(i) if op == "replace" && i < container.env.len() => container.env[i] = made,
                Ok(i) if i < container.env.len() => container.env.insert(i, made),
                _ => container.env.push(made),
            }
        }
        (["env", index], "remove") => {
            if let Some(i) = index.parse::<usize>().ok().filter(|i| *i < container.env.len()) {
                container.env.remove(i);
            }
        }
        _ => {}
    }
}

fn set(entries: &mut Vec<(String, Text)>, key: &str, value: &Text) {
    match entries.iter_mut().find(|(known, _)| known == key) {
        Some((_, known)) => known.clone_from(value),
        None => entries.push((key.to_owned(), value.clone())),
    }
}

fn merge(container: &mut Container, change: &Container) {
    container.image = change.image.clone().or(container.image.take());
    if !change.command.is_empty() {
        container.command.clone_from(&change.command);
    }
    if !change.args.is_empty() {
        container.args.clone_from(&change.args);
    }
    for variable in &change.env {
        match container.env.iter_mut().find(|known| known.name == variable.name) {
            Some(known) => known.clone_from(variable),
            None => container.env.push(variable.clone()),
        }
    }
    // Kubernetes knows the entries of `envFrom` by no key: the list is replaced.
    if !change.env_from.is_empty() {
        container.env_from.clone_from(&change.env_from);
    }
    for probe in &change.probes {
        container.probes.retain(|known| known.role != probe.role);
        container.probes.push(probe.clone());
    }
    container.ports.extend(change.ports.iter().filter(|p| !container.ports.contains(p)).cloned().collect::<Vec<_>>());
}
