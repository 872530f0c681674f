//! Services that only a Dockerfile tells of.

use std::collections::BTreeSet;

use super::compose::{add_dockerfile, base_image, code_around, is_test_command, spelled, takes_code};
use super::context::Context;
use super::foreign::Foreign;
use super::images::{self, ImageRole};
use super::marks::Marks;
use super::root::{self, Build};
use super::{Candidate, Service, shared_image, shell};
use crate::facts::dockerfile::Dockerfile;
use crate::files::{Zone, folder_of, zone};
use crate::program::resolve::{join, within};
use crate::syntax::{FileId, Place};

/// What stands behind `Dockerfile.` when it is another way to build the same service.
const VARIANTS: &[&str] = &[
    "dev",
    "develop",
    "development",
    "local",
    "prod",
    "production",
    "test",
    "tests",
    "testing",
    "ci",
    "debug",
    "build",
    "builder",
    "release",
    "staging",
    "base",
    "alpine",
    "slim",
    "arm",
    "arm64",
    "amd64",
    "arch",
    "multiarch",
    "distroless",
    "github",
    "multistage",
    "playwright",
    "cypress",
    "e2e",
    "goreleaser",
];

/// Where Maven and Gradle projects keep the Dockerfiles of the project.
const OF_PROJECT: &str = "/src/main/docker";

/// What Quarkus calls the Dockerfiles that it makes for a project: one service in several packagings.
/// <https://quarkus.io/guides/building-native-image#using-the-container-image-extensions>
const PACKAGINGS: &[&str] = &["jvm", "native", "native-micro", "legacy-jar", "fast-jar", "native-distroless"];

/// Names of Dockerfiles that only say that this is the service itself.
const GENERIC: &[&str] = &["backend", "server", "service", "api", "app", "web", "main"];

/// Adds what Dockerfiles build that no Compose service builds.
pub(super) fn add(ctx: &Context<'_>, candidates: &mut Vec<Candidate>) {
    let used: BTreeSet<FileId> = candidates.iter().filter_map(|candidate| candidate.service.dockerfile).collect();
    let bases: BTreeSet<String> = ctx
        .deployment
        .dockerfiles
        .values()
        .flat_map(|file| &file.stages)
        .map(|stage| stage.resolved_image.as_deref().unwrap_or(&stage.image.value))
        // An image without a namespace is Docker's own.
        .filter(|image| image.contains('/'))
        .map(|image| images::short_name(image).to_owned())
        .collect();
    let mut found: Vec<Candidate> = Vec::new();
    for (&id, file) in &ctx.deployment.dockerfiles {
        let path = ctx.tree.file(id).path.as_str();
        let hidden = path.split('/').any(|segment| segment.starts_with('.'));
        let another_way = variant(path) == Some(Variant::Environment) || starts_what_its_neighbour_does(ctx, id, file);
        if used.contains(&id) || hidden || zone(path) != Zone::Production || another_way {
            continue;
        }
        let several = shared_image::roots(ctx, path, file);
        if several.len() > 1 {
            let is_known = |root: &String| {
                candidates.iter().chain(&found).any(|other| {
                    let known = &other.service.root;
                    !known.is_empty() && (within(known, root) || within(root, known))
                })
            };
            let new: Vec<String> = several.into_iter().filter(|root| !is_known(root)).collect();
            found.extend(new.into_iter().filter_map(|root| one_of_several(ctx, id, path, file, root)));
            continue;
        }
        let Some(candidate) = candidate(ctx, id, path, file, &bases) else { continue };
        // The same code in another image, or an image for the whole beside those of the parts.
        let root = &candidate.service.root;
        let known = |other: &Candidate| {
            other.service.root == *root
                || within(&other.service.root, root)
                || (within(root, &other.service.root) && !other.service.root.is_empty())
        };
        let other_process = variant(path) == Some(Variant::Process)
            && !candidates.iter().any(|other| other.service.root == *root && !super::kube::is_of_cluster(other))
            && !found.iter().any(|other| other.service.name == candidate.service.name);
        if !candidates.iter().chain(&found).any(known)
            || (other_process && candidates.iter().chain(&found).any(|other| other.service.root == *root))
        {
            found.push(candidate);
        }
    }
    candidates.extend(found);
}

