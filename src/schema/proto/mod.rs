//! Protobuf: what a `.proto` file declares, and whom a change of it breaks.
//!
//! Only what decides compatibility is read (messages, fields, enums, services, what is reserved), so a file
//! whose imports are not in the repository is read as well as any other: a type that leads nowhere is
//! compared by its name, and where that does not decide, the answer is unknown.

mod compare;
mod lex;
mod parse;
mod rules;
#[cfg(test)]
mod tests;
mod types;

use std::collections::HashMap;

pub use compare::{Compared, compare};
pub use rules::Level;
pub use types::Types;

use crate::syntax::Span;

/// A `.proto` file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// Its path in the repository, with `/`.
    pub path: String,
    /// `proto2`, `proto3`, or the edition.
    pub syntax: String,
    /// The package; empty without one.
    pub package: String,
    pub(super) options: Vec<(String, String)>,
    pub(super) declarations: Vec<Declaration>,
    /// Where everything stands, by pointer: `/Order`, `/Order/amount`, `/Orders/Place`.
    pub(super) places: HashMap<String, Span>,
}

/// What the names of extensions begin with.
const EXTEND: &str = "extend ";

/// What stands at the top of a file or in a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Declaration {
    Message(Message),
    Enum(Enum),
    Service(Service),
}

impl Declaration {
    pub(super) fn name(&self) -> &str {
        match self {
            Declaration::Message(it) => &it.name,
            Declaration::Enum(it) => &it.name,
            Declaration::Service(it) => &it.name,
        }
    }

    fn sort(&self) -> &'static str {
        match self {
            Declaration::Message(_) => "message",
            Declaration::Enum(_) => "enum",
            Declaration::Service(_) => "service",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Message {
    pub(super) name: String,
    fields: Vec<Field>,
    oneofs: Vec<String>,
    nested: Vec<Declaration>,
    reserved: Reserved,
}

impl Message {
    fn is_extension(&self) -> bool {
        self.name.starts_with(EXTEND)
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Reserved {
    /// From and to, both included.
    numbers: Vec<(i64, i64)>,
    names: Vec<String>,
}

impl Reserved {
    fn has_number(&self, number: i64) -> bool {
        self.numbers.iter().any(|(from, to)| (*from..=*to).contains(&number))
    }

    fn has_name(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Field {
    name: String,
    number: i64,
    label: Label,
    kind: FieldKind,
    oneof: Option<String>,
    /// The name in JSON.
    json: String,
    default: Option<String>,
    /// Options that generated code depends on: `ctype`, `jstype`.
    generated: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    /// Nothing, in proto3: zero and absent are one.
    Implicit,
    /// `optional`, and everything single in editions.
    Explicit,
    Required,
    Repeated,
}

#[derive(Clone, Debug, PartialEq)]
enum FieldKind {
    /// A scalar or the name of a type, as it is written.
    One(String),
    /// The types of keys and values.
    Map(String, String),
    /// A group; its message is nested under this name.
    Group(String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Enum {
    pub(super) name: String,
    /// Name and number, as they are written.
    values: Vec<(String, i64)>,
    reserved: Reserved,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Service {
    pub(super) name: String,
    methods: Vec<Method>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Method {
    name: String,
    /// The type and whether it is a stream.
    request: (String, bool),
    response: (String, bool),
    idempotency: Option<String>,
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// What the first thing is that is no Protobuf; no full stop.
    pub fn read(path: &str, text: &str) -> Result<File, String> {
        parse::read(path, text)
    }

    /// The declarations at the top: name and pointer.
    pub fn top(&self) -> impl Iterator<Item = (&str, String)> {
        self.declarations.iter().map(|it| (it.name(), format!("/{}", it.name())))
    }

    /// True for messages: only they are events.
    pub fn is_message(&self, pointer: &str) -> bool {
        matches!(self.declaration(pointer), Some(Declaration::Message(message)) if !message.is_extension())
    }

    /// The full name of a declaration at the top.
    pub fn full_name(&self, name: &str) -> String {
        match self.package.is_empty() {
            true => name.to_owned(),
            false => format!("{}.{name}", self.package),
        }
    }

    pub(super) fn declaration(&self, pointer: &str) -> Option<&Declaration> {
        let name = pointer.strip_prefix('/')?;
        self.declarations.iter().find(|it| it.name() == name)
    }

    /// Where a declaration, a field, a value or a method stands; the nearest thing around it otherwise.
    pub fn span(&self, pointer: &str) -> Span {
        let mut pointer = pointer;
        loop {
            if let Some(span) = self.places.get(pointer) {
                return *span;
            }
            match pointer.rsplit_once('/') {
                Some((outer, _)) => pointer = outer,
                None => return Span::new(0, 0),
            }
        }
    }
}
