//! Services that no container tells of: the manifest and the entry point do.

use std::collections::{BTreeMap, BTreeSet};

use super::compose::spelled;
use super::context::{Context, language};
use super::foreign::{Foreign, Program, Started};
use super::image_names::is_program_of;
use super::images::ImageRole;
use super::kind::{is_frontend_package, is_library_package, is_shared_package, is_started};
use super::standalone::{folder_name, has_main, is_application, root_name};
use super::{Candidate, Service};
use crate::files::{Zone, folder_of, join_path, zone};
use crate::program::resolve::within;
use crate::syntax::{FileId, Place, Span};

/// Adds what is deployed in other ways than by a container.
pub(super) fn add(ctx: &Context<'_>, candidates: &mut Vec<Candidate>) {
    hosts(ctx, candidates);
    // With `orders/app`, all of `orders` belongs to the service `orders`.
    let whole = |candidate: &Candidate| {
        let (root, name) = (&candidate.service.root, spelled(&candidate.service.name));
        let parent = folder_of(root);
        let is_whole = !parent.is_empty() && spelled(folder_name(parent)) == name;
        let program = spelled(root.rsplit('/').next().unwrap_or(""));
        (is_whole && is_program_of(&program, &name)).then(|| parent.to_owned())
    };
    let wholes: Vec<String> = candidates.iter().filter_map(whole).collect();
    let roots: Vec<String> = candidates.iter().map(|candidate| candidate.service.root.clone()).collect();
    // A log shipper, or a page behind nginx, says nothing of how the programs are deployed.
    let is_program = |role| !matches!(role, ImageRole::Server | ImageRole::WebServer | ImageRole::Datastore);
    let deployed = candidates.iter().any(|candidate| {
        let built = !candidate.service.root.is_empty() || candidate.service.dockerfile.is_some();
        built && is_program(candidate.role)
    });
    // Dockerfiles alone say what has got one so far, Compose and manifests what runs.
    let coded = || candidates.iter().filter(|candidate| !candidate.service.root.is_empty());
    let run = coded().filter(|candidate| !candidate.service.containers.is_empty()).count();
    let only_built = run * 2 < coded().count();
    let folders = folders(ctx);
    let left_out = left_out(ctx, &folders, &roots);
    let beside_each_other = beside_each_other(ctx, &folders);
    let built = ctx.tree.files.iter().any(|file| ctx.has_manifest(folder_of(&file.path)));
    let is_sample = !built && ctx.deployment.dockerfiles.is_empty();
    for folder in folders {
        // Code inside a service belongs to it; above services lies what they share.
        let taken = |root: &String| within(&folder, root) || (within(root, &folder) && root != &folder);
        if wholes.iter().any(|whole| within(&folder, whole)) {
            continue;
        }
        let taken_now = candidates.iter().any(|candidate| within(&folder, &candidate.service.root))
            && !beside_each_other.contains(&folder);
        if roots.iter().any(taken) || taken_now || zone(&format!("{folder}/x")) != Zone::Production {
            continue;
        }
        let decided =
            deployed && !left_out.contains(&folder) && !(only_built && is_module_beside(ctx, &folder, &roots));
        let Some((id, span, why)) = evidence(ctx, &folder, decided, &roots) else {
            continue;
        };
        let package = ctx.package(&folder).and_then(|package| package.name.as_ref());
        let package = package.map(|name| name.value.rsplit('/').next().unwrap_or("").to_owned());
        let of_folder = folder_name(&folder).to_owned();
        let mut name = package.filter(|name| !name.is_empty()).unwrap_or(of_folder);
        if name.is_empty() {
            name = root_name(ctx);
        }
        // The package around others is called after the whole; its own program says what it is.
        if beside_each_other.iter().any(|inner| *inner != folder && within(inner, &folder)) {
            name = program_name(&ctx.tree.file(id).path).map_or(name, str::to_owned);
        }
        let mut found = candidate(name, folder, Place::new(id, span), why);
        found.service.is_sample = is_sample;
        candidates.push(found);
    }
}

