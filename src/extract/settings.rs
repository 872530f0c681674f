//! What applications on the JVM are configured with: the keys of `application.yml` and the like, looked
//! up for a source file of the same build module.

use std::collections::{BTreeMap, BTreeSet};

use super::builds::Builds;
use crate::facts::settings::{self, Layer, Property};
use crate::files::{self, Tree, Zone};
use crate::program::resolve::within;
use crate::program::types::build_root;
use crate::program::value::{Text, TextPart};
use crate::syntax::{FileId, Place};

/// How often a placeholder can lead to another one.
const MAX_DEPTH: u32 = 8;
/// Files that an application reads by itself.
const OWN: [&str; 2] = ["application", "bootstrap"];
/// Keys that say that settings come from a server.
const REMOTE: [&str; 4] =
    ["spring.cloud.config.", "spring.cloud.nacos.config", "spring.cloud.consul.config", "spring.cloud.vault."];

/// Keys with which settings speak of a binder of Spring Cloud Stream.
const BINDER_KEYS: [(&str, [&str; 2]); 2] = [
    ("kafka", ["spring.cloud.stream.kafka.", "spring.kafka."]),
    ("rabbit", ["spring.cloud.stream.rabbit.", "spring.rabbitmq."]),
];

/// A file that a configuration server may hand out.
#[derive(Clone, Debug)]
struct Served {
    folder: String,
    stem: String,
    properties: Vec<Property>,
}

impl Served {
    /// `orders.yml`, and `orders/application.yml`.
    fn is_named(&self, names: &[String]) -> bool {
        let folder = || self.folder.rsplit('/').next().unwrap_or("");
        names.iter().any(|name| *name == self.stem || OWN.contains(&self.stem.as_str()) && name == folder())
    }

    /// True for settings, and not another document that is called so.
    fn is_application(&self) -> bool {
        self.properties.iter().any(|p| ["spring.", "server."].iter().any(|prefix| p.key.starts_with(prefix)))
    }
}

/// The settings of all applications of a repository.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// By build module.
    modules: BTreeMap<String, Vec<Property>>,
    /// Files with other names, which a configuration server may hand out.
    others: Vec<Served>,
    /// What build files name.
    builds: Builds,
}

impl Settings {
    /// Reads the settings files of a tree.
    pub fn read(tree: &Tree) -> Settings {
        let mut out = Settings::default();
        for id in tree.ids() {
            let file = tree.file(id);
            if is_build(&file.path)
                && files::zone(&file.path) == Zone::Production
                && let Ok(text) = files::read(file)
            {
                out.add_build(&file.path, &text);
            }
            if is_settings(&file.path)
                && files::zone(&file.path) == Zone::Production
                && let Ok(text) = files::read(file)
            {
                out.add(&file.path, id, &text);
            }
        }
        out
    }

    /// Adds one file.
    pub fn add(&mut self, path: &str, file: FileId, text: &str) {
        let Some(layers) = settings::layers(path, text, file) else { return };
        let found: Vec<Property> = layers.into_iter().flat_map(|l: Layer| l.properties).map(without_profile).collect();
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        if OWN.iter().any(|own| stem.starts_with(own)) && !is_served(folder) {
            self.modules.entry(root_of(path).to_string()).or_default().extend(found);
        } else {
            self.others.push(Served { folder: folder.to_string(), stem: stem.to_string(), properties: found });
        }
    }

    /// Adds a build file of Maven or Gradle.
    pub fn add_build(&mut self, path: &str, text: &str) {
        self.builds.add(path, text);
    }

