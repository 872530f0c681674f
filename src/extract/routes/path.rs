//! Paths: one notation for the parameters of all frameworks, joining, matching.

use crate::catalog::server::Parameters;
use crate::program::Value;
use crate::program::value::{Text, TextPart};

/// A path or prefix, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathText {
    /// The text; what is not known is `{}`.
    pub text: String,
    /// Something in it is not known.
    pub partial: bool,
}

impl PathText {
    /// A known path.
    pub fn known(text: impl Into<String>) -> Self {
        PathText { text: text.into(), partial: false }
    }

    /// A path of which nothing is known.
    pub fn unknown() -> Self {
        PathText { text: "{}".into(), partial: true }
    }

    /// This prefix with a path under it.
    pub fn join(&self, tail: &PathText) -> PathText {
        PathText { text: join(&self.text, &tail.text), partial: self.partial || tail.partial }
    }
}

/// A string of the program as a path: a variable of the environment counts with its default.
pub fn of_text(text: &Text) -> PathText {
    let unknown = |part: &TextPart| matches!(part, TextPart::Hole | TextPart::Env { default: None, .. });
    PathText { text: text.pattern(), partial: text.parts.iter().any(unknown) }
}

/// The paths a value may be: one for each alternative, none for something that is no text.
pub fn of_value(value: &Value) -> Vec<PathText> {
    let mut out = Vec::new();
    for alternative in value.alternatives() {
        let path = match alternative {
            Value::Str(text) => of_text(text),
            Value::Env { .. } => alternative.to_text().map_or_else(PathText::unknown, |t| of_text(&t)),
            Value::Unknown | Value::Param { .. } => PathText::unknown(),
            Value::Method { symbol, .. } => match documentation(symbol) {
                Some(path) => of_text(&Text::literal(path)),
                None => continue,
            },
            _ => continue,
        };
        if !out.contains(&path) {
            out.push(path);
        }
    }
    out
}

/// Where FastAPI serves its documentation unless told otherwise, which code that serves it asks for
/// (<https://fastapi.tiangolo.com/how-to/custom-docs-ui-assets/>).
fn documentation(symbol: &str) -> Option<&'static str> {
    match symbol.strip_prefix("fastapi.FastAPI.")? {
        "swagger_ui_oauth2_redirect_url" => Some("/docs/oauth2-redirect"),
        "openapi_url" => Some("/openapi.json"),
        "docs_url" => Some("/docs"),
        "redoc_url" => Some("/redoc"),
        _ => None,
    }
}

/// Joins with exactly one `/` between; an empty tail, or `/` alone, is the base itself.
pub fn join(base: &str, tail: &str) -> String {
    let base = base.trim_end_matches('/');
    let tail = tail.trim_start_matches('/');
    if tail.is_empty() { base.to_string() } else { format!("{base}/{tail}") }
}

/// A full path in the common notation: starts with `/`, no final or double `/`.
pub fn normalise(path: &str, parameters: Parameters) -> String {
    let mut out = String::new();
    for segment in split(path) {
        out.push('/');
        match parameters {
            Parameters::Brace => brace(&segment, &mut out),
            Parameters::Colon => colon(&segment, &mut out),
            // Regular expressions are written with angles once they are read.
            Parameters::Angle | Parameters::Regex => angle(&segment, &mut out),
        }
    }
    if out.is_empty() { "/".into() } else { out }
}

/// Takes the method and the host of a Go pattern (`"GET example.com/x/{$}"`) off; the method, and whether
/// the path answers for all below it. <https://pkg.go.dev/net/http#hdr-Patterns-ServeMux>
pub fn take_pattern(text: &mut String) -> (Option<String>, bool) {
    let (verb, rest) = match text.split_once([' ', '\t']) {
        Some((verb, rest)) if verb.chars().all(|c| c.is_ascii_uppercase()) => (Some(verb.to_string()), rest.trim()),
        _ => (None, text.trim()),
    };
    let path = if rest.starts_with(['/', '{']) { rest } else { rest.find('/').map_or(rest, |at| &rest[at..]) };
    let is_tree = path.ends_with('/');
    *text = path.trim_end_matches("{$}").to_string();
    (verb, is_tree)
}

