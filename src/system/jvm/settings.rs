//! The settings of Java and Kotlin services: `application.yml`, `bootstrap.properties`,
//! `microprofile-config.properties`, what a config server of the repository has for them, and the
//! environment of their containers, which overrides all.

use std::collections::BTreeMap;

use crate::facts::hocon;
use crate::facts::settings::dollar;
use crate::files::{self, Tree, Zone, zone};
use crate::program::resolve::within;
use crate::syntax::data::{Node, properties, yaml};
use crate::syntax::{FileId, Place};
use crate::system::services::Service;

/// How many placeholders lead to one another.
const MAX_PLACEHOLDERS: u32 = 6;

/// Settings by dotted key in lower case without dashes.
type Keys = BTreeMap<String, (String, Place)>;

/// The settings files of the repository.
#[derive(Default)]
pub(in crate::system) struct Files {
    files: Vec<(String, String, Keys)>,
}

/// The settings of one service.
pub(in crate::system) struct Own {
    keys: Keys,
    /// Variables of its containers: the name without what relaxed binding leaves out, the value.
    env: Vec<(String, Option<String>, Place)>,
    /// A config server is asked.
    pub(super) remote: bool,
    /// The files of that server are in the repository.
    pub(super) from_server: bool,
}

impl Files {
    /// Reads the files that Spring, Quarkus and Micronaut look for, and those of folders that hold
    /// configuration.
    pub(in crate::system) fn read(tree: &Tree) -> Files {
        let mut files = Vec::new();
        for id in tree.ids() {
            let file = tree.file(id);
            let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
            let Some((stem, extension)) = name.rsplit_once('.') else { continue };
            if !matches!(extension, "yml" | "yaml" | "properties" | "conf")
                || !(folder.contains("resources") || folder.contains("conf"))
                || zone(&file.path) != Zone::Production
            {
                continue;
            }
            let Ok(text) = files::read(file) else { continue };
            let mut keys = Keys::new();
            if extension == "properties" {
                for pair in properties(&text).pairs {
                    let value = pair.value.clone().unwrap_or_default();
                    keys.insert(relaxed(&pair.key), (value, Place::new(id, pair.key_span)));
                }
            } else if extension == "conf" {
                if stem.starts_with("application") {
                    keys.extend(
                        hocon::read(&text).into_iter().map(|v| (relaxed(&v.key), (v.text, Place::new(id, v.span)))),
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
    pub(in crate::system) fn of(&self, service: &Service) -> Own {
        let mut keys = Keys::new();
        let is_own = |folder: &str, stem: &str| {
            let named = ["application", "bootstrap", "microprofile-config"].iter().any(|n| stem.starts_with(n));
            within(folder, &service.root) && named
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
        // `spring.config.import: classpath:common.yml`, a file of a module that the service uses.
        let imported = keys.iter().filter(|(key, _)| key.starts_with("spring.config.import")).map(|(_, (v, _))| v);
        let stems: Vec<String> = imported.flat_map(|v| v.split([',', ';'])).filter_map(on_class_path).collect();
        for stem in stems {
            let found: Vec<_> =
                self.files.iter().filter(|(folder, s, _)| *s == stem && folder.contains("resources")).collect();
            let own: Vec<_> = found.iter().copied().filter(|(folder, _, _)| within(folder, &service.root)).collect();
            let chosen = if own.is_empty() { &found } else { &own };
            if let [(_, _, one)] = chosen.as_slice() {
                for (key, value) in one {
                    keys.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
        }
        let env = service.env.iter().map(|v| (bare(&v.name), v.value.clone(), v.place)).collect();
        Own { keys, env, remote, from_server }
    }
}

impl Own {
    /// All keys of the files.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, &str, Place)> {
        self.keys.iter().map(|(key, (value, place))| (key.as_str(), value.as_str(), *place))
    }

    /// The value of a key (in lower case, without dashes), and where it is set.
    pub(super) fn get(&self, key: &str) -> Option<(&str, Place)> {
        let wanted = bare(key);
        if let Some((_, Some(value), place)) = self.env.iter().find(|(name, _, _)| *name == wanted) {
            return Some((value, *place));
        }
        self.keys.get(key).map(|(value, place)| (value.as_str(), *place))
    }

    /// The first of several keys.
    pub(super) fn first(&self, keys: &[&str]) -> Option<(&str, Place)> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// True when the key is set to anything but `false`.
    pub(super) fn is_on(&self, keys: &[&str]) -> Option<Place> {
        self.first(keys).filter(|(value, _)| *value != "false").map(|(_, place)| place)
    }

    /// The value of a key as the service sees it, placeholders filled in; none when one is not known.
    pub(in crate::system) fn value(&self, key: &str) -> Option<String> {
        self.filled(self.get(&relaxed(key))?.0, 0)
    }

    /// The address that the settings give a client for its key, when a text begins with one:
    /// `quarkus.rest-client.<key>.url`, `micronaut.http.services.<id>.url`,
    /// `spring.cloud.openfeign.client.config.<name>.url`.
    pub(in crate::system) fn client_address(&self, text: &str) -> Option<String> {
        if text.contains("://") {
            return self.stork(text);
        }
        let (key, path) = text.find('/').map_or((text, ""), |at| text.split_at(at));
        let key = relaxed(key);
        let keys = [
            format!("quarkus.restclient.{key}.url"),
            format!("quarkus.restclient.{key}.uri"),
            format!("quarkus.restclient.\"{key}\".url"),
            format!("quarkus.restclient.\"{key}\".uri"),
            format!("{key}/mprest/url"),
            format!("{key}/mprest/uri"),
            format!("micronaut.http.services.{key}.url"),
            format!("micronaut.http.services.{key}.urls"),
            format!("micronaut.http.services.{key}.urls[0]"),
            format!("spring.cloud.openfeign.client.config.{key}.url"),
            format!("feign.client.config.{key}.url"),
            format!("spring.http.serviceclient.{key}.baseurl"),
        ];
        let base = keys.iter().find_map(|k| self.filled(self.get(k)?.0, 0))?;
        let base = self.stork(&base).unwrap_or(base);
        Some(format!("{}{path}", base.trim_end_matches('/')))
    }

    /// `stork://stock/path`, a name of SmallRye Stork: the first of the addresses that the settings list for it, else
    /// the name under which a registry knows it. <https://smallrye.io/smallrye-stork/latest/service-discovery/overview/>
    fn stork(&self, address: &str) -> Option<String> {
        let rest = address.strip_prefix("stork://").or_else(|| address.strip_prefix("storks://"))?;
        let (name, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let key = |last: &str| format!("quarkus.stork.{}.servicediscovery.{last}", relaxed(name));
        let host = ["addresslist", "application", "app"]
            .iter()
            .find_map(|last| self.filled(self.get(&key(last))?.0, 0))
            .and_then(|list| list.split(',').next().map(|first| first.trim().to_string()))
            .unwrap_or_else(|| name.to_string());
        Some(format!("http://{host}{path}"))
    }

    /// A text with its `${key:default}` filled in.
    pub(in crate::system) fn filled(&self, text: &str, depth: u32) -> Option<String> {
        let Some((before, after)) = text.split_once("${") else { return Some(text.to_string()) };
        let end = closing(after)?;
        let (inner, tail) = (&after[..end], &after[end + 1..]);
        let (key, default) = inner.split_once(':').map_or((inner, None), |(k, d)| (k, Some(d)));
        if depth >= MAX_PLACEHOLDERS {
            return None;
        }
        let value = match self.get(&relaxed(key.trim())) {
            Some((value, _)) => self.filled(value, depth + 1)?,
            None => self.filled(default?, depth + 1)?,
        };
        Some(format!("{before}{value}{}", self.filled(tail, depth + 1)?))
    }
}

/// The position of the `}` that closes a placeholder.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().find_map(|(i, c)| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        (depth < 0).then_some(i)
    })
}

/// The name, without folder and ending, of the file that `optional:classpath:/conf/common.yml` asks for.
pub(in crate::system) fn on_class_path(import: &str) -> Option<String> {
    let path = import.trim().trim_start_matches("optional:").strip_prefix("classpath:")?;
    let name = path.rsplit('/').next().unwrap_or(path);
    Some(name.rsplit_once('.')?.0.to_string())
}

/// Keys are compared in lower case without dashes, as Spring binds them.
pub(super) fn relaxed(key: &str) -> String {
    key.to_lowercase().replace(['-', '_'], "")
}

/// `SPRING_DATASOURCE_URL` and `spring.datasource.url` without what tells them apart.
fn bare(key: &str) -> String {
    key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The tree is of limited depth, see [`crate::syntax::data`].
fn flatten(node: &Node, prefix: &str, file: FileId, out: &mut Keys) {
    for entry in node.entries() {
        let key = if prefix.is_empty() { relaxed(entry.name()) } else { format!("{prefix}.{}", relaxed(entry.name())) };
        if let Some(text) = entry.value.text() {
            out.insert(key, (dollar(text), Place::new(file, entry.key.span)));
        } else {
            flatten(&entry.value, &key, file, out);
        }
    }
    for (i, item) in node.items().iter().enumerate() {
        let key = format!("{prefix}[{i}]");
        match item.text() {
            Some(text) => {
                out.insert(key, (text.to_string(), Place::new(file, item.span)));
            }
            None => flatten(item, &key, file, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(pairs: &[(&str, &str)]) -> Own {
        let place = Place::new(FileId(0), crate::syntax::Span::new(0, 0));
        let keys = pairs.iter().map(|(k, v)| (relaxed(k), (v.to_string(), place))).collect();
        Own {
            keys,
            env: vec![("usersurl".into(), Some("http://env".into()), place)],
            remote: false,
            from_server: false,
        }
    }

    #[test]
    fn placeholders_are_filled_in_and_the_environment_wins() {
        let own = own(&[
            ("a.base-url", "http://${host:stock}:${port}"),
            ("port", "80"),
            ("users.url", "http://file"),
            ("x", "${x}"),
        ]);
        assert_eq!(own.value("a.baseUrl").as_deref(), Some("http://stock:80"));
        assert_eq!(own.value("users.url").as_deref(), Some("http://env"));
        assert_eq!(own.value("x"), None);
        assert_eq!(own.value("y"), None);
    }

    #[test]
    fn names_of_stork_are_looked_up() {
        let own = own(&[
            ("quarkus.rest-client.stock.url", "stork://stock-service"),
            ("quarkus.stork.stock-service.service-discovery.address-list", "stock:8080, stock:8081"),
            ("quarkus.stork.price.service-discovery.application", "prices"),
        ]);
        assert_eq!(own.client_address("stock/items").as_deref(), Some("http://stock:8080/items"));
        assert_eq!(own.client_address("stork://price/list").as_deref(), Some("http://prices/list"));
        assert_eq!(own.client_address("stork://tax").as_deref(), Some("http://tax"));
        assert_eq!(own.client_address("http://tax"), None);
    }
}
