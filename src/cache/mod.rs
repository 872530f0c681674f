//! What was found out about files, kept from one run to the next.
//!
//! A fact is what a pure function makes of a file's path and content, so it is kept by a hash of the two,
//! whatever the configuration says and whether or not the file has findings. Everything that joins files
//! is computed anew in each run: a run with a cache gives the same bytes as one without.
//!
//! The cache of a repository is one file outside of it (see [`folder`]): a warm run opens one file, not
//! hundreds. A file whose size, times and number are those of the last run is not even read (see
//! [`Stamp`]). A cache that is damaged, or that another build wrote, is an empty one.

pub mod folder;
mod pack;

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use rapidhash::v3::{RapidSecrets, rapidhash_v3_seeded};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::files::{self, File, ReadError, Stamp};
use pack::Pack;

/// A hash of a content, or of what makes a fact the one it is: two hashes, so that no two of them are
/// ever the same by chance.
type Hash = u128;

/// Which function made a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Station {
    /// What the words of a source file say: whether it matters, what it imports, its suppressions.
    Words = 0,
    /// The module of a source file.
    Module = 1,
    /// What a file says about deployment.
    Deployment = 2,
    /// The suppressions of a file that is no source code.
    Suppressions = 3,
    /// Whether a data file is an OpenAPI document; from which one a source file was generated.
    Contract = 4,
}

/// What is known about files. Shared by all threads of a run, and by several runs of one process.
#[derive(Debug)]
pub struct Cache {
    /// The file it comes from and goes to; `None` for one that lives only as long as the process.
    place: Option<PathBuf>,
    pack: Pack,
    /// When the run began: what changed since then, or just before, may change again unseen.
    started: SystemTime,
    fresh: Mutex<Fresh>,
    changed: AtomicBool,
}

/// What this run found out.
#[derive(Debug, Default)]
struct Fresh {
    facts: HashMap<Hash, Arc<[u8]>>,
    /// By absolute path.
    stamps: BTreeMap<String, (Stamp, Hash)>,
}

impl Default for Cache {
    fn default() -> Self {
        Cache::in_memory()
    }
}

impl Cache {
    /// A cache that knows nothing and is not kept.
    pub fn in_memory() -> Self {
        Cache {
            place: None,
            pack: Pack::default(),
            started: SystemTime::now(),
            fresh: Mutex::default(),
            changed: AtomicBool::new(false),
        }
    }

    /// The cache of these linted paths. One that is damaged is empty, and is replaced.
    pub fn open(paths: &[PathBuf]) -> Self {
        match folder::file_for(paths) {
            Some(place) => Cache::at(place),
            None => Cache::in_memory(),
        }
    }

    /// The cache in a file.
    pub fn at(place: PathBuf) -> Self {
        let pack = Pack::read(&place);
        let damaged = pack.is_none() && place.exists();
        Cache {
            pack: pack.unwrap_or_default(),
            place: Some(place),
            changed: AtomicBool::new(damaged),
            ..Cache::in_memory()
        }
    }

    /// A file, whose facts are to be known.
    pub fn entry<'a>(&'a self, file: &'a File) -> Entry<'a> {
        Entry { cache: self, file, text: OnceCell::new(), hash: OnceCell::new() }
    }

    fn fresh(&self) -> MutexGuard<'_, Fresh> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get<T: DeserializeOwned>(&self, key: Hash) -> Option<T> {
        if let Some(bytes) = self.pack.get(key) {
            return postcard::from_bytes(bytes).ok();
        }
        let bytes = self.fresh().facts.get(&key).cloned()?;
        postcard::from_bytes(&bytes).ok()
    }

    fn put<T: Serialize>(&self, key: Hash, fact: &T) {
        if let Ok(bytes) = postcard::to_allocvec(fact) {
            self.fresh().facts.insert(key, Arc::from(bytes));
            self.changed.store(true, Ordering::Relaxed);
        }
    }

    /// Keeps what this run found out for the next one. That it can't be written is no fault of the run:
    /// the next one only takes longer.
    pub fn save(&self) {
        let Some(place) = &self.place else { return };
        if !self.changed.load(Ordering::Relaxed) {
            return;
        }
        let fresh = std::mem::take(&mut *self.fresh());
        let bytes = self.pack.with(&fresh.facts, &fresh.stamps);
        folder::write(place, &bytes);
    }
}

