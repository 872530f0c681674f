//! Does everything that one side sends fit what the other takes?

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::api::Spot;
use super::load::Loaded;
use super::{generated, hidden};
use crate::schema::changes::{Change, changes, explaining};
use crate::schema::compat::{exchange, exchange_of_one};
use crate::schema::{Dialect, Engine, Model, Schema, Verdict, View};

/// Which way values go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Way {
    /// An old client writes, the new server reads.
    Request,
    /// The new server writes, an old client reads.
    Response,
}

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Wire {
    /// As JSON, or like it.
    Document,
    /// As text in which a number is a string, too.
    Text,
    /// As text, in a query where one value is a list of one, too.
    List,
    /// As something else than JSON: whether a value is a string says nothing.
    Loose,
}

/// Two schemas to be compared.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) old: Spot,
    pub(super) new: Spot,
    pub(super) way: Way,
    pub(super) wire: Wire,
    /// ``the query parameter `limit` ``.
    pub(super) part: String,
    /// `GET /orders`.
    pub(super) operation: String,
    /// The style of lists and objects, when that has changed.
    pub(super) style: Option<(String, String)>,
}

/// What came out.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// Everything fits.
    Fits,
    /// Something does not.
    Breaks(Misfit),
    /// It is not known.
    Unknown(String),
}

/// Something that one side sends and the other does not take.
#[derive(Clone, Debug)]
pub(super) struct Misfit {
    /// A value that shows it, where the engine has one.
    pub(super) witness: Option<Value>,
    /// Where the fault is, and what it is.
    pub(super) fault: Option<(String, String)>,
    /// What was changed, the cause first.
    pub(super) changes: Vec<Change>,
    /// Why it depends on what the document does not say; none when it is certain.
    pub(super) doubt: Option<String>,
}

impl Misfit {
    /// What is told by a change alone.
    fn of(changes: Vec<Change>) -> Answer {
        Answer::Breaks(Misfit { witness: None, fault: None, changes, doubt: None })
    }
}

