//! The kinds of changes and which of them are allowed.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::load::{Array, Criterion, Id, Number, Object, Sort, Text};
use super::{Found, Pass};

/// What is allowed always.
pub(super) const ALLOWED: [&str; 56] = [
    "TYPE_EXTENDED",
    "MAX_LENGTH_INCREASED",
    "MAX_LENGTH_REMOVED",
    "MIN_LENGTH_DECREASED",
    "MIN_LENGTH_REMOVED",
    "PATTERN_REMOVED",
    "MAXIMUM_INCREASED",
    "MAXIMUM_REMOVED",
    "MINIMUM_DECREASED",
    "MINIMUM_REMOVED",
    "EXCLUSIVE_MAXIMUM_INCREASED",
    "EXCLUSIVE_MAXIMUM_REMOVED",
    "EXCLUSIVE_MINIMUM_DECREASED",
    "EXCLUSIVE_MINIMUM_REMOVED",
    "MULTIPLE_OF_REDUCED",
    "MULTIPLE_OF_REMOVED",
    "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED",
    "REQUIRED_ATTRIBUTE_REMOVED",
    "DEPENDENCY_ARRAY_NARROWED",
    "DEPENDENCY_ARRAY_REMOVED",
    "DEPENDENCY_SCHEMA_REMOVED",
    "MAX_PROPERTIES_INCREASED",
    "MAX_PROPERTIES_REMOVED",
    "MIN_PROPERTIES_DECREASED",
    "MIN_PROPERTIES_REMOVED",
    "ADDITIONAL_PROPERTIES_ADDED",
    "ADDITIONAL_PROPERTIES_EXTENDED",
    "UNEVALUATED_PROPERTIES_ADDED",
    "UNEVALUATED_PROPERTIES_EXTENDED",
    "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL",
    "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL",
    "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
    "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL",
    "MAX_ITEMS_INCREASED",
    "MAX_ITEMS_REMOVED",
    "MIN_ITEMS_DECREASED",
    "MIN_ITEMS_REMOVED",
    "MAX_CONTAINS_INCREASED",
    "MAX_CONTAINS_REMOVED",
    "MIN_CONTAINS_DECREASED",
    "MIN_CONTAINS_REMOVED",
    "UNIQUE_ITEMS_REMOVED",
    "ADDITIONAL_ITEMS_ADDED",
    "ADDITIONAL_ITEMS_EXTENDED",
    "UNEVALUATED_ITEMS_ADDED",
    "UNEVALUATED_ITEMS_EXTENDED",
    "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL",
    "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL",
    "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    "ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL",
    "ENUM_ARRAY_EXTENDED",
    "COMBINED_TYPE_EXTENDED",
    "PRODUCT_TYPE_NARROWED",
    "SUM_TYPE_EXTENDED",
    "NOT_TYPE_NARROWED",
];

/// What the lenient policy allows too.
pub(super) const ALSO_LENIENT: [&str; 9] = [
    "ADDITIONAL_PROPERTIES_NARROWED",
    "ADDITIONAL_PROPERTIES_REMOVED",
    "UNEVALUATED_PROPERTIES_NARROWED",
    "UNEVALUATED_PROPERTIES_REMOVED",
    "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL",
    "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
    "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
];

