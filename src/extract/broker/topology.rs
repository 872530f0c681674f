//! Exchanges and queues as they are declared.

use std::collections::BTreeMap;

use super::{Binding, Declaration};
use crate::catalog::broker::{Bind, Declare};
use crate::extract::consume::setting;
use crate::extract::publish::path::{self, Lookup};
use crate::program::{Evaluator, Site, Value};

/// Reads a declaration; none for one that only asks, or whose name is not known.
pub(super) fn read(ev: &Evaluator<'_>, site: Site, form: &Declare) -> Option<Declaration> {
    let asks = form.passive.iter().flat_map(|p| path::sites(ev, site, p)).any(|s| ev.eval(s) != Value::Bool(false));
    if asks {
        return None;
    }
    let name = form.name.iter().flat_map(|p| path::sites(ev, site, p)).find_map(|s| ev.eval(s).as_str())?;
    if name.is_empty() {
        return None;
    }
    let mut properties = BTreeMap::new();
    for (flag, known) in &form.flags {
        let value = match first(ev, site, &known.paths) {
            Lookup::Found(sites) => sites.first().and_then(|s| match ev.eval(*s) {
                Value::Bool(b) => Some(b),
                _ => None,
            }),
            Lookup::Missing => Some(known.default),
            Lookup::Unknown => None,
        };
        properties.extend(value.map(|v| (flag.clone(), v.to_string())));
    }
    if !form.exchange_type.is_empty() {
        let ty = match first(ev, site, &form.exchange_type) {
            Lookup::Found(sites) => sites.first().and_then(|s| word(&ev.eval(*s))),
            Lookup::Missing => Some(form.default_type.clone()),
            Lookup::Unknown => None,
        };
        properties.extend(ty.map(|ty| ("type".to_string(), ty)));
    }
    Some(Declaration {
        place: ev.program.place(site),
        kind: form.kind,
        name,
        properties,
        arguments: arguments(ev, site, form),
    })
}

/// Reads a binding; none for one whose exchange is not known.
pub(super) fn binding(ev: &Evaluator<'_>, site: Site, form: &Bind) -> Option<Binding> {
    let one = |paths: &[String]| {
        let mut names = paths.iter().flat_map(|p| path::sites(ev, site, p)).flat_map(|s| setting::texts(ev, s));
        names.find(|name| !name.contains("{}"))
    };
    let exchange = one(&form.exchange).filter(|name| !name.is_empty())?;
    Some(Binding { place: ev.program.place(site), queue: one(&form.queue).unwrap_or_default(), exchange })
}

fn first(ev: &Evaluator<'_>, site: Site, paths: &[String]) -> Lookup {
    let mut unknown = false;
    for path in paths {
        match path::lookup(ev, site, path) {
            Lookup::Found(sites) => return Lookup::Found(sites),
            Lookup::Unknown => unknown = true,
            Lookup::Missing => {}
        }
    }
    if unknown { Lookup::Unknown } else { Lookup::Missing }
}

/// `"topic"`, `ExchangeType.TOPIC`.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::Str(text) => text.as_literal(),
        Value::External(symbol) => symbol.rsplit('.').next().map(str::to_lowercase),
        Value::Method { symbol, .. } => symbol.rsplit('.').next().map(str::to_lowercase),
        _ => None,
    }
    .filter(|w| matches!(w.as_str(), "topic" | "direct" | "fanout" | "headers" | "x-delayed-message"))
}

fn arguments(ev: &Evaluator<'_>, site: Site, form: &Declare) -> Option<BTreeMap<String, String>> {
    let mut out = BTreeMap::new();
    match first(ev, site, &form.arguments) {
        Lookup::Missing => {}
        Lookup::Unknown => return None,
        Lookup::Found(sites) => match ev.eval(*sites.first()?) {
            Value::Null => {}
            Value::Dict(dict) if !dict.open => {
                for (key, value) in &dict.entries {
                    out.extend(told(&ev.eval(*value)).map(|v| (key.to_string(), v)));
                }
            }
            _ => return None,
        },
    }
    for (path, argument) in &form.argument_options {
        match path::lookup(ev, site, path) {
            Lookup::Missing => {}
            Lookup::Unknown => return None,
            Lookup::Found(sites) => {
                out.extend(told(&ev.eval(*sites.first()?)).map(|v| (argument.clone(), v)));
            }
        }
    }
    Some(out)
}

/// A value as it is compared: `?` when it is not known, none when it is the same as nothing.
fn told(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Str(text) => Some(text.as_literal().unwrap_or_else(|| "?".into())),
        Value::Num(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => Some("?".into()),
    }
}