pub(super) fn candidate(name: String, root: String, place: Place, why: String) -> Candidate {
    Candidate {
        service: Service { name, root, place: Some(place), evidence: vec![(place, why)], ..Service::default() },
        aliases: Vec::new(),
        role: ImageRole::Runtime,
        build: None,
        listens: false,
        one_shot: false,
        named: false,
        other_name: None,
    }
}

/// Projects that a .NET Aspire host starts.
fn hosts(ctx: &Context<'_>, candidates: &mut Vec<Candidate>) {
    for (&id, foreign) in &ctx.deployment.foreign {
        let Foreign::AspireHost(started) = foreign else { continue };
        let project_of = |one: &Started| match &one.program {
            Program::Project(project) => Some(project.clone()),
            Program::Path(_) => None,
        };
        for Started { name, program, span } in started {
            let project = match program {
                Program::Project(project) => project,
                Program::Path(path) => {
                    app(ctx, candidates, name, path, Place::new(id, *span));
                    continue;
                }
            };
            let is_project = |path: &str| {
                let file = path.rsplit('/').next().unwrap_or(path);
                file.strip_suffix(".csproj").is_some_and(|stem| stem.replace(['.', '-'], "_") == *project)
            };
            let Some(found) = ctx.tree.files.iter().find(|file| is_project(&file.path)) else { continue };
            let root = folder_of(&found.path).to_owned();
            // `src/Orders` with the Dockerfile of `src/Orders/Orders.Api` is the same service.
            let others = started.iter().filter_map(project_of).filter(|other| other != project).filter_map(|other| {
                let stem = |path: &str| {
                    path.rsplit('/').next().and_then(|f| f.strip_suffix(".csproj")).map(|s| s.replace(['.', '-'], "_"))
                };
                ctx.tree.files.iter().find(|file| stem(&file.path).as_ref() == Some(&other)).map(|f| f.path.as_str())
            });
            let others: Vec<&str> = others.collect();
            let around = |candidate: &Candidate| {
                let outer = &candidate.service.root;
                !outer.is_empty() && *outer != root && within(&root, outer) && !others.iter().any(|o| within(o, outer))
            };
            if candidates.iter().any(|candidate| around(candidate) && !candidate.service.containers.is_empty()) {
                continue;
            }
            candidates.retain(|candidate| !around(candidate));
            let known = candidates.iter_mut().find(|candidate| candidate.service.root == root);
            if let Some(known) = known {
                known.service.is_started_here = true;
                // A container runs it too; other projects reach it under the name that the host gives.
                if !known.service.host_names.contains(name) {
                    known.service.host_names.push(name.clone());
                }
            } else {
                let why = format!("the Aspire host starts `{project}`");
                candidates.push(candidate(name.clone(), root, Place::new(id, *span), why));
            }
        }
    }
}

/// A program of another language that an Aspire host starts: `AddViteApp("web", "../web")`.
fn app(ctx: &Context<'_>, candidates: &mut Vec<Candidate>, name: &str, path: &str, place: Place) {
    let Some(path) = join_path(folder_of(&ctx.tree.file(place.file).path), path) else { return };
    // A script, or the folder of the app.
    let is_file = ctx.tree.files.iter().any(|file| file.path == path);
    let root = if is_file { folder_of(&path).to_owned() } else { path };
    if root.is_empty() || !ctx.tree.files.iter().any(|file| within(&file.path, &root)) {
        return;
    }
    if let Some(known) = candidates.iter_mut().find(|candidate| candidate.service.root == root) {
        if !known.service.host_names.iter().any(|host| host == name) {
            known.service.host_names.push(name.to_owned());
        }
        return;
    }
    let why = format!("the Aspire host starts `{root}`");
    candidates.push(candidate(name.to_owned(), root, place, why));
}

