//! The schemas of two states of a repository: which changed, and whom each change breaks.

use rayon::prelude::*;
use serde_json::Value;

use super::changes::{Change, changes, explaining};
use super::compat::{Direction, Mode, compare};
use super::document::Document;
use super::find::{Format, Schemas, Subject};
use super::inclusion::{Engine, Verdict};
use super::model::Model;
use super::plain::Schema;
use crate::files::{self, Tree};
use crate::syntax::{Place, Span};

/// How two states are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// What the earlier state is called: `main`, `v1.2`, `../old`.
    pub label: String,
    /// Who must not break.
    pub mode: Mode,
    /// How schemas are read.
    pub model: Model,
    /// The day, as `YYYY-MM-DD`: what is announced to go away has gone by then, or not.
    pub today: Option<String>,
    /// The answer is about every schema: what can't be compared leaves it incomplete.
    pub every_format: bool,
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
}

impl SchemaChange {
    /// The directions in which somebody breaks, each with a document that shows it.
    pub fn breaks(&self) -> impl Iterator<Item = (Direction, &Value, Option<&(String, String)>)> {
        self.verdicts.iter().filter_map(|(direction, verdict)| match verdict {
            Verdict::Breaking { witness, fault } => Some((*direction, witness, fault.as_ref())),
            _ => None,
        })
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
    /// Files with schemas that can't be read any more: path and reason.
    pub unreadable: Vec<(String, String)>,
    /// Files that changed and hold schemas of languages that are not compared: path and reason.
    pub not_compared: Vec<(String, String)>,
}

/// Compares the schemas of two trees.
pub fn evolution(old: (&Tree, &Schemas), new: (&Tree, &Schemas), terms: &Terms) -> Evolution {
    let mut out = Evolution { against: terms.label.clone(), ..Evolution::default() };
    let mut pairs: Vec<(&Subject, &Subject)> = Vec::new();
    let mut used = vec![false; old.1.subjects.len()];
    let mut rest: Vec<&Subject> = Vec::new();
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
            None => out.added += 1,
        }
    }
    for (subject, _) in old.1.subjects.iter().zip(&used).filter(|(_, used)| !**used) {
        match no_schema(new, &subject.path) {
            Some(reason) => out.unreadable.push((subject.path.clone(), reason)),
            None => out.removed.push((shown(subject), subject.path.clone())),
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
            out.unreadable.push((path.clone(), format!("it could not be read in {}: {reason}", terms.label)));
        }
    }
    let stays = |before: &Subject, now: &Subject| {
        (&before.path, &before.pointer) == (&now.path, &now.pointer)
            && is_same_file(old.0, new.0, &now.path)
            && new.1.library.document(&now.path).is_some_and(|document| !refers_outside(&document.value))
    };
    let compared: Vec<Option<SchemaChange>> = pairs
        .par_iter()
        .map(|(before, now)| if stays(before, now) { None } else { pair((old.1, before), (new, now), terms) })
        .collect();
    out.unchanged = compared.iter().filter(|change| change.is_none()).count();
    out.changed = compared.into_iter().flatten().collect();
    out.changed.sort_by(|a, b| (&a.subject.path, &a.subject.pointer).cmp(&(&b.subject.path, &b.subject.pointer)));
    out.not_compared = other_formats(old.0, new.0);
    out.unreadable.sort();
    out.unreadable.dedup_by(|a, b| a.0 == b.0);
    out
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
    if schemas.library.document(path).is_some() {
        return None;
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

/// Compares two versions; none when they say the same.
fn pair(old: (&Schemas, &Subject), new: ((&Tree, &Schemas), &Subject), terms: &Terms) -> Option<SchemaChange> {
    let ((old, before), ((tree, schemas), now)) = (old, new);
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
    let unknown = |reason: &str| -> Vec<(Direction, Verdict)> {
        let answer = |direction: &Direction| (*direction, Verdict::Unknown { reason: reason.to_owned() });
        terms.mode.directions().iter().map(answer).collect()
    };
    let verdicts: Vec<(Direction, Verdict)> = match (&a, &b) {
        _ if !is_json(before) || !is_json(now) => {
            if same_text() {
                return None;
            }
            unknown("Avro and Protobuf in AsyncAPI are not compared")
        }
        (Ok(a), Ok(b)) if a.value == b.value && a.unresolved == b.unresolved => return None,
        (Ok(a), Ok(b)) => terms
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
                (*direction, compare(&Engine::default(), a, b, *direction, terms.model, &samples))
            })
            .collect(),
        (Err(_), _) | (_, Err(_)) if same_text() => return None,
        (_, Err(reason)) => unknown(reason),
        (Err(reason), _) => unknown(&format!("the earlier one can't be compared: {reason}")),
    };
    let mut found = changes((&old.library, &before.path, &before.pointer), (&schemas.library, &now.path, &now.pointer));
    let first = verdicts.iter().find_map(|(direction, verdict)| match verdict {
        Verdict::Breaking { fault, .. } => {
            explaining(&found, *direction == Direction::Backward, fault.as_ref().map(|(at, _)| at.as_str()))
        }
        _ => None,
    });
    if let Some(index) = first.and_then(|first| found.iter().position(|change| change == first)) {
        let first = found.remove(index);
        found.insert(0, first);
    }
    let file = |path: &str| tree.find(path);
    let at = |path: &str, pointer: &str| {
        let span = schemas.library.document(path).map_or(Span::new(0, 0), |document| document.span(pointer));
        file(path).map(|id| Place::new(id, span))
    };
    let changed = found.first().and_then(|change| change.new.as_ref()).and_then(|(path, pointer)| at(path, pointer));
    let place = changed.or_else(|| at(&now.path, &now.pointer))?;
    let stood = found.first().and_then(|change| change.old.clone());
    let line = |(path, pointer): (String, String)| {
        let text = old.sources.get(&path)?;
        let start = old.library.document(&path)?.span(&pointer).start as usize;
        let line = text.get(..start)?.matches('\n').count() + 1;
        Some((path, line))
    };
    Some(SchemaChange {
        subject: now.clone(),
        against: terms.label.clone(),
        model: terms.model,
        verdicts,
        changes: found,
        place,
        before: stood.and_then(line),
    })
}

/// Files with schemas of other languages that are not what they were.
fn other_formats(old: &Tree, new: &Tree) -> Vec<(String, String)> {
    let is_other = |path: &str| {
        let language = if path.ends_with(".avsc") {
            "Avro"
        } else if path.ends_with(".proto") {
            "Protobuf"
        } else {
            return None;
        };
        super::find::is_candidate(path).then_some(language)
    };
    let changed = |file: &files::File| {
        let language = is_other(&file.path)?;
        let before = old.file(old.find(&file.path)?);
        let same = before.content == file.content && before.absolute == file.absolute
            || files::read(before).ok() == files::read(file).ok();
        (!same).then(|| (file.path.clone(), format!("{language} schemas are not compared yet")))
    };
    new.files.iter().filter_map(changed).collect()
}
