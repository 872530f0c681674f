//! Follows a payload to its keys: through serializers, wrappers, variables, classes and callers.

mod added;
mod call;
mod carrier;
pub mod content;
mod document;
mod domain;
mod emptied;
mod headers;
mod jvm;
mod name;
mod row;
mod types;
pub mod what;
mod written;

use smol_str::SmolStr;

use super::shape::{Key, Shape, is_envelope};
use super::{InScope, path};
use crate::catalog::publish::Publish;
use crate::facts::module::{Arg, BinaryOp, Entry, ExprId, ExprKind, FuncId, Language};
use crate::program::value::Text;
use crate::program::{Evaluator, Site, UnitId, Value};

/// How deep a payload is followed.
const MAX_DEPTH: u32 = 24;
/// How many expressions are looked at for one message.
const MAX_STEPS: u32 = 4_000;
/// How many ways in are told apart.
const MAX_WAYS: usize = 32;

/// Reads payloads.
pub struct Reader<'r, 'e> {
    ev: &'r Evaluator<'e>,
    in_scope: &'r InScope<'r>,
    /// The calls whose functions are being read, for their parameters.
    calls: Vec<(UnitId, FuncId, Site)>,
    depth: u32,
    /// How many callers lie between what is being read and the call that publishes.
    hops: u32,
    /// How many expressions were looked at.
    steps: u32,
    /// The parameters that are being read: one that is handed on in a circle says nothing new.
    params: Vec<(UnitId, FuncId, usize)>,
    /// The functions of which a parameter was read without knowing the call.
    touched: Vec<(UnitId, FuncId)>,
}

impl<'r, 'e> Reader<'r, 'e> {
    /// A reader.
    pub fn new(ev: &'r Evaluator<'e>, in_scope: &'r InScope<'r>) -> Self {
        Reader { ev, in_scope, calls: Vec::new(), depth: 0, hops: 0, steps: 0, params: Vec::new(), touched: Vec::new() }
    }

    /// The names at the paths of a call, with parameters followed to the callers.
    pub fn texts_at(&self, site: Site, paths: &[String]) -> Vec<Text> {
        let sites: Vec<Site> = paths.iter().flat_map(|p| path::sites(self.ev, site, p)).collect();
        self.texts_of(sites.iter())
    }

