//! The names under which folders can be imported, read from `package.json` and `tsconfig.json`.

use super::resolve::{Alias, JsPackage, Packages, join, normalise, parent};
use crate::facts::manifest::{package_json, tsconfig};
use crate::files::{self, FileKind, Tree, Zone};

/// Reads all manifests of a tree. One that cannot be read names nothing; its fault is reported where
/// manifests are checked.
pub fn packages(tree: &Tree) -> Packages {
    let mut out = Packages::default();
    for id in tree.ids() {
        let file = tree.file(id);
        let kind = files::classify(&file.path);
        if !matches!(kind, FileKind::PackageJson | FileKind::TsConfig) || files::zone(&file.path) == Zone::Vendored {
            continue;
        }
        let Ok(text) = files::read(file) else { continue };
        let folder = parent(&file.path);
        match kind {
            FileKind::PackageJson => {
                let Ok(manifest) = package_json(&text) else { continue };
                let mut entries: Vec<String> = Vec::new();
                entries
                    .extend(manifest.exports.iter().filter(|e| e.name.value == ".").map(|e| e.command.value.clone()));
                entries.extend([manifest.main, manifest.module, manifest.types].into_iter().flatten().map(|e| e.value));
                if let Some(name) = manifest.name {
                    out.javascript.push(JsPackage { name: name.value, folder: folder.to_string(), entries });
                }
                // `"building-blocks": "file:../building-blocks"` names a folder whatever its own name is.
                for dependency in &manifest.dependencies {
                    let version = dependency.version.as_str();
                    if let Some(path) = version.strip_prefix("file:").or_else(|| version.strip_prefix("link:")) {
                        out.javascript.push(JsPackage {
                            name: dependency.name.value.clone(),
                            folder: normalise(&join(folder, path)),
                            entries: Vec::new(),
                        });
                    }
                }
            }
            _ => {
                let Ok(config) = tsconfig(&text) else { continue };
                let base = config.base_url.as_ref().map_or("", |b| b.value.as_str());
                let base = normalise(&join(folder, base));
                for mapping in &config.paths {
                    out.aliases.push(Alias {
                        folder: folder.to_string(),
                        pattern: mapping.pattern.value.clone(),
                        targets: mapping.targets.iter().map(|t| normalise(&join(&base, &t.value))).collect(),
                    });
                }
                if config.base_url.is_some() {
                    out.aliases.push(Alias {
                        folder: folder.to_string(),
                        pattern: "*".into(),
                        targets: vec![join(&base, "*")],
                    });
                }
            }
        }
    }
    // The nearest configuration first; longer names before their prefixes.
    out.aliases.sort_by(|a, b| b.folder.len().cmp(&a.folder.len()).then(b.pattern.len().cmp(&a.pattern.len())));
    out.javascript.sort_by(|a, b| b.name.len().cmp(&a.name.len()).then(a.folder.cmp(&b.folder)));
    out.javascript.dedup_by(|a, b| a.name == b.name && a.folder == b.folder);
    out
}
