//! The configuration files of Go services that viper, koanf, go-zero and structs with tags read: `config.yaml`,
//! `app.env`, `etc/orders.yaml`.
//!
//! Which file of several variants is read is decided at run time, so a file without a variant in its name counts,
//! else the one for development: `config.development.json`, `config/local.yaml`. Source: <https://github.com/spf13/viper#reading-config-files>.

use std::collections::BTreeMap;

use super::compose::{EnvVar, Origin};
use super::services::Service;
use crate::files::{self, Tree, Zone, folder_of};
use crate::program::resolve::within;
use crate::syntax::data::{Node, Pairs, dotenv, json, toml, yaml};
use crate::syntax::{FileId, Place, Span};

/// How deep settings nest.
const MAX_DEPTH: usize = 12;
/// How many settings of a service are kept.
const MAX_SETTINGS: usize = 2_000;
/// Names of files that hold the configuration of a program.
const STEMS: [&str; 6] = ["config", "conf", "app", "application", "settings", "default"];
/// Variants of them that are read where somebody works on the program.
const VARIANTS: [&str; 4] = ["development", "dev", "local", "localhost"];
/// A file of variables, and the names of examples for it.
const DOTENV: [&str; 4] = [".env", ".env.example", ".env.sample", ".env.template"];
/// Folders in which they lie, below the service.
const FOLDERS: [&str; 5] = ["config", "configs", "conf", "etc", "cmd"];

/// The settings of a Go service, with dots between the parts of a key.
pub(super) fn settings(tree: &Tree, service: &Service) -> Vec<EnvVar> {
    let mut out = Vec::new();
    if !service.languages.iter().any(|l| l == "go") {
        return out;
    }
    // go-zero: `etc/orders.yaml`, whatever the service is called, where there is no other one to be read.
    let in_etc = |path: &str| {
        let folder = folder_of(path);
        let is_yaml = path.ends_with(".yaml") || path.ends_with(".yml");
        (is_yaml && within(folder, &service.root) && folder.rsplit('/').next() == Some("etc"))
            .then(|| folder.to_owned())
    };
    let mut etc: BTreeMap<String, Vec<FileId>> = BTreeMap::new();
    for id in tree.ids() {
        if let Some(folder) = in_etc(&tree.file(id).path) {
            etc.entry(folder).or_default().push(id);
        }
    }
    let alone = |id: FileId| etc.values().any(|files| *files == [id]);
    let mut variants: Vec<FileId> = Vec::new();
    for id in tree.ids() {
        let file = tree.file(id);
        let folder = folder_of(&file.path);
        let Some((stem, extension)) = file.path.rsplit('/').next().and_then(|name| name.rsplit_once('.')) else {
            continue;
        };
        let last = folder.rsplit('/').next().unwrap_or(folder);
        let is_near = folder == service.root || (within(folder, &service.root) && FOLDERS.contains(&last));
        if !matches!(extension, "yaml" | "yml" | "json" | "toml" | "env")
            || !is_near
            || files::zone(&file.path) != Zone::Production
        {
            continue;
        }
        let stem = stem.to_ascii_lowercase();
        if alone(id) || STEMS.contains(&stem.as_str()) {
            read(tree, id, extension, &mut out);
        } else if extension != "env" && is_variant(&stem, FOLDERS.contains(&last)) {
            variants.push(id);
        }
    }
    if let ([only], true) = (variants.as_slice(), out.is_empty()) {
        let path = &tree.file(*only).path;
        read(tree, *only, path.rsplit('.').next().unwrap_or(""), &mut out);
        out.iter_mut().for_each(|variable| variable.assumed = true);
    }
    out
}

/// `config.development`, `config-local`, and `local` in a folder for configuration.
fn is_variant(stem: &str, in_folder: bool) -> bool {
    match stem.split_once(['.', '-', '_']) {
        Some((name, variant)) => STEMS.contains(&name) && VARIANTS.contains(&variant),
        None => in_folder && VARIANTS.contains(&stem),
    }
}

fn read(tree: &Tree, id: FileId, extension: &str, out: &mut Vec<EnvVar>) {
    let Ok(text) = files::read(tree.file(id)) else { return };
    match extension {
        "env" => {
            for pair in dotenv(&text).pairs {
                let value = pair.value.clone().unwrap_or_default();
                push(pair.key.clone(), value, id, pair.key_span, out);
            }
        }
        "json" => {
            if let Ok(node) = json(&text) {
                flatten(id, &node, "", 0, out);
            }
        }
        "toml" => {
            if let Ok(node) = toml(&text) {
                flatten(id, &node, "", 0, out);
            }
        }
        _ => {
            let parsed = yaml(&text);
            if let [only] = parsed.documents.as_slice()
                && !parsed.is_template
            {
                flatten(id, only, "", 0, out);
            }
        }
    }
}

/// The variables of a service that nothing deploys: of the dotenv file beside its code or the nearest one above, else
/// of the example for it. Whoever starts it by hand has them there.
pub(super) fn dotenv_near(tree: &Tree, files: &BTreeMap<FileId, Pairs>, service: &Service) -> Vec<EnvVar> {
    let mut folder = service.root.as_str();
    loop {
        let in_folder = |name: &str| tree.find(&crate::program::resolve::join(folder, name));
        let found = DOTENV.iter().find_map(|name| Some((in_folder(name)?, *name != ".env")));
        if let Some((id, example)) = found {
            let pairs = files.get(&id).map(|file| file.pairs.as_slice()).unwrap_or_default();
            let known = pairs.iter().filter_map(|pair| Some((pair, pair.value.clone()?)));
            return known
                .filter(|(pair, value)| !value.is_empty() && (pair.literal || !value.contains('$')))
                .map(|(pair, value)| EnvVar {
                    name: pair.key.clone(),
                    partial: value.clone(),
                    raw: value.clone(),
                    value: Some(value),
                    place: Place::new(id, pair.key_span),
                    origin: Origin::EnvFile,
                    assumed: example,
                })
                .collect();
        }
        if folder.is_empty() {
            return Vec::new();
        }
        folder = folder_of(folder);
    }
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
