//! The schemas of two states of a repository: which changed, and whom each change breaks.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde_json::Value;

use super::changes::{Change, changes, explaining};
use super::compat::{Direction, Mode, compare};
use super::document::Document;
use super::find::{Format, Schemas, Subject};
use super::formats::{self, ProtoSide, unknown};
use super::inclusion::{Engine, Verdict};
use super::layouts;
use super::model::Model;
use super::plain::Schema;
use super::policy::{Accepted, Setting};
use super::proto::{Level, Types};
use super::renames::{Rename, renames};
use crate::files::{self, Tree};
use crate::findings::Date;
use crate::syntax::Place;

/// How two states are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// What the earlier state is called: `main`, `v1.2`, `../old`.
    pub label: String,
    /// Who must not break, how schemas are read: before what the configuration says.
    pub setting: Setting,
    /// Older versions count for every schema.
    pub transitive: bool,
    /// Today; without it nothing that is accepted expires.
    pub today: Option<Date>,
}

/// How one schema is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// Who must not break.
    pub mode: Mode,
    /// How it is read.
    pub model: Model,
    /// Who has to go on working, of Protobuf.
    pub level: Level,
}

/// A break that the configuration accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Why.
    pub reason: String,
    /// The last day.
    pub until: Date,
    /// That day is over.
    pub is_expired: bool,
}

/// A schema that is not what it was.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaChange {
    /// The schema as it is now.
    pub subject: Subject,
    /// What the earlier state is called.
    pub against: String,
    /// How schemas were read.
    pub model: Model,
    /// The answer in each direction that was asked for.
    pub verdicts: Vec<(Direction, Verdict)>,
    /// What was changed, the one that explains the first break first.
    pub changes: Vec<Change>,
    /// Where the first change stands now; where the schema stands when nothing is left there.
    pub place: Place,
    /// Where it stood: path and line, counted from 1.
    pub before: Option<(String, usize)>,
    /// That its breaks are accepted, or were.
    pub accepted: Option<Acceptance>,
    /// The version that it comes after, where it is a new one of the same major version.
    pub follows: Option<String>,
    /// Members that probably have another name now.
    pub renames: Vec<Rename>,
}

impl SchemaChange {
    /// The directions in which somebody breaks, each with a document that shows it, if there is one.
    pub fn breaks(&self) -> impl Iterator<Item = (Direction, Option<&Value>, Option<&(String, String)>)> {
        self.verdicts.iter().filter_map(|(direction, verdict)| match verdict {
            Verdict::Breaking { witness, fault } => Some((*direction, Some(witness), fault.as_ref())),
            Verdict::Refused { fault } => Some((*direction, None, Some(fault))),
            _ => None,
        })
    }

    /// The entry that accepts every break, the one that ends first. In the direction of each break, every
    /// change that may be its cause has to be covered; members that come and go break no tolerant reader.
    pub fn covered_by<'a>(&self, entries: &[&'a Accepted]) -> Option<&'a Accepted> {
        let harmless = |change: &Change| {
            self.model == Model::Tolerant
                && self.subject.format != Format::Avro
                && matches!(change.kind, "property-added" | "property-removed" | "opened" | "closed")
        };
        let mut taken: Vec<&'a Accepted> = entries.iter().copied().filter(|entry| entry.is_whole()).collect();
        if taken.is_empty() {
            for (direction, _, fault) in self.breaks() {
                let is_backward = direction == Direction::Backward;
                let cause = explaining(&self.changes, is_backward, fault.map(|(at, _)| at.as_str()))?;
                let goes = |change: &&Change| if is_backward { change.narrows } else { change.widens };
                let others = self.changes.iter().filter(goes).filter(|change| !harmless(change));
                for change in others.chain([cause]) {
                    taken.push(entries.iter().copied().find(|entry| entry.covers(change))?);
                }
            }
        }
        taken.into_iter().min_by_key(|entry| entry.until)
    }

    /// True when somebody breaks and nobody has accepted it.
    pub fn is_breaking(&self) -> bool {
        self.breaks().next().is_some() && self.accepted.as_ref().is_none_or(|accepted| accepted.is_expired)
    }

    /// Why nothing is known, in the first direction in which it is so.
    pub fn unknown(&self) -> Option<&str> {
        self.verdicts.iter().find_map(|(_, verdict)| match verdict {
            Verdict::Unknown { reason } => Some(reason.as_str()),
            _ => None,
        })
    }
}

