//! Services that Compose files declare.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::image_names;
use super::images::{self, ImageRole};
use super::root::{self, Build};
use super::shell;
use super::{Candidate, Container, Probe, Service};
use crate::facts::command::is_shell;
use crate::facts::compose::interpolate;
use crate::facts::dockerfile::Dockerfile;
use crate::files::{Zone, folder_of, zone};
use crate::program::resolve::join;
use crate::syntax::{FileId, Place};
use crate::system::compose::{ComposeProject, EnvVar, ResolvedBuild, ResolvedService};

/// All first-party services of all projects. One that several projects declare is still there several
/// times.
pub(super) fn candidates(ctx: &Context<'_>) -> Vec<Candidate> {
    let shared = shared_contexts(ctx);
    let mut found = Vec::new();
    let mut waiting = Vec::new();
    // The project nearest to the root gives the names.
    let mut projects: Vec<&ComposeProject> = ctx.deployment.projects.iter().collect();
    projects.sort_by_key(|project| {
        (project.folder.matches('/').count() + usize::from(!project.folder.is_empty()), &project.folder)
    });
    for project in projects {
        // What a developer's editor starts is not what is deployed.
        let editor = project.folder.split('/').any(|segment| segment == ".devcontainer");
        if editor || zone(&format!("{}/x", project.folder)) == Zone::Test {
            continue;
        }
        let mut views: BTreeMap<&str, Vec<&ResolvedService>> = BTreeMap::new();
        for service in project.environments.iter().flat_map(|environment| &environment.services) {
            views.entry(service.name.as_str()).or_default().push(service);
        }
        for views in views.values() {
            let Some(&first) = views.iter().find(|view| view.build.is_some()).or(views.first()) else { continue };
            match built(ctx, project, first, views, &shared) {
                Some(candidate) => found.push(candidate),
                None if first.build.is_none() => waiting.push((project, first, views.clone())),
                None => {}
            }
        }
    }
    let owned: Vec<(String, Vec<String>)> =
        found.iter().map(|candidate| (candidate.service.root.clone(), candidate.aliases.clone())).collect();
    for (project, first, views) in waiting {
        found.extend(unbuilt(ctx, project, first, &views, &owned));
    }
    found
}

/// Contexts from which several different images are built, or the same one with different commands.
fn shared_contexts(ctx: &Context<'_>) -> BTreeSet<String> {
    let mut ways: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for service in ctx.deployment.projects.iter().flat_map(ComposeProject::services) {
        if let Some(context) = service.context() {
            ways.entry(context).or_default().insert(build_key(service).unwrap_or_default());
        }
    }
    ways.into_iter().filter(|(_, ways)| ways.len() > 1).map(|(context, _)| context.to_owned()).collect()
}

fn command_words(service: &ResolvedService) -> Vec<String> {
    let entrypoint = service.entrypoint.iter().flat_map(|entrypoint| entrypoint.command.words());
    entrypoint.chain(service.command.iter().flat_map(|command| command.command.words())).collect()
}

/// The words of an image's command with what the container and the build give its variables: `node dist/$ENTRY`.
fn with_variables(words: Vec<String>, service: &ResolvedService, build: &ResolvedBuild) -> Vec<String> {
    let given = |name: &str| service.env.iter().chain(&build.args).find(|known| known.name == name)?.value.clone();
    words
        .into_iter()
        .map(|word| if word.contains('$') { interpolate(&word, &given).known().unwrap_or(word) } else { word })
        .collect()
}

/// Equal for containers of the same image that do the same.
fn build_key(service: &ResolvedService) -> Option<String> {
    let build = service.build.as_ref()?;
    let args: Vec<String> = build.args.iter().map(|arg| format!("{}={}", arg.name, arg.raw)).collect();
    Some(format!(
        "{}|{}|{}|{}|{}",
        build.context.as_deref().unwrap_or(&build.raw_context),
        build.dockerfile.as_deref().unwrap_or(""),
        build.target.as_deref().unwrap_or(""),
        args.join(" "),
        command_words(service).join(" ")
    ))
}

fn dockerfile<'a>(ctx: &Context<'a>, service: &ResolvedService) -> Option<(FileId, &'a Dockerfile)> {
    let id = ctx.tree.find(service.dockerfile()?)?;
    Some((id, ctx.deployment.dockerfiles.get(&id)?))
}

