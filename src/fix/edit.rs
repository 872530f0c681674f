//! Edits of a text.

use crate::syntax::Span;

/// Other bytes for some bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// What stands there then.
    pub text: String,
}

impl Edit {
    /// Puts a text before a byte.
    pub fn insert(at: usize, text: impl Into<String>) -> Self {
        Edit { span: Span::new(at, at), text: text.into() }
    }
}

/// The text with the edits; the same edit twice counts once. `None` when two of them overlap or one lies
/// outside.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort();
    edits.dedup();
    let mut out = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for edit in edits {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        // Two insertions at one place would come in an order that nobody chose.
        if start < at || (start == at && at != 0 && edit.span.start == edit.span.end) {
            return None;
        }
        out.push_str(text.get(at..start)?);
        out.push_str(&edit.text);
        at = end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{Edit, apply};
    use crate::syntax::Span;

    #[test]
    fn edits_are_applied_at_once_or_not_at_all() {
        let replace = |start, end, text: &str| Edit { span: Span::new(start, end), text: text.into() };
        assert_eq!(apply("abc", &[Edit::insert(3, "!"), replace(1, 2, "XY")]).as_deref(), Some("aXYc!"));
        assert_eq!(apply("abc", &[Edit::insert(1, "-"), Edit::insert(1, "-")]).as_deref(), Some("a-bc"));
        assert_eq!(apply("abc", &[replace(0, 2, ""), replace(1, 3, "")]), None);
        assert_eq!(apply("abc", &[Edit::insert(9, "")]), None);
        assert_eq!(apply("ü", &[Edit::insert(1, "x")]), None, "inside of a character");
    }
}
