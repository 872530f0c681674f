//! Where caches are: never in the repository. `$SKILLCHECK_CACHE_DIR`, else the folder that the system has
//! for it (`$XDG_CACHE_HOME/skillcheck`, `~/.cache/skillcheck`; on Windows `%LOCALAPPDATA%\skillcheck`).

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{format, hash};
use crate::files::write_atomic;

/// How much all caches together may take, in bytes.
const MAX_TOTAL: u64 = 1 << 30;

/// A cache that nobody wrote or read for so long is removed.
const MAX_IDLE: Duration = Duration::from_secs(30 * 24 * 3600);

/// How the files of the folder end; nothing else in it is ever removed.
const ENDING: &str = "skillcheck-cache";

/// The folder of all caches; `None` when the environment names none.
pub fn path() -> Option<PathBuf> {
    path_for(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

fn path_for(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if let Some(folder) = variable("SKILLCHECK_CACHE_DIR") {
        return std::path::absolute(folder).ok();
    }
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let system = if cfg!(windows) {
        absolute("LOCALAPPDATA")
    } else {
        // A relative path in it is to be ignored: <https://specifications.freedesktop.org/basedir/latest/>
        absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))
    };
    Some(system?.join("skillcheck"))
}

/// The cache of these linted paths: one for each set of paths and each build.
pub fn file_for(paths: &[PathBuf]) -> Option<PathBuf> {
    let mut roots: Vec<_> = paths.iter().map(|path| path.canonicalize().ok()).collect::<Option<_>>()?;
    roots.sort();
    let mut name: Vec<u8> = format().as_bytes().to_vec();
    for root in roots {
        name.push(0);
        name.extend(root.as_os_str().as_encoded_bytes());
    }
    Some(path()?.join(format!("{:032x}.{ENDING}", hash(&name))))
}

/// Writes a cache file, and removes others when there are too many.
pub(super) fn write(place: &Path, bytes: &[u8]) {
    if bytes.is_empty() || write_atomic(place, bytes).is_err() {
        return;
    }
    if let Some(folder) = place.parent() {
        tidy(folder, place, MAX_TOTAL);
    }
}

/// Removes what is idle, and the oldest until the rest is small enough.
fn tidy(folder: &Path, keep: &Path, most: u64) {
    let mut files = caches(folder);
    files.sort_by_key(|(_, _, time)| std::cmp::Reverse(*time));
    let mut total = 0;
    for (path, size, time) in files {
        total += size;
        let idle = SystemTime::now().duration_since(time).is_ok_and(|idle| idle > MAX_IDLE);
        if path != keep && (idle || total > most) {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// The cache files of a folder: path, bytes, last change.
fn caches(folder: &Path) -> Vec<(PathBuf, u64, SystemTime)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let ours = |path: &Path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // What a writer that was killed left behind is ours too.
        name.ends_with(&format!(".{ENDING}")) || name.contains(&format!(".{ENDING}."))
    };
    entries
        .flatten()
        .filter(|entry| ours(&entry.path()))
        .filter_map(|entry| {
            let metadata = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
            Some((entry.path(), metadata.len(), metadata.modified().ok()?))
        })
        .collect()
}

/// How many caches there are, and their bytes.
pub fn total() -> (usize, u64) {
    let files = path().map(|folder| caches(&folder)).unwrap_or_default();
    (files.len(), files.iter().map(|(_, size, _)| size).sum())
}

/// Removes all caches; how many there were, and their bytes.
///
/// # Errors
/// When a file can't be removed.
pub fn clean() -> std::io::Result<(usize, u64)> {
    let mut removed = (0, 0);
    for (path, size, _) in path().map(|folder| caches(&folder)).unwrap_or_default() {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => removed = (removed.0 + 1, removed.1 + size),
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_folder_is_the_one_that_the_environment_names() {
        let at = |variables: &[(&str, &str)]| {
            path_for(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
        };
        let home = ("HOME", "/home/a");
        assert_eq!(at(&[home]), Some("/home/a/.cache/skillcheck".into()));
        assert_eq!(at(&[home, ("XDG_CACHE_HOME", "/c")]), Some("/c/skillcheck".into()));
        assert_eq!(at(&[home, ("XDG_CACHE_HOME", "c")]), Some("/home/a/.cache/skillcheck".into()));
        assert_eq!(at(&[home, ("SKILLCHECK_CACHE_DIR", "/d")]), Some("/d".into()));
        assert_eq!(at(&[]), None);
    }

    #[test]
    fn the_folder_stays_small_and_what_is_not_ours_stays() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, age: u64, size: usize| {
            let path = folder.path().join(name);
            std::fs::write(&path, vec![0; size]).unwrap();
            let time = SystemTime::now() - Duration::from_secs(age);
            std::fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
            path
        };
        let new = make("a.skillcheck-cache", 1, 40);
        let second = make("b.skillcheck-cache", 100, 40);
        let third = make("c.skillcheck-cache", 200, 40);
        let idle = make("d.skillcheck-cache", 40 * 24 * 3600, 1);
        let left = make(".a.skillcheck-cache.7-0.skillcheck-tmp", 41 * 24 * 3600, 1);
        let other = make("notes.txt", 40 * 24 * 3600, 400);
        tidy(folder.path(), &new, 100);
        let there = [&new, &second, &third, &idle, &left, &other].map(|path| path.exists());
        assert_eq!(there, [true, true, false, false, false, true]);
    }
}
