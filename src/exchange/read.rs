//! Reads exports. What can't be read in full is an error: a join over half of the facts would be clean
//! where it is not.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Deserialize;

use super::fact::{At, Fact, Header};
use super::{FORMAT, VERSION};

/// The facts of a repository.
#[derive(Clone, Debug)]
pub struct Repository {
    /// The first line of the file.
    pub header: Header,
    /// The other lines.
    pub facts: Vec<Fact>,
    /// The file they were read from, as given.
    pub file: PathBuf,
}

/// Why facts can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactsError {
    /// The file, as given.
    pub file: PathBuf,
    /// The line, from 1; none when the file as a whole is concerned.
    pub line: Option<usize>,
    /// What is wrong; no full stop.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Display for FactsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        write!(f, "can't use the facts in {}{line}: {}", self.file.display(), self.message)
    }
}

const EXPORT_AGAIN: &str = "export them again: skillcheck facts PATH -o FILE";

/// Reads files, and the `*.jsonl` of folders, sorted by repository. Two files of one repository are an
/// error.
///
/// # Errors
/// When a file can't be read or is not a whole export of this version.
pub fn gather(given: &[PathBuf]) -> Result<Vec<Repository>, FactsError> {
    let mut files = Vec::new();
    for path in given {
        let error = |message: String| FactsError {
            file: path.clone(),
            line: None,
            message,
            help: "give the files that `skillcheck facts` wrote, or a folder of them (*.jsonl)".to_owned(),
        };
        let metadata = std::fs::metadata(path).map_err(|cause| error(cause.to_string()))?;
        if metadata.is_file() {
            files.push(path.clone());
        } else if metadata.is_dir() {
            let before = files.len();
            for entry in std::fs::read_dir(path).map_err(|cause| error(cause.to_string()))? {
                let file = entry.map_err(|cause| error(cause.to_string()))?.path();
                if file.extension().is_some_and(|ending| ending == "jsonl") && file.is_file() {
                    files.push(file);
                }
            }
            files[before..].sort();
            if files.len() == before {
                return Err(error("there is no *.jsonl in the folder".to_owned()));
            }
        } else {
            return Err(error("it is neither a file nor a folder".to_owned()));
        }
    }
    let read: Vec<Result<Repository, FactsError>> = files.par_iter().map(|file| read(file)).collect();
    let mut repositories = read.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut known: HashMap<&str, &Path> = HashMap::new();
    for repository in &repositories {
        let name = repository.header.repository.as_str();
        if let Some(first) = known.insert(name, &repository.file) {
            return Err(FactsError {
                file: repository.file.clone(),
                line: Some(1),
                message: format!("they are of the repository `{name}`, and so are those in {}", first.display()),
                help: "give each repository once; two with the same name are told apart by exporting with --repository NAME".to_owned(),
            });
        }
    }
    repositories.sort_by(|a, b| a.header.repository.cmp(&b.header.repository));
    Ok(repositories)
}

