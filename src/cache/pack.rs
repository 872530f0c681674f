//! The file of a cache: a head with a checksum, a table, and the facts one after another. It is read at
//! once; a fact is decoded when somebody asks for it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rapidhash::v3::rapidhash_v3;
use serde::{Deserialize, Serialize};

use super::{Hash, format};
use crate::files::Stamp;

/// The first bytes of the file; the digit is the version of this module's layout.
const MAGIC: &[u8; 8] = b"skchk\0\x001";

/// How large a cache file may be, in bytes.
const MAX_BYTES: u64 = 256 << 20;

/// A fact that no run asks for is forgotten after so many that wrote the file.
const MAX_AGE: u8 = 16;

/// Facts that were not asked for may always take this much, in bytes.
const MIN_IDLE: usize = 1 << 20;

/// What a cache file says.
#[derive(Debug, Default)]
pub(super) struct Pack {
    bytes: Vec<u8>,
    facts: HashMap<Hash, Fact>,
    stamps: HashMap<String, (Stamp, Hash)>,
}

#[derive(Debug)]
struct Fact {
    start: usize,
    length: usize,
    /// How many runs in a row did not ask for it.
    age: u8,
    used: AtomicBool,
}

#[derive(Default, Serialize, Deserialize)]
struct Table {
    /// Key, length and age of each fact, in the order of the facts.
    facts: Vec<(Hash, u32, u8)>,
    /// By absolute path.
    stamps: Vec<(String, Stamp, Hash)>,
}

impl Pack {
    /// Reads a file; `None` when there is none, or none of this build, or a damaged one.
    pub(super) fn read(place: &Path) -> Option<Pack> {
        let metadata = std::fs::metadata(place).ok()?;
        if !metadata.is_file() || metadata.len() > MAX_BYTES {
            return None;
        }
        Pack::parse(std::fs::read(place).ok()?)
    }

    fn parse(bytes: Vec<u8>) -> Option<Pack> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (checksum, rest) = rest.split_first_chunk::<8>()?;
        if rapidhash_v3(rest) != u64::from_le_bytes(*checksum) {
            return None;
        }
        let ((made_by, table), facts): ((&str, Table), &[u8]) = postcard::take_from_bytes(rest).ok()?;
        if made_by != format() {
            return None;
        }
        let mut start = bytes.len() - facts.len();
        let mut known = HashMap::with_capacity(table.facts.len());
        for (key, length, age) in table.facts {
            let length = length as usize;
            bytes.get(start..start.checked_add(length)?)?;
            known.insert(key, Fact { start, length, age, used: AtomicBool::new(false) });
            start += length;
        }
        let stamps = table.stamps.into_iter().map(|(path, stamp, hash)| (path, (stamp, hash))).collect();
        Some(Pack { facts: known, stamps, bytes })
    }

    /// The bytes of a fact.
    pub(super) fn get(&self, key: Hash) -> Option<&[u8]> {
        let fact = self.facts.get(&key)?;
        fact.used.store(true, Ordering::Relaxed);
        self.bytes.get(fact.start..fact.start + fact.length)
    }

    /// What was known of the file at an absolute path.
    pub(super) fn stamp(&self, path: &str) -> Option<(Stamp, Hash)> {
        self.stamps.get(path).copied()
    }

    /// How many facts and files it knows.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.facts.len(), self.stamps.len())
    }

    /// The bytes of a new file: what was used of this one, what is new, and of what was not used the
    /// youngest, at most about as much again (another branch may need it tomorrow).
    pub(super) fn with(&self, fresh: &HashMap<Hash, Arc<[u8]>>, stamps: &BTreeMap<String, (Stamp, Hash)>) -> Vec<u8> {
        let mut facts: Vec<(Hash, u8, &[u8])> = fresh.iter().map(|(key, bytes)| (*key, 0, &**bytes)).collect();
        let mut idle = Vec::new();
        for (key, fact) in self.facts.iter().filter(|(key, _)| !fresh.contains_key(key)) {
            let Some(bytes) = self.bytes.get(fact.start..fact.start + fact.length) else { continue };
            match fact.used.load(Ordering::Relaxed) {
                true => facts.push((*key, 0, bytes)),
                false if fact.age < MAX_AGE => idle.push((*key, fact.age + 1, bytes)),
                false => {}
            }
        }
        let mut room: usize = MIN_IDLE + facts.iter().map(|(_, _, bytes)| bytes.len()).sum::<usize>();
        idle.sort_unstable_by_key(|(key, age, _)| (*age, *key));
        for fact in idle {
            room = room.saturating_sub(fact.2.len());
            if room == 0 {
                break;
            }
            facts.push(fact);
        }
        facts.sort_unstable_by_key(|(key, _, _)| *key);
        let table = Table {
            facts: facts.iter().map(|(key, age, bytes)| (*key, bytes.len() as u32, *age)).collect(),
            stamps: stamps.iter().map(|(path, (stamp, hash))| (path.clone(), *stamp, *hash)).collect(),
        };
        // Vectors of plain data always serialise.
        let head = postcard::to_allocvec(&(format(), table)).unwrap_or_default();
        let mut out = Vec::with_capacity(head.len() + 16 + facts.iter().map(|(_, _, b)| b.len()).sum::<usize>());
        out.extend(MAGIC);
        out.extend([0; 8]);
        out.extend(head);
        facts.iter().for_each(|(_, _, bytes)| out.extend(*bytes));
        let checksum = rapidhash_v3(&out[16..]);
        out[8..16].copy_from_slice(&checksum.to_le_bytes());
        if out.len() as u64 > MAX_BYTES {
            out.clear();
        }
        out
    }
}
