//! What is going to be done to files, so that it can be shown before it is done.

use std::io;
use std::path::{Path, PathBuf};

use crate::files::write_atomic;

/// What happens to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// It is written; there was none, or a part of it changes.
    Write(Vec<u8>),
    /// Its text is replaced by ours.
    Overwrite(Vec<u8>),
    /// It is removed.
    Remove,
    /// It is as it should be.
    Same,
    /// It is left alone, and why.
    Keep(String),
}

/// A file and what happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Relative to the folder that is set up.
    pub(super) path: PathBuf,
    /// What is there now.
    pub(super) before: Option<Vec<u8>>,
    /// What happens.
    pub(super) what: What,
}

/// Why nothing is done at all.
#[derive(Debug)]
pub(super) struct Fault {
    /// What can't be read, written or changed.
    pub(super) path: PathBuf,
    /// Why, without a full stop.
    pub(super) reason: String,
}

impl Fault {
    pub(super) fn new(path: &Path, reason: impl Into<String>) -> Self {
        Fault { path: path.to_owned(), reason: reason.into() }
    }
}

impl Change {
    /// Leaves a file alone.
    pub(super) fn keep(path: &Path, before: Option<Vec<u8>>, why: impl Into<String>) -> Self {
        Change { path: path.to_owned(), before, what: What::Keep(why.into()) }
    }

    /// A file whose text becomes this; empty text removes it.
    pub(super) fn text(path: &Path, before: Option<String>, after: String) -> Self {
        let what = match &before {
            Some(before) if *before == after => What::Same,
            Some(_) if after.trim().is_empty() => What::Remove,
            None if after.is_empty() => What::Same,
            _ => What::Write(after.into_bytes()),
        };
        Change { path: path.to_owned(), before: before.map(String::into_bytes), what }
    }

    /// A file that is ours alone. One that somebody changed is kept unless `force`.
    ///
    /// # Errors
    /// When the file can't be read.
    pub(super) fn own(path: &Path, ours: &[u8], remove: bool, force: bool) -> Result<Self, Fault> {
        let before = read(path)?;
        let what = match (&before, remove) {
            (None, false) => What::Write(ours.to_owned()),
            (None, true) => What::Same,
            (Some(before), false) if before == ours => What::Same,
            (Some(before), true) if force || before == ours => What::Remove,
            (Some(_), false) if force => What::Overwrite(ours.to_owned()),
            (Some(_), false) => What::Keep("it was changed; --force overwrites it".to_owned()),
            (Some(_), true) => What::Keep("it was changed; --force removes it".to_owned()),
        };
        Ok(Change { path: path.to_owned(), before, what })
    }

    /// Does it. Folders that become empty go too.
    ///
    /// # Errors
    /// When the file can't be written or removed.
    pub(super) fn apply(&self) -> Result<(), Fault> {
        let fault = |error: io::Error| Fault::new(&self.path, error.to_string());
        match &self.what {
            What::Write(bytes) | What::Overwrite(bytes) => write_atomic(&self.path, bytes).map_err(fault),
            What::Remove => {
                std::fs::remove_file(&self.path).map_err(fault)?;
                // Ends at the first folder that holds something else.
                for folder in self.path.ancestors().skip(1).take_while(|folder| !folder.as_os_str().is_empty()) {
                    if std::fs::remove_dir(folder).is_err() {
                        break;
                    }
                }
                Ok(())
            }
            What::Same | What::Keep(_) => Ok(()),
        }
    }

    /// The text afterwards, for a diff.
    pub(super) fn after(&self) -> Option<&[u8]> {
        match &self.what {
            What::Write(bytes) | What::Overwrite(bytes) => Some(bytes),
            What::Remove => None,
            What::Same | What::Keep(_) => self.before.as_deref(),
        }
    }
}

/// The bytes of a file, `None` when there is none.
///
/// # Errors
/// When it can't be read.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, Fault> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Fault::new(path, error.to_string())),
    }
}

/// The text of a file, `None` when there is none.
///
/// # Errors
/// When it can't be read or is no UTF-8.
pub(super) fn read_text(path: &Path) -> Result<Option<String>, Fault> {
    let bytes = read(path)?;
    bytes.map(|bytes| String::from_utf8(bytes).map_err(|_| Fault::new(path, "it is not UTF-8 text"))).transpose()
}