/// Compares two schemas that are there.
pub(super) fn types(pass: &mut Pass<'_>, found: &mut Found, original: Id, update: Id) {
    let arena = pass.arena;
    let (a, b) = (&arena.node(original).sort, &arena.node(update).sort);
    // One branch that fits is enough where there is a choice; a choice of one is none.
    match (a, b) {
        (Sort::Combined(..), Sort::Combined(..)) => {}
        (_, Sort::Combined(criterion, branches))
            if (branches.len() == 1 || *criterion != Criterion::All)
                && branches.iter().any(|branch| pass.compare(Some(original), Some(*branch)).is_empty()) =>
        {
            return;
        }
        (_, Sort::Combined(criterion, branches)) if branches.len() == 1 || *criterion != Criterion::All => {}
        (Sort::Combined(criterion, parts), _)
            if (parts.len() == 1 || *criterion == Criterion::All)
                && parts.iter().any(|part| pass.compare(Some(*part), Some(update)).is_empty()) =>
        {
            return;
        }
        _ => {}
    }
    match (a, b) {
        (Sort::Text(a), Sort::Text(b)) => text(found, a, b),
        (Sort::Number(a), Sort::Number(b)) => number(found, a, b),
        (Sort::Array(a), Sort::Array(b)) => array(pass, found, a, b),
        (Sort::Object(a), Sort::Object(b)) => object(pass, found, a, b),
        (Sort::Const(a), Sort::Const(b)) if a != b => found.add("/const", "ENUM_ARRAY_CHANGED"),
        (Sort::Enum(a), Sort::Enum(b)) => values(found, a, b),
        (Sort::Not(a), Sort::Not(b)) => {
            let fits = pass.compare(Some(*b), Some(*a)).is_empty();
            found.add("/not", if fits { "NOT_TYPE_NARROWED" } else { "NOT_TYPE_EXTENDED" });
        }
        (Sort::Combined(from, parts), Sort::Combined(to, others)) => {
            combined(pass, found, (*from, parts), (*to, others));
        }
        (a, b) if std::mem::discriminant(a) == std::mem::discriminant(b) => {}
        (Sort::False, _) | (_, Sort::Empty) => {}
        _ => {
            // Both hold bytes for Kafka Connect, whatever their types.
            let is_bytes = |id: Id| arena.node(id).written.get("connect.type") == Some(&Value::from("bytes"));
            if !(is_bytes(original) && is_bytes(update)) {
                found.add("", "TYPE_CHANGED");
            }
        }
    }
}

