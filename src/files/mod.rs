//! Which files there are: one parallel walk that respects ignore files, and what each file is.

use std::path::PathBuf;

use crate::syntax::FileId;

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
}
