//! Operators and the values of string, character and number literals.

use smol_str::SmolStr;

use crate::facts::module::BinaryOp;

/// The operator of `a op b`.
pub(in crate::facts) fn binary_op(text: &str) -> BinaryOp {
    match text {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "%" => BinaryOp::Mod,
        "**" => BinaryOp::Pow,
        "<<" => BinaryOp::Shl,
        "||" => BinaryOp::Or,
        "??" | "?:" => BinaryOp::Coalesce,
        "&&" => BinaryOp::And,
        "|" => BinaryOp::BitOr,
        "==" | "===" => BinaryOp::Eq,
        "!=" | "!==" => BinaryOp::Ne,
        "<" | "<=" => BinaryOp::Lt,
        ">" | ">=" => BinaryOp::Gt,
        "in" => BinaryOp::In,
        "!in" => BinaryOp::NotIn,
        _ => BinaryOp::Other,
    }
}

/// The operator of `a op= b`; none for `=`.
pub(in crate::facts) fn assign_op(text: &str) -> Option<BinaryOp> {
    let op = text.strip_suffix('=').unwrap_or(text);
    (!op.is_empty() && op != ":").then(|| binary_op(op))
}

/// `text` with its escape sequences replaced, of Go and C#; `\\x` takes up to `most_hex`
/// digits. A sequence that means nothing stands for itself.
pub(in crate::facts) fn unescape(text: &str, most_hex: usize) -> SmolStr {
    unescape_with(text, |rest, out| escape(rest, most_hex, out))
}

/// `text` with its escape sequences replaced. `escape` writes the value of the one that begins a text
/// (behind the backslash) and returns what follows it.
pub(in crate::facts) fn unescape_with(text: &str, escape: impl for<'a> Fn(&'a str, &mut String) -> &'a str) -> SmolStr {
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
fn escape<'a>(text: &'a str, most_hex: usize, out: &mut String) -> &'a str {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return text };
    let rest = chars.as_str();
    let hex = |most: usize| rest.bytes().take(most).take_while(u8::is_ascii_hexdigit).count();
    let digits = match first {
        'n' => return plain('\n', rest, out),
        't' => return plain('\t', rest, out),
        'r' => return plain('\r', rest, out),
        'a' => return plain('\u{7}', rest, out),
        'b' => return plain('\u{8}', rest, out),
        'f' => return plain('\u{c}', rest, out),
        'v' => return plain('\u{b}', rest, out),
        'e' => return plain('\u{1b}', rest, out),
        '0'..='7' => {
            let count = text.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            out.push(u32::from_str_radix(&text[..count], 8).ok().and_then(char::from_u32).unwrap_or('\0'));
            return &text[count..];
        }
        'x' => hex(most_hex),
        'u' => hex(4),
        'U' => hex(8),
        other => return plain(other, rest, out),
    };
    let code = u32::from_str_radix(&rest[..digits], 16).ok().and_then(char::from_u32);
    out.push(code.unwrap_or(char::REPLACEMENT_CHARACTER));
    &rest[digits..]
}

fn plain<'a>(c: char, rest: &'a str, out: &mut String) -> &'a str {
    out.push(c);
    rest
}

/// The value of a number literal; NaN for what is none. With `old_octal`, `017` is fifteen.
pub(in crate::facts) fn number_value(literal: &str, old_octal: bool) -> f64 {
    let lower: String = literal.chars().filter(|&c| c != '_').collect::<String>().to_ascii_lowercase();
    let radix = |digits: &str, radix: u32| {
        let digits: Option<Vec<u32>> = digits.chars().map(|c| c.to_digit(radix)).collect();
        digits.map_or(f64::NAN, |d| d.iter().fold(0.0, |sum, &d| sum * f64::from(radix) + f64::from(d)))
    };
    let whole = lower.trim_end_matches(['l', 'u', 'n']);
    for (prefix, base) in [("0x", 16), ("0b", 2), ("0o", 8)] {
        if let Some(digits) = whole.strip_prefix(prefix) {
            return radix(digits, base);
        }
    }
    if old_octal && whole.len() > 1 && whole.starts_with('0') && whole.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
        return radix(whole, 8);
    }
    whole.trim_end_matches(['f', 'd', 'm']).parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_have_the_value_they_stand_for() {
        assert_eq!(unescape(r#"a\n\"q\" \u0041\101\x42\U0001F600"#, 2), "a\n\"q\" AAB😀");
        for (literal, value) in [
            ("10_000L", 1e4),
            ("0xFFL", 255.0),
            ("0b11", 3.0),
            ("0o17", 15.0),
            ("017", 15.0),
            ("089", 89.0),
            ("1.5m", 1.5),
            ("1.5f", 1.5),
            ("2d", 2.0),
            ("1e3", 1e3),
            (".5", 0.5),
            ("5.", 5.0),
            ("30n", 30.0),
            ("0", 0.0),
        ] {
            assert_eq!(number_value(literal, true), value, "{literal}");
        }
        assert_eq!((number_value("0755", true), number_value("0755", false)), (493.0, 755.0));
        assert!(number_value("x", true).is_nan() && number_value("", true).is_nan());
    }
}
