//! Settings that Nacos hands out, where the repository keeps a copy of them: files that are called like the data ids that
//! a service asks for, in any folder that belongs to no service's resources.
//!
//! The data ids of a service are `${prefix}-${spring.profiles.active}.${file-extension}`, with the name of the
//! application as the prefix, and those under `shared-configs` and `extension-configs`
//! (<https://github.com/alibaba/spring-cloud-alibaba/wiki/Nacos-config>); since Spring Boot 2.4 also those of
//! `spring.config.import: nacos:orders.yaml`.

use std::collections::BTreeMap;

use crate::facts::settings::{Layer, profile_of};
use crate::files::{self, Tree, Zone, folder_of};
use crate::syntax::FileId;

/// Where the keys of its client begin.
const CLIENT: &str = "spring.cloud.nacos.config.";

/// The stems of the files that a service asks for by its own settings, those first that others override.
pub(super) fn stems(layers: &[Layer], name: &str) -> Vec<String> {
    let properties = || layers.iter().flat_map(|l| &l.properties);
    let asked = |value: &str| stem(value, name);
    let listed = |kinds: &'static [&'static str]| {
        properties().filter(move |p| {
            let rest = p.key.strip_prefix(CLIENT).unwrap_or_default();
            kinds.iter().any(|kind| rest.starts_with(kind)) && (rest.ends_with("dataid") || rest.ends_with("dataids"))
        })
    };
    let imports = properties().filter(|p| p.key.starts_with("spring.config.import"));
    let imported: Vec<&str> = imports
        .flat_map(|p| p.value.split([',', ';']))
        .filter_map(|v| v.trim().trim_start_matches("optional:").strip_prefix("nacos:"))
        .map(|id| id.split('?').next().unwrap_or(id))
        .collect();
    if imported.is_empty() && !properties().any(|p| p.key.starts_with(CLIENT)) {
        return Vec::new();
    }
    let split = |value: &'_ str| value.split(',').filter_map(|v| asked(v.trim())).collect::<Vec<_>>();
    let mut out: Vec<String> = listed(&["shared"]).flat_map(|p| split(&p.value)).collect();
    out.extend(listed(&["ext"]).flat_map(|p| split(&p.value)));
    if imported.is_empty() {
        let prefix = properties().find(|p| p.key == format!("{CLIENT}prefix")).map_or(name, |p| p.value.as_str());
        out.extend(asked(prefix));
    }
    out.extend(imported.into_iter().filter_map(asked));
    let mut seen = Vec::new();
    out.retain(|stem| !seen.contains(stem) && (seen.push(stem.clone()), true).1);
    out
}

/// The name of the files for a data id, without profile and ending; none when it is made of more than the
/// application's name.
fn stem(id: &str, name: &str) -> Option<String> {
    let id = id.replace("${spring.application.name}", name);
    let id = id.replace("-${spring.profiles.active}", "");
    let id = ["${spring.cloud.nacos.config.file-extension}", "yaml", "yml", "properties"]
        .iter()
        .find_map(|ending| id.strip_suffix(ending)?.strip_suffix('.'))
        .unwrap_or(&id);
    (!id.is_empty() && !id.contains(['$', '{', '/'])).then(|| id.to_string())
}

/// The files for a stem. None of a name that several folders have one of: nobody says which of them is handed out.
pub(super) fn copies(tree: &Tree, stem: &str) -> Vec<FileId> {
    let mut by_name: BTreeMap<&str, Vec<FileId>> = BTreeMap::new();
    for id in tree.ids() {
        let path = tree.file(id).path.as_str();
        let resources = folder_of(path).split('/').any(|part| part == "resources");
        if !path.ends_with(".xml") && profile_of(path, stem).is_some() && !resources && is_settings(tree, id) {
            by_name.entry(path.rsplit('/').next().unwrap_or(path)).or_default().push(id);
        }
    }
    by_name.into_values().filter(|ids| ids.len() == 1).flatten().collect()
}

/// False for a manifest of Kubernetes or a Compose file that is called like the service.
fn is_settings(tree: &Tree, id: FileId) -> bool {
    let file = tree.file(id);
    let other = |line: &str| ["apiVersion:", "kind:", "services:"].iter().any(|key| line.starts_with(key));
    files::zone(&file.path) == Zone::Production && files::read(file).is_ok_and(|text| !text.lines().any(other))
}
