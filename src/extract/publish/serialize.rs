//! Values that Python's `json.dumps` refuses: `json.dumps({"at": datetime.now()})` raises a `TypeError` with
//! every message (<https://docs.python.org/3/library/json.html#py-to-json-table>).

use super::call::Found;
use super::{flow, path};
use crate::facts::module::{ClassId, Entry, ExprId, ExprKind, Language};
use crate::program::index::Binding;
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Place;

/// A value that cannot be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Unserializable {
    /// The value, or the class that has such a field.
    pub place: Place,
    /// What it is: `datetime.now()`, or `field `at` is a datetime`.
    pub what: String,
    /// The serializer.
    pub dumps: Place,
}

/// Calls that make such a value.
const MAKERS: [&str; 12] = [
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.datetime.fromtimestamp",
    "datetime.datetime.fromisoformat",
    "datetime.date.today",
    "datetime.datetime",
    "uuid.uuid4",
    "uuid.uuid1",
    "uuid.uuid5",
    "uuid.UUID",
    "decimal.Decimal",
];

/// Types of such values.
const TYPES: [&str; 5] = ["datetime", "date", "UUID", "UUID4", "Decimal"];

const MAX_DEPTH: u32 = 6;

/// The first one in the payload of a call.
pub fn read(ev: &Evaluator<'_>, found: &Found<'_>) -> Option<Unserializable> {
    if ev.program.language(found.site.unit) != Language::Python {
        return None;
    }
    for path in &found.form.body {
        for body in path::sites(ev, found.site, path) {
            let serialized = dumped(ev, body, 0).or_else(|| Some((by_producer(ev, found)?, body)));
            let Some((dumps, payload)) = serialized else { continue };
            if let Some((site, what)) = refused(ev, payload, 0) {
                return Some(Unserializable { place: ev.program.place(site), what, dumps: ev.program.place(dumps) });
            }
        }
    }
    None
}

/// The arguments that callers pass for a name that is a parameter, or the one value that it is assigned.
fn behind(ev: &Evaluator<'_>, site: Site, name: &str) -> Vec<Site> {
    let unit = ev.program.unit(site.unit);
    let Some((_, bindings)) = unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name) else {
        return Vec::new();
    };
    match bindings {
        [Binding::Value(value)] => vec![Site { unit: site.unit, expr: *value }],
        [Binding::Param(func, index)] => {
            let callers = ev.callers(site.unit, *func).into_iter().take(8);
            callers.filter_map(|c| ev.argument_site(c, site.unit, *func, *index)).collect()
        }
        _ => Vec::new(),
    }
}

/// `json.dumps(x)` without `default` and `cls`, with its argument.
fn plain_dumps(ev: &Evaluator<'_>, site: Site) -> Option<ExprId> {
    let call = ev.program.unit(site.unit).module.call(site.expr)?;
    let is_dumps = matches!(ev.at(site.unit, call.callee), Value::External(s) if s == "json.dumps");
    let plain = call.args.iter().all(|a| !a.spread && a.name.as_deref().is_none_or(|n| n != "default" && n != "cls"));
    (is_dumps && plain).then(|| call.args.first().filter(|a| a.name.is_none()).map(|a| a.value))?
}

/// The serializer behind a body, with what it writes.
fn dumped(ev: &Evaluator<'_>, site: Site, depth: u32) -> Option<(Site, Site)> {
    if depth > MAX_DEPTH {
        return None;
    }
    let module = &ev.program.unit(site.unit).module;
    let next = |expr: ExprId| dumped(ev, Site { unit: site.unit, expr }, depth + 1);
    match &module.expr(site.expr).kind {
        ExprKind::Name(name) => behind(ev, site, name).into_iter().find_map(|s| dumped(ev, s, depth + 1)),
        ExprKind::Call(call) => {
            if let Some(payload) = plain_dumps(ev, site) {
                return Some((site, Site { unit: site.unit, expr: payload }));
            }
            match &module.expr(call.callee).kind {
                ExprKind::Attr { object, name, .. } if name == "encode" => next(*object),
                ExprKind::Name(name) if name == "bytes" => next(call.args.first()?.value),
                _ => None,
            }
        }
        _ => None,
    }
}

/// `KafkaProducer(value_serializer=lambda v: json.dumps(v).encode())`.
fn by_producer(ev: &Evaluator<'_>, found: &Found<'_>) -> Option<Site> {
    for made in found.receivers.iter().filter_map(|r| r.call) {
        for option in &found.form.serializer {
            for site in path::sites(ev, made, option) {
                let Value::Function { unit, func, .. } = ev.eval(site) else { continue };
                let module = &ev.program.unit(unit).module;
                let mut at = Site { unit, expr: *crate::program::eval::returns(module, func).first()? };
                if let Some(call) = module.call(at.expr)
                    && let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind
                    && name == "encode"
                {
                    at.expr = *object;
                }
                let argument = plain_dumps(ev, at)?;
                return matches!(module.expr(argument).kind, ExprKind::Name(_)).then_some(at);
            }
        }
    }
    None
}

