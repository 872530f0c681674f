//! A JSON or YAML file as plain JSON, with the place of every value.

use serde_json::{Map, Number, Value};

use crate::syntax::Span;
use crate::syntax::data::{self, DataError, Node, Scalar};

/// A file that holds one schema or many: JSON Schema, OpenAPI, AsyncAPI.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its path in the repository, with `/`.
    pub path: String,
    /// What it says, as JSON.
    pub value: Value,
    root: Node,
}

impl Document {
    /// Reads a file: JSON (comments allowed) when its name ends so, YAML otherwise. Of several YAML
    /// documents the first counts.
    ///
    /// # Errors
    /// The first thing that could not be read.
    pub fn read(path: &str, text: &str) -> Result<Document, DataError> {
        let json = path.rsplit('.').next().is_some_and(|end| ["json", "avsc", "jsonc"].contains(&end));
        let root = match json {
            true => data::json(text)?,
            false => {
                let mut yaml = data::yaml(text);
                if let Some(error) = yaml.errors.drain(..).next() {
                    return Err(error);
                }
                match yaml.documents.is_empty() {
                    true => return Err(DataError::new("the file is empty", Span::new(0, 0))),
                    false => yaml.documents.swap_remove(0),
                }
            }
        };
        Ok(Document { path: path.to_owned(), value: to_json(&root), root })
    }

    /// The value at a JSON pointer (`/properties/id`; empty for the whole).
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        self.value.pointer(pointer)
    }

    /// Where the value at a pointer stands; for a member of an object with its key. For a pointer to
    /// nothing, the place of the nearest value above it.
    pub fn span(&self, pointer: &str) -> Span {
        let mut node = &self.root;
        let mut span = head(node.span);
        for token in pointer.split('/').skip(1).map(unescape) {
            if node.is_map() {
                let Some(entry) = node.entry(&token) else { return span };
                span = Span { start: entry.key.span.start, end: entry.key.span.end };
                node = &entry.value;
            } else {
                let Some(item) = token.parse::<usize>().ok().and_then(|index| node.items().get(index)) else {
                    return span;
                };
                span = head(item.span);
                node = item;
            }
        }
        span
    }

    /// The tree with the span of every key and value.
    pub fn root(&self) -> &Node {
        &self.root
    }
}

/// A finding about a whole value points at where it begins, not at all of its lines.
fn head(span: Span) -> Span {
    Span { start: span.start, end: span.end.min(span.start.saturating_add(1)) }
}

/// One token of a JSON pointer, as the key that it names.
pub(super) fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// A key as a token of a JSON pointer.
pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The parsers limit how deep a tree is and how many values aliases make, so this ends.
fn to_json(node: &Node) -> Value {
    if node.is_map() {
        let entries = node.entries();
        return Value::Object(
            entries.into_iter().map(|e| (e.name().to_owned(), to_json(&e.value))).collect::<Map<_, _>>(),
        );
    }
    if node.is_list() {
        return Value::Array(node.items().iter().map(to_json).collect());
    }
    let text = node.text().unwrap_or_default();
    match node.scalar_type() {
        Some(Scalar::Bool) => Value::Bool(node.as_bool().unwrap_or_default()),
        Some(Scalar::Number) => match text.parse::<Number>() {
            Ok(number) => Value::Number(number),
            // `0x10`, `1.`, `+1`: YAML's other spellings.
            Err(_) => node.as_f64().map_or(Value::Null, whole),
        },
        Some(Scalar::Str) => Value::String(text.to_owned()),
        _ => Value::Null,
    }
}

fn whole(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::Document;

    #[test]
    fn places_of_keys_and_items() {
        let text = "type: object\nproperties:\n  a/b:\n    enum: [1, 0x10, x]\n";
        let document = Document::read("a.yaml", text).unwrap();
        assert_eq!(document.value.to_string(), r#"{"type":"object","properties":{"a/b":{"enum":[1,16,"x"]}}}"#);
        let at = |pointer: &str| {
            let span = document.span(pointer);
            &text[span.start as usize..span.end as usize]
        };
        assert_eq!(at("/properties/a~1b/enum"), "enum");
        assert_eq!(at("/properties/a~1b/enum/2"), "x");
        assert_eq!(at("/properties/none/at/all"), "properties", "the nearest above");
        assert!(Document::read("a.json", "{").is_err());
        assert!(Document::read("a.yaml", "").is_err());
    }
}