/// The two versions of a document.
pub(super) struct Pair<'a> {
    pub(super) old: (&'a Loaded, Dialect),
    pub(super) new: (&'a Loaded, Dialect),
    pub(super) model: Model,
    /// When the answers are wanted.
    pub(super) end: Instant,
}

/// What is said of schemas that there is no time for.
const TOO_MANY: &str = "the document has too many changed schemas for the time that there is";
/// The longest time for one comparison.
const LONGEST: Duration = crate::schema::DEADLINE;

pub(super) fn decide(pair: &Pair<'_>, job: &Job) -> Answer {
    if Instant::now() >= pair.end {
        return Answer::Unknown(TOO_MANY.to_owned());
    }
    let view = if job.way == Way::Request { View::Request } else { View::Response };
    let read = |(loaded, dialect): (&Loaded, Dialect), at: &Spot| {
        let read = Schema::seen(&loaded.library, &at.path, &at.pointer, Some(dialect), view);
        read.map_err(|invalid| {
            format!("it is no valid schema at `{}#{}`: {}", invalid.path, invalid.pointer, invalid.reason)
        })
    };
    let (old, new) = match (read(pair.old, &job.old), read(pair.new, &job.new)) {
        (Ok(old), Ok(new)) => (old, new),
        (_, Err(reason)) => return Answer::Unknown(reason),
        (Err(reason), _) => return Answer::Unknown(format!("the earlier one can't be compared: {reason}")),
    };
    let ((old, mut hidden), (new, more)) = (old, new);
    hidden.extend(more);
    if let Some((was, is)) = &job.style
        && is_list(&old.value)
        && is_list(&new.value)
    {
        return Misfit::of(vec![restyled(job, was, is)]);
    }
    let is_request = job.way == Way::Request;
    let verdict = match (old.value == new.value, old.unresolved == new.unresolved) {
        (true, true) => None,
        _ if job.wire == Wire::Loose && is_string(&old.value) != is_string(&new.value) => None,
        _ => Some(asked(pair, job, &old, &new)),
    };
    let visible = |change: &Change| !change.instance.split('/').any(|name| hidden.contains(name));
    let all = || -> Vec<Change> {
        let (old, new) = (&pair.old.0.library, &pair.new.0.library);
        let found = changes((old, &job.old.path, &job.old.pointer), (new, &job.new.path, &job.new.pointer));
        found.into_iter().filter(|change| visible(change)).collect()
    };
    match verdict {
        Some(Verdict::Unknown { reason }) => Answer::Unknown(reason),
        Some(Verdict::Breaking { witness, fault }) => {
            let at = fault.as_ref().map(|(at, _)| at.as_str());
            let mut all = all();
            // An object of which nothing was said (`type: object`) gets its first members: what was sent as one is
            // not known, and a new optional member breaks nobody.
            let is_new =
                |change: &Change| change.kind == "property-added" && is_below(&change.instance, at.unwrap_or_default());
            let only_new = all.iter().filter(|change| change.narrows).all(|change| change.kind == "property-added");
            if pair.model == Model::Tolerant && is_request && only_new && all.iter().any(is_new) {
                return Answer::Fits;
            }
            first(&mut all, is_request, at);
            Answer::Breaks(Misfit { witness: Some(witness), fault, changes: all, doubt: None })
        }
        // The rules of a registry are not asked for APIs.
        Some(Verdict::Refused { fault }) => {
            Answer::Breaks(Misfit { witness: None, fault: Some(fault), changes: all(), doubt: None })
        }
        Some(Verdict::Compatible { .. }) | None => {
            let goes = |change: &Change| if is_request { change.narrows } else { change.widens };
            let tells = |change: &Change| match change.kind {
                "format-changed" | "content-changed" => goes(change),
                // Which named alternative is meant is told by names and discriminators, not by shape.
                "branch-added" | "branch-removed" => is_named_branch(pair, change, is_request),
                _ => false,
            };
            let all = all();
            let told: Vec<Change> = all.iter().filter(|change| tells(change)).cloned().collect();
            let going: Vec<Change> = all.into_iter().filter(goes).collect();
            if !told.is_empty() {
                return Misfit::of(told);
            }
            let loaded = (pair.old.0, pair.new.0);
            let felt = generated::felt(job, loaded, (&old.value, &new.value)).filter(|_| pair.model == Model::Tolerant);
            if let Some((change, doubt)) = felt {
                let doubt = Some(doubt.to_owned());
                return Answer::Breaks(Misfit { witness: None, fault: None, changes: vec![change], doubt });
            }
            if going.is_empty() || verdict.is_none() && job.wire != Wire::Loose && !has_lifecycle(&going) {
                return Answer::Fits;
            }
            doubtful(pair, job, (&old, &new), going).map_or(Answer::Fits, Answer::Breaks)
        }
    }
}

/// Puts the change that explains a fault before the others.
fn first(all: &mut Vec<Change>, is_request: bool, at: Option<&str>) {
    let cause = explaining(all, is_request, at).cloned();
    if let Some(index) = all.iter().position(|change| Some(change) == cause.as_ref()) {
        let first = all.remove(index);
        all.insert(0, first);
    }
}

fn has_lifecycle(changes: &[Change]) -> bool {
    changes.iter().any(hidden::is_lifecycle)
}

/// What no value shows that both sides send as their document says, and that may break somebody all the same.
/// `going` are the changes that go the wrong way.
fn doubtful(pair: &Pair<'_>, job: &Job, (old, new): (&Schema, &Schema), going: Vec<Change>) -> Option<Misfit> {
    let is_request = job.way == Way::Request;
    // New members that are optional break nobody, and nobody has to read one that is gone.
    let counts = |change: &Change| !change.kind.starts_with("property");
    let only = |keep: &dyn Fn(&Change) -> bool| -> Option<Vec<Change>> {
        let kept: Vec<Change> = going.iter().filter(|change| keep(change)).cloned().collect();
        (!kept.is_empty()).then_some(kept)
    };
    let misfit = |changes: Vec<Change>, doubt: &str| {
        Some(Misfit { witness: None, fault: None, changes, doubt: Some(doubt.to_owned()) })
    };
    if let Some(changes) = only(&hidden::is_lifecycle) {
        return misfit(changes, "what may go away at any time is nothing to rely on");
    }
    if job.wire == Wire::Document && pair.model == Model::Tolerant {
        let (writer, reader) = if is_request { (old, new) } else { (new, old) };
        let shown = |verdict: Verdict, changes: Vec<Change>, doubt: &str| {
            let Verdict::Breaking { witness, fault } = verdict else { return None };
            Some(Misfit { witness: Some(witness), fault: Some(fault?), changes, doubt: Some(doubt.to_owned()) })
        };
        if let Some(changes) = only(&|change| hidden::is_choice(change)).filter(|_| is_request) {
            let verdict = exchange_of_one(&engine(pair)?, writer, reader);
            let doubt = "it is right by more than one alternative of a `oneOf`, which a server that checks refuses";
            if let Some(misfit) = shown(verdict, changes, doubt) {
                return Some(misfit);
            }
        }
        let others = |change: &Change| counts(change) && hidden::is_of_others(change, is_request, &pair.old.0.library);
        if let Some(changes) = only(&others) {
            let verdict = exchange(&engine(pair)?, writer, reader, Model::Strict, !is_request);
            let doubt = match is_request {
                true => "a client that sends more than the document declared is refused now",
                false => "a client that reads more than the document declares gets something else",
            };
            if let Some(misfit) = shown(verdict, changes, doubt) {
                return Some(misfit);
            }
        }
    }
    let (a, b) = (&pair.old.0.library, &pair.new.0.library);
    let contradicts = |change: &Change| hidden::contradiction((a, &change.old), (b, &change.new)).is_some();
    if let Some(changes) = only(&|change| counts(change) && contradicts(change)) {
        let doubt = changes.first().and_then(|change| hidden::contradiction((a, &change.old), (b, &change.new)))?;
        return misfit(changes, &doubt);
    }
    if job.wire == Wire::List && may_be(&new.value, "array") != may_be(&old.value, "array") {
        return None;
    }
    let writer = if is_request { old } else { new };
    let changes = only(&counts)?;
    let nothing = writer.with_value(Value::Bool(false));
    let is_empty = exchange(&engine(pair)?, writer, &nothing, pair.model, !is_request).is_compatible();
    is_empty.then(|| misfit(changes, "no value at all fits the document, so nobody can tell what is meant")).flatten()
}

/// The engine with the time that is left.
fn engine(pair: &Pair<'_>) -> Option<Engine> {
    let left = pair.end.saturating_duration_since(Instant::now());
    (!left.is_zero()).then(|| Engine { deadline: left.min(LONGEST) })
}

/// True for a place in the member that an instance pointer means; `*` stands for any item or name.
fn is_below(member: &str, at: &str) -> bool {
    let mut tokens = at.split('/');
    member.split('/').all(|wanted| tokens.next().is_some_and(|token| wanted == "*" || wanted == token))
}

fn restyled(job: &Job, was: &str, is: &str) -> Change {
    let place = |at: &Spot| Some((at.path.clone(), at.pointer.clone()));
    Change {
        kind: "style-changed",
        text: format!("lists and objects were written as {was} and are written as {is}"),
        instance: String::new(),
        old: place(&job.old),
        new: place(&job.new),
        narrows: true,
        widens: true,
    }
}

fn asked(pair: &Pair<'_>, job: &Job, old: &Schema, new: &Schema) -> Verdict {
    let is_response = job.way == Way::Response;
    let (writer, reader) = if is_response { (new, old) } else { (old, new) };
    let left = pair.end.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Verdict::Unknown { reason: TOO_MANY.into() };
    }
    let engine = Engine { deadline: left.min(LONGEST) };
    let first = exchange(&engine, writer, reader, pair.model, is_response);
    if !first.is_breaking() || !matches!(job.wire, Wire::Text | Wire::List) {
        return first;
    }
    let reads = reader.with_value(if negates(&reader.value) { reader.value.clone() } else { textual(&reader.value) });
    let mut writes = writer.clone();
    if job.wire == Wire::List && may_be(&reads.value, "array") && !may_be(&writes.value, "array") {
        writes = listed(&writes);
    }
    let second = exchange(&engine, &writes, &reads, pair.model, is_response);
    if second.is_compatible() { second } else { first }
}

