//! What the hook remembers of a session: a small file outside the tree, one for each session and
//! repository.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use crate::files::write_atomic;

/// Sessions that were not touched for longer are forgotten, in seconds: four weeks.
const KEPT: u64 = 28 * 86_400;

/// How long to wait for another hook of the same session. Hooks of one message run at the same time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Raised when an older skillcheck could not read the file.
const VERSION: u32 = 1;

/// What is known about a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    version: u32,
    /// The root of the repository, for people who look into the file.
    pub(super) repository: String,
    /// Fingerprints of what is not the agent's doing: it was there when the session began, or the user
    /// wrote it since. `None` until the first look.
    pub(super) baseline: Option<BTreeSet<String>>,
    /// What else the last look found: the agent's doing.
    pub(super) seen: BTreeSet<String>,
    /// What the agent was told.
    pub(super) told: BTreeSet<String>,
    /// What the agent (by the name of the subagent) was kept from stopping for.
    pub(super) blocked: BTreeMap<String, BTreeSet<String>>,
    /// The files at the last look.
    pub(super) stamp: Option<u64>,
    /// The commit at the last look.
    pub(super) head: Option<String>,
    /// Faults that were reported.
    pub(super) faults: BTreeSet<String>,
}

/// Where sessions are kept.
#[derive(Clone, Debug)]
pub(super) struct Store {
    folder: PathBuf,
}

/// A session that nobody else changes as long as this lives.
pub(super) struct Held {
    file: PathBuf,
    /// The lock ends with it, also when the process is killed.
    _lock: Option<File>,
    pub(super) session: Session,
}

impl Store {
    /// The plugin's own folder when the agent names one, else the user's folder for caches.
    pub(super) fn of_this_user() -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = || variable("HOME").or_else(|| variable("USERPROFILE"));
        let cache = || {
            variable("XDG_CACHE_HOME").or_else(|| variable("LOCALAPPDATA")).or_else(|| {
                match cfg!(target_os = "macos") {
                    true => Some(home()?.join("Library/Caches")),
                    false => Some(home()?.join(".cache")),
                }
            })
        };
        let folder = variable("CLAUDE_PLUGIN_DATA")
            .or_else(|| Some(cache()?.join("skillcheck")))
            .unwrap_or_else(|| std::env::temp_dir().join("skillcheck"));
        Store { folder: folder.join("sessions") }
    }

    /// A store in a folder.
    #[cfg(test)]
    pub(super) fn at(folder: &Path) -> Self {
        Store { folder: folder.to_owned() }
    }

    /// Takes a session. Another hook of the same session waits; when it waits too long it goes on
    /// without, since a lost note is better than a session that hangs.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub(super) fn hold(&self, session: &str, repository: &Path) -> std::io::Result<Held> {
        std::fs::create_dir_all(&self.folder)?;
        let key = format!("{session}\0{}", repository.display());
        let name = format!("{:016x}", rapidhash::v3::rapidhash_v3(key.as_bytes()));
        let lock = lock(&self.folder.join(format!("{name}.lock")));
        let file = self.folder.join(format!("{name}.json"));
        let read = std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice::<Session>(&bytes).ok());
        let mut session = read.filter(|session| session.version == VERSION).unwrap_or_default();
        session.version = VERSION;
        session.repository = repository.display().to_string();
        Ok(Held { file, _lock: lock, session })
    }

    /// Forgets sessions that were not touched for long.
    pub(super) fn forget_old(&self) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let age = entry.metadata().and_then(|data| data.modified()).ok();
            let age = age.and_then(|time| SystemTime::now().duration_since(time).ok());
            let name = entry.file_name();
            let ours = [".json", ".lock"].iter().any(|ending| name.to_string_lossy().ends_with(ending));
            if ours && age.is_some_and(|age| age.as_secs() > KEPT) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

fn lock(path: &Path) -> Option<File> {
    let file = File::options().create(true).append(true).open(path).ok()?;
    let began = Instant::now();
    while file.try_lock().is_err() {
        if began.elapsed() > PATIENCE {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Some(file)
}

impl Held {
    /// Writes the session.
    ///
    /// # Errors
    /// When the file can't be written; the old one is then unchanged.
    pub(super) fn save(&self) -> std::io::Result<()> {
        // Strings, numbers and maps of strings always serialise.
        write_atomic(&self.file, &serde_json::to_vec(&self.session).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use super::{Session, Store};

    #[test]
    fn a_session_of_a_repository_is_remembered_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let mut held = store.hold("s", Path::new("/a")).unwrap();
        held.session.told.insert("1".into());
        held.save().unwrap();
        let told = held.session.told.clone();
        drop(held);
        assert_eq!(store.hold("s", Path::new("/a")).unwrap().session.told, told);
        assert!(store.hold("s", Path::new("/b")).unwrap().session.told.is_empty());
        assert!(store.hold("t", Path::new("/a")).unwrap().session.told.is_empty());
    }

    #[test]
    fn a_broken_file_is_a_new_session() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let held = store.hold("s", Path::new("/a")).unwrap();
        std::fs::write(&held.file, "{\"version\": 1, \"told\"").unwrap();
        drop(held);
        let held = store.hold("s", Path::new("/a")).unwrap();
        let fresh = Session { version: 1, repository: "/a".into(), ..Session::default() };
        assert_eq!(held.session, fresh);
    }

    #[test]
    fn two_hooks_of_a_session_wait_for_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        std::thread::scope(|scope| {
            for n in 0..8 {
                let store = &store;
                scope.spawn(move || {
                    let mut held = store.hold("s", Path::new("/a")).unwrap();
                    std::thread::sleep(Duration::from_millis(3));
                    held.session.told.insert(n.to_string());
                    held.save().unwrap();
                });
            }
        });
        assert_eq!(store.hold("s", Path::new("/a")).unwrap().session.told.len(), 8);
    }

    #[test]
    fn old_sessions_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        for session in ["old", "new"] {
            store.hold(session, Path::new("/a")).unwrap().save().unwrap();
        }
        let old = store.hold("old", Path::new("/a")).unwrap().file.clone();
        let long_ago = SystemTime::now() - Duration::from_secs(60 * 86_400);
        std::fs::File::options().append(true).open(&old).unwrap().set_modified(long_ago).unwrap();
        std::fs::write(folder.path().join("notes.txt"), "not ours").unwrap();
        store.forget_old();
        assert!(!old.exists());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4, "one session, two locks, the notes");
    }
}
