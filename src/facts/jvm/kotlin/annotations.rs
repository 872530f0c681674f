//! Annotations above a declaration, written as one list.
//!
//! `@A("x")` above a declaration may also be `@A` before an expression in brackets, and the grammar follows both
//! for each annotation. With three of them on a member of an annotated class it gives up, or takes the class for a
//! call of `class`. `@[A("x") B("y")]` says the same (<https://kotlinlang.org/docs/annotations.html#usage>) and can be
//! read in one way only.

use tree_sitter::{Node, Tree};

use crate::syntax::code::{self, Grammar};

/// The tree in which declarations are declarations, when the one that there is takes them for expressions.
pub(super) fn disambiguate(text: &str, tree: Tree) -> Tree {
    let before = expressions(tree.root_node());
    if before == 0 {
        return tree;
    }
    let mut bytes = text.as_bytes().to_vec();
    gather(&mut bytes);
    let other = String::from_utf8(bytes).ok().filter(|other| other != text);
    let other = other.and_then(|other| code::parse(Grammar::Kotlin, &other).ok());
    let is_better = |other: &Tree| {
        let root = other.root_node();
        expressions(root) < before && (!root.has_error() || tree.root_node().has_error())
    };
    other.filter(is_better).unwrap_or(tree)
}

/// How many expressions stand where only declarations can.
fn expressions(root: Node<'_>) -> usize {
    let mut cursor = root.walk();
    let is_expression = |node: &Node<'_>| node.kind() == "identifier" || node.kind().ends_with("_expression");
    root.named_children(&mut cursor).filter(is_expression).count()
}

/// Joins runs of lines that hold an annotation and nothing else. Each byte keeps its place: the brackets stand
/// where the `@`, the white space before the first and the line break after the last were.
pub(super) fn gather(bytes: &mut [u8]) {
    let mut lines: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    for end in bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i).collect::<Vec<_>>() {
        lines.push((start, end));
        start = end + 1;
    }
    let mut at = 0;
    while at < lines.len() {
        let run: Vec<usize> = lines[at..].iter().map_while(|&(from, to)| annotation(&bytes[from..to])).collect();
        if run.len() > 1 {
            join(bytes, &lines[at..at + run.len()], &run);
        }
        at += run.len().max(1);
    }
}

/// Where the `@` of a line stands that is an annotation from there to its end.
fn annotation(line: &[u8]) -> Option<usize> {
    let at = line.iter().position(|b| !matches!(b, b' ' | b'\t'))?;
    let rest = line[at..].strip_prefix(b"@")?;
    let rest = rest.trim_ascii_end();
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
    let name = rest.iter().take_while(|b| is_name(b)).count();
    if name == 0 {
        return None;
    }
    match &rest[name..] {
        [] => Some(at),
        [b'(', .., b')'] if closes_last(&rest[name..]) => Some(at),
        _ => None,
    }
}

/// True when the bracket that a text begins with is closed by its last byte.
fn closes_last(text: &[u8]) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for (i, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return i + 1 == text.len();
                }
            }
            _ => {}
        }
    }
    false
}

fn join(bytes: &mut [u8], lines: &[(usize, usize)], signs: &[usize]) {
    let (Some((first, _)), Some((_, end))) = (lines.first(), lines.last()) else { return };
    let open = first + signs[0];
    // The list begins one byte earlier than its first annotation.
    let has_room = matches!(bytes.get(..open), Some([.., b' ' | b'\t'] | [.., b'\n', b'\n']));
    if !has_room {
        return;
    }
    for (line, sign) in lines.iter().zip(signs).skip(1) {
        bytes[line.0 + sign] = b' ';
    }
    (bytes[open - 1], bytes[open]) = (b'@', b'[');
    bytes[*end] = b']';
}