/// The kinds of a limit: added, removed, a larger number, a smaller one.
fn limit(found: &mut Found, path: &str, a: Option<f64>, b: Option<f64>, kinds: [&'static str; 4]) {
    let [added, removed, increased, decreased] = kinds;
    match (a, b) {
        (None, Some(_)) => found.add(path, added),
        (Some(_), None) => found.add(path, removed),
        (Some(a), Some(b)) if a < b => found.add(path, increased),
        (Some(a), Some(b)) if a > b => found.add(path, decreased),
        _ => {}
    }
}

macro_rules! kinds {
    ($name:literal) => {
        [
            concat!($name, "_ADDED"),
            concat!($name, "_REMOVED"),
            concat!($name, "_INCREASED"),
            concat!($name, "_DECREASED"),
        ]
    };
}

fn text(found: &mut Found, a: &Text, b: &Text) {
    limit(found, "/maxLength", a.max, b.max, kinds!("MAX_LENGTH"));
    limit(found, "/minLength", a.min, b.min, kinds!("MIN_LENGTH"));
    match (&a.pattern, &b.pattern) {
        (None, Some(_)) => found.add("/pattern", "PATTERN_ADDED"),
        (Some(_), None) => found.add("/pattern", "PATTERN_REMOVED"),
        (Some(a), Some(b)) if a != b => found.add("/pattern", "PATTERN_CHANGED"),
        _ => {}
    }
}

fn number(found: &mut Found, a: &Number, b: &Number) {
    let named = [
        ("/maximum", kinds!("MAXIMUM")),
        ("/minimum", kinds!("MINIMUM")),
        ("/exclusiveMaximum", kinds!("EXCLUSIVE_MAXIMUM")),
        ("/exclusiveMinimum", kinds!("EXCLUSIVE_MINIMUM")),
    ];
    for (index, (path, kinds)) in named.into_iter().enumerate() {
        limit(found, path, a.limits[index], b.limits[index], kinds);
    }
    let divides = |part: f64, whole: f64| part != 0.0 && ((whole / part) - (whole / part).round()).abs() < 1e-9;
    match (a.multiple_of, b.multiple_of) {
        (None, Some(_)) => found.add("/multipleOf", "MULTIPLE_OF_ADDED"),
        (Some(_), None) => found.add("/multipleOf", "MULTIPLE_OF_REMOVED"),
        (Some(a), Some(b)) if a == b => {}
        (Some(a), Some(b)) if divides(a, b) => found.add("/multipleOf", "MULTIPLE_OF_EXPANDED"),
        (Some(a), Some(b)) if divides(b, a) => found.add("/multipleOf", "MULTIPLE_OF_REDUCED"),
        (Some(_), Some(_)) => found.add("/multipleOf", "MULTIPLE_OF_CHANGED"),
        (None, None) => {}
    }
    match (a.is_integer, b.is_integer) {
        (true, false) => found.add("", "TYPE_EXTENDED"),
        (false, true) => found.add("", "TYPE_NARROWED"),
        _ => {}
    }
}

fn values(found: &mut Found, a: &[Value], b: &[Value]) {
    let within = |part: &[Value], whole: &[Value]| part.iter().all(|value| whole.contains(value));
    match (within(a, b), within(b, a)) {
        (true, true) => {}
        (true, false) => found.add("/enum", "ENUM_ARRAY_EXTENDED"),
        (false, true) => found.add("/enum", "ENUM_ARRAY_NARROWED"),
        (false, false) => found.add("/enum", "ENUM_ARRAY_CHANGED"),
    }
}

/// Members or items that nothing else is said about.
#[derive(Clone, Copy)]
struct Rest {
    is_open: bool,
    additional: Option<Id>,
    unevaluated: Option<Id>,
}

impl Rest {
    /// Anything.
    fn is_any(self, pass: &Pass<'_>) -> bool {
        self.is_open && self.additional.is_none() && self.unevaluated.is_none_or(|id| is_empty(pass, id))
    }

    /// What a schema says about them.
    fn schema(self, pass: &Pass<'_>) -> Option<Id> {
        let says = |id: &Id| !is_empty(pass, *id) && !matches!(pass.arena.node(*id).sort, Sort::False);
        self.additional.or_else(|| self.unevaluated.filter(|_| self.is_open).filter(says))
    }
}

fn is_empty(pass: &Pass<'_>, id: Id) -> bool {
    matches!(pass.arena.node(id).sort, Sort::Empty)
}

/// Compares what two schemas say about the rest. The kinds: added, removed, narrowed, extended.
fn additional(pass: &mut Pass<'_>, found: &mut Found, path: &str, (a, b): (Rest, Rest), kinds: [&'static str; 4]) {
    let [added, removed, narrowed, extended] = kinds;
    match (a.additional, b.additional) {
        _ if a.is_open != b.is_open => found.add(path, if b.is_open { added } else { removed }),
        (None, Some(_)) => found.add(path, narrowed),
        (Some(_), None) => found.add(path, extended),
        (None, None) => {}
        (from, to) => {
            let inner = pass.compare(from, to);
            found.take(path, &inner);
        }
    }
}

fn unevaluated(pass: &mut Pass<'_>, found: &mut Found, path: &str, (a, b): (Rest, Rest), kinds: [&'static str; 4]) {
    let [added, removed, narrowed, extended] = kinds;
    let is_false = |id: Id| matches!(pass.arena.node(id).sort, Sort::False);
    match (a.unevaluated, b.unevaluated) {
        (None, None) => {}
        (None, Some(to)) => found.add(path, if is_false(to) { removed } else { narrowed }),
        (Some(from), None) => found.add(path, if is_false(from) { added } else { extended }),
        (Some(from), Some(to)) => match (is_false(from), is_false(to)) {
            (true, false) => found.add(path, added),
            (false, true) => found.add(path, removed),
            _ if is_empty(pass, from) && !is_empty(pass, to) => found.add(path, narrowed),
            _ if !is_empty(pass, from) && is_empty(pass, to) => found.add(path, extended),
            _ => {
                let inner = pass.compare(Some(from), Some(to));
                found.take(path, &inner);
            }
        },
    }
}

