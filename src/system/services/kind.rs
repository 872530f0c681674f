//! What a service does.

use super::context::Context;
use super::foreign::Foreign;
use super::images::ImageRole;
use super::marks::Marks;
use super::{Candidate, ServiceKind};
use crate::facts::dockerfile::Dockerfile;
use crate::facts::manifest::PackageJson;

/// Packages that make pages in the browser.
const BROWSER_PACKAGES: [&str; 14] = [
    "react",
    "react-dom",
    "vue",
    "@angular/core",
    "angular",
    "svelte",
    "solid-js",
    "preact",
    "next",
    "nuxt",
    "gatsby",
    "@remix-run/react",
    "jquery",
    "lit",
];
/// Packages that answer requests on a server.
const SERVER_PACKAGES: [&str; 10] = [
    "express",
    "fastify",
    "koa",
    "@nestjs/core",
    "@hapi/hapi",
    "hono",
    "restify",
    "apollo-server",
    "@apollo/server",
    "@grpc/grpc-js",
];

/// True for the manifest of a package that makes pages in the browser.
pub fn is_browser_package(package: &PackageJson) -> bool {
    BROWSER_PACKAGES.iter().any(|name| package.dependency(name).is_some())
}

/// True for the manifest of a package that others install: what it needs to make pages comes from them.
pub(super) fn is_library_package(package: &PackageJson) -> bool {
    // The same package often stands among the development dependencies as well.
    let peer = |name: &str| {
        let mut all = package.dependencies.iter();
        all.any(|d| d.name.value == name && d.kind == crate::facts::manifest::RequirementKind::Peer)
    };
    !package.private
        && (package.main.is_some() || package.module.is_some() || !package.exports.is_empty())
        && BROWSER_PACKAGES.iter().any(|name| peer(name))
}

/// True for the package of a repository that others of it use: it has something to import, and nothing that starts it,
/// while others are depended on by nobody or have a script that starts them.
pub(super) fn is_shared_package(ctx: &Context<'_>, folder: &str, package: &PackageJson) -> bool {
    // `npm init` writes `"main": "index.js"` whatever there is.
    let has_main = package.main.as_ref().is_some_and(|main| {
        let path = crate::files::join_path(folder, &main.value);
        main.value != "index.js" || path.is_some_and(|path| ctx.tree.find(&path).is_some())
    });
    let importable = has_main || package.module.is_some() || package.types.is_some() || !package.exports.is_empty();
    if !importable || is_started(package) {
        return false;
    }
    // `"main": "server.js"`, where the file serves.
    let serves = |main: &str| {
        let path = crate::files::join_path(folder, main);
        path.and_then(|path| ctx.tree.find(&path))
            .and_then(|id| ctx.deployment.marks.get(&id))
            .is_some_and(Marks::serves)
    };
    if package.main.as_ref().is_some_and(|main| serves(&main.value)) {
        return false;
    }
    let name = package.name.as_ref().map_or("", |name| name.value.as_str());
    let mut others = ctx.deployment.package_jsons.values().filter(|other| !std::ptr::eq(*other, package));
    others.any(|other| other.dependency(name).is_some() || is_started(other))
}

/// A script starts the package.
pub(super) fn is_started(package: &PackageJson) -> bool {
    package.scripts.iter().any(|script| {
        let name = script.name.value.as_str();
        name.split(':').next().is_some_and(|first| matches!(first, "start" | "serve" | "dev"))
    })
}

/// True for the manifest of a front end.
pub(super) fn is_frontend_package(package: &PackageJson) -> bool {
    let framework =
        ["next", "nuxt", "gatsby", "@remix-run/react"].iter().any(|name| package.dependency(name).is_some());
    let mobile = ["react-native", "expo"].iter().any(|name| package.dependency(name).is_some());
    is_browser_package(package) && !mobile && (framework || !is_server_package(package))
}

/// True for the manifest of a package that answers requests on a server.
pub fn is_server_package(package: &PackageJson) -> bool {
    SERVER_PACKAGES.iter().any(|name| {
        package.dependency(name).is_some_and(|d| d.kind != crate::facts::manifest::RequirementKind::Development)
    })
}

pub(super) fn kind(ctx: &Context<'_>, candidate: &Candidate) -> ServiceKind {
    let service = &candidate.service;
    let root = service.root.as_str();
    let package = ctx.package(root);
    let frontend = package.is_some_and(is_frontend_package);
    let program = service.command.iter().map(|word| word.rsplit('/').next().unwrap_or(word)).next().unwrap_or("");
    let web_server = candidate.role == ImageRole::WebServer
        || matches!(program, "nginx" | "httpd" | "apache2ctl" | "apache2-foreground" | "httpd-foreground" | "caddy");
    if candidate.role == ImageRole::LoadTool
        || service.command.iter().any(|word| is_load_tool(word))
        || is_load_name(service)
    {
        return ServiceKind::Job;
    }
    if web_server && !ctx.languages(root).iter().any(|language| language == "php") {
        let file = service.dockerfile.and_then(|id| ctx.deployment.dockerfiles.get(&id));
        return if frontend || file.is_some_and(serves_pages) {
            ServiceKind::Frontend
        } else {
            ServiceKind::Infrastructure
        };
    }
    if matches!(candidate.role, ImageRole::Server | ImageRole::Datastore | ImageRole::Broker) {
        return ServiceKind::Infrastructure;
    }
    if candidate.one_shot {
        return ServiceKind::Job;
    }
    // `celery -A app.main` starts a worker whatever stands in `app.main`.
    let answers = |id: &crate::syntax::FileId| ctx.deployment.marks.get(id).is_some_and(|marks| marks.http.is_some());
    if starts_worker(&service.command) || (is_worker_command(&service.command) && !service.entries.iter().any(answers))
    {
        return ServiceKind::Worker;
    }
    if service.languages.is_empty() {
        return ServiceKind::Infrastructure;
    }
    if frontend {
        return ServiceKind::Frontend;
    }
    let words: Vec<String> = service.name.to_ascii_lowercase().split(['-', '_', '.']).map(str::to_owned).collect();
    if words.iter().any(|word| matches!(word.as_str(), "gateway" | "bff" | "apigateway")) {
        return ServiceKind::Gateway;
    }
    by_code(ctx, candidate)
}

