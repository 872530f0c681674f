//! Text of the repository is printed to terminals: it must not steer them.

use std::borrow::Cow;

/// Foreign text with what would steer a terminal or turn the reading direction replaced by characters
/// of the same length in bytes, so that spans stay true. Newlines and tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let safe = text.chars().map(|c| match (is_unsafe(c), c.len_utf8()) {
        (false, _) => c,
        (true, 1) => '?',
        (true, 2) => '¿',
        (true, _) => '\u{fffd}',
    });
    Cow::Owned(safe.collect())
}

fn is_unsafe(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t' && c != '\r')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn foreign_text_steers_no_terminal_and_keeps_its_length() {
        let text = "a\x1b[31m\u{202e}b\u{85}\tc\n";
        let safe = printable(text);
        assert_eq!(safe, "a?[31m\u{fffd}b¿\tc\n");
        assert_eq!(safe.len(), text.len());
    }
}