/// The segments; a `/` inside brackets (a regular expression) divides nothing.
fn split(path: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut depth = 0_i32;
    for c in path.chars() {
        match c {
            '(' | '{' | '<' | '[' => depth += 1,
            ')' | '}' | '>' | ']' => depth -= 1,
            _ => {}
        }
        match out.last_mut() {
            Some(last) if c != '/' || depth > 0 => last.push(c),
            _ => out.push(String::new()),
        }
    }
    out.retain(|s| !s.is_empty());
    out
}

/// `{id:int}` is `{id}`; `{rest:path}` takes the rest.
fn brace(segment: &str, out: &mut String) {
    let mut rest = segment;
    while let Some(open) = rest.find('{') {
        let Some(close) = matching(&rest[open..], '{', '}').map(|n| open + n) else { break };
        out.push_str(&rest[..open]);
        // ASP.NET Core: `{page=1}` has a default, `{**rest}` takes the rest.
        let inside = rest[open + 1..close].trim().split('=').next().unwrap_or_default();
        let inside = inside.strip_prefix("**").map_or(inside.to_string(), |rest| format!("*{rest}"));
        let inside = inside.as_str();
        let (name, kind) = inside.split_once(':').unwrap_or((inside, ""));
        // hapi: `{name?}` is optional, `{name*}` takes the rest, `{name*2}` two segments.
        let (name, many) = name.split_once('*').map_or((name, false), |(n, _)| (n, true));
        if let Some(rest) = inside.strip_suffix("...") {
            out.push_str(&format!("{{*{rest}}}"));
        } else if inside.starts_with('*') {
            out.push_str(&format!("{{{inside}}}"));
        } else if kind == "path" || many {
            out.push_str(&format!("{{*{name}}}"));
        } else {
            out.push_str(&format!("{{{}}}", name.trim_end_matches('?')));
        }
        rest = &rest[close + 1..];
    }
    out.push_str(rest);
}

/// `<int:id>` (Flask, Django) and `<id:int>` (Sanic) are `{id}`; `<path:rest>` takes the rest.
fn angle(segment: &str, out: &mut String) {
    const TYPES: [&str; 14] = [
        "int",
        "str",
        "string",
        "float",
        "path",
        "uuid",
        "any",
        "slug",
        "number",
        "alpha",
        "ymd",
        "ext",
        "strorempty",
        "regex",
    ];
    let mut rest = segment;
    while let Some(open) = rest.find('<') {
        let Some(close) = matching(&rest[open..], '<', '>').map(|n| open + n) else { break };
        out.push_str(&rest[..open]);
        let inside = &rest[open + 1..close];
        let (name, kind) = match inside.split_once(':') {
            Some((kind, name)) if TYPES.contains(&kind.split('(').next().unwrap_or(kind)) => (name, kind),
            Some((name, kind)) => (name, kind),
            None => (inside, ""),
        };
        let star = if kind == "path" { "*" } else { "" };
        out.push_str(&format!("{{{star}{name}}}"));
        rest = &rest[close + 1..];
    }
    out.push_str(rest);
}

/// `:id`, `:id(\d+)`, `:id?`, `:rest*`, `*`, `*rest`.
fn colon(segment: &str, out: &mut String) {
    let mut chars = segment.chars().peekable();
    let word = |c: &char| c.is_alphanumeric() || *c == '_';
    while let Some(c) = chars.next() {
        match c {
            ':' if chars.peek().is_some_and(word) => {
                let mut name = String::new();
                while let Some(c) = chars.next_if(word) {
                    name.push(c);
                }
                let mut star = "";
                while let Some(&c) = chars.peek() {
                    match c {
                        '(' | '{' => {
                            let close = if c == '(' { ')' } else { '}' };
                            let mut depth = 0;
                            for inner in chars.by_ref() {
                                depth += i32::from(inner == c) - i32::from(inner == close);
                                if depth == 0 {
                                    break;
                                }
                            }
                        }
                        '?' => {
                            chars.next();
                        }
                        '*' | '+' => {
                            star = "*";
                            chars.next();
                        }
                        _ => break,
                    }
                }
                out.push_str(&format!("{{{star}{name}}}"));
            }
            '*' => {
                let mut name = String::new();
                while let Some(c) = chars.next_if(word) {
                    name.push(c);
                }
                out.push_str(&format!("{{*{name}}}"));
            }
            // Regular expressions in a path: `(.*)` takes the rest.
            '(' if segment == "(.*)" => {
                out.push_str("{*}");
                return;
            }
            c => out.push(c),
        }
    }
}

