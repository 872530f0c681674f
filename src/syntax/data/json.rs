//! JSON, also with comments and trailing commas, to [`Node`]s.

use std::borrow::Cow;

use super::{DataError, Node, yaml};
use crate::syntax::Span;

/// Reads a JSON file. Comments (`//`, `/* */`) and trailing commas are allowed, as in `tsconfig.json`.
///
/// JSON is read as the YAML it is: of a key that occurs twice the last one counts, as everywhere.
///
/// # Errors
/// The first thing that could not be read.
pub fn json(text: &str) -> Result<Node, DataError> {
    let blank = without_comments(text)?;
    let start = blank.len() - blank.trim_start_matches([' ', '\t', '\r', '\n', '\u{feff}']).len();
    if start == blank.len() {
        return Err(DataError::new("the file is empty; JSON needs a value", Span::new(0, 0)));
    }
    let mut yaml = yaml::parse(&blank, KEY_LOOKAHEAD);
    // Behind the value nothing may follow; YAML would take it for the next document.
    if let (true, Some(second)) = (yaml.errors.is_empty(), yaml.documents.get(1)) {
        return Err(DataError::new("more than one value in a JSON file", second.span));
    }
    match yaml.errors.is_empty() {
        true => yaml.documents.pop().ok_or_else(|| DataError::new("no value in the file", Span::new(0, 0))),
        false => Err(yaml.errors.swap_remove(0)),
    }
}

/// Longer than YAML allows: keys of JSON files may be paths and addresses.
const KEY_LOOKAHEAD: usize = 8192;

/// The text with comments replaced by blanks of the same length, so that spans stay true.
fn without_comments(text: &str) -> Result<Cow<'_, str>, DataError> {
    let bytes = text.as_bytes();
    let mut comments: Vec<(usize, usize)> = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        match (bytes[i], bytes.get(i + 1)) {
            (b'"', _) => {
                i += 1;
                while i < bytes.len() && bytes[i] != b'"' {
                    i += if bytes[i] == b'\\' { 2 } else { 1 };
                }
                i += 1;
            }
            (b'/', Some(b'/')) => {
                let end = memchr::memchr(b'\n', &bytes[i..]).map_or(bytes.len(), |n| i + n);
                comments.push((i, end));
                i = end;
            }
            (b'/', Some(b'*')) => {
                let Some(n) = memchr::memmem::find(&bytes[i + 2..], b"*/") else {
                    return Err(DataError::new("a comment without an end", Span::new(i, i + 2)));
                };
                comments.push((i, i + 2 + n + 2));
                i += n + 4;
            }
            _ => i += 1,
        }
    }
    if comments.is_empty() {
        return Ok(Cow::Borrowed(text));
    }
    let mut blank = String::with_capacity(text.len());
    let mut at = 0;
    for (start, end) in comments {
        blank.push_str(&text[at..start]);
        blank.extend(bytes[start..end].iter().map(|&b| if b == b'\n' || b == b'\r' { b as char } else { ' ' }));
        at = end;
    }
    blank.push_str(&text[at..]);
    Ok(Cow::Owned(blank))
}