/// What became of the schemas of a repository.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evolution {
    /// What the earlier state is called; empty when nothing was compared.
    pub against: String,
    /// The schemas that say something else than before, by path and pointer.
    pub changed: Vec<SchemaChange>,
    /// How many are as they were.
    pub unchanged: usize,
    /// How many are new, or a new version of their own.
    pub added: usize,
    /// Those that are gone: name and version, and where they were.
    pub removed: Vec<(String, String)>,
    /// The same, as they were.
    pub gone: Vec<Subject>,
    /// Files with schemas that can't be read any more: path and reason.
    pub unreadable: Vec<(String, String)>,
}

/// How each schema is compared.
pub type Asked<'a> = dyn Fn(&Subject) -> Ways + Sync + 'a;

/// Compares the schemas of two trees.
pub fn evolution(old: (&Tree, &Schemas), new: (&Tree, &Schemas), label: &str, ways: &Asked<'_>) -> Evolution {
    let mut out = Evolution { against: label.to_owned(), ..Evolution::default() };
    let types = (Types::of(&old.1.protos), Types::of(&new.1.protos));
    let all = Comparison { old: (old.1, &types.0), new: (new.1, &types.1), tree: new.0, label, ways };
    let mut pairs: Vec<(&Subject, &Subject)> = Vec::new();
    let mut used = vec![false; old.1.subjects.len()];
    let mut rest: Vec<&Subject> = Vec::new();
    let mut followers: Vec<(&Subject, &Subject)> = Vec::new();
    let mut claim = |fits: &dyn Fn(&Subject) -> bool| {
        let found = old.1.subjects.iter().enumerate().find(|(index, subject)| !used[*index] && fits(subject));
        found.map(|(index, subject)| {
            used[index] = true;
            subject
        })
    };
    for subject in &new.1.subjects {
        let is_it = |old: &Subject| {
            (&old.path, &old.pointer, &old.version) == (&subject.path, &subject.pointer, &subject.version)
        };
        match claim(&is_it) {
            Some(old) => pairs.push((old, subject)),
            None => rest.push(subject),
        }
    }
    for subject in rest {
        // A file that was moved, a message that stands elsewhere in its document.
        let moved =
            |old: &Subject| (&old.name, &old.version, old.format) == (&subject.name, &subject.version, subject.format);
        match claim(&moved) {
            Some(old) => pairs.push((old, subject)),
            None => {
                out.added += 1;
                followers.extend(followed(&old.1.subjects, subject).map(|before| (before, subject)));
            }
        }
    }
    let mut removed: Vec<SchemaChange> = Vec::new();
    for (subject, _) in old.1.subjects.iter().zip(&used).filter(|(_, used)| !**used) {
        match no_schema(new, &subject.path) {
            Some(reason) => out.unreadable.push((subject.path.clone(), reason)),
            None => {
                out.removed.push((shown(subject), subject.path.clone()));
                out.gone.push(subject.clone());
                removed.extend(all.removed(subject));
            }
        }
    }
    // What can't be read was compared with nothing, whether it was changed or not.
    for (file, reason) in &new.1.errors {
        out.unreadable.push((new.0.file(*file).path.clone(), format!("it can't be read: {reason}")));
    }
    for (file, reason) in &old.1.errors {
        let path = &old.0.file(*file).path;
        let is_told = out.unreadable.iter().any(|(known, _)| known == path);
        if new.0.find(path).is_some() && !is_told {
            out.unreadable.push((path.clone(), format!("it could not be read in {label}: {reason}")));
        }
    }
    // The types of Avro and Protobuf may be those of other files.
    let stays = |before: &Subject, now: &Subject| {
        matches!(now.format, Format::JsonSchema | Format::AsyncApi)
            && (&before.path, &before.pointer) == (&now.path, &now.pointer)
            && is_same_file(old.0, new.0, &now.path)
            && new.1.library.document(&now.path).is_some_and(|document| !refers_outside(&document.value))
    };
    let compared: Vec<Option<SchemaChange>> =
        pairs.par_iter().map(|(before, now)| if stays(before, now) { None } else { all.pair(before, now) }).collect();
    out.unchanged = compared.iter().filter(|change| change.is_none()).count();
    let follow = |(before, now): &(&Subject, &Subject)| {
        let change = all.pair(before, now)?;
        Some(SchemaChange { follows: before.version.clone(), ..change })
    };
    let followers: Vec<SchemaChange> = followers.par_iter().filter_map(follow).collect();
    out.changed = compared.into_iter().flatten().chain(removed).chain(followers).collect();
    out.changed.sort_by(|a, b| (&a.subject.path, &a.subject.pointer).cmp(&(&b.subject.path, &b.subject.pointer)));
    out.unreadable.sort();
    out.unreadable.dedup_by(|a, b| a.0 == b.0);
    out
}

