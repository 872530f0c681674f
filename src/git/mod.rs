//! What changed, as git tells: by calling `git`, reading only. Nothing here touches the work tree, the
//! index or the objects, asks the network, or runs a program that the repository's configuration names.

mod command;
mod raw;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::files::Overlay;
use command::Git;
use raw::{Entry, Status};

pub use command::GitError;

/// What is compared with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The work tree (index and untracked files included) with the last commit.
    WorkTree,
    /// The index with the last commit; the work tree does not matter.
    Staged,
    /// The work tree with the commit at which this branch left another.
    Since(String),
    /// One commit with an earlier one; the work tree does not matter.
    Between(String, String),
}

/// A change.
#[derive(Debug, Default)]
pub struct Change {
    /// How the files of the new state differ from those on disk: nothing, except for [`Comparison::Staged`].
    pub new: Overlay,
    /// How the files of the old state differ from those on disk.
    pub old: Overlay,
    /// The files of the new state that changed, by their absolute path, with the text they had before;
    /// `None` for new files.
    pub files: BTreeMap<PathBuf, Option<Arc<[u8]>>>,
    /// There was no commit before: everything is new.
    pub is_first: bool,
}

/// Asks git what changed in the repository that holds these paths.
///
/// # Errors
/// See [`GitError`].
pub fn change(paths: &[PathBuf], comparison: &Comparison) -> Result<Change, GitError> {
    let git = repository(paths)?;
    let base = match comparison {
        Comparison::WorkTree | Comparison::Staged => git.head()?,
        Comparison::Since(reference) => Some(git.merge_base(reference)?),
        Comparison::Between(old, new) => return between(&git, old, new),
    };
    let mut change = Change { is_first: base.is_none(), ..Change::default() };
    let untracked = git.untracked()?;
    // Index and work tree differ in these; where the index counts, it hides what is on disk.
    if *comparison == Comparison::Staged {
        let unstaged = raw::parse(&git.diff(&[])?)?;
        overlay(&git, &mut change.new, &unstaged)?;
        untracked.iter().for_each(|path| change.new.remove(git.absolute(path)));
    }
    let Some(base) = base else { return Ok(change) };
    let mut arguments = vec![base.as_str()];
    if *comparison == Comparison::Staged {
        arguments.insert(0, "--cached");
    }
    let entries = raw::parse(&git.diff(&arguments)?)?;
    change.old = change.new.clone();
    if *comparison != Comparison::Staged {
        for path in &untracked {
            change.files.insert(git.absolute(path), None);
            change.old.remove(git.absolute(path));
        }
    }
    overlay(&git, &mut change.old, &entries)?;
    for entry in &entries {
        if entry.status != Status::Deleted {
            let before = change.old.content(&git.absolute(&entry.old_path)).filter(|_| entry.status != Status::Added);
            change.files.insert(git.absolute(&entry.new_path), before);
        }
    }
    Ok(change)
}

/// True when the repository that holds this path knows files there; `None` when there is no repository, or no
/// `git` to ask.
pub fn is_tracked(path: &Path) -> Option<bool> {
    Git::at(Git::find(path).ok()?).has(path).ok()
}

/// The states of the tags after one commit up to another (`None`: HEAD), the newest first: how their files
/// differ from those on disk.
///
/// # Errors
/// See [`GitError`].
pub fn tagged(paths: &[PathBuf], from: &str, to: Option<&str>) -> Result<Vec<(String, Overlay)>, GitError> {
    let git = repository(paths)?;
    let from = match to {
        Some(_) => git.named(from)?,
        None => git.merge_base(from)?,
    };
    // What is on disk may differ from the newest commit.
    let is_disk = to.is_none();
    let to = git.named(to.unwrap_or("HEAD"))?;
    let untracked = git.untracked()?;
    let state = |tag: String| {
        let mut state = Overlay::default();
        untracked.iter().for_each(|path| state.remove(git.absolute(path)));
        let commit = git.named(&tag)?;
        if is_disk || commit != to {
            overlay(&git, &mut state, &raw::parse(&git.diff(&[&commit])?)?)?;
            return Ok(Some((tag, state)));
        }
        Ok(None)
    };
    git.tags(&from, &to)?.into_iter().filter_map(|tag| state(tag).transpose()).collect()
}