/// The image that a stage starts from in the end.
pub(super) fn base_image(file: &Dockerfile, target: Option<&str>) -> Option<String> {
    let last = file.chain(file.stage(target)?).last()?;
    Some(last.resolved_image.clone().unwrap_or_else(|| last.image.value.clone()))
}

fn built(
    ctx: &Context<'_>,
    project: &ComposeProject,
    service: &ResolvedService,
    views: &[&ResolvedService],
    shared: &BTreeSet<String>,
) -> Option<Candidate> {
    let build = service.build.as_ref()?;
    let context = build.context.as_deref()?;
    let named = dockerfile(ctx, service);
    // The Dockerfile has another name by now; it still says which folder is meant.
    let meant = service.dockerfile().map(folder_of).filter(|folder| named.is_none() && ctx.has_code(folder));
    let meant = meant.filter(|folder| *folder != context);
    let file = named.or_else(|| dockerfile_of(ctx, meant?));
    let context = meant.filter(|_| file.is_none()).unwrap_or(context);
    let command = command_words(service);
    // A folder with nothing in it, also that of the Dockerfile: a module of another repository.
    let is_elsewhere = |path: &str| {
        let folder = folder_of(path);
        // What ignore files keep out of the tree is there all the same.
        let is_there = || ctx.tree.roots.iter().any(|root| root.join(path).exists());
        folder != context && !folder.is_empty() && ctx.below(folder).next().is_none() && !is_there()
    };
    let nothing = file.is_none() && (!ctx.has_code(context) || service.dockerfile().is_some_and(is_elsewhere))
        || ctx.below(context).next().is_none();
    if nothing && !build.inline {
        // There is nothing to build.
        return None;
    }
    let target = build.target.as_deref();
    let whole = file.and_then(|(_, file)| file.start_command(target)).map(|(words, _)| words).unwrap_or_default();
    let folder = file.map_or(context, |(id, _)| folder_of(&ctx.tree.file(id).path));
    let whole = shell::started(ctx, &[context, folder], with_variables(whole, service, build));
    let command = shell::started(ctx, &[context, folder], command);
    let runs = if command.is_empty() { &whole } else { &command };
    if is_test_command(runs) || zone(&format!("{context}/x")) == Zone::Test || is_test_name(&service.name) {
        return None;
    }
    if runs.is_empty() && is_base(ctx, service) {
        return None;
    }
    let role = match file.and_then(|(_, file)| base_image(file, target)) {
        Some(image) => images::role(&image),
        None => ImageRole::Runtime,
    };
    let takes_code = file.is_some_and(|(_, file)| takes_code(file, target));
    if matches!(role, ImageRole::Datastore | ImageRole::Broker) && !takes_code || role == ImageRole::TestTool {
        return None;
    }
    let args: Vec<String> = build.args.iter().filter_map(|arg| arg.value.clone()).collect();
    let root = root::root(
        ctx,
        Build {
            context,
            dockerfile: file.map(|(id, file)| (ctx.tree.file(id).path.as_str(), file)),
            target,
            args: &args,
            command: &command,
            name: &service.name,
            shared: shared.contains(context),
        },
    );
    // An image with tools only: the code is mounted into it.
    let root = if ctx.has_code(&root) { root } else { mounted(ctx, service).unwrap_or(root) };
    let mut candidate = start(ctx, project, service, views, root, role);
    candidate.build = build_key(service);
    candidate.aliases.extend(service.image.as_ref().and_then(|image| image.value.as_deref()).map(alias));
    candidate.service.command = if command.is_empty() { whole } else { command };
    let what = format!("Compose builds `{}`", build.raw_context);
    candidate.service.evidence.push((build.place, what));
    if let Some((id, file)) = file {
        add_dockerfile(&mut candidate, id, file, target);
    }
    let folders = [candidate.service.root.clone(), context.to_owned()];
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    candidate.service.entries = root::entries(ctx, &folders, &candidate.service.command);
    Some(candidate)
}

/// True for an image that other Dockerfiles start from: Compose builds it, and nothing runs of it.
fn is_base(ctx: &Context<'_>, service: &ResolvedService) -> bool {
    let plain = |image: &str| image.trim_end_matches(":latest").to_owned();
    let Some(image) = service.image.as_ref().and_then(|image| image.value.as_deref()).map(plain) else { return false };
    let mut stages = ctx.deployment.dockerfiles.values().flat_map(|file| &file.stages);
    stages.any(|stage| plain(stage.resolved_image.as_deref().unwrap_or(&stage.image.value)) == image)
}