/// A list of one.
fn listed(schema: &Schema) -> Schema {
    let mut item = schema.value.clone();
    let definitions = item.as_object_mut().and_then(|map| map.remove("$defs")).unwrap_or_else(|| json!({}));
    schema.with_value(json!({"type": "array", "items": item, "minItems": 1, "maxItems": 1, "$defs": definitions}))
}

/// A reader of text: where any string will do, so will what other values look like.
fn textual(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let limited =
                ["enum", "const", "pattern", "minLength", "maxLength"].iter().any(|key| map.contains_key(*key));
            let mut out: serde_json::Map<String, Value> =
                map.iter().map(|(key, value)| (key.clone(), textual(value))).collect();
            if let Some(types) = map.get("type").filter(|_| !limited) {
                let mut types: BTreeSet<&str> = match types {
                    Value::String(only) => [only.as_str()].into(),
                    Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
                    _ => BTreeSet::new(),
                };
                if types.contains("string") {
                    types.extend(["number", "boolean"]);
                    out.insert("type".into(), json!(types));
                }
            }
            Value::Object(out)
        }
        Value::Array(items) => Value::Array(items.iter().map(textual).collect()),
        other => other.clone(),
    }
}

fn negates(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, value)| key == "not" || key == "if" || negates(value)),
        Value::Array(items) => items.iter().any(negates),
        _ => false,
    }
}

