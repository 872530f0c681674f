//! Arguments and options of a call, by the names that the catalog gives.

use crate::facts::module::{Call, ExprKind, Language};
use crate::program::value::{Text, TextPart};
use crate::program::{Evaluator, Instance, Site, Value};

/// The expression that a call passes under one of these names: a position (`0`), a keyword, the key
/// of an options object (dotted for nested ones).
pub(in crate::extract) fn argument(ev: &Evaluator<'_>, site: Site, names: &[String]) -> Option<Site> {
    let call = ev.program.unit(site.unit).module.call(site.expr)?;
    names.iter().find_map(|name| one(ev, site, call, name))
}

fn one(ev: &Evaluator<'_>, site: Site, call: &Call, name: &str) -> Option<Site> {
    let here = |expr| Site { unit: site.unit, expr };
    if let Ok(position) = name.parse::<usize>() {
        return call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(position).map(|a| here(a.value));
    }
    // `5.x-dead-letter-exchange`: a key of the sixth argument.
    if let Some((position, key)) = name.split_once('.')
        && let Ok(position) = position.parse::<usize>()
    {
        let argument = call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(position)?;
        return in_value(ev, &ev.at(site.unit, argument.value), key);
    }
    let (first, rest) = match name.split_once('.') {
        // librdkafka's keys hold dots themselves.
        Some((first, rest)) if call.args.iter().any(|a| a.name.as_deref() == Some(first)) => (first, Some(rest)),
        _ => (name, None),
    };
    if let Some(arg) = call.args.iter().find(|a| a.name.as_deref() == Some(first)) {
        return match rest {
            None => Some(here(arg.value)),
            Some(rest) => in_value(ev, &ev.at(site.unit, arg.value), rest),
        };
    }
    call.args.iter().filter(|a| a.name.is_none() || a.spread).find_map(|a| {
        // `options: Options.Consume` says nothing by its type: what callers pass does.
        let passed = || ev.settle_at(here(a.value)).iter().find_map(|value| in_value(ev, value, name));
        in_value(ev, &ev.at(site.unit, a.value), name).or_else(passed)
    })
}

/// The value expression under a dotted path in dictionaries.
pub(super) fn in_value(ev: &Evaluator<'_>, value: &Value, path: &str) -> Option<Site> {
    let values = if value.is_unknown() { ev.settle(value) } else { vec![value.clone()] };
    values.iter().flat_map(|v| v.alternatives().to_vec()).find_map(|v| {
        let dict = match v {
            Value::Dict(dict) => dict,
            Value::Instance(Instance { call: Some(made), .. }) | Value::Object { call: Some(made), .. } => {
                return in_literal(ev, made, path);
            }
            _ => return None,
        };
        if let Some(found) = dict.get(path) {
            return Some(found);
        }
        let (first, rest) = path.split_once('.')?;
        in_value(ev, &ev.eval(dict.get(first)?), rest)
    })
}

/// The value of a field of a Go struct that is written as a literal, or of the map in a named map type; of a
/// property that a construction in C# sets.
fn in_literal(ev: &Evaluator<'_>, made: Site, path: &str) -> Option<Site> {
    let module = &ev.program.unit(made.unit).module;
    let literal = |call: &&Call| call.is_new && matches!(module.language, Language::Go | Language::CSharp);
    let call = module.call(made.expr).filter(literal)?;
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    match call.args.iter().find(|a| a.name.as_deref() == Some(first)) {
        Some(field) if rest.is_empty() => Some(Site { unit: made.unit, expr: field.value }),
        Some(field) => in_value(ev, &ev.at(made.unit, field.value), rest),
        None => match call.args.as_slice() {
            [only] if only.name.is_none() => in_value(ev, &ev.at(made.unit, only.value), path),
            _ => None,
        },
    }
}

