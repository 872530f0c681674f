//! The OpenAPI documents of one state of a repository, each with the files that it refers to.

use std::collections::{BTreeSet, HashMap};

use rayon::prelude::*;
use serde_json::Value;

use crate::cache::Cache;
use crate::contract::find;
use crate::files::{self, Tree, folder_of, join_path};
use crate::schema::{Document, Library};
use crate::syntax::FileId;

/// Documents that consist of more files are cut.
const MAX_FILES: usize = 500;

/// A document.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    /// Its path.
    pub(super) path: String,
    /// It, and what it refers to.
    pub(super) library: Library,
    /// The text of each file, by path.
    pub(super) texts: HashMap<String, String>,
}

impl Loaded {
    /// The document itself.
    pub(super) fn root(&self) -> &Value {
        self.library.document(&self.path).map_or(&Value::Null, |document| &document.value)
    }

    /// The line of a place, counted from 1.
    pub(super) fn line(&self, path: &str, pointer: &str) -> Option<usize> {
        let start = self.library.document(path)?.span(pointer).start as usize;
        Some(self.texts.get(path)?.get(..start)?.matches('\n').count() + 1)
    }
}

/// What the files of a tree that say they are documents are.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The documents that are not certainly the same in the other state, by path.
    pub(super) documents: Vec<Loaded>,
    /// Those that can't be read: path and reason.
    pub(super) errors: Vec<(String, String)>,
    /// How many are certainly the same.
    pub(super) unchanged: usize,
}

/// Reads the documents of a tree that may not be the same in the other one.
pub(super) fn state(tree: &Tree, other: &Tree, cache: &Cache) -> State {
    let read = |(id, answer): (FileId, Result<(), String>)| {
        let file = tree.file(id);
        let is_same = other.find(&file.path).is_some_and(|id| same(file, other.file(id)));
        if is_same && answer.is_ok() && !refers_outside(file) {
            return None;
        }
        Some((file.path.clone(), answer.and_then(|()| load(tree, id))))
    };
    let read: Vec<_> = find::candidates(tree, cache).into_par_iter().map(read).collect();
    let mut state = State { unchanged: read.iter().filter(|found| found.is_none()).count(), ..State::default() };
    for (path, answer) in read.into_iter().flatten() {
        match answer {
            Ok(loaded) if is_document(loaded.root()) => state.documents.push(loaded),
            Ok(_) => {}
            Err(reason) if find::is_named(&path) => state.errors.push((path, reason)),
            // Data that mentions one, a template of one.
            Err(_) => {}
        }
    }
    state
}

/// True when a document may refer to other files; a quick look.
fn refers_outside(file: &files::File) -> bool {
    files::read(file).is_ok_and(|text| {
        memchr::memmem::find_iter(text.as_bytes(), "$ref").any(|at| {
            let rest = text[at + 4..].trim_start_matches(['"', '\'', ' ', ':', '\t', '\r', '\n', '>', '|', '-']);
            !rest.starts_with('#')
        })
    })
}

fn is_document(root: &Value) -> bool {
    let version = |key: &str| match root.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    version("openapi").starts_with('3') || version("swagger").starts_with('2')
}

fn load(tree: &Tree, id: FileId) -> Result<Loaded, String> {
    let path = tree.file(id).path.clone();
    let mut loaded = Loaded { path: path.clone(), library: Library::default(), texts: HashMap::new() };
    let mut seen: BTreeSet<String> = BTreeSet::from([path.clone()]);
    let mut todo = vec![path.clone()];
    while let Some(next) = todo.pop() {
        let read = tree.find(&next).ok_or_else(|| "there is no such file".to_owned()).and_then(|id| {
            let text = files::read(tree.file(id)).map_err(|error| error.to_string())?;
            let document = Document::read(&next, &text).map_err(|error| error.to_string())?;
            Ok((text, document))
        });
        let (text, document) = match read {
            Ok(read) => read,
            Err(reason) if next == path => return Err(reason),
            // The reference leads nowhere; whoever needs it says so.
            Err(_) => continue,
        };
        let mut names = BTreeSet::new();
        references(&document.value, &mut names);
        for name in names {
            let other = join_path(folder_of(&next), &percent_decoded(&name));
            if let Some(other) = other.filter(|other| seen.len() < MAX_FILES && !seen.contains(other)) {
                seen.insert(other.clone());
                todo.push(other);
            }
        }
        loaded.library.add(document);
        loaded.texts.insert(next, text);
    }
    Ok(loaded)
}

/// The files that references name. The depth of a document is limited where it is read.
fn references(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(reference) if key == "$ref" => {
                        let file = reference.split('#').next().unwrap_or_default();
                        if !file.is_empty() && !file.contains("://") && !file.starts_with("//") {
                            names.insert(file.to_owned());
                        }
                    }
                    value => references(value, names),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, names)),
        _ => {}
    }
}

fn percent_decoded(text: &str) -> String {
    text.replace("%20", " ")
}

/// True when the files of two states are the same.
fn same(old: &files::File, new: &files::File) -> bool {
    let on_disk = old.content.is_none() && new.content.is_none() && old.absolute == new.absolute;
    let shared = matches!((&old.content, &new.content), (Some(a), Some(b)) if a == b);
    on_disk || shared || files::read(old).ok().is_some_and(|text| files::read(new).ok() == Some(text))
}
