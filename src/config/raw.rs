//! A minimal spanned YAML reader for `skillcheck.yaml`: one document, no anchors, little depth.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle};

/// Far deeper than any configuration is; it keeps the recursive drop of the tree harmless.
const MAX_DEPTH: usize = 32;

/// A value with the bytes it stands on.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) value: Value,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Value {
    /// A scalar, and whether it was written without quotes.
    Scalar(String, bool),
    Seq(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// Why the text is no configuration at all.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) span: Range<usize>,
    pub(super) message: String,
}

enum Open {
    Seq(usize, Vec<Node>),
    Map(usize, Vec<(Node, Node)>, Option<Node>),
}

impl Node {
    /// True for a missing value: `key:` with nothing, `~` or `null`.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(text, true) if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// How to call the value in a message.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "nothing",
            Value::Scalar(..) => "a single value",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// The only document of the text; `None` for an empty one.
pub(super) fn parse(text: &str) -> Result<Option<Node>, Refused> {
    let mut parser = Parser::new_from_str(text);
    let mut stack: Vec<Open> = Vec::new();
    let mut document = None;
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| {
            let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
            Refused { span: at..at, message: format!("not valid YAML: {}", error.info()) }
        })?;
        let span = span.byte_range().unwrap_or(0..0);
        let refuse = |message: &str| Err(Refused { span: span.clone(), message: message.to_owned() });
        let node = match event {
            Event::Scalar(value, style, ..) => {
                Node { span, value: Value::Scalar(value.into_owned(), matches!(style, ScalarStyle::Plain)) }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => return refuse("aliases (`*name`) are not supported here"),
            Event::SequenceStart(..) | Event::MappingStart(..) if stack.len() >= MAX_DEPTH => {
                return refuse("nested too deeply for a configuration");
            }
            Event::SequenceStart(..) => {
                stack.push(Open::Seq(span.start, Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                stack.push(Open::Map(span.start, Vec::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match stack.pop() {
                Some(Open::Seq(start, items)) => Node { span: start..span.end.max(start), value: Value::Seq(items) },
                Some(Open::Map(start, entries, _)) => {
                    Node { span: start..span.end.max(start), value: Value::Map(entries) }
                }
                None => continue,
            },
            _ => continue,
        };
        match stack.last_mut() {
            None if document.is_some() => {
                return Err(Refused { span: node.span, message: "a configuration is one YAML document".to_owned() });
            }
            None => document = Some(node),
            Some(Open::Seq(_, items)) => items.push(node),
            Some(Open::Map(_, entries, key)) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.push((key, node)),
            },
        }
    }
    Ok(document)
}
