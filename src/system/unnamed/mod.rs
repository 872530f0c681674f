//! Events whose payload is not followed, in services that name no version and make no id anywhere.
//!
//! A publisher that is handed whatever its callers have (`publish(topic, event)`) often cannot be read to the end.
//! But a version has to be written down somewhere: where no source file and no settings of the services that own the
//! publisher hold a word for one, no message of theirs has any. The same goes for ids and what makes them.

use std::collections::HashMap;

use rayon::prelude::*;

mod passed;
mod words;

use self::words::Said;
use super::services::Service;
use crate::extract::Presence;
use crate::extract::publish::{Kind, Publisher, flow};
use crate::files::{self, FileKind, Tree, Zone, folder_of};
use crate::program::resolve::Target;
use crate::program::{Program, UnitId};
use crate::syntax::FileId;

/// Services of more files than these are not read once more for it.
const MAX_FILES: usize = 1_500;

/// Decides what the payload of a publisher left open, where its services have no word for it.
pub(super) fn decide(
    tree: &Tree,
    program: &Program,
    services: &[Service],
    owners: &HashMap<FileId, Vec<usize>>,
    publishers: &mut [Publisher],
) {
    let mut known: HashMap<Vec<usize>, Said> = HashMap::new();
    for publisher in publishers.iter_mut().filter(|p| is_open(p) && !passes_on(tree, program, p)) {
        // What a sample leaves out may be said elsewhere.
        let whole = |of: &&Vec<usize>| !of.is_empty() && !of.iter().any(|s| services[*s].is_sample);
        let Some(of_file) = owners.get(&publisher.place.file).filter(whole) else { continue };
        if !foreign(tree, program, publisher.site.unit) {
            let said = *known.entry(of_file.clone()).or_insert_with(|| said(tree, services, owners, of_file));
            let decided = |presence: &mut Presence, said: bool| {
                if !said && matches!(presence, Presence::Unknown(_)) {
                    *presence = Presence::Absent;
                    return true;
                }
                false
            };
            publisher.unnamed.version = decided(&mut publisher.version, said.version);
            publisher.unnamed.event_id = decided(&mut publisher.event_id, said.id);
        }
    }
}

/// Its payload could not be followed to the end.
fn is_open(publisher: &Publisher) -> bool {
    let is_open = |p: &Presence| matches!(p, Presence::Unknown(_));
    publisher.kind == Kind::Event
        && publisher.broker != "redis pub/sub"
        && (is_open(&publisher.version) || is_open(&publisher.event_id))
}

/// It publishes again what somebody else has published, or a sign of life.
fn passes_on(tree: &Tree, program: &Program, publisher: &Publisher) -> bool {
    const WORDS: [&str; 11] = [
        "deadletter",
        "dlq",
        "dlt",
        "retry",
        "retries",
        "replay",
        "requeue",
        "republish",
        "redeliver",
        "health",
        "forward",
    ];
    let file = flow::squeeze(&tree.file(publisher.place.file).path);
    let function = publisher.function.as_ref().map(|(name, _)| flow::squeeze(name)).unwrap_or_default();
    let channels = publisher.destinations.iter().chain(&publisher.keys).map(|name| flow::squeeze(&name.pattern()));
    channels.chain([file, function]).any(|name| WORDS.iter().any(|word| name.contains(word)))
        || passed::is_received(program, publisher.site)
}

/// What it publishes may be declared in a package that is not in the repository.
fn foreign(tree: &Tree, program: &Program, unit: UnitId) -> bool {
    let shows = |unit: UnitId| {
        let imports = &program.unit(unit).module.imports;
        imports.iter().any(|import| is_contract(&import.module) && !is_ours(tree, program, unit, &import.module))
    };
    shows(unit) || program.imports.importers(unit).any(shows)
}

/// The words by which packages of messages are called: `Acme.Orders.Contracts`, `@acme/events`.
const CONTRACTS: [&str; 6] = ["contract", "contracts", "events", "messages", "dtos", "schemas"];

fn is_contract(package: &str) -> bool {
    package.contains(['.', '/'])
        && package.split(['.', '/', '-']).any(|part| CONTRACTS.contains(&part.to_lowercase().as_str()))
}

/// True for what leads into the repository, or is called like a folder of it.
fn is_ours(tree: &Tree, program: &Program, unit: UnitId, spec: &str) -> bool {
    let is_external = !matches!(program.imports.target(unit, spec), Some(Target::Unit(_) | Target::Folder(_)));
    let part = |part: &&str| CONTRACTS.contains(&part.to_lowercase().as_str());
    let Some(called) = spec.split(['.', '/', '-']).find(part).filter(|_| is_external) else { return true };
    let is_it = |folder: &str| folder.rsplit(['.', '-']).next().is_some_and(|last| last.eq_ignore_ascii_case(called));
    tree.files.iter().any(|file| folder_of(&file.path).split('/').any(is_it))
}

/// What the source files of some services, and the settings beside them, have words for.
fn said(tree: &Tree, services: &[Service], owners: &HashMap<FileId, Vec<usize>>, of: &[usize]) -> Said {
    let is_theirs = |id: &FileId| {
        let file = tree.file(*id);
        if files::zone(&file.path) != Zone::Production {
            return false;
        }
        match files::classify(&file.path) {
            FileKind::Code(_) => owners.get(id).is_some_and(|o| o.iter().any(|s| of.contains(s))),
            // The versions of libraries.
            FileKind::Yaml if file.path.ends_with("pnpm-lock.yaml") => false,
            FileKind::Yaml | FileKind::Dotenv | FileKind::Properties => {
                of.iter().any(|s| crate::program::resolve::within(&file.path, &services[*s].root))
            }
            _ => false,
        }
    };
    let theirs: Vec<FileId> = tree.ids().filter(is_theirs).collect();
    if theirs.len() > MAX_FILES {
        return Said::ALL;
    }
    let one = |id: &FileId| match files::read(tree.file(*id)) {
        Ok(text) if matches!(files::classify(&tree.file(*id).path), FileKind::Code(_)) => words::of_code(&text),
        Ok(text) => words::of_settings(&text),
        Err(_) => Said::ALL,
    };
    theirs.par_iter().map(one).reduce(Said::default, Said::and)
}
