//! `${VAR}` in Compose values, by the Compose specification (12-interpolation.md).

/// A text with its variables filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interpolated {
    /// The text; an unresolved variable is left as it is written.
    pub value: String,
    /// The variables that have neither a value nor a default, in the order in which they occur.
    pub unresolved: Vec<String>,
}

impl Interpolated {
    /// The value, if everything in it is known.
    pub fn known(self) -> Option<String> {
        self.unresolved.is_empty().then_some(self.value)
    }
}

/// How deeply defaults may nest (`${A:-${B:-…}}`); deeper ones are left as they are written.
const MAX_NESTING: usize = 20;

/// Fills in `$VAR`, `${VAR}`, `${VAR:-default}`, `${VAR-default}`, `${VAR:?error}`, `${VAR?error}`,
/// `${VAR:+instead}`, `${VAR+instead}`, nested ones too; `$$` is a dollar. A dollar that begins
/// none of these stays.
pub fn interpolate(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Interpolated {
    let mut out = Interpolated::default();
    expand(text, lookup, MAX_NESTING, &mut out);
    out
}

fn expand(text: &str, lookup: &dyn Fn(&str) -> Option<String>, depth: usize, out: &mut Interpolated) {
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.value.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(behind) = after.strip_prefix('$') {
            out.value.push('$');
            rest = behind;
        } else if let Some(inner) = after.strip_prefix('{') {
            let Some(end) = closing_brace(inner) else {
                out.value.push_str(&rest[at..]);
                return;
            };
            let written = &rest[at..at + 2 + end + 1];
            braced(&inner[..end], written, lookup, depth, out);
            rest = &inner[end + 1..];
        } else {
            let name = leading_name(after);
            if name.is_empty() {
                out.value.push('$');
            } else {
                push(name, &rest[at..=at + name.len()], lookup(name), out);
            }
            rest = &after[name.len()..];
        }
    }
    out.value.push_str(rest);
}

/// What stands between `${` and `}`; `written` is all of it.
fn braced(inner: &str, written: &str, lookup: &dyn Fn(&str) -> Option<String>, depth: usize, out: &mut Interpolated) {
    let name = leading_name(inner);
    let operator = &inner[name.len()..];
    if name.is_empty() || depth == 0 {
        out.value.push_str(written);
        if depth == 0 {
            out.unresolved.push(name.to_owned());
        }
        return;
    }
    let value = lookup(name);
    let filled = value.clone().filter(|value| !value.is_empty());
    if let Some(default) = operator.strip_prefix(":-") {
        match filled {
            Some(value) => out.value.push_str(&value),
            None => expand(default, lookup, depth - 1, out),
        }
    } else if let Some(default) = operator.strip_prefix('-') {
        match value {
            Some(value) => out.value.push_str(&value),
            None => expand(default, lookup, depth - 1, out),
        }
    } else if operator.starts_with(":?") {
        push(name, written, filled, out);
    } else if operator.is_empty() || operator.starts_with('?') {
        push(name, written, value, out);
    } else if let Some(instead) = operator.strip_prefix(":+") {
        // Without a value the result is empty; whether there is one is not known to us.
        if filled.is_some() {
            expand(instead, lookup, depth - 1, out);
        }
    } else if let Some(instead) = operator.strip_prefix('+') {
        if value.is_some() {
            expand(instead, lookup, depth - 1, out);
        }
    } else {
        out.value.push_str(written);
    }
}

fn push(name: &str, written: &str, value: Option<String>, out: &mut Interpolated) {
    match value {
        Some(value) => out.value.push_str(&value),
        None => {
            out.value.push_str(written);
            out.unresolved.push(name.to_owned());
        }
    }
}

fn leading_name(text: &str) -> &str {
    let is_name = |(i, c): (usize, char)| c == '_' || c.is_ascii_alphabetic() || (i > 0 && c.is_ascii_digit());
    let end = text.char_indices().find(|&at| !is_name(at)).map_or(text.len(), |(i, _)| i);
    &text[..end]
}

/// The brace that closes the one in front of `text`. Only `${` opens another one.
fn closing_brace(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut open = 0usize;
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'$' if bytes.get(i + 1) == Some(&b'$') => i += 1,
            b'$' if bytes.get(i + 1) == Some(&b'{') => {
                open += 1;
                i += 1;
            }
            b'}' if open == 0 => return Some(i),
            b'}' => open -= 1,
            _ => {}
        }
        i += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(text: &str) -> Interpolated {
        interpolate(text, &|name| match name {
            "USER" => Some("shop".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn every_form_of_the_specification() {
        let cases = [
            ("postgres://$USER@db", "postgres://shop@db"),
            ("${USER}-x", "shop-x"),
            ("${NO:-db}:${NO-5432}", "db:5432"),
            ("${EMPTY:-db}|${EMPTY-db}|", "db||"),
            ("${NO:-${ALSO:-${USER}}}", "shop"),
            ("${NO:-http://{id}", "http://{id"),
            ("${USER:+yes}${NO:+no}${EMPTY:+no}${EMPTY+yes}", "yesyes"),
            ("$$USER $${USER} $", "$USER ${USER} $"),
            ("a$1b", "a$1b"),
            ("${NO:-}", ""),
            ("${USER:?needed}", "shop"),
            ("plain", "plain"),
        ];
        for (text, expected) in cases {
            let result = with(text);
            assert_eq!((result.value.as_str(), result.unresolved.len()), (expected, 0), "{text}");
        }
    }

    #[test]
    fn what_has_no_value_is_named_and_left() {
        let result = with("${HOST}:${PORT:?set it}/$DB");
        assert_eq!(result.unresolved, ["HOST", "PORT", "DB"]);
        assert_eq!(result.value, "${HOST}:${PORT:?set it}/$DB");
        assert_eq!(result.known(), None);
        assert_eq!(with("${EMPTY:?}").unresolved, ["EMPTY"]);
    }

    #[test]
    fn broken_and_very_deep_forms_end() {
        assert_eq!(with("${USER").value, "${USER");
        assert_eq!(with("${}").value, "${}");
        let deep = format!("{}x{}", "${A:-".repeat(50_000), "}".repeat(50_000));
        assert_eq!(with(&deep).unresolved, ["A"]);
        assert_eq!(with(&"${".repeat(100_000)).unresolved.len(), 0);
    }

    proptest! {
        #[test]
        fn never_panics_and_text_without_a_dollar_is_itself(text in "[${}:?+A-C ä-]{0,60}") {
            let result = with(&text);
            if !text.contains('$') {
                prop_assert_eq!(result.value, text);
            }
        }

        #[test]
        fn an_escaped_text_reads_back(text in "[a-zA-Z${}:-]{0,40}") {
            prop_assert_eq!(with(&text.replace('$', "$$")).known(), Some(text));
        }
    }
}
