//! What the build and the settings of Java and Kotlin services say about their HTTP: Actuator and other
//! health libraries among the dependencies, the breaker around Feign, the prefix of all paths.

pub(super) mod build;
mod data_rest;
pub(super) mod gateway;
mod health;
mod openapi;
mod scanned;
pub(super) mod settings;
pub(super) mod shared;
mod web_xml;

use std::collections::{HashMap, HashSet};

use super::services::Service;
use crate::extract::http::{Guard, HttpClient, Timeout};
use crate::extract::routes::{Route, Served, path};
use crate::facts::module::ExprId;
use crate::files::Tree;
use crate::program::types::{build_root, simple_name};
use crate::program::{Program, UnitId};
use crate::syntax::FileId;

use build::Builds;
use settings::{Files, Own};

/// Applies what builds and settings say to the clients and servers of the services.
pub(super) fn apply(
    tree: &Tree,
    program: &Program,
    services: &[Service],
    owners: &HashMap<FileId, Vec<usize>>,
    http: &mut Vec<HttpClient>,
    served: &mut Served,
    settings: &Files,
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
    openapi::add(tree, program, served);
    let builds = Builds::read(tree);
    let balanced: Vec<UnitId> = program.ids().filter(|u| is_jvm(*u) && looks_names_up(program, *u)).collect();
    for (index, service) in services.iter().enumerate() {
        let owns = |file: FileId| owners.get(&file).is_some_and(|o| o.contains(&index));
        // A file of its own stands for the service, not one that others share with it.
        let of = |u: UnitId| owners.get(&program.unit(u).file).map_or(usize::MAX, Vec::len);
        let mine = program.ids().filter(|u| is_jvm(*u) && owns(program.unit(*u).file));
        let Some(unit) = mine.min_by_key(|u| (of(*u), u.0)) else { continue };
        let own = settings.of(service);
        let balanced = balanced.iter().any(|unit| owns(program.unit(*unit).file));
        for client in http.iter_mut().filter(|c| is_jvm(c.site.unit) && owns(c.place.file)) {
            client.logical_address |= balanced;
            configure(client, &own, &builds, &service.root);
        }
        health::add(tree, service, unit, program, (&builds, &own), served);
        let alone = |u: &UnitId| owners.get(&program.unit(*u).file).is_some_and(|o| o.as_slice() == [index]);
        let units = program.ids().filter(|u| is_jvm(*u) && program.is_production(*u)).filter(alone);
        data_rest::add(program, units, &own, &builds.text(&service.root).unwrap_or_default(), served);
        let only = |r: &Route| owners.get(&r.place.file).is_some_and(|o| o.as_slice() == [index]);
        let mounted = web_xml::prefix(tree, &service.root);
        for route in served.routes.iter_mut().filter(|r| only(r)) {
            place_route(route, &own, mounted.as_deref());
        }
    }
    // Code of no service has settings of its own all the same.
    let mut builds: HashMap<&str, Vec<&mut Route>> = HashMap::new();
    let unowned = |r: &Route| is_jvm(r.unit) && owners.get(&r.place.file).is_none_or(Vec::is_empty);
    for route in served.routes.iter_mut().filter(|r| unowned(r)) {
        builds.entry(build_root(&program.unit(route.unit).path)).or_default().push(route);
    }
    for (root, routes) in builds {
        let own = settings.of(&Service { root: root.to_owned(), ..Service::default() });
        let mounted = web_xml::prefix(tree, root);
        routes.into_iter().for_each(|route| place_route(route, &own, mounted.as_deref()));
    }
}

/// `@LoadBalanced`: `http://orders` is a name that service discovery looks up.
/// <https://docs.spring.io/spring-cloud-commons/reference/spring-cloud-commons/common-abstractions.html>
fn looks_names_up(program: &Program, unit: UnitId) -> bool {
    let module = &program.unit(unit).module;
    let marks = |decorators: &[ExprId]| {
        decorators.iter().any(|d| simple_name(module, *d).is_some_and(|name| name == "LoadBalanced"))
    };
    module.funcs.iter().any(|f| marks(&f.decorators) || f.params.iter().any(|p| marks(&p.decorators)))
        || module.classes.iter().flat_map(|c| &c.fields).any(|f| marks(&f.decorators))
}

