//! Paths that are regular expressions: those of Django and Tornado.

use super::path::PathText;

/// A regular expression as a path, as far as it is one: anchors go, `/?` is `/`, `(?P<id>…)` is `<id>`.
pub(super) fn of_regex(pattern: &PathText) -> PathText {
    let text = pattern.text.trim_start_matches('^').trim_end_matches('$').trim_end_matches("\\Z").replace("/?", "/");
    let mut out = String::new();
    let mut partial = pattern.partial;
    let mut rest = text.as_str();
    while let Some(open) = rest.find('(') {
        out.push_str(&rest[..open]);
        let group = &rest[open..];
        let mut depth = 0;
        let mut escaped = false;
        let mut close = group.len();
        for (i, c) in group.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '(' => depth += 1,
                ')' => {
                    depth -= 1;
                    if depth == 0 {
                        close = i;
                        break;
                    }
                }
                _ => {}
            }
        }
        match group.strip_prefix("(?P<").and_then(|g| g.split_once('>')) {
            Some((name, _)) => out.push_str(&format!("<{name}>")),
            // Tornado passes these by their order.
            None if matches!(group.get(..=close), Some("(.*)" | "(.+)")) => out.push_str("<path:>"),
            None => {
                out.push_str("<>");
                let inside = group.get(1..close).unwrap_or("");
                partial |= inside.contains(['(', '|', '/']) || inside.starts_with('?');
            }
        }
        rest = group.get(close + 1..).unwrap_or("");
    }
    out.push_str(rest);
    let plain = out.replace("\\.", ".").replace("\\-", "-").replace("\\/", "/");
    partial |= plain.contains(['\\', '[', '*', '+', '|', '?']);
    PathText { text: plain, partial }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_expressions_become_paths() {
        let cases = [
            ("^health/?$", "health/", false),
            (r"^orders/(?P<pk>\d+)/$", "orders/<pk>/", false),
            (r"^files/(.*)$", "files/<path:>", false),
            (r"/story/([0-9]+)", "/story/<>", false),
            (r"/(en|de)/about", "/<>/about", true),
            ("orders/[0-9]+", "orders/[0-9]+", true),
        ];
        for (pattern, text, partial) in cases {
            let found = of_regex(&PathText::known(pattern));
            assert_eq!((found.text.as_str(), found.partial), (text, partial), "{pattern}");
        }
    }
}
