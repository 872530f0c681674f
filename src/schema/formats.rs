//! Comparing what is no JSON Schema, Avro and Protobuf, and asking the registry's rules.

use serde_json::Value;

use super::avro::{self, Avro};
use super::changes::Change;
use super::compat::{Direction, Mode};
use super::find::{Schemas, Subject};
use super::inclusion::{Engine, Inclusion, Proof, Verdict};
use super::library::Library;
use super::model::Model;
use super::plain::Schema;
use super::proto::{self, Level, Types};
use super::registry;

/// The verdicts of a pair and its changes; none when the two say the same.
pub(super) type Answer = Option<(Vec<(Direction, Verdict)>, Vec<Change>)>;

/// The same reason in every direction.
pub(super) fn unknown(mode: Mode, reason: &str) -> Vec<(Direction, Verdict)> {
    let answer = |direction: &Direction| (*direction, Verdict::Unknown { reason: reason.to_owned() });
    mode.directions().iter().map(answer).collect()
}

/// Compares two Avro schemas.
pub(super) fn avro(old: (&Schemas, &Subject), new: (&Schemas, &Subject), mode: Mode) -> Answer {
    // A message of AsyncAPI has its schema in the document, or in a file of its own.
    let place = |(schemas, subject): (&Schemas, &Subject)| {
        let written = (subject.path.clone(), subject.pointer.clone());
        schemas.library.followed(&subject.path, &subject.pointer).unwrap_or(written)
    };
    let read = |(schemas, subject): (&Schemas, &Subject)| {
        let (path, pointer) = place((schemas, subject));
        Avro::read_at(&schemas.library, &schemas.avro, &path, &pointer).map_err(|invalid| {
            format!("it is no valid Avro schema at `{}#{}`: {}", invalid.path, invalid.pointer, invalid.reason)
        })
    };
    let text = |(schemas, subject): (&Schemas, &Subject)| {
        let (path, pointer) = place((schemas, subject));
        schemas.library.document(&path).and_then(|document| document.at(&pointer)).cloned()
    };
    let (from, to) = (place(old), place(new));
    if from == to && to.0 != new.1.path {
        // That file is compared for itself.
        return None;
    }
    let (a, b) = match (read(old), read(new)) {
        (Ok(a), Ok(b)) => (a, b),
        _ if text(old) == text(new) => return None,
        (_, Err(reason)) => return Some((unknown(mode, &reason), Vec::new())),
        (Err(reason), _) => {
            return Some((unknown(mode, &format!("the earlier one can't be compared: {reason}")), Vec::new()));
        }
    };
    let changes = avro::changes(&a, &b);
    if changes.is_empty() && text(old) == text(new) {
        return None;
    }
    let verdict = |direction: &Direction| {
        let (reader, writer) = match direction {
            Direction::Backward => (&b, &a),
            Direction::Forward => (&a, &b),
        };
        (*direction, avro::can_read(reader, writer))
    };
    let verdicts: Vec<(Direction, Verdict)> = mode.directions().iter().map(verdict).collect();
    // Documentation, order: nothing that resolution knows.
    let same = || text(old).map(|value| undocumented(&value)) == text(new).map(|value| undocumented(&value));
    if changes.is_empty() && (verdicts.iter().all(|(_, verdict)| verdict.is_compatible()) || same()) {
        return None;
    }
    Some((verdicts, changes))
}

/// What the registry decides, with a document where one shows that it is right.
pub(super) fn registry(
    (old, new): ((&Library, &Subject), (&Library, &Subject)),
    (a, b): (&Schema, &Schema),
    direction: Direction,
    model: Model,
) -> Verdict {
    let ((from, reader), (to, writer)) = match direction {
        Direction::Backward => ((old, b), (new, a)),
        Direction::Forward => ((new, a), (old, b)),
    };
    let lenient = model == Model::ConfluentLenient;
    let from = (from.0, from.1.path.as_str(), from.1.pointer.as_str());
    let to = (to.0, to.1.path.as_str(), to.1.pointer.as_str());
    let refused = match registry::refusals(from, to, lenient) {
        Ok(refused) => refused,
        Err(reason) => return Verdict::Unknown { reason },
    };
    let Some(first) = refused.first() else { return Verdict::Compatible { proof: Proof::Registry } };
    let rule = format!("the registry refuses {} at `#{}`", first.kind, first.path);
    match Engine::default().decide(writer, reader, &[]) {
        Verdict::Breaking { witness, fault } => {
            let at = fault.map(|(at, _)| at).unwrap_or_default();
            Verdict::Breaking { witness, fault: Some((at, rule)) }
        }
        _ => Verdict::Refused { fault: (String::new(), rule) },
    }
}

