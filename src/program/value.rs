//! What an expression evaluates to, as far as that can be known without running it.

use std::sync::Arc;

use smol_str::SmolStr;

use super::UnitId;
use crate::facts::module::{ClassId, ExprId, FuncId};

/// An expression of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// The module.
    pub unit: UnitId,
    /// The expression in it.
    pub expr: ExprId,
}

/// A value, with holes.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing is known.
    Unknown,
    /// A string, possibly with holes.
    Str(Text),
    /// A number.
    Num(f64),
    /// A boolean.
    Bool(bool),
    /// `None`, `null`, `undefined`.
    Null,
    /// A list; the items are evaluated when asked for.
    List(Arc<Vec<Site>>),
    /// A dictionary or object literal; see [`Dict`].
    Dict(Arc<Dict>),
    /// A name of a package outside the repository: `requests.get`, `@nestjs/axios.HttpService`,
    /// `globalThis.fetch`, `builtins.open`.
    External(SmolStr),
    /// An object of an external type, made by a call or known by its declared type.
    Instance(Instance),
    /// A member of an external object, not called yet.
    Method {
        /// The type and the member: `amqplib.Channel.publish`.
        symbol: SmolStr,
        /// The object.
        receiver: Arc<Instance>,
    },
    /// A function of the repository.
    Function {
        /// Where.
        unit: UnitId,
        /// Which.
        func: FuncId,
        /// The object it is a method of.
        this: Option<Arc<Value>>,
    },
    /// A class of the repository.
    Class {
        /// Where.
        unit: UnitId,
        /// Which.
        class: ClassId,
    },
    /// An object of a class of the repository.
    Object {
        /// Where the class is.
        unit: UnitId,
        /// The class.
        class: ClassId,
        /// The call that made it, where known.
        call: Option<Site>,
    },
    /// A module of the repository.
    Module(UnitId),
    /// A folder of Python modules without `__init__.py`.
    Folder(SmolStr),
    /// An environment variable or a setting that is read from one.
    Env {
        /// Its name.
        name: SmolStr,
        /// What is used when it is not set.
        default: Option<Arc<Value>>,
        /// Where it is read.
        site: Site,
    },
    /// A parameter whose value depends on the caller.
    Param {
        /// Where.
        unit: UnitId,
        /// Of which function.
        func: FuncId,
        /// Which one.
        index: usize,
    },
    /// One of several.
    OneOf(Arc<Vec<Value>>),
}

/// An object of an external type.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// The type's canonical name: `amqplib.Channel`.
    pub ty: SmolStr,
    /// The call that made it; none when only its declared type is known.
    pub call: Option<Site>,
    /// The object it was made from: the connection of a channel, the client of a producer.
    pub from: Option<Arc<Instance>>,
}

/// A dictionary or object literal.
#[derive(Clone, Debug, PartialEq)]
pub struct Dict {
    /// The literal.
    pub site: Site,
    /// Literal keys with their value expressions, later ones win.
    pub entries: Vec<(SmolStr, Site)>,
    /// Some keys are not known (a spread of something unknown, a computed key).
    pub open: bool,
}

impl Dict {
    /// The value expression under a key.
    pub fn get(&self, key: &str) -> Option<Site> {
        self.entries.iter().rev().find(|(k, _)| k == key).map(|(_, v)| *v)
    }
}

/// A string with holes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    /// The parts in order.
    pub parts: Vec<TextPart>,
    /// A part of it is what the maker of an object hands to it, in another place than the text's.
    pub handed: bool,
}

/// A part of a [`Text`].
#[derive(Clone, Debug, PartialEq)]
pub enum TextPart {
    /// Known text.
    Lit(SmolStr),
    /// A value that is not known here.
    Hole,
    /// The value of an environment variable, with its default as text.
    Env {
        /// Its name.
        name: SmolStr,
        /// Its default.
        default: Option<SmolStr>,
    },
}

impl Text {
    /// A string without holes.
    pub fn literal(text: impl Into<SmolStr>) -> Text {
        Text { parts: vec![TextPart::Lit(text.into())], handed: false }
    }

    /// The text when there is no hole.
    pub fn as_literal(&self) -> Option<String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                TextPart::Lit(text) => out.push_str(text),
                _ => return None,
            }
        }
        Some(out)
    }

    /// The text with each environment variable looked up (then its default) and each other hole as
    /// `{}`.
    pub fn with_env(&self, env: &dyn Fn(&str) -> Option<String>) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                TextPart::Lit(text) => out.push_str(text),
                TextPart::Hole => out.push_str("{}"),
                TextPart::Env { name, default } => {
                    match env(name).or_else(|| default.as_ref().map(ToString::to_string)) {
                        Some(text) => out.push_str(&text),
                        None => out.push_str("{}"),
                    }
                }
            }
        }
        out
    }

    /// The text with every hole as `{}`.
    pub fn pattern(&self) -> String {
        self.with_env(&|_| None)
    }

    /// Appends another string.
    pub fn push(&mut self, other: Text) {
        self.parts.extend(other.parts);
        self.handed |= other.handed;
    }
}

impl Value {
    /// The literal string, if it is one without holes.
    pub fn as_str(&self) -> Option<String> {
        match self {
            Value::Str(text) => text.as_literal(),
            _ => None,
        }
    }

    /// As a string with holes: environment variables become holes with their name.
    pub fn to_text(&self) -> Option<Text> {
        match self {
            Value::Str(text) => Some(text.clone()),
            Value::Num(n) => Some(Text::literal(n.to_string())),
            Value::Env { name, default, .. } => Some(Text {
                parts: vec![TextPart::Env {
                    name: name.clone(),
                    default: default.as_ref().and_then(|d| d.to_text()).and_then(|t| t.as_literal()).map(SmolStr::from),
                }],
                handed: false,
            }),
            // Of several settings none is the one that is meant.
            Value::OneOf(values) if are_several_settings(values) => None,
            Value::OneOf(values) => values.iter().find_map(Value::to_text),
            _ => None,
        }
    }

    /// All alternatives.
    pub fn alternatives(&self) -> &[Value] {
        match self {
            Value::OneOf(values) => values,
            other => std::slice::from_ref(other),
        }
    }

    /// The first alternative that is an external object.
    pub fn instance(&self) -> Option<&Instance> {
        self.alternatives().iter().find_map(|v| match v {
            Value::Instance(instance) => Some(instance),
            _ => None,
        })
    }

    /// True for a value about which nothing can be said, also for unresolved parameters.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Value::Unknown | Value::Param { .. })
    }
}

/// True for values of which at least two are settings of different names.
fn are_several_settings(values: &[Value]) -> bool {
    let mut names = values.iter().filter_map(|value| match value {
        Value::Env { name, .. } => Some(name),
        _ => None,
    });
    let first = names.next();
    names.any(|name| Some(name) != first)
}
