//! Which files there are: one parallel walk that respects ignore files, and what each file is.

mod atomic;
mod classify;
mod decode;
mod others;
mod overlay;
mod paths;
mod read;
mod stamp;
mod walk;
mod zone;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::syntax::{FileId, Place};

pub use atomic::write_atomic;
pub use classify::{FileKind, classify};
pub use others::{Allowed, OtherFile, OtherPlace};
pub use overlay::Overlay;
pub use paths::{folder_of, join_path};
pub use read::{MAX_DATA_BYTES, MAX_LINE_BYTES, MAX_SOURCE_BYTES, ReadError, read};
pub use stamp::Stamp;
pub use walk::{SkipReason, Skipped, WalkError, Walked, walk, walk_asking};
pub use zone::{Zone, is_asset, is_distribution, zone};

/// The files of a run, sorted by path.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The linted roots, as given, made absolute.
    pub roots: Vec<PathBuf>,
    /// All files that were found and not excluded.
    pub files: Vec<File>,
    /// Files of other repositories, of which only facts are known. Their ids follow those of `files`.
    pub others: Vec<OtherFile>,
}

/// A file of the run.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// The path to print: relative to the linted root (prefixed by the root's folder name when there
    /// are several roots), with `/`.
    pub path: String,
    /// Where it is on disk.
    pub absolute: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// What tells whether it is the file of the last run, where that is known.
    pub stamp: Option<Stamp>,
    /// Its content, when another one than that on disk is looked at.
    pub content: Option<Arc<[u8]>>,
    /// Where the file is now, when an older state is looked at and it has moved since.
    pub now: Option<PathBuf>,
}

impl File {
    /// Gives the file another content than that on disk.
    fn replace(&mut self, content: &Arc<[u8]>) {
        self.size = content.len() as u64;
        self.content = Some(Arc::clone(content));
    }
}

impl Tree {
    /// The file behind an id of this tree.
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    /// The file of another repository behind an id; `None` for the files of this tree.
    pub fn other(&self, id: FileId) -> Option<&OtherFile> {
        self.others.get((id.0 as usize).checked_sub(self.files.len())?)
    }

    /// What is known of a place in a file of another repository.
    pub fn other_place(&self, place: Place) -> Option<&OtherPlace> {
        self.other(place.file)?.places.get(place.span.start as usize)
    }

    /// True when an id means a file, of this repository or of another.
    pub fn knows(&self, id: FileId) -> bool {
        (id.0 as usize) < self.files.len() + self.others.len()
    }

    /// The id of the file with this printed path.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.files.binary_search_by(|f| f.path.as_str().cmp(path)).ok().map(|i| FileId(i as u32))
    }

    /// The ids of all files, in the order of their paths.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + '_ {
        (0..self.files.len()).map(|i| FileId(i as u32))
    }

    /// The folder that a finding's place is remembered relative to, whatever part of it is linted: the
    /// root of the repository (the nearest folder upwards with `.git`), else the linted folder itself.
    /// `None` when nothing is linted.
    pub fn project_root(&self) -> Option<PathBuf> {
        let common = walk::common_folder(&self.roots)?;
        let repository = common.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned);
        Some(repository.unwrap_or(common))
    }

    /// The path of a file below a folder, with `/`, where it is now; the printed path when it lies
    /// elsewhere.
    pub fn path_below(&self, folder: Option<&Path>, file: FileId) -> String {
        let Some(file) = self.files.get(file.0 as usize) else { return String::new() };
        let absolute = file.now.as_ref().unwrap_or(&file.absolute);
        match folder.and_then(|folder| absolute.strip_prefix(folder).ok()) {
            Some(below) => below.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"),
            None => file.path.clone(),
        }
    }

    /// How a path below the roots is printed; `None` for others.
    pub fn printed(&self, path: &Path) -> Option<String> {
        walk::printed(&self.roots, path)
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
