//! Edits of a JSON file that leave everything else as it is: order, indentation, comments.

use crate::syntax::data::{self, Node};

/// Why a file can't be edited, without a full stop.
type Fault = String;

/// A place in a document: keys of objects.
pub(super) type Path<'p> = &'p [&'p str];

fn parse(text: &str) -> Result<Node, Fault> {
    data::json(text).map_err(|error| {
        let line = text.get(..error.span.start as usize).map_or(0, |before| before.matches('\n').count()) + 1;
        format!("line {line}: {error}")
    })
}

fn at<'n>(root: &'n Node, path: Path<'_>) -> Option<&'n Node> {
    path.iter().try_fold(root, |node, key| node.get(key))
}

/// The values of the items of the array at a path, as JSON; empty when there is none.
///
/// # Errors
/// When the text is no JSON, or something else stands at the path.
pub(super) fn items(text: &str, path: Path<'_>) -> Result<Vec<serde_json::Value>, Fault> {
    let root = parse(text)?;
    let Some(node) = at(&root, path) else { return Ok(Vec::new()) };
    if !node.is_list() {
        return Err(format!("`{}` is no list", path.join(".")));
    }
    Ok(node.items().iter().map(value).collect())
}

/// The keys of the object at a path; empty when there is none.
///
/// # Errors
/// When the text is no JSON, or something else stands at the path.
pub(super) fn keys(text: &str, path: Path<'_>) -> Result<Vec<String>, Fault> {
    let root = parse(text)?;
    match at(&root, path) {
        Some(node) if !node.is_map() => Err(format!("`{}` is no object", path.join("."))),
        Some(node) => Ok(node.raw_entries().iter().map(|entry| entry.name().to_owned()).collect()),
        None => Ok(Vec::new()),
    }
}

fn value(node: &Node) -> serde_json::Value {
    use serde_json::Value;
    if node.is_map() {
        Value::Object(node.raw_entries().iter().map(|entry| (entry.name().to_owned(), value(&entry.value))).collect())
    } else if node.is_list() {
        Value::Array(node.items().iter().map(value).collect())
    } else if let Some(flag) = node.as_bool() {
        Value::Bool(flag)
    } else {
        let number = || node.text().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
        node.as_str().map_or_else(number, Value::from)
    }
}

/// Adds a member to the object at a path, or an item to the array there when `key` is `None`. What is
/// missing on the way is made.
///
/// # Errors
/// When the text is no JSON, or something else stands at the path.
pub(super) fn add(text: &str, path: Path<'_>, key: Option<&str>, new: &serde_json::Value) -> Result<String, Fault> {
    let root = parse(text)?;
    // The part of the path that is there already.
    let there = (0..=path.len()).rev().find(|&length| at(&root, &path[..length]).is_some()).unwrap_or(0);
    if there < path.len() {
        let mut inner = match key {
            Some(key) => serde_json::json!({ key: new }),
            None => serde_json::json!([new]),
        };
        for key in path[there + 1..].iter().rev() {
            inner = serde_json::json!({ *key: inner });
        }
        return add(text, &path[..there], Some(path[there]), &inner);
    }
    let node = at(&root, path).ok_or("nothing stands there")?;
    let (children, is_right): (Vec<(usize, usize)>, bool) = match key {
        Some(_) => (members(node), node.is_map()),
        None => (node.items().iter().map(span).collect(), node.is_list()),
    };
    if !is_right {
        let what = if key.is_some() { "object" } else { "list" };
        return Err(format!("`{}` is no {what}", path.join(".")));
    }
    let (start, end) = span(node);
    let open_line = text.get(start..end).is_some_and(|inside| inside.contains('\n')) || children.is_empty();
    let outer = indent_at(text, start);
    let inner = match children.first() {
        Some(&(first, _)) if open_line => indent_at(text, first),
        _ => format!("{outer}{}", unit(text)),
    };
    let head = key.map(|key| format!("{}: ", serde_json::Value::from(key))).unwrap_or_default();
    let body = if open_line { pretty(new, &inner, unit(text)) } else { compact(new) };
    let mut out = text.to_owned();
    // From the end to the start, so that offsets stay true.
    let close = end - 1;
    let content_end = text[..close].trim_end().len().max(start + 1);
    match children.last() {
        None => out.replace_range(start + 1..close, &format!("\n{inner}{head}{body}\n{outer}")),
        Some(&(_, last)) => {
            // Who ends the last one with a comma gets one here too.
            let has_comma = text[last..].trim_start().starts_with(',');
            let comma = if has_comma { "," } else { "" };
            let piece =
                if open_line { format!("\n{inner}{head}{body}{comma}") } else { format!(" {head}{body}{comma}") };
            out.insert_str(content_end, &piece);
            if !has_comma {
                out.insert(last, ',');
            }
        }
    }
    Ok(out)
}

/// Removes a member of the object at a path.
///
/// # Errors
/// When the text is no JSON or the member is not there.
pub(super) fn remove_member(text: &str, path: Path<'_>, key: &str) -> Result<String, Fault> {
    let root = parse(text)?;
    let node = at(&root, path).filter(|node| node.is_map()).ok_or("no such object")?;
    let index = node.raw_entries().iter().position(|entry| entry.name() == key).ok_or("no such member")?;
    Ok(remove(text, span(node), &members(node), index))
}

/// Removes an item of the array at a path.
///
/// # Errors
/// When the text is no JSON or the item is not there.
pub(super) fn remove_item(text: &str, path: Path<'_>, index: usize) -> Result<String, Fault> {
    let root = parse(text)?;
    let node = at(&root, path).filter(|node| node.is_list()).ok_or("no such list")?;
    let children: Vec<(usize, usize)> = node.items().iter().map(span).collect();
    if index >= children.len() {
        return Err("no such item".to_owned());
    }
    Ok(remove(text, span(node), &children, index))
}

fn remove(text: &str, (start, end): (usize, usize), children: &[(usize, usize)], index: usize) -> String {
    let mut out = text.to_owned();
    let (from, to) = children[index];
    let own_comma = text[to..].trim_start().starts_with(',').then(|| to + text[to..].find(',').unwrap_or(0) + 1);
    let before = text[..from].trim_end().len();
    if children.len() == 1 {
        out.replace_range(before..own_comma.unwrap_or(to), "");
        let close = end - 1 - (text.len() - out.len());
        if out[start + 1..close].trim().is_empty() {
            out.replace_range(start + 1..close, "");
        }
        return out;
    }
    out.replace_range(before..own_comma.unwrap_or(to), "");
    if index + 1 == children.len() && own_comma.is_none() {
        let previous = children[index - 1].1;
        if let Some(comma) = out[previous..].find(',') {
            out.remove(previous + comma);
        }
    }
    out
}

fn span(node: &Node) -> (usize, usize) {
    (node.span.start as usize, node.span.end as usize)
}

fn members(node: &Node) -> Vec<(usize, usize)> {
    node.raw_entries().iter().map(|entry| (entry.key.span.start as usize, entry.value.span.end as usize)).collect()
}

/// The blanks at the start of the line of an offset.
fn indent_at(text: &str, offset: usize) -> String {
    let line = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
    text[line..].chars().take_while(|c| matches!(c, ' ' | '\t')).collect()
}

/// One step of indentation in this file.
fn unit(text: &str) -> &str {
    let indented = text.lines().find(|line| line.starts_with([' ', '\t']) && !line.trim().is_empty());
    indented.map_or("  ", |line| &line[..line.len() - line.trim_start().len()])
}

fn compact(value: &serde_json::Value) -> String {
    value.to_string()
}

fn pretty(value: &serde_json::Value, indent: &str, unit: &str) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let lines = text.lines().map(|line| {
        let depth = (line.len() - line.trim_start().len()) / 2;
        format!("{indent}{}{}", unit.repeat(depth), line.trim_start())
    });
    lines.collect::<Vec<_>>().join("\n").trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{add, items, keys, remove_item, remove_member};

    #[test]
    fn adds_and_removes_without_a_trace() {
        let texts = [
            "{}\n",
            "{\n  \"a\": 1\n}\n",
            "{\n\t\"a\": [1, 2],\n\t\"b\": {\"c\": null}\n}",
            "{\"a\": 1}",
            "{\n    // why\n    \"a\": 1 // because\n    // end\n}\n",
            "{\n  \"hooks\": {\n    \"Stop\": [\n      {\"x\": 1}\n    ]\n  }\n}\n",
        ];
        for text in texts {
            let with = add(text, &[], Some("new"), &json!({"k": [1]})).unwrap();
            assert_eq!(keys(&with, &[]).unwrap().last().unwrap(), "new", "{with}");
            assert_eq!(remove_member(&with, &[], "new").unwrap(), text, "{with}");
        }
    }

    #[test]
    fn what_is_missing_on_the_way_is_made() {
        let text = "{\n  \"model\": \"x\"\n}\n";
        let with = add(text, &["hooks", "Stop"], None, &json!({"command": "c"})).unwrap();
        let expected = "{\n  \"model\": \"x\",\n  \"hooks\": {\n    \"Stop\": [\n      {\n        \"command\": \"c\"\n      \
                        }\n    ]\n  }\n}\n";
        assert_eq!(with, expected);
        let two = add(&with, &["hooks", "Stop"], None, &json!(2)).unwrap();
        assert_eq!(items(&two, &["hooks", "Stop"]).unwrap(), [json!({"command": "c"}), json!(2)]);
        assert_eq!(remove_item(&two, &["hooks", "Stop"], 1).unwrap(), with);
        let first = remove_item(&two, &["hooks", "Stop"], 0).unwrap();
        assert_eq!(items(&first, &["hooks", "Stop"]).unwrap(), [json!(2)]);
    }

    #[test]
    fn comments_and_trailing_commas_stay() {
        let text = "{\n  \"a\": 1, // one\n  \"b\": 2, // two\n}\n";
        let with = add(text, &[], Some("c"), &json!(3)).unwrap();
        assert_eq!(with, "{\n  \"a\": 1, // one\n  \"b\": 2, // two\n  \"c\": 3,\n}\n");
        assert_eq!(remove_member(&with, &[], "c").unwrap(), text);
        let without = remove_member(text, &[], "a").unwrap();
        assert_eq!(without, "{ // one\n  \"b\": 2, // two\n}\n");
    }

    #[test]
    fn the_wrong_kind_of_value_is_an_error() {
        assert_eq!(add("[]", &[], Some("a"), &json!(1)), Err("`` is no object".to_owned()));
        assert_eq!(add("{\"hooks\": []}", &["hooks"], Some("a"), &json!(1)), Err("`hooks` is no object".to_owned()));
        assert_eq!(add("{\"a\": {}}", &["a"], None, &json!(1)), Err("`a` is no list".to_owned()));
        assert!(add("{", &[], Some("a"), &json!(1)).unwrap_err().starts_with("line 1: "));
    }
}
