//! Datastores that the configuration of services in Java and Kotlin names, where the build has a driver or mapper:
//! Spring, Quarkus, Micronaut, Ktor, Play, `persistence.xml`.
//!
//! Later layers override earlier ones: the service's own files, then those of the configuration server
//! in the repository, each time files of active profiles after the others; the environment of the
//! container overrides all of them.

mod nacos;
mod placeholder;

use std::collections::HashMap;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::super::compose::{EnvVar, Origin};
use super::super::jvm::build::Builds;
use super::super::services::Service;
use super::input::Deployed;
use crate::catalog::store::StoreRole;
use crate::extract::stores::{Setting, StoreUse};
use crate::files::{self, Tree, Zone, folder_of};
use crate::program::value::TextPart;
use crate::syntax::{FileId, Place};

use crate::facts::settings::{self as config, Layer, Property};

/// What the Spring services of a system are configured with.
#[derive(Clone, Debug, Default)]
pub struct Spring {
    configured: HashMap<usize, Configured>,
}

/// The configuration of one service.
#[derive(Clone, Debug, Default)]
struct Configured {
    layers: Vec<Layer>,
    /// Words of its command and of its build that name active profiles.
    profiles: Option<Vec<String>>,
    sql: bool,
    /// Its own build says so, not only a module that it uses.
    own_sql: bool,
    mongo: bool,
    redis: bool,
    /// Files of modules that are shared: what they set counts for those that have a driver of their own.
    shared: Vec<FileId>,
}

/// Words of a build file (or of the modules it includes) that say which engine is used.
const SQL_WORDS: [&str; 29] = [
    "exposed",
    "HikariCP",
    "hikaricp",
    "jdbi",
    "quarkus-jdbc",
    "reactive-pg-client",
    "reactive-mysql-client",
    "micronaut-jdbc",
    "micronaut-data",
    "play-jdbc",
    "play-java-jpa",
    "slick",
    "persistence-jdbc",
    "data-jpa",
    "data-jdbc",
    "data-r2dbc",
    "starter-jdbc",
    "starter-jooq",
    "mybatis",
    "mysql",
    "mariadb",
    "postgresql",
    "mssql-jdbc",
    "ojdbc",
    "r2dbc",
    "hibernate-core",
    "eventuate-tram-spring-jdbc",
    "eventuate-tram-jdbc",
    "flyway-core",
];

static SQL: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(SQL_WORDS).ok());

fn names_sql(text: &str) -> bool {
    SQL.as_ref().is_some_and(|sql| sql.is_match(text))
}

/// Keys under which frameworks look for the address of the database, so that a variable alone may set them:
/// Spring Boot, Quarkus, Micronaut, Play, JPA.
const ADDRESSES: [&str; 13] = [
    "spring.datasource.url",
    "spring.datasource.jdbcurl",
    "spring.datasource.hikari.jdbcurl",
    "spring.r2dbc.url",
    "quarkus.datasource.jdbc.url",
    "quarkus.datasource.reactive.url",
    "quarkus.datasource.url",
    "datasources.default.url",
    "datasources.default.jdbcurl",
    "r2dbc.datasources.default.url",
    "db.default.url",
    "jakarta.persistence.jdbc.url",
    "javax.persistence.jdbc.url",
];

/// Keys of the schema that tables without one are looked for in; migrations come last.
const SCHEMAS: [&str; 10] = [
    "spring.jpa.properties.hibernate.defaultschema",
    "spring.datasource.hikari.schema",
    "quarkus.hibernateorm.database.defaultschema",
    "jpa.default.properties.hibernate.defaultschema",
    "hibernate.defaultschema",
    "spring.flyway.defaultschema",
    "spring.flyway.schemas",
    "spring.liquibase.defaultschema",
    "quarkus.flyway.defaultschema",
    "quarkus.flyway.schemas",
];