/// The position of the bracket that closes the one `text` begins with.
fn matching(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0;
    for (i, c) in text.char_indices() {
        depth += i32::from(c == open) - i32::from(c == close);
        if depth == 0 {
            return Some(i);
        }
    }
    None
}

/// True when a request for `path` reaches a route of this template. Letter case and a final `/` do not
/// count.
pub fn matches(template: &str, path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let wanted: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    let mut i = 0;
    for segment in template.split('/').filter(|s| !s.is_empty()) {
        if segment.contains("{*") {
            return true;
        }
        let Some(part) = wanted.get(i) else { return false };
        if !segment_matches(segment, part) {
            return false;
        }
        i += 1;
    }
    i == wanted.len()
}

fn segment_matches(template: &str, part: &str) -> bool {
    let Some((before, rest)) = template.split_once('{') else { return template.eq_ignore_ascii_case(part) };
    let after = rest.split_once('}').map_or("", |(_, after)| after);
    let part = part.to_ascii_lowercase();
    part.starts_with(&before.to_ascii_lowercase())
        && (after.contains('{') || part.ends_with(&after.to_ascii_lowercase()))
}

/// True when `path` lies under `prefix`, by whole segments.
pub fn under(path: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    prefix.is_empty()
        || path == prefix
        || (path.starts_with(prefix) && path.as_bytes().get(prefix.len()) == Some(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_every_framework_read_alike() {
        let cases = [
            (Parameters::Brace, "/orders/{id:int}/", "/orders/{id}"),
            (Parameters::Brace, "//files//{rest:path}", "/files/{*rest}"),
            (Parameters::Brace, "/a/{name?}", "/a/{name}"),
            (Parameters::Brace, "/a/{rest*}", "/a/{*rest}"),
            (Parameters::Colon, "/orders/:id(\\d+)/items/:item?", "/orders/{id}/items/{item}"),
            (Parameters::Colon, "/users/:from-:to", "/users/{from}-{to}"),
            (Parameters::Colon, "*", "/{*}"),
            (Parameters::Colon, "/a/*rest", "/a/{*rest}"),
            (Parameters::Angle, "/orders/<int:id>", "/orders/{id}"),
            (Parameters::Angle, "/orders/<id:int>", "/orders/{id}"),
            (Parameters::Angle, "/files/<path:rest>", "/files/{*rest}"),
            (Parameters::Angle, "", "/"),
        ];
        for (parameters, path, expected) in cases {
            assert_eq!(normalise(path, parameters), expected, "{path}");
        }
    }

    #[test]
    fn a_path_matches_a_template() {
        assert!(matches("/health", "/health/"));
        assert!(matches("/Health", "/health?full=1"));
        assert!(matches("/api/{id}", "/api/7"));
        assert!(matches("/{*}", "/anything/at/all"));
        assert!(matches("/", "/"));
        assert!(!matches("/api/v1/health", "/health"));
        assert!(!matches("/health", "/health/live"));
        assert!(!matches("/health/{part}", "/health"));
        assert!(under("/api/x", "/api") && under("/x", "/") && !under("/apix", "/api"));
    }

    proptest::proptest! {
        #[test]
        fn normalising_never_panics(path in "[a-z:{}<>*()?/.ä]{0,24}") {
            for parameters in [Parameters::Brace, Parameters::Colon, Parameters::Angle] {
                let out = normalise(&path, parameters);
                proptest::prop_assert!(out.starts_with('/'));
                let _ = matches(&out, &path);
            }
        }
    }
}
