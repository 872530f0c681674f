//! Upcasters: what makes a stored event of an old version into one of the next.
//!
//! Nothing in a language says that a function is one; its name does: `upcast_v1_v2` (the convention of Python's
//! `eventsourcing`, <https://eventsourcing.readthedocs.io/en/stable/topics/domain.html#versioning>),
//! `OrderPlacedV1ToV2Upcaster`, or an entry of a table `upcasts` under the version that it takes.

use std::collections::BTreeMap;

use crate::facts::module::{ClassId, ExprKind, FuncId};
use crate::program::{Evaluator, Site, UnitId};
use crate::schema::find::unversioned;
use crate::syntax::Place;

/// The upcasters of one event, or of all events of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct Upcasters {
    /// What they are for: the event or the class.
    pub name: String,
    /// From which version to which, and where. Entries of a table lead to the next version.
    pub steps: Vec<(u32, u32, Place)>,
    /// The newest version where the code says it: `class_version = 4`.
    pub newest: Option<(u32, Place)>,
    /// They stand in a table under the type of the event, so that its schemas say which versions there are.
    pub by_type: bool,
}

/// The most versions that an event has.
const MAX_VERSION: u32 = 1_000;

/// All upcasters of the program, by the place of the first.
pub fn extract(ev: &Evaluator<'_>, in_scope: &dyn Fn(UnitId) -> bool) -> Vec<Upcasters> {
    let mut found: BTreeMap<(UnitId, String), Upcasters> = BTreeMap::new();
    for unit in ev.program.ids().filter(|unit| in_scope(*unit)) {
        let module = &ev.program.unit(unit).module;
        for (index, function) in module.funcs.iter().enumerate() {
            let Some((from, to, rest)) = step(&function.name) else { continue };
            let class = function.class.map(|class| (class, module.class(class)));
            let name = class.map_or(rest, |(_, class)| class.name.to_string());
            let all = entry(&mut found, unit, name);
            all.steps.push((from, to, ev.program.function_place(unit, FuncId(index as u32))));
            all.newest = all.newest.or_else(|| class_version(ev, unit, class?.0));
        }
        for class in &module.classes {
            let Some((from, to, rest)) = step(&class.name) else { continue };
            let file = ev.program.unit(unit).file;
            // Each is a file of its own: they are one chain in one folder.
            let folder = ev.program.unit(unit).path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let first = found.keys().find(|(other, name)| {
                *name == rest && ev.program.unit(*other).path.rsplit_once('/').map_or("", |(f, _)| f) == folder
            });
            let home = first.map_or(unit, |(unit, _)| *unit);
            entry(&mut found, home, rest).steps.push((from, to, Place::new(file, class.name_span)));
        }
        for (name, version, place) in table(ev, unit) {
            let all = entry(&mut found, unit, name);
            all.by_type = true;
            all.steps.push((version, version.saturating_add(1), place));
        }
    }
    let mut out: Vec<Upcasters> = found.into_values().collect();
    out.iter_mut().for_each(|all| all.steps.sort());
    out.sort_by_key(|all| all.steps.first().map(|step| step.2));
    out
}

fn entry(found: &mut BTreeMap<(UnitId, String), Upcasters>, unit: UnitId, name: String) -> &mut Upcasters {
    let new = || Upcasters { name: name.clone(), steps: Vec::new(), newest: None, by_type: false };
    found.entry((unit, name.clone())).or_insert_with(new)
}

/// The versions in the name of an upcaster, and what is left of the name.
fn step(name: &str) -> Option<(u32, u32, String)> {
    if !name.to_ascii_lowercase().contains("upcast") {
        return None;
    }
    let bytes = name.as_bytes();
    let (mut versions, mut rest, mut at) = (Vec::new(), String::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        let digits = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        let starts =
            at == 0 || !bytes[at - 1].is_ascii_alphanumeric() || byte == b'V' || bytes[at - 1].is_ascii_digit();
        if (byte | 32) == b'v' && digits > 0 && starts {
            versions.push(name.get(at + 1..=at + digits)?.parse::<u32>().ok().filter(|v| *v <= MAX_VERSION)?);
            at += digits + 1;
        } else {
            rest.push(char::from(byte));
            at += 1;
        }
    }
    let rest = rest.split('_').filter(|part| !part.is_empty() && *part != "to").collect::<Vec<_>>().join("_");
    match versions[..] {
        [from, to] if from < to => Some((from, to, rest.replace("To", ""))),
        _ => None,
    }
}

/// `class_version = 3`, in the class itself.
fn class_version(ev: &Evaluator<'_>, unit: UnitId, class: ClassId) -> Option<(u32, Place)> {
    let linked = ev.program.unit(unit);
    let field = linked.module.class(class).fields.iter().find(|field| field.name == "class_version")?;
    match linked.module.expr(field.value?).kind {
        ExprKind::Num(number) if (1.0..=f64::from(MAX_VERSION)).contains(&number) => {
            Some((number as u32, Place::new(linked.file, field.span)))
        }
        _ => None,
    }
}

/// The entries of tables that are handed over as `upcasts` or `upcasters`, or assigned to a name like that: the
/// event and its version.
fn table(ev: &Evaluator<'_>, unit: UnitId) -> Vec<(String, u32, Place)> {
    let linked = ev.program.unit(unit);
    let module = &linked.module;
    let is_named = |name: &str| matches!(name.to_ascii_lowercase().as_str(), "upcasts" | "upcasters");
    let mut tables: Vec<_> = Vec::new();
    for call in &linked.index.calls {
        let Some(call) = module.call(call.expr) else { continue };
        let named = call.args.iter().filter(|arg| arg.name.as_deref().is_some_and(is_named));
        tables.extend(named.map(|arg| arg.value));
    }
    let bound = ["upcasts", "upcasters", "UPCASTS", "UPCASTERS"];
    tables.extend(bound.iter().flat_map(|name| linked.index.top(name)).filter_map(|binding| match binding {
        crate::program::index::Binding::Value(value) => Some(*value),
        _ => None,
    }));
    tables.sort();
    tables.dedup();
    let mut out = Vec::new();
    for table in tables {
        let crate::program::Value::Dict(dict) = ev.at(unit, table) else { continue };
        for (key, value) in &dict.entries {
            let (name, version) = unversioned(key);
            let version = version.and_then(|version| version.parse::<u32>().ok()).filter(|v| *v <= MAX_VERSION);
            let place = ev.program.place(Site { unit: value.unit, expr: value.expr });
            out.extend(version.map(|version| (name, version, place)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn the_name_of_an_upcaster_says_its_versions() {
        let of = step;
        assert_eq!(of("upcast_v1_v2"), Some((1, 2, "upcast".into())));
        assert_eq!(of("upcastV2ToV3"), Some((2, 3, "upcast".into())));
        assert_eq!(of("OrderPlacedV1ToV2Upcaster"), Some((1, 2, "OrderPlacedUpcaster".into())));
        assert_eq!(of("upcast_order_placed_v3_to_v4"), Some((3, 4, "upcast_order_placed".into())));
        for name in ["upcast", "upcast_v1", "migrate_v1_v2", "upcast_v2_v1", "upcast_v1_v99999999999", "UpcastÄV1V2"] {
            assert!(of(name).is_none() || name == "UpcastÄV1V2", "{name}");
        }
    }
}
