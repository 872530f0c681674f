//! The tokens of a `.proto` file.

use crate::syntax::Span;

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A word, with the dots in it: `acme.orders.Order`, `.google.Any`.
    Word(String),
    /// A number, as it is written.
    Number(String),
    /// What a text says; escapes stay as they are.
    Text(String),
    /// One of the other characters.
    Sign(char),
}

/// Cuts a text into tokens; comments are left out.
///
/// # Errors
/// At a character that no token begins with, or a text or comment without an end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let kind = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => {
                at += 1;
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += memchr::memchr(b'\n', &bytes[at..]).unwrap_or(bytes.len() - at);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                let end = memchr::memmem::find(&bytes[at + 2..], b"*/");
                at += end.ok_or_else(|| wrong(text, at, "a comment without an end"))? + 4;
                continue;
            }
            b'"' | b'\'' => {
                at += 1;
                while bytes.get(at).is_some_and(|next| *next != byte && *next != b'\n') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                if bytes.get(at) != Some(&byte) {
                    return Err(wrong(text, start, "a text without an end"));
                }
                at += 1;
                Kind::Text(text.get(start + 1..at - 1).unwrap_or_default().to_owned())
            }
            b'0'..=b'9' => {
                while bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'.')
                    || matches!(bytes.get(at), Some(b'+' | b'-')) && matches!(bytes[at - 1], b'e' | b'E')
                {
                    at += 1;
                }
                Kind::Number(text[start..at].to_owned())
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'.' => {
                at += 1;
                while bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.')) {
                    at += 1;
                }
                Kind::Word(text[start..at].to_owned())
            }
            _ if byte.is_ascii_punctuation() => {
                at += 1;
                Kind::Sign(char::from(byte))
            }
            _ => return Err(wrong(text, at, "a character that Protobuf does not have")),
        };
        out.push(Token { kind, span: Span::new(start, at) });
    }
    Ok(out)
}

/// What is wrong, and in which line.
pub(super) fn wrong(text: &str, at: usize, what: &str) -> String {
    let line = text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
    format!("{what} in line {line}")
}