/// Folders that may be the root of an application, the outer ones first.
fn folders(ctx: &Context<'_>) -> Vec<String> {
    let mut folders: Vec<String> = Vec::new();
    for file in &ctx.tree.files {
        let folder = folder_of(&file.path);
        if ctx.has_manifest(folder) {
            folders.push(folder.to_owned());
        }
    }
    folders.extend(ctx.nest_apps().iter().cloned());
    folders.extend(ctx.script_apps().keys().cloned());
    // `services/orders/main.py` without a manifest of its own.
    for id in ctx.deployment.marks.keys() {
        let mut folder = folder_of(&ctx.tree.file(*id).path);
        while !folder.is_empty() && !ctx.is_unit(folder) {
            folder = folder_of(folder);
        }
        // Without any manifest the whole is one application: `main.py` and nothing that builds it.
        folders.push(folder.to_owned());
    }
    folders.extend(beside(ctx));
    folders.extend(programs(ctx));
    folders.sort();
    folders.dedup();
    // A folder with applications in it is a workspace, and none itself.
    let units: Vec<String> = folders.clone();
    for folder in &mut folders {
        if let Some(above) = above_command(folder)
            && !units.iter().any(|unit| unit != folder && unit != above && within(unit, above))
        {
            *folder = above.to_owned();
        }
    }
    folders.sort();
    folders.dedup();
    let units = folders.clone();
    folders.retain(|folder| {
        let inner = |unit: &String| {
            unit != folder
                && within(unit, folder)
                && is_application(ctx, unit)
                && zone(&format!("{unit}/x")) == Zone::Production
        };
        !units.iter().any(inner) || ctx.has_own_entry(folder)
    });
    folders
}

/// Folders beside each other that each hold an application of Python, under the one manifest of the repository or
/// none: `auth/app/main.py` and `users/app/main.py`, where nothing around them serves as well.
fn beside(ctx: &Context<'_>) -> Vec<String> {
    let mut around: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, marks) in &ctx.deployment.marks {
        let path = ctx.tree.file(*id).path.as_str();
        if (marks.http.is_none() && marks.grpc.is_none()) || language(path) != Some("python") {
            continue;
        }
        let mut app = folder_of(path);
        if matches!(app.rsplit('/').next(), Some("app" | "src")) {
            app = folder_of(app);
        }
        let above = folder_of(app);
        let is_free = !app.is_empty() && !ctx.is_unit(app) && zone(&format!("{app}/x")) == Zone::Production;
        let shared =
            matches!(app.rsplit('/').next(), Some("common" | "shared" | "lib" | "libs" | "packages" | "utils"));
        if is_free && !shared {
            around.entry(above.to_owned()).or_default().insert(app.to_owned());
        }
    }
    let units = |above: &str| {
        let direct = ctx.units().iter().filter(|(unit, _)| folder_of(unit) == above && !unit.is_empty());
        direct.filter(|(unit, _)| is_application(ctx, unit)).count()
    };
    let several = around.into_iter().filter(|(above, apps)| {
        (above.is_empty() || ctx.is_unit(above)) && !ctx.has_own_entry(above) && apps.len() + units(above) > 1
    });
    several.flat_map(|(_, apps)| apps).collect()
}

/// Names of folders that say nothing about the program in them.
const PLAIN: [&str; 9] = ["src", "cmd", "internal", "app", "apps", "services", "service", "backend", "pkg"];
/// Names of programs that somebody runs at times, beside those that go on running.
const TOOLS: [&str; 18] = [
    "migrate",
    "migrator",
    "migration",
    "migrations",
    "seed",
    "seeder",
    "tool",
    "tools",
    "script",
    "scripts",
    "gen",
    "generate",
    "generator",
    "cli",
    "bench",
    "benchmark",
    "loadtest",
    "hack",
];

/// Folders of what programs have in common: a program in one shows how to use it.
const SHARED: [&str; 6] = ["pkg", "lib", "libs", "common", "shared", "utils"];

