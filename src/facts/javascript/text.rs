//! The values of string literals.

use smol_str::SmolStr;

use crate::facts::walk::text::unescape_with;

/// The value of a string literal with its quotes.
pub(super) fn string_value(literal: &str) -> SmolStr {
    let Some(quote) = literal.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) else {
        return unescape(literal);
    };
    let inner = &literal[1..];
    unescape(inner.strip_suffix(quote).unwrap_or(inner))
}

/// `text` with its escape sequences replaced. A sequence that means nothing stands for itself.
pub(super) fn unescape(text: &str) -> SmolStr {
    unescape_with(text, escape)
}

/// Writes the value of the escape sequence that begins `text` (behind the backslash); returns what follows it.
fn escape<'a>(text: &'a str, out: &mut String) -> &'a str {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return text };
    let rest = chars.as_str();
    match first {
        'n' => out.push('\n'),
        't' => out.push('\t'),
        'r' => out.push('\r'),
        'b' => out.push('\u{8}'),
        'f' => out.push('\u{c}'),
        'v' => out.push('\u{b}'),
        '\r' => return rest.strip_prefix('\n').unwrap_or(rest),
        '\n' | '\u{2028}' | '\u{2029}' => {}
        '0'..='7' => {
            let digits = text.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            out.push(u32::from_str_radix(&text[..digits], 8).ok().and_then(char::from_u32).unwrap_or('\0'));
            return &text[digits..];
        }
        'x' => match hex(rest, 2) {
            Some((code, rest)) => {
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                return rest;
            }
            None => out.push('x'),
        },
        'u' => match unicode(rest) {
            Some((c, rest)) => {
                out.push(c);
                return rest;
            }
            None => out.push('u'),
        },
        other => out.push(other),
    }
    rest
}

/// `XXXX`, `{X…}` or a surrogate pair `XXXX\uXXXX`.
fn unicode(text: &str) -> Option<(char, &str)> {
    if let Some(braced) = text.strip_prefix('{') {
        let (digits, rest) = braced.split_once('}')?;
        let code = u32::from_str_radix(digits, 16).ok()?;
        return Some((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), rest));
    }
    let (code, rest) = hex(text, 4)?;
    if (0xD800..0xDC00).contains(&code)
        && let Some((low, rest)) = rest.strip_prefix("\\u").and_then(|rest| hex(rest, 4))
        && (0xDC00..0xE000).contains(&low)
    {
        let joined = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        return Some((char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER), rest));
    }
    Some((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), rest))
}

fn hex(text: &str, digits: usize) -> Option<(u32, &str)> {
    let head = text.get(..digits).filter(|head| head.bytes().all(|b| b.is_ascii_hexdigit()))?;
    Some((u32::from_str_radix(head, 16).ok()?, &text[digits..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_the_characters_they_stand_for() {
        for (literal, value) in [
            (r#""plain""#, "plain"),
            (r#"'it\'s'"#, "it's"),
            (r#""a\n\t\\b""#, "a\n\t\\b"),
            (r#""\x41\u0042\u{43}""#, "ABC"),
            (r#""\uD83D\uDE00""#, "😀"),
            (r#""\uD83D""#, "\u{fffd}"),
            (r#""\0\101""#, "\0A"),
            (r#""\d\xZZ\u12""#, "dxZZu12"),
            ("\"a\\\nb\\\r\nc\"", "abc"),
            ("\"unclosed", "unclosed"),
            ("\"", ""),
            ("\"a\\", "a"),
        ] {
            assert_eq!(string_value(literal), value, "{literal}");
        }
    }
}