fn array(pass: &mut Pass<'_>, found: &mut Found, a: &Array, b: &Array) {
    let inner = pass.compare(a.all, b.all);
    found.take("/items", &inner);
    let rest =
        |array: &Array| Rest { is_open: array.is_open, additional: array.additional, unevaluated: array.unevaluated };
    let (old, new) = (rest(a), rest(b));
    for index in 0..a.items.len().max(b.items.len()) {
        let path = format!("/items/{index}");
        match (a.items.get(index), b.items.get(index)) {
            (Some(from), Some(to)) => {
                let inner = pass.compare(Some(*from), Some(*to));
                found.take(&path, &inner);
            }
            (Some(from), None) if !new.is_any(pass) => match new.schema(pass) {
                Some(schema) => {
                    let inner = pass.compare(Some(*from), Some(schema));
                    found.take(&path, &inner);
                    if !inner.is_empty() {
                        found.add(&path, "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL");
                    }
                }
                None if matches!(pass.arena.node(*from).sort, Sort::False) => {}
                None => found.add(&path, "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL"),
            },
            (None, Some(to)) if old.is_any(pass) && is_empty(pass, *to) => {}
            (None, Some(_)) if old.is_any(pass) => found.add(&path, "ITEM_ADDED_TO_OPEN_CONTENT_MODEL"),
            (None, Some(to)) => {
                if let Some(schema) = old.schema(pass) {
                    let inner = pass.compare(Some(schema), Some(*to));
                    found.take(&path, &inner);
                    if !inner.is_empty() {
                        found.add(&path, "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL");
                    }
                }
            }
            _ => {}
        }
    }
    let named = [
        "ADDITIONAL_ITEMS_ADDED",
        "ADDITIONAL_ITEMS_REMOVED",
        "ADDITIONAL_ITEMS_NARROWED",
        "ADDITIONAL_ITEMS_EXTENDED",
    ];
    additional(pass, found, "/additionalItems", (old, new), named);
    let named = [
        "UNEVALUATED_ITEMS_ADDED",
        "UNEVALUATED_ITEMS_REMOVED",
        "UNEVALUATED_ITEMS_NARROWED",
        "UNEVALUATED_ITEMS_EXTENDED",
    ];
    unevaluated(pass, found, "/unevaluatedItems", (old, new), named);
    let named = [
        ("/maxItems", kinds!("MAX_ITEMS")),
        ("/minItems", kinds!("MIN_ITEMS")),
        ("/maxContains", kinds!("MAX_CONTAINS")),
        ("/minContains", kinds!("MIN_CONTAINS")),
    ];
    for (index, (path, kinds)) in named.into_iter().enumerate() {
        limit(found, path, a.limits[index], b.limits[index], kinds);
    }
    match (a.is_unique, b.is_unique) {
        (false, true) => found.add("/uniqueItems", "UNIQUE_ITEMS_ADDED"),
        (true, false) => found.add("/uniqueItems", "UNIQUE_ITEMS_REMOVED"),
        _ => {}
    }
}

