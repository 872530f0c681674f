//! Makes a witness as small as it can be and still be one.

use std::time::Instant;

use serde_json::{Map, Value};

/// Tries that one shrinking may take.
const MAX_TRIES: u32 = 2_000;

/// A smaller value for which the same holds.
pub(super) fn shrink(value: Value, deadline: Instant, holds: &dyn Fn(&Value) -> bool) -> Value {
    let mut tries = 0;
    let mut best = value;
    loop {
        let smaller = smaller(&best).into_iter().find(|candidate| {
            tries += 1;
            tries < MAX_TRIES && Instant::now() < deadline && holds(candidate)
        });
        match smaller {
            Some(found) => best = found,
            None => return best,
        }
    }
}

/// Values that are one step simpler, the largest step first.
fn smaller(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(map) => object(map),
        Value::Array(items) => array(items),
        Value::String(text) => string(text),
        Value::Number(number) => {
            let size = |value: &Value| value.to_string().trim_start_matches('-').len();
            let now = number.as_f64().unwrap_or_default();
            let half = (now / 2.0).trunc();
            let mut out = vec![Value::from(0), Value::from(1), Value::from(-1)];
            out.extend((half.abs() < 9e15).then(|| Value::from(half as i64)));
            out.retain(|candidate| candidate != value && (size(candidate) < size(value) || now.abs() > 1.0));
            out.retain(|candidate| candidate.as_f64().is_some_and(|c| c.abs() < now.abs()));
            out
        }
        _ => Vec::new(),
    }
}

fn object(map: &Map<String, Value>) -> Vec<Value> {
    let mut out = Vec::new();
    for left_out in map.keys() {
        let rest: Map<String, Value> =
            map.iter().filter(|(key, _)| *key != left_out).map(|(k, v)| (k.clone(), v.clone())).collect();
        out.push(Value::Object(rest));
    }
    for (key, value) in map {
        for simpler in smaller(value) {
            let mut changed = map.clone();
            changed.insert(key.clone(), simpler);
            out.push(Value::Object(changed));
        }
    }
    out
}

fn array(items: &[Value]) -> Vec<Value> {
    let mut out = Vec::new();
    if items.len() > 3 {
        out.push(Value::Array(items[..items.len() / 2].to_vec()));
    }
    for at in 0..items.len() {
        let mut rest = items.to_vec();
        rest.remove(at);
        out.push(Value::Array(rest));
    }
    for (at, item) in items.iter().enumerate() {
        for simpler in smaller(item) {
            let mut changed = items.to_vec();
            changed[at] = simpler;
            out.push(Value::Array(changed));
        }
    }
    out
}

fn string(text: &str) -> Vec<Value> {
    let characters: Vec<char> = text.chars().collect();
    let mut out: Vec<String> = Vec::new();
    if !characters.is_empty() {
        out.push(String::new());
    }
    if characters.len() > 1 {
        out.push("a".to_owned());
        out.push(characters[..characters.len() / 2].iter().collect());
        out.push(characters[..characters.len() - 1].iter().collect());
    }
    out.retain(|shorter| shorter != text);
    out.into_iter().map(Value::String).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::shrink;

    #[test]
    fn what_does_not_matter_goes() {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
        let value = json!({"a": "long text", "b": [1, 2, {"c": 12.5}], "d": 0.5});
        let found = shrink(value, deadline, &|v| v.pointer("/d").and_then(serde_json::Value::as_f64) == Some(0.5));
        assert_eq!(found, json!({"d": 0.5}));
    }
}
