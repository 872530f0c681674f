//! Kustomizations put together: bases, components, patches, generators.

use std::collections::{BTreeMap, BTreeSet};

use super::patch::{self, patched};
use super::read::KubeFile;
use super::{KubeInputs, Unit};
use crate::facts::kube::kustomize::{Generator, Kustomization};
use crate::facts::kube::{Body, Object, Text};
use crate::files::{folder_of, join_path};
use crate::syntax::{FileId, Place};

/// How deeply kustomizations may use each other.
const MAX_DEPTH: usize = 16;
/// How many are put together in all: a folder may be named again and again.
const MAX_VISITS: usize = 4_000;

/// Folders of kustomizations by path.
fn by_folder<'a>(inputs: KubeInputs<'a>) -> BTreeMap<&'a str, &'a Kustomization> {
    let mut out = BTreeMap::new();
    for (&id, file) in inputs.files {
        if let KubeFile::Kustomization(kustomization) = file {
            out.insert(folder_of(&inputs.tree.file(id).path), kustomization);
        }
    }
    out
}

/// The files that a kustomization takes: they are deployed through it and not by themselves.
pub(super) fn used(inputs: KubeInputs<'_>) -> BTreeSet<FileId> {
    let mut out = BTreeSet::new();
    for (folder, kustomization) in by_folder(inputs) {
        let paths = kustomization.resources.iter().chain(&kustomization.patch_files);
        out.extend(paths.filter_map(|path| inputs.tree.find(&join_path(folder, path)?)));
    }
    out
}

/// One unit for each kustomization that no other one uses.
pub(super) fn units(inputs: KubeInputs<'_>) -> Vec<Unit> {
    let all = by_folder(inputs);
    let mut inner: BTreeSet<String> = BTreeSet::new();
    for (folder, kustomization) in &all {
        inner.extend(kustomization.resources.iter().filter_map(|path| join_path(folder, path)).filter(|p| p != folder));
    }
    let mut roots: Vec<&str> =
        all.iter().filter(|(folder, k)| !k.component && !inner.contains(**folder)).map(|(folder, _)| *folder).collect();
    if roots.is_empty() {
        // They use each other in a circle.
        roots.extend(all.keys().next());
    }
    let mut assembly = Assembly { inputs, all: &all, visits: 0 };
    let unit = |folder: &str| Unit {
        hint: hint(folder, &all),
        folder: folder.to_owned(),
        objects: {
            let mut objects = Vec::new();
            assembly.take(folder, &mut BTreeSet::new(), &mut objects);
            objects
        },
    };
    roots.into_iter().map(unit).collect()
}

/// `prod` for an overlay of that name; `kubernetes` for a kustomization without a base.
fn hint(folder: &str, all: &BTreeMap<&str, &Kustomization>) -> String {
    let overlay = all.get(folder).is_some_and(|k| {
        k.resources.iter().filter_map(|path| join_path(folder, path)).any(|path| all.contains_key(path.as_str()))
    });
    let name = folder.rsplit('/').next().unwrap_or("");
    let in_overlays = folder_of(folder).ends_with("overlays");
    if (overlay || in_overlays) && !name.is_empty() { name.to_owned() } else { super::group::hint(folder) }
}

struct Assembly<'a> {
    inputs: KubeInputs<'a>,
    all: &'a BTreeMap<&'a str, &'a Kustomization>,
    visits: usize,
}

impl Assembly<'_> {
    /// Adds what the kustomization of a folder makes. `open` are the ones around it.
    fn take(&mut self, folder: &str, open: &mut BTreeSet<String>, objects: &mut Vec<Object>) {
        self.visits += 1;
        let Some(&kustomization) = self.all.get(folder) else { return };
        if self.visits > MAX_VISITS || open.len() >= MAX_DEPTH || !open.insert(folder.to_owned()) {
            return;
        }
        // A component changes what is there already, anything else only its own.
        let mut own = if kustomization.component { std::mem::take(objects) } else { Vec::new() };
        for path in kustomization.resources.iter().filter_map(|path| join_path(folder, path)) {
            match self.inputs.tree.find(&path) {
                Some(file) => own.extend(self.objects(file).iter().cloned()),
                None => self.take(&path, open, &mut own),
            }
        }
        for generator in &kustomization.generators {
            own.push(self.generated(folder, generator));
        }
        for path in kustomization.patch_files.iter().filter_map(|path| join_path(folder, path)) {
            if let Some(file) = self.inputs.tree.find(&path) {
                self.objects(file).iter().for_each(|patch| patched(&mut own, patch));
            }
        }
        for text in &kustomization.inline_patches {
            patch::inline(text).iter().for_each(|patch| patched(&mut own, patch));
        }
        for operations in &kustomization.operations {
            patch::operated(&mut own, operations);
        }
        change(kustomization, &mut own);
        objects.append(&mut own);
        open.remove(folder);
    }

    fn objects(&self, file: FileId) -> &[Object] {
        match self.inputs.files.get(&file) {
            Some(KubeFile::Objects(objects)) => objects,
            _ => &[],
        }
    }

    /// The ConfigMap or Secret that a generator makes.
    fn generated(&self, folder: &str, generator: &Generator) -> Object {
        let mut entries: Vec<(String, Text)> = Vec::new();
        for path in generator.env_files.iter().filter_map(|path| join_path(folder, path)) {
            let Some(id) = self.inputs.tree.find(&path) else { continue };
            for pair in self.inputs.env_files.get(&id).map(|pairs| pairs.pairs.as_slice()).unwrap_or_default() {
                let place = Place::new(id, pair.key_span);
                entries.push((pair.key.clone(), Text { value: pair.value.clone().unwrap_or_default(), place }));
            }
        }
        for literal in &generator.literals {
            if let Some((key, value)) = literal.value.split_once('=') {
                let value = value.trim_matches(['"', '\'']).to_owned();
                entries.push((key.to_owned(), Text { value, place: literal.place }));
            }
        }
        let place = entries.first().map(|(_, text)| text.place);
        let place = place.unwrap_or(Place::new(FileId(0), crate::syntax::Span::default()));
        Object {
            kind: if generator.secret { "Secret" } else { "ConfigMap" }.to_owned(),
            name: Text { value: generator.name.clone(), place },
            namespace: None,
            annotations: Vec::new(),
            body: if generator.secret { Body::Secret(entries) } else { Body::ConfigMap(entries) },
        }
    }
}

/// Prefixes, the namespace and replaced images.
fn change(kustomization: &Kustomization, objects: &mut [Object]) {
    for object in objects {
        if kustomization.namespace.is_some() {
            object.namespace.clone_from(&kustomization.namespace);
        }
        if matches!(object.body, Body::Workload(_) | Body::Service(_)) {
            let name = &mut object.name.value;
            *name = format!("{}{name}{}", kustomization.prefix, kustomization.suffix);
        }
        let Body::Workload(workload) = &mut object.body else { continue };
        for image in workload.containers.iter_mut().filter_map(|container| container.image.as_mut()) {
            let name = image.value.split(['@', ':']).next().unwrap_or("").to_owned();
            // The port of a registry is no tag.
            let name = if image.value.matches(':').count() > 1 { image.value.clone() } else { name };
            if let Some((_, new)) = kustomization.images.iter().find(|(old, _)| *old == name) {
                image.value.clone_from(new);
            }
        }
    }
}
