//! Strategic merge patches, as far as they change containers and settings.

use crate::facts::kube::{Body, Container, Object, Text, objects};
use crate::syntax::Place;
use crate::syntax::data::yaml;

/// The objects of a patch that is written into a kustomization. Operations on paths (JSON 6902) are not
/// followed.
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
