//! Calls in a text, and arguments added to them.

use tree_sitter::{Node, Tree};

use super::Edit;
use crate::syntax::Span;

/// The call that stands exactly at a span.
pub(super) fn at(tree: &Tree, span: Span) -> Option<Node<'_>> {
    let (start, end) = (span.start as usize, span.end as usize);
    let mut node = tree.root_node().descendant_for_byte_range(start, end)?;
    // `await f()` may be what was pointed at.
    while node.kind() != "call" && node.kind() != "call_expression" && node.kind() != "new_expression" {
        if node.kind() != "await" && node.kind() != "await_expression" && node.kind() != "expression_statement" {
            return None;
        }
        node = node.named_child(0)?;
    }
    (node.start_byte() >= start && node.end_byte() <= end).then_some(node)
}

/// What is called, as written.
pub(super) fn callee<'t>(call: Node<'_>, text: &'t str) -> Option<&'t str> {
    let node = call.child_by_field_name("function").or_else(|| call.child_by_field_name("constructor"))?;
    text.get(node.byte_range())
}

/// The arguments, without comments.
pub(super) fn arguments(call: Node<'_>) -> Option<(Node<'_>, Vec<Node<'_>>)> {
    let list = call.child_by_field_name("arguments")?;
    Some((list, items(list)))
}

fn items(list: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = list.walk();
    list.named_children(&mut cursor).filter(|child| !child.kind().contains("comment")).collect()
}

/// Adds an entry behind the last one of a list in brackets. A list with an entry on each line gets another
/// line.
pub(super) fn push(list: Node<'_>, entries: &[Node<'_>], entry: &str, text: &str) -> Option<Edit> {
    let Some(last) = entries.last() else {
        let blank = if list.kind() == "object" { " " } else { "" };
        // Nothing but blanks between the brackets: a comment would have to be moved.
        let inside = list.start_byte() + 1..list.end_byte().checked_sub(1)?;
        text.get(inside.clone()).filter(|inside| inside.trim().is_empty())?;
        return Some(Edit { span: Span::new(inside.start, inside.end), text: format!("{blank}{entry}{blank}") });
    };
    let own_line = last.start_position().row > list.start_position().row
        && entries
            .len()
            .checked_sub(2)
            .is_none_or(|before| entries[before].end_position().row < last.start_position().row);
    if !own_line {
        return Some(Edit::insert(last.end_byte(), format!(", {entry}")));
    }
    let (end, indent) = (line_end(text), indent(last.start_byte(), text));
    // Behind a comma at the end of the line the next one begins, and a comment there keeps its entry.
    let rest = text.get(last.end_byte()..)?.lines().next().unwrap_or_default();
    let behind = rest.trim_start().strip_prefix(',').map(str::trim);
    Some(match behind {
        Some(comment) if comment.is_empty() || comment.starts_with("//") || comment.starts_with('#') => {
            Edit::insert(last.end_byte() + rest.trim_end_matches('\r').len(), format!("{end}{indent}{entry},"))
        }
        _ => Edit::insert(last.end_byte(), format!(",{end}{indent}{entry}")),
    })
}

/// The entries of an object literal; `None` when it spreads another one, which may say the same.
pub(super) fn entries(object: Node<'_>) -> Option<Vec<Node<'_>>> {
    let entries = items(object);
    let plain = object.kind() == "object" && entries.iter().all(|entry| entry.kind() != "spread_element");
    plain.then_some(entries)
}

/// The blanks in front of the line on which a byte stands.
pub(super) fn indent(at: usize, text: &str) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = &text[start..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// How lines end here.
pub(super) fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}
