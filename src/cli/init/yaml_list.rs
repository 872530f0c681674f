//! Edits of a list in a YAML file that leave everything else as it is. Only lists with one item a line
//! are edited; who writes them otherwise is told what to add.

use crate::syntax::data::{self, Node};

/// Why a file can't be edited, without a full stop.
type Fault = String;

fn parse(text: &str) -> Result<Node, Fault> {
    data::yaml(text).single().map_err(|error| {
        let line = text.get(..error.span.start as usize).map_or(0, |before| before.matches('\n').count()) + 1;
        format!("line {line}: {error}")
    })
}

/// The items of the list under a key of the top; empty when there is none.
///
/// # Errors
/// When the text is no YAML or something else stands there.
pub(super) fn items(text: &str, key: &str) -> Result<Vec<Node>, Fault> {
    let root = parse(text)?;
    match root.get(key) {
        None => Ok(Vec::new()),
        Some(node) if node.is_null() => Ok(Vec::new()),
        Some(node) if node.is_list() => Ok(node.items().to_vec()),
        Some(_) => Err(format!("`{key}` is no list")),
    }
}

/// Adds an item, given as its lines from `- ` on, to the list under a key of the top.
///
/// # Errors
/// When the text is no YAML, or the list is written in a way that can't be edited.
pub(super) fn append(text: &str, key: &str, item: &str) -> Result<String, Fault> {
    let root = parse(text)?;
    if !root.is_map() && !root.is_null() {
        return Err("its top is no map".to_owned());
    }
    let list = root.get(key).filter(|node| !node.is_null());
    let Some(list) = list else {
        if root.get(key).is_some() {
            return Err(format!("`{key}` has no value"));
        }
        let break_before = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return Ok(format!("{text}{break_before}{key}:\n{}", indented(item, "  ")));
    };
    if !list.is_list() {
        return Err(format!("`{key}` is no list"));
    }
    let Some((first, last)) = list.items().first().zip(list.items().last()) else {
        return Err(format!("`{key}` is an empty list in brackets"));
    };
    let indent = dash(text, first).ok_or_else(|| format!("`{key}` is written in brackets"))?;
    let at = line_end(text, last);
    let break_before = if text[..at].ends_with('\n') { "" } else { "\n" };
    Ok(format!("{}{break_before}{}{}", &text[..at], indented(item, &indent), &text[at..]))
}

/// Removes the item at an index from the list under a key of the top, and the key with its last item.
///
/// # Errors
/// When the text is no YAML, or the list is written in a way that can't be edited.
pub(super) fn remove(text: &str, key: &str, index: usize) -> Result<String, Fault> {
    let root = parse(text)?;
    let entry = root.entry(key).ok_or("no such key")?;
    let items = entry.value.items();
    let item = items.get(index).ok_or("no such item")?;
    dash(text, item).ok_or_else(|| format!("`{key}` is written in brackets"))?;
    let start = if items.len() == 1 { entry.key.span.start as usize } else { item.span.start as usize };
    let from = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    Ok(format!("{}{}", &text[..from], &text[line_end(text, item)..]))
}

/// What stands before the `-` of an item; `None` in a list in brackets.
fn dash(text: &str, item: &Node) -> Option<String> {
    let start = item.span.start as usize;
    let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let before = &text[line..start];
    let blanks = before.len() - before.trim_start_matches(' ').len();
    before[blanks..].starts_with('-').then(|| " ".repeat(blanks))
}

/// The end of the last line of a value, its line end included.
fn line_end(text: &str, node: &Node) -> usize {
    let last = text_end(text, node);
    text[last..].find('\n').map_or(text.len(), |newline| last + newline + 1)
}

/// Where the text of a value ends. A block may claim the blank lines and comments behind it, so its last
/// part decides.
fn text_end(text: &str, node: &Node) -> usize {
    let (start, end) = (node.span.start as usize, (node.span.end as usize).min(text.len()));
    let entry = node.raw_entries().last();
    let last = entry.map(|entry| text_end(text, &entry.value).max(entry.key.span.end as usize));
    let last = last.or_else(|| node.items().last().map(|item| text_end(text, item)));
    match last {
        Some(last) if !text[start..].starts_with(['[', '{']) => last,
        _ => start + text[start..end.max(start)].trim_end().len(),
    }
}

fn indented(item: &str, indent: &str) -> String {
    item.lines().map(|line| format!("{indent}{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::{append, items, remove};

    const ITEM: &str = "- repo: ours\n  hooks:\n    - id: x\n";

    #[test]
    fn appends_and_removes_without_a_trace() {
        let texts = [
            "repos:\n  - repo: a\n    hooks:\n      - id: b\n",
            "repos:\n- repo: a\n  hooks: [{id: b}]  # why\n\n# the end\nfail_fast: true\n",
            "# top\nrepos:\n  - repo: a\n    hooks:\n      - id: b\n        args: [\n          --c,\n        ]\n\nexclude: x\n",
            "repos:\n  - repo: a\n    rev: 'v1'\n",
            "other: 1\n",
            "",
        ];
        for text in texts {
            let with = append(text, "repos", ITEM).unwrap();
            let list = items(&with, "repos").unwrap();
            assert_eq!(list.last().unwrap().get("repo").unwrap().as_str(), Some("ours"), "{with}");
            assert_eq!(remove(&with, "repos", list.len() - 1).unwrap(), text, "{with}");
        }
    }

    #[test]
    fn an_item_in_the_middle_goes_alone() {
        let text = "repos:\n  - repo: a\n  - repo: ours\n    # theirs\n  - repo: c\n";
        assert_eq!(remove(text, "repos", 1).unwrap(), "repos:\n  - repo: a\n    # theirs\n  - repo: c\n");
    }

    #[test]
    fn what_can_t_be_edited_is_an_error() {
        for text in ["repos: [{repo: a}]\n", "repos: []\n", "repos: x\n", "- a\n", "repos: {", "repos:\n"] {
            assert!(append(text, "repos", ITEM).is_err(), "{text}");
        }
    }
}