/// What a Dockerfile says about the service it builds.
pub(super) fn add_dockerfile(candidate: &mut Candidate, id: FileId, file: &Dockerfile, target: Option<&str>) {
    let service = &mut candidate.service;
    service.dockerfile = Some(id);
    let Some(stage) = file.stage(target) else { return };
    service.evidence.push((Place::new(id, stage.span), "a Dockerfile builds it".to_owned()));
    if let Some(check) = file.healthcheck(target)
        && let Some(test) = &check.test
        && !service.probes.iter().any(|probe| probe.place.file == id)
    {
        service.probes.push(Probe::new(test.text(), test.words(), Place::new(id, check.span)));
    }
    for setting in file.chain(stage).flat_map(|stage| stage.env.iter().rev()) {
        let Some(value) = &setting.value else { continue };
        if !value.value.contains('$') && !service.env.iter().any(|known| known.name == setting.key.value) {
            service.env.push(EnvVar {
                name: setting.key.value.clone(),
                value: Some(value.value.clone()),
                raw: value.value.clone(),
                place: Place::new(id, setting.span),
                partial: value.value.clone(),
                origin: crate::system::compose::Origin::Image,
                assumed: false,
            });
        }
    }
}

/// True when build output or the source itself goes into an image, not only configuration or seeds.
pub(super) fn takes_code(file: &Dockerfile, target: Option<&str>) -> bool {
    let Some(stage) = file.stage(target) else { return false };
    let output = |source: &str| {
        // An agent or a driver from elsewhere is none of ours.
        if source.contains("://") {
            return false;
        }
        let lower = source.to_ascii_lowercase();
        [".jar", ".war", ".dll"].iter().any(|ending| lower.ends_with(ending))
            || lower.split('/').any(|segment| matches!(segment, "target" | "dist" | "node_modules" | "publish"))
    };
    file.chain(stage).flat_map(|stage| &stage.copies).any(|copy| copy.sources.iter().any(|s| output(s.as_str())))
}

/// A Compose service with an image only: it is first-party when the image is one of ours, or when it
/// is a language's own image with our code mounted into it.
fn unbuilt(
    ctx: &Context<'_>,
    project: &ComposeProject,
    service: &ResolvedService,
    views: &[&ResolvedService],
    owned: &[(String, Vec<String>)],
) -> Option<Candidate> {
    let image = service.image.as_ref()?;
    let name = image.value.as_deref().unwrap_or(&image.raw);
    let role = images::role(name);
    let command = command_words(service);
    if is_test_command(&command) || role == ImageRole::TestTool || is_test_name(&service.name) {
        return None;
    }
    if role == ImageRole::Runtime
        && !name.trim_end_matches(|c| c != '/').contains('.')
        && let Some(folder) = mounted(ctx, service)
    {
        let root = root::root(
            ctx,
            Build {
                context: &folder,
                dockerfile: None,
                target: None,
                args: &[],
                command: &command,
                name: &service.name,
                shared: false,
            },
        );
        let mut candidate = start(ctx, project, service, views, root, role);
        candidate.build = Some(format!("{folder}|{}", command.join(" ")));
        candidate.service.command = command;
        candidate.service.evidence.push((service.place, format!("Compose runs `{folder}` in `{name}`")));
        candidate.service.entries = root::entries(ctx, &[&folder], &candidate.service.command);
        return Some(candidate);
    }
    if matches!(role, ImageRole::Datastore | ImageRole::Broker) && !name.contains('/') {
        return None;
    }
    let short = alias(name);
    let mut roots: Vec<&String> =
        owned.iter().filter(|(_, aliases)| aliases.contains(&short)).map(|(root, _)| root).collect();
    roots.dedup();
    let (root, dockerfile) = match roots.as_slice() {
        [root] => ((*root).clone(), dockerfile_of(ctx, root)),
        // Somebody else's image, or one that only opens a shell to type in.
        [] if images::of_vendor(name) || command.len() == 1 && is_shell(&command[0]) => return None,
        [] => folder_of_image(ctx, &short)?,
        // One repository of images for all services: only the tag tells them apart.
        _ => return None,
    };
    let mut candidate = start(ctx, project, service, views, root, role);
    candidate.aliases.push(short);
    candidate.service.command = command;
    candidate.service.evidence.push((image.place, format!("Compose runs the image `{name}` of this folder")));
    if let Some((id, file)) = dockerfile {
        candidate.role = base_image(file, None).map_or(ImageRole::Runtime, |image| images::role(&image));
        if matches!(candidate.role, ImageRole::Datastore | ImageRole::Broker) && !takes_code(file, None) {
            return None;
        }
        add_dockerfile(&mut candidate, id, file, None);
        if candidate.service.command.is_empty() {
            candidate.service.command = file.start_command(None).map(|(words, _)| words).unwrap_or_default();
        }
    } else {
        candidate.role = ImageRole::Runtime;
    }
    let root = candidate.service.root.clone();
    candidate.service.entries = root::entries(ctx, &[&root], &candidate.service.command);
    Some(candidate)
}

