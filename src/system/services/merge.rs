//! One service out of all that was found about it, and a name for each.

use std::collections::BTreeMap;

use super::compose::spelled;
use super::context::Context;
use super::kube::is_of_cluster;
use super::{Candidate, Service, kind, modules};
use crate::files::folder_of;
use crate::system::kube::PROJECT;

/// Merges candidates that are the same process and names them.
pub(super) fn services(ctx: &Context<'_>, candidates: Vec<Candidate>) -> Vec<Service> {
    let processes = Processes::of(&candidates);
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        let same = |known: &Candidate| same(known, &candidate) || processes.is_only_one_of_both(known, &candidate);
        // One of several processes of a root is best known by its name.
        let named = kept.iter().position(|known| same(known) && is_named_alike(known, &candidate));
        let at = named.or_else(|| kept.iter().position(same));
        match at.and_then(|at| kept.get_mut(at)) {
            Some(known) => absorb(known, candidate),
            None => kept.push(candidate),
        }
    }
    let mut kept = drop_steps(kept);
    modules::widen(ctx, &mut kept);
    for candidate in &mut kept {
        candidate.service.languages = ctx.languages(&candidate.service.root);
        candidate.service.kind = kind::kind(ctx, candidate);
        candidate.service.code_base = candidate.service.root.clone();
    }
    name(&mut kept);
    kept.into_iter().map(|candidate| candidate.service).collect()
}

/// How many processes of each root one Compose project and the cluster run.
struct Processes(BTreeMap<(String, bool), usize>);

impl Processes {
    fn of(candidates: &[Candidate]) -> Processes {
        let mut counts: BTreeMap<(String, bool), BTreeMap<&str, usize>> = BTreeMap::new();
        for candidate in candidates {
            let Some(container) = candidate.service.containers.first() else { continue };
            let key = (candidate.service.root.clone(), is_of_cluster(candidate));
            *counts.entry(key).or_default().entry(&container.project).or_default() += 1;
        }
        let most = |projects: BTreeMap<&str, usize>| projects.into_values().max().unwrap_or_default();
        Processes(counts.into_iter().map(|(key, projects)| (key, most(projects))).collect())
    }

    /// The one process that Compose runs of a root, with a script around its command, and the one that the cluster
    /// runs of it.
    fn is_only_one_of_both(&self, a: &Candidate, b: &Candidate) -> bool {
        let root = &a.service.root;
        let only = |cluster: bool| self.0.get(&(root.clone(), cluster)) == Some(&1);
        let works = |candidate: &Candidate| kind::works(&candidate.service.command);
        !root.is_empty()
            && *root == b.service.root
            && is_of_cluster(a) != is_of_cluster(b)
            && !(a.service.containers.is_empty() || b.service.containers.is_empty())
            && only(true)
            && only(false)
            && works(a) == works(b)
    }
}

fn is_named_alike(a: &Candidate, b: &Candidate) -> bool {
    a.service.name == b.service.name || a.aliases.first() == b.aliases.first()
}

/// True for two descriptions of one process.
fn same(a: &Candidate, b: &Candidate) -> bool {
    if is_other_module(a, b) {
        return true;
    }
    if a.service.root != b.service.root {
        return false;
    }
    let project =
        |candidate: &Candidate| candidate.service.containers.first().map(|container| container.project.clone());
    if project(a) == project(b) {
        // Copies of one process: `worker-1`, `worker-2`.
        let stem =
            |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(['-', '_']).to_owned();
        let both = a.build.is_some() && a.build == b.build;
        return (both && (stem(&a.service.name) == stem(&b.service.name))) || alternatives(a, b);
    }
    // The same service in the Compose file of the whole and in its own.
    let named = a.service.name == b.service.name;
    let command =
        a.service.command == b.service.command || a.service.command.is_empty() || b.service.command.is_empty();
    named || command || b.aliases.iter().any(|alias| a.aliases.first() == Some(alias))
}

/// `orders/app`, which Compose runs, and `orders/cloud`, which the cluster runs, are both called `orders`: modules of
/// one application, put together in two ways.
fn is_other_module(a: &Candidate, b: &Candidate) -> bool {
    let around = |candidate: &Candidate| {
        let parent = folder_of(&candidate.service.root);
        (spelled(parent.rsplit('/').next().unwrap_or("")) == spelled(&candidate.service.name))
            .then(|| parent.to_owned())
    };
    a.service.root != b.service.root
        && is_of_cluster(a) != is_of_cluster(b)
        && around(a).is_some()
        && around(a) == around(b)
}