    /// The brokers of Spring Cloud Stream at a path, as its binders are called: those that the settings or the build
    /// speak of.
    pub fn binders(&self, path: &str) -> BTreeSet<&'static str> {
        let mut out = self.builds.binders(root_of(path));
        for (binder, keys) in BINDER_KEYS {
            let typed = || self.ending(path, "spring.cloud.stream.binders.", ".type").is_some_and(|(v, _)| v == binder);
            if keys.iter().any(|key| self.under(path, key).is_some()) || typed() {
                out.insert(binder);
            }
        }
        out
    }

    /// The one broker to which Quarkus attaches the channels that no setting tells of.
    pub fn lone_connector(&self, path: &str) -> Option<&'static str> {
        self.builds.lone_connector(root_of(path))
    }

    /// The value of a key for the code at a path, the base file's before those of profiles.
    pub fn get(&self, path: &str, key: &str) -> Option<(&str, Place)> {
        let key = settings::canonical(key);
        self.of(path).find(|p| p.key == key).map(|p| (p.value.as_str(), p.place))
    }

    /// The first key that begins so, with its value.
    pub fn under(&self, path: &str, prefix: &str) -> Option<(&str, Place)> {
        let prefix = settings::canonical(prefix);
        self.of(path).find(|p| p.key.starts_with(&prefix)).map(|p| (p.value.as_str(), p.place))
    }

    /// The first key with these beginning and end.
    pub fn ending(&self, path: &str, prefix: &str, suffix: &str) -> Option<(&str, Place)> {
        let (prefix, suffix) = (settings::canonical(prefix), settings::canonical(suffix));
        self.of(path)
            .find(|p| p.key.starts_with(&prefix) && p.key.ends_with(&suffix))
            .map(|p| (p.value.as_str(), p.place))
    }

    /// True when some settings of the code at a path come from outside the repository, as far as it can be seen: what
    /// a server of the repository hands out is not outside.
    pub fn is_remote(&self, path: &str) -> bool {
        let root = root_of(path);
        let names = self.names_of(root);
        if self.others.iter().any(|served| served.is_named(&names) && served.is_application()) {
            return false;
        }
        REMOTE.iter().any(|key| self.under(path, key).is_some())
            || self.under(path, "spring.config.import").is_some_and(|(v, _)| v.contains("configserver:"))
    }

    /// The names that the application of a module goes by: its folder's and its own.
    fn names_of(&self, root: &str) -> Vec<String> {
        let own = self.modules.get(root).into_iter().flatten();
        let app = own.filter(|p| p.key == "spring.application.name").map(|p| p.value.clone()).next();
        let folder = root.rsplit('/').next().unwrap_or("").to_string();
        app.into_iter().chain([folder]).filter(|name| !name.is_empty()).collect()
    }

    /// What applies to the code at a path: the files of its module, else (a library) those of the modules
    /// beside it, and what a configuration server of the repository has for it.
    fn of(&self, path: &str) -> impl Iterator<Item = &Property> {
        let root = root_of(path).to_string();
        let own = self.modules.get(&root);
        let booting = if own.is_none() { self.booting(&root) } else { Vec::new() };
        let names = self.names_of(&root);
        // `config/orders.yml` is of `orders`, and `config/application.yml` beside it of all; that in `config/billing/`
        // is of `billing`.
        let named: Vec<&Served> = self.others.iter().filter(|served| served.is_named(&names)).collect();
        let shared = self.others.iter().filter(move |served| {
            OWN.contains(&served.stem.as_str()) && !served.is_named(&names) && !self.is_of_another(served)
        });
        let folders: BTreeSet<&str> = named.iter().map(|served| served.folder.as_str()).collect();
        let around =
            self.modules.iter().filter(move |(module, _)| **module != root && folders.contains(module.as_str()));
        own.into_iter()
            .flatten()
            .chain(booting.into_iter().flatten())
            .chain(named.into_iter().chain(shared).flat_map(|served| &served.properties))
            .chain(around.flat_map(|(_, found)| found))
    }

    /// The settings of the modules that a module without any is booted by: those in the nearest folder around it that
    /// has some. All of a repository are of one application only when there is one.
    fn booting(&self, root: &str) -> Vec<&Vec<Property>> {
        let mut around = root;
        while let Some((above, _)) = around.rsplit_once('/') {
            let found: Vec<_> = self.modules.iter().filter(|(module, _)| within(module, above)).collect();
            if !found.is_empty() {
                return found.into_iter().map(|(_, properties)| properties).collect();
            }
            around = above;
        }
        let only = self.modules.values().next().filter(|_| self.modules.len() == 1);
        only.into_iter().collect()
    }

    /// True for the files in a folder that is called after an application.
    fn is_of_another(&self, served: &Served) -> bool {
        let folder = served.folder.rsplit('/').next().unwrap_or("");
        self.modules.keys().any(|root| self.names_of(root).iter().any(|name| name == folder))
    }

    /// A text with its `${key:default}` resolved as far as they are known; none when nothing is.
    pub fn filled(&self, path: &str, text: &str) -> Option<String> {
        let mut out = String::new();
        self.fill(path, text, 0, &mut out)?;
        Some(out)
    }

    fn fill(&self, path: &str, text: &str, depth: u32, out: &mut String) -> Option<()> {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let mut open = 0;
            let end = after.find(|c| match c {
                '{' => {
                    open += 1;
                    false
                }
                '}' if open == 0 => true,
                '}' => {
                    open -= 1;
                    false
                }
                _ => false,
            })?;
            let (name, default) = after[..end].split_once(':').map_or((&after[..end], None), |(n, d)| (n, Some(d)));
            let value = self.get(path, name.trim()).map(|(v, _)| v).or(default)?;
            if depth >= MAX_DEPTH {
                return None;
            }
            self.fill(path, value, depth + 1, out)?;
            rest = &after[end + 1..];
        }
        out.push_str(rest);
        Some(())
    }

    /// A name with the settings in it resolved.
    pub fn resolved(&self, path: &str, text: Text) -> Text {
        let mut out = Text::default();
        for part in text.parts {
            match &part {
                TextPart::Env { name, .. } => match self.get(path, name).and_then(|(v, _)| self.filled(path, v)) {
                    Some(value) => out.push(Text::literal(value)),
                    None => out.parts.push(part),
                },
                TextPart::Lit(lit) if lit.contains("${") => match self.filled(path, lit) {
                    Some(value) => out.push(Text::literal(value)),
                    None => out.parts.push(part),
                },
                _ => out.parts.push(part),
            }
        }
        out
    }
}

