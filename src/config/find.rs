//! Which configuration applies: the nearest one upwards from the linted path.

use std::path::{Path, PathBuf};

/// The names of the configuration file; the first wins.
pub const FILE_NAMES: [&str; 2] = ["skillcheck.yaml", ".skillcheck.yaml"];

/// The configuration that applies to a path: the nearest upwards. The search ends at the folder with
/// `.git` (a repository is not configured from outside) or at the root of the file system.
pub fn find(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    let start = absolute.canonicalize().unwrap_or(absolute);
    for folder in start.ancestors().skip(usize::from(start.is_file())) {
        for name in FILE_NAMES {
            let candidate = folder.join(name);
            if candidate.is_file() {
                return Some(candidate);
            }
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}
