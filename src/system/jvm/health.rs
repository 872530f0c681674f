//! Whether the dependencies of a service bring a health route, and at which path.

use super::build::Builds;
use super::settings::Own;
use crate::extract::routes::{Embedded, Gap, GapKind, HealthEvidence, HealthKind, Served, path};
use crate::files::{self, Tree};
use crate::program::{Program, UnitId};
use crate::syntax::{Place, Span};
use crate::system::services::Service;

/// Dependencies that bring Actuator: itself, or what depends on it (the Eureka, Zuul and Config servers of
/// Spring Cloud, its OAuth2 and security starters, Spring Boot Admin).
const ACTUATOR: [&str; 9] = [
    "actuator",
    "netflix-eureka-server",
    "starter-eureka-server",
    "zuul",
    "cloud-config-server",
    "cloud-starter-oauth2",
    "cloud-starter-security",
    "boot-admin",
    "jhipster-framework",
];
/// Others, with the path where it is fixed.
const HEALTH: [(&str, Option<&str>); 8] = [
    ("smallrye-health", Some("/q/health")),
    ("micronaut-management", Some("/health")),
    ("mpHealth", Some("/health")),
    ("microprofile-health", Some("/health")),
    ("kotlin-health", None),
    ("khealth", Some("/health")),
    // `grpc.health.v1.Health` is registered by itself.
    ("grpc-server-spring-boot-starter", None),
    ("grpc-spring-boot-starter", None),
];
/// Servers and frameworks that may serve a health route that is not looked for.
const OTHER_SERVERS: [&str; 7] = ["liberty", "payara", "wildfly", "helidon", "dropwizard", "jboss", "armeria"];
/// Dependencies that start an HTTP server without code of ours.
const EMBEDDED: [(&str, &str); 13] = [
    ("spring-boot-starter-web", "Spring"),
    ("spring-boot-starter-data-rest", "Spring"),
    ("spring-boot-starter-hateoas", "Spring"),
    ("spring-boot-starter-jersey", "Spring"),
    ("hystrix-dashboard", "Spring"),
    ("starter-turbine", "Spring"),
    ("netflix-turbine", "Spring"),
    ("cloud-starter-gateway", "Spring"),
    ("micronaut-http-server", "Micronaut"),
    ("quarkus-rest", "JAX-RS"),
    ("quarkus-resteasy", "JAX-RS"),
    ("quarkus-vertx-http", "JAX-RS"),
    ("quarkus-spring-web", "Spring"),
];
/// What brought Actuator in the days of Spring Boot 1.
const ACTUATOR_IN_BOOT_1: [&str; 5] = ["sleuth", "zipkin", "stream", "consul", "hystrix"];

/// Adds what the build of a service says about its health.
pub(super) fn add(
    tree: &Tree,
    service: &Service,
    unit: UnitId,
    program: &Program,
    (builds, own): (&Builds, &Own),
    served: &mut Served,
) {
    let file = program.unit(unit).file;
    let place = Place::new(file, Span::new(0, 0));
    let mut gap = |prefix: &str, kind| {
        served.gaps.push(Gap { place, unit, app: None, prefix: prefix.into(), kind });
    };
    let Some(text) = builds.text(&service.root) else { return gap("/", GapKind::Unresolved) };
    let boot_1 = is_boot_1(&text);
    let found = if ACTUATOR.iter().any(|name| text.contains(name)) {
        // What Actuator serves is chosen by the settings.
        (!hides_health(own, boot_1)).then(|| actuator(own, boot_1))
    } else {
        HEALTH.iter().find(|(name, _)| text.contains(name)).map(|(name, path)| fixed(own, name, *path))
    };
    if let Some((base, path)) = found {
        // What else answers there depends on the settings.
        if let Some(base) = &base {
            gap(base, GapKind::External);
        }
        return served.health.push(HealthEvidence { place, unit, kind: HealthKind::Dependency(path) });
    }
    let image = service.dockerfile.and_then(|id| files::read(tree.file(id)).ok()).unwrap_or_default().to_lowercase();
    let lower = text.to_lowercase();
    let package = program.unit(unit).module.package.clone().unwrap_or_default();
    if OTHER_SERVERS.iter().any(|name| lower.contains(name) || image.contains(name))
        || builds.is_open(&text, &package)
        || (boot_1 && ACTUATOR_IN_BOOT_1.iter().any(|name| text.contains(name)))
    {
        return gap("/", GapKind::Unresolved);
    }
    let switched_off = own.get("spring.main.webapplicationtype").is_some_and(|(value, _)| value == "none");
    let embedded = EMBEDDED.iter().find(|(name, _)| text.contains(name)).filter(|_| !switched_off);
    served.embedded.extend(embedded.map(|(_, framework)| Embedded { place, unit, framework: (*framework).into() }));
}

