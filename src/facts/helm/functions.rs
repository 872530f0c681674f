//! The functions of Helm's templates that charts use to put manifests together. A function that is not
//! here gives something unknown.

use std::sync::Arc;

use smol_str::SmolStr;

use super::value::{Item, Value};
use super::yaml_text::{in_quotes, yaml_text};
use crate::facts::kube::HOLE;

/// Calls a function.
pub(super) fn call(name: &str, arguments: &[Item]) -> Item {
    if let Some(found) = choices(name, arguments) {
        return found;
    }
    // Everything else needs all of its arguments.
    if arguments.iter().any(|argument| argument.value == Value::Unknown) {
        return Value::Unknown.into();
    }
    texts(name, arguments).or_else(|| collections(name, arguments)).unwrap_or_else(|| Value::Unknown.into())
}

/// Functions that choose between values.
fn choices(name: &str, arguments: &[Item]) -> Option<Item> {
    let boolean = |value: Option<bool>| value.map_or(Value::Unknown, Value::Bool).into();
    Some(match (name, arguments) {
        ("default", [other, value]) => match value.value.truth() {
            Some(true) => value.clone(),
            Some(false) => other.clone(),
            None => Value::Unknown.into(),
        },
        ("required", [_, value]) => value.clone(),
        ("coalesce", values) => {
            values.iter().find(|value| value.value.truth() != Some(false)).cloned().unwrap_or_default()
        }
        ("ternary", [then, other, test]) => match test.value.truth() {
            Some(true) => then.clone(),
            Some(false) => other.clone(),
            None => Value::Unknown.into(),
        },
        ("and", values) => {
            let first = values.iter().find(|value| value.value.truth() != Some(true));
            first.or(values.last()).cloned().unwrap_or_default()
        }
        ("or", values) => {
            let first = values.iter().find(|value| value.value.truth() != Some(false));
            first.or(values.last()).cloned().unwrap_or_default()
        }
        ("not", [value]) => boolean(value.value.truth().map(|truth| !truth)),
        ("empty", [value]) => boolean(value.value.truth().map(|truth| !truth)),
        ("eq", [first, others @ ..]) => boolean(equal(first, others)),
        ("ne", [first, other]) => boolean(equal(first, std::slice::from_ref(other)).map(|equal| !equal)),
        // The cluster is asked; without one there is nothing.
        ("lookup", _) => Item::map(Vec::new()),
        _ => return None,
    })
}

fn equal(first: &Item, others: &[Item]) -> Option<bool> {
    let same = |other: &Item| match (&first.value, &other.value) {
        (Value::Unknown, _) | (_, Value::Unknown) => None,
        (a, b) => match (a.scalar(), b.scalar()) {
            (Some(a), Some(b)) if a.contains(HOLE) || b.contains(HOLE) => None,
            (Some(a), Some(b)) => Some(a == b),
            _ => Some(a == b),
        },
    };
    let answers: Vec<Option<bool>> = others.iter().map(same).collect();
    if answers.contains(&Some(true)) {
        return Some(true);
    }
    answers.into_iter().try_fold(false, |found, answer| Some(found || answer?))
}

/// How far a text may be indented.
const MAX_INDENT: usize = 200;

/// Functions on texts and numbers. The last argument is what is piped in; its place is kept.
fn texts(name: &str, arguments: &[Item]) -> Option<Item> {
    let (last, before) = arguments.split_last()?;
    let text = || last.value.scalar().or_else(|| (last.value == Value::Null).then(String::new));
    let given = |index: usize| before.get(index).and_then(|item| item.value.scalar());
    let number = |index: usize| given(index).and_then(|n| n.parse::<f64>().ok());
    let keep = |value: Value| Some(Item { value, place: last.place });
    let made = |text: String| keep(Value::Text(text.into()));
    match name {
        "quote" => made(in_quotes(&text()?)),
        "squote" => made(format!("'{}'", text()?.replace('\'', "''"))),
        "toString" => made(text()?),
        "trim" => made(text()?.trim().to_owned()),
        "lower" => made(text()?.to_lowercase()),
        "upper" => made(text()?.to_uppercase()),
        "title" | "untitle" | "nospace" | "snakecase" | "kebabcase" | "camelcase" => {
            made(if name == "nospace" { text()?.replace(' ', "") } else { return None })
        }
        "trimSuffix" => made({
            let text = text()?;
            text.strip_suffix(given(0)?.as_str()).unwrap_or(&text).to_owned()
        }),
        "trimPrefix" => made({
            let text = text()?;
            text.strip_prefix(given(0)?.as_str()).unwrap_or(&text).to_owned()
        }),
        "trunc" => made(text()?.chars().take(number(0).filter(|n| *n >= 0.0)? as usize).collect()),
        "replace" => made(text()?.replace(given(0)?.as_str(), &given(1)?)),
        "indent" | "nindent" => {
            let blanks = " ".repeat((number(0)?.max(0.0) as usize).min(MAX_INDENT));
            let indented = text()?.lines().map(|line| format!("{blanks}{line}")).collect::<Vec<_>>().join("\n");
            made(if name == "nindent" { format!("\n{indented}") } else { indented })
        }
        "int" | "int64" | "float64" | "atoi" => keep(Value::Number(text()?.split('.').next().unwrap_or("0").into())),
        "toYaml" | "toJson" | "toPrettyJson" | "mustToYaml" | "mustToJson" => made(yaml_text(&last.value)),
        "contains" => keep(Value::Bool(text()?.contains(given(0)?.as_str()))),
        "hasPrefix" => keep(Value::Bool(text()?.starts_with(given(0)?.as_str()))),
        "hasSuffix" => keep(Value::Bool(text()?.ends_with(given(0)?.as_str()))),
        "printf" => printf(arguments),
        "print" | "cat" => {
            let all: Option<Vec<String>> = arguments.iter().map(|item| item.value.scalar()).collect();
            Some(Item::text(all?.join(if name == "cat" { " " } else { "" })))
        }
        "join" => {
            let Value::List(items) = &last.value else { return None };
            let all: Option<Vec<String>> = items.iter().map(|item| item.value.scalar()).collect();
            made(all?.join(&given(0)?))
        }
        "gt" | "ge" | "lt" | "le" => {
            let (a, b) = (number(0)?, text()?.parse::<f64>().ok()?);
            keep(Value::Bool(match name {
                "gt" => a > b,
                "ge" => a >= b,
                "lt" => a < b,
                _ => a <= b,
            }))
        }
        "add" | "add1" | "sub" | "mul" => {
            let all: Option<Vec<f64>> = arguments.iter().map(|a| a.value.scalar()?.parse().ok()).collect();
            let all = all?;
            let result = match name {
                "sub" => all.first()? - all.get(1)?,
                "mul" => all.iter().product(),
                "add1" => all.iter().sum::<f64>() + 1.0,
                _ => all.iter().sum(),
            };
            Some(Value::Number(format!("{result}").into()).into())
        }
        _ => None,
    }
}

