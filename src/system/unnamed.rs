//! Events whose payload is not followed, in services that name no version and make no id anywhere.
//!
//! A publisher that is handed whatever its callers have (`publish(topic, event)`) often cannot be read to the end.
//! But a version has to be written down somewhere: where no source file and no settings of the services that own the
//! publisher hold a word for one, no message of theirs has any. The same goes for ids and what makes them.

use std::collections::HashMap;

use rayon::prelude::*;

use super::services::Service;
use crate::extract::Presence;
use crate::extract::publish::shape::{is_id, is_version, is_versioned, makes_id};
use crate::extract::publish::{Kind, Publisher, flow};
use crate::files::{self, FileKind, Tree, Zone};
use crate::program::resolve::Target;
use crate::program::{Program, UnitId};
use crate::syntax::FileId;

/// Services of more files than these are not read once more for it.
const MAX_FILES: usize = 1_500;

/// What the text of some files has words for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Said {
    version: bool,
    id: bool,
}

impl Said {
    const ALL: Said = Said { version: true, id: true };

    fn and(self, other: Said) -> Said {
        Said { version: self.version || other.version, id: self.id || other.id }
    }
}

/// Decides what the payload of a publisher left open, where its services have no word for it.
pub(super) fn decide(
    tree: &Tree,
    program: &Program,
    services: &[Service],
    owners: &HashMap<FileId, Vec<usize>>,
    publishers: &mut [Publisher],
) {
    let mut known: HashMap<Vec<usize>, Said> = HashMap::new();
    for publisher in publishers.iter_mut().filter(|p| is_open(p) && !passes_on(tree, p)) {
        let Some(of_file) = owners.get(&publisher.place.file).filter(|o| !o.is_empty()) else { continue };
        if !foreign(program, publisher.site.unit) {
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
fn passes_on(tree: &Tree, publisher: &Publisher) -> bool {
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
}

/// What it publishes may be declared in a package that is not in the program.
fn foreign(program: &Program, unit: UnitId) -> bool {
    let shows = |unit: UnitId| {
        let module = &program.unit(unit).module;
        module.imports.iter().any(|import| is_contract(&import.module) && !is_ours(program, unit, &import.module))
    };
    shows(unit) || program.imports.importers(unit).any(shows)
}

/// The name of a package of messages: `Acme.Orders.Contracts`, `@acme/events`.
fn is_contract(package: &str) -> bool {
    let words = ["contract", "contracts", "events", "messages", "dtos", "schemas"];
    package.contains(['.', '/'])
        && package.split(['.', '/', '-']).any(|part| words.contains(&part.to_lowercase().as_str()))
}

fn is_ours(program: &Program, unit: UnitId, spec: &str) -> bool {
    match program.imports.target(unit, spec) {
        Some(Target::Unit(_) | Target::Folder(_)) => true,
        Some(Target::External(_)) | None => {
            let within = |one: &str, other: &str| {
                one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            program
                .ids()
                .filter_map(|id| program.unit(id).module.package.as_deref())
                .any(|p| within(p, spec) || within(spec, p))
        }
    }
}

/// What the source files of some services, and the settings beside them, have words for.
fn said(tree: &Tree, services: &[Service], owners: &HashMap<FileId, Vec<usize>>, of: &[usize]) -> Said {
    let is_theirs = |id: &FileId| {
        let file = tree.file(*id);
        if matches!(files::zone(&file.path), Zone::Vendored | Zone::Test) {
            return false;
        }
        match files::classify(&file.path) {
            FileKind::Code(_) => owners.get(id).is_some_and(|o| o.iter().any(|s| of.contains(s))),
            FileKind::Yaml | FileKind::Json | FileKind::Dotenv | FileKind::Properties => {
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
        Ok(text) if matches!(files::classify(&tree.file(*id).path), FileKind::Code(_)) => of_code(&text),
        Ok(text) => of_settings(&text),
        Err(_) => Said::ALL,
    };
    theirs.par_iter().map(one).reduce(Said::default, Said::and)
}

/// What a source file has words for. Comments at the beginning of a line and imports do not count, nor does the
/// version of an API in its own description.
fn of_code(text: &str) -> Said {
    let lower = text.to_lowercase();
    if ["avro", "protobuf", "cloudevent", "schemaregistry", "schema-registry", "schema_registry"]
        .iter()
        .any(|w| lower.contains(w))
    {
        return Said::ALL;
    }
    let mut said = Said::default();
    let mut described = 0_u32;
    for line in text.lines() {
        let line = line.trim();
        described = described.saturating_sub(1);
        if ["FastAPI(", "wagger", "penApi", "penAPI", "DocumentBuilder"].iter().any(|w| line.contains(w)) {
            described = 5;
        }
        if ["//", "*", "/*", "#"].iter().any(|start| line.starts_with(start)) {
            continue;
        }
        if ["import ", "using ", "package ", "from "].iter().any(|start| line.starts_with(start)) {
            // What makes ids is imported by name.
            said.id |= tokens(line).any(|(_, word, _)| makes_id(word) || makes_other_id(word));
            continue;
        }
        for (before, word, after) in tokens(line) {
            said.id |= is_id(word) || (!is_versioned(word) && makes_id(word)) || makes_other_id(word);
            if described == 0 {
                said.version |= tells_version(before, word, after);
            }
        }
        if said == Said::ALL {
            break;
        }
    }
    said
}

/// What a file of settings has words for: the names of topics.
fn of_settings(text: &str) -> Said {
    let version = text.lines().any(|line| {
        let line = line.trim();
        let is_name = |before: char, word: &str, after: char| before != '/' && after != '/' && is_versioned(word);
        !line.starts_with("apiVersion") && !line.contains("image:") && tokens(line).any(|(b, w, a)| is_name(b, w, a))
    });
    Said { version, id: false }
}

/// True for a word that can name the version of an event.
fn tells_version(before: char, word: &str, after: char) -> bool {
    match flow::squeeze(word).as_str() {
        // `(k, v)` and `mongoose.Schema` are none.
        "v" | "schema" => matches!(before, '"' | '\'') || after == ':',
        _ if word.starts_with("__") => false,
        "v4" | "v5" | "v7" => false,
        _ => is_version(word) || (before != '/' && after != '/' && is_versioned(word)),
    }
}

/// What makes ids besides UUIDs.
fn makes_other_id(word: &str) -> bool {
    let word = flow::squeeze(word);
    ["uuid", "guid", "ulid", "ksuid", "nanoid", "snowflake", "objectid", "randombytes", "tokenhex", "tokenurlsafe"]
        .iter()
        .any(|w| word.contains(w))
        || matches!(word.as_str(), "xid" | "generateid" | "newid" | "nextid")
}

/// The words of a line, each with the characters around it.
fn tokens(line: &str) -> impl Iterator<Item = (char, &str, char)> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + line[at..].find(is_word)?;
        let end = line[start..].find(|c| !is_word(c)).map_or(line.len(), |n| start + n);
        at = end;
        let before = line[..start].chars().next_back().unwrap_or(' ');
        let after = line[end..].chars().next().unwrap_or(' ');
        Some((before, &line[start..end], after))
    })
}
