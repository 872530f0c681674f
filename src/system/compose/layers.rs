//! What a service is made of: its declarations in the files of an environment, each with the bases it
//! extends, the weakest first.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::variables::Variables;
use super::{ComposeInputs, ComposeProblem};
use crate::facts::compose::{ComposeService, Include};
use crate::files::{folder_of, join_path};
use crate::syntax::{FileId, Place, Spanned};

/// A file as an environment uses it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) file: FileId,
    /// Where relative paths in it start.
    pub(super) folder: String,
    pub(super) variables: Rc<Variables>,
}

/// One declaration of a service.
#[derive(Clone, Debug)]
pub(super) struct Layer<'a> {
    pub(super) source: Source,
    pub(super) service: &'a ComposeService,
    /// True for a base that is extended.
    pub(super) is_base: bool,
}

/// How long a chain of `extends` or `include` may be.
const MAX_CHAIN: usize = 50;

pub(super) struct Joiner<'a> {
    pub(super) inputs: ComposeInputs<'a>,
    pub(super) problems: BTreeSet<ComposeProblem>,
    services: HashMap<(FileId, &'a str), &'a ComposeService>,
}

impl<'a> Joiner<'a> {
    pub(super) fn new(inputs: ComposeInputs<'a>) -> Self {
        let all = inputs.files.iter().flat_map(|(&id, file)| file.services.iter().map(move |service| (id, service)));
        let services = all.map(|(id, service)| ((id, service.name.as_str()), service)).collect();
        Joiner { inputs, problems: BTreeSet::new(), services }
    }

    pub(super) fn problem(&mut self, message: String, file: FileId, at: &Spanned<String>) {
        self.problems.insert(ComposeProblem { message, place: Place::new(file, at.span) });
    }

    /// The sources of an environment: what the files include, then the files.
    pub(super) fn sources(&mut self, files: &[Source]) -> Vec<Source> {
        let mut sources = Vec::new();
        let mut seen: Vec<FileId> = files.iter().map(|source| source.file).collect();
        for source in files {
            self.included(source, &mut seen, &mut sources, 0);
        }
        sources.extend(files.iter().cloned());
        sources
    }

    fn included(&mut self, source: &Source, seen: &mut Vec<FileId>, sources: &mut Vec<Source>, depth: usize) {
        let Some(file) = self.inputs.files.get(&source.file) else { return };
        for include in &file.includes {
            for (index, path) in include.paths.iter().enumerate() {
                let Some(target) = self.target(source, path, "includes") else { continue };
                if depth >= MAX_CHAIN {
                    self.problem(format!("`include` nests deeper than {MAX_CHAIN} levels"), source.file, path);
                    return;
                }
                if seen.contains(&target) {
                    continue;
                }
                seen.push(target);
                let included = self.included_source(source, include, index, target);
                self.included(&included, seen, sources, depth + 1);
                sources.push(included);
            }
        }
    }

    fn included_source(&self, source: &Source, include: &Include, index: usize, target: FileId) -> Source {
        // Relative paths start from the first file of the entry.
        let first = match index {
            0 => None,
            _ => include.paths.first().and_then(|path| self.find(source, path.as_str())),
        };
        let own = folder_of(&self.inputs.tree.file(first.unwrap_or(target)).path).to_owned();
        let given = include.project_directory.as_ref();
        let folder = given.and_then(|given| join_path(&source.folder, given.as_str())).unwrap_or(own);
        let mut variables = Variables::default();
        match include.env_files.as_slice() {
            [] => variables = Variables::of_folder(self.inputs, &folder),
            files => {
                for file in files.iter().rev() {
                    variables.add_file(self.inputs, &source.folder, file.as_str());
                }
            }
        }
        // The including project's variables win.
        let variables = Rc::new(source.variables.as_ref().clone().over(&variables));
        Source { file: target, folder, variables }
    }

    fn find(&self, source: &Source, path: &str) -> Option<FileId> {
        let path = source.variables.fill(path).value?;
        let own = folder_of(&self.inputs.tree.file(source.file).path);
        let at = |folder: &str| self.inputs.tree.find(&join_path(folder, &path)?);
        at(&source.folder).or_else(|| at(own))
    }

    fn target(&mut self, source: &Source, path: &Spanned<String>, verb: &str) -> Option<FileId> {
        let found = self.find(source, path.as_str());
        match found.filter(|file| self.inputs.files.contains_key(file)) {
            Some(file) => Some(file),
            None => {
                let message = match found {
                    Some(_) => format!("`{}`, which it {verb}, could not be read as a Compose file", path.value),
                    None => format!("`{}`, which it {verb}, is not in the linted tree", path.value),
                };
                self.problem(message, source.file, path);
                None
            }
        }
    }

    /// The declarations of a service in these sources, bases in front of what extends them.
    pub(super) fn layers(&mut self, sources: &[Source], name: &str) -> Vec<Layer<'a>> {
        let mut layers = Vec::new();
        for source in sources {
            let Some(service) = self.service(source.file, name) else { continue };
            self.bases(source, service, sources, &mut layers);
            layers.push(Layer { source: source.clone(), service, is_base: false });
        }
        layers
    }

    fn service(&self, file: FileId, name: &str) -> Option<&'a ComposeService> {
        self.services.get(&(file, name)).copied()
    }

    /// Adds the chain of bases of a service, the farthest first.
    fn bases(&mut self, source: &Source, service: &'a ComposeService, sources: &[Source], layers: &mut Vec<Layer<'a>>) {
        let mut chain: Vec<Layer<'a>> = Vec::new();
        let mut visited = vec![(source.file, service.name.value.as_str())];
        let (mut source, mut service) = (source.clone(), service);
        while let Some(extends) = &service.extends {
            let name = extends.service.as_str();
            let next = match &extends.file {
                None => source.clone(),
                Some(path) => {
                    let Some(file) = self.target(&source, path, "extends") else { break };
                    let folder = folder_of(&self.inputs.tree.file(file).path).to_owned();
                    Source { file, folder, variables: Rc::clone(&source.variables) }
                }
            };
            // A base without a file may also stand in another file of the environment.
            let elsewhere = || {
                let others = if extends.file.is_none() { sources } else { &[] };
                others.iter().find_map(|other| Some((other.clone(), self.service(other.file, name)?)))
            };
            let found = self.service(next.file, name).map(|base| (next, base)).or_else(elsewhere);
            let Some((next, base)) = found else {
                let message = format!("the service `{name}`, which `{}` extends, does not exist", service.name.value);
                self.problem(message, source.file, &extends.service);
                break;
            };
            if visited.contains(&(next.file, name)) {
                self.problem(format!("`extends` of `{name}` leads back to itself"), source.file, &extends.service);
                break;
            }
            if visited.len() >= MAX_CHAIN {
                let message = format!("`extends` of `{name}` has more than {MAX_CHAIN} levels");
                self.problem(message, source.file, &extends.service);
                break;
            }
            visited.push((next.file, name));
            chain.push(Layer { source: next.clone(), service: base, is_base: true });
            (source, service) = (next, base);
        }
        chain.reverse();
        layers.extend(chain);
    }
}
