//! What the build and the settings of Java and Kotlin services say about their HTTP: Actuator and other
//! health libraries among the dependencies, the breaker around Feign, the prefix of all paths.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::services::Service;
use crate::extract::http::{Guard, HttpClient};
use crate::extract::routes::{Gap, GapKind, HealthEvidence, HealthKind, Served, path};
use crate::files::{self, Tree, Zone, zone};
use crate::program::resolve::within;
use crate::program::types::{build_root, simple_name};
use crate::program::{Program, UnitId};
use crate::syntax::data::{Node, properties, yaml};
use crate::syntax::{FileId, Place, Span};

/// Dependencies that bring a health route, by a part of their name: of their own, or because they depend
/// on Actuator (the Eureka, Zuul and Config servers of Spring Cloud, its OAuth2 starter).
const HEALTH: [&str; 12] = [
    "actuator",
    "smallrye-health",
    "micronaut-management",
    "netflix-eureka-server",
    "starter-eureka-server",
    "zuul",
    "cloud-config-server",
    "cloud-starter-oauth2",
    "boot-admin",
    "mpHealth",
    "microprofile-health",
    "kotlin-health",
];
/// Servers and frameworks that may serve a health route that is not looked for.
const OTHER_SERVERS: [&str; 6] = ["liberty", "payara", "wildfly", "helidon", "dropwizard", "jboss"];
/// How many modules of the repository a build can lead to.
const MAX_MODULES: usize = 60;

/// Settings by dotted key in lower case without dashes.
type Settings = BTreeMap<String, (String, Place)>;

struct Build {
    folder: String,
    text: String,
}

/// Applies what builds and settings say to the clients and servers of the services.
pub(super) fn apply(
    tree: &Tree,
    program: &Program,
    services: &[Service],
    owners: &HashMap<FileId, Vec<usize>>,
    http: &mut Vec<HttpClient>,
    served: &mut Served,
) {
    let is_jvm = |unit: UnitId| program.language(unit).is_jvm();
    if !program.ids().any(is_jvm) {
        return;
    }
    // A program that is started and is no service is a tool: it says nothing about the system.
    let started = started(program);
    http.retain(|c| {
        let owned = owners.get(&c.place.file).is_some_and(|o| !o.is_empty());
        let tool = || started.contains(build_root(&program.unit(c.site.unit).path));
        !is_jvm(c.site.unit) || services.is_empty() || owned || !tool()
    });
    let builds = builds(tree);
    let settings = Files::read(tree);
    for (index, service) in services.iter().enumerate() {
        let owns = |file: FileId| owners.get(&file).is_some_and(|o| o.contains(&index));
        let Some(unit) = program.ids().find(|u| is_jvm(*u) && owns(program.unit(*u).file)) else { continue };
        let own = settings.of(service);
        for client in http.iter_mut().filter(|c| is_jvm(c.site.unit) && owns(c.place.file)) {
            configure(client, &own, &builds, &service.root);
        }
        health(tree, service, unit, program, &builds, served);
        let prefix = ["server.servlet.contextpath", "server.contextpath", "spring.webflux.basepath"];
        if let Some((prefix, _)) = prefix.iter().find_map(|key| own.keys.get(*key)).filter(|(p, _)| p.starts_with('/'))
        {
            for route in served.routes.iter_mut().filter(|r| r.framework == "Spring") {
                if owners.get(&route.place.file).is_some_and(|o| o.as_slice() == [index]) && !prefix.contains("${") {
                    route.path = path::join(prefix, &route.path);
                }
            }
        }
    }
}

/// The build modules with a class that is started.
fn started(program: &Program) -> HashSet<&str> {
    let starts = |unit: &UnitId| {
        let module = &program.unit(*unit).module;
        program.language(*unit).is_jvm()
            && program.is_production(*unit)
            && (module.funcs.iter().any(|f| f.name == "main")
                || module
                    .classes
                    .iter()
                    .flat_map(|c| &c.decorators)
                    .any(|d| simple_name(module, *d).is_some_and(|n| n == "SpringBootApplication")))
    };
    program.ids().filter(starts).map(|unit| build_root(&program.unit(unit).path)).collect()
}