/// The version that a new one comes after and whose promise it keeps: `1.2.0` that of `1.1.0`.
fn followed<'s>(old: &'s [Subject], new: &Subject) -> Option<&'s Subject> {
    let version = |subject: &Subject| subject.version.as_deref().and_then(layouts::numbers);
    old.iter().filter(|old| layouts::promises(new, old)).max_by_key(|old| version(old))
}

/// The versions of one state that break a promise: each is compared with the one before, for readers of the new
/// version and events of the old one.
pub fn steps(tree: &Tree, schemas: &Schemas, ways: &Asked<'_>) -> Vec<SchemaChange> {
    let mut versions: BTreeMap<(&str, Format), Vec<&Subject>> = BTreeMap::new();
    for subject in schemas.subjects.iter().filter(|s| s.version.as_deref().is_some_and(|v| v.contains('.'))) {
        versions.entry((&subject.name, subject.format)).or_default().push(subject);
    }
    versions.retain(|_, all| all.len() > 1);
    if versions.is_empty() {
        return Vec::new();
    }
    let before = |all: &[&'_ Subject], new: &Subject| {
        let version = |subject: &Subject| subject.version.as_deref().and_then(layouts::numbers);
        all.iter().copied().filter(|old| layouts::promises(new, old)).max_by_key(|old| version(old)).cloned()
    };
    let pairs: Vec<(Subject, &Subject)> =
        versions.values().flat_map(|all| all.iter().filter_map(|new| Some((before(all, new)?, *new)))).collect();
    let types = Types::of(&schemas.protos);
    let backward = |subject: &Subject| match ways(subject) {
        ways if ways.mode == Mode::None => ways,
        ways => Ways { mode: Mode::Backward, ..ways },
    };
    let side = (schemas, &types);
    let all = Comparison { old: side, new: side, tree, label: "", ways: &backward };
    let step = |(old, new): &(Subject, &Subject)| {
        let change = all.pair(old, new)?;
        Some(SchemaChange { follows: old.version.clone(), ..change })
    };
    let mut found: Vec<SchemaChange> = pairs.par_iter().filter_map(step).collect();
    found.retain(|change| change.breaks().next().is_some());
    found.sort_by(|a, b| (&a.subject.path, &a.subject.pointer).cmp(&(&b.subject.path, &b.subject.pointer)));
    found
}

/// True when a file is certainly the same in both states.
fn is_same_file(old: &Tree, new: &Tree, path: &str) -> bool {
    let (Some(before), Some(now)) = (old.find(path), new.find(path)) else { return false };
    let (before, now) = (old.file(before), new.file(now));
    before.content == now.content && before.absolute == now.absolute
}

/// True when a schema refers to another file, or to something by its address. The depth of a document is limited
/// where it is read.
fn refers_outside(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, value)| match value {
            Value::String(text) => (key == "$ref" || key == "$dynamicRef") && !text.starts_with('#'),
            value => refers_outside(value),
        }),
        Value::Array(items) => items.iter().any(refers_outside),
        _ => false,
    }
}

