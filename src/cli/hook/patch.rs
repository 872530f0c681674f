//! The patch format of Codex's `apply_patch`: `*** Update File: path`, then lines that begin with a
//! blank, `-` or `+`. <https://github.com/openai/codex/tree/main/codex-rs/apply-patch>

use std::path::Path;

use super::event::{Edit, Lines};

/// The files that a patch writes. What it deletes is no edit.
pub(super) fn edits(patch: &str, folder: &Path) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    let mut open = false;
    for line in patch.lines() {
        if let Some(head) = line.strip_prefix("*** ") {
            open = false;
            if let Some(path) = head.strip_prefix("Add File: ") {
                edits.push(Edit { path: folder.join(path.trim()), lines: Lines::All });
            } else if let Some(path) = head.strip_prefix("Update File: ") {
                edits.push(Edit { path: folder.join(path.trim()), lines: Lines::Texts(Vec::new()) });
                open = true;
            } else if let (Some(path), Some(edit)) = (head.strip_prefix("Move to: "), edits.last_mut()) {
                edit.path = folder.join(path.trim());
                open = true;
            }
        } else if open
            && let Some(new) = line.strip_prefix('+')
            && let Some(Edit { lines: Lines::Texts(texts), .. }) = edits.last_mut()
        {
            texts.push(new.to_owned());
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::edits;
    use crate::cli::hook::event::Lines;

    #[test]
    fn files_and_their_new_lines() {
        let patch = "*** Begin Patch\n*** Add File: a.py\n+x = 1\n*** Update File: b/c.py\n*** Move to: b/d.py\n@@\n \
                     old\n-gone\n+new\n*** Delete File: e.py\n*** End Patch\n";
        let found = edits(patch, Path::new("/repo"));
        let told: Vec<_> = found.iter().map(|edit| (edit.path.to_str().unwrap(), &edit.lines)).collect();
        assert_eq!(told, [("/repo/a.py", &Lines::All), ("/repo/b/d.py", &Lines::Texts(vec!["new".to_owned()]))]);
        assert!(edits("rm -rf build", Path::new("/repo")).is_empty());
    }
}