/// Settings that put a prefix before every path, by framework.
const PREFIXES: [(&str, &[&[&str]]); 4] = [
    (
        "Spring",
        &[
            &["server.servlet.contextpath", "server.contextpath", "spring.webflux.basepath"],
            &["spring.mvc.servlet.path", "server.servletpath"],
        ],
    ),
    ("Micronaut", &[&["micronaut.server.contextpath"]]),
    ("JAX-RS", &[&["quarkus.http.rootpath"], &["quarkus.rest.path", "quarkus.resteasy.path"]]),
    ("Ktor", &[&["ktor.deployment.rootpath"]]),
];

/// Fills in the settings that a path names, and puts the application's prefixes before it.
fn place_route(route: &mut Route, own: &Own, mounted: Option<&str>) {
    if let Some(prefix) = mounted.filter(|_| route.framework == "JAX-RS") {
        route.path = path::join(prefix, &route.path);
    }
    if route.path.contains("${") {
        match own.filled(&route.path, 0) {
            Some(filled) => route.path = path::join("/", &filled).replace("//", "/"),
            None => route.partial = true,
        }
    }
    let Some((_, settings)) = PREFIXES.iter().find(|(framework, _)| *framework == route.framework) else { return };
    if own.remote && !own.from_server && settings.iter().all(|keys| own.first(keys).is_none()) {
        // The configuration server, which is elsewhere, may have one.
        route.unrooted = true;
    }
    for keys in settings.iter().rev() {
        let Some(prefix) = own.first(keys).and_then(|(value, _)| own.filled(value, 0)) else { continue };
        let prefix = prefix.trim_matches('/').to_string();
        if !prefix.is_empty() {
            route.path = path::join(&format!("/{prefix}"), &route.path);
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
fn configure(client: &mut HttpClient, own: &Own, builds: &Builds, root: &str) {
    let retries = own.keys().find(|(key, value, _)| {
        (key.contains("maxautoretries") && *value != "0")
            || key.ends_with(".retryer")
            || key.contains("loadbalancer.retry.max")
            || (key.ends_with("loadbalancer.retry.enabled") && *value == "true")
    });
    let text = builds.text(root).unwrap_or_default();
    // A load-balanced RestTemplate repeats GET requests when Spring Retry is there; Ribbon, Feign and WebClient by
    // settings. <https://docs.spring.io/spring-cloud-commons/reference/spring-cloud-commons/common-abstractions.html>,
    // "Retrying Failed Requests".
    if retries.is_some()
        || (text.contains("spring-retry") && matches!(client.library.as_str(), "OpenFeign" | "RestTemplate"))
    {
        client.retry_unknown.get_or_insert_with(|| "the settings or Spring Retry may repeat it".to_string());
    }
    // Quarkus brings limits of its own to every JAX-RS client.
    if client.library == "JAX-RS" && client.timeout == Timeout::Unsaid && text.contains("quarkus") {
        client.timeout = Timeout::Unknown;
    }
    if !client.bounded_by.is_empty() {
        bound(client, own, &text);
    }
    if client.library != "OpenFeign" {
        return;
    }
    let breaker = own.is_on(&[
        "feign.hystrix.enabled",
        "feign.circuitbreaker.enabled",
        "feign.sentinel.enabled",
        "spring.cloud.openfeign.circuitbreaker.enabled",
    ]);
    match breaker {
        Some(place) => {
            for request in &mut client.requests {
                request.guards.push(Guard::breaker(place, "OpenFeign"));
            }
        }
        // The settings come from a server that is not in the repository.
        None if own.remote && !own.from_server => client.followed = false,
        None => {}
    }
}

/// The limit that the settings give clients of Spring Boot's builders. OkHttp on the class path brings one of
/// its own: <https://docs.spring.io/spring-boot/3.1/docs/current/reference/html/io.html#io.rest-client.resttemplate.http-client>.
fn bound(client: &mut HttpClient, own: &Own, build: &str) {
    let keys: Vec<String> = client.bounded_by.iter().map(|key| settings::relaxed(key)).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    if let Some((_, place)) = own.first(&keys) {
        client.timeout = Timeout::Set(place);
    } else if (own.remote && !own.from_server) || (client.library != "WebClient" && build.contains("okhttp")) {
        client.timeout = Timeout::Unknown;
    }
}