/// A file and what is known about it. It is read at most once, and only when something is not known.
pub struct Entry<'a> {
    cache: &'a Cache,
    file: &'a File,
    text: OnceCell<Result<String, ReadError>>,
    hash: OnceCell<Option<Hash>>,
}

impl Entry<'_> {
    /// What `compute` makes of the text, or of the reason why there is none: from the cache when it is
    /// known there. `compute` may look at the text and at the file's path, at nothing else.
    pub fn fact<T: Serialize + DeserializeOwned>(
        &self,
        station: Station,
        compute: impl FnOnce(Result<&str, &ReadError>) -> T,
    ) -> T {
        let key = self.hash().map(|content| self.key(station, content));
        if let Some(known) = key.and_then(|key| self.cache.get(key)) {
            return known;
        }
        let fact = compute(self.text().as_ref().map(String::as_str));
        if let Some(key) = key {
            self.cache.put(key, &fact);
        }
        fact
    }

    fn key(&self, station: Station, content: Hash) -> Hash {
        let mut bytes = content.to_le_bytes().to_vec();
        bytes.push(station as u8);
        bytes.extend(self.file.path.as_bytes());
        hash(&bytes)
    }

    fn text(&self) -> &Result<String, ReadError> {
        self.text.get_or_init(|| files::read(self.file))
    }

    /// The hash of the content; `None` when there is none that could be hashed: it is too large, or can't
    /// be read.
    fn hash(&self) -> Option<Hash> {
        *self.hash.get_or_init(|| {
            if self.file.content.is_some() {
                return self.hash_text();
            }
            let name = self.file.absolute.to_str()?;
            let stamp = self.file.stamp;
            if let (Some(stamp), Some((old, hash))) = (stamp, self.cache.pack.stamp(name))
                && stamp == old
            {
                self.cache.fresh().stamps.insert(name.to_owned(), (stamp, hash));
                return Some(hash);
            }
            let hash = self.hash_text()?;
            if let Some(stamp) = stamp.filter(|stamp| stamp.is_settled(self.cache.started)) {
                self.cache.fresh().stamps.insert(name.to_owned(), (stamp, hash));
                self.cache.changed.store(true, Ordering::Relaxed);
            }
            Some(hash)
        })
    }

    fn hash_text(&self) -> Option<Hash> {
        match self.text() {
            Ok(text) => Some(hash(text.as_bytes())),
            // Its bytes are not at hand, and finding the same fault again costs one read.
            Err(_) => None,
        }
    }
}

fn hash(bytes: &[u8]) -> Hash {
    const SECRETS: [RapidSecrets; 2] = [RapidSecrets::seed(0x736b_696c_6c63), RapidSecrets::seed(0x6865_636b)];
    let [high, low] = SECRETS.each_ref().map(|secrets| rapidhash_v3_seeded(bytes, secrets));
    (Hash::from(high) << 64) | Hash::from(low)
}

/// The version of everything that makes facts: a cache of another one is not read.
pub(crate) fn format() -> &'static str {
    env!("SKILLCHECK_FACTS")
}

/// How large the cache file of these paths is, in bytes, and how many facts and files it knows; `None` when
/// there is none that can be read.
pub fn contents(place: &Path) -> Option<(u64, usize, usize)> {
    let size = std::fs::metadata(place).ok()?.len();
    let pack = Pack::read(place)?;
    let (facts, stamps) = pack.counts();
    Some((size, facts, stamps))
}

#[cfg(test)]
mod tests;