impl Spring {
    /// Reads the configuration of all services in Java or Kotlin.
    pub fn read(tree: &Tree, services: &[Service], owners: &HashMap<FileId, Vec<usize>>) -> Spring {
        let mut out = Spring::default();
        let is_jvm = |s: &Service| s.languages.iter().any(|l| matches!(l.as_str(), "java" | "kotlin"));
        if !services.iter().any(is_jvm) {
            return out;
        }
        let builds: Vec<(String, String)> = tree
            .ids()
            .filter(|id| is_build(&tree.file(*id).path))
            .filter_map(|id| Some((tree.file(id).path.clone(), files::read(tree.file(id)).ok()?.to_string())))
            .collect();
        let all = Builds::read(tree);
        let server = server_files(tree, services, owners);
        let folder = folder_files(tree);
        for (index, service) in services.iter().enumerate().filter(|(_, s)| is_jvm(s)) {
            let mut build = build_text(&builds, &service.root);
            // What the aliases of a version catalog mean.
            build.push_str(&all.text(&service.root).unwrap_or_default());
            let mut made = Configured {
                sql: names_sql(&build),
                own_sql: builds.iter().filter(|(path, _)| folder_of(path) == service.root).any(|(_, text)| {
                    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with("exclude"));
                    names_sql(text) && lines.any(names_sql)
                }),
                mongo: build.contains("mongo"),
                redis: build.contains("redis") || build.contains("jedis") || build.contains("lettuce"),
                ..Configured::default()
            };
            if !(made.sql || made.mongo || made.redis) {
                continue;
            }
            let own = own_files(tree, owners, index);
            for stem in STEMS {
                made.layers.extend(named(tree, &own, stem));
            }
            let (files, imported) = imported(tree, &made.layers, &own);
            made.layers.splice(0..0, imported);
            made.shared = files;
            let base = made.layers.clone();
            let value = |key: &str| base.iter().flat_map(|l| &l.properties).rev().find(|p| p.key == key);
            let takes = |p: &&Property| p.key.starts_with("spring.cloud.config.") && !p.key.contains(".server.");
            let remote = base
                .iter()
                .flat_map(|l| &l.properties)
                .any(|p| takes(&p) || (p.key.starts_with("spring.config.import") && p.value.contains("configserver")));
            let server = if server.is_empty() { &folder } else { &server };
            if remote && !server.is_empty() {
                let name = value("spring.application.name").map_or(service.name.clone(), |p| p.value.clone());
                for stem in ["application", name.as_str()] {
                    made.layers.extend(named(tree, server, stem));
                }
            }
            let name = value("spring.application.name").map_or(service.name.as_str(), |p| p.value.as_str());
            for stem in nacos::stems(&base, name) {
                let served = named(tree, &nacos::copies(tree, &stem), &stem);
                // What is asked for later overrides the files before, those of profiles too.
                for property in served.iter().filter(|l| l.profiles.is_empty()).flat_map(|l| &l.properties) {
                    made.layers.iter_mut().for_each(|l| l.properties.retain(|known| known.key != property.key));
                }
                made.layers.extend(served);
            }
            made.profiles = profiles_of_words(&service.command.join(" ")).or_else(|| {
                let own = builds.iter().filter(|(path, _)| folder_of(path) == service.root);
                own.filter_map(|(_, text)| profiles_of_words(text)).next()
            });
            out.configured.insert(index, made);
        }
        out
    }

    /// The datastores of a deployed service.
    pub(super) fn uses(&self, deployed: &Deployed) -> Vec<StoreUse> {
        let Some(configured) = self.configured.get(&deployed.service) else { return Vec::new() };
        configured.uses(deployed)
    }

    /// The properties of a deployed service, as code reads them by their keys.
    pub(super) fn properties(&self, deployed: &Deployed) -> Vec<EnvVar> {
        let view = self.configured.get(&deployed.service).and_then(|configured| View::new(configured, deployed));
        view.map(|view| view.variables()).unwrap_or_default()
    }
}

