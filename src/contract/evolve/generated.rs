//! Changes that no request and no response shows, and that code which was generated from the document feels.

use std::collections::BTreeSet;

use serde_json::Value;

use super::api::Spot;
use super::load::Loaded;
use super::value::{Job, Way, Wire};
use crate::schema::changes::Change;

/// How deep schemas are looked into.
const MAX_DEPTH: usize = 8;

/// What is told of it, and why it is not certain.
pub(super) type Felt = (Change, &'static str);

/// The change of a part that only generated code feels. `old` and `new` are the schemas as they are compared.
pub(super) fn felt(job: &Job, loaded: (&Loaded, &Loaded), (old, new): (&Value, &Value)) -> Option<Felt> {
    let is_text = job.way == Way::Request && matches!(job.wire, Wire::Text | Wire::List);
    let dropped = is_text.then(|| dropped((old, old), (new, new), "", 0)).flatten();
    let told = |kind: &'static str, instance: String, text: String| Change {
        kind,
        text,
        instance,
        old: Some((job.old.path.clone(), job.old.pointer.clone())),
        new: Some((job.new.path.clone(), job.new.pointer.clone())),
        narrows: job.way == Way::Request,
        widens: job.way == Way::Response,
    };
    if let Some((at, was, is)) = dropped {
        let text = format!("it was {} and is {} only", shown(&was, " or "), shown(&is, " or "));
        return Some((
            told("types-dropped", at, text),
            "all of it is text on the way, so only generated code has types",
        ));
    }
    let (was, is) = renamed((loaded.0, &job.old), (loaded.1, &job.new))?;
    let text = format!("the alternative `{was}` is gone and `{is}` is there, of the same shape");
    let doubt = "the values are the same, so only generated code and who goes by names feel it";
    Some((told("alternative-renamed", String::new(), text), doubt))
}

fn shown(types: &BTreeSet<String>, between: &str) -> String {
    types.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(between)
}

type Dropped = (String, BTreeSet<String>, BTreeSet<String>);

/// Where a value had several types and has some of them only. With each schema comes the one that its references
/// are of.
fn dropped(old: (&Value, &Value), new: (&Value, &Value), at: &str, depth: usize) -> Option<Dropped> {
    if depth > MAX_DEPTH {
        return None;
    }
    let (was, is) = (types(old, 0), types(new, 0));
    if !is.is_empty() && is.len() < was.len() && is.is_subset(&was) {
        return Some((at.to_owned(), was, is));
    }
    let (a, b) = (meant(old), meant(new));
    let members = |value: &Value| value.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let now = members(b);
    let of_members = members(a).into_iter().find_map(|(name, member)| {
        let place = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        dropped((&member, old.1), (now.get(&name)?, new.1), &place, depth + 1)
    });
    of_members.or_else(|| {
        let (a, b) = (a.get("items")?, b.get("items")?);
        dropped((a, old.1), (b, new.1), &format!("{at}/*"), depth + 1)
    })
}

/// The types that a value may have; none when it may have any, or that is not said plainly.
fn types(schema: (&Value, &Value), depth: usize) -> BTreeSet<String> {
    let value = meant(schema);
    match value.get("type") {
        Some(Value::String(only)) => return BTreeSet::from([only.clone()]),
        Some(Value::Array(all)) => return all.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect(),
        _ => {}
    }
    let choice = ["oneOf", "anyOf"].iter().find_map(|key| value.get(*key)?.as_array());
    let Some(parts) = choice.filter(|_| depth < MAX_DEPTH) else { return BTreeSet::new() };
    let all: Vec<BTreeSet<String>> = parts.iter().map(|part| types((part, schema.1), depth + 1)).collect();
    if all.iter().any(BTreeSet::is_empty) {
        return BTreeSet::new();
    }
    all.into_iter().flatten().collect()
}

/// What a reference leads to.
fn meant<'v>((value, root): (&'v Value, &'v Value)) -> &'v Value {
    let pointer = value.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| root.pointer(pointer)).unwrap_or(value)
}

/// The names of two alternatives of a choice, of which one stands for the other now.
fn renamed(old: (&Loaded, &Spot), new: (&Loaded, &Spot)) -> Option<(String, String)> {
    let at = |(loaded, spot): (&Loaded, &Spot)| -> Option<Value> {
        let (path, pointer) = loaded.library.followed(&spot.path, &spot.pointer)?;
        loaded.library.document(&path)?.at(&pointer).cloned()
    };
    let (old, new) = (at(old)?, at(new)?);
    let names = |value: &Value, key: &str| -> Option<BTreeSet<String>> {
        let parts = value.get(key)?.as_array()?;
        parts.iter().map(|part| Some(part.get("$ref")?.as_str()?.to_owned())).collect()
    };
    ["oneOf", "anyOf"].iter().find_map(|key| {
        let (was, is) = (names(&old, key)?, names(&new, key)?);
        let plain = |reference: &String| reference.rsplit('/').next().unwrap_or(reference).to_owned();
        let (gone, come) = (was.difference(&is).next()?, is.difference(&was).next()?);
        (was.len() == is.len()).then(|| (plain(gone), plain(come)))
    })
}
