//! What applications on the JVM are configured with: the keys of `application.yml` and the like, looked
//! up for a source file of the same build module.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::settings::{self, Layer, Property};
use crate::files::{self, Tree, Zone};
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

/// Brokers that Spring Cloud Stream has a binder for, as its artifacts are called.
/// <https://docs.spring.io/spring-cloud-stream/reference/spring-cloud-stream/binders.html>
const BINDERS: [&str; 3] = ["kafka", "pulsar", "rabbit"];

/// The settings of all applications of a repository.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// By build module.
    modules: BTreeMap<String, Vec<Property>>,
    /// Files with other names, which a configuration server may hand out: folder, stem and content.
    others: Vec<(String, String, Vec<Property>)>,
    /// The brokers for which a build file has a binder of Spring Cloud Stream, by its folder.
    binders: BTreeMap<String, BTreeSet<&'static str>>,
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
            self.others.push((folder.to_string(), stem.to_string(), found));
        }
    }

    /// Adds a build file of Maven or Gradle.
    fn add_build(&mut self, path: &str, text: &str) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for broker in BINDERS {
            let names = ["spring-cloud-stream-binder-", "spring-cloud-starter-stream-"];
            if names.iter().any(|name| text.contains(&format!("{name}{broker}"))) {
                self.binders.entry(folder.to_string()).or_default().insert(broker);
            }
        }
    }

    /// True when the code at a path is built with the binder of a broker: its module, else those around it.
    pub fn has_binder(&self, path: &str, broker: &str) -> bool {
        let mut folder = root_of(path);
        loop {
            if let Some(found) = self.binders.get(folder) {
                return found.contains(broker);
            }
            if folder.is_empty() {
                return false;
            }
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
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

    /// True when some settings of the code at a path come from outside the repository.
    pub fn is_remote(&self, path: &str) -> bool {
        REMOTE.iter().any(|key| self.under(path, key).is_some())
            || self.under(path, "spring.config.import").is_some_and(|(v, _)| v.contains("configserver:"))
    }

    /// What applies to the code at a path: the files of its module, else (a library) those of the modules
    /// beside it, and what a configuration server of the repository has for it.
    fn of(&self, path: &str) -> impl Iterator<Item = &Property> {
        let root = root_of(path).to_string();
        let own = self.modules.get(&root);
        let parent = root.rsplit_once('/').map_or("", |(parent, _)| parent).to_string();
        let library = own.is_none();
        let name = root.rsplit('/').next().unwrap_or("").to_string();
        let app = own.into_iter().flatten().find(|p| p.key == "spring.application.name").map(|p| p.value.clone());
        let is_mine =
            move |stem: &str| !stem.is_empty() && (stem == name || app.as_deref() == Some(stem) || OWN.contains(&stem));
        let beside = self.modules.iter().filter(move |(module, _)| {
            library && !parent.is_empty() && module.rsplit_once('/').is_some_and(|(p, _)| p == parent)
        });
        let served = self.others.iter().filter(move |(_, stem, _)| is_mine(stem));
        own.into_iter()
            .flatten()
            .chain(beside.flat_map(|(_, found)| found))
            .chain(served.flat_map(|(_, _, found)| found))
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
}
