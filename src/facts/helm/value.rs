//! What a template computes with.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::syntax::Place;
use crate::syntax::data::{Node, Scalar};

/// A value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing is known.
    Unknown,
    /// Nothing is there.
    #[default]
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number, as written.
    Number(SmolStr),
    /// A text.
    Text(Arc<str>),
    /// A list.
    List(Arc<Vec<Item>>),
    /// A map, in the order in which it is written; a key stands once.
    Map(Arc<Vec<(SmolStr, Item)>>),
}

/// A value and where it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// The value.
    pub value: Value,
    /// Where; none for what was computed.
    pub place: Option<Place>,
}

impl From<Value> for Item {
    fn from(value: Value) -> Self {
        Item { value, place: None }
    }
}

impl Item {
    /// A computed text.
    pub fn text(text: impl Into<Arc<str>>) -> Item {
        Value::Text(text.into()).into()
    }

    /// A computed map.
    pub fn map(entries: Vec<(SmolStr, Item)>) -> Item {
        Value::Map(Arc::new(entries)).into()
    }

    /// The value of a file. Its nesting is limited by the parser.
    pub fn of(node: &Node, at: &dyn Fn(crate::syntax::Span) -> Place) -> Item {
        let value = match node.scalar_type() {
            Some(Scalar::Null) => Value::Null,
            Some(Scalar::Bool) => node.as_bool().map_or(Value::Unknown, Value::Bool),
            Some(Scalar::Number) => Value::Number(node.text().unwrap_or("0").into()),
            Some(Scalar::Str) => Value::Text(node.text().unwrap_or("").into()),
            None if node.is_list() => {
                Value::List(Arc::new(node.items().iter().map(|item| Item::of(item, at)).collect()))
            }
            None => {
                let entry = |e: &&crate::syntax::data::Entry| (e.name().into(), Item::of(&e.value, at));
                Value::Map(Arc::new(node.entries().iter().map(entry).collect()))
            }
        };
        Item { value, place: Some(at(node.span)) }
    }

    /// The value at a path of keys. A key that is missing gives null, one of something unknown is
    /// unknown.
    pub fn at(&self, path: &[String]) -> Item {
        let mut here = self.clone();
        for key in path {
            here = match &here.value {
                Value::Map(entries) => {
                    entries.iter().find(|(name, _)| name == key).map_or_else(Item::default, |(_, item)| item.clone())
                }
                Value::Unknown => return Value::Unknown.into(),
                _ => return Item::default(),
            };
        }
        here
    }

    /// Another map laid over this one, as Helm lays values over each other.
    pub fn overlaid(&self, over: &Item) -> Item {
        match (&self.value, &over.value) {
            (Value::Map(below), Value::Map(above)) => {
                let mut entries: Vec<(SmolStr, Item)> = below.as_ref().clone();
                for (key, item) in above.iter() {
                    match entries.iter_mut().find(|(known, _)| known == key) {
                        Some((_, known)) => *known = known.overlaid(item),
                        None => entries.push((key.clone(), item.clone())),
                    }
                }
                Item { value: Value::Map(Arc::new(entries)), place: self.place }
            }
            (_, Value::Null) => self.clone(),
            _ => over.clone(),
        }
    }
}

impl Value {
    /// What a condition makes of it; none when it is not known.
    pub fn truth(&self) -> Option<bool> {
        Some(match self {
            Value::Unknown => return None,
            Value::Null => false,
            Value::Bool(value) => *value,
            Value::Number(number) => number.parse::<f64>().ok()? != 0.0,
            // What is not known of a text is not nothing.
            Value::Text(text) => !text.is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Map(entries) => !entries.is_empty(),
        })
    }

    /// The text of a scalar.
    pub fn scalar(&self) -> Option<String> {
        match self {
            Value::Bool(value) => Some(value.to_string()),
            Value::Number(number) => Some(number.to_string()),
            Value::Text(text) => Some(text.to_string()),
            _ => None,
        }
    }
}
