//! Finds what stands at a path of a call; see [`crate::catalog::publish`] for paths.

use crate::facts::module::{ExprId, ExprKind, Language, Module};
use crate::program::{Evaluator, Instance, Site, UnitId, Value};

/// What stands at a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup {
    /// These expressions (several for the items of a list).
    Found(Vec<Site>),
    /// Nothing, and there is no place where it could have been overlooked.
    Missing,
    /// It could not be read.
    Unknown,
}

/// What stands at a path of a call.
pub fn lookup(ev: &Evaluator<'_>, site: Site, path: &str) -> Lookup {
    let path = path.strip_suffix('?').unwrap_or(path);
    if let Some(rest) = path.strip_prefix("@.") {
        let made = ev.callee(site).and_then(|(_, receiver)| receiver?.call);
        return made.map_or(Lookup::Unknown, |made| lookup(ev, made, rest));
    }
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return Lookup::Unknown };
    let mut segments = path.split('.');
    let head = segments.next().unwrap_or("");
    let (name, each) = strip(head);
    if let Some(n) = name.strip_prefix('<').and_then(|n| n.strip_suffix('>')).and_then(|n| n.parse().ok()) {
        return super::jvm::type_argument(ev, site, n).map_or(Lookup::Missing, |found| Lookup::Found(vec![found]));
    }
    if let Some(decorator) = name.strip_prefix('@') {
        return super::jvm::decorated(ev, site, decorator).map_or(Lookup::Missing, |found| Lookup::Found(vec![found]));
    }
    let from_end = name.strip_prefix('-').and_then(|n| n.parse::<usize>().ok());
    let arg = match name.parse::<usize>() {
        _ if from_end.is_some() => {
            let n = from_end.unwrap_or(1).saturating_sub(1);
            call.args.iter().filter(|a| a.name.is_none() && !a.spread).rev().nth(n)
        }
        Ok(n) => call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(n),
        Err(_) => call.args.iter().find(|a| a.name.as_deref() == Some(name)),
    };
    let spread = || call.args.iter().find(|a| a.spread).map(|a| Site { unit: site.unit, expr: a.value });
    let mut sites = match arg {
        Some(arg) => vec![Site { unit: site.unit, expr: arg.value }],
        None => match spread() {
            None => return Lookup::Missing,
            Some(several) => match handed_on(ev, several) {
                Some(sites) => sites,
                None => return Lookup::Unknown,
            },
        },
    };
    if each && !items(ev, &mut sites) {
        return Lookup::Unknown;
    }
    let rest: Vec<&str> = segments.collect();
    if let [inner @ .., last] = rest.as_slice()
        && !inner.is_empty()
        && let Some(set) = sites.iter().find_map(|site| field_set(ev, *site, inner, last))
    {
        return Lookup::Found(vec![set]);
    }
    for segment in rest {
        let (key, each) = strip(segment);
        let mut next = Vec::new();
        let mut unknown = false;
        for site in sites {
            match get(ev, site, key) {
                Lookup::Found(found) => next.extend(found),
                Lookup::Missing => {}
                Lookup::Unknown => unknown = true,
            }
        }
        if next.is_empty() {
            return if unknown { Lookup::Unknown } else { Lookup::Missing };
        }
        sites = next;
        if each && !items(ev, &mut sites) {
            return Lookup::Unknown;
        }
    }
    Lookup::Found(sites)
}

/// What stands behind `writer.WriteMessages(ctx, messages...)` of Go: the items of a list, or the parameter
/// of the wrapper that takes several.
fn handed_on(ev: &Evaluator<'_>, several: Site) -> Option<Vec<Site>> {
    let unit = ev.program.unit(several.unit);
    if unit.module.language != Language::Go {
        return None;
    }
    if let Some(Value::Param { func, index, .. }) = ev.param_of(several)
        && unit.module.func(func).params.get(index).is_some_and(|param| param.variadic)
    {
        return Some(vec![several]);
    }
    let mut sites = vec![several];
    items(ev, &mut sites).then_some(sites)
}

/// The expressions at a path; empty when there are none or they are not known.
pub fn sites(ev: &Evaluator<'_>, site: Site, path: &str) -> Vec<Site> {
    match lookup(ev, site, path) {
        Lookup::Found(sites) => sites,
        _ => Vec::new(),
    }
}

fn strip(segment: &str) -> (&str, bool) {
    match segment.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (segment, false),
    }
}

/// Replaces lists by their items; false when one is not a literal list.
fn items(ev: &Evaluator<'_>, sites: &mut Vec<Site>) -> bool {
    let mut out = Vec::new();
    for site in sites.iter() {
        match ev.eval(*site) {
            Value::List(list) => out.extend(list.iter().copied().take(8)),
            // `events.map((e) => ({ … }))`, `[... for e in events]`.
            _ => match mapped(ev, *site) {
                Some(item) => out.push(item),
                None => return false,
            },
        }
    }
    *sites = out;
    !sites.is_empty()
}

