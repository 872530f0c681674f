//! Services that Kubernetes manifests and charts deploy.
//!
//! A workload is first-party when its image is built here: by Skaffold, by Compose, from a folder of the
//! image's name, or from the folder the manifest lies beside. Everything else comes from elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::compose::{
    add_dockerfile, alias, base_image, dockerfile_of, folder_of_image, has_job_name, is_test_command, is_test_name,
    spelled, takes_code,
};
use super::context::Context;
use super::images::{self, ImageRole};
use super::root::{self, Build};
use super::shell;
use super::{Candidate, Container, Probe, Service};
use crate::facts::dockerfile::Dockerfile;
use crate::facts::kube::HOLE;
use crate::files::folder_of;
use crate::program::resolve::within;
use crate::syntax::FileId;
use crate::system::compose::EnvVar;
use crate::system::kube::{self, Hint};

/// The containers of one workload, once for each environment that has it.
type Views<'a> = Vec<(&'a str, &'a kube::Container)>;
/// The code of a workload: its folder, and the Dockerfile that builds it.
type Code<'a> = (String, Option<(FileId, &'a Dockerfile)>);
/// What Compose builds: the folder, the names of its image, and its Dockerfile.
type Owned = (String, Vec<String>, Option<FileId>);

/// Adds what is deployed to clusters. What Compose runs as well is there twice, until it is merged.
pub(super) fn add(ctx: &Context<'_>, candidates: &mut Vec<Candidate>) {
    let cluster = &ctx.deployment.cluster;
    let mut workloads: BTreeMap<&str, Views<'_>> = BTreeMap::new();
    for environment in &cluster.environments {
        for container in &environment.containers {
            workloads.entry(container.key.as_str()).or_default().push((environment.name.as_str(), container));
        }
    }
    let owned: Vec<Owned> = candidates
        .iter()
        .map(|candidate| (candidate.service.root.clone(), candidate.aliases.clone(), candidate.service.dockerfile))
        .collect();
    let mut found: Vec<(Candidate, BTreeSet<&str>)> = Vec::new();
    let whole = whole(ctx, &workloads, &owned);
    for views in workloads.values() {
        let Some(candidate) = candidate(ctx, views, &owned, whole.as_deref()) else { continue };
        let environments: BTreeSet<&str> = views.iter().map(|(environment, _)| *environment).collect();
        // Another name in another environment is another declaration of the same process.
        let same = |(known, other): &&mut (Candidate, BTreeSet<&str>)| {
            is_version(known, &candidate) || (is_alternative(known, &candidate) && other.is_disjoint(&environments))
        };
        match found.iter_mut().find(same) {
            Some((known, other)) => {
                super::merge::absorb(known, candidate);
                other.extend(environments);
            }
            None => found.push((candidate, environments)),
        }
    }
    candidates.extend(found.into_iter().map(|(candidate, _)| candidate));
}

/// The one image that no folder is found for, where the repository as a whole has a Dockerfile: that is
/// what it builds.
fn whole(ctx: &Context<'_>, workloads: &BTreeMap<&str, Views<'_>>, owned: &[Owned]) -> Option<String> {
    ctx.dockerfiles_in("").next()?;
    let mut left: BTreeSet<String> = BTreeSet::new();
    for (_, container) in workloads.values().flatten() {
        let Some((image, _)) = &container.image else { continue };
        let ours = container.main && images::role(image) == ImageRole::Unknown;
        if ours && code(ctx, container, image, owned, None).is_none() {
            left.insert(alias(&image.replace(HOLE, "")));
        }
    }
    let named = |image: &&String| super::standalone::root_name(ctx).to_lowercase().ends_with(image.as_str());
    let only = left.iter().next().filter(|_| left.len() == 1).cloned();
    left.iter().find(named).cloned().or(only)
}

fn is_alternative(a: &Candidate, b: &Candidate) -> bool {
    a.service.root == b.service.root && a.service.command == b.service.command
}

/// True for a candidate that only manifests declare.
pub(super) fn is_of_cluster(candidate: &Candidate) -> bool {
    let containers = &candidate.service.containers;
    !containers.is_empty() && containers.iter().all(|container| container.project == kube::PROJECT)
}

/// `reviews-v1` and `reviews-v2` stand behind one name.
fn is_version(a: &Candidate, b: &Candidate) -> bool {
    let same_command = a.service.command == b.service.command;
    let shares_host = a.service.host_names.iter().any(|host| b.service.host_names.contains(host));
    let copy = same_command && without_copy(&a.service.name) == without_copy(&b.service.name);
    a.service.root == b.service.root && (a.service.name == b.service.name || (shares_host && same_command) || copy)
}

