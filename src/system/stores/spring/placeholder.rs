//! `${name:default}` in the values of Spring configuration.

use super::View;
use crate::program::value::{Text, TextPart};

/// How often a placeholder can lead to another one.
const MAX_DEPTH: u32 = 8;

/// The text of a value with its placeholders resolved: variables of the container stay variables, so
/// that their places can be told; what nothing sets is a hole.
pub(super) fn text(view: &View<'_>, value: &str) -> Text {
    let mut out = Text { parts: Vec::new(), handed: false };
    fill(view, value, 0, &mut out);
    out
}

fn fill(view: &View<'_>, value: &str, depth: u32, out: &mut Text) {
    let mut rest = value;
    while let Some(start) = rest.find("${") {
        push(out, &rest[..start]);
        let inner = &rest[start + 2..];
        let Some(end) = closing(inner) else {
            out.parts.push(TextPart::Hole);
            return;
        };
        placeholder(view, &inner[..end], depth, out);
        rest = &inner[end + 1..];
    }
    // Values of the build tool: `@database.host@`.
    if rest.matches('@').count() >= 2 && rest.starts_with('@') {
        out.parts.push(TextPart::Hole);
    } else {
        push(out, rest);
    }
}

fn push(out: &mut Text, text: &str) {
    if !text.is_empty() {
        out.parts.push(TextPart::Lit(text.into()));
    }
}

/// The place of the brace that closes a placeholder.
fn closing(inner: &str) -> Option<usize> {
    let mut depth = 0;
    for (i, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(i),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn placeholder(view: &View<'_>, inner: &str, depth: u32, out: &mut Text) {
    let (name, default) = match inner.split_once(':') {
        Some((name, default)) => (name.trim(), Some(default)),
        None => (inner.trim(), None),
    };
    if depth >= MAX_DEPTH || name.contains('$') {
        out.parts.push(TextPart::Hole);
        return;
    }
    let exact = view.env.iter().rev().find(|v| v.name == name);
    if let Some(variable) = exact.or_else(|| view.variable(&crate::facts::settings::canonical(name))) {
        out.parts.push(TextPart::Env { name: variable.name.as_str().into(), default: None });
        return;
    }
    if let Some(property) = view.properties.get(crate::facts::settings::canonical(name).as_str()) {
        fill(view, &property.value, depth + 1, out);
        return;
    }
    match default {
        // As a variable with a default, so that an environment file that is not here counts.
        Some(default) if !default.contains("${") => {
            out.parts.push(TextPart::Env { name: name.into(), default: Some(default.into()) });
        }
        Some(default) => fill(view, default, depth + 1, out),
        None => out.parts.push(TextPart::Env { name: name.into(), default: None }),
    }
}
