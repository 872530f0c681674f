//! The configuration files of Go services that viper, koanf and structs with tags read: `config.yaml`, `app.env`.
//!
//! Which file of several variants is read is decided at run time, so only a file without a variant in its name
//! counts. Source: <https://github.com/spf13/viper#reading-config-files>.

use super::compose::{EnvVar, Origin};
use super::services::Service;
use crate::files::{self, Tree, Zone, folder_of};
use crate::program::resolve::within;
use crate::syntax::data::{Node, dotenv, json, toml, yaml};
use crate::syntax::{FileId, Place, Span};

/// How deep settings nest.
const MAX_DEPTH: usize = 12;
/// How many settings of a service are kept.
const MAX_SETTINGS: usize = 2_000;
/// Names of files that hold the configuration of a program.
const STEMS: [&str; 6] = ["config", "conf", "app", "application", "settings", "default"];
/// Folders in which they lie, below the service.
const FOLDERS: [&str; 5] = ["config", "configs", "conf", "etc", "cmd"];

/// The settings of a Go service, with dots between the parts of a key.
pub(super) fn settings(tree: &Tree, service: &Service) -> Vec<EnvVar> {
    let mut out = Vec::new();
    if !service.languages.iter().any(|l| l == "go") {
        return out;
    }
    for id in tree.ids() {
        let file = tree.file(id);
        let folder = folder_of(&file.path);
        let Some((stem, extension)) = file.path.rsplit('/').next().and_then(|name| name.rsplit_once('.')) else {
            continue;
        };
        let last = folder.rsplit('/').next().unwrap_or(folder);
        let is_near = folder == service.root || (within(folder, &service.root) && FOLDERS.contains(&last));
        if !STEMS.contains(&stem.to_ascii_lowercase().as_str())
            || !matches!(extension, "yaml" | "yml" | "json" | "toml" | "env")
            || !is_near
            || files::zone(&file.path) != Zone::Production
        {
            continue;
        }
        let Ok(text) = files::read(file) else { continue };
        match extension {
            "env" => {
                for pair in dotenv(&text).pairs {
                    let value = pair.value.clone().unwrap_or_default();
                    push(pair.key.clone(), value, id, pair.key_span, &mut out);
                }
            }
            "json" => {
                if let Ok(node) = json(&text) {
                    flatten(id, &node, "", 0, &mut out);
                }
            }
            "toml" => {
                if let Ok(node) = toml(&text) {
                    flatten(id, &node, "", 0, &mut out);
                }
            }
            _ => {
                let parsed = yaml(&text);
                if let [only] = parsed.documents.as_slice()
                    && !parsed.is_template
                {
                    flatten(id, only, "", 0, &mut out);
                }
            }
        }
    }
    out
}

fn push(name: String, value: String, file: FileId, span: Span, out: &mut Vec<EnvVar>) {
    if out.len() < MAX_SETTINGS {
        out.push(EnvVar {
            name,
            partial: value.clone(),
            raw: value.clone(),
            value: Some(value).filter(|v| !v.contains("${")),
            place: Place::new(file, span),
            origin: Origin::Compose,
            assumed: false,
        });
    }
}

fn flatten(file: FileId, node: &Node, prefix: &str, depth: usize, out: &mut Vec<EnvVar>) {
    if depth > MAX_DEPTH {
        return;
    }
    for entry in node.entries() {
        let key = if prefix.is_empty() { entry.name().to_string() } else { format!("{prefix}.{}", entry.name()) };
        if entry.value.is_map() {
            flatten(file, &entry.value, &key, depth + 1, out);
        } else if let Some(text) = entry.value.text() {
            push(key, text.to_string(), file, entry.value.span, out);
        }
    }
}
