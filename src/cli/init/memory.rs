//! The block in CLAUDE.md or AGENTS.md: which skill for which code, and what to run before the end. An
//! agent reads it in every session, so it is short.

use std::path::{Path, PathBuf};

use super::plan::{Change, Fault, read_text};
use crate::skills;

const BEGIN: &str = "<!-- skillcheck: begin (written by `skillcheck init`) -->";
const END: &str = "<!-- skillcheck: end -->";

/// How long the block may be, in lines: it costs context in every session.
#[cfg(test)]
const MAX_LINES: usize = 25;

/// The block.
fn block() -> String {
    let mut text = format!("{BEGIN}\n## Code between services\n\nBefore writing such code, read its skill:\n\n");
    for skill in skills::skills() {
        if let Some(title) = skills::title(skill) {
            text.push_str(&format!("- {title}: skill `{skill}`\n"));
        }
    }
    text.push_str(
        "\nBefore you finish, run `skillcheck lint --changed`, fix what it finds and repeat until the exit code is 0.\n\
         `skillcheck explain RULE` says why a rule matters, with examples. A finding may stay only with a reason in\n\
         a comment: `skillcheck: allow(RULE) reason`. Settings are in `skillcheck.yaml`.\n",
    );
    text.push_str(END);
    text.push('\n');
    text
}

/// The file that holds the block: the one that has it, else the one that agents read here. A CLAUDE.md
/// that imports AGENTS.md leaves the block to it.
pub(super) fn file(for_claude: bool) -> Result<PathBuf, Fault> {
    let (claude, agents) = (Path::new("CLAUDE.md"), Path::new("AGENTS.md"));
    let (claude_text, agents_text) = (read_text(claude)?, read_text(agents)?);
    let has_block = |text: &Option<String>| text.as_deref().is_some_and(|text| find(text).is_some());
    let imports = claude_text.as_deref().is_some_and(|text| text.lines().any(|line| line.trim() == "@AGENTS.md"));
    let chosen = match (&claude_text, &agents_text) {
        _ if has_block(&claude_text) => claude,
        _ if has_block(&agents_text) => agents,
        (Some(_), Some(_)) if imports => agents,
        (Some(_), _) if for_claude => claude,
        (_, Some(_)) => agents,
        (Some(_), None) => claude,
        (None, None) if for_claude => claude,
        (None, None) => agents,
    };
    Ok(chosen.to_owned())
}

/// Where the block stands, its last line end included.
fn find(text: &str) -> Option<std::ops::Range<usize>> {
    let start = text.find("<!-- skillcheck: begin")?;
    let end = start + text[start..].find(END)? + END.len();
    let end = if text[end..].starts_with("\r\n") { end + 2 } else { end + usize::from(text[end..].starts_with('\n')) };
    Some(start..end)
}

/// What happens to the file.
///
/// # Errors
/// When it can't be read.
pub(super) fn change(for_claude: bool, remove: bool) -> Result<Change, Fault> {
    let path = file(for_claude)?;
    let before = read_text(&path)?;
    let text = before.clone().unwrap_or_default();
    let after = if remove { without(&text) } else { with(&text) };
    Ok(Change::text(&path, before, after))
}

fn with(text: &str) -> String {
    match find(text) {
        Some(range) => format!("{}{}{}", &text[..range.start], block(), &text[range.end..]),
        None if text.trim().is_empty() => block(),
        None if text.ends_with('\n') => format!("{text}\n{}", block()),
        None => format!("{text}\n\n{}", block()),
    }
}

fn without(text: &str) -> String {
    match find(text) {
        Some(range) => {
            let before = &text[..range.start];
            // The blank line before it is ours too.
            let before = before.strip_suffix('\n').filter(|rest| rest.ends_with('\n')).unwrap_or(before);
            format!("{before}{}", &text[range.end..])
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, MAX_LINES, block, with, without};

    #[test]
    fn the_block_is_short_and_names_every_skill() {
        let block = block();
        assert!(block.lines().count() <= MAX_LINES, "{} lines", block.lines().count());
        for skill in crate::skills::skills() {
            assert!(block.contains(&format!("skill `{skill}`")), "{skill}");
        }
    }

    #[test]
    fn written_once_renewed_in_place_and_undone() {
        for text in ["", "# Shop\n", "# Shop\n\nText.\n\n"] {
            let once = with(text);
            assert_eq!(with(&once), once);
            assert_eq!(without(&once), text);
        }
        let old = format!("# Shop\n\n{BEGIN}\nold\n<!-- skillcheck: end -->\n\n## More\n");
        let renewed = with(&old);
        assert!(renewed.starts_with("# Shop\n\n<!--") && renewed.ends_with("end -->\n\n## More\n"), "{renewed}");
        assert!(!renewed.contains("old\n"));
        assert_eq!(without(&renewed), "# Shop\n\n## More\n");
        assert_eq!(without("# Shop"), "# Shop");
    }
}
