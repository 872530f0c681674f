//! Writing a file so that nobody ever sees half of it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Tells two writers of one process apart.
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// Writes to a new file beside the target and renames it: whoever reads sees the old bytes or the new
/// ones, also when this process is killed in between. A link keeps pointing where it points, the
/// permissions stay as they were, and what an earlier writer that was killed left behind is removed.
///
/// # Errors
/// When the folder can't be made, or the file can't be written or renamed; the target is then unchanged.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    fs::create_dir_all(&folder)?;
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let prefix = format!(".{name}.");
    remove_leftovers(&folder, &prefix);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let temporary = folder.join(format!("{prefix}{}-{number}{SUFFIX}", std::process::id()));
    let result = write(&temporary, &target, bytes);
    if result.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    result
}

const SUFFIX: &str = ".skillcheck-tmp";

/// How old a temporary file must be before it is taken for abandoned, in seconds: its writer may live.
const ABANDONED_AFTER: u64 = 60;

fn write(temporary: &Path, target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(temporary)?;
    file.write_all(bytes)?;
    if let Ok(old) = fs::metadata(target) {
        file.set_permissions(old.permissions())?;
    }
    file.sync_all()?;
    drop(file);
    fs::rename(temporary, target)
}

fn remove_leftovers(folder: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
        if name.starts_with(prefix) && name.ends_with(SUFFIX) && age.is_some_and(|age| age.as_secs() > ABANDONED_AFTER)
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::write_atomic;

    fn names(folder: &std::path::Path) -> Vec<String> {
        let mut names: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn writes_and_replaces_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/a.json");
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(names(path.parent().unwrap()), ["a.json"]);
        assert!(write_atomic(&folder.path().join("new"), b"x").is_err(), "a folder stands there");
        assert_eq!(names(folder.path()), ["new"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_the_mode_stays() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        std::fs::write(&real, "old").unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_atomic(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&real).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[cfg(unix)]
    #[test]
    fn what_a_killed_writer_left_is_removed_when_it_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(".a.json.1-0.skillcheck-tmp");
        std::fs::write(&left, "hal").unwrap();
        write_atomic(&folder.path().join("a.json"), b"x").unwrap();
        assert!(left.exists(), "its writer may live");
        let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
        std::fs::File::options().write(true).open(&left).unwrap().set_modified(old).unwrap();
        write_atomic(&folder.path().join("a.json"), b"x").unwrap();
        assert_eq!(names(folder.path()), ["a.json"]);
    }
}
