//! Which files there are: one parallel walk that respects ignore files, and what each file is.

mod classify;
mod paths;
mod read;
mod walk;
mod zone;

use std::path::PathBuf;

use crate::syntax::FileId;

pub use classify::{FileKind, classify};
pub use paths::{folder_of, join_path};
pub use read::{MAX_DATA_BYTES, MAX_LINE_BYTES, MAX_SOURCE_BYTES, ReadError, read};
pub use walk::{SkipReason, Skipped, WalkError, Walked, walk};
pub use zone::{Zone, is_asset, is_distribution, zone};

/// The files of a run, sorted by path.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The linted roots, as given, made absolute.
    pub roots: Vec<PathBuf>,
    /// All files that were found and not excluded.
    pub files: Vec<File>,
}

/// A file of the run.
#[derive(Clone, Debug)]
pub struct File {
    /// The path to print: relative to the linted root (prefixed by the root's folder name when there
    /// are several roots), with `/`.
    pub path: String,
    /// Where it is on disk.
    pub absolute: PathBuf,
    /// Its size in bytes.
    pub size: u64,
}

impl Tree {
    /// The file behind an id of this tree.
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    /// The id of the file with this printed path.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.files.binary_search_by(|f| f.path.as_str().cmp(path)).ok().map(|i| FileId(i as u32))
    }

    /// The ids of all files, in the order of their paths.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + '_ {
        (0..self.files.len()).map(|i| FileId(i as u32))
    }

    /// True when the tree has a file inside this folder (a printed path; empty for the root).
    pub fn has_folder(&self, folder: &str) -> bool {
        if folder.is_empty() {
            return !self.files.is_empty();
        }
        let prefix = format!("{folder}/");
        let at = self.files.partition_point(|file| file.path.as_str() < prefix.as_str());
        self.files.get(at).is_some_and(|file| file.path.starts_with(&prefix))
    }
}
