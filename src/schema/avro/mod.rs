//! Avro: whether a reader's schema resolves what a writer's schema wrote (Avro 1.12 specification, "Schema
//! Resolution"), with a datum that it does not.
//!
//! Names are compared without their namespace, as the specification has it; aliases are the reader's.
//! Of logical types only `decimal` takes part in resolution: scale and precision have to be the same.

mod changes;
mod datum;
mod parse;
mod resolve;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use changes::changes;
pub use parse::Invalid;
pub use resolve::can_read;

use super::library::Library;

/// Which node of a schema.
pub(super) type Id = usize;

/// A schema with everything that it refers to.
#[derive(Clone, Debug)]
pub struct Avro {
    nodes: Vec<Node>,
    root: Id,
    /// The paths of the files that it was read from.
    files: Vec<String>,
}

#[derive(Clone, Debug)]
struct Node {
    kind: Kind,
    /// Scale and precision of a decimal.
    decimal: Option<(u64, u64)>,
    /// The logical type, as it is written.
    logical: Option<String>,
    /// The file (in [`Avro::files`]) and the JSON pointer of the definition.
    file: usize,
    pointer: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Array(Id),
    Map(Id),
    Union(Vec<Id>),
    Fixed(Name, u64),
    Enum(Name, Vec<String>, Option<String>),
    Record(Name, Vec<Field>),
    /// A name that leads nowhere, and why.
    Missing(String),
}

/// The name of a record, an enum or a fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    /// With its namespace.
    full: String,
    /// With their namespaces.
    aliases: Vec<String>,
}

impl Name {
    /// Without its namespace.
    fn simple(&self) -> &str {
        self.full.rsplit('.').next().unwrap_or_default()
    }

    /// The reader's name fits the writer's.
    fn reads(&self, writer: &Name) -> bool {
        self.simple() == writer.simple() || self.aliases.contains(&writer.full)
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Field {
    name: String,
    aliases: Vec<String>,
    kind: Id,
    default: Option<serde_json::Value>,
    /// The JSON pointer of the field.
    pointer: String,
}

/// Where the named types of a repository are defined: files may refer to each other by name.
#[derive(Clone, Debug, Default)]
pub struct Names(HashMap<String, Vec<Definition>>);

#[derive(Clone, Debug)]
struct Definition {
    path: String,
    pointer: String,
    /// The namespace around it.
    namespace: String,
}

impl Names {
    /// The types that the documents at these paths define.
    pub fn of<'p>(library: &Library, paths: impl IntoIterator<Item = &'p str>) -> Names {
        let mut names = Names::default();
        for path in paths {
            if let Some(document) = library.document(path) {
                parse::definitions(&document.value, path, &mut names);
            }
        }
        names
    }

    /// The definition that a file means: its own, the one in its folder, the only one.
    fn find(&self, name: &str, from: &str) -> Result<&Definition, String> {
        let all = self.0.get(name).map(Vec::as_slice).unwrap_or_default();
        let folder = |path: &'_ str| path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let near: Vec<&Definition> = all.iter().filter(|found| folder(&found.path) == folder(from)).collect();
        match (near.as_slice(), all) {
            ([one], _) => Ok(one),
            ([], [one]) => Ok(one),
            (_, []) => Err(format!("type `{name}` is not defined in the repository")),
            _ => Err(format!("type `{name}` is defined in {} files", all.len())),
        }
    }
}

/// The full name of the type that this defines.
pub fn full_name(definition: &serde_json::Map<String, serde_json::Value>) -> Option<String> {
    parse::full_name(definition, "")
}

impl Avro {
    fn kind(&self, id: Id) -> &Kind {
        // Ids are made by the parser, each for a node.
        &self.nodes[id].kind
    }

    /// The place of a node: path and JSON pointer.
    fn place(&self, id: Id) -> (String, String) {
        let node = &self.nodes[id];
        (self.files.get(node.file).cloned().unwrap_or_default(), node.pointer.clone())
    }

    /// How a type is called in a message.
    fn shown(&self, id: Id) -> String {
        match self.kind(id) {
            Kind::Array(items) => format!("array of {}", self.plain(*items)),
            Kind::Map(values) => format!("map of {}", self.plain(*values)),
            Kind::Union(branches) => {
                let names: Vec<&str> = branches.iter().take(6).map(|id| self.plain(*id)).collect();
                let more = if branches.len() > 6 { ", …" } else { "" };
                format!("[{}{more}]", names.join(", "))
            }
            Kind::Fixed(name, size) => format!("fixed {} of {size} bytes", name.full),
            Kind::Enum(name, ..) => format!("enum {}", name.full),
            Kind::Record(name, _) => format!("record {}", name.full),
            _ => self.plain(id).to_owned(),
        }
    }

    /// The type in one word, as unions tag their values.
    fn plain(&self, id: Id) -> &str {
        match self.kind(id) {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Int => "int",
            Kind::Long => "long",
            Kind::Float => "float",
            Kind::Double => "double",
            Kind::Bytes => "bytes",
            Kind::String => "string",
            Kind::Array(_) => "array",
            Kind::Map(_) => "map",
            Kind::Union(_) => "union",
            Kind::Fixed(name, _) | Kind::Enum(name, ..) | Kind::Record(name, _) => &name.full,
            Kind::Missing(_) => "missing",
        }
    }
}