impl Configured {
    fn uses(&self, deployed: &Deployed) -> Vec<StoreUse> {
        // Options of the virtual machine override files; they are not read.
        let hidden = |v: &&EnvVar| {
            v.name == "SPRING_APPLICATION_JSON" || v.value.as_deref().is_none_or(|t| t.contains("-Dspring.d"))
        };
        if deployed.env.iter().filter(|v| is_options(&v.name)).any(|v| hidden(&v)) {
            return Vec::new();
        }
        let Some(view) = View::new(self, deployed) else { return Vec::new() };
        let mut out = Vec::new();
        if self.sql {
            let url = view.first(&ADDRESSES);
            // A variable that a deployment sets for a service without a driver of its own is left over.
            let written = view.properties.keys().any(|key| key.starts_with("spring.datasource."));
            let shared = |url: &Setting| self.shared.contains(&url.place.file);
            if let Some(url) = url.filter(|url| self.own_sql || (written && !shared(url))) {
                let mut made = blank("Spring", url.place, StoreRole::Store, None);
                made.url = Some(url);
                made.schema = view.first(&SCHEMAS);
                made.user = view.first(&["spring.datasource.username"]);
                out.push(made);
            }
            for url in view.others() {
                let mut made = blank("JDBC", url.place, StoreRole::Store, None);
                made.schema = view.first(&["hibernate.defaultschema"]);
                made.url = Some(url);
                out.push(made);
            }
        }
        let forms: [(bool, &str, &str, StoreRole, &[&str]); 2] = [
            (
                self.mongo,
                "mongodb",
                "test",
                StoreRole::Store,
                &["spring.data.mongodb.", "spring.mongodb.", "quarkus.mongodb.", "mongodb."],
            ),
            (self.redis, "redis", "0", StoreRole::Cache, &["spring.data.redis.", "spring.redis."]),
        ];
        for (_, engine, default, role, prefixes) in forms.into_iter().filter(|f| f.0) {
            for prefix in prefixes {
                let get = |names: [&str; 2]| {
                    let keys = names.map(|name| format!("{prefix}{name}"));
                    view.first(&[keys[0].as_str(), keys[1].as_str()])
                };
                let url = get(["uri", "url"]).or_else(|| get(["connectionstring", "connectionstring"]));
                let (host, database) = (get(["host", "host"]), get(["database", "database"]));
                let Some(place) = [&database, &url, &host].into_iter().flatten().map(|s| s.place).next() else {
                    continue;
                };
                let mut made = blank("Spring Data", place, role, Some(engine));
                made.default_database = Some(default.to_string());
                made.default_host = Some("localhost".to_string());
                (made.url, made.host, made.database) = (url, host, database);
                made.port = get(["port", "port"]);
                out.push(made);
                break;
            }
        }
        out
    }
}

fn is_options(name: &str) -> bool {
    matches!(name, "JAVA_OPTS" | "JAVA_TOOL_OPTIONS" | "JDK_JAVA_OPTIONS" | "SPRING_APPLICATION_JSON" | "JAVA_ARGS")
}

fn blank(library: &str, place: Place, role: StoreRole, engine: Option<&str>) -> StoreUse {
    StoreUse {
        place,
        site: None,
        anchor: place.file,
        opened_from: None,
        library: library.to_string(),
        engine: engine.map(|e| Setting::literal(e, place)),
        url: None,
        host: None,
        port: None,
        database: None,
        schema: None,
        user: None,
        default_database: None,
        default_host: None,
        role,
        alternative: false,
        chooses: false,
        spare: false,
    }
}

/// The properties that hold for a service in one environment.
pub(super) struct View<'c> {
    properties: HashMap<&'c str, &'c Property>,
    env: &'c [EnvVar],
}

