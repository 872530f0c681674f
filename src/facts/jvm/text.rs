//! The values of string and character literals.

use smol_str::SmolStr;

use crate::facts::walk::text::unescape_with;

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
        's' => out.push(' '),
        // A line of a text block that goes on.
        '\n' => {}
        '\r' => return rest.strip_prefix('\n').unwrap_or(rest),
        '0'..='7' => {
            let digits = text.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            out.push(u32::from_str_radix(&text[..digits], 8).ok().and_then(char::from_u32).unwrap_or('\0'));
            return &text[digits..];
        }
        'u' => {
            let digits = rest.trim_start_matches('u');
            let Some(head) = digits.get(..4).filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit())) else {
                out.push('u');
                return rest;
            };
            let code = u32::from_str_radix(head, 16).ok().and_then(char::from_u32);
            out.push(code.unwrap_or(char::REPLACEMENT_CHARACTER));
            return &digits[4..];
        }
        other => out.push(other),
    }
    rest
}

/// A Java text block (`"""`, line end, lines, `"""`) without the indentation its lines share.
pub(super) fn text_block(inner: &str) -> SmolStr {
    let body = inner.split_once('\n').map_or(inner, |(_, body)| body).replace("\r\n", "\n");
    let lines: Vec<&str> = body.split('\n').collect();
    let last = lines.len().saturating_sub(1);
    let indent = lines
        .iter()
        .enumerate()
        .filter(|(i, line)| *i == last || !line.trim().is_empty())
        .map(|(_, line)| line.len() - line.trim_start_matches([' ', '\t']).len())
        .min()
        .unwrap_or(0);
    let lines: Vec<&str> = lines.iter().map(|l| l.get(indent..).unwrap_or("").trim_end_matches([' ', '\t'])).collect();
    unescape(&lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_have_the_value_they_stand_for() {
        assert_eq!(unescape(r#"a\n\"q\" \u0041\101\$\"#), "a\n\"q\" AA$");
        assert_eq!(text_block("\n    select *\n      from t\n    "), "select *\n  from t\n");
        assert_eq!(text_block("\n    one \\\n    line"), "one line");
    }
}
