//! The variables that Compose fills in, and the contents of env files.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::ComposeInputs;
use crate::facts::compose::interpolate;
use crate::files::{folder_of, join_path};
use crate::syntax::FileId;
use crate::syntax::data::Pair;

/// Variables for interpolation. The environment of the machine is none of them: the answer must be the
/// same everywhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Variables {
    /// Name to value and whether it is assumed.
    values: BTreeMap<String, (String, bool)>,
}

/// A filled-in text, and whether an assumed variable is in it.
pub(super) struct Filled {
    /// The value; none when a variable in it is unknown.
    pub(super) value: Option<String>,
    /// The text with what is unknown left as written.
    pub(super) partial: String,
    pub(super) assumed: bool,
}

impl Variables {
    /// The project's `.env`, else an example beside it.
    pub(super) fn of_folder(inputs: ComposeInputs<'_>, folder: &str) -> Self {
        let mut variables = Variables::default();
        variables.add_file(inputs, folder, ".env");
        variables
    }

    /// Adds an env file; variables that are set already stay.
    pub(super) fn add_file(&mut self, inputs: ComposeInputs<'_>, folder: &str, path: &str) {
        let Some((file, example)) = join_path(folder, path).and_then(|path| find_env_file(inputs, &path)) else {
            return;
        };
        for (pair, Filled { value, assumed, .. }) in pairs(inputs, file, example, self) {
            if let Some(value) = value {
                self.values.entry(pair.key.clone()).or_insert((value, assumed));
            }
        }
    }

    /// These variables, and those of `others` that are not set here.
    pub(super) fn over(mut self, others: &Variables) -> Self {
        for (name, value) in &others.values {
            self.values.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self
    }

    /// Sets a variable.
    pub(super) fn set(&mut self, name: &str, value: String, assumed: bool) {
        self.values.insert(name.to_owned(), (value, assumed));
    }

    pub(super) fn get(&self, name: &str) -> Option<&(String, bool)> {
        self.values.get(name)
    }

    /// Fills in the variables of a text.
    pub(super) fn fill(&self, text: &str) -> Filled {
        let assumed = Cell::new(false);
        let lookup = |name: &str| {
            self.get(name).map(|(value, is_assumed)| {
                assumed.set(assumed.get() || *is_assumed);
                value.clone()
            })
        };
        let filled = interpolate(text, &lookup);
        let partial = filled.value.clone();
        Filled { value: filled.known(), partial, assumed: assumed.get() }
    }
}

/// The env file at a path, else the example beside it (then true).
pub(super) fn find_env_file(inputs: ComposeInputs<'_>, path: &str) -> Option<(FileId, bool)> {
    let read = |path: &str| inputs.tree.find(path).filter(|file| inputs.env_files.contains_key(file));
    if let Some(file) = read(path) {
        return Some((file, false));
    }
    let endings = ["example", "sample", "template", "dist", "default", "defaults"];
    let beside = endings.iter().map(|ending| format!("{path}.{ending}"));
    // `orders.example.env` for `orders.env`, `.example.env` for `.env`.
    let folder = folder_of(path);
    let name = &path[if folder.is_empty() { 0 } else { folder.len() + 1 }..];
    let inside = name.strip_suffix(".env").map(|stem| endings.map(|ending| format!("{stem}.{ending}.env")));
    let inside = inside.into_iter().flatten().filter_map(|name| join_path(folder, &name));
    beside.chain(inside).find_map(|path| read(&path)).map(|file| (file, true))
}

/// The pairs of an env file with their values. A value may use the variables given and, where they do
/// not have it, those above it in the file.
pub(super) fn pairs<'a>(
    inputs: ComposeInputs<'a>,
    file: FileId,
    example: bool,
    variables: &Variables,
) -> Vec<(&'a Pair, Filled)> {
    let mut known = variables.clone();
    let mut found = Vec::new();
    for pair in inputs.env_files.get(&file).map(|pairs| pairs.pairs.as_slice()).unwrap_or_default() {
        let mut filled = match &pair.value {
            Some(raw) if pair.literal => Filled { value: Some(raw.clone()), partial: raw.clone(), assumed: false },
            Some(raw) => known.fill(raw),
            None => match variables.get(&pair.key) {
                Some((value, assumed)) => {
                    Filled { value: Some(value.clone()), partial: value.clone(), assumed: *assumed }
                }
                None => Filled { value: None, partial: String::new(), assumed: false },
            },
        };
        filled.assumed |= example;
        if let Some(value) = &filled.value {
            known.values.entry(pair.key.clone()).or_insert_with(|| (value.clone(), filled.assumed));
        }
        found.push((pair, filled));
    }
    found
}