fn read(file: &Path) -> Result<Repository, FactsError> {
    let error =
        |message: String| FactsError { file: file.to_owned(), line: None, message, help: EXPORT_AGAIN.to_owned() };
    let bytes = std::fs::read(file).map_err(|cause| error(cause.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| error("the file is not UTF-8 text".to_owned()))?;
    parse(file, &text)
}

/// Reads the text of an export.
///
/// # Errors
/// When it is not a whole export of this version.
pub fn parse(file: &Path, text: &str) -> Result<Repository, FactsError> {
    let error = |line: usize, message: String, help: &str| FactsError {
        file: file.to_owned(),
        line: Some(line),
        message,
        help: help.to_owned(),
    };
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let (_, first) = lines.next().ok_or_else(|| error(1, "the file is empty".to_owned(), EXPORT_AGAIN))?;
    let header = header(first).map_err(|(message, help)| error(1, message, help))?;
    let mut facts = Vec::with_capacity(header.facts.min(1 << 20));
    let mut seen: HashSet<&str> = HashSet::with_capacity(header.facts.min(1 << 20));
    for (number, line) in lines {
        if facts.len() == header.facts {
            let message = format!("there are more lines than the {} that the first one announces", header.facts);
            return Err(error(number, message, "give each export a file of its own"));
        }
        let fact: Fact = serde_json::from_str(line)
            .map_err(|cause| error(number, format!("no fact: {}", said(&cause)), EXPORT_AGAIN))?;
        if !seen.insert(line) {
            return Err(error(number, "the line is there twice".to_owned(), EXPORT_AGAIN));
        }
        if let Some(message) = wrong_place(&fact) {
            return Err(error(number, message, EXPORT_AGAIN));
        }
        facts.push(fact);
    }
    let lines = facts.len() + 1;
    if facts.len() < header.facts {
        let message = format!("the file ends after {} of {} facts", facts.len(), header.facts);
        return Err(error(lines, message, EXPORT_AGAIN));
    }
    if let Some((index, name)) = undeclared(&facts) {
        let message = format!("no line declares the service `{name}`");
        return Err(error(index + 2, message, EXPORT_AGAIN));
    }
    Ok(Repository { header, facts, file: file.to_owned() })
}

fn header(line: &str) -> Result<Header, (String, &'static str)> {
    /// What every version has.
    #[derive(Deserialize)]
    struct Any {
        format: String,
        version: u32,
        #[serde(default)]
        skillcheck: String,
    }
    let no_export = || ("the first line is not that of an export of facts".to_owned(), EXPORT_AGAIN);
    let any: Any = serde_json::from_str(line).map_err(|_| no_export())?;
    if any.format != FORMAT {
        return Err(no_export());
    }
    if any.version > VERSION {
        let message = format!(
            "skillcheck {} wrote them in version {} of the format, this is skillcheck {} and reads up to version {VERSION}",
            any.skillcheck,
            any.version,
            env!("CARGO_PKG_VERSION"),
        );
        return Err((message, "update this skillcheck, or export with the same version"));
    }
    if any.version == 0 {
        return Err(("there is no version 0 of the format".to_owned(), EXPORT_AGAIN));
    }
    let header: Header = serde_json::from_str(line)
        .map_err(|cause| (format!("the first line is damaged: {}", said(&cause)), EXPORT_AGAIN))?;
    if header.repository.trim().is_empty() {
        return Err(("the repository has no name".to_owned(), "export with --repository NAME"));
    }
    Ok(header)
}

/// What serde says, without the position in the line.
fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(what, _)| what.to_owned())
}

/// The places that a fact names.
pub(super) fn places(fact: &Fact) -> Vec<&At> {
    match fact {
        Fact::Service(service) => service.at.iter().collect(),
        Fact::Datastore(store) => {
            store.used_by.iter().flat_map(|u| u.way.iter().map(|step| &step.at).chain([&u.at])).collect()
        }
        Fact::Channel(channel) => channel.at.iter().collect(),
        Fact::Event(event) => vec![&event.at],
        Fact::Call(call) => vec![&call.at],
        Fact::Request(request) => vec![&request.at],
        Fact::Endpoint(endpoint) => vec![&endpoint.at],
        Fact::Saga(saga) => vec![&saga.at],
        Fact::Document(_) => Vec::new(),
    }
}

fn wrong_place(fact: &Fact) -> Option<String> {
    let outside = |file: &str| {
        let is_outside = file.is_empty() || file.starts_with('/') || file.split('/').any(|part| part == "..");
        is_outside.then(|| format!("`{file}` is no path in a repository"))
    };
    if let Fact::Document(document) = fact {
        return outside(&document.file);
    }
    places(fact).into_iter().find_map(|at| {
        let outside = outside(&at.file);
        if outside.is_some() {
            outside
        } else if at.line == 0 || at.column == 0 {
            Some("lines and columns count from 1".to_owned())
        } else {
            None
        }
    })
}

/// The first fact that names a service which no other declares.
fn undeclared(facts: &[Fact]) -> Option<(usize, &str)> {
    let declared = |fact: &Fact| match fact {
        Fact::Service(service) => Some(service.name.clone()),
        _ => None,
    };
    let declared: HashSet<String> = facts.iter().filter_map(declared).collect();
    facts.iter().enumerate().find_map(|(index, fact)| {
        let named: Vec<&String> = match fact {
            Fact::Service(_) | Fact::Document(_) => Vec::new(),
            Fact::Datastore(store) => store.used_by.iter().map(|used| &used.service).collect(),
            Fact::Channel(channel) => channel.producers.iter().chain(&channel.consumers).collect(),
            Fact::Event(event) => event.producers.iter().collect(),
            Fact::Call(call) => vec![&call.from, &call.to],
            Fact::Request(request) => vec![&request.from],
            Fact::Endpoint(endpoint) => endpoint.services.iter().collect(),
            Fact::Saga(saga) => saga.service.iter().collect(),
        };
        named.into_iter().find(|name| !declared.contains(*name)).map(|name| (index, name.as_str()))
    })
}