/// An Avro schema without what people alone read.
fn undocumented(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let said = map.iter().filter(|(key, _)| !matches!(key.as_str(), "doc" | "order"));
            Value::Object(said.map(|(key, value)| (key.clone(), undocumented(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(undocumented).collect()),
        other => other.clone(),
    }
}

/// A side of a comparison of Protobuf: the schemas and the types of their files.
pub(super) type ProtoSide<'s> = (&'s Schemas, &'s Types<'s>);

/// Compares two declarations of Protobuf files; none as the new one says that it was removed from the file
/// at this path.
pub(super) fn protobuf(
    old: (ProtoSide<'_>, &Subject),
    new: (ProtoSide<'_>, Result<&Subject, &str>),
    mode: Mode,
    (level, model): (Level, Model),
) -> Answer {
    let (((old, old_types), before), ((new, new_types), now)) = (old, new);
    let registry = matches!(model, Model::Confluent | Model::ConfluentLenient);
    let a = old.protos.iter().find(|file| file.path == before.path)?;
    let b =
        new.protos.iter().find(|file| file.path == now.map_or_else(|path| path, |subject| subject.path.as_str()))?;
    let there = now.ok().map(|subject| subject.pointer.as_str());
    let compared = proto::compare(((a, old_types), &before.pointer), ((b, new_types), there), level, registry);
    if compared.changes.is_empty() {
        return None;
    }
    let verdicts = mode.directions().iter().map(|direction| (*direction, compared.verdict(*direction))).collect();
    Some((verdicts, compared.changes))
}

/// Compares two messages of AsyncAPI whose schema is the text of a Protobuf file.
pub(super) fn embedded(old: (&Schemas, &Subject), new: (&Schemas, &Subject), mode: Mode, by: (Level, Model)) -> Answer {
    let text = |(schemas, subject): (&Schemas, &Subject)| {
        let document = schemas.library.document(&subject.path);
        document.and_then(|document| document.at(&subject.pointer)).cloned()
    };
    let (before, now) = (text(old), text(new));
    if before == now {
        return None;
    }
    let read = |value: Option<Value>, subject: &Subject| match value {
        Some(Value::String(text)) => proto::File::read(&subject.path, &text),
        _ => Err("its schema is no text".to_owned()),
    };
    let (a, b) = match (read(before, old.1), read(now, new.1)) {
        (Ok(a), Ok(b)) => (vec![a], vec![b]),
        (_, Err(reason)) => return Some((unknown(mode, &format!("it is no valid Protobuf: {reason}")), Vec::new())),
        (Err(reason), _) => {
            let reason = format!("the earlier one can't be compared: it is no valid Protobuf: {reason}");
            return Some((unknown(mode, &reason), Vec::new()));
        }
    };
    let (level, model) = by;
    let registry = matches!(model, Model::Confluent | Model::ConfluentLenient);
    let types = (Types::of(&a), Types::of(&b));
    let (Some(from), Some(to)) = (a.first(), b.first()) else { return None };
    let declared = from.top().map(|(_, pointer)| {
        let there = to.declaration(&pointer).is_some().then(|| pointer.clone());
        (pointer, there)
    });
    let all = std::iter::once((String::new(), Some(String::new()))).chain(declared);
    let (mut verdicts, mut changes): (Vec<(Direction, Verdict)>, Vec<Change>) = (Vec::new(), Vec::new());
    for (pointer, there) in all {
        let (old, new) = ((from, &types.0), (to, &types.1));
        let compared = proto::compare((old, &pointer), (new, there.as_deref()), level, registry);
        for direction in mode.directions() {
            verdicts.push((*direction, compared.verdict(*direction)));
        }
        changes.extend(compared.changes);
    }
    if changes.is_empty() {
        return None;
    }
    // The text stands in one place of the document.
    for change in &mut changes {
        change.old = change.old.take().map(|(path, _)| (path, old.1.pointer.clone()));
        change.new = change.new.take().map(|(path, _)| (path, new.1.pointer.clone()));
    }
    // Of each direction the worst answer.
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Breaking { .. } | Verdict::Refused { .. } => 0,
        Verdict::Unknown { .. } => 1,
        Verdict::Compatible { .. } => 2,
    };
    verdicts.sort_by_key(|(direction, verdict)| (*direction, rank(verdict)));
    verdicts.dedup_by_key(|(direction, _)| *direction);
    Some((verdicts, changes))
}
