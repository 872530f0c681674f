//! dotenv files, as Compose and the dotenv libraries read them.

use super::{DataError, Pair, Pairs};
use crate::syntax::Span;

/// Reads a dotenv file: `KEY=value`, `export KEY=value`, `KEY: value`, quotes (also over several
/// lines), comments. Values are not interpolated; see [`Pair::literal`].
pub fn dotenv(text: &str) -> Pairs {
    let mut reader = Reader { text, at: 0 };
    let mut pairs = Pairs::default();
    if text.starts_with('\u{feff}') {
        reader.at = '\u{feff}'.len_utf8();
    }
    while reader.at < text.len() {
        let line = reader.at;
        match reader.pair() {
            Ok(Some(pair)) => pairs.pairs.push(pair),
            Ok(None) => {}
            Err(error) => {
                pairs.errors.push(error);
                reader.at = line;
                reader.at = reader.line_end();
            }
        }
        reader.at = (reader.line_end() + 1).min(text.len());
    }
    pairs
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn line_end(&self) -> usize {
        memchr::memchr(b'\n', self.rest().as_bytes()).map_or(self.text.len(), |n| self.at + n)
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
    }

    /// One line (more for a quoted value); nothing for a blank line or a comment.
    fn pair(&mut self) -> Result<Option<Pair>, DataError> {
        self.skip_blanks();
        if self.rest().starts_with("export ") || self.rest().starts_with("export\t") {
            self.at += "export".len();
            self.skip_blanks();
        }
        let end = self.line_end();
        if self.at >= end || self.rest().starts_with('#') {
            return Ok(None);
        }
        let start = self.at;
        let key_text = &self.text[start..end];
        let key_len = key_text.find(|c: char| !is_key(c)).unwrap_or(key_text.len());
        let key_span = Span::new(start, start + key_len);
        if key_len == 0 {
            return Err(DataError::new(format!("`{}` is no KEY=value line", excerpt(key_text)), Span::new(start, end)));
        }
        let key = key_text[..key_len].to_owned();
        self.at = start + key_len;
        self.skip_blanks();
        let at = self.at.min(end);
        match self.text[at..end].chars().next() {
            Some('=') | Some(':') => self.at = at + 1,
            None | Some('#') => {
                self.at = end;
                let value_span = Span::new(start + key_len, start + key_len);
                return Ok(Some(Pair { key, key_span, value: None, value_span, literal: false }));
            }
            Some(_) => {
                let message = format!("`{}` is no KEY=value line", excerpt(key_text));
                return Err(DataError::new(message, Span::new(start, end)));
            }
        }
        while self.rest().starts_with([' ', '\t']) {
            self.at += 1;
        }
        let (value, value_span, literal) = match self.rest().chars().next() {
            Some(quote @ ('"' | '\'' | '`')) => self.quoted(quote)?,
            _ => self.unquoted(),
        };
        Ok(Some(Pair { key, key_span, value: Some(value), value_span, literal }))
    }

    fn quoted(&mut self, quote: char) -> Result<(String, Span, bool), DataError> {
        let start = self.at;
        let mut value = String::new();
        let mut chars = self.text[start + 1..].char_indices();
        while let Some((i, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.at = start + 1 + i + 1;
                    return Ok((value, Span::new(start, self.at), quote == '\''));
                }
                '\\' if quote == '"' => match chars.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, 'r')) => value.push('\r'),
                    Some((_, 't')) => value.push('\t'),
                    // An escaped dollar stays escaped in the way Compose escapes it.
                    Some((_, '$')) => value.push_str("$$"),
                    Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                    Some((_, other)) => value.extend(['\\', other]),
                    None => {}
                },
                c => value.push(c),
            }
        }
        Err(DataError::new(format!("a value that begins with {quote} and never ends"), Span::new(start, start + 1)))
    }

    fn unquoted(&mut self) -> (String, Span, bool) {
        let start = self.at;
        let line = &self.text[start..self.line_end()];
        // A comment begins at a `#` behind a blank; `pass#word` is a value.
        let comment = match line.starts_with('#') {
            true => 0,
            false => line.find(" #").or_else(|| line.find("\t#")).unwrap_or(line.len()),
        };
        let value = line[..comment].trim_end();
        self.at = start + value.len();
        (value.to_owned(), Span::new(start, self.at), false)
    }
}

fn is_key(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']')
}

fn excerpt(text: &str) -> String {
    text.trim_end().chars().take(40).collect()
}