/// The folder of code that is mounted where the container works, or anywhere in it.
fn mounted(ctx: &Context<'_>, service: &ResolvedService) -> Option<String> {
    let is_code = |path: &str| ctx.tree.find(path).is_none() && ctx.has_code(path);
    let works_in = service.working_dir.as_ref().and_then(|dir| dir.value.as_deref());
    let folders =
        || service.volumes.iter().filter_map(|volume| Some((volume.path.as_deref()?, volume.target.as_deref()?)));
    let below = works_in.and_then(|dir| {
        folders().find_map(|(path, target)| {
            let rest = dir.strip_prefix(target.trim_end_matches('/'))?;
            let folder = join(path, rest.trim_matches('/'));
            (rest.is_empty() || rest.starts_with('/')).then_some(folder).filter(|folder| is_code(folder))
        })
    });
    below.or_else(|| folders().map(|(path, _)| path).find(|path| is_code(path)).map(str::to_owned))
}

/// The Dockerfile in a folder, or below it in a folder for such files.
pub(super) fn dockerfile_of<'a>(ctx: &Context<'a>, root: &str) -> Option<(FileId, &'a Dockerfile)> {
    let found = ctx.dockerfiles_in(root).next().or_else(|| {
        let helpers = |path: &str| path.split('/').any(|segment| matches!(segment, "docker" | "build" | "deploy"));
        ctx.below(root)
            .find(|(id, path)| ctx.deployment.dockerfiles.contains_key(id) && helpers(path) && zone(path) != Zone::Test)
            .map(|(id, _)| id)
    })?;
    Some((found, ctx.deployment.dockerfiles.get(&found)?))
}

/// An image's name as folders spell it.
pub(super) fn alias(image: &str) -> String {
    spelled(images::short_name(image))
}

/// Lower case with `-`.
pub(super) fn spelled(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.', ' '], "-")
}

/// The folder of code that an image is named after: `shop-orders` is built from `orders`, or from
/// `com.acme.shop.orders`.
pub(super) fn folder_of_image<'a>(
    ctx: &Context<'a>,
    image: &str,
) -> Option<(String, Option<(FileId, &'a Dockerfile)>)> {
    if let Some(folder) = image_names::of_project(ctx, image) {
        return Some((folder.to_owned(), dockerfile_of(ctx, folder)));
    }
    let image = image_names::without_packaging(image);
    let mut best: Option<(usize, String)> = None;
    for (folder, name) in image_names::of_units(ctx, image) {
        let fits = name == *image
            || image.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('-'))
            || (image.contains('-') && name.strip_suffix(image).is_some_and(|rest| rest.ends_with('-')));
        // The longest name in common says most.
        let score = name.len().min(image.len()) * 2 + usize::from(name == *image);
        // `acme/frontend` is none of the applications of the workspace `frontend`.
        let code = || ctx.has_code_or_dockerfile(folder) && !ctx.is_workspace(folder);
        if fits && best.as_ref().is_none_or(|(known, _)| *known < score) && code() {
            best = Some((score, folder.to_owned()));
        }
    }
    let Some((_, folder)) = best else {
        let module = image_names::module(ctx, image).map(str::to_owned);
        return module.or_else(|| image_names::program(ctx, image)).map(|folder| (folder, None));
    };
    if ctx.has_code(&folder) {
        let dockerfile = dockerfile_of(ctx, &folder);
        return Some((folder, dockerfile));
    }
    // A Dockerfile in a folder of its own, `docker/orders`, belongs to the code around it.
    let id = ctx.dockerfiles_in(&folder).next()?;
    Some((code_around(ctx, &folder), Some((id, ctx.deployment.dockerfiles.get(&id)?))))
}