    /// The names that expressions stand for, with parameters followed to the callers.
    pub fn texts_of<'s>(&self, sites: impl Iterator<Item = &'s Site>) -> Vec<Text> {
        let mut out: Vec<Text> = Vec::new();
        for site in sites {
            let mut texts = self.texts(*site);
            if texts.is_empty() {
                texts = self.passed(*site, 0).into_iter().flat_map(|s| self.texts(s)).collect();
            }
            for text in texts {
                if !out.contains(&text) {
                    out.push(text);
                }
            }
        }
        out
    }

    fn texts(&self, site: Site) -> Vec<Text> {
        let one = |value: &Value| match value {
            // `Order.class`
            Value::Class { unit, class } if self.ev.program.language(*unit).is_jvm() => {
                let module = &self.ev.program.unit(*unit).module;
                let name = &module.class(*class).name;
                Some(Text::literal(module.package.as_ref().map_or(name.to_string(), |p| format!("{p}.{name}"))))
            }
            value => value.to_text(),
        };
        self.ev.settle(&self.ev.eval(site)).iter().filter_map(one).collect()
    }

    /// The payloads of a call, one for each way in.
    pub fn payloads(&mut self, site: Site, form: &Publish) -> Vec<Shape> {
        for path in &form.body {
            if path == "->" {
                return self.given_back(site);
            }
            if path == "*,**" {
                return vec![self.in_turns(site)];
            }
            match path::lookup(self.ev, site, path) {
                path::Lookup::Found(sites) => {
                    let shapes = sites.iter().flat_map(|s| self.read(*s)).collect();
                    return self.published_as(site, shapes);
                }
                path::Lookup::Missing => {}
                path::Lookup::Unknown if path.ends_with('?') => {}
                path::Lookup::Unknown => return vec![Shape::open()],
            }
        }
        Vec::new()
    }

    /// `Publish<OrderPlaced>(new { order.Id })`: an object without a class goes out as the type that the call names.
    /// <https://masstransit.io/documentation/concepts/producers#message-initialization>
    fn published_as(&mut self, site: Site, mut shapes: Vec<Shape>) -> Vec<Shape> {
        let module = &self.ev.program.unit(site.unit).module;
        let named = module.call(site.expr).filter(|_| module.language == Language::CSharp);
        if let Some(ty) = named.and_then(|call| call.type_args.last())
            && shapes.iter().any(|shape| shape.types.is_empty())
            && let Some(typed) = self.of_type(site.unit, *ty)
        {
            shapes.iter_mut().filter(|s| s.types.is_empty()).for_each(|s| s.types.clone_from(&typed.types));
        }
        shapes
    }

    /// Shapes of what is passed for a parameter, with what its declared type says of them.
    pub fn narrowed_to(&mut self, shapes: Vec<Shape>, unit: UnitId, ty: Option<ExprId>) -> Vec<Shape> {
        let typed = ty.and_then(|ty| self.of_type(unit, ty));
        narrowed(shapes, typed)
    }

    /// What the functions return that a call decorates.
    fn given_back(&mut self, site: Site) -> Vec<Shape> {
        let module = &self.ev.program.unit(site.unit).module;
        let mut out = Vec::new();
        for func in super::call::decorated(self.ev, site) {
            let returned = crate::program::eval::returns(module, func);
            let shapes: Vec<Shape> =
                returned.into_iter().flat_map(|expr| self.read(Site { unit: site.unit, expr })).collect();
            let typed = module.func(func).returns.and_then(|ty| self.of_type(site.unit, ty));
            match typed {
                Some(typed) if shapes.iter().all(|shape| shape.open) => out.push(typed),
                _ => out.extend(shapes),
            }
        }
        out
    }

    /// The properties and headers of a call.
    pub fn metadata(&mut self, site: Site, form: &Publish) -> Vec<Shape> {
        let mut out = Vec::new();
        for path in &form.metadata {
            if path == "**" {
                out.push(self.keywords(site));
                continue;
            }
            match path::lookup(self.ev, site, path) {
                path::Lookup::Found(sites) => out.extend(sites.iter().flat_map(|s| self.properties(*s))),
                path::Lookup::Missing => {}
                path::Lookup::Unknown if path.ends_with('?') => {}
                path::Lookup::Unknown => out.push(Shape::open()),
            }
        }
        out.extend(self.headers_of_arguments(site));
        out
    }

    /// Keys and values in turns behind the `*` by which a server is asked for an id:
    /// `xadd("orders", "*", "order", id, "total", total)`.
    fn in_turns(&mut self, site: Site) -> Shape {
        let module = &self.ev.program.unit(site.unit).module;
        let is_star = |arg: &Arg| matches!(&module.expr(arg.value).kind, ExprKind::Str(text) if text == "*");
        let args = module.call(site.expr).map(|call| call.args.as_slice()).unwrap_or_default();
        let Some(star) = args.iter().position(is_star) else { return Shape::open() };
        let mut shape = Shape::default();
        for pair in args[star + 1..].chunks(2) {
            let name = pair.first().filter(|_| !pair.iter().any(|arg| arg.spread));
            match (name.and_then(|name| self.ev.at(site.unit, name.value).as_str()), pair) {
                (Some(name), [_, value]) => {
                    let key = self.key(name.into(), Site { unit: site.unit, expr: value.value });
                    shape.keys.push(key);
                }
                _ => shape.open = true,
            }
        }
        shape
    }

    /// The keyword arguments of a call.
    fn keywords(&mut self, site: Site) -> Shape {
        let mut shape = Shape::default();
        let Some(call) = self.ev.program.unit(site.unit).module.call(site.expr) else { return Shape::open() };
        for arg in &call.args {
            match &arg.name {
                _ if arg.spread => shape.open = true,
                Some(name) => {
                    let key = self.key(name.clone(), Site { unit: site.unit, expr: arg.value });
                    shape.keys.push(key);
                }
                None => {}
            }
        }
        shape
    }

    /// Message properties: an object, or the keywords of the construction of one.
    pub(super) fn properties(&mut self, site: Site) -> Vec<Shape> {
        if let Value::Instance(instance) = self.ev.eval(site)
            && let Some(made) = instance.call
            && !self.is_bag(made)
            && !self.is_function_of_go(made)
        {
            let module = &self.ev.program.unit(made.unit).module;
            let Some(call) = module.call(made.expr) else { return vec![Shape::open()] };
            let mut shape = Shape::default();
            for arg in &call.args {
                match &arg.name {
                    Some(name) => {
                        let key = self.key(name.clone(), Site { unit: made.unit, expr: arg.value });
                        shape.keys.push(key);
                    }
                    None => shape.open |= arg.spread,
                }
            }
            if let ExprKind::Name(name) = &self.ev.program.unit(site.unit).module.expr(site.expr).kind
                && let Some(added) = self.added_to(site, name)
            {
                shape.merge(added);
            }
            return vec![shape];
        }
        self.read(site)
    }

    /// True for a call of Go that is no struct literal: `append(message.Headers, header)`.
    fn is_function_of_go(&self, made: Site) -> bool {
        let module = &self.ev.program.unit(made.unit).module;
        module.language == Language::Go && module.call(made.expr).is_some_and(|call| !call.is_new)
    }

    /// The shapes of an expression.
    pub fn read(&mut self, site: Site) -> Vec<Shape> {
        self.steps += 1;
        if self.depth >= MAX_DEPTH || self.steps > MAX_STEPS {
            return vec![Shape::open()];
        }
        self.depth += 1;
        let mut out = self.expression(site);
        if self.ev.program.language(site.unit).is_jvm() && out.iter().all(|s| s.open && s.keys.is_empty()) {
            out = self.by_type(site).map_or(out, |typed| vec![typed]);
        }
        self.depth -= 1;
        out.truncate(MAX_WAYS);
        out
    }

    fn expression(&mut self, site: Site) -> Vec<Shape> {
        let ev = self.ev;
        let module = &ev.program.unit(site.unit).module;
        let at = |expr: ExprId| Site { unit: site.unit, expr };
        match &module.expr(site.expr).kind {
            ExprKind::Await(inner) | ExprKind::Assign { value: inner, .. } => self.read(at(*inner)),
            ExprKind::Cast { value, ty } => {
                let shapes = self.read(at(*value));
                match self.of_type(site.unit, *ty) {
                    Some(typed) if shapes.iter().all(|s| s.open) => vec![typed],
                    _ => shapes,
                }
            }
            ExprKind::Call(call) => self.call(site, call),
            // `.Publish(context => new OrderAccepted(context.Saga.OrderId))`
            ExprKind::Lambda(func) if module.language == Language::CSharp => {
                let returned = crate::program::eval::returns(module, *func);
                let out: Vec<Shape> = returned.into_iter().flat_map(|expr| self.read(at(expr))).collect();
                if out.is_empty() { vec![Shape::open()] } else { out }
            }
            ExprKind::Dict(entries) => self.dict(site.unit, entries),
            ExprKind::List(items) => self.list(site.unit, items),
            ExprKind::Name(name) => self.name(site, name),
            ExprKind::Cond { then, other, .. } => {
                let mut out = self.read(at(*then));
                out.extend(self.read(at(*other)));
                out
            }
            ExprKind::Binary { op: BinaryOp::Or | BinaryOp::Coalesce | BinaryOp::BitOr, left, right } => {
                let mut out = self.read(at(*left));
                out.extend(self.read(at(*right)));
                out
            }
            ExprKind::Other(children) => match self.remapped(site.unit, children) {
                Some(same) => self.read(same),
                None => vec![Shape::open()],
            },
            ExprKind::Binary { op: BinaryOp::And, right, .. } => self.read(at(*right)),
            ExprKind::Binary { op: BinaryOp::Add, .. } | ExprKind::Template(_) | ExprKind::Str(_) => {
                match ev.eval(site).to_text() {
                    Some(text) => vec![of_text(&text)],
                    None => vec![Shape::open()],
                }
            }
            ExprKind::Attr { .. } => {
                if let Some(shape) = self.serialized(site) {
                    return vec![shape];
                }
                let value = ev.eval(site);
                let shapes = self.value(&value);
                if shapes.iter().any(|s| !s.open) {
                    return shapes;
                }
                let passed = self.passed(site, 0);
                if passed.is_empty() { shapes } else { passed.into_iter().flat_map(|s| self.read(s)).collect() }
            }
            ExprKind::Index { object, index } => self.result(site, *object, *index).unwrap_or_else(|| {
                let value = ev.eval(site);
                self.value(&value)
            }),
            _ => {
                let value = ev.eval(site);
                self.value(&value)
            }
        }
    }

    /// `{key: f(value) for key, value in data.items()}` of Python: the keys of `data`.
    fn remapped(&self, unit: UnitId, children: &[ExprId]) -> Option<Site> {
        let module = &self.ev.program.unit(unit).module;
        let ([key, _, pair, items], Language::Python) = (children, module.language) else { return None };
        let is_same = match &module.expr(*pair).kind {
            ExprKind::List(names) => match (names.first().map(|n| &module.expr(*n).kind), &module.expr(*key).kind) {
                (Some(ExprKind::Name(a)), ExprKind::Name(b)) => a == b,
                _ => false,
            },
            _ => false,
        };
        let callee = module.call(*items).filter(|call| is_same && call.args.is_empty())?.callee;
        match &module.expr(callee).kind {
            ExprKind::Attr { object, name, .. } if name == "items" => Some(Site { unit, expr: *object }),
            _ => None,
        }
    }

    pub(super) fn value(&mut self, value: &Value) -> Vec<Shape> {
        match value {
            Value::Dict(dict) => self.read(dict.site),
            Value::Object { unit, class, call } => vec![self.object(*unit, *class, *call)],
            Value::Str(text) => vec![of_text(text)],
            Value::Num(_) | Value::Bool(_) => vec![Shape::default()],
            Value::Null => Vec::new(),
            Value::List(items) => items.iter().take(8).flat_map(|s| self.read(*s)).collect(),
            Value::OneOf(values) => values.iter().flat_map(|v| self.value(v)).collect(),
            Value::Param { unit, func, index } => self.param(*unit, *func, *index),
            Value::Instance(instance) => {
                let cloud_event = instance.ty.ends_with(".CloudEvent");
                vec![Shape { open: !cloud_event, cloud_event, ..Shape::default() }]
            }
            _ => vec![Shape::open()],
        }
    }

    pub(super) fn key(&mut self, name: SmolStr, value: Site) -> Key {
        let nested = is_envelope(&name).then(|| {
            let mut shape = Shape::default();
            if carrier::carries_trace(self.ev, value, 0) {
                return Box::new(shape);
            }
            for other in self.read(value) {
                shape.merge(other);
            }
            // A plain value under such a name says nothing more.
            Box::new(shape)
        });
        Key { name, value: Some(value), nested, field: None }
    }

    pub(super) fn dict(&mut self, unit: UnitId, entries: &[Entry]) -> Vec<Shape> {
        let mut out = vec![Shape::default()];
        for entry in entries {
            match entry {
                Entry::Pair { key, value } => match self.ev.at(unit, *key).as_str() {
                    Some(name) => {
                        let key = self.key(name.into(), Site { unit, expr: *value });
                        out.iter_mut().for_each(|s| s.keys.push(key.clone()));
                    }
                    None => out.iter_mut().for_each(|s| s.open = true),
                },
                Entry::Spread(value) => {
                    let spread = self.read(Site { unit, expr: *value });
                    out = cross(&out, &spread);
                }
            }
        }
        out
    }

    /// Several messages, or the pairs that make up headers.
    pub(super) fn list(&mut self, unit: UnitId, items: &[ExprId]) -> Vec<Shape> {
        let module = &self.ev.program.unit(unit).module;
        let mut pairs = Shape::default();
        for item in items {
            let pair = match &module.expr(*item).kind {
                ExprKind::List(pair) if pair.len() == 2 => Some((pair[0], pair[1])),
                // `new NameValueEntry("orderId", id)` of StackExchange.Redis, `new("orderId", id)`
                _ => headers::pair(module, *item),
            };
            let Some((name, value)) = pair else {
                return items.iter().take(8).flat_map(|e| self.read(Site { unit, expr: *e })).collect();
            };
            match self.ev.at(unit, name).as_str() {
                Some(name) => {
                    let value = Some(Site { unit, expr: value });
                    pairs.keys.push(Key { name: name.into(), value, nested: None, field: None });
                }
                None => pairs.open = true,
            }
        }
        vec![pairs]
    }
}