/// `Dockerfile.original` beside a `Dockerfile` that ends in the same command.
fn starts_what_its_neighbour_does(ctx: &Context<'_>, id: FileId, file: &Dockerfile) -> bool {
    let path = ctx.tree.file(id).path.as_str();
    let command = |file: &Dockerfile| file.start_command(None).map(|(words, _)| words).unwrap_or_default();
    let own = command(file);
    let mut neighbours =
        ctx.dockerfiles_in(folder_of(path)).filter(|other| suffix(&ctx.tree.file(*other).path).is_none());
    suffix(path).is_some()
        && !own.is_empty()
        && neighbours.any(|other| ctx.deployment.dockerfiles.get(&other).is_some_and(|other| command(other) == own))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variant {
    /// `Dockerfile.dev`
    Environment,
    /// `Dockerfile.worker`
    Process,
}

/// What the name of a Dockerfile adds.
fn variant(path: &str) -> Option<Variant> {
    let word = suffix(path)?;
    if folder_of(path).ends_with(OF_PROJECT) && PACKAGINGS.contains(&word.as_str()) {
        return None;
    }
    let environment = word.split(['-', '.', '_']).any(|word| VARIANTS.contains(&word));
    Some(if environment { Variant::Environment } else { Variant::Process })
}

/// The Dockerfile of another process of a folder, `orders/worker.Dockerfile` for the image
/// `orders-worker`, with the folder of its code.
pub(super) fn process<'a>(ctx: &Context<'a>, image: &str) -> Option<(String, (FileId, &'a Dockerfile))> {
    for (&id, file) in &ctx.deployment.dockerfiles {
        let path = ctx.tree.file(id).path.as_str();
        let Some(word) = suffix(path).filter(|_| variant(path) == Some(Variant::Process)) else { continue };
        let Some(stem) = image.strip_suffix(&word).and_then(|stem| stem.strip_suffix('-')) else { continue };
        if zone(path) != Zone::Production {
            continue;
        }
        let Some(found) = candidate(ctx, id, path, file, &BTreeSet::new()) else { continue };
        let folder = spelled(found.service.root.rsplit('/').next().unwrap_or(""));
        if folder == stem || (!folder.is_empty() && stem.ends_with(&format!("-{folder}"))) {
            return Some((found.service.root, (id, file)));
        }
    }
    None
}

fn suffix(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let rest = name.strip_prefix("dockerfile").or_else(|| name.strip_prefix("containerfile"));
    let word = match rest {
        Some(rest) => rest.trim_matches(['.', '-', '_']).to_owned(),
        None => name.strip_suffix(".dockerfile").or_else(|| name.strip_suffix(".containerfile"))?.to_owned(),
    };
    Some(word).filter(|word| !word.is_empty())
}

fn candidate(
    ctx: &Context<'_>,
    id: FileId,
    path: &str,
    file: &Dockerfile,
    bases: &BTreeSet<String>,
) -> Option<Candidate> {
    let folder = folder_of(path);
    let stage = file.stages.last()?;
    let role = images::role(&base_image(file, None)?);
    let command = file.start_command(None).map(|(words, _)| words).unwrap_or_default();
    let shelf = matches!(role, ImageRole::WebServer | ImageRole::Server);
    if matches!(role, ImageRole::Datastore | ImageRole::Broker) && !takes_code(file, None) || is_test_command(&command)
    {
        return None;
    }
    let context = context_of(ctx, folder, file);
    let command = shell::started(ctx, &[&context, folder], command);
    let word = suffix(path);
    let name = word.clone().unwrap_or_else(|| folder.rsplit('/').next().unwrap_or("").to_owned());
    let several = !folder.ends_with(OF_PROJECT) && (ctx.dockerfiles_in(folder).count() > 1 || context != folder);
    let root = root::root(
        ctx,
        Build {
            context: &context,
            dockerfile: Some((path, file)),
            target: None,
            args: &[],
            command: &[],
            name: &name,
            shared: several,
        },
    );
    let root = if ctx.has_code(&root) { root } else { folder.to_owned() };
    // One image for all applications of a monorepo: each of them is a service, the whole is none.
    if is_monorepo(ctx, &root) {
        return None;
    }
    // The Dockerfiles of a template.
    let shared = |foreign: &Foreign| matches!(foreign, Foreign::Jvm { artifact, .. } if is_shared(ctx, &root, artifact.as_deref()));
    if folder.ends_with(OF_PROJECT) && manifests(ctx, &root).any(shared) {
        return None;
    }
    // An image that others start from is no service.
    let short = spelled(root.rsplit('/').next().unwrap_or(""));
    let is_base = bases.iter().any(|base| {
        let base = spelled(base);
        base.len() > 3 && (base == short || (short.ends_with("base") && base.ends_with("base")))
    });
    // `tiangolo/uvicorn-gunicorn-fastapi` brings a command of its own.
    let brings_server = base_image(file, None).is_some_and(|image| {
        images::short_name(&image).split('-').any(|word| matches!(word, "uvicorn" | "gunicorn" | "uwsgi"))
    });
    // `FROM acme-framework` of others, where `framework.Dockerfile` starts nothing.
    let is_framework = command.is_empty()
        && word.as_ref().is_some_and(|word| {
            let mut stages = ctx.deployment.dockerfiles.values().flat_map(|file| &file.stages);
            stages.any(|stage| {
                let image = stage.image.value.split(':').next().unwrap_or("");
                image == word || image.strip_suffix(word.as_str()).is_some_and(|rest| rest.ends_with(['-', '/']))
            })
        });
    // `FROM acme/java-base`, and the application's archive is put in: the command comes with that image.
    let brings_command = base_image(file, None).is_some_and(|image| !images::is_language(&image))
        && takes_code(file, None)
        && has_main(ctx, &root);
    let starts = !command.is_empty() || brings_server || brings_command || !matches!(role, ImageRole::Runtime);
    let is_ours = starts
        && !is_base
        && !is_framework
        && (is_application(ctx, &root)
            || is_compiled(ctx, &root)
            || starts_our_code(ctx, &root, &context, &command)
            || starts_project(ctx, &root, &command));
    let is_shelf = shelf && !is_base;
    if !(is_ours || is_shelf) {
        return None;
    }
    let mut service = Service { place: Some(Place::new(id, stage.span)), ..Service::default() };
    let package = ctx.package(&root).and_then(|package| package.name.as_ref());
    let package = package.map(|name| name.value.rsplit('/').next().unwrap_or("").to_owned());
    let of_folder = folder_name(&root).to_owned();
    service.name = match (&word, variant(path)) {
        (Some(word), Some(Variant::Process)) if root.is_empty() || !GENERIC.contains(&word.as_str()) => word.clone(),
        _ => package.filter(|name| !name.is_empty()).unwrap_or(of_folder),
    };
    if service.name.is_empty() {
        service.name = root_name(ctx);
    }
    service.root = root;
    service.entries = root::entries(ctx, &[&service.root, &context], &command);
    service.command = command;
    let mut candidate = Candidate {
        aliases: Vec::new(),
        role,
        build: Some(path.to_owned()),
        listens: false,
        one_shot: false,
        named: false,
        other_name: None,
        service,
    };
    add_dockerfile(&mut candidate, id, file, None);
    Some(candidate)
}

/// The service in a folder for which an argument of the build says that the Dockerfile is.
fn one_of_several(ctx: &Context<'_>, id: FileId, path: &str, file: &Dockerfile, root: String) -> Option<Candidate> {
    let place = Place::new(id, file.stages.last()?.span);
    let role = images::role(&base_image(file, None)?);
    let package = ctx.package(&root).and_then(|package| package.name.as_ref());
    let package = package.map(|name| name.value.rsplit('/').next().unwrap_or("").to_owned());
    let name = package.filter(|name| !name.is_empty()).unwrap_or_else(|| folder_name(&root).to_owned());
    let command = file.start_command(None).map(|(words, _)| words).unwrap_or_default();
    let mut candidate = Candidate {
        aliases: Vec::new(),
        role,
        build: Some(format!("{path} {root}")),
        listens: false,
        one_shot: false,
        named: false,
        other_name: None,
        service: Service {
            name,
            entries: root::entries(ctx, &[&root], &command),
            root,
            command,
            place: Some(place),
            ..Service::default()
        },
    };
    add_dockerfile(&mut candidate, id, file, None);
    Some(candidate)
}

/// True for a folder that starts nothing itself and has several Nest applications, or modules of Maven or Gradle
/// that are applications, in it.
fn is_monorepo(ctx: &Context<'_>, root: &str) -> bool {
    let applications = ctx.nest_apps().iter().filter(|app| *app != root && within(app, root) && ctx.has_code(app));
    if applications.count() > 1 && !ctx.has_own_entry(root) {
        return true;
    }
    let is_jvm = |folder: &str| ctx.foreign_in(folder).any(|(_, foreign)| matches!(foreign, Foreign::Jvm { .. }));
    let is_module = |unit: &str| unit != root && within(unit, root) && is_jvm(unit);
    let generates =
        |unit: &str| ctx.foreign_in(unit).any(|(_, f)| matches!(f, Foreign::Jvm { generates_main: true, .. }));
    let starts = |unit: &str| generates(unit) || has_main(ctx, unit);
    let modules = || ctx.units().iter().filter(|(unit, _)| is_module(unit) && starts(unit));
    is_jvm(root) && !has_main(ctx, root) && modules().count() > 1
}

/// The name of a folder; that of the one around it when it says nothing.
pub(super) fn folder_name(root: &str) -> &str {
    let (above, name) = root.rsplit_once('/').unwrap_or(("", root));
    match name {
        "src" | "app" | "code" | "source" if !above.is_empty() => above.rsplit('/').next().unwrap_or(above),
        _ => name,
    }
}

/// The name of the linted folder itself.
pub(super) fn root_name(ctx: &Context<'_>) -> String {
    let folder = ctx.tree.roots.first().and_then(|root| root.file_name());
    folder.map_or_else(|| "app".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The folder a Dockerfile is built in: the one in which the sources it copies lie.
fn context_of(ctx: &Context<'_>, folder: &str, file: &Dockerfile) -> String {
    if let Some(project) = folder.strip_suffix(OF_PROJECT).filter(|project| ctx.has_manifest(project)) {
        return project.to_owned();
    }
    let copies = file.stages.iter().flat_map(|stage| &stage.copies).filter(|copy| copy.from.is_none());
    let sources: Vec<&str> =
        copies.flat_map(|copy| &copy.sources).map(|source| source.as_str().trim_start_matches("./")).collect();
    let plain = |source: &&&str| !source.contains(['*', '$']) && !source.is_empty() && **source != ".";
    let named: Vec<&&str> = sources.iter().filter(plain).collect();
    let mut at = folder;
    let mut best = (0, folder);
    loop {
        let there = |source: &&&&str| {
            let path = join(at, source.trim_end_matches('/'));
            ctx.tree.find(&path).is_some() || ctx.tree.has_folder(&path)
        };
        let count = named.iter().filter(there).count();
        if count > best.0 {
            best = (count, at);
        }
        if at.is_empty() {
            break;
        }
        at = folder_of(at);
    }
    let whole = sources.iter().any(|source| matches!(*source, "" | "."));
    if best.0 == 0 && whole && !ctx.has_own_code(folder) {
        return code_around(ctx, folder);
    }
    best.1.to_owned()
}

/// True when an image starts a source file of the package, whatever that does then.
fn starts_our_code(ctx: &Context<'_>, root: &str, context: &str, command: &[String]) -> bool {
    let parsed = |id: &FileId| {
        let language = super::context::language(&ctx.tree.file(*id).path);
        matches!(language, Some("python" | "javascript" | "typescript"))
    };
    ctx.has_manifest(root) && root::entries(ctx, &[root, context], command).iter().any(parsed)
}

/// True when an image starts what a project of .NET in one of the folders of a root is compiled to:
/// `dotnet Orders.Api.dll` beside `Orders.Api/Orders.Api.csproj`.
fn starts_project(ctx: &Context<'_>, root: &str, command: &[String]) -> bool {
    let mut libraries = command.iter().filter_map(|word| word.strip_suffix(".dll"));
    libraries.any(|name| {
        let name = name.rsplit('/').next().unwrap_or(name);
        let project = format!("{name}.csproj");
        ctx.tree.files.iter().any(|file| {
            within(&file.path, root) && file.path.rsplit('/').next().is_some_and(|f| f.eq_ignore_ascii_case(&project))
        })
    })
}

/// True for code of a compiled language that has a manifest: what an image starts is an application.
fn is_compiled(ctx: &Context<'_>, root: &str) -> bool {
    ctx.has_code(root)
        && manifests(ctx, root).any(|foreign| match foreign {
            Foreign::Jvm { aggregator, .. } => !aggregator,
            Foreign::DotNet { app_host, .. } => !app_host,
            Foreign::Go { .. } => true,
            _ => false,
        })
}

/// Manifests of other languages in a root or beside its code.
fn manifests<'a>(ctx: &Context<'a>, root: &str) -> impl Iterator<Item = &'a Foreign> {
    let found: Vec<&Foreign> =
        [root.to_owned(), join(root, "src")].iter().flat_map(|folder| ctx.foreign_in(folder)).map(|(_, f)| f).collect();
    found.into_iter()
}

/// True when a file of a root is a program.
pub(super) fn has_main(ctx: &Context<'_>, root: &str) -> bool {
    ctx.marks_below(root).iter().any(|(_, marks)| marks.main.is_some())
}

/// True for a module of Java or Kotlin that others of the repository depend on, and that starts nothing itself: the
/// plugin that makes an application of it came with the template.
fn is_shared(ctx: &Context<'_>, root: &str, artifact: Option<&str>) -> bool {
    let name = artifact.unwrap_or_else(|| folder_name(root));
    let others = ctx.deployment.foreign.iter().filter(|(id, _)| folder_of(&ctx.tree.file(**id).path) != root);
    let mut needed = others.filter_map(|(_, foreign)| match foreign {
        Foreign::Jvm { aggregator: false, needs, .. } => Some(needs),
        _ => None,
    });
    needed.any(|needs| needs.iter().any(|need| need == name)) && ctx.marks_below(root).is_empty()
}

/// True when the code of a root is started as a server or a worker, or is written in a language whose
/// applications we know by their manifest only.
pub(super) fn is_application(ctx: &Context<'_>, root: &str) -> bool {
    if !ctx.has_code(root) {
        return false;
    }
    if ctx.script_apps().contains_key(root) {
        return true;
    }
    let package = ctx.package(root);
    let dev_only = |package: &crate::facts::manifest::PackageJson| {
        package.dependencies.iter().all(|d| d.kind == crate::facts::manifest::RequirementKind::Development)
    };
    // An app on a telephone is deployed by a shop, not by us.
    if package.is_some_and(|package| ["react-native", "expo"].iter().any(|name| package.dependency(name).is_some())) {
        return false;
    }
    let frontend = package.is_some_and(super::kind::is_frontend_package);
    // A console program of .NET that neither listens nor waits for messages is an exercise or a tool.
    let is_console = manifests(ctx, root).any(|foreign| matches!(foreign, Foreign::DotNet { .. }));
    let is_program = |marks: &Marks| marks.main.is_some() && package.is_none() && !is_console;
    let by_marks = ctx.marks_below(root).iter().any(|(_, marks)| marks.serves() || is_program(marks));
    // A Go module without a `main` is a library, also one that makes a server for others.
    let by_marks = by_marks && (has_main(ctx, root) || ctx.languages(root).first().is_none_or(|l| l != "go"));
    // A library of .NET that makes a server for those who call it.
    let is_library = is_console
        && manifests(ctx, root).all(|foreign| matches!(foreign, Foreign::DotNet { library: true, .. }))
        && !has_main(ctx, root)
        && !ctx.marks_below(root).iter().any(|(id, _)| ctx.tree.file(*id).path.ends_with("Program.cs"));
    let by_marks = by_marks && !is_library;
    let by_manifest = manifests(ctx, root).any(|foreign| match foreign {
        Foreign::Jvm { application, aggregator, artifact, .. } => {
            *application && !aggregator && !is_shared(ctx, root, artifact.as_deref())
        }
        Foreign::DotNet { web, worker, app_host, client, .. } => (*web || *worker) && !app_host && !client,
        Foreign::Plain(_) | Foreign::Serverless(_) => true,
        Foreign::Go { .. } | Foreign::AspireHost(_) | Foreign::Hosting => false,
    });
    frontend
        || by_manifest
        || (by_marks && !package.is_some_and(|package| !package.dependencies.is_empty() && dev_only(package)))
}