/// What the settings of a service say about a client.
fn configure(client: &mut HttpClient, own: &Own, builds: &[Build], root: &str) {
    let on = |keys: &[&str]| {
        keys.iter().find_map(|k| own.keys.get(*k)).filter(|(value, _)| value != "false").map(|(_, place)| *place)
    };
    let retries = own.keys.iter().find(|(key, (value, _))| {
        (key.contains("maxautoretries") && value != "0")
            || key.ends_with(".retryer")
            || key.contains("loadbalancer.retry.max")
    });
    let text = build_text(builds, root).unwrap_or_default();
    // A load-balanced RestTemplate repeats GET requests when Spring Retry is there; Ribbon and Feign by settings.
    if retries.is_some()
        || (text.contains("spring-retry")
            && matches!(client.library.as_str(), "OpenFeign" | "RestTemplate" | "WebClient"))
    {
        client.retry_unknown.get_or_insert_with(|| "the settings or Spring Retry may repeat it".to_string());
    }
    if client.library != "OpenFeign" {
        return;
    }
    let breaker = on(&[
        "feign.hystrix.enabled",
        "feign.circuitbreaker.enabled",
        "feign.sentinel.enabled",
        "spring.cloud.openfeign.circuitbreaker.enabled",
    ]);
    match breaker {
        Some(place) => {
            for request in &mut client.requests {
                request.guards.push(Guard::Breaker { place, library: "OpenFeign".into(), inert: None });
            }
        }
        // The settings come from a server that is not in the repository.
        None if own.remote && !own.from_server => client.followed = false,
        None => {}
    }
}

/// Whether the dependencies of a service bring a health route.
fn health(tree: &Tree, service: &Service, unit: UnitId, program: &Program, builds: &[Build], served: &mut Served) {
    let file = program.unit(unit).file;
    let place = Place::new(file, Span::new(0, 0));
    let mut gap = || served.gaps.push(Gap { place, unit, app: None, prefix: "/".into(), kind: GapKind::Unresolved });
    let Some(text) = build_text(builds, &service.root) else { return gap() };
    if HEALTH.iter().any(|name| text.contains(name)) {
        return served.health.push(HealthEvidence { place, unit, kind: HealthKind::Dependency });
    }
    let image = service.dockerfile.and_then(|id| files::read(tree.file(id)).ok()).unwrap_or_default().to_lowercase();
    let lower = text.to_lowercase();
    if OTHER_SERVERS.iter().any(|name| lower.contains(name) || image.contains(name)) || foreign_parent(&text) {
        gap();
    }
}

/// A parent that is neither in the repository nor Spring Boot's own can bring any dependency.
fn foreign_parent(text: &str) -> bool {
    text.split("<parent>").skip(1).any(|rest| {
        let parent = rest.split("</parent>").next().unwrap_or(rest);
        let local = parent.contains("<relativePath>") || parent.contains("spring-boot-starter-parent");
        let group = parent.split("<groupId>").nth(1).and_then(|g| g.split('<').next()).unwrap_or("");
        // The parents of the repository are part of the text, under their own names.
        let artifact = parent.split("<artifactId>").nth(1).and_then(|a| a.split('<').next()).unwrap_or("");
        !local && !group.is_empty() && text.matches(&format!("<artifactId>{artifact}</artifactId>")).count() < 2
    })
}

fn builds(tree: &Tree) -> Vec<Build> {
    let mut out = Vec::new();
    for id in tree.ids() {
        let file = tree.file(id);
        let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        let gradle = name.ends_with(".gradle") || name.ends_with(".gradle.kts") || folder.starts_with("buildSrc");
        if (name == "pom.xml" || gradle)
            && zone(&file.path) == Zone::Production
            && let Ok(text) = files::read(file)
        {
            out.push(Build { folder: folder.to_string(), text: without_comments(&text, name == "pom.xml") });
        }
    }
    out
}

fn without_comments(text: &str, xml: bool) -> String {
    let (open, close) = if xml { ("<!--", "-->") } else { ("/*", "*/") };
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        out.push_str(before);
        rest = after.split_once(close).map_or("", |(_, tail)| tail);
    }
    out.push_str(rest);
    if xml {
        return out;
    }
    out.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The build files that decide what a folder depends on: its own, those above it, the plugins of the