/// A value in a payload that cannot be written, and what it is.
fn refused(ev: &Evaluator<'_>, site: Site, depth: u32) -> Option<(Site, String)> {
    if depth > MAX_DEPTH {
        return None;
    }
    let module = &ev.program.unit(site.unit).module;
    let here = |expr: ExprId| Site { unit: site.unit, expr };
    match &module.expr(site.expr).kind {
        ExprKind::Name(name) => behind(ev, site, name).into_iter().find_map(|s| refused(ev, s, depth + 1)),
        ExprKind::Dict(entries) => entries.iter().find_map(|entry| match entry {
            Entry::Pair { value, .. } => refused(ev, here(*value), depth + 1),
            Entry::Spread(inner) => refused(ev, here(*inner), depth + 1),
        }),
        ExprKind::List(items) => items.iter().find_map(|item| refused(ev, here(*item), depth + 1)),
        ExprKind::Attr { object, name, .. } if name == "__dict__" => field(ev, here(*object)),
        ExprKind::Call(call) => {
            if let Value::External(symbol) = ev.at(site.unit, call.callee) {
                if MAKERS.contains(&symbol.as_str()) {
                    let mut parts: Vec<&str> = symbol.rsplit('.').take(2).collect();
                    parts.reverse();
                    return Some((site, format!("`{}(…)`", parts.join("."))));
                }
                if symbol == "dataclasses.asdict" || symbol == "builtins.vars" {
                    return field(ev, here(call.args.first()?.value));
                }
                if symbol == "builtins.dict" {
                    return call
                        .args
                        .iter()
                        .filter(|a| a.name.is_some())
                        .find_map(|a| refused(ev, here(a.value), depth + 1));
                }
            }
            // `now()` of the repository.
            for value in ev.called(site, call) {
                let Value::Function { unit, func, .. } = value else { continue };
                if let [only] = crate::program::eval::returns(&ev.program.unit(unit).module, func).as_slice()
                    && ev.program.unit(unit).module.call(*only).is_some()
                    && let Some((_, what)) = refused(ev, Site { unit, expr: *only }, depth + 2)
                {
                    return Some((site, what));
                }
            }
            // pydantic's own methods keep Python's types unless told otherwise.
            let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
            let as_text = call.args.iter().any(|a| {
                a.name.as_deref() == Some("mode")
                    && matches!(&module.expr(a.value).kind, ExprKind::Str(m) if m == "json")
            });
            let own = matches!(ev.at(site.unit, call.callee), Value::Function { .. });
            (matches!(name.as_str(), "model_dump" | "dict") && !as_text && !own).then(|| field(ev, here(*object)))?
        }
        _ => None,
    }
}

/// A field of an object's class that `json.dumps` cannot write.
fn field(ev: &Evaluator<'_>, object: Site) -> Option<(Site, String)> {
    for value in ev.settle(&ev.eval(object)) {
        let Value::Object { unit, class, .. } = value else { continue };
        for (unit, class) in std::iter::once((unit, class)).chain(ev.above((unit, class))) {
            if let Some(found) = field_of(ev, unit, class) {
                return Some(found);
            }
        }
    }
    None
}

fn field_of(ev: &Evaluator<'_>, unit: UnitId, class: ClassId) -> Option<(Site, String)> {
    let module = &ev.program.unit(unit).module;
    module.class(class).fields.iter().filter(|f| !f.is_static || f.ty.is_some()).find_map(|f| {
        let ty = f.ty?;
        let mut todo = vec![ty];
        while let Some(expr) = todo.pop() {
            match &module.expr(expr).kind {
                ExprKind::Name(name) | ExprKind::Attr { name, .. } if TYPES.contains(&name.as_str()) => {
                    let what = format!("the field `{}` is a {name}, which", f.name);
                    return Some((Site { unit, expr: ty }, what));
                }
                _ => todo.extend(module.children(expr)),
            }
        }
        None
    })
}

/// The value of the message's id, when it is a hash of the payload.
pub fn hashed_id(ev: &Evaluator<'_>, shapes: &[super::Shape]) -> Option<Place> {
    let mut todo: Vec<(&super::Shape, u32)> = shapes.iter().map(|s| (s, 0)).collect();
    while let Some((shape, depth)) = todo.pop() {
        for key in &shape.keys {
            let name = flow::squeeze(&key.name);
            let is_id = super::shape::is_id(&key.name) || matches!(name.as_str(), "id" | "key" | "idempotencykey");
            if is_id && let Some(found) = key.value.and_then(|v| crate::extract::hash::of_payload(ev, v)) {
                return Some(ev.program.place(found));
            }
            if let Some(nested) = key.nested.as_deref().filter(|_| depth < 4) {
                todo.push((nested, depth + 1));
            }
        }
    }
    None
}