/// Folders of several programs of Go under one manifest, or none: `orders/api` and `orders/rpc`, `gateway` and
/// `orders/cmd/server`. Each has a `main` of its own and is a process; its folder is the outermost one that holds
/// no other program.
pub(super) fn programs(ctx: &Context<'_>) -> Vec<String> {
    let mut around: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, marks) in &ctx.deployment.marks {
        let path = ctx.tree.file(*id).path.as_str();
        let folder = folder_of(path);
        let tool = folder.split('/').any(|segment| TOOLS.contains(&segment) || SHARED.contains(&segment));
        if marks.main.is_none() || language(path) != Some("go") || tool || zone(path) != Zone::Production {
            continue;
        }
        if marks.ends && is_alone(ctx, path) {
            continue;
        }
        // `cmd/server` is a program, not what others lie in.
        let is_command = |unit: &str| folder_of(unit).rsplit('/').next() == Some("cmd") && !ctx.has_manifest(unit);
        let mut unit = folder;
        while !unit.is_empty() && (!ctx.is_unit(unit) || is_command(unit)) {
            unit = folder_of(unit);
        }
        around.entry(unit).or_default().insert(folder);
    }
    let mut found = Vec::new();
    for (unit, programs) in around {
        if programs.len() < 2 || programs.contains(unit) {
            continue;
        }
        for program in &programs {
            let alone = |folder: &str| !programs.iter().any(|other| other != program && within(other, folder));
            let plain = |folder: &str| PLAIN.contains(&folder.rsplit('/').next().unwrap_or(folder));
            let mut outermost = *program;
            let mut above = folder_of(program);
            while above.len() > unit.len() && alone(above) {
                if !plain(above) {
                    outermost = above;
                }
                above = folder_of(above);
            }
            found.push(outermost.to_owned());
        }
    }
    found
}

/// True for the only file of Go in its folder.
fn is_alone(ctx: &Context<'_>, path: &str) -> bool {
    let beside = |other: &str| folder_of(other) == folder_of(path) && other.ends_with(".go");
    ctx.tree.files.iter().filter(|file| beside(&file.path) && zone(&file.path) == Zone::Production).count() == 1
}

/// `services/orders` of `services/orders/cmd/app`, the way Go lays out a program: its name is not `app`.
fn above_command(folder: &str) -> Option<&str> {
    let parent = folder_of(folder);
    let above = match (folder.rsplit('/').next(), parent.rsplit('/').next()) {
        (Some("cmd"), _) => parent,
        (Some(_), Some("cmd")) => folder_of(parent),
        _ => return None,
    };
    (!above.is_empty()).then_some(above)
}

/// What a file says of the program that it starts: `api-gateway` of `api-gateway.js`, nothing of `index.js`.
fn program_name(path: &str) -> Option<&str> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.split('.').next().unwrap_or(file);
    (!matches!(stem, "index" | "main" | "app" | "server" | "start" | "run" | "package" | "")).then_some(stem)
}

/// Servers with manifests of their own that stand beside each other: `services/orders` and `services/users` are
/// processes of their own, also where the package around them is one too (a gateway).
fn beside_each_other(ctx: &Context<'_>, folders: &[String]) -> BTreeSet<String> {
    let mut around: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for folder in folders.iter().filter(|folder| !folder.is_empty() && ctx.has_manifest(folder)) {
        let package = ctx.package(folder);
        let started = package.is_none_or(|package| is_started(package) && !is_frontend_package(package));
        if started && ctx.has_own_entry(folder) && zone(&format!("{folder}/x")) == Zone::Production {
            around.entry(folder_of(folder)).or_default().push(folder);
        }
    }
    around.into_values().filter(|several| several.len() > 1).flatten().cloned().collect()
}