/// A declared type says what is in a value of which nothing else is known.
fn narrowed(shapes: Vec<Shape>, typed: Option<Shape>) -> Vec<Shape> {
    let Some(typed) = typed else { return shapes };
    shapes
        .into_iter()
        .map(|mut shape| {
            if shape.open && !typed.open {
                shape.open = false;
            }
            shape.merge(Shape { open: false, ..typed.clone() });
            shape
        })
        .collect()
}

fn cross(left: &[Shape], right: &[Shape]) -> Vec<Shape> {
    if right.is_empty() {
        return left.to_vec();
    }
    let mut out = Vec::new();
    for a in left {
        for b in right {
            let mut both = a.clone();
            both.merge(b.clone());
            out.push(both);
        }
    }
    out.truncate(MAX_WAYS);
    out
}

/// The keys of JSON that is written as text; text that is no JSON has none.
fn of_text(text: &Text) -> Shape {
    let pattern = text.pattern();
    let mut shape = Shape::default();
    if !pattern.trim_start().starts_with(['{', '[']) {
        // `f"{payload}"` may be anything.
        shape.open = text.as_literal().is_none();
        return shape;
    }
    let mut rest = pattern.as_str();
    while let Some(start) = rest.find('"') {
        rest = &rest[start + 1..];
        let Some(end) = rest.find('"') else { break };
        let (name, after) = (&rest[..end], &rest[end + 1..]);
        if after.trim_start().starts_with(':') {
            shape.keys.push(Key { name: name.into(), value: None, nested: None, field: None });
        }
        rest = after;
    }
    shape
}
