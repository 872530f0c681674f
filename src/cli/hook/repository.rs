//! The repository an agent works in: its root, whether its files changed, and what came from elsewhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::config;
use crate::files;

/// The root of what is checked: the nearest folder upwards with `.git` or a configuration, else the
/// folder itself. `None` for a whole disk or a home folder, which nobody wants to wait for.
pub(super) fn root(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok().filter(|folder| folder.is_dir())?;
    let marked = |folder: &&Path| {
        folder.join(".git").exists() || config::FILE_NAMES.iter().any(|name| folder.join(name).is_file())
    };
    if let Some(root) = folder.ancestors().find(marked) {
        // A configuration below the root of a repository configures a part of it.
        let repository = root.ancestors().find(|folder| folder.join(".git").exists());
        return Some(repository.unwrap_or(root).to_owned());
    }
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")).map(PathBuf::from);
    let is_home = home.and_then(|home| home.canonicalize().ok()).is_some_and(|home| home == folder);
    (!is_home && folder.parent().is_some()).then_some(folder)
}

/// A number that changes when a file of the tree does: over the path, size and time of each.
pub(super) fn stamp(tree: &files::Tree) -> u64 {
    let mut key = Vec::with_capacity(tree.files.len() * 64);
    for file in &tree.files {
        let modified = std::fs::metadata(&file.absolute).and_then(|data| data.modified()).ok();
        let modified = modified.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        key.extend(file.path.as_bytes());
        key.push(0);
        key.extend(file.size.to_le_bytes());
        key.extend(modified.map_or(0, |time| time.as_nanos()).to_le_bytes());
    }
    rapidhash::v3::rapidhash_v3(&key)
}

/// The stamp of the files as they are now.
pub(super) fn stamp_now(root: &Path) -> u64 {
    stamp(&files::walk(&[root.to_owned()], &globset::GlobSet::empty()).tree)
}

/// The commit that is checked out; `None` without git or without a commit.
pub(super) fn head(root: &Path) -> Option<String> {
    let head = git(root, &["rev-parse", "--verify", "--quiet", "HEAD"])?;
    Some(head.trim().to_owned()).filter(|head| !head.is_empty())
}

/// The files (relative to the root, with `/`) that came from elsewhere since a commit was checked out:
/// by a pull, a merge, a rebase, another branch. What was committed here is the agent's own.
pub(super) fn fetched(root: &Path, since: &str) -> BTreeSet<String> {
    let log = git(root, &["reflog", "show", "-n", "200", "--format=%H%x09%gs", "HEAD"]).unwrap_or_default();
    let mut moves = log.lines().filter_map(|line| line.split_once('\t')).take_while(|(commit, _)| *commit != since);
    if moves.all(|(_, how)| how.starts_with("commit")) {
        return BTreeSet::new();
    }
    let changed = git(root, &["diff", "--name-only", "-z", "--no-renames", since, "HEAD"]).unwrap_or_default();
    changed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect()
}

/// Runs git; `None` when it is missing or fails.
fn git(root: &Path, args: &[&str]) -> Option<String> {
    if !root.join(".git").exists() {
        return None;
    }
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["-c", "core.quotePath=false"])
        .args(args)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::{fetched, head, root, stamp_now};

    fn git(folder: &Path, args: &[&str]) {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").arg("-C").arg(folder).args(identity).args(args).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn the_root_is_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(top.join("a/b")).unwrap();
        assert_eq!(root(&top.join("a/b")), Some(top.join("a/b")), "without git the folder itself");
        std::fs::write(top.join("a/skillcheck.yaml"), "").unwrap();
        assert_eq!(root(&top.join("a/b")), Some(top.join("a")));
        std::fs::create_dir(top.join(".git")).unwrap();
        assert_eq!(root(&top.join("a/b")), Some(top.clone()));
        assert_eq!(root(&top.join("missing")), None);
        assert_eq!(root(Path::new("/")), None);
    }

    #[test]
    fn the_stamp_follows_the_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.py"), "x").unwrap();
        let before = stamp_now(folder.path());
        assert_eq!(stamp_now(folder.path()), before);
        std::fs::write(folder.path().join("a.py"), "xy").unwrap();
        assert_ne!(stamp_now(folder.path()), before);
    }

    #[test]
    fn what_a_merge_brings_is_not_the_agents() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        git(top, &["init", "-q", "-b", "main"]);
        assert_eq!(head(top), None);
        let commit = |name: &str| {
            std::fs::write(top.join(name), "x").unwrap();
            git(top, &["add", "."]);
            git(top, &["commit", "-q", "-m", name]);
        };
        commit("a.py");
        git(top, &["checkout", "-q", "-b", "other"]);
        commit("b.py");
        git(top, &["checkout", "-q", "main"]);
        let start = head(top).unwrap();
        commit("c.py");
        assert!(fetched(top, &start).is_empty(), "a commit made here");
        let own = head(top).unwrap();
        git(top, &["merge", "-q", "--no-edit", "other"]);
        assert_eq!(fetched(top, &own).into_iter().collect::<Vec<_>>(), ["b.py"]);
    }
}