impl<'c> View<'c> {
    /// None when it is not known which profiles are active.
    fn new(configured: &'c Configured, deployed: &'c Deployed) -> Option<View<'c>> {
        let mut view = View { properties: HashMap::new(), env: &deployed.env };
        let plain = configured.layers.iter().filter(|l| l.profiles.is_empty() && !l.unknown);
        for property in plain.flat_map(|l| &l.properties) {
            view.properties.insert(&property.key, property);
        }
        let set = ["spring.profiles.active", "micronaut.environments"].iter().find_map(|key| view.variable(key));
        let mut active: Vec<String> = match (set, &configured.profiles) {
            (Some(variable), _) => list(variable.value.as_deref()?),
            (None, Some(profiles)) => profiles.clone(),
            (None, None) => match view.properties.get("spring.profiles.active") {
                Some(property) if property.value.contains(['$', '@']) => return None,
                Some(property) => list(&property.value),
                None => vec!["default".to_string()],
            },
        };
        // Quarkus runs with `prod` where nothing else is said.
        let quarkus = view.variable("quarkus.profile").and_then(|v| v.value.as_deref()).unwrap_or("prod");
        active.extend(list(quarkus).into_iter().map(|profile| format!("%{profile}")));
        for layer in &configured.layers {
            if layer.unknown || layer.profiles.iter().any(|p| active.contains(p)) {
                if layer.unknown && layer.properties.iter().any(|p| p.key.starts_with("spring.data")) {
                    return None;
                }
                if !layer.unknown {
                    view.properties.extend(layer.properties.iter().map(|p| (p.key.as_str(), p)));
                }
            }
        }
        Some(view)
    }

    /// The environment variable that sets a property: `SPRING_DATASOURCE_URL`.
    fn variable(&self, key: &str) -> Option<&'c EnvVar> {
        let wanted: String = key.chars().filter(|c| c.is_alphanumeric()).collect();
        let same = |name: &str| {
            name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).eq(wanted.chars())
                && (name.contains(['_', '.']))
        };
        self.env.iter().rev().find(|v| same(&v.name))
    }

    /// Addresses of databases under keys of which no framework knows, or that belong to further datasources.
    /// Migrations and tests have addresses of their own, of the same databases.
    fn others(&self) -> Vec<Setting> {
        let mut found: Vec<&Property> = self
            .properties
            .values()
            .copied()
            .filter(|p| !ADDRESSES.contains(&p.key.as_str()) && is_address(&p.value))
            .filter(|p| !["flyway", "liquibase", "test", "example"].iter().any(|word| p.key.contains(word)))
            .collect();
        found.sort_by(|a, b| a.key.cmp(&b.key));
        found.iter().filter_map(|p| self.setting(&p.key)).collect()
    }

    /// The properties as variables with their keys as names.
    fn variables(&self) -> Vec<EnvVar> {
        let mut out: Vec<EnvVar> = self
            .properties
            .values()
            .map(|property| {
                let partial = self.setting(&property.key).map(|s| self.known(&s)).unwrap_or_default();
                EnvVar {
                    name: property.key.clone(),
                    value: (!partial.contains("${") && !partial.contains("{}")).then(|| partial.clone()),
                    raw: property.value.clone(),
                    partial,
                    place: property.place,
                    origin: Origin::Compose,
                    assumed: false,
                }
            })
            .collect();
        out.sort_by(|a, b| a.name.cmp(&b.name));
        out
    }

    /// The text of a setting, with what is not known as it is written.
    fn known(&self, setting: &Setting) -> String {
        let mut out = String::new();
        for part in &setting.text.parts {
            match part {
                TextPart::Lit(text) => out.push_str(text),
                TextPart::Hole => out.push_str("{}"),
                TextPart::Env { name, default } => {
                    let variable = self.env.iter().rev().find(|v| v.name == *name);
                    match variable.map(|v| v.value.clone().unwrap_or_else(|| v.partial.clone())) {
                        Some(value) => out.push_str(&value),
                        None => match default {
                            Some(default) => out.push_str(default),
                            None => out.push_str(&format!("${{{name}}}")),
                        },
                    }
                }
            }
        }
        out
    }

    /// The first of several properties that is set.
    fn first(&self, keys: &[&str]) -> Option<Setting> {
        keys.iter().find_map(|key| self.setting(key))
    }

    fn setting(&self, key: &str) -> Option<Setting> {
        let property = self.properties.get(key).copied();
        if let Some(variable) = self.variable(key) {
            let place = property.map_or(variable.place, |p| p.place);
            return Some(Setting::variable(&variable.name, place));
        }
        let property = property.filter(|p| !p.value.is_empty())?;
        Some(Setting { text: placeholder::text(self, &property.value), place: property.place, fallback: None })
    }
}