/// Files that say what a module is built with.
fn is_build(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("pom.xml" | "build.gradle" | "build.gradle.kts"))
}

/// Files of settings by their name and folder.
fn is_settings(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let Some((_, extension)) = name.rsplit_once('.') else { return false };
    matches!(extension, "yml" | "yaml" | "properties")
        && (OWN.iter().any(|own| name.starts_with(own)) || folder.contains("config") || folder.contains("resources"))
}

/// True for a folder of the files that a configuration server hands out.
fn is_served(folder: &str) -> bool {
    let last = folder.rsplit('/').next().unwrap_or(folder);
    folder.contains("/resources/") && !matches!(last, "config") || last.contains("config-") || last.ends_with("-config")
}

/// The build module of a file: what stands before `src`, or the folder of files beside the code.
fn root_of(path: &str) -> &str {
    let root = build_root(path);
    root.strip_suffix("/config").unwrap_or(root)
}

/// `%prod.key` of Quarkus is the key in a profile.
fn without_profile(mut property: Property) -> Property {
    if let Some((_, key)) = property.key.strip_prefix('%').and_then(|rest| rest.split_once('.')) {
        property.key = key.to_string();
    }
    property
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(files: &[(&str, &str)]) -> Settings {
        let mut out = Settings::default();
        for (i, (path, text)) in files.iter().enumerate() {
            out.add(path, FileId(i as u32), text);
        }
        out
    }

    const CODE: &str = "orders/src/main/java/a/B.java";

    #[test]
    fn settings_belong_to_the_module_of_the_code() {
        let found = settings(&[
            ("orders/src/main/resources/application.yml", "app:\n  topic-name: ${TOPIC:orders}-v1\n"),
            ("billing/src/main/resources/application.properties", "app.topicName=bills\n%prod.x.y=1\n"),
        ]);
        assert_eq!(found.filled(CODE, "${app.topicName}").as_deref(), Some("orders-v1"));
        assert_eq!(found.get("billing/src/main/kotlin/a/B.kt", "app.topic-name").map(|f| f.0), Some("bills"));
        assert_eq!(found.get("billing/src/main/kotlin/a/B.kt", "x.y").map(|f| f.0), Some("1"));
        assert_eq!(found.filled(CODE, "${nowhere}"), None);
    }

    #[test]
    fn a_configuration_server_of_the_repository_counts() {
        let found = settings(&[
            ("orders/src/main/resources/bootstrap.yml", "spring.cloud.config.uri: http://config:8888\n"),
            ("config/src/main/resources/shared/orders.yml", "a.b: 1\n"),
        ]);
        assert!(found.is_remote(CODE));
        assert_eq!(found.get(CODE, "a.b").map(|f| f.0), Some("1"));
    }

    #[test]
    fn what_a_server_of_the_repository_hands_out_is_not_outside_of_it() {
        let bootstrap = "spring:\n  application.name: orders\n  cloud.config.uri: http://config:8888\n";
        let boot = ("services/order-service/src/main/resources/bootstrap.yml", bootstrap);
        let code = "services/order-service/src/main/java/a/B.java";
        let all = ("config/repo/application.yml", "spring.rabbitmq.host: rabbit\n");
        let own = ("config/repo/orders.yml", "spring.cloud.stream.default-binder: rabbit\n");
        let found = settings(&[boot, all, own]);
        assert!(!found.is_remote(code));
        assert_eq!(found.get(code, "spring.rabbitmq.host").map(|f| f.0), Some("rabbit"), "beside the own file");
        assert!(settings(&[boot, all]).is_remote(code), "nothing says that it is handed out");
        let foldered = [
            ("config/src/main/resources/shared/orders/application.yml", "spring.a: 1\n"),
            ("config/src/main/resources/shared/bills/application.yml", "spring.b: 1\n"),
            ("config/src/main/resources/shared/application.yml", "spring.c: 1\n"),
            ("bills/src/main/resources/application.yml", "spring.d: 1\n"),
        ];
        let found = settings(&[&[boot][..], &foldered].concat());
        let has = |key: &str| found.get(code, key).is_some();
        assert_eq!(["spring.a", "spring.b", "spring.c", "spring.d"].map(has), [true, false, true, false]);
    }

    #[test]
    fn a_module_without_settings_has_those_of_the_one_that_boots_it() {
        let found = settings(&[
            ("orders/app/src/main/resources/application.yml", "a.b: 1\n"),
            ("bills/app/src/main/resources/application.yml", "a.b: 2\n"),
        ]);
        let of = |path: &str| found.get(path, "a.b").map(|f| f.0);
        assert_eq!(of("orders/messaging/src/main/java/a/B.java"), Some("1"));
        assert_eq!(of("bills/infrastructure/messaging/src/main/java/a/B.java"), Some("2"));
        assert_eq!(of("common/src/main/java/a/B.java"), None);
        let one = settings(&[("app/src/main/resources/application.yml", "a.b: 1\n")]);
        assert_eq!(one.get("messaging/src/main/java/a/B.java", "a.b").map(|f| f.0), Some("1"));
    }
}