/// Two commits, whatever is on disk. Which lines differ is not asked.
fn between(git: &Git, old: &str, new: &str) -> Result<Change, GitError> {
    let untracked = git.untracked()?;
    let state = |reference: &str| {
        let mut state = Overlay::default();
        untracked.iter().for_each(|path| state.remove(git.absolute(path)));
        let commit = git.named(reference)?;
        overlay(git, &mut state, &raw::parse(&git.diff(&[&commit])?)?)?;
        Ok(state)
    };
    Ok(Change { old: state(old)?, new: state(new)?, ..Change::default() })
}

/// Lays the left side of a diff over the files on disk.
fn overlay(git: &Git, overlay: &mut Overlay, entries: &[Entry]) -> Result<(), GitError> {
    let wanted: Vec<&str> = entries.iter().filter_map(Entry::old_blob).collect();
    let contents = git.blobs(&wanted)?;
    // What is new on the right goes first: a file may be renamed to the old name of another.
    for entry in entries.iter().filter(|entry| matches!(entry.status, Status::Added | Status::Renamed)) {
        overlay.remove(git.absolute(&entry.new_path));
    }
    for entry in entries.iter().filter(|entry| entry.status != Status::Added) {
        let path = git.absolute(&entry.old_path);
        match entry.old_blob().and_then(|id| contents.get(id)) {
            Some(content) => {
                overlay.put(path.clone(), Arc::clone(content));
                if entry.status == Status::Renamed {
                    overlay.rename(path, git.absolute(&entry.new_path));
                }
            }
            // A link or a submodule.
            None => overlay.remove(path),
        }
    }
    Ok(())
}

/// The one repository that holds all of these paths.
fn repository(paths: &[PathBuf]) -> Result<Git, GitError> {
    let roots: Vec<PathBuf> =
        paths.iter().map(|path| Git::find(path)).collect::<Result<BTreeSet<_>, _>>()?.into_iter().collect();
    match roots.as_slice() {
        [root] => Ok(Git::at(root.clone())),
        _ => Err(GitError::Several(roots)),
    }
}

/// The lines of a text that are not in the older one, counted from 0. Blanks at the end of a line don't
/// count: git may change line ends when it writes files.
pub fn changed_lines(old: &[u8], new: &[u8]) -> BTreeSet<usize> {
    let lines = |text: &'_ [u8]| -> Vec<Vec<u8>> {
        text.split(|byte| *byte == b'\n').map(|l| l.trim_ascii_end().to_vec()).collect()
    };
    let (old, new) = (lines(old), lines(new));
    let deadline = std::time::Instant::now() + std::time::Duration::from_millis(500);
    let operations = similar::capture_diff_slices_deadline(similar::Algorithm::Myers, &old, &new, Some(deadline));
    operations
        .iter()
        .filter(|operation| operation.tag() != similar::DiffTag::Equal)
        .flat_map(|operation| operation.new_range())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::changed_lines;

    #[test]
    fn changed_lines_are_those_of_the_new_text() {
        let lines =
            |old: &str, new: &str| changed_lines(old.as_bytes(), new.as_bytes()).into_iter().collect::<Vec<_>>();
        assert_eq!(lines("a\nb\nc\n", "a\nX\nb\nc\n"), [1]);
        assert_eq!(lines("a\nb\nc\n", "a\r\nb\r\nC\r\n"), [2]);
        assert_eq!(lines("a\nb\n", "a\n"), [0; 0]);
        assert_eq!(lines("", "a\nb"), [0, 1]);
    }
}