/// `api` of `docker-compose.yaml` and `shop-api` of `docker-compose.prod.yaml`: one image that does the
/// same in two files that are not used together.
fn alternatives(a: &Candidate, b: &Candidate) -> bool {
    let file = |candidate: &Candidate| candidate.service.containers.first().map(|container| container.place.file);
    let image = |candidate: &Candidate| candidate.service.dockerfile;
    file(a) != file(b)
        && image(a).is_some()
        && image(a) == image(b)
        && !a.service.command.is_empty()
        && a.service.command == b.service.command
}

/// Takes everything over that another description of the same process says.
pub(super) fn absorb(known: &mut Candidate, other: Candidate) {
    let service = other.service;
    known.aliases.extend(other.aliases);
    known.service.containers.extend(service.containers);
    known.service.evidence.extend(service.evidence);
    for probe in service.probes {
        if !known.service.probes.iter().any(|p| p.place == probe.place || p.text == probe.text) {
            known.service.probes.push(probe);
        }
    }
    for variable in service.env {
        if !known.service.env.iter().any(|v| v.name == variable.name) {
            known.service.env.push(variable);
        }
    }
    known.service.env_is_open |= service.env_is_open;
    known.service.host_names.extend(service.host_names);
    known.service.host_names.dedup();
    known.service.published_ports.extend(service.published_ports);
    known.service.dockerfile = known.service.dockerfile.or(service.dockerfile);
    if known.service.entries.is_empty() {
        known.service.entries = service.entries;
    }
    if known.service.command.is_empty() {
        known.service.command = service.command;
    }
}

/// A migration that runs the image of a service to its end is a step of it, and no service.
fn drop_steps(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let (steps, mut kept): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|candidate| candidate.one_shot);
    for step in steps {
        match kept.iter_mut().find(|other| other.service.root == step.service.root) {
            Some(owner) => {
                owner.service.containers.extend(step.service.containers);
                owner.service.evidence.extend(step.service.evidence);
            }
            None => kept.push(step),
        }
    }
    kept
}

/// Gives each service a name of its own.
fn name(candidates: &mut [Candidate]) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for candidate in candidates.iter() {
        *counts.entry(candidate.service.name.to_lowercase()).or_default() += 1;
    }
    // The one whose folder is called so keeps the name that others copied from it.
    let own = |candidate: &Candidate| candidate.service.root.rsplit('/').next() == Some(&candidate.service.name);
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    for candidate in candidates.iter().filter(|candidate| own(candidate)) {
        *owners.entry(candidate.service.name.to_lowercase()).or_default() += 1;
    }
    let mut taken: Vec<String> = Vec::new();
    for candidate in candidates.iter_mut() {
        let keeps = own(candidate) && owners.get(&candidate.service.name.to_lowercase()) == Some(&1);
        let service = &mut candidate.service;
        if !keeps && counts.get(&service.name.to_lowercase()).is_some_and(|count| *count > 1) {
            let folder = service.root.rsplit('/').next().unwrap_or("").to_owned();
            // `payment/cmd/api` is about payments.
            let mut outer = folder_of(&service.root).rsplit('/').filter(|f| !matches!(*f, "cmd" | "src" | "internal"));
            let above = outer.next().unwrap_or("").to_owned();
            let project = service.containers.first().map(|c| c.project.rsplit('/').next().unwrap_or("").to_owned());
            let options = [
                candidate.other_name.clone().filter(|_| candidate.named),
                Some(folder.clone()),
                Some(format!("{above}-{folder}")).filter(|_| !above.is_empty()),
                project
                    .filter(|project| !project.is_empty() && project != PROJECT)
                    .map(|project| format!("{project}-{}", service.name)),
            ];
            let free =
                |name: &String| !name.is_empty() && !taken.contains(name) && !counts.contains_key(&name.to_lowercase());
            if let Some(name) = options.into_iter().flatten().find(free) {
                service.name = name;
            }
        }
        let mut number = 2;
        let stem = service.name.clone();
        while taken.contains(&service.name) {
            service.name = format!("{stem}-{number}");
            number += 1;
        }
        taken.push(service.name.clone());
    }
}