/// Applications that stand beside services that something deploys, and outnumber them: one of six has
/// got its Dockerfile so far, so that Dockerfiles do not say what is deployed.
fn left_out(ctx: &Context<'_>, folders: &[String], roots: &[String]) -> BTreeSet<String> {
    let deployed: Vec<&str> =
        roots.iter().map(String::as_str).filter(|root| !root.is_empty() && ctx.has_code(root)).collect();
    let beside = beside(ctx);
    let is_other = |folder: &&str| {
        let built = ctx.has_manifest(folder) || beside.iter().any(|app| app == folder);
        let known = roots.iter().any(|root| within(folder, root) || within(root, folder));
        let production = zone(&format!("{folder}/x")) == Zone::Production;
        !folder.is_empty() && !known && production && built && is_application(ctx, folder)
    };
    let others: Vec<&str> = folders.iter().map(String::as_str).filter(is_other).collect();
    let ways: [fn(&str) -> &str; 2] = [itself, service_around];
    ways.into_iter().flat_map(|service| outnumbering(&deployed, &others, service)).collect()
}

/// The programs among `others` whose services outnumber the deployed ones beside them.
fn outnumbering(deployed: &[&str], others: &[&str], service: fn(&str) -> &str) -> Vec<String> {
    let mut beside: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for program in deployed {
        beside.entry(folder_of(service(program))).or_default().0.insert(service(program));
    }
    for program in others {
        beside.entry(folder_of(service(program))).or_default().1.insert(service(program));
    }
    let is_outnumbering = |program: &&&str| {
        beside.get(folder_of(service(program))).is_some_and(|(deployed, others)| {
            !deployed.is_empty() && others.difference(deployed).count() > deployed.len()
        })
    };
    others.iter().filter(is_outnumbering).map(|program| (*program).to_owned()).collect()
}

fn itself(folder: &str) -> &str {
    folder
}

/// The folder of the service that a program is a part of: `services/orders` of `services/orders/Orders.Api` and of
/// `services/orders/src/Orders.Api`.
fn service_around(folder: &str) -> &str {
    let parent = folder_of(folder);
    let parent = parent.strip_suffix("/src").unwrap_or(parent);
    let last = |path: &str| spelled(path.rsplit('/').next().unwrap_or(path));
    let is_part = last(folder).strip_prefix(last(parent).as_str()).is_some_and(|rest| rest.starts_with('-'));
    if is_part { parent } else { folder }
}

/// One of several applications in `microservices`, none of which is deployed yet: the monolith beside it is.
fn is_collected(ctx: &Context<'_>, folder: &str, roots: &[String]) -> bool {
    let collection = folder_of(folder);
    let applications = || {
        let inside = ctx.units().iter().filter(|(unit, _)| folder_of(unit) == collection);
        inside.filter(|(unit, _)| is_application(ctx, unit)).count()
    };
    !collection.is_empty()
        && ctx.is_collection(collection)
        && !roots.iter().any(|root| within(root, collection))
        && applications() > 1
}

/// `api-gateway` beside `services/orders`: what is in front of the services is one of them, also where only they have
/// got containers so far.
fn is_only_gateway(folder: &str, roots: &[String]) -> bool {
    let is_gateway = |folder: &str| folder_name(folder).to_lowercase().contains("gateway");
    let around = folder_of(folder);
    let fronts = |root: &&String| folder_of(root) != around && within(root, around) && !root.is_empty();
    is_gateway(folder) && !roots.iter().any(|root| is_gateway(root)) && roots.iter().filter(fronts).count() > 1
}

/// A server that one build of Maven makes beside the deployed ones: `discovery` beside `orders` and `users` at the top
/// of the repository.
fn is_module_beside(ctx: &Context<'_>, folder: &str, roots: &[String]) -> bool {
    let around = folder_of(folder);
    let aggregates = ctx.foreign_in(around).any(|(_, f)| matches!(f, Foreign::Jvm { aggregator: true, .. }));
    let serves = ctx.foreign_in(folder).any(|(_, f)| matches!(f, Foreign::Jvm { web: true, aggregator: false, .. }));
    aggregates && serves && roots.iter().filter(|root| folder_of(root) == around && !root.is_empty()).count() > 1
}

