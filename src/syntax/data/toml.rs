//! TOML to [`Node`]s.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::node::Scalar;
use super::{DataError, Entry, Node};
use crate::syntax::Span;

/// Reads a TOML file. Entries come in the order of the file; numbers keep their text without `_`.
///
/// # Errors
/// The first thing that could not be read.
pub fn toml(text: &str) -> Result<Node, DataError> {
    let table = DeTable::parse(text).map_err(|error| {
        let range = error.span().unwrap_or(0..0);
        DataError::new(error.message().replace('\n', "; "), Span::new(range.start, range.end))
    })?;
    let span = Span::new(0, text.len());
    Ok(table_node(table.get_ref(), span))
}

// The parser limits the nesting of values and of dotted keys, so the recursion has an end.
fn table_node(table: &DeTable<'_>, span: Span) -> Node {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: Node::scalar(key.get_ref().as_ref(), Scalar::Str, span_of(key)),
            value: value_node(value),
        })
        .collect();
    entries.sort_by_key(|entry| entry.key.span.start);
    Node::map(entries, span)
}

fn value_node(value: &Spanned<DeValue<'_>>) -> Node {
    let span = span_of(value);
    match value.get_ref() {
        DeValue::String(text) => Node::scalar(text.as_ref(), Scalar::Str, span),
        DeValue::Integer(number) => {
            let prefix = match number.radix() {
                16 => "0x",
                8 => "0o",
                _ => "",
            };
            match number.radix() {
                2 => {
                    let value = u64::from_str_radix(number.as_str(), 2).unwrap_or(u64::MAX);
                    Node::scalar(value.to_string(), Scalar::Number, span)
                }
                _ => Node::scalar(format!("{prefix}{}", number.as_str()), Scalar::Number, span),
            }
        }
        DeValue::Float(number) => Node::scalar(number.as_str(), Scalar::Number, span),
        DeValue::Boolean(value) => Node::scalar(if *value { "true" } else { "false" }, Scalar::Bool, span),
        DeValue::Datetime(date) => Node::scalar(date.to_string(), Scalar::Str, span),
        DeValue::Array(items) => Node::list(items.iter().map(value_node).collect(), span),
        DeValue::Table(table) => table_node(table, span),
    }
}

fn span_of<T>(value: &Spanned<T>) -> Span {
    let range = value.span();
    Span::new(range.start, range.end)
}
