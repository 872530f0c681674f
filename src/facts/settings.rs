//! The properties of configuration files of applications on the JVM: `application.yml`, `application-prod.properties`,
//! `application.conf`, `bootstrap.yml`, the folder of a configuration server, and `persistence.xml`.

use super::hocon;
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
    let rest = rest.or_else(|| name.strip_suffix(".properties")).or_else(|| name.strip_suffix(".conf"));
    let rest = rest.or_else(|| name.strip_suffix(".xml"))?.strip_prefix(stem)?;
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
    let made = |properties: Vec<Property>| split_profiles(conditional(properties));
    if path.ends_with(".properties") {
        // Several documents in one file are not told apart here.
        if text.lines().any(|line| line.starts_with("#---") || line.starts_with("!---")) {
            return None;
        }
        let pairs = properties(text).pairs.into_iter().filter_map(|pair| {
            let place = Place::new(file, pair.value_span);
            Some(Property { key: canonical(&pair.key), value: pair.value?, place })
        });
        return Some(made(pairs.collect()));
    }
    if path.ends_with(".conf") {
        let property =
            |v: hocon::Value| Property { key: canonical(&v.key), value: v.text, place: Place::new(file, v.span) };
        return Some(vec![conditional(hocon::read(text).into_iter().map(property).collect())]);
    }
    if path.ends_with(".xml") {
        return Some(vec![conditional(of_xml(text, file))]);
    }
    let mut parsed = yaml(text);
    let filtered = (!parsed.errors.is_empty()).then(|| without_tokens(text)).flatten();
    if let Some(filtered) = &filtered {
        parsed = yaml(filtered);
    }
    if !parsed.errors.is_empty() || parsed.is_template {
        return None;
    }
    Some(
        parsed
            .documents
            .iter()
            .flat_map(|root| {
                let mut found = Vec::new();
                flatten(root, "", file, 0, &mut found);
                made(found)
            })
            .collect(),
    )
}