fn is_type(value: &Value, name: &str) -> bool {
    meant(value).get("type").and_then(Value::as_str) == Some(name)
}

/// What a reference at the top leads to.
fn meant(value: &Value) -> &Value {
    let reference = value.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    reference.and_then(|pointer| value.pointer(pointer)).unwrap_or(value)
}

/// True when this is one of the types of a value.
fn may_be(value: &Value, name: &str) -> bool {
    let types = meant(value).get("type").and_then(Value::as_array);
    is_type(value, name) || types.is_some_and(|types| types.iter().any(|one| one == name))
}

fn is_string(value: &Value) -> bool {
    is_type(value, "string")
}

/// True for what is written in another way in each style.
fn is_list(value: &Value) -> bool {
    is_type(value, "array") || is_type(value, "object")
}

/// True for an alternative with a name that is not taken any more, or that a client of a `oneOf` does not know.
fn is_named_branch(pair: &Pair<'_>, change: &Change, is_request: bool) -> bool {
    // What is not taken any more leaves the list; what may come enters it.
    if (change.kind == "branch-removed") != is_request {
        return false;
    }
    let keys: &[&str] = if is_request { &["/oneOf", "/anyOf"] } else { &["/oneOf"] };
    let at = |(loaded, _): (&Loaded, Dialect), place: &Option<(String, String)>| -> Option<Value> {
        let (path, pointer) = place.as_ref()?;
        let is_list = |pointer: &str| keys.iter().any(|key| pointer.ends_with(key));
        let list = is_list(pointer).then_some(pointer.as_str()).or_else(|| {
            let (list, index) = pointer.rsplit_once('/')?;
            (is_list(list) && index.parse::<usize>().is_ok()).then_some(list)
        })?;
        loaded.library.document(path)?.at(list).cloned()
    };
    let names = |list: Option<Value>| -> Option<BTreeSet<String>> {
        let all = list?.as_array()?.clone();
        all.iter().map(|part| part.get("$ref").and_then(Value::as_str).map(str::to_owned)).collect()
    };
    let (Some(old), Some(new)) = (names(at(pair.old, &change.old)), names(at(pair.new, &change.new))) else {
        return false;
    };
    match change.kind {
        "branch-added" => new.difference(&old).next().is_some(),
        _ => old.difference(&new).next().is_some(),
    }
}