/// True when the settings name the endpoints that are shown over HTTP, and health is none of them.
/// <https://docs.spring.io/spring-boot/reference/actuator/endpoints.html#actuator.endpoints.exposing>
fn hides_health(own: &Own, boot_1: bool) -> bool {
    if boot_1 {
        return false;
    }
    let listed = |key: &str| -> Option<Vec<String>> {
        let mut all: Vec<&str> = own.get(key).map(|(value, _)| value).into_iter().collect();
        all.extend((0..32).map_while(|i| own.get(&format!("{key}[{i}]"))).map(|(value, _)| value));
        let known = !all.is_empty() && !all.iter().any(|value| value.contains(['$', '@']));
        known.then(|| all.iter().flat_map(|v| v.split(',')).map(|v| v.trim().to_lowercase()).collect())
    };
    let names_it = |names: &[String]| names.iter().any(|name| name == "*" || name == "health");
    let shown = listed("management.endpoints.web.exposure.include");
    let hidden = listed("management.endpoints.web.exposure.exclude");
    let off = ["management.endpoint.health.enabled", "management.endpoint.health.access"];
    let off = off.iter().any(|key| own.get(key).is_some_and(|(value, _)| matches!(value, "false" | "none")));
    shown.is_some_and(|names| !names_it(&names)) || hidden.is_some_and(|names| names_it(&names)) || off
}

/// The base path of Actuator and the path of its health endpoint, as far as the settings are known.
fn actuator(own: &Own, boot_1: bool) -> (Option<String>, Option<String>) {
    let setting = |keys: &[&str]| own.first(keys).and_then(|(value, _)| own.filled(value, 0));
    let (base, context) = if boot_1 {
        (setting(&["management.contextpath"]).unwrap_or_default(), setting(&["server.contextpath"]))
    } else {
        let base = setting(&["management.endpoints.web.basepath"]).unwrap_or_else(|| "/actuator".into());
        let context = match setting(&["management.server.port", "management.port"]) {
            Some(_) => setting(&["management.server.basepath", "management.server.servlet.contextpath"]),
            None => setting(&["server.servlet.contextpath", "spring.webflux.basepath"]),
        };
        (base, context)
    };
    let name = setting(&["management.endpoints.web.pathmapping.health"]).unwrap_or_else(|| "health".into());
    let base = path::join(&path::join("/", &context.unwrap_or_default()), &base);
    let rooted = |p: String| if p.starts_with('/') { p } else { format!("/{p}") };
    let health = rooted(path::join(&base, &name));
    // Boot 1 has its endpoints at the root, beside the routes of ours.
    let shown = if base.is_empty() { health.clone() } else { rooted(base) };
    (Some(shown), Some(health))
}

fn fixed(own: &Own, name: &str, path: Option<&str>) -> (Option<String>, Option<String>) {
    let root = match name {
        "smallrye-health" => own.first(&["quarkus.http.rootpath"]),
        "micronaut-management" => own.first(&["micronaut.server.contextpath"]),
        _ => None,
    };
    let full = path.map(|p| path::join(&path::join("/", root.map_or("", |(value, _)| value)), p));
    let full = full.map(|p| if p.starts_with('/') { p } else { format!("/{p}") });
    // `/q/health` has `/q/metrics` beside it.
    let base = full.as_ref().map(|p| p.strip_suffix("/q/health").map_or(p.clone(), |root| format!("{root}/q")));
    (base, full)
}

/// Spring Boot 1 by the version of its parent or plugin.
fn is_boot_1(text: &str) -> bool {
    let maven = text.split("<artifactId>spring-boot-starter-parent</artifactId>").nth(1).is_some_and(|rest| {
        rest.trim_start().strip_prefix("<version>").is_some_and(|version| version.starts_with("1."))
    });
    let gradle = text.lines().any(|line| {
        let line = line.replace([' ', '"', '\''], "");
        line.contains("springBootVersion=1.")
            || line.contains("spring-boot-gradle-plugin:1.")
            || line.contains("org.springframework.bootversion1.")
    });
    maven || gradle
}

#[cfg(test)]
mod tests {
    use super::is_boot_1;

    #[test]
    fn the_first_spring_boot_is_told_by_its_version() {
        let parent = |version: &str| {
            format!(
                "<parent><artifactId>spring-boot-starter-parent</artifactId>\n<version>{version}</version></parent>"
            )
        };
        assert!(is_boot_1(&parent("1.5.9.RELEASE")) && !is_boot_1(&parent("2.1.9.RELEASE")));
        assert!(is_boot_1("ext { springBootVersion = '1.5.2.RELEASE' }"));
        assert!(!is_boot_1("id 'org.springframework.boot' version '3.1.2'"));
    }
}