/// Why a file that held a schema holds none any more; nothing when it is gone, or could not be read, which is
/// told with its reason, or still is a schema.
fn no_schema((tree, schemas): (&Tree, &Schemas), path: &str) -> Option<String> {
    let id = tree.find(path)?;
    if schemas.library.document(path).is_some() || schemas.protos.iter().any(|file| file.path == path) {
        return None;
    }
    if let Some((_, reason)) = schemas.errors.iter().find(|(file, _)| *file == id) {
        return Some(format!("it can't be read: {reason}"));
    }
    let reason = match files::read(tree.file(id)) {
        Ok(text) => match Document::read(path, &text) {
            Ok(_) => "it is no schema any more".to_owned(),
            Err(error) => format!("it can't be read: {}", error.message),
        },
        Err(error) => format!("it can't be read: {error}"),
    };
    Some(reason)
}

/// A schema's name and version, for people.
pub fn shown(subject: &Subject) -> String {
    match &subject.version {
        Some(version) => format!("{} v{version}", subject.name),
        None => subject.name.clone(),
    }
}

/// Two states.
struct Comparison<'a> {
    old: ProtoSide<'a>,
    new: ProtoSide<'a>,
    tree: &'a Tree,
    label: &'a str,
    ways: &'a Asked<'a>,
}

impl Comparison<'_> {
    /// Compares two versions; none when they say the same.
    fn pair(&self, before: &Subject, now: &Subject) -> Option<SchemaChange> {
        let ((old, _), (new, _)) = (self.old, self.new);
        let ways = (self.ways)(now);
        let (verdicts, found) = match (before.format, now.format) {
            _ if ways.mode == Mode::None => return None,
            (Format::Protobuf, Format::Protobuf) if !now.path.to_ascii_lowercase().ends_with(".proto") => {
                formats::embedded((old, before), (new, now), ways.mode, (ways.level, ways.model))?
            }
            (Format::Protobuf, Format::Protobuf) => {
                let by = (ways.level, ways.model);
                formats::protobuf((self.old, before), (self.new, Ok(now)), ways.mode, by)?
            }
            (Format::Avro, Format::Avro) => formats::avro((old, before), (new, now), ways.mode)?,
            _ => {
                let verdicts = json((old, before), (new, now), ways)?;
                let was = (&old.library, before.path.as_str(), before.pointer.as_str());
                (verdicts, changes(was, (&new.library, &now.path, &now.pointer)))
            }
        };
        self.change(now, (verdicts, found), ways)
    }

    /// A declaration of a Protobuf file that is gone while the file is still there.
    fn removed(&self, before: &Subject) -> Option<SchemaChange> {
        let ways = (self.ways)(before);
        if before.format != Format::Protobuf || ways.mode == Mode::None {
            return None;
        }
        let gone = Err(before.path.as_str());
        let by = (ways.level, ways.model);
        let answer = formats::protobuf((self.old, before), (self.new, gone), ways.mode, by)?;
        self.change(before, answer, ways).filter(|change| change.breaks().next().is_some())
    }

    fn change(
        &self,
        now: &Subject,
        (verdicts, mut found): (Vec<(Direction, Verdict)>, Vec<Change>),
        ways: Ways,
    ) -> Option<SchemaChange> {
        let ((old, _), (new, _)) = (self.old, self.new);
        let first = verdicts.iter().find_map(|(direction, verdict)| {
            let at = match verdict {
                Verdict::Breaking { fault, .. } => fault.as_ref().map(|(at, _)| at.as_str()),
                Verdict::Refused { fault } => Some(fault.0.as_str()),
                _ => return None,
            };
            explaining(&found, *direction == Direction::Backward, at)
        });
        if let Some(index) = first.and_then(|first| found.iter().position(|change| change == first)) {
            let first = found.remove(index);
            found.insert(0, first);
        }
        let at = |path: &str, pointer: &str| {
            let span = new.span(path, pointer).unwrap_or_default();
            self.tree.find(path).map(|id| Place::new(id, span))
        };
        let changed = found.first().and_then(|change| change.new.as_ref());
        let renames = renames(&found, &old.library, &new.library);
        let place = changed.and_then(|(path, pointer)| at(path, pointer)).or_else(|| at(&now.path, &now.pointer))?;
        let stood = found.first().and_then(|change| change.old.clone());
        let line = |(path, pointer): (String, String)| {
            let text = old.sources.get(&path)?;
            let start = old.span(&path, &pointer)?.start as usize;
            let line = text.get(..start)?.matches('\n').count() + 1;
            Some((path, line))
        };
        Some(SchemaChange {
            subject: now.clone(),
            against: self.label.to_owned(),
            model: ways.model,
            verdicts,
            changes: found,
            place,
            before: stood.and_then(line),
            accepted: None,
            follows: None,
            renames,
        })
    }
}