/// `orders` of `orders-canary`, which is the same service with another share of the requests.
fn without_copy(name: &str) -> &str {
    let copies = ["-canary", "-stable", "-primary", "-baseline", "-blue", "-green", "-clone", "-preview"];
    copies.iter().find_map(|copy| name.strip_suffix(copy)).unwrap_or(name)
}

fn candidate(ctx: &Context<'_>, views: &Views<'_>, owned: &[Owned], whole: Option<&str>) -> Option<Candidate> {
    let (_, first) = views.iter().find(|(_, view)| view.image.is_some()).or(views.first())?;
    let (image, image_place) = first.image.as_ref().map(|(image, place)| (image.as_str(), *place))?;
    let name = name(first);
    if is_test_command(&first.command) || is_test_name(&name) {
        return None;
    }
    let ((root, dockerfile), why) = code(ctx, first, image, owned, whole)?;
    if root.is_empty() && !ctx.has_code(&root) {
        return None;
    }
    let mut role = match dockerfile {
        Some((_, file)) => base_image(file, None).map_or(ImageRole::Runtime, |image| images::role(&image)),
        None => ImageRole::Runtime,
    };
    if matches!(role, ImageRole::Datastore | ImageRole::Broker) {
        if !dockerfile.is_some_and(|(_, file)| takes_code(file, None)) {
            return None;
        }
        role = ImageRole::Runtime;
    }
    if role == ImageRole::TestTool {
        return None;
    }
    let mut service = Service { name, root, place: Some(first.place), ..Service::default() };
    service.evidence.push((image_place, why));
    for (environment, view) in views {
        view_of(&mut service, environment, view);
    }
    service.command = first.command.clone();
    if let Some((id, file)) = dockerfile
        && !first.replaces_entrypoint
    {
        let own = file.start_command(None).map(|(words, _)| words).unwrap_or_default();
        let own = shell::started(ctx, &[&service.root, folder_of(&ctx.tree.file(id).path)], own);
        // `args` replace what the image passes to its entry point.
        let entrypoint = file.stage(None).and_then(|stage| file.chain(stage).find_map(|s| s.entrypoint.as_ref()));
        service.command = match (entrypoint, first.command.is_empty()) {
            (_, true) => own,
            (Some(entrypoint), false) => entrypoint.words().into_iter().chain(first.command.iter().cloned()).collect(),
            (None, false) => first.command.clone(),
        };
    }
    if is_test_command(&service.command) {
        return None;
    }
    service.entries = root::entries(ctx, &[&service.root], &service.command);
    let mut aliases = vec![spelled(&service.name), alias(image)];
    aliases.extend([&first.workload, &first.name].map(|name| spelled(name)));
    let build = format!("{}|{}", service.root, service.command.join(" "));
    let one_shot = first.one_shot || has_job_name(&service.name);
    let mut candidate = Candidate {
        service,
        aliases,
        role,
        build: Some(build),
        listens: views.iter().any(|(_, view)| view.listens),
        one_shot,
        named: true,
        other_name: None,
    };
    if let Some((id, file)) = dockerfile {
        add_dockerfile(&mut candidate, id, file, None);
    }
    Some(candidate)
}

/// What one environment says about a service.
fn view_of(service: &mut Service, environment: &str, view: &kube::Container) {
    let place = view.place;
    service.containers.push(Container { name: view.key.clone(), project: kube::PROJECT.to_owned(), place });
    for probe in &view.probes {
        if !service.probes.iter().any(|known| known.place == probe.place || known.text == probe.text) {
            service.probes.push(Probe {
                told: format!("{} of the environment `{environment}`", probe.role.name()),
                text: probe.text.clone(),
                words: probe.words.clone(),
                target: probe.target.clone(),
                place: probe.place,
            });
        }
    }
    let fresh = |variable: &&EnvVar, service: &Service| !service.env.iter().any(|known| known.name == variable.name);
    for variable in &view.env {
        if fresh(&variable, service) {
            service.env.push(variable.clone());
        }
    }
    service.env_is_open |= view.open;
    let hosts = view.host_names.iter().chain(&view.dapr_id);
    for host in hosts {
        if !service.host_names.contains(host) {
            service.host_names.push(host.clone());
        }
    }
    for port in &view.node_ports {
        if !service.published_ports.contains(port) {
            service.published_ports.push(port.clone());
        }
    }
}

