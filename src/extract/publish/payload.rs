//! Follows a payload to its keys: through serializers, wrappers, variables, classes and callers.

use smol_str::SmolStr;

use super::shape::{Key, Shape, is_envelope};
use super::{InScope, flow, path};
use crate::catalog::publish::Publish;
use crate::facts::module::{
    BinaryOp, Call, ClassId, ClassKind, Entry, ExprId, ExprKind, FuncId, FunctionKind, Language, StmtKind,
};
use crate::program::index::{Binding, Scope};
use crate::program::value::Text;
use crate::program::{Evaluator, Parent, Site, UnitId, Value};
use crate::syntax::Span;

/// How deep a payload is followed.
const MAX_DEPTH: u32 = 24;
/// How many ways in are told apart.
const MAX_WAYS: usize = 32;

/// Methods that give the same data in another form.
const UNWRAPS: &[&str] = &[
    "encode",
    "decode",
    "toString",
    "model_dump",
    "model_dump_json",
    "dict",
    "json",
    "to_dict",
    "to_json",
    "toJSON",
    "toObject",
    "asdict",
    "as_dict",
    "copy",
    "model_copy",
    "serialize",
    "SerializeToString",
    "dump",
    "finish",
    "strip",
    "trim",
    "getvalue",
];

/// Reads payloads.
pub struct Reader<'r, 'e> {
    ev: &'r Evaluator<'e>,
    in_scope: &'r InScope<'r>,
    /// The calls whose functions are being read, for their parameters.
    calls: Vec<(UnitId, FuncId, Site)>,
    depth: u32,
    /// How many callers lie between what is being read and the call that publishes.
    hops: u32,
}

impl<'r, 'e> Reader<'r, 'e> {
    /// A reader.
    pub fn new(ev: &'r Evaluator<'e>, in_scope: &'r InScope<'r>) -> Self {
        Reader { ev, in_scope, calls: Vec::new(), depth: 0, hops: 0 }
    }

    /// The names at the paths of a call, with parameters followed to the callers.
    pub fn texts_at(&self, site: Site, paths: &[String]) -> Vec<Text> {
        let mut out: Vec<Text> = Vec::new();
        for site in paths.iter().flat_map(|p| path::sites(self.ev, site, p)) {
            for text in self.ev.settle(&self.ev.eval(site)).iter().filter_map(Value::to_text) {
                if !out.contains(&text) {
                    out.push(text);
                }
            }
        }
        out
    }

    /// The payloads of a call, one for each way in.
    pub fn payloads(&mut self, site: Site, form: &Publish) -> Vec<Shape> {
        for path in &form.body {
            match path::lookup(self.ev, site, path) {
                path::Lookup::Found(sites) => return sites.iter().flat_map(|s| self.read(*s)).collect(),
                path::Lookup::Missing => {}
                path::Lookup::Unknown => return vec![Shape::open()],
            }
        }
        Vec::new()
    }

    /// The properties and headers of a call.
    pub fn metadata(&mut self, site: Site, form: &Publish) -> Vec<Shape> {
        let mut out = Vec::new();
        for path in &form.metadata {
            match path::lookup(self.ev, site, path) {
                path::Lookup::Found(sites) => out.extend(sites.iter().flat_map(|s| self.properties(*s))),
                path::Lookup::Missing => {}
                path::Lookup::Unknown => out.push(Shape::open()),
            }
        }
        out
    }