/// Compares two JSON Schemas; none when they say the same.
fn json(old: (&Schemas, &Subject), new: (&Schemas, &Subject), ways: Ways) -> Option<Vec<(Direction, Verdict)>> {
    let ((old, before), (schemas, now)) = (old, new);
    let read = |schemas: &Schemas, subject: &Subject| {
        Schema::read(&schemas.library, &subject.path, &subject.pointer, None).map_err(|invalid| {
            format!("it is no valid schema at `{}#{}`: {}", invalid.path, invalid.pointer, invalid.reason)
        })
    };
    let written = |schemas: &Schemas, subject: &Subject| {
        schemas.library.document(&subject.path).and_then(|document| document.at(&subject.pointer)).cloned()
    };
    let (a, b) = (read(old, before), read(schemas, now));
    let is_json = |subject: &Subject| matches!(subject.format, Format::JsonSchema | Format::AsyncApi);
    let same_text = || written(old, before) == written(schemas, now);
    Some(match (&a, &b) {
        _ if !is_json(before) || !is_json(now) => {
            if same_text() {
                return None;
            }
            unknown(ways.mode, "it is written in another format than before")
        }
        (Ok(a), Ok(b)) if a.value == b.value && a.unresolved == b.unresolved => return None,
        (Ok(a), Ok(b)) if matches!(ways.model, Model::Confluent | Model::ConfluentLenient) => {
            let sides = ((&old.library, before), (&schemas.library, now));
            ways.mode
                .directions()
                .iter()
                .map(|direction| (*direction, formats::registry(sides, (a, b), *direction, ways.model)))
                .collect()
        }
        (Ok(a), Ok(b)) => ways
            .mode
            .directions()
            .iter()
            .map(|direction| {
                let (writer, subject) = match direction {
                    Direction::Backward => (old, before),
                    Direction::Forward => (schemas, now),
                };
                let document = writer.library.document(&subject.path);
                let samples: Vec<Value> =
                    subject.examples.iter().filter_map(|pointer| document?.at(pointer).cloned()).collect();
                (*direction, compare(&Engine::default(), a, b, *direction, ways.model, &samples))
            })
            .collect(),
        (Err(_), _) | (_, Err(_)) if same_text() => return None,
        (_, Err(reason)) => unknown(ways.mode, reason),
        (Err(reason), _) => unknown(ways.mode, &format!("the earlier one can't be compared: {reason}")),
    })
}

impl Evolution {
    /// Adds what a comparison with an older state says: the breaks that the newer ones don't show.
    pub fn add_older(&mut self, older: Evolution) {
        for change in older.changed {
            let is_same = |known: &&mut SchemaChange| {
                (&known.subject.path, &known.subject.pointer) == (&change.subject.path, &change.subject.pointer)
            };
            match self.changed.iter_mut().find(is_same) {
                Some(known) if known.breaks().next().is_some() => {}
                Some(known) if change.breaks().next().is_some() || known.unknown().is_none() => *known = change,
                Some(_) => {}
                None => {
                    self.unchanged = self.unchanged.saturating_sub(1);
                    self.changed.push(change);
                }
            }
        }
        for file in older.unreadable {
            if !self.unreadable.contains(&file) {
                self.unreadable.push(file);
            }
        }
    }
}