/// The stems of the files that are read, later ones over earlier ones.
const STEMS: [&str; 6] =
    ["persistence", "hibernate.cfg", "applicationContext", "microprofile-config", "bootstrap", "application"];

/// True for `jdbc:…`, also as the default of a placeholder.
fn is_address(value: &str) -> bool {
    let mut rest = value;
    while let Some((_, default)) = rest.strip_prefix("${").and_then(|inner| inner.split_once(':')) {
        rest = default;
    }
    ["jdbc:", "r2dbc:", "vertx-reactive:"].iter().any(|scheme| rest.starts_with(scheme))
        && !rest.starts_with("jdbc:tc:")
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(|p| p.trim().to_string()).collect()
}

fn is_build(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name, "pom.xml" | "build.gradle" | "build.gradle.kts") && files::zone(path) == Zone::Production
}

/// The build files of a service: its own, those of the folders above, and those of the modules that its
/// own includes.
fn build_text(builds: &[(String, String)], root: &str) -> String {
    let above = |folder: &str| folder.is_empty() || root == folder || root.starts_with(&format!("{folder}/"));
    let below = |folder: &str| root.is_empty() || folder.starts_with(&format!("{root}/"));
    let mut text = String::new();
    for (path, own) in builds.iter().filter(|(path, _)| above(folder_of(path)) || below(folder_of(path))) {
        text.push_str(own);
        if !above(folder_of(path)) || folder_of(path).is_empty() {
            continue;
        }
        for (other, included) in builds.iter().filter(|(other, _)| other != path) {
            let name = folder_of(other).rsplit('/').next().unwrap_or_default();
            let forms = [format!(":{name}\""), format!(":{name}'"), format!("<artifactId>{name}</artifactId>")];
            if !name.is_empty() && forms.iter().any(|form| own.contains(form)) {
                text.push_str(included);
            }
        }
    }
    text
}

/// The profiles that a command (or a build file with one) activates.
fn profiles_of_words(text: &str) -> Option<Vec<String>> {
    let start = text.find("spring.profiles.active=")? + "spring.profiles.active=".len();
    let rest = text.get(start..)?;
    let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | ',' | '.'))).unwrap_or(rest.len());
    let found = rest.get(..end).filter(|found| !found.is_empty())?;
    Some(list(found))
}

/// The configuration files in the resources of a service.
fn own_files(tree: &Tree, owners: &HashMap<FileId, Vec<usize>>, service: usize) -> Vec<FileId> {
    let is_own = |id: &FileId| {
        let path = tree.file(*id).path.as_str();
        let folder = folder_of(path);
        let resources = ["resources", "resources/config", "resources/META-INF", "conf", "WEB-INF/classes/META-INF"]
            .iter()
            .any(|name| folder.strip_suffix(name).is_some_and(|above| above.is_empty() || above.ends_with('/')));
        resources && files::zone(path) == Zone::Production && owners.get(id).is_some_and(|o| o.contains(&service))
    };
    tree.ids().filter(is_own).collect()
}

