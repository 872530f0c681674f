//! Plain text: wrapping, counting, and making foreign text safe to print.

pub(super) use crate::findings::printable;

/// `1 file`, `2 files`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = match noun.strip_suffix('y') {
        Some(stem) if number != 1 && !noun.ends_with("ey") => format!("{stem}ies"),
        _ if number == 1 => noun.to_owned(),
        _ => format!("{noun}s"),
    };
    format!("{number} {plural}")
}

/// The text on one line, safe to print.
pub fn one_line(text: &str) -> String {
    printable(&text.replace(['\n', '\r'], " ")).into_owned()
}

/// Breaks a text at blanks so that no line is wider than `width` columns where words allow it. `first`
/// stands before the first line, `rest` before the others; styles in them take no columns.
pub(super) fn wrap(text: &str, first: &str, rest: &str, width: usize) -> String {
    let mut out = String::new();
    let (mut column, mut begin) = (columns(first), true);
    out.push_str(first);
    for word in text.split_whitespace() {
        let length = columns(word);
        if !begin && column + 1 + length > width {
            out.push('\n');
            out.push_str(rest);
            column = columns(rest);
            begin = true;
        }
        if !begin {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
        begin = false;
    }
    out.push('\n');
    out
}

/// How many columns a text takes: its characters without styles.
fn columns(text: &str) -> usize {
    let (mut count, mut style) = (0, false);
    for c in text.chars() {
        match c {
            '\x1b' => style = true,
            'm' if style => style = false,
            _ if style => {}
            _ => count += 1,
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::{count, wrap};

    #[test]
    fn counts() {
        assert_eq!(count(1, "finding"), "1 finding");
        assert_eq!(count(0, "finding"), "0 findings");
        assert_eq!(count(2, "query"), "2 queries");
        assert_eq!(count(2, "key"), "2 keys");
    }

    #[test]
    fn wraps_at_blanks() {
        assert_eq!(wrap("one two  three", "- ", "  ", 9), "- one two\n  three\n");
        assert_eq!(wrap("\x1b[1mone\x1b[0m two", "", "", 7), "\x1b[1mone\x1b[0m two\n");
        assert_eq!(wrap("", "x:", "", 9), "x:\n");
    }
}