/// Why a folder is a service although nothing builds it.
fn evidence(ctx: &Context<'_>, folder: &str, deployed: bool, roots: &[String]) -> Option<(FileId, Span, String)> {
    if !ctx.has_code(folder) {
        return None;
    }
    if let Some(place) = ctx.script_apps().get(folder).filter(|_| !deployed) {
        return Some((place.file, place.span, "a script of `package.json` starts it".to_owned()));
    }
    let hosting = ctx.foreign_in(folder).find(|(_, foreign)| matches!(foreign, Foreign::Hosting));
    let serverless = ctx.foreign_in(folder).find_map(|(id, foreign)| match foreign {
        Foreign::Serverless(span) => Some((id, *span)),
        _ => None,
    });
    if let Some((id, span)) = serverless {
        return Some((id, span, "its functions are deployed by a serverless framework".to_owned()));
    }
    let package_id = ctx.tree.find(&crate::program::resolve::join(folder, "package.json"));
    if let (Some(package), Some(id)) = (ctx.package(folder), package_id) {
        let at = package.name.as_ref().map_or(Span::default(), |name| name.span);
        if is_library_package(package) || (!is_frontend_package(package) && is_shared_package(ctx, folder, package)) {
            return None;
        }
        if is_frontend_package(package) {
            let serves = package.dependency("next").is_some() || package.dependency("nuxt").is_some();
            // A page without a server of its own is deployed when something says so.
            let built = package.script("build").is_some();
            let deployable = serves || hosting.is_some() || (!deployed && built);
            return deployable.then(|| (id, at, "a front end with its own build".to_owned()));
        }
    }
    // Beside services that containers run, code that nothing deploys must at least stand with them.
    let sibling = || roots.iter().any(|root| folder_of(root) == folder_of(folder) && !folder_of(root).is_empty());
    let first = ctx.languages(folder).into_iter().next()?;
    let parsed = matches!(first.as_str(), "python" | "javascript" | "typescript");
    // An image that Jib or a plugin of Maven builds is deployed like one of a Dockerfile.
    let built = ctx.foreign_in(folder).any(|(_, f)| matches!(f, Foreign::Jvm { image: true, aggregator: false, .. }));
    let jvm_or_net = ctx.foreign_in(folder).any(|(_, f)| matches!(f, Foreign::Jvm { .. } | Foreign::DotNet { .. }));
    let web = ctx
        .foreign_in(folder)
        .any(|(_, f)| matches!(f, Foreign::Jvm { web: true, .. } | Foreign::DotNet { web: true, .. }));
    let beside = || sibling() || is_collected(ctx, folder, roots) || is_only_gateway(folder, roots);
    if deployed && hosting.is_none() && !built && !((parsed || web) && beside()) {
        return None;
    }
    if jvm_or_net && !is_application(ctx, folder) {
        return None;
    }
    if first == "go" && !has_main(ctx, folder) {
        return None;
    }
    // The main class of Quarkus is made by its plugin; that of Ktor comes with it.
    let generated =
        ctx.foreign_in(folder).find(|(_, f)| matches!(f, Foreign::Jvm { generates_main: true, aggregator: false, .. }));
    if let Some((id, _)) = generated {
        return Some((id, Span::default(), "its build makes an application".to_owned()));
    }
    let marks = ctx.marks_below(folder);
    // A server says more than a consumer beside it, and the program more than a part of it.
    let serving = marks
        .iter()
        .filter(|(_, marks)| marks.serves())
        .min_by_key(|(_, marks)| (marks.http.is_none() && marks.grpc.is_none(), marks.main.is_none()));
    let (id, found) =
        serving.or_else(|| marks.iter().find(|(_, marks)| !parsed && marks.main.is_some() && !marks.ends))?;
    let is_code = language(&ctx.tree.file(*id).path).is_some();
    is_code.then(|| (*id, found.span().unwrap_or_default(), "an entry point starts it".to_owned()))
}