    /// Message properties: an object, or the keywords of the construction of one.
    fn properties(&mut self, site: Site) -> Vec<Shape> {
        if let Value::Instance(instance) = self.ev.eval(site)
            && let Some(made) = instance.call
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
            return vec![shape];
        }
        self.read(site)
    }

    /// The shapes of an expression.
    pub fn read(&mut self, site: Site) -> Vec<Shape> {
        if self.depth >= MAX_DEPTH {
            return vec![Shape::open()];
        }
        self.depth += 1;
        let mut out = self.expression(site);
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
            ExprKind::Binary { op: BinaryOp::And, right, .. } => self.read(at(*right)),
            ExprKind::Binary { op: BinaryOp::Add, .. } | ExprKind::Template(_) | ExprKind::Str(_) => {
                match ev.eval(site).to_text() {
                    Some(text) => vec![of_text(&text)],
                    None => vec![Shape::open()],
                }
            }
            _ => {
                let value = ev.eval(site);
                self.value(&value)
            }
        }
    }

    fn value(&mut self, value: &Value) -> Vec<Shape> {
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

    fn key(&mut self, name: SmolStr, value: Site) -> Key {
        let nested = is_envelope(&name).then(|| {
            let mut shape = Shape::default();
            for other in self.read(value) {
                shape.merge(other);
            }
            // A plain value under such a name says nothing more.
            Box::new(shape)
        });
        Key { name, value: Some(value), nested }
    }

    fn dict(&mut self, unit: UnitId, entries: &[Entry]) -> Vec<Shape> {
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
    fn list(&mut self, unit: UnitId, items: &[ExprId]) -> Vec<Shape> {
        let module = &self.ev.program.unit(unit).module;
        let mut pairs = Shape::default();
        for item in items {
            let pair = match &module.expr(*item).kind {
                ExprKind::List(pair) if pair.len() == 2 => pair,
                _ => return items.iter().take(8).flat_map(|e| self.read(Site { unit, expr: *e })).collect(),
            };
            match self.ev.at(unit, pair[0]).as_str() {
                Some(name) => {
                    pairs.keys.push(Key { name: name.into(), value: Some(Site { unit, expr: pair[1] }), nested: None });
                }
                None => pairs.open = true,
            }
        }
        vec![pairs]
    }

    fn name(&mut self, site: Site, name: &str) -> Vec<Shape> {
        let unit = self.ev.program.unit(site.unit);
        let Some((scope, bindings)) = unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name) else {
            return vec![Shape::open()];
        };
        let mut out = Vec::new();
        for binding in bindings {
            match *binding {
                Binding::Value(value) => out.extend(self.read(Site { unit: site.unit, expr: value })),
                Binding::Param(func, index) => out.extend(self.param(site.unit, func, index)),
                Binding::Typed(ty) => out.extend(self.of_type(site.unit, ty)),
                Binding::Element(iter) => out.extend(self.element(Site { unit: site.unit, expr: iter })),
                Binding::Import(_) => {
                    let value = self.ev.eval(site);
                    out.extend(self.value(&value));
                }
                _ => out.push(Shape::open()),
            }
        }
        if out.is_empty() {
            out.push(Shape::open());
        }
        let span = match scope {
            Scope::Func(func) => Some(flow::span(self.ev, site.unit, func)),
            Scope::Top => None,
        };
        if let Some(added) = self.added(site.unit, span, name, 0) {
            out.iter_mut().for_each(|s| s.merge(added.clone()));
        }
        out
    }

    /// The keys that are put into a variable after it was made: `d["k"] = v`, `d.update(…)`,
    /// `Object.assign(d, …)`, a function of ours that does so.
    fn added(&mut self, unit_id: UnitId, span: Option<Span>, name: &str, hops: u32) -> Option<Shape> {
        let ev = self.ev;
        let unit = ev.program.unit(unit_id);
        let module = &unit.module;
        let inside = |at: Span| span.is_none_or(|s| s.contains(at));
        let is_name = |expr: ExprId| matches!(&module.expr(expr).kind, ExprKind::Name(n) if n == name);
        let mut shape = Shape::default();
        for stmt in module.stmts.iter().filter(|s| inside(s.span)) {
            let StmtKind::Assign { target, value: Some(value), .. } = &stmt.kind else { continue };
            let value = Site { unit: unit_id, expr: *value };
            match &module.expr(*target).kind {
                ExprKind::Index { object, index } if is_name(*object) => match ev.at(unit_id, *index).as_str() {
                    Some(key) => {
                        let key = self.key(key.into(), value);
                        shape.keys.push(key);
                    }
                    None => shape.open = true,
                },
                ExprKind::Attr { object, name, .. } if is_name(*object) => {
                    let key = self.key(name.clone(), value);
                    shape.keys.push(key);
                }
                _ => {}
            }
        }
        for id in &unit.index.calls {
            let Some(call) = module.call(id.expr).filter(|_| inside(module.expr(id.expr).span)) else { continue };
            if let ExprKind::Attr { object, name: method, .. } = &module.expr(call.callee).kind {
                if is_name(*object) && matches!(method.as_str(), "update" | "setdefault") {
                    for arg in &call.args {
                        let value = Site { unit: unit_id, expr: arg.value };
                        match &arg.name {
                            Some(key) => {
                                let key = self.key(key.clone(), value);
                                shape.keys.push(key);
                            }
                            None => self.read(value).into_iter().for_each(|s| shape.merge(s)),
                        }
                    }
                    continue;
                }
                if method == "assign" && call.args.first().is_some_and(|a| is_name(a.value)) {
                    for arg in call.args.iter().skip(1) {
                        let value = Site { unit: unit_id, expr: arg.value };
                        self.read(value).into_iter().for_each(|s| shape.merge(s));
                    }
                    continue;
                }
            }
            let Some(position) = call.args.iter().position(|a| is_name(a.value)).filter(|_| hops < 2) else { continue };
            if let Value::Function { unit: u, func, .. } = ev.at(unit_id, call.callee) {
                let function = ev.program.unit(u).module.func(func);
                if let Some(param) = function.params.get(position) {
                    let (inner, param) = (function.span, param.name.clone());
                    if let Some(added) = self.added(u, Some(inner), &param, hops + 1) {
                        shape.merge(added);
                    }
                }
            }
        }
        (shape != Shape::default()).then_some(shape)
    }

    /// The item of what is iterated.
    fn element(&mut self, iter: Site) -> Vec<Shape> {
        let unit = self.ev.program.unit(iter.unit);
        if let ExprKind::Name(name) = &unit.module.expr(iter.expr).kind
            && let Some((_, bindings)) = unit.index.lookup(&unit.module, unit.index.func_of(iter.expr), name)
        {
            let typed = bindings.iter().find_map(|b| match *b {
                Binding::Param(func, index) => unit.module.func(func).params[index].ty,
                Binding::Typed(ty) => Some(ty),
                _ => None,
            });
            if let Some(shape) = typed.and_then(|ty| self.of_type(iter.unit, ty)) {
                return vec![shape];
            }
        }
        match self.ev.eval(iter) {
            Value::List(items) => items.iter().take(8).flat_map(|s| self.read(*s)).collect(),
            Value::Param { .. } => self.read(iter),
            _ => vec![Shape::open()],
        }
    }

    /// A parameter: what the call being read passes, else what all callers pass.
    fn param(&mut self, unit: UnitId, func: FuncId, index: usize) -> Vec<Shape> {
        let ev = self.ev;
        let module = &ev.program.unit(unit).module;
        let function = module.func(func);
        let Some(param) = function.params.get(index) else { return vec![Shape::open()] };
        if param.variadic {
            return vec![Shape::open()];
        }
        let typed = param.ty.and_then(|ty| self.of_type(unit, ty));
        let default = |reader: &mut Self| match param.default {
            Some(default) => reader.read(Site { unit, expr: default }),
            None => Vec::new(),
        };
        if let Some(depth) = self.calls.iter().rposition(|(u, f, _)| (*u, *f) == (unit, func)) {
            // Read the argument as the caller sees it.
            let inner = self.calls.split_off(depth);
            let shapes = match ev.argument_site(inner[0].2, unit, func, index) {
                Some(argument) => self.read(argument),
                None => default(self),
            };
            self.calls.extend(inner);
            return narrowed(shapes, typed);
        }
        let callers: Vec<Site> =
            ev.callers(unit, func).into_iter().filter(|c| (self.in_scope)(c.unit)).take(MAX_WAYS).collect();
        let mut out = Vec::new();
        self.hops += 1;
        for caller in &callers {
            let shapes = match ev.argument_site(*caller, unit, func, index) {
                Some(argument) => self.read(argument),
                None => default(self),
            };
            out.extend(narrowed(shapes, typed.clone()));
        }
        self.hops -= 1;
        if !callers.is_empty() {
            // Calls that could not be resolved may pass something else.
            if self.has_unresolved_calls(unit, func) {
                out.push(Shape::open());
            }
            return out;
        }
        match typed {
            Some(typed) => vec![typed],
            None if self.hops > 0 || self.may_be_called(unit, func) => vec![Shape::open()],
            // Nobody calls the function that publishes: only what it adds itself is known.
            None => vec![Shape::default()],
        }
    }

    /// True when something that could not be resolved may call the function.
    fn may_be_called(&self, unit: UnitId, func: FuncId) -> bool {
        let function = self.ev.program.unit(unit).module.func(func);
        if function.kind == FunctionKind::Lambda || !function.decorators.is_empty() || function.name.is_empty() {
            return true;
        }
        self.has_unresolved_calls(unit, func) || self.is_passed_on(unit, func)
    }

    /// True when there is a call of that name of which it is not known what it runs.
    fn has_unresolved_calls(&self, unit: UnitId, func: FuncId) -> bool {
        let name = &self.ev.program.unit(unit).module.func(func).name;
        self.ev.program.calls_named(name).iter().any(|site| {
            let module = &self.ev.program.unit(site.unit).module;
            (self.in_scope)(site.unit)
                && module.call(site.expr).is_some_and(|c| self.ev.called(*site, c).iter().all(Value::is_unknown))
        })
    }

    /// True when the function is used as a value: a handler, an entry of a table.
    fn is_passed_on(&self, unit: UnitId, func: FuncId) -> bool {
        let name = &self.ev.program.unit(unit).module.func(func).name;
        self.ev.program.ids().filter(|u| (self.in_scope)(*u)).any(|other| {
            let u = self.ev.program.unit(other);
            u.module.exprs.iter().enumerate().any(|(i, expr)| {
                let (ExprKind::Name(n) | ExprKind::Attr { name: n, .. }) = &expr.kind else { return false };
                let id = ExprId(i as u32);
                let is_callee = || match u.index.expr_parent.get(i) {
                    Some(Parent::Expr(outer)) => u.module.call(*outer).is_some_and(|c| c.callee == id),
                    _ => false,
                };
                n == name
                    && !is_callee()
                    && matches!(self.ev.at(other, id), Value::Function { unit: fu, func: f, .. } if (fu, f) == (unit, func))
            })
        })
    }

    fn call(&mut self, site: Site, call: &Call) -> Vec<Shape> {
        let ev = self.ev;
        let module = &ev.program.unit(site.unit).module;
        let language = module.language;
        let argument = |n: usize| {
            call.args.iter().filter(|a| a.name.is_none()).nth(n).map(|a| Site { unit: site.unit, expr: a.value })
        };
        let callee = ev.at(site.unit, call.callee);
        let symbol = match &callee {
            Value::External(symbol) => Some(symbol.clone()),
            Value::Method { symbol, .. } => Some(symbol.clone()),
            Value::Instance(instance) => Some(instance.ty.clone()),
            _ => None,
        };
        if let Some(symbol) = symbol {
            let flat = super::flow::squeeze(&symbol);
            if flat.contains("schemaregistry") || flat.contains("apicurio") {
                let mut shape = Shape { registered: true, ..Shape::default() };
                // `registry.encode(id, payload)`, `serializer(payload, context)`
                for n in 0..2 {
                    if let Some(argument) = argument(n)
                        && let Some(first) = self.read(argument).into_iter().find(|s| !s.keys.is_empty())
                    {
                        shape.merge(first);
                        return vec![shape];
                    }
                }
                shape.open = true;
                return vec![shape];
            }
            if flat.starts_with("cloudevents") {
                let mut shape = Shape { cloud_event: true, ..Shape::default() };
                for s in argument(0).into_iter().flat_map(|a| self.read(a)) {
                    shape.merge(Shape { open: false, ..s });
                }
                return vec![shape];
            }
            if let Some(position) = ev.catalog.transparent(language, &symbol) {
                return match argument(position) {
                    Some(argument) => {
                        let shapes = self.read(argument);
                        self.with_keywords(site.unit, call, &symbol, shapes)
                    }
                    None => self.with_keywords(site.unit, call, &symbol, vec![Shape::default()]),
                };
            }
            if symbol.ends_with("Object.assign") {
                let mut out = vec![Shape::default()];
                for arg in &call.args {
                    let next = self.read(Site { unit: site.unit, expr: arg.value });
                    out = cross(&out, &next);
                }
                return out;
            }
        }
        for value in callee.alternatives() {
            match value {
                Value::Function { unit, func, .. } => return self.returned(*unit, *func, site),
                Value::Class { unit, class } => return vec![self.object(*unit, *class, Some(site))],
                _ => {}
            }
        }
        if let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind {
            let object = Site { unit: site.unit, expr: *object };
            let encoded = argument(0).filter(|a| !matches!(module.expr(a.expr).kind, ExprKind::Str(_)));
            if name == "encode" && encoded.is_some() {
                // `new TextEncoder().encode(text)`, `codec.encode(event)`
                return encoded.map(|a| self.read(a)).unwrap_or_default();
            }
            if UNWRAPS.contains(&name.as_str()) && !matches!(ev.eval(object), Value::External(_) | Value::Module(_)) {
                return self.read(object);
            }
        }
        let value = ev.eval(site);
        self.value(&value)
    }

    /// `dict(base, key=value)`
    fn with_keywords(&mut self, unit: UnitId, call: &Call, symbol: &str, mut shapes: Vec<Shape>) -> Vec<Shape> {
        if symbol != "builtins.dict" {
            return shapes;
        }
        for arg in &call.args {
            let value = Site { unit, expr: arg.value };
            match &arg.name {
                Some(name) => {
                    let key = self.key(name.clone(), value);
                    shapes.iter_mut().for_each(|s| s.keys.push(key.clone()));
                }
                None if arg.spread => shapes = cross(&shapes, &self.read(value)),
                None => {}
            }
        }
        shapes
    }

    /// What a function of ours returns for a call.
    fn returned(&mut self, unit: UnitId, func: FuncId, call: Site) -> Vec<Shape> {
        let module = &self.ev.program.unit(unit).module;
        if self.calls.len() > 8 || self.calls.iter().any(|(u, f, _)| (*u, *f) == (unit, func)) {
            return vec![Shape::open()];
        }
        self.calls.push((unit, func, call));
        let mut out = Vec::new();
        for expr in crate::program::eval::returns(module, func) {
            out.extend(self.read(Site { unit, expr }));
        }
        self.calls.pop();
        let declared = module.func(func).returns.and_then(|ty| self.of_type(unit, ty));
        match declared {
            Some(declared) if out.is_empty() || out.iter().all(|s| s.open) => vec![declared],
            _ if out.is_empty() => vec![Shape::open()],
            _ => out,
        }
    }

    /// The shape of a declared type: a class, an interface, an object type, or a list of them.
    fn of_type(&mut self, unit: UnitId, ty: ExprId) -> Option<Shape> {
        let module = &self.ev.program.unit(unit).module;
        match &module.expr(ty).kind {
            ExprKind::Dict(entries) => self.dict(unit, entries).into_iter().next(),
            ExprKind::Index { object, index } => {
                let outer = match &module.expr(*object).kind {
                    ExprKind::Name(name) | ExprKind::Attr { name, .. } => name.as_str(),
                    _ => "",
                };
                match outer {
                    "list" | "List" | "Sequence" | "Iterable" | "Array" | "Set" | "ReadonlyArray" | "tuple" => {
                        self.of_type(unit, *index)
                    }
                    "dict" | "Dict" | "Record" | "Map" | "Mapping" => None,
                    _ => self.declared(unit, ty),
                }
            }
            _ => self.declared(unit, ty),
        }
    }

    fn declared(&mut self, unit: UnitId, ty: ExprId) -> Option<Shape> {
        match self.ev.declared(unit, ty)? {
            Value::Object { unit, class, .. } => {
                let shape = self.object(unit, class, None);
                (!shape.open || !shape.keys.is_empty()).then_some(shape)
            }
            _ => None,
        }
    }

    /// An object of a class of ours: its fields and those of its bases.
    fn object(&mut self, unit: UnitId, class: ClassId, call: Option<Site>) -> Shape {
        self.depth += 1;
        let shape = self.fields(unit, class, call);
        self.depth -= 1;
        shape
    }

    fn fields(&mut self, unit_id: UnitId, class_id: ClassId, call: Option<Site>) -> Shape {
        let unit = self.ev.program.unit(unit_id);
        let module = &unit.module;
        let class = module.class(class_id);
        let mut shape = Shape { types: vec![class.name.clone()], ..Shape::default() };
        if self.depth >= MAX_DEPTH {
            shape.open = true;
            return shape;
        }
        let custom = class.methods.iter().find(|m| module.func(**m).name == "toJSON");
        if let Some(&custom) = custom {
            for expr in crate::program::eval::returns(module, custom) {
                self.read(Site { unit: unit_id, expr }).into_iter().for_each(|s| shape.merge(s));
            }
            return shape;
        }
        for field in &class.fields {
            let value = field.value.map(|expr| Site { unit: unit_id, expr });
            let nested = field.ty.filter(|_| is_envelope(&field.name)).and_then(|ty| self.of_type(unit_id, ty));
            shape.keys.push(Key { name: field.name.clone(), value, nested: nested.map(Box::new) });
        }
        for &method in &class.methods {
            for param in module.func(method).params.iter().filter(|p| p.is_field) {
                let nested = param.ty.filter(|_| is_envelope(&param.name)).and_then(|ty| self.of_type(unit_id, ty));
                shape.keys.push(Key { name: param.name.clone(), value: None, nested: nested.map(Box::new) });
            }
        }
        for name in unit.index.member_names(class_id) {
            if shape.keys.iter().any(|k| k.name == *name) {
                continue;
            }
            let value = unit.index.member(class_id, name).first().map(|(e, _)| Site { unit: unit_id, expr: *e });
            let key = match value {
                Some(value) => self.key(name.clone(), value),
                None => Key { name: name.clone(), value: None, nested: None },
            };
            shape.keys.push(key);
        }
        for &base in &class.bases {
            for value in self.ev.at(unit_id, base).alternatives() {
                match value {
                    Value::Class { unit, class } => {
                        let base = self.object(*unit, *class, None);
                        shape.merge(base);
                    }
                    Value::External(symbol) => shape.open |= !is_plain_base(symbol),
                    _ => shape.open = true,
                }
            }
        }
        // `constructor(init) { Object.assign(this, init) }` with nothing declared.
        if shape.keys.is_empty() && class.kind == ClassKind::Class && !class.methods.is_empty() {
            shape.open = true;
        }
        if call.is_some() && class.kind == ClassKind::Enum {
            shape.open = true;
        }
        if module.language == Language::Python {
            shape.keys.retain(|k| !matches!(k.name.as_str(), "model_config" | "__slots__"));
        }
        shape
    }
}

/// Bases outside the repository that bring no fields that are sent.
fn is_plain_base(symbol: &str) -> bool {
    [
        "pydantic.",
        "abc.",
        "typing.",
        "typing_extensions.",
        "builtins.",
        "enum.",
        "@nestjs/cqrs.",
        "globalThis.",
        "msgspec.",
        "dataclasses.",
        "attr.",
    ]
    .iter()
    .any(|p| symbol.starts_with(p))
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
            shape.keys.push(Key { name: name.into(), value: None, nested: None });
        }
        rest = after;
    }
    shape
}
