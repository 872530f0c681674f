//! HOCON, the language of `application.conf` (Ktor, Akka, Play): keys with dots, braces, substitutions.
//!
//! Values come out as the other settings of the JVM are written: a substitution is `${key}`, and one that only
//! counts when it is there (`port = 8080`, then `port = ${?PORT}`) is `${PORT:8080}`.
//! Source: <https://github.com/lightbend/config/blob/main/HOCON.md>.

use std::collections::HashMap;

use crate::syntax::Span;

/// How deep objects and lists nest.
const MAX_DEPTH: usize = 32;
/// How long a value with its defaults gets.
const MAX_TEXT: usize = 4096;

/// One value with the path of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The path, its parts joined by dots; items of a list have `[0]` behind it.
    pub key: String,
    /// The value.
    pub text: String,
    /// Where the value stands.
    pub span: Span,
}

/// The values of a document in its order, later ones in the place of earlier ones. What can't be read is
/// left out.
pub fn read(text: &str) -> Vec<Value> {
    let mut reader = Reader { text, at: 0, out: Vec::new(), known: HashMap::new() };
    let braced = {
        reader.blank(true);
        reader.eat('{')
    };
    reader.object("", 0, braced);
    reader.out
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    out: Vec<Value>,
    /// Where in `out` a key stands.
    known: HashMap<String, usize>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn starts(&self, with: &str) -> bool {
        self.text.get(self.at..).is_some_and(|rest| rest.starts_with(with))
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    /// Passes over blanks and comments, over line breaks and commas too where they only separate.
    fn blank(&mut self, separators: bool) {
        while let Some(c) = self.peek() {
            if c == '#' || self.starts("//") {
                let rest = self.text.get(self.at..).unwrap_or_default();
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if c == '\n' || c == ',' {
                if !separators {
                    return;
                }
                self.at += 1;
            } else if c.is_whitespace() || c == '\u{feff}' {
                self.at += c.len_utf8();
            } else {
                return;
            }
        }
    }

    fn object(&mut self, prefix: &str, depth: usize, braced: bool) {
        loop {
            self.blank(true);
            match self.peek() {
                None => return,
                Some('}') => {
                    self.at += 1;
                    if braced {
                        return;
                    }
                }
                Some(_) => {
                    let before = self.at;
                    self.member(prefix, depth);
                    if self.at == before {
                        self.at += self.peek().map_or(1, char::len_utf8);
                    }
                }
            }
        }
    }

    fn member(&mut self, prefix: &str, depth: usize) {
        let Some(key) = self.key() else { return };
        if key == "include" || key.starts_with("include ") {
            let rest = self.text.get(self.at..).unwrap_or_default();
            self.at += rest.find('\n').unwrap_or(rest.len());
            return;
        }
        let path = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
        if self.starts("+=") {
            self.at += 2;
        } else if !self.eat('=') && !self.eat(':') && self.peek() != Some('{') {
            return;
        }
        self.blank(false);
        self.value(&path, depth);
    }

    /// A key up to `=`, `:`, `+=` or `{`.
    fn key(&mut self) -> Option<String> {
        let mut key = String::new();
        loop {
            match self.peek()? {
                '"' => key.push_str(&self.quoted()),
                '=' | ':' | '{' | '}' | '[' | ']' | '\n' | ',' => break,
                '+' if self.starts("+=") => break,
                c => {
                    key.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        let key = key.trim().to_string();
        (!key.is_empty()).then_some(key)
    }

    fn value(&mut self, path: &str, depth: usize) {
        if depth >= MAX_DEPTH {
            self.at = self.text.len();
            return;
        }
        match self.peek() {
            Some('{') => {
                self.at += 1;
                self.object(path, depth + 1, true);
            }
            Some('[') => {
                self.at += 1;
                self.list(path, depth + 1);
            }
            _ => self.scalar(path),
        }
    }

    fn list(&mut self, path: &str, depth: usize) {
        for item in 0.. {
            self.blank(true);
            match self.peek() {
                None => return,
                Some(']') => {
                    self.at += 1;
                    return;
                }
                Some('}') => return,
                Some(_) => {
                    let before = self.at;
                    self.value(&format!("{path}[{item}]"), depth);
                    if self.at == before {
                        self.at += self.peek().map_or(1, char::len_utf8);
                    }
                }
            }
        }
    }

    /// Text up to the end of the line: words, quoted parts and substitutions that stand behind each other.
    fn scalar(&mut self, path: &str) {
        let start = self.at;
        let mut text = String::new();
        let mut only_if_set = None;
        while let Some(c) = self.peek() {
            match c {
                '\n' | ',' | '}' | ']' | '#' => break,
                '/' if self.starts("//") && text.trim_end() == text.trim_end_matches(':') => break,
                '"' => text.push_str(&self.quoted()),
                '$' if self.starts("${") => {
                    let rest = self.text.get(self.at + 2..).unwrap_or_default();
                    let Some(end) = rest.find('}') else { break };
                    let name = rest.get(..end).unwrap_or_default();
                    self.at += end + 3;
                    if let Some(name) = name.strip_prefix('?') {
                        if text.trim().is_empty() {
                            only_if_set = Some(name.trim().to_string());
                        }
                        text.push_str(&format!("${{{}:}}", name.trim()));
                    } else {
                        text.push_str(&format!("${{{}}}", name.trim()));
                    }
                }
                c => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        let span = Span::new(start, self.at.min(self.text.len()));
        let mut text = text.trim().to_string();
        let before = self.known.get(path).and_then(|at| self.out.get_mut(*at));
        let optional = only_if_set.filter(|name| text == format!("${{{name}:}}"));
        match (before, optional) {
            // What is written out stays the place to point at.
            (Some(known), Some(name)) if known.text.len() < MAX_TEXT => {
                known.text = format!("${{{name}:{}}}", known.text);
            }
            (Some(known), _) => (known.text, known.span) = (text, span),
            (None, optional) => {
                if let Some(name) = optional {
                    text = format!("${{{name}}}");
                }
                self.known.insert(path.to_string(), self.out.len());
                self.out.push(Value { key: path.to_string(), text, span });
            }
        }
    }

    /// A quoted text, with three quotes as it is.
    fn quoted(&mut self) -> String {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if let Some(raw) = rest.strip_prefix("\"\"\"") {
            let end = raw.find("\"\"\"").unwrap_or(raw.len());
            self.at = (self.at + end + 6).min(self.text.len());
            return raw.get(..end).unwrap_or_default().to_string();
        }
        let mut out = String::new();
        let mut chars = rest.char_indices().skip(1);
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += i + 1;
                    return out;
                }
                '\\' => out.extend(chars.next().map(|(_, c)| if c == 'n' { '\n' } else { c })),
                '\n' => {
                    self.at += i;
                    return out;
                }
                c => out.push(c),
            }
        }
        self.at = self.text.len();
        out
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    fn pairs(text: &str) -> Vec<(String, String)> {
        read(text).into_iter().map(|v| (v.key, v.text)).collect()
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_string(), value.to_string())
    }

    #[test]
    fn objects_nest_and_keys_have_dots() {
        let text = "# yard\nktor {\n  deployment { port = 8080, rootPath = \"/yard\" }\n  application.modules = [ a.AppKt.module, \"b\" ]\n}\n\"slick\".db: { url = jdbc:postgresql://pg:5432/lots // here\n}\n";
        let expected = [
            pair("ktor.deployment.port", "8080"),
            pair("ktor.deployment.rootPath", "/yard"),
            pair("ktor.application.modules[0]", "a.AppKt.module"),
            pair("ktor.application.modules[1]", "b"),
            pair("slick.db.url", "jdbc:postgresql://pg:5432/lots"),
        ];
        assert_eq!(pairs(text), expected);
    }

    #[test]
    fn substitutions_have_the_value_before_as_their_default() {
        let text = "port = 8080\nport = ${?PORT}\nhost = ${?HOST}\nurl = \"http://\"${host}\":\"${port}/x\n";
        let expected = [pair("port", "${PORT:8080}"), pair("host", "${HOST}"), pair("url", "http://${host}:${port}/x")];
        assert_eq!(pairs(text), expected);
    }

    #[test]
    fn what_is_broken_ends() {
        for text in ["{{{{", "a {", "a = [1, {b", "}}} a = 1", "= = =", "a = \"\"\"x", "\u{feff}a=${x", "[[["] {
            read(text);
        }
        read(&"a {".repeat(10_000));
        read(&format!("a = {}", "[".repeat(10_000)));
        assert_eq!(pairs("}}} a = 1"), [pair("a", "1")]);
    }
}