/// True when an argument of the call could hold more than what was read: a spread, an options object
/// that is not known.
pub(in crate::extract) fn is_open(ev: &Evaluator<'_>, site: Site) -> bool {
    let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { return false };
    call.args.iter().any(|a| {
        let value = ev.at(site.unit, a.value);
        match &value {
            Value::Dict(dict) => dict.open,
            _ if a.spread => !matches!(value, Value::List(_) | Value::Str(_) | Value::Env { .. }) || a.name.is_some(),
            _ => false,
        }
    })
}

/// A boolean setting: its value, a default of an environment variable counting as the value.
pub(in crate::extract) fn boolean(ev: &Evaluator<'_>, site: Site) -> Option<bool> {
    let values = ev.settle(&ev.eval(site));
    let mut out = None;
    for value in &values {
        let value = match value {
            Value::Env { default: Some(default), .. } => default.as_ref(),
            other => other,
        };
        let b = match value {
            Value::Bool(b) => *b,
            Value::Num(n) => *n != 0.0,
            Value::Null => false,
            Value::Str(_) => match value.as_str()?.to_lowercase().as_str() {
                "true" => true,
                "false" => false,
                _ => return None,
            },
            _ => return None,
        };
        if out.is_some_and(|o| o != b) {
            return None;
        }
        out = Some(b);
    }
    out
}

/// A setting as a word: a string, or the last part of a name (`AckPolicy.ACK_FIRST`).
pub(super) fn word(ev: &Evaluator<'_>, site: Site) -> Option<String> {
    match ev.eval(site) {
        Value::Str(text) => text.as_literal(),
        Value::External(symbol) | Value::Method { symbol, .. } => symbol.rsplit('.').next().map(str::to_string),
        _ => match &ev.program.expr(site.unit, site.expr).kind {
            ExprKind::Attr { name, .. } => Some(name.to_string()),
            // `nats.ManualAck()`
            ExprKind::Call(_) => ev.program.unit(site.unit).module.callee_name(site.expr).map(ToString::to_string),
            _ => None,
        },
    }
}

/// The names of channels that an expression stands for: strings, lists of strings, settings.
pub(crate) fn texts(ev: &Evaluator<'_>, site: Site) -> Vec<String> {
    nested(ev, site, 0)
}

/// The names of channels that only the environment of a service knows: `os.environ["QUEUE"]`.
pub(super) fn variables(ev: &Evaluator<'_>, site: Site) -> Vec<Text> {
    let texts = ev.settle(&ev.eval(site)).into_iter().filter_map(|value| value.to_text());
    texts.filter(|text| text.parts.iter().any(|part| matches!(part, TextPart::Env { .. }))).collect()
}

fn nested(ev: &Evaluator<'_>, site: Site, depth: u32) -> Vec<String> {
    let mut out = Vec::new();
    for value in ev.settle(&ev.eval(site)) {
        match &value {
            Value::List(items) => {
                for item in items.iter().take(32) {
                    match ev.eval(*item) {
                        Value::Instance(_) if depth < 4 => out.extend(nested(ev, *item, depth + 1)),
                        value => out.extend(value.to_text().map(|t| t.pattern())),
                    }
                }
            }
            Value::Instance(instance) => {
                // `RabbitQueue("orders")`, the queue that a declaration returned.
                if let Some(call) = instance.call
                    && let Some(c) = ev.program.unit(call.unit).module.call(call.expr)
                {
                    let name = ev.keyword(call.unit, c, "queue").or_else(|| ev.keyword(call.unit, c, "name"));
                    let name = name.or_else(|| ev.positional(call.unit, c, 0));
                    out.extend(name.and_then(|v| v.to_text()).map(|t| t.pattern()));
                    // `@QueueBinding(value = @Queue("orders"))`
                    let value = c.args.iter().find(|a| a.name.as_deref() == Some("value"));
                    if let Some(value) = value.filter(|_| depth < 4) {
                        out.extend(nested(ev, Site { unit: call.unit, expr: value.value }, depth + 1));
                    }
                }
            }
            value => out.extend(value.to_text().map(|t| t.pattern())),
        }
    }
    out.sort();
    out.dedup();
    out.retain(|t| !t.is_empty() && t != "{}");
    out
}