/// The nearest folder above that has code of its own; the folder itself when there is none.
pub(super) fn code_around(ctx: &Context<'_>, folder: &str) -> String {
    let mut above = folder;
    while !above.is_empty() {
        above = folder_of(above);
        if ctx.has_own_code(above) && !above.is_empty() {
            return above.to_owned();
        }
    }
    folder.to_owned()
}

/// A candidate with what every Compose service has.
fn start(
    ctx: &Context<'_>,
    project: &ComposeProject,
    service: &ResolvedService,
    views: &[&ResolvedService],
    root: String,
    role: ImageRole,
) -> Candidate {
    let container = Container { name: service.name.clone(), project: project.folder.clone(), place: service.place };
    let mut probes: Vec<Probe> = Vec::new();
    let mut env: Vec<EnvVar> = Vec::new();
    let mut host_names: Vec<String> = Vec::new();
    let mut ports: Vec<String> = Vec::new();
    for view in std::iter::once(&service).chain(views) {
        if let Some(check) = &view.healthcheck
            && let Some(test) = &check.test
            && !probes.iter().any(|probe| probe.text == test.text())
        {
            // A command that comes from an anchor stands elsewhere, for several services.
            let own = check.place.span.contains(test.span);
            let place = if own { Place::new(check.place.file, test.span) } else { check.place };
            probes.push(Probe::new(test.text(), test.words(), place));
        }
        for variable in &view.env {
            if !env.iter().any(|known| known.name == variable.name) {
                env.push(variable.clone());
            }
        }
        host_names
            .extend(view.host_names.iter().filter(|name| !host_names.contains(name)).cloned().collect::<Vec<_>>());
        let published: Vec<String> = view.ports.iter().filter_map(|port| port.published.clone()).collect();
        ports.extend(published.into_iter().filter(|port| !ports.contains(port)).collect::<Vec<_>>());
    }
    let mut aliases = vec![spelled(&service.name)];
    let package = ctx.package(&root).and_then(|package| package.name.as_ref());
    aliases.extend(package.map(|name| spelled(name.value.rsplit('/').next().unwrap_or(""))));
    if !root.is_empty() {
        aliases.push(spelled(root.rsplit('/').next().unwrap_or("")));
    }
    let others = project.environments.iter().flat_map(|environment| &environment.services);
    let waited_for = others
        .flat_map(|other| &other.depends_on)
        .any(|on| on.service == service.name && on.condition == "service_completed_successfully");
    let container_name = service.host_names.iter().find(|host| **host != service.name).cloned();
    Candidate {
        service: Service {
            name: service.name.clone(),
            root,
            place: Some(service.place),
            containers: vec![container],
            env,
            env_is_open: views.iter().any(|view| !view.unread_env_files.is_empty()),
            probes,
            host_names,
            published_ports: ports,
            ..Service::default()
        },
        aliases,
        role,
        build: None,
        listens: views.iter().any(|view| !view.ports.is_empty() || !view.expose.is_empty()),
        one_shot: waited_for || has_job_name(&service.name),
        named: true,
        other_name: container_name,
    }
}

pub(super) fn has_job_name(name: &str) -> bool {
    let job = ["migrate", "migration", "migrations", "migrator", "init", "seed", "seeder", "setup", "bootstrap", "job"];
    name.split(['-', '_', '.']).any(|word| job.contains(&word))
}

/// True for the name of a container that runs tests.
pub(super) fn is_test_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let mut words = lower.split(['-', '_', '.']);
    words.any(|word| matches!(word, "e2e" | "test" | "tests" | "playwright" | "cypress")) || name.ends_with("Tests")
}

/// True for a container that runs tests.
pub(super) fn is_test_command(words: &[String]) -> bool {
    let tools = ["pytest", "jest", "vitest", "cypress", "playwright", "newman", "tox", "dredd", "mocha"];
    let program = |word: &String| tools.contains(&word.rsplit('/').next().unwrap_or(word));
    words.iter().take(3).any(program)
        || words.windows(2).any(|pair| {
            matches!(pair[0].as_str(), "npm" | "yarn" | "pnpm" | "run" | "go")
                && pair[1].split(':').next() == Some("test")
        })
}
