//! `toYaml`: a value as YAML text.

use super::value::Value;
use crate::facts::kube::HOLE;

/// The YAML of a value, without an end of line.
pub(super) fn yaml_text(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out.trim_end_matches('\n').to_owned()
}

fn write(value: &Value, indent: usize, out: &mut String) {
    let blanks = " ".repeat(indent);
    match value {
        Value::Map(entries) if entries.is_empty() => out.push_str("{}\n"),
        Value::List(items) if items.is_empty() => out.push_str("[]\n"),
        Value::Map(entries) => {
            for (i, (key, item)) in entries.iter().enumerate() {
                if i > 0 {
                    out.push_str(&blanks);
                }
                out.push_str(&quoted(key));
                out.push(':');
                nested(&item.value, indent + 2, out);
            }
        }
        Value::List(items) => {
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(&blanks);
                }
                out.push_str("- ");
                write(&item.value, indent + 2, out);
            }
        }
        scalar => {
            out.push_str(&text(scalar));
            out.push('\n');
        }
    }
}

fn nested(value: &Value, indent: usize, out: &mut String) {
    let filled = match value {
        Value::Map(entries) => !entries.is_empty(),
        Value::List(items) => !items.is_empty(),
        _ => false,
    };
    if filled {
        out.push('\n');
        out.push_str(&" ".repeat(indent));
    } else {
        out.push(' ');
    }
    write(value, indent, out);
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Null => "null".to_owned(),
        Value::Unknown => HOLE.to_string(),
        other => other.scalar().unwrap_or_default(),
    }
}

/// A text as it must be written to be a text again.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(plain)
        && !matches!(text, "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    if word { text.to_owned() } else { in_quotes(text) }
}

/// A text in double quotes.
pub(super) fn in_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