/// The result of the function that a list is mapped with.
pub(super) fn mapped(ev: &Evaluator<'_>, site: Site) -> Option<Site> {
    let module = &ev.program.unit(site.unit).module;
    let call = match module.call(site.expr) {
        Some(call) => call,
        None => {
            // A variable that holds the mapped list.
            let ExprKind::Name(name) = &module.expr(site.expr).kind else { return None };
            let value = super::flow::single_assignment(ev, site.unit, site.expr, name)?;
            return mapped(ev, Site { unit: site.unit, expr: value });
        }
    };
    let ExprKind::Attr { name, .. } = &module.expr(call.callee).kind else { return None };
    if name != "map" {
        return None;
    }
    let Value::Function { unit, func, .. } = ev.at(site.unit, call.args.first()?.value) else { return None };
    let returned = crate::program::eval::returns(&ev.program.unit(unit).module, func);
    returned.first().map(|&expr| Site { unit, expr })
}

/// `properties.Persistent = true` after the object was made (C#).
fn assigned(ev: &Evaluator<'_>, unit: UnitId, instance: &Instance, key: &str) -> Option<Site> {
    let u = ev.program.unit(unit);
    if u.module.language != Language::CSharp {
        return None;
    }
    let found = u.index.attribute_assignments.iter().find(|(name, object, _)| {
        name == key && ev.at(unit, *object).instance().is_some_and(|i| i.call == instance.call)
    });
    found.map(|(_, _, value)| Site { unit, expr: *value })
}

/// `message.DeliveryMode = amqp.Persistent`, `config.Producer.RequiredAcks = sarama.WaitForAll`: what a field of a
/// struct in a variable, or of one inside it, is set to in its function (Go).
fn field_set(ev: &Evaluator<'_>, site: Site, inner: &[&str], key: &str) -> Option<Site> {
    let u = ev.program.unit(site.unit);
    let ExprKind::Name(variable) = &u.module.expr(site.expr).kind else { return None };
    if u.module.language != Language::Go {
        return None;
    }
    let (scope, _) = u.index.lookup(&u.module, u.index.func_of(site.expr), variable)?;
    let found = u.index.attribute_assignments.iter().find(|(name, object, _)| {
        name == key
            && is_inside(&u.module, *object, variable, inner)
            && u.index.lookup(&u.module, u.index.func_of(*object), variable).is_some_and(|(of, _)| of == scope)
    });
    found.map(|(_, _, value)| Site { unit: site.unit, expr: *value })
}

/// True for `config.Producer` of the variable `config` and the field `Producer`.
fn is_inside(module: &Module, expr: ExprId, variable: &str, inner: &[&str]) -> bool {
    match (&module.expr(expr).kind, inner) {
        (ExprKind::Name(name), []) => name == variable,
        (ExprKind::Attr { object, name, .. }, [outer @ .., last]) => {
            name == last && is_inside(module, *object, variable, outer)
        }
        _ => false,
    }
}

/// What stands under a key of an object, or under a keyword or position of the construction of one.
pub fn get(ev: &Evaluator<'_>, site: Site, key: &str) -> Lookup {
    if let Some(value) = field_set(ev, site, &[], key) {
        return Lookup::Found(vec![value]);
    }
    let mut values = ev.eval(site).alternatives().to_vec();
    // `options: Options.Publish` and `WriteMessage(ctx, message kafka.Message)` say nothing by their types: what
    // callers pass does.
    let is_shape = |value: &Value| value.instance().is_some_and(|instance| instance.call.is_none());
    let made_elsewhere = match ev.program.language(site.unit) {
        Language::Go => values.iter().all(|value| is_shape(value) || matches!(value, Value::Param { .. })),
        // Properties that a wrapper hands on.
        Language::Python => matches!(values.as_slice(), [Value::Param { .. }]),
        _ => matches!(values.as_slice(), [value] if is_shape(value)) && ev.param_of(site).is_some(),
    };
    if made_elsewhere {
        values = ev.settle_at(site);
    }
    let mut found = Vec::new();
    let mut unknown = false;
    for value in &values {
        match value {
            Value::Dict(dict) => match dict.get(key) {
                Some(site) => found.push(site),
                None => unknown |= dict.open,
            },
            Value::Instance(instance) => match instance.call {
                Some(call) => match lookup(ev, call, key) {
                    Lookup::Found(sites) => found.extend(sites),
                    Lookup::Missing => match assigned(ev, site.unit, instance, key) {
                        Some(value) => found.push(value),
                        // What made it, and what is set on it elsewhere, is not seen.
                        None => unknown |= ev.program.language(site.unit) == Language::CSharp && call.unit != site.unit,
                    },
                    Lookup::Unknown => unknown = true,
                },
                None => unknown = true,
            },
            Value::Null => {}
            _ => unknown = true,
        }
    }
    if !found.is_empty() {
        Lookup::Found(found)
    } else if unknown {
        Lookup::Unknown
    } else {
        Lookup::Missing
    }
}
