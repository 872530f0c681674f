//! The types of all files by their full names.

use std::collections::HashMap;

use super::{Declaration, Enum, File, Message};

/// What a name in a file leads to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Type<'t> {
    Scalar(Scalar),
    /// With its full name.
    Message(&'t str, &'t Message),
    Enum(&'t str, &'t Enum),
    /// Of a file that is not here.
    Missing,
}

/// The scalars that are encoded alike have a letter in common (encoding, "Message Structure").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    /// `int32`, `uint32`, `int64`, `uint64`, `bool`: how many bits, and signed or not.
    Varint(u8, bool),
    Zigzag(u8),
    Fixed32(bool),
    Fixed64(bool),
    Float,
    Double,
    Text,
    Bytes,
}

pub(super) fn scalar(name: &str) -> Option<Scalar> {
    Some(match name {
        "int32" => Scalar::Varint(32, true),
        "int64" => Scalar::Varint(64, true),
        "uint32" => Scalar::Varint(32, false),
        "uint64" => Scalar::Varint(64, false),
        "bool" => Scalar::Varint(1, false),
        "sint32" => Scalar::Zigzag(32),
        "sint64" => Scalar::Zigzag(64),
        "fixed32" => Scalar::Fixed32(false),
        "sfixed32" => Scalar::Fixed32(true),
        "fixed64" => Scalar::Fixed64(false),
        "sfixed64" => Scalar::Fixed64(true),
        "float" => Scalar::Float,
        "double" => Scalar::Double,
        "string" => Scalar::Text,
        "bytes" => Scalar::Bytes,
        _ => return None,
    })
}

/// The types of a repository. Of two files that define one name the first counts.
#[derive(Clone, Debug, Default)]
pub struct Types<'f> {
    known: HashMap<String, (&'f File, &'f Declaration)>,
}

impl<'f> Types<'f> {
    /// The types of these files.
    pub fn of(files: impl IntoIterator<Item = &'f File>) -> Types<'f> {
        let mut types = Types::default();
        for file in files {
            let mut open: Vec<(String, &Declaration)> =
                file.declarations.iter().map(|it| (file.full_name(it.name()), it)).collect();
            while let Some((full, declaration)) = open.pop() {
                if let Declaration::Message(message) = declaration {
                    open.extend(message.nested.iter().map(|it| (format!("{full}.{}", it.name()), it)));
                }
                types.known.entry(full).or_insert((file, declaration));
            }
        }
        types
    }

    /// What a name means in a scope (`acme.orders.Order`): the innermost type of that name.
    pub(super) fn find(&self, name: &str, scope: &str) -> Type<'_> {
        if let Some(scalar) = scalar(name) {
            return Type::Scalar(scalar);
        }
        if let Some(full) = name.strip_prefix('.') {
            return self.at(full);
        }
        let mut scope = scope;
        loop {
            let full = if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") };
            match self.at(&full) {
                Type::Missing if scope.is_empty() => return Type::Missing,
                Type::Missing => scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer),
                found => return found,
            }
        }
    }

    /// The file that defines a type, by its full name.
    pub(super) fn file(&self, full: &str) -> Option<&'f File> {
        self.known.get(full).map(|(file, _)| *file)
    }

    fn at(&self, full: &str) -> Type<'_> {
        match self.known.get_key_value(full) {
            Some((full, (_, Declaration::Message(message)))) => Type::Message(full, message),
            Some((full, (_, Declaration::Enum(found)))) => Type::Enum(full, found),
            _ => Type::Missing,
        }
    }
}