fn by_code(ctx: &Context<'_>, candidate: &Candidate) -> ServiceKind {
    let service = &candidate.service;
    let started: Vec<&Marks> = service.entries.iter().filter_map(|id| ctx.deployment.marks.get(id)).collect();
    let all: Vec<&Marks> = ctx.marks_below(&service.root).into_iter().map(|(_, marks)| marks).collect();
    for marks in [started, all] {
        let kinds = [
            (marks.iter().any(|m| m.http.is_some()), ServiceKind::Http),
            (marks.iter().any(|m| m.grpc.is_some()), ServiceKind::Grpc),
            (marks.iter().any(|m| m.worker.is_some()), ServiceKind::Worker),
        ];
        if let Some((_, kind)) = kinds.iter().find(|(is, _)| *is) {
            return *kind;
        }
    }
    // Where the code can't be read, an open port says that somebody answers.
    let file = service.dockerfile.and_then(|id| ctx.deployment.dockerfiles.get(&id));
    let exposes = file.and_then(|file| file.stages.last()).is_some_and(|stage| !stage.expose.is_empty());
    let base = file.and_then(|file| super::compose::base_image(file, None)).unwrap_or_default();
    let parsed =
        service.languages.first().is_some_and(|l| matches!(l.as_str(), "python" | "javascript" | "typescript"));
    let listens =
        !service.published_ports.is_empty() || (!parsed && (candidate.listens || exposes || base.contains("apache")));
    let web = ctx.foreign_in(&service.root).any(|(_, foreign)| {
        matches!(foreign, Foreign::Jvm { web: true, .. } | Foreign::DotNet { web: true, .. } | Foreign::Serverless(_))
    });
    if web || listens { ServiceKind::Http } else { ServiceKind::Worker }
}

/// True for a command that starts a worker or a consumer, by its words.
pub fn works(words: &[String]) -> bool {
    starts_worker(words) || is_worker_command(words)
}

/// True for a command that starts a worker, whatever the code around it can do besides.
pub fn starts_worker(words: &[String]) -> bool {
    is_worker_runner(words) || is_management_command(words)
}

/// True for a program that serves an application of Python over HTTP.
fn is_web_runner(word: &str) -> bool {
    let program = word.rsplit('/').next().unwrap_or(word);
    matches!(program, "gunicorn" | "uvicorn" | "daphne" | "hypercorn" | "granian" | "uwsgi" | "waitress-serve")
}

/// True for `celery worker`, `rq worker`, `dramatiq app.tasks`.
fn is_worker_runner(words: &[String]) -> bool {
    words.iter().any(|word| {
        let program = word.rsplit('/').next().unwrap_or(word);
        matches!(program, "celery" | "dramatiq" | "arq" | "rq" | "taskiq" | "huey_consumer" | "faststream")
    })
}

/// True for `python manage.py consume`: a command of a Django project that runs beside its server.
fn is_management_command(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().flat_map(|word| word.split_whitespace()).collect();
    let mut commands = words.windows(2).filter(|pair| pair[0].ends_with("manage.py")).map(|pair| pair[1]);
    let starts_server =
        |command: &str| command.contains("run") || command.contains("serve") || command.contains("start");
    // `run_consumer`, `start_worker`
    let works = |command: &str| ["consum", "worker", "listen", "subscrib"].iter().any(|word| command.contains(word));
    !words.iter().any(|word| is_web_runner(word))
        && commands.clone().next().is_some()
        && !commands.any(|command| command.starts_with('-') || (starts_server(command) && !works(command)))
}

/// True for `python -m app.worker`, `node dist/consumer.js`, `npm run worker`; `gunicorn --workers 2` is a server.
fn is_worker_command(words: &[String]) -> bool {
    !words.iter().any(|word| is_web_runner(word))
        && words.iter().filter(|word| !word.starts_with('-')).any(|word| {
            let lower = word.to_ascii_lowercase();
            let last = lower.rsplit(['/', ':']).next().unwrap_or("");
            last.split(['.', '-', '_']).any(|part| matches!(part, "worker" | "workers" | "consumer" | "consumers"))
        })
}

fn is_load_tool(word: &str) -> bool {
    matches!(word.rsplit('/').next(), Some("locust" | "k6" | "jmeter" | "artillery" | "vegeta"))
}

fn is_load_name(service: &super::Service) -> bool {
    let lower = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    let known = ["load-gen", "loadgen", "load-generator", "loadgenerator", "load-test", "loadtest", "load-tester"];
    let folder = lower(service.root.rsplit('/').next().unwrap_or(""));
    known.contains(&lower(&service.name).as_str()) || known.contains(&folder.as_str())
}

/// True when a Dockerfile puts pages into a web server, and not only its configuration.
fn serves_pages(file: &Dockerfile) -> bool {
    file.stages.last().is_some_and(|stage| {
        stage.copies.iter().any(|copy| {
            let to = copy.destination.as_str();
            let pages = to.contains("html") || to.contains("htdocs") || to.starts_with("/srv") || to.contains("www");
            let single = copy.sources.iter().all(|source| source.value.ends_with(".html"));
            pages && (copy.from.is_some() || !single)
        })
    })
}
