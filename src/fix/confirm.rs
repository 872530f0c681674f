//! `message-queue/unconfirmed-publish`: confirm mode, where one line turns it on (pika).
//! <https://pika.readthedocs.io/en/stable/modules/adapters/blocking.html>

use super::{Edit, call};
use crate::rules::Finding;
use crate::syntax::code::{Grammar, parse};
use tree_sitter::{Node, TreeCursor};

/// How many nodes are looked at.
const MAX_NODES: usize = 200_000;

pub(super) fn edits(finding: &Finding, grammar: Grammar, text: &str) -> Option<Vec<Edit>> {
    if grammar != Grammar::Python || !text.contains("pika") || text.contains("aio_pika") {
        return None;
    }
    let tree = parse(grammar, text).ok()?;
    let publish = call::at(&tree, finding.place.span)?;
    let channel = call::callee(publish, text)?.strip_suffix(".basic_publish")?;
    let opened = openings(tree.walk(), channel, text);
    // Which of several channels is meant can't be seen here.
    let [statement] = opened.as_slice() else { return None };
    let line = call::indent(statement.start_byte(), text);
    let at = statement.end_byte();
    // A second statement on the line, or a comment behind it, keeps its place.
    let rest = text.get(at..)?.lines().next().unwrap_or_default();
    if !(rest.trim().is_empty() || rest.trim_start().starts_with('#')) {
        return None;
    }
    let end = at + rest.trim_end_matches('\r').len();
    Some(vec![Edit::insert(end, format!("{}{line}{channel}.confirm_delivery()", call::line_end(text)))])
}

/// The statements `<channel> = <connection>.channel(…)`.
fn openings<'t>(mut cursor: TreeCursor<'t>, channel: &str, text: &str) -> Vec<Node<'t>> {
    let mut found = Vec::new();
    for _ in 0..MAX_NODES {
        let node = cursor.node();
        if node.kind() == "assignment"
            && let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right"))
            && text.get(left.byte_range()) == Some(channel)
            && right.kind() == "call"
            && call::callee(right, text).is_some_and(|callee| callee.ends_with(".channel"))
        {
            found.push(node);
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
    Vec::new()
}