/// repository, and the modules of the repository that they name. None without one of its own.
fn build_text(builds: &[Build], root: &str) -> Option<String> {
    let mut open: Vec<&Build> = builds.iter().filter(|b| b.folder == root).collect();
    if open.is_empty() {
        return None;
    }
    open.extend(
        builds.iter().filter(|b| b.folder != root && (within(root, &b.folder) || b.folder.starts_with("buildSrc"))),
    );
    let mut done: Vec<&str> = Vec::new();
    let mut out = String::new();
    while let Some(build) = open.pop() {
        if done.len() > MAX_MODULES || done.contains(&build.text.as_str()) {
            continue;
        }
        done.push(&build.text);
        out.push_str(&build.text);
        out.push('\n');
        // A list of modules is no dependency.
        let above = build.folder != root && within(root, &build.folder) || build.text.contains("<modules>");
        if above {
            continue;
        }
        for other in builds.iter().filter(|b| !b.folder.is_empty()) {
            let name = other.folder.rsplit('/').next().unwrap_or(&other.folder);
            let named = [format!("<artifactId>{name}</artifactId>"), format!(":{name}\""), format!(":{name}'")];
            if named.iter().any(|n| build.text.contains(n.as_str())) {
                open.push(other);
            }
        }
    }
    Some(out)
}

/// The settings files of the repository.
struct Files {
    files: Vec<(String, String, Settings)>,
}

struct Own {
    keys: Settings,
    /// A config server is asked.
    remote: bool,
    /// The files of that server are in the repository.
    from_server: bool,
}

impl Files {
    fn read(tree: &Tree) -> Files {
        let mut files = Vec::new();
        for id in tree.ids() {
            let file = tree.file(id);
            let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
            let Some((stem, extension)) = name.rsplit_once('.') else { continue };
            if !matches!(extension, "yml" | "yaml" | "properties")
                || !(folder.contains("resources") || folder.contains("config"))
                || zone(&file.path) != Zone::Production
            {
                continue;
            }
            let Ok(text) = files::read(file) else { continue };
            let mut keys = Settings::new();
            if extension == "properties" {
                for pair in properties(&text).pairs {
                    keys.insert(
                        relaxed(&pair.key),
                        (pair.value.clone().unwrap_or_default(), Place::new(id, pair.key_span)),
                    );
                }
            } else {
                for document in yaml(&text).documents {
                    flatten(&document, "", id, &mut keys);
                }
            }
            files.push((folder.to_string(), stem.to_string(), keys));
        }
        Files { files }
    }

    /// The settings of a service: its own files, then those that a config server of the repository has
    /// for it.
    fn of(&self, service: &Service) -> Own {
        let mut keys = Settings::new();
        let is_own = |folder: &str, stem: &str| {
            within(folder, &service.root) && (stem.starts_with("application") || stem.starts_with("bootstrap"))
        };
        let mut names = vec![service.name.clone(), service.root.rsplit('/').next().unwrap_or("").to_string()];
        for (_, _, found) in self.files.iter().filter(|(folder, stem, _)| is_own(folder, stem)) {
            names.extend(found.get("spring.application.name").map(|(name, _)| name.clone()));
            keys.extend(found.clone());
        }
        let remote = keys.keys().any(|k| {
            k.starts_with("spring.cloud.config.")
                || k.starts_with("spring.cloud.nacos.config")
                || k.starts_with("spring.cloud.consul.config")
        }) || keys.get("spring.config.import").is_some_and(|(v, _)| v.contains("configserver:"));
        let mut from_server = false;
        for (folder, stem, found) in &self.files {
            if names.iter().any(|n| n == stem) && !stem.is_empty() {
                from_server = true;
                let shared = self.files.iter().filter(|(f, s, _)| f == folder && s == "application");
                for (_, _, common) in shared {
                    keys.extend(common.clone());
                }
                keys.extend(found.clone());
            }
        }
        Own { keys, remote, from_server }
    }
}

/// Keys are compared in lower case without dashes, as Spring binds them.
fn relaxed(key: &str) -> String {
    key.to_lowercase().replace(['-', '_'], "")
}

/// The tree is of limited depth, see [`crate::syntax::data`].
fn flatten(node: &Node, prefix: &str, file: FileId, out: &mut Settings) {
    for entry in node.entries() {
        let key = if prefix.is_empty() { relaxed(entry.name()) } else { format!("{prefix}.{}", relaxed(entry.name())) };
        if let Some(text) = entry.value.text() {
            out.insert(key, (text.to_string(), Place::new(file, entry.key.span)));
        } else {
            flatten(&entry.value, &key, file, out);
        }
    }
}