/// What a workload is called: without what only says that it is one.
fn name(container: &kube::Container) -> String {
    let workload = kube::plain_name(&container.workload);
    // The application among its helpers has the workload's name.
    if !container.main && !container.name.is_empty() && !container.name.contains(HOLE) {
        return without_kind(&container.name).to_owned();
    }
    let stem = without_kind(workload);
    // `reviews-v2` with the label `reviews`.
    match &container.app {
        Some(app) if stem.strip_prefix(app.as_str()).is_some_and(is_version_tail) => app.clone(),
        _ => stem.to_owned(),
    }
}

fn is_version_tail(tail: &str) -> bool {
    tail.strip_prefix("-v").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// `orders` of `orders-deployment`.
fn without_kind(name: &str) -> &str {
    const KINDS: [&str; 15] = [
        "-deployment",
        "-deploy",
        "-depl",
        "-dep",
        "-statefulset",
        "-sts",
        "-daemonset",
        "-pod",
        "-pods",
        "-rc",
        "-rs",
        "-cronjob",
        "-container",
        "-app-deployment",
        "-service-deployment",
    ];
    KINDS.iter().find_map(|kind| name.strip_suffix(kind)).filter(|stem| !stem.is_empty()).unwrap_or(name)
}

/// The code of a container, and why it is that.
fn code<'a>(
    ctx: &Context<'a>,
    container: &kube::Container,
    image: &str,
    owned: &[Owned],
    whole: Option<&str>,
) -> Option<(Code<'a>, String)> {
    let why = |how: &str| format!("Kubernetes runs `{}`, {how}", shown(image));
    if let Some((code, hint)) = of_hint(ctx, &container.name, image) {
        return Some((code, why(&format!("which {} from this folder", hint.source))));
    }
    let role = images::role(image);
    let foreign = matches!(
        role,
        ImageRole::Datastore | ImageRole::Broker | ImageRole::Server | ImageRole::WebServer | ImageRole::TestTool
    );
    let short = alias(&image.replace(HOLE, ""));
    let of_owned = |wanted: &dyn Fn(&[String]) -> bool| {
        let mut roots: Vec<&Owned> = owned.iter().filter(|(_, aliases, _)| wanted(aliases)).collect();
        roots.dedup_by(|a, b| a.0 == b.0);
        match roots.as_slice() {
            [(root, _, dockerfile)] => {
                let file = dockerfile.and_then(|id| Some((id, ctx.deployment.dockerfiles.get(&id)?)));
                Some((root.clone(), file))
            }
            _ => None,
        }
    };
    // The images of others have names of their own: `bitnami/redis` is not built in `redis`.
    let official = images::of_vendor(image) || foreign && (!image.contains('/') || !short.contains('-'));
    if official {
        return None;
    }
    if !short.is_empty() {
        if let Some(code) = of_owned(&|aliases| aliases.contains(&short)) {
            return Some((code, why("which Compose builds from this folder")));
        }
        if let Some((root, file)) = super::standalone::process(ctx, &short) {
            return Some(((root, Some(file)), why("the image of this Dockerfile")));
        }
        let folder = folder_of_image(ctx, &short).or_else(|| folder_called(ctx, &short).filter(|_| !foreign));
        if let Some((root, file)) = folder {
            // Compose builds the same Dockerfile: the code lies where that looks for it.
            let built = file.and_then(|(id, _)| owned.iter().find(|(_, _, dockerfile)| *dockerfile == Some(id)));
            let root = built.map_or(root, |(root, _, _)| root.clone());
            return Some(((root, file), why("the image of this folder")));
        }
    }
    if foreign || role == ImageRole::LoadTool || !container.main {
        return None;
    }
    let names: Vec<String> = names(container);
    if role == ImageRole::Unknown || short.is_empty() {
        for name in &names {
            if let Some(code) = of_owned(&|aliases| aliases.first() == Some(name)) {
                return Some((code, why("which Compose runs as well")));
            }
        }
        for name in &names {
            if let Some(code) = folder_of_image(ctx, name).filter(|(root, _)| is_named(root, name)) {
                return Some((code, why("as this folder is called")));
            }
        }
        if let Some(code) = beside(ctx, container) {
            return Some((code, why("and its manifest lies with this code")));
        }
        if whole == Some(short.as_str()) {
            let file = ctx.dockerfiles_in("").next();
            let file = file.and_then(|id| Some((id, ctx.deployment.dockerfiles.get(&id)?)));
            return Some(((String::new(), file), why("which the repository builds as a whole")));
        }
    }
    None
}

