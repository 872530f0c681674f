//! Another state of the files than the one on disk: what the index or a commit has instead.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::gitignore::GitignoreBuilder;

use super::walk::{is_build_output, is_never_entered};
use super::{File, Tree};

/// Differences from the files on disk, by absolute path.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// The content; `None` where there is no file.
    files: BTreeMap<PathBuf, Option<Arc<[u8]>>>,
    /// Where the file of an old path is now.
    renamed: BTreeMap<PathBuf, PathBuf>,
}

/// The ignore files that the walk respects.
const IGNORE_FILES: [&str; 3] = [".gitignore", ".ignore", ".skillcheckignore"];

impl Overlay {
    /// True when the state is the one on disk.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// There is no such file.
    pub fn remove(&mut self, path: PathBuf) {
        self.files.insert(path, None);
    }

    /// The file has this content.
    pub fn put(&mut self, path: PathBuf, content: Arc<[u8]>) {
        self.files.insert(path, Some(content));
    }

    /// The file is somewhere else now, and its findings are the same ones.
    pub fn rename(&mut self, path: PathBuf, now: PathBuf) {
        self.renamed.insert(path, now);
    }

    /// The content that replaces the one on disk.
    pub fn content(&self, path: &Path) -> Option<Arc<[u8]>> {
        self.files.get(path)?.clone()
    }

    /// Makes the tree of a walk that of this state.
    pub fn apply(&self, tree: &mut Tree) {
        if self.is_empty() {
            return;
        }
        let mut rest: BTreeMap<&PathBuf, &Arc<[u8]>> =
            self.files.iter().filter_map(|(path, content)| Some((path, content.as_ref()?))).collect();
        tree.files.retain_mut(|file| match self.files.get(&file.absolute) {
            None => true,
            Some(None) => false,
            Some(Some(content)) => {
                rest.remove(&file.absolute);
                file.replace(content);
                true
            }
        });
        for (path, content) in rest {
            if let Some(printed) = tree.printed(path)
                && !is_ignored(&tree.roots, path)
            {
                let mut file = File { path: printed, absolute: path.clone(), ..File::default() };
                file.replace(content);
                tree.files.push(file);
            }
        }
        for file in &mut tree.files {
            file.now = self.renamed.get(&file.absolute).cloned();
        }
        tree.files.sort_by(|a, b| (&a.path, &a.absolute).cmp(&(&b.path, &b.absolute)));
    }
}

/// True when the walk would not have come to this file.
fn is_ignored(roots: &[PathBuf], path: &Path) -> bool {
    let Some(root) = roots.iter().find(|root| path.starts_with(root)) else { return true };
    let below = path.strip_prefix(root).unwrap_or(path);
    if below
        .parent()
        .is_some_and(|parent| parent.components().any(|c| is_never_entered(&c.as_os_str().to_string_lossy())))
    {
        return true;
    }
    // Deeper ignore files win.
    let folders = path.ancestors().skip(1);
    for folder in folders {
        if is_build_output(folder) {
            return true;
        }
        for name in IGNORE_FILES {
            let file = folder.join(name);
            if !file.is_file() {
                continue;
            }
            let mut builder = GitignoreBuilder::new(folder);
            builder.add(&file);
            let Ok(rules) = builder.build() else { continue };
            let found = rules.matched_path_or_any_parents(path, false);
            if found.is_ignore() || found.is_whitelist() {
                return found.is_ignore();
            }
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    false
}