/// A text in which Maven fills in `@project.version@`, which is no YAML before, with other signs of the same length;
/// none for one without. <https://docs.spring.io/spring-boot/how-to/properties-and-configuration.html>
fn without_tokens(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('@') {
        out.push_str(before);
        let end = after.find('@').filter(|end| {
            let token = &after[..*end];
            !token.is_empty() && token.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
        });
        match end {
            Some(end) => {
                out.extend(["~", &after[..end], "~"]);
                rest = &after[end + 1..];
            }
            None => {
                out.push('@');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    (out != text).then_some(out)
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

/// Quarkus writes the profile before the key: `%dev.quarkus.http.port`
/// (<https://quarkus.io/guides/config-reference#profiles>).
fn split_profiles(mut layer: Layer) -> Vec<Layer> {
    if !layer.properties.iter().any(|p| p.key.starts_with('%')) {
        return vec![layer];
    }
    let (own, plain): (Vec<Property>, Vec<Property>) =
        std::mem::take(&mut layer.properties).into_iter().partition(|p| p.key.starts_with('%'));
    layer.properties = plain;
    let mut out = vec![layer];
    for property in own {
        let Some((profile, key)) = property.key.split_once('.') else { continue };
        let profile = profile.replace(['"', '{', '}'], "");
        let names = profile.trim_start_matches('%').split(',').map(|name| format!("%{}", name.trim())).collect();
        let property = Property { key: key.to_string(), ..property };
        match out.iter_mut().find(|layer| layer.profiles == names) {
            Some(layer) => layer.properties.push(property),
            None => out.push(Layer { profiles: names, unknown: false, properties: vec![property] }),
        }
    }
    out
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
        let value = dollar(node.text().unwrap_or_default());
        out.push(Property { key: prefix.to_string(), value, place: Place::new(file, span(node)) });
    }
}

/// Ktor writes `$DB_URL` and `$DB_URL:jdbc:…` for what Spring writes with braces
/// (<https://ktor.io/docs/server-configuration-file.html#environment-variables>).
pub fn dollar(text: &str) -> String {
    let Some(rest) = text.strip_prefix('$') else { return text.to_string() };
    let rest = rest.strip_prefix('?').unwrap_or(rest);
    let (name, default) = rest.split_once(':').map_or((rest, None), |(name, default)| (name, Some(default)));
    let is_variable =
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    match default {
        _ if !is_variable => text.to_string(),
        Some(default) => format!("${{{name}:{default}}}"),
        None => format!("${{{name}}}"),
    }
}

/// The properties of `persistence.xml` and `hibernate.cfg.xml`: `<property name="…" value="…"/>`, or the value
/// between the tags.
fn of_xml(text: &str, file: FileId) -> Vec<Property> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find('<')).map(|i| at + i) {
        let rest = text.get(start..).unwrap_or_default();
        if rest.starts_with("<!--") {
            let Some(end) = rest.find("-->") else { break };
            at = start + end;
            continue;
        }
        at = start + 1;
        let Some(inside) = rest.strip_prefix("<property").filter(|r| r.starts_with(char::is_whitespace)) else {
            continue;
        };
        let Some(end) = inside.find('>') else { break };
        let (tag, after) = inside.split_at(end);
        let Some((name, _)) = attribute(tag, "name") else { continue };
        let found = match attribute(tag, "value") {
            Some((value, offset)) => Some((value, start + "<property".len() + offset)),
            None => {
                let after = &after[1..];
                let value = after.split('<').next().unwrap_or_default();
                let blank = value.len() - value.trim_start().len();
                Some((value.trim(), start + "<property".len() + end + 1 + blank)).filter(|_| !tag.ends_with('/'))
            }
        };
        if let Some((value, offset)) = found {
            let place = Place::new(file, Span::new(offset, offset + value.len()));
            let value = value.replace("&amp;", "&");
            out.push(Property { key: canonical(name), value, place });
        }
    }
    out
}

/// The value of an attribute of a tag, and where it stands in the tag.
fn attribute<'t>(tag: &'t str, name: &str) -> Option<(&'t str, usize)> {
    let at = tag.match_indices(name).find_map(|(at, _)| {
        let before = tag.get(..at)?.ends_with(char::is_whitespace);
        let rest = tag.get(at + name.len()..)?;
        let value = rest.trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        before.then_some((tag.len() - value.len() + 1, quote))
    });
    let (start, quote) = at?;
    let value = tag.get(start..)?;
    Some((value.get(..value.find(quote)?)?, start))
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
    fn what_maven_fills_in_hides_nothing_beside_it() {
        let read = |text: &str| {
            let found = layers("application.yml", text, FileId(0))?;
            Some(found[0].properties.iter().map(|p| (p.key.clone(), p.value.clone())).collect::<Vec<_>>())
        };
        let text = "spring:\n  profiles:\n    active: @activatedProperties@\nserver.port: 80\nmail: a@b.c\n";
        let found = read(text).unwrap();
        assert_eq!(found[1], ("server.port".to_string(), "80".to_string()));
        assert_eq!(found[2].1, "a@b.c");
        assert_eq!(
            layers("application.yml", text, FileId(0)).unwrap()[0].properties[1].place.span.start as usize,
            text.find("80").unwrap()
        );
        assert_eq!(read("a: @b c\n"), None, "no token of Maven");
    }

    #[test]
    fn names_say_the_profile() {
        assert_eq!(profile_of("a/application-prod.yml", "application"), Some(Some("prod")));
        assert_eq!(profile_of("a/application.properties", "application"), Some(None));
        assert_eq!(profile_of("a/account-service.yml", "account-service"), Some(None));
        assert_eq!(profile_of("a/applications.yml", "application"), None);
    }

    #[test]
    fn properties_of_persistence_units_are_read() {
        let text = "<persistence>\n<!-- <property name=\"a\" value=\"b\"/> -->\n<property name = 'jakarta.persistence.jdbc.url'\n value='jdbc:postgresql://pg/x?a=1&amp;b=2' />\n<property name=\"hibernate.connection.url\">\n jdbc:y </property><property name=\"z\"/><property";
        let found: Vec<(String, String)> = of_xml(text, FileId(0)).into_iter().map(|p| (p.key, p.value)).collect();
        let expected = [
            ("jakarta.persistence.jdbc.url", "jdbc:postgresql://pg/x?a=1&b=2"),
            ("hibernate.connection.url", "jdbc:y"),
        ];
        assert_eq!(found, expected.map(|(k, v)| (k.to_string(), v.to_string())));
    }

    #[test]
    fn variables_without_braces_are_placeholders() {
        assert_eq!(dollar("$DB_URL:jdbc:h2:mem"), "${DB_URL:jdbc:h2:mem}");
        assert_eq!(dollar("$?PORT"), "${PORT}");
        assert_eq!(dollar("$5.00"), "$5.00");
        assert_eq!(dollar("${A:b}"), "${A:b}");
    }

    #[test]
    fn a_condition_that_is_an_expression_is_not_known() {
        let layers = layers("a.yml", "spring.profiles: '!prod & eu'\nx: 1\n", FileId(0)).unwrap();
        assert!(layers[0].unknown);
    }
}