/// An image as it is shown: what is not known of it is left out.
fn shown(image: &str) -> String {
    image.replace(HOLE, "…")
}

/// The names that the folder of a container may have.
fn names(container: &kube::Container) -> Vec<String> {
    let workload = kube::plain_name(&container.workload);
    let mut out: Vec<String> = Vec::new();
    let all = [Some(container.name.as_str()), container.app.as_deref(), Some(without_kind(workload)), Some(workload)];
    for name in all.into_iter().flatten() {
        let name = spelled(kube::plain_name(without_kind(name)));
        if !name.is_empty() && !name.contains(HOLE) && !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

/// True for a folder with exactly this name, a word such as `service` put aside.
fn is_named(root: &str, name: &str) -> bool {
    let bare = |name: &str| {
        let name = spelled(name);
        let parts: Vec<&str> =
            name.split('-').filter(|word| !matches!(*word, "service" | "svc" | "srv" | "app" | "ms")).collect();
        parts.join("")
    };
    let folder = root.rsplit('/').next().unwrap_or(root);
    !bare(name).is_empty() && bare(folder) == bare(name)
}

/// The one unit with code that is called so but for a word such as `service`: `order-service` for the
/// image `shop/order`.
fn folder_called<'a>(ctx: &Context<'a>, name: &str) -> Option<Code<'a>> {
    let mut called = ctx.units().iter().filter(|(folder, _)| is_named(folder, name) && ctx.has_code(folder));
    let (folder, _) = called.next()?;
    called.next().is_none().then(|| ((*folder).to_owned(), dockerfile_of(ctx, folder)))
}

/// What Skaffold or another tool says about an image. Of several that are built from one folder by commands of their
/// own, the part that is called like the container is meant.
fn of_hint<'a>(ctx: &Context<'a>, container: &str, image: &str) -> Option<(Code<'a>, &'a Hint)> {
    let bare = |image: &str| {
        let image = image.split('@').next().unwrap_or(image);
        let cut = image.rfind(':').filter(|at| !image[*at..].contains('/'));
        image[..cut.unwrap_or(image.len())].to_ascii_lowercase()
    };
    let wanted = bare(image);
    let cluster = &ctx.deployment.cluster;
    let built = || cluster.hints.iter().filter(|hint| hint.context.is_some());
    let named = |hint: &&Hint| hint.image.as_deref().is_some_and(|image| bare(image) == wanted);
    // `gcr.io/project/orders` in one place is `orders` in the other.
    let same_end = |hint: &&Hint| {
        let short = |image: &str| images::short_name(image).to_ascii_lowercase();
        hint.image.as_deref().is_some_and(|image| short(image) == short(&wanted))
    };
    let hint = built().find(named).or_else(|| {
        let mut all = built().filter(same_end);
        let first = all.next()?;
        all.all(|other| other.context == first.context).then_some(first)
    })?;
    let context = hint.context.as_deref()?;
    let file = match &hint.dockerfile {
        Some(path) => ctx.tree.find(path),
        None => ctx.dockerfiles_in(context).next(),
    };
    let file = file.and_then(|id| Some((id, ctx.deployment.dockerfiles.get(&id)?)));
    let shared = built().filter(|other| other.context == hint.context).count() > 1;
    let called = [container.to_owned()];
    let root = root::root(
        ctx,
        Build {
            context,
            dockerfile: file.map(|(id, file)| (ctx.tree.file(id).path.as_str(), file)),
            target: None,
            args: if shared { &called } else { &[] },
            command: &[],
            name: images::short_name(image),
            shared,
        },
    );
    // All that is built there in several ways is none of them.
    let parts = || ctx.units().iter().filter(|(unit, _)| *unit != context && within(unit, context));
    let is_all = shared && root == context && parts().count() > 1;
    (!is_all && ctx.has_code_or_dockerfile(&root)).then_some(((root, file), hint))
}

/// The code around the folder in which a manifest lies: `orders/k8s/deployment.yaml`.
fn beside<'a>(ctx: &Context<'a>, container: &kube::Container) -> Option<Code<'a>> {
    let mut folder = folder_of(&ctx.tree.file(container.place.file).path);
    let mut seen = BTreeSet::new();
    while !folder.is_empty() && seen.insert(folder) {
        if ctx.is_unit(folder) && ctx.has_code(folder) && !ctx.is_collection(folder) {
            let inner = ctx.units_below(folder);
            return (inner == 0).then(|| (folder.to_owned(), dockerfile_of(ctx, folder)));
        }
        folder = folder_of(folder);
    }
    None
}
