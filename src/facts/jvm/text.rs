//! The values of string, character and number literals.

use smol_str::SmolStr;

/// `text` with its escape sequences replaced. A sequence that means nothing stands for itself.
pub(super) fn unescape(text: &str) -> SmolStr {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return SmolStr::new(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = escape(&rest[at + 1..], &mut out);
    }
    out.push_str(rest);
    SmolStr::new(out)
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

/// The value of a number literal; NaN for what is none.
pub(super) fn number_value(literal: &str) -> f64 {
    let lower: String = literal.chars().filter(|&c| c != '_').collect::<String>().to_ascii_lowercase();
    let radix = |digits: &str, radix: u32| {
        let digits: Option<Vec<u32>> = digits.chars().map(|c| c.to_digit(radix)).collect();
        digits.map_or(f64::NAN, |d| d.iter().fold(0.0, |sum, &d| sum * f64::from(radix) + f64::from(d)))
    };
    let whole = lower.trim_end_matches(['l', 'u']);
    if let Some(digits) = whole.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = whole.strip_prefix("0b") {
        return radix(digits, 2);
    }
    if whole.len() > 1 && whole.starts_with('0') && whole.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
        return radix(whole, 8);
    }
    whole.trim_end_matches(['f', 'd']).parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_have_the_value_they_stand_for() {
        assert_eq!(unescape(r#"a\n\"q\" \u0041\101\$\"#), "a\n\"q\" AA$");
        assert_eq!(text_block("\n    select *\n      from t\n    "), "select *\n  from t\n");
        assert_eq!(text_block("\n    one \\\n    line"), "one line");
        for (literal, value) in
            [("10_000L", 1e4), ("0xFFL", 255.0), ("0b11", 3.0), ("017", 15.0), ("1.5f", 1.5), ("2d", 2.0), ("0", 0.0)]
        {
            assert_eq!(number_value(literal), value, "{literal}");
        }
        assert!(number_value("x").is_nan());
    }
}
