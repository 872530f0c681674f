//! The properties of configuration files of applications on the JVM: `application.yml`, `application-prod.properties`,
//! `bootstrap.yml`, and the folder of a configuration server.

use crate::files::{self, Tree};
use crate::syntax::data::{Node, properties, yaml};
use crate::syntax::{FileId, Place, Span};

/// One property as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// The key in its canonical form, see [`canonical`].
    pub key: String,
    /// The value as written.
    pub value: String,
    /// Where the value stands.
    pub place: Place,
}

/// The properties of one document that apply together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// The profiles of which one must be active; empty for all.
    pub profiles: Vec<String>,
    /// The condition could not be read.
    pub unknown: bool,
    /// What it sets.
    pub properties: Vec<Property>,
}

/// A key without the freedom of relaxed binding: lower case, no dashes and underscores
/// (`spring.datasource.jdbc-url` and `spring.datasource.jdbcUrl` are the same).
pub fn canonical(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// The stem and the profile of a configuration file by its name: `application-prod.yml` is
/// `application` and `prod`. None for other files. Stems may have dashes, so the caller says which it
/// looks for.
pub fn profile_of<'p>(path: &'p str, stem: &str) -> Option<Option<&'p str>> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let rest = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"));
    let rest = rest.or_else(|| name.strip_suffix(".properties"))?.strip_prefix(stem)?;
    match rest.strip_prefix('-') {
        Some(profile) if !profile.is_empty() => Some(Some(profile)),
        _ => rest.is_empty().then_some(None),
    }
}

/// Reads a configuration file; none when it can't be read as one.
pub fn read(tree: &Tree, id: FileId, profile: Option<&str>) -> Option<Vec<Layer>> {
    let file = tree.file(id);
    let text = files::read(file).ok()?;
    let mut layers = layers(&file.path, &text, id)?;
    if let Some(profile) = profile {
        for layer in &mut layers {
            layer.profiles = vec![profile.to_string()];
        }
    }
    Some(layers)
}

/// The layers of the text of a configuration file; none when it can't be read as one.
pub fn layers(path: &str, text: &str, file: FileId) -> Option<Vec<Layer>> {
    if path.ends_with(".properties") {
        // Several documents in one file are not told apart here.
        if text.lines().any(|line| line.starts_with("#---") || line.starts_with("!---")) {
            return None;
        }
        let pairs = properties(text).pairs.into_iter().filter_map(|pair| {
            let place = Place::new(file, pair.value_span);
            Some(Property { key: canonical(&pair.key), value: pair.value?, place })
        });
        return Some(vec![conditional(pairs.collect())]);
    }
    let parsed = yaml(text);
    if !parsed.errors.is_empty() || parsed.is_template {
        return None;
    }
    Some(
        parsed
            .documents
            .iter()
            .map(|root| {
                let mut found = Vec::new();
                flatten(root, "", file, 0, &mut found);
                conditional(found)
            })
            .collect(),
    )
}

/// The layer that a document makes, with the condition that it states itself.
fn conditional(properties: Vec<Property>) -> Layer {
    let mut layer = Layer::default();
    for key in ["spring.config.activate.onprofile", "spring.profiles"] {
        for property in properties.iter().filter(|p| p.key == key || p.key.strip_prefix(key).is_some_and(is_index)) {
            let simple = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
            for profile in property.value.split(',').map(str::trim) {
                layer.unknown |= profile.is_empty() || !profile.chars().all(simple);
                layer.profiles.push(profile.to_string());
            }
        }
    }
    layer.properties = properties;
    layer
}

fn is_index(rest: &str) -> bool {
    rest.starts_with('[')
}

/// Deepest nesting of keys that is read.
const MAX_KEYS: usize = 32;

fn flatten(node: &Node, prefix: &str, file: FileId, depth: usize, out: &mut Vec<Property>) {
    if depth > MAX_KEYS {
        return;
    }
    if node.is_map() {
        for entry in node.entries() {
            let key = canonical(entry.name());
            let key = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
            flatten(&entry.value, &key, file, depth + 1, out);
        }
    } else if node.is_list() {
        for (i, item) in node.items().iter().enumerate() {
            flatten(item, &format!("{prefix}[{i}]"), file, depth + 1, out);
        }
    } else {
        let value = node.text().unwrap_or_default().to_string();
        out.push(Property { key: prefix.to_string(), value, place: Place::new(file, span(node)) });
    }
}

fn span(node: &Node) -> Span {
    node.span
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_profiles_are_kept_apart() {
        let text = "spring:\n  data-source:\n    url: a\n---\nspring:\n  config.activate.on-profile: prod\n  datasource.url: b\n";
        let layers = layers("application.yml", text, FileId(0)).unwrap();
        assert_eq!(layers.len(), 2);
        assert!(layers[0].profiles.is_empty());
        assert_eq!(layers[0].properties[0].key, "spring.datasource.url");
        assert_eq!(layers[1].profiles, ["prod"]);
        assert!(layers[1].properties.iter().any(|p| p.key == "spring.datasource.url" && p.value == "b"));
    }

    #[test]
    fn names_say_the_profile() {
        assert_eq!(profile_of("a/application-prod.yml", "application"), Some(Some("prod")));
        assert_eq!(profile_of("a/application.properties", "application"), Some(None));
        assert_eq!(profile_of("a/account-service.yml", "account-service"), Some(None));
        assert_eq!(profile_of("a/applications.yml", "application"), None);
    }

    #[test]
    fn a_condition_that_is_an_expression_is_not_known() {
        let layers = layers("a.yml", "spring.profiles: '!prod & eu'\nx: 1\n", FileId(0)).unwrap();
        assert!(layers[0].unknown);
    }
}
