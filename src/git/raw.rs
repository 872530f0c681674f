//! `git diff --raw -z`.
//! <https://git-scm.com/docs/git-diff#_raw_output_format>

use super::GitError;

/// A changed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) status: Status,
    old_mode: String,
    old_id: String,
    /// Its path before; with `/`, relative to the root.
    pub(super) old_path: String,
    /// Its path now.
    pub(super) new_path: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Added,
    Deleted,
    Renamed,
    /// Content, mode or type; also what is not merged yet.
    Modified,
}

impl Entry {
    /// The id of the old content, when it was a regular file.
    pub(super) fn old_blob(&self) -> Option<&str> {
        let regular = self.old_mode.starts_with("100") && self.old_id.bytes().any(|byte| byte != b'0');
        (regular && self.status != Status::Added).then_some(self.old_id.as_str())
    }
}

/// The entries, in git's order. A path that is not UTF-8 is printed with replacement characters
/// everywhere here, so it is the same file.
pub(super) fn parse(output: &[u8]) -> Result<Vec<Entry>, GitError> {
    let mut fields = output.split(|byte| *byte == 0).map(|field| String::from_utf8_lossy(field).into_owned());
    let mut entries: Vec<Entry> = Vec::new();
    while let Some(head) = fields.next().filter(|field| !field.is_empty()) {
        let wrong = || GitError::Failed(format!("git diff wrote something that is not understood: `{head}`"));
        let words: Vec<&str> = head.strip_prefix(':').ok_or_else(wrong)?.split(' ').collect();
        let [old_mode, _, old_id, _, letter] = words.as_slice() else { return Err(wrong()) };
        let old_path = fields.next().ok_or_else(wrong)?;
        let (status, new_path) = match letter.as_bytes().first() {
            Some(b'A') => (Status::Added, old_path.clone()),
            Some(b'D') => (Status::Deleted, old_path.clone()),
            Some(b'R') => (Status::Renamed, fields.next().ok_or_else(wrong)?),
            Some(_) => (Status::Modified, old_path.clone()),
            None => return Err(wrong()),
        };
        // What is not merged comes twice: once without an id.
        let entry =
            Entry { status, old_mode: (*old_mode).to_owned(), old_id: (*old_id).to_owned(), old_path, new_path };
        match entries.last_mut().filter(|last| last.new_path == entry.new_path && last.old_blob().is_none()) {
            Some(last) => *last = entry,
            None => entries.push(entry),
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::{Status, parse};

    #[test]
    fn reads_what_git_writes() {
        let zero = "0".repeat(40);
        let id = "a".repeat(40);
        let text = format!(
            ":100644 100644 {id} {zero} M\0a b.py\0:000000 100644 {zero} {id} A\0new.py\0:100644 100644 {id} {id} R090\0x.py\0y.py\0:120000 000000 {id} {zero} D\0link\0"
        );
        let entries = parse(text.as_bytes()).unwrap();
        let seen: Vec<_> = entries
            .iter()
            .map(|e| (e.status, e.old_path.as_str(), e.new_path.as_str(), e.old_blob().is_some()))
            .collect();
        assert_eq!(
            seen,
            [
                (Status::Modified, "a b.py", "a b.py", true),
                (Status::Added, "new.py", "new.py", false),
                (Status::Renamed, "x.py", "y.py", true),
                (Status::Deleted, "link", "link", false),
            ]
        );
        assert_eq!(parse(b"").unwrap(), []);
        assert!(parse(b"M a.py\0").is_err());
    }
}
