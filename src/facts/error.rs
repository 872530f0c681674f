//! The parts of a file that could not be read.

use tree_sitter::Node;

use crate::syntax::Span;

/// How many are listed; a file with more is in another language.
const MAX_ERRORS: usize = 100;

/// The spans of the outermost ERROR and MISSING nodes.
pub(super) fn spans(root: Node<'_>) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        let is_leaf = node.is_error() || node.is_missing();
        if is_leaf {
            note(&mut spans, Span::new(node.start_byte(), node.end_byte()));
        }
        if spans.len() >= MAX_ERRORS {
            return spans;
        }
        if !is_leaf && node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return spans;
            }
        }
    }
}

/// Adds one, unless there are too many.
pub(super) fn note(errors: &mut Vec<Span>, span: Span) {
    if errors.len() < MAX_ERRORS {
        errors.push(span);
    }
}

/// Puts them in source order.
pub(super) fn finish(errors: &mut Vec<Span>) {
    errors.sort_unstable();
    errors.dedup();
}