fn object(pass: &mut Pass<'_>, found: &mut Found, a: &Object, b: &Object) {
    let of = |object: &Object, name: &str| object.properties.iter().find(|(known, _)| known == name).map(|(_, id)| *id);
    let has_default = |pass: &Pass<'_>, id: Id| pass.arena.node(id).has_default;
    for (name, _) in &a.properties {
        let Some(schema) = of(b, name) else { continue };
        let path = format!("/required/{name}");
        match (a.required.contains(name), b.required.contains(name)) {
            (true, false) => found.add(&path, "REQUIRED_ATTRIBUTE_REMOVED"),
            (false, true) if has_default(pass, schema) => found.add(&path, "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED"),
            (false, true) => found.add(&path, "REQUIRED_ATTRIBUTE_ADDED"),
            _ => {}
        }
    }
    let rest = |object: &Object| Rest {
        is_open: object.is_open,
        additional: object.additional,
        unevaluated: object.unevaluated,
    };
    let (old, new) = (rest(a), rest(b));
    let pattern = |object: &Object, name: &str| {
        let fits = |pattern: &str| regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(name));
        object.patterns.iter().find(|(pattern, _)| fits(pattern)).map(|(_, id)| *id)
    };
    let names = a.properties.iter().chain(b.properties.iter().filter(|(name, _)| of(a, name).is_none()));
    for (name, _) in names {
        let path = format!("/properties/{name}");
        match (of(a, name), of(b, name)) {
            (Some(from), Some(to)) => {
                let inner = pass.compare(Some(from), Some(to));
                found.take(&path, &inner);
            }
            (Some(from), None) if !(new.is_any(pass) && b.patterns.is_empty()) => {
                match pattern(b, name).or_else(|| new.schema(pass)) {
                    Some(schema) => {
                        let inner = pass.compare(Some(from), Some(schema));
                        found.take(&path, &inner);
                        if !inner.is_empty() {
                            found.add(&path, "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL");
                        }
                    }
                    None if matches!(pass.arena.node(from).sort, Sort::False) => {}
                    None => found.add(&path, "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL"),
                }
            }
            (None, Some(to)) => added(pass, found, &path, (a, old, pattern(a, name)), (to, b.required.contains(name))),
            _ => {}
        }
    }
    needs(pass, found, a, b);
    let named = [
        "ADDITIONAL_PROPERTIES_ADDED",
        "ADDITIONAL_PROPERTIES_REMOVED",
        "ADDITIONAL_PROPERTIES_NARROWED",
        "ADDITIONAL_PROPERTIES_EXTENDED",
    ];
    additional(pass, found, "/additionalProperties", (old, new), named);
    let named = [
        "UNEVALUATED_PROPERTIES_ADDED",
        "UNEVALUATED_PROPERTIES_REMOVED",
        "UNEVALUATED_PROPERTIES_NARROWED",
        "UNEVALUATED_PROPERTIES_EXTENDED",
    ];
    unevaluated(pass, found, "/unevaluatedProperties", (old, new), named);
    limit(found, "/maxProperties", a.limits[0], b.limits[0], kinds!("MAX_PROPERTIES"));
    limit(found, "/minProperties", a.limits[1], b.limits[1], kinds!("MIN_PROPERTIES"));
}

/// A property that is new, by what the old schema said about members that it did not name.
fn added(
    pass: &mut Pass<'_>,
    found: &mut Found,
    path: &str,
    (a, old, pattern): (&Object, Rest, Option<Id>),
    (to, is_required): (Id, bool),
) {
    let has_default = pass.arena.node(to).has_default;
    if old.is_any(pass) && a.patterns.is_empty() {
        if is_empty(pass, to) {
            return;
        }
        found.add(
            path,
            match (is_required, has_default) {
                (true, true) => "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL",
                (true, false) => "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
                (false, _) => "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
            },
        );
        return;
    }
    if let Some(schema) = pattern.or_else(|| old.schema(pass)) {
        let inner = pass.compare(Some(schema), Some(to));
        found.take(path, &inner);
        if !inner.is_empty() {
            found.add(path, "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL");
        }
    }
    if is_required && !has_default {
        found.add(path, "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL");
    }
}

