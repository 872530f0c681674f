//! Parsing of what a grammar does not know, written in another way.

use tree_sitter::Tree;

use crate::facts::error;
use crate::syntax::code::{self, Grammar, ParseRefusal};

/// The tree of a text. Where that has errors, `rewrite` may change bytes to what the grammar knows; the result
/// counts when it has fewer. The walk reads names in the text as it is, so each byte keeps its place.
///
/// # Errors
/// The fence that the parser ran into.
pub(in crate::facts) fn parse(
    grammar: Grammar,
    text: &str,
    rewrite: impl FnOnce(&mut [u8]),
) -> Result<Tree, ParseRefusal> {
    let tree = code::parse(grammar, text)?;
    if !tree.root_node().has_error() {
        return Ok(tree);
    }
    let mut bytes = text.as_bytes().to_vec();
    rewrite(&mut bytes);
    let other = String::from_utf8(bytes).ok().filter(|other| other != text);
    let other = other.and_then(|other| code::parse(grammar, &other).ok());
    let errors = |tree: &Tree| error::spans(tree.root_node()).len();
    Ok(other.filter(|other| errors(other) < errors(&tree)).unwrap_or(tree))
}
