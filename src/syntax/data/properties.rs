//! Java properties files.

use super::{Pair, Pairs};
use crate::syntax::Span;

/// Reads a Java properties file: `key=value`, `key: value`, `key value`, comments with `#` and `!`,
/// continuation lines, `\uXXXX`. Every line means something in this format, so there are no errors.
pub fn properties(text: &str) -> Pairs {
    let bytes = text.as_bytes();
    let mut pairs = Pairs::default();
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while at < bytes.len() {
        let start = skip(bytes, at, |b| is_blank(b) || b == b'\n' || b == b'\r');
        if start >= bytes.len() {
            break;
        }
        if matches!(bytes[start], b'#' | b'!') {
            at = line_end(bytes, start);
            continue;
        }
        let key_end = scan(bytes, start, |b| matches!(b, b'=' | b':') || is_blank(b));
        let mut value_start = skip(bytes, key_end, is_blank);
        if matches!(bytes.get(value_start), Some(b'=' | b':')) {
            value_start = skip(bytes, value_start + 1, is_blank);
        }
        let value_end = scan(bytes, value_start, |_| false);
        pairs.pairs.push(Pair {
            key: unescape(&text[start..key_end]),
            key_span: Span::new(start, key_end),
            value: Some(unescape(&text[value_start..value_end])),
            value_span: Span::new(value_start, value_end),
            literal: false,
        });
        at = value_end;
    }
    pairs
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0c)
}

fn skip(bytes: &[u8], mut at: usize, skipped: impl Fn(u8) -> bool) -> usize {
    while bytes.get(at).is_some_and(|&b| skipped(b)) {
        at += 1;
    }
    at
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    memchr::memchr2(b'\n', b'\r', &bytes[from..]).map_or(bytes.len(), |n| from + n)
}

/// The end of a key or value: a stop byte or a line end that is not escaped.
fn scan(bytes: &[u8], mut at: usize, stop: impl Fn(u8) -> bool) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\n' | b'\r' => return at,
            b'\\' if bytes[at + 1..].starts_with(b"\r\n") => at += 3,
            b'\\' => at += 2,
            b if stop(b) => return at,
            _ => at += 1,
        }
    }
    // A backslash may be the last byte, and the byte it escapes may be the first of a character:
    // the following bytes are then no stop byte and were passed one by one.
    bytes.len()
}

fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('f') => out.push('\u{0c}'),
            Some('u') => {
                let digits: String = std::iter::from_fn(|| chars.next_if(char::is_ascii_hexdigit)).take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok();
                out.push(code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(end @ ('\n' | '\r')) => {
                if end == '\r' {
                    chars.next_if_eq(&'\n');
                }
                while chars.next_if(|c| matches!(c, ' ' | '\t' | '\u{0c}')).is_some() {}
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}