/// `dependencies` and what became of them.
fn needs(pass: &mut Pass<'_>, found: &mut Found, a: &Object, b: &Object) {
    // Sorted, so that the first one is the same in every run.
    let names: BTreeSet<&String> = a.needs.iter().chain(&b.needs).map(|(name, _)| name).collect();
    for name in names {
        let of = |object: &'_ Object| {
            object.needs.iter().find(|(known, _)| known == name).map(|(_, list)| list.iter().cloned().collect())
        };
        let (old, new): (Option<HashSet<String>>, Option<HashSet<String>>) = (of(a), of(b));
        let path = format!("/dependencies/{name}");
        match (old, new) {
            (_, None) => found.add(&path, "DEPENDENCY_ARRAY_REMOVED"),
            (None, _) => found.add(&path, "DEPENDENCY_ARRAY_ADDED"),
            (Some(old), Some(new)) if old == new => {}
            (Some(old), Some(new)) if new.is_superset(&old) => found.add(&path, "DEPENDENCY_ARRAY_EXTENDED"),
            (Some(old), Some(new)) if old.is_superset(&new) => found.add(&path, "DEPENDENCY_ARRAY_NARROWED"),
            _ => found.add(&path, "DEPENDENCY_ARRAY_CHANGED"),
        }
    }
    for (name, to) in &b.implies {
        let path = format!("/dependencies/{name}");
        match a.implies.iter().find(|(known, _)| known == name) {
            None => found.add(&path, "DEPENDENCY_SCHEMA_ADDED"),
            Some((_, from)) => {
                let inner = pass.compare(Some(*from), Some(*to));
                found.take(&path, &inner);
            }
        }
    }
}

fn combined(pass: &mut Pass<'_>, found: &mut Found, from: (Criterion, &[Id]), to: (Criterion, &[Id])) {
    let ((a, parts), (b, others)) = (from, to);
    let (one, other) = (parts.len() == 1, others.len() == 1);
    if a != b {
        let is_wider =
            b == Criterion::Any || (one && other) || (one && b == Criterion::One) || (other && a == Criterion::All);
        if !is_wider {
            found.add("", "COMBINED_TYPE_CHANGED");
            return;
        }
    }
    // Equal ones count once.
    let distinct = |ids: &[Id]| {
        let mut kept: Vec<Id> = Vec::new();
        for id in ids {
            if !kept.iter().any(|known| pass.arena.node(*known).written == pass.arena.node(*id).written) {
                kept.push(*id);
            }
        }
        kept
    };
    let (parts, others) = (distinct(parts), distinct(others));
    match parts.len().cmp(&others.len()) {
        std::cmp::Ordering::Less if b == Criterion::All => found.add("", "PRODUCT_TYPE_EXTENDED"),
        std::cmp::Ordering::Greater if a != Criterion::All => found.add("", "SUM_TYPE_NARROWED"),
        _ => {}
    }
    let edges: Vec<Vec<usize>> = parts
        .iter()
        .map(|part| {
            let fits = |index: &usize| pass.compare(Some(*part), Some(others[*index])).is_empty();
            (0..others.len()).filter(fits).collect()
        })
        .collect();
    if matching(&edges, others.len()) < parts.len().min(others.len()) {
        found.add("", "COMBINED_TYPE_SUBSCHEMAS_CHANGED");
    }
}

/// How many of the left can have one of the right each (augmenting paths).
fn matching(edges: &[Vec<usize>], right: usize) -> usize {
    let mut taken: Vec<Option<usize>> = vec![None; right];
    let mut size = 0;
    for start in 0..edges.len() {
        // Breadth first: who would have to move over for whom.
        let mut came: Vec<Option<usize>> = vec![None; right];
        let mut open: Vec<usize> = vec![start];
        let mut free = None;
        while let (Some(left), None) = (open.pop(), free) {
            for &to in &edges[left] {
                if came[to].is_some() {
                    continue;
                }
                came[to] = Some(left);
                match taken[to] {
                    None => {
                        free = Some(to);
                        break;
                    }
                    Some(holder) => open.push(holder),
                }
            }
        }
        let Some(mut to) = free else { continue };
        size += 1;
        while let Some(left) = came[to] {
            let before = taken.iter().position(|holder| *holder == Some(left));
            taken[to] = Some(left);
            match before {
                Some(previous) if left != start => to = previous,
                _ => break,
            }
        }
    }
    size
}
