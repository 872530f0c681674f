//! String literals: prefixes, escapes, f-strings and implicit concatenation.

use std::borrow::Cow;

use smol_str::SmolStr;
use tree_sitter::Node;

use super::Lowerer;
use super::kinds::{Field, Kind};
use crate::facts::module::{ExprId, ExprKind, TemplatePart};

/// What the letters before the quote say
/// (<https://docs.python.org/3/reference/lexical_analysis.html#string-and-bytes-literals>).
#[derive(Clone, Copy, Default)]
struct Prefix {
    raw: bool,
    bytes: bool,
    holes: bool,
}

impl Prefix {
    fn of(start: &str) -> Self {
        let mut prefix = Prefix::default();
        for letter in start.bytes() {
            match letter.to_ascii_lowercase() {
                b'r' => prefix.raw = true,
                b'b' => prefix.bytes = true,
                b'f' | b't' => prefix.holes = true,
                _ => {}
            }
        }
        prefix
    }
}

impl<'t> Lowerer<'t> {
    pub(super) fn string(&mut self, node: Node<'t>) -> ExprId {
        let mut parts = Vec::new();
        self.string_parts(node, &mut parts);
        self.string_of(parts, node)
    }

    /// `"a" f"{b}"`: the grammar joins adjacent literals, and so does the value.
    pub(super) fn concatenated(&mut self, node: Node<'t>) -> ExprId {
        let kids = self.children(node);
        let mut parts = Vec::new();
        for i in kids.clone() {
            self.string_parts(self.kids[i].node, &mut parts);
        }
        self.release(kids);
        self.string_of(parts, node)
    }

    fn string_of(&mut self, mut parts: Vec<TemplatePart>, node: Node<'t>) -> ExprId {
        let kind = match (parts.pop(), parts.is_empty()) {
            (None, _) => ExprKind::Str(SmolStr::default()),
            (Some(TemplatePart::Text(text)), true) => {
                // The reference stands where its text does, unless escapes or a join moved it.
                let offset = self.text_of(node).find(text.as_str()).filter(|_| self.in_type && !text.is_empty());
                if let Some(id) = offset.and_then(|at| self.forward_reference(&text, node.start_byte() + at)) {
                    return id;
                }
                ExprKind::Str(text)
            }
            (Some(last), _) => {
                parts.push(last);
                ExprKind::Template(parts)
            }
        };
        self.add(kind, node)
    }

    fn string_parts(&mut self, node: Node<'t>, parts: &mut Vec<TemplatePart>) {
        let kids = self.children(node);
        let mut prefix = Prefix::default();
        for i in kids.clone() {
            let kid = self.kids[i];
            match kid.kind {
                Kind::StringStart => prefix = Prefix::of(self.text_of(kid.node)),
                Kind::StringContent => push_text(parts, &unescape(self.text_of(kid.node), prefix)),
                Kind::Interpolation => {
                    let hole = self.hole(kid.node);
                    parts.push(TemplatePart::Hole(hole));
                }
                _ => {}
            }
        }
        self.release(kids);
    }

    /// `{value:{width}}`: the value, or with a computed format both.
    fn hole(&mut self, node: Node<'t>) -> ExprId {
        let kids = self.children(node);
        let value = self.in_field(&kids, Field::Expression);
        let id = match value {
            Some(value) if self.nth_node(&kids, 1).is_none() => self.expr(value),
            _ => self.wrapped(node),
        };
        self.release(kids);
        id
    }
}

fn push_text(parts: &mut Vec<TemplatePart>, text: &str) {
    match parts.last_mut() {
        Some(TemplatePart::Text(before)) => *before = SmolStr::new(format!("{before}{text}")),
        _ => parts.push(TemplatePart::Text(SmolStr::new(text))),
    }
}

/// The value of literal text. Escapes that Python does not know stay as written, and so does
/// `\N{NAME}`.
fn unescape(text: &str, prefix: Prefix) -> Cow<'_, str> {
    let braces = prefix.holes && (text.contains("{{") || text.contains("}}"));
    let escapes = !prefix.raw && text.contains('\\');
    if !braces && !escapes {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '{' | '}' if braces && rest.starts_with(c) => {
                rest = &rest[1..];
                out.push(c);
            }
            '\\' if escapes => rest = escape(rest, prefix.bytes, &mut out),
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Appends the value of the escape whose backslash stands before `text`; returns what follows it.
fn escape<'a>(text: &'a str, bytes: bool, out: &mut String) -> &'a str {
    let Some(c) = text.chars().next() else {
        out.push('\\');
        return text;
    };
    let after = &text[c.len_utf8()..];
    let simple = match c {
        '\\' | '\'' | '"' => Some(c),
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        'a' => Some('\x07'),
        'b' => Some('\x08'),
        'f' => Some('\x0c'),
        'v' => Some('\x0b'),
        _ => None,
    };
    if let Some(value) = simple {
        out.push(value);
        return after;
    }
    let (digits, radix) = match c {
        '\n' => return after,
        '\r' => return after.strip_prefix('\n').unwrap_or(after),
        '0'..='7' => {
            let len = text.bytes().take(3).take_while(|b| matches!(b, b'0'..=b'7')).count();
            (&text[..len], 8)
        }
        'x' => (hex(after, 2), 16),
        'u' if !bytes => (hex(after, 4), 16),
        'U' if !bytes => (hex(after, 8), 16),
        _ => ("", 16),
    };
    if digits.is_empty() {
        out.push('\\');
        out.push(c);
        return after;
    }
    // A lone surrogate is no character.
    let value = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    out.push(value.unwrap_or(char::REPLACEMENT_CHARACTER));
    let digits_at = if radix == 8 { text } else { after };
    &digits_at[digits.len()..]
}

/// The first `len` hexadecimal digits of `text`; empty when there are fewer.
fn hex(text: &str, len: usize) -> &str {
    text.get(..len).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, prefix: &str) -> String {
        unescape(text, Prefix::of(prefix)).into_owned()
    }

    #[test]
    fn escapes_of_text_and_bytes() {
        assert_eq!(value(r#"a\tb\n\\\'\""#, ""), "a\tb\n\\'\"");
        assert_eq!(value(r"\x41\101\u0042\U00000043\0", ""), "AABC\0");
        assert_eq!(value("a\\\nb\\\r\nc", ""), "abc");
        assert_eq!(value(r"\u0041\xff", "b"), "\\u0041\u{ff}");
        assert_eq!(value(r"\d\N{DASH}\x4\ud800", ""), "\\d\\N{DASH}\\x4\u{fffd}");
        assert_eq!(value(r"\d\n", "r"), r"\d\n");
        assert_eq!(value("\\", ""), "\\");
        assert_eq!(value("\\é", ""), "\\é");
    }

    #[test]
    fn doubled_braces_mean_one_only_where_there_are_holes() {
        assert_eq!(value("{{a}}", "f"), "{a}");
        assert_eq!(value("{{a}}", ""), "{{a}}");
        assert_eq!(value(r"{{\n}}", "rF"), r"{\n}");
    }
}
