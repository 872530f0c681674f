//! `$ref` across files, without a network.

use std::collections::{BTreeMap, BTreeSet};

use crate::files::{self, FileKind, Tree, classify, folder_of, join_path};
use crate::syntax::data::{DataError, Node, json, yaml};
use crate::syntax::{FileId, Place};

/// How many references may lead to one another, and how many files a document may consist of.
const MAX_HOPS: usize = 32;
const MAX_FILES: usize = 500;

/// The files that a document consists of: its own and those that its references name.
#[derive(Clone, Debug, Default)]
pub struct Library {
    files: BTreeMap<FileId, Node>,
    /// By the file and the name that is written in it.
    names: BTreeMap<(FileId, String), Result<FileId, String>>,
}

/// A value and the file it stands in.
#[derive(Clone, Copy, Debug)]
pub struct At<'l> {
    /// The file.
    pub file: FileId,
    /// The value.
    pub node: &'l Node,
}

/// Why a reference leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dangling {
    /// It is an address: nothing is fetched, so what it says is not known.
    Remote(String),
    /// There is nothing.
    Missing {
        /// The reference as written.
        reference: String,
        /// What is not there, without a full stop.
        reason: String,
        /// Where it is written.
        place: Place,
    },
    /// References lead in a circle, or through too many others.
    Circle(String),
}

/// Reads a data file.
///
/// # Errors
/// Why it can't be read, and where.
pub fn parse(path: &str, text: &str) -> Result<Node, DataError> {
    match classify(path) {
        FileKind::Json => json(text),
        _ => yaml(text).single(),
    }
}

impl Library {
    /// A document and all files that its references name.
    ///
    /// # Errors
    /// When the document itself can't be read.
    pub fn load(tree: &Tree, root: FileId, text: &str) -> Result<Library, DataError> {
        let mut library = Library::default();
        library.files.insert(root, parse(&tree.file(root).path, text)?);
        let mut todo = vec![root];
        while let Some(file) = todo.pop() {
            let mut names = BTreeSet::new();
            if let Some(node) = library.files.get(&file) {
                collect(node, &mut names);
            }
            for name in names {
                let found = library.other(tree, file, &name);
                if let Ok(other) = found
                    && !library.files.contains_key(&other)
                {
                    todo.push(other);
                }
                // It was read just now, or the reason why not is kept.
                let found = found.and_then(|other| library.read(tree, other).map(|()| other));
                library.names.insert((file, name), found);
            }
        }
        Ok(library)
    }

    fn other(&self, tree: &Tree, from: FileId, name: &str) -> Result<FileId, String> {
        let path = join_path(folder_of(&tree.file(from).path), &percent(name));
        let path = path.ok_or_else(|| format!("`{name}` lies outside of what is checked"))?;
        tree.find(&path).ok_or_else(|| format!("there is no file `{path}`"))
    }

    fn read(&mut self, tree: &Tree, file: FileId) -> Result<(), String> {
        if self.files.contains_key(&file) {
            return Ok(());
        }
        if self.files.len() >= MAX_FILES {
            return Err(format!("the document has more than {MAX_FILES} files"));
        }
        let path = &tree.file(file).path;
        let text = files::read(tree.file(file)).map_err(|error| format!("`{path}` {error}"))?;
        let node = parse(path, &text).map_err(|error| format!("`{path}` can't be read: {error}"))?;
        self.files.insert(file, node);
        Ok(())
    }

    /// The value of a file.
    pub fn root(&self, file: FileId) -> Option<At<'_>> {
        self.files.get(&file).map(|node| At { file, node })
    }

    /// The values of all files.
    pub fn files(&self) -> impl Iterator<Item = At<'_>> {
        self.files.iter().map(|(file, node)| At { file: *file, node })
    }

    /// Follows the reference that a value is, if it is one, to what it means.
    ///
    /// # Errors
    /// When it leads nowhere that is known.
    pub fn follow<'l>(&'l self, mut at: At<'l>) -> Result<At<'l>, Dangling> {
        for _ in 0..MAX_HOPS {
            let Some(reference) = reference(at.node) else { return Ok(at) };
            let missing = |reason: String| Dangling::Missing {
                reference: reference.to_owned(),
                reason,
                place: Place::new(at.file, at.node.get("$ref").map_or(at.node.span, |node| node.span)),
            };
            let (name, pointer) = reference.split_once('#').unwrap_or((reference, ""));
            let file = match name {
                "" => at.file,
                name if is_remote(name) => return Err(Dangling::Remote(reference.to_owned())),
                name => match self.names.get(&(at.file, name.to_owned())) {
                    Some(Ok(file)) => *file,
                    Some(Err(reason)) => return Err(missing(reason.clone())),
                    None => return Err(missing(format!("there is no file `{name}`"))),
                },
            };
            let Some(root) = self.root(file) else { return Err(missing("it could not be read".into())) };
            match pointed(root.node, pointer) {
                Some(node) => at = At { file, node },
                None => return Err(missing(format!("there is no `{pointer}`"))),
            }
        }
        Err(Dangling::Circle(reference(at.node).unwrap_or_default().to_owned()))
    }

    /// The member of a value, references followed.
    pub fn get<'l>(&'l self, at: At<'l>, key: &str) -> Option<At<'l>> {
        let node = at.node.get(key)?;
        self.follow(At { file: at.file, node }).ok()
    }
}

/// The reference that a value is.
pub(super) fn reference(node: &Node) -> Option<&str> {
    node.get("$ref")?.as_str()
}

/// True for what is not a file of the repository.
fn is_remote(name: &str) -> bool {
    name.contains("://") || name.starts_with("urn:") || name.starts_with("//")
}

/// The names of files that references in a value name. Trees have a limit on their depth.
fn collect(node: &Node, names: &mut BTreeSet<String>) {
    for entry in node.raw_entries() {
        if entry.name() == "$ref"
            && let Some((name, _)) = entry.value.as_str().map(|text| text.split_once('#').unwrap_or((text, "")))
            && !name.is_empty()
            && !is_remote(name)
        {
            names.insert(name.to_owned());
        }
        collect(&entry.value, names);
    }
    node.items().iter().for_each(|item| collect(item, names));
}

/// The value that a JSON pointer means (RFC 6901, in a URI fragment).
fn pointed<'n>(root: &'n Node, pointer: &str) -> Option<&'n Node> {
    let pointer = percent(pointer);
    let mut node = root;
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        node = match node.get(&part) {
            Some(found) => found,
            None => node.items().get(part.parse::<usize>().ok()?)?,
        };
    }
    // `#name` is an anchor of JSON Schema, which no OpenAPI document before 3.1 has.
    (pointer.is_empty() || pointer.starts_with('/')).then_some(node)
}

/// `%7Bid%7D` is `{id}`.
fn percent(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let code = bytes.get(i + 1..i + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| bytes[i] == b'%') {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}