/// The layers of the files that `spring.config.import` takes from the class path: those of a module that the
/// service uses too, when only one has such a name.
fn imported(tree: &Tree, layers: &[Layer], own: &[FileId]) -> (Vec<FileId>, Vec<Layer>) {
    let imports = layers.iter().flat_map(|l| &l.properties).filter(|p| p.key.starts_with("spring.config.import"));
    let mut stems: Vec<String> = imports
        .flat_map(|p| p.value.split([',', ';']))
        .filter_map(crate::system::jvm::settings::on_class_path)
        .collect();
    stems.sort();
    stems.dedup();
    let (mut files, mut out) = (Vec::new(), Vec::new());
    for stem in stems {
        let is_it = |id: &FileId| {
            let path = tree.file(*id).path.as_str();
            config::profile_of(path, &stem) == Some(None)
                && folder_of(path).contains("resources")
                && files::zone(path) == Zone::Production
        };
        let near: Vec<FileId> = own.iter().copied().filter(is_it).collect();
        let found = if near.is_empty() { tree.ids().filter(is_it).collect() } else { near };
        if let [one] = found.as_slice() {
            files.extend((!own.contains(one)).then_some(*one));
            out.extend(config::read(tree, *one, None).unwrap_or_default());
        }
    }
    (files, out)
}

/// The layers of the files with a stem, those of profiles last.
fn named(tree: &Tree, files: &[FileId], stem: &str) -> Vec<Layer> {
    let mut found: Vec<(bool, FileId, Option<&str>)> = files
        .iter()
        .filter_map(|id| config::profile_of(&tree.file(*id).path, stem).map(|p| (p.is_some(), *id, p)))
        .collect();
    found.sort();
    found
        .into_iter()
        .flat_map(|(_, id, profile)| {
            config::read(tree, id, profile).unwrap_or_else(|| {
                // What can't be read may say anything.
                vec![Layer {
                    profiles: profile.into_iter().map(str::to_string).collect(),
                    unknown: true,
                    ..Layer::default()
                }]
            })
        })
        .collect()
}

/// The files of a folder that is a repository for a configuration server: `config-repo/orders.yml`.
fn folder_files(tree: &Tree) -> Vec<FileId> {
    const NAMES: [&str; 6] =
        ["config-repo", "configrepo", "config-repository", "config-server-repo", "config-data", "central-config"];
    let is_one = |id: &FileId| {
        let path = &tree.file(*id).path;
        let folder = folder_of(path);
        let name = folder.rsplit('/').next().unwrap_or(folder).to_ascii_lowercase();
        NAMES.contains(&name.as_str()) && files::zone(path) == Zone::Production
    };
    tree.ids().filter(is_one).collect()
}

/// The files that a configuration server of the repository hands out.
fn server_files(tree: &Tree, services: &[Service], owners: &HashMap<FileId, Vec<usize>>) -> Vec<FileId> {
    let mut out = Vec::new();
    for index in 0..services.len() {
        let own = own_files(tree, owners, index);
        let layers: Vec<Layer> = ["bootstrap", "application"].iter().flat_map(|stem| named(tree, &own, stem)).collect();
        let locations = layers
            .iter()
            .flat_map(|l| &l.properties)
            .filter(|p| p.key.starts_with("spring.cloud.config.server.native.searchlocations"));
        let folders: Vec<String> = locations
            .flat_map(|p| p.value.split(','))
            .filter_map(|l| l.trim().rsplit(':').next().map(|l| l.trim_matches('/').to_string()))
            .filter(|l| !l.is_empty() && !l.contains(['$', '{']))
            .collect();
        out.extend(tree.ids().filter(|id| {
            let path = folder_of(&tree.file(*id).path);
            owners.get(id).is_some_and(|o| o.contains(&index))
                && files::zone(&tree.file(*id).path) == Zone::Production
                && folders.iter().any(|f| path.ends_with(&format!("resources/{f}")) || path == f)
        }));
    }
    out
}