/// `printf "%s-%d" a b`
fn printf(arguments: &[Item]) -> Option<Item> {
    let (format, values) = arguments.split_first()?;
    let format = format.value.scalar()?;
    let mut values = values.iter();
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            '%' => out.push('%'),
            'q' => out.push_str(&in_quotes(&values.next()?.value.scalar()?)),
            's' | 'd' | 'v' | 't' => match values.next()?.value.scalar() {
                Some(text) => out.push_str(&text),
                // What is not there is given at installation time.
                None => out.push(HOLE),
            },
            _ => return None,
        }
    }
    Some(Item::text(out))
}

/// Functions on lists and maps.
fn collections(name: &str, arguments: &[Item]) -> Option<Item> {
    let entries = |item: &Item| match &item.value {
        Value::Map(entries) => Some(Arc::clone(entries)),
        _ => None,
    };
    Some(match (name, arguments) {
        ("list" | "tuple", items) => Value::List(Arc::new(items.to_vec())).into(),
        ("dict", pairs) => {
            let pair = |pair: &[Item]| match pair {
                [key, value] => Some((SmolStr::from(key.value.scalar()?), value.clone())),
                _ => None,
            };
            Item::map(pairs.chunks(2).map(pair).collect::<Option<Vec<_>>>()?)
        }
        ("get", [map, key]) => map.at(&[key.value.scalar()?]),
        ("hasKey", [map, key]) => {
            let key = key.value.scalar()?;
            Value::Bool(entries(map)?.iter().any(|(known, _)| *known == key)).into()
        }
        ("dig", [path @ .., other, map]) => {
            let path: Option<Vec<String>> = path.iter().map(|key| key.value.scalar()).collect();
            let found = map.at(&path?);
            if found.value == Value::Null { other.clone() } else { found }
        }
        ("merge", [first, rest @ ..]) => rest.iter().fold(first.clone(), |out, more| more.overlaid(&out)),
        ("mergeOverwrite", [first, rest @ ..]) => rest.iter().fold(first.clone(), |out, more| out.overlaid(more)),
        ("len", [item]) => Value::Number(
            match &item.value {
                Value::List(items) => items.len(),
                Value::Map(entries) => entries.len(),
                Value::Text(text) => text.len(),
                Value::Null => 0,
                _ => return None,
            }
            .to_string()
            .into(),
        )
        .into(),
        ("first", [item]) => list(item)?.first().cloned().unwrap_or_default(),
        ("last", [item]) => list(item)?.last().cloned().unwrap_or_default(),
        ("index", [item, path @ ..]) => path.iter().try_fold(item.clone(), |here, key| {
            let key = key.value.scalar()?;
            Some(match &here.value {
                Value::List(items) => items.get(key.parse::<usize>().ok()?).cloned().unwrap_or_default(),
                _ => here.at(&[key]),
            })
        })?,
        ("has", [item, of]) => Value::Bool(list(of)?.iter().any(|known| known.value == item.value)).into(),
        ("keys", [map]) => {
            Value::List(Arc::new(entries(map)?.iter().map(|(key, _)| Item::text(key.as_str())).collect())).into()
        }
        ("kindIs", [kind, item]) => {
            let kind = kind.value.scalar()?;
            let is = match &item.value {
                Value::Map(_) => "map",
                Value::List(_) => "slice",
                Value::Text(_) => "string",
                Value::Bool(_) => "bool",
                Value::Number(_) => {
                    return Some(Value::Bool(matches!(kind.as_str(), "int" | "int64" | "float64")).into());
                }
                _ => "invalid",
            };
            Value::Bool(is == kind).into()
        }
        _ => return None,
    })
}

fn list(item: &Item) -> Option<&[Item]> {
    match &item.value {
        Value::List(items) => Some(items),
        _ => None,
    }
}
