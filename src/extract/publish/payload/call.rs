//! Calls: serializers, functions of ours, constructors.

use super::{Reader, cross};
use crate::catalog::consume::EffectKind;
use crate::extract::publish::flow;
use crate::extract::publish::shape::{Key, Shape};
use crate::facts::module::{Call, ExprId, ExprKind, FuncId, Language};
use crate::program::{Site, UnitId, Value};

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
    "getBytes",
    "toByteArray",
    "toJson",
    "toByteString",
    "encodeToByteArray",
];

/// Methods of AutoMapper, Mapster, serializers and message initializers that make an object of the type they are given
/// (<https://docs.automapper.io/en/stable/Getting-started.html>, <https://github.com/MapsterMapper/Mapster/wiki>,
/// <https://masstransit.io/documentation/concepts/producers#message-initializers>).
const MAPS: &[&str] =
    &["Map", "Adapt", "AdaptToType", "AdaptToTypeAsync", "MapTo", "Deserialize", "DeserializeObject", "Init"];

impl Reader<'_, '_> {
    pub(super) fn call(&mut self, site: Site, call: &Call) -> Vec<Shape> {
        let ev = self.ev;
        let module = &ev.program.unit(site.unit).module;
        let language = module.language;
        if let Some(shapes) = self.jvm_call(site, call) {
            return shapes;
        }
        if let Some(shapes) = self.bag(site, call).or_else(|| self.written(site, call)) {
            return shapes;
        }
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
        // `append(message.Headers, kafka.Header{…})`
        if language == Language::Go
            && matches!(&module.expr(call.callee).kind, ExprKind::Name(name) if name == "append")
        {
            let mut shapes = argument(0).map(|list| self.read(list)).unwrap_or_default();
            let added: Vec<ExprId> = call.args.iter().skip(1).map(|arg| arg.value).collect();
            shapes.extend(self.list(site.unit, &added));
            return shapes;
        }
        if let Some(symbol) = symbol {
            let flat = flow::squeeze(&symbol);
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
            if let Some(documents) = self.document(site, call, &symbol) {
                return documents;
            }
            // Sequelize and Mongoose give back the row that was added.
            if matches!(language, Language::JavaScript | Language::TypeScript)
                && symbol.ends_with(".Model.create")
                && ev.catalog.effect(language, &symbol) == Some(EffectKind::Insert)
                && let Some(row) = argument(0)
            {
                let mut shapes = self.read(row);
                for name in ["id", "createdAt", "updatedAt"] {
                    let key = Key { name: name.into(), value: None, nested: None, field: None };
                    shapes.iter_mut().for_each(|s| s.keys.push(key.clone()));
                }
                return shapes;
            }
            if matches!(symbol.as_str(), "django.forms.model_to_dict" | "django.forms.models.model_to_dict")
                && let Some(shape) = argument(0).and_then(|model| self.model_as_dict(model))
            {
                return vec![shape];
            }
            if let Some(rows) = self.row(site, call, &symbol) {
                return rows;
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
        if let Some(shape) = self.generated(site, call, &callee) {
            return vec![shape];
        }
        for value in callee.alternatives() {
            match value {
                Value::Function { unit, func, .. } => return self.returned(*unit, *func, site, 0),
                Value::Class { unit, class } => return vec![self.object(*unit, *class, Some(site))],
                _ => {}
            }
        }
        // `mapper.Map<OrderPlaced>(order)`, `order.Adapt<OrderPlaced>()`: the last type is the one that is made.
        if language == Language::CSharp
            && let Some(ty) = call.type_args.last()
            && module.callee_name(site.expr).is_some_and(|name| MAPS.contains(&name.as_str()))
            && let Some(shape) = self.of_type(site.unit, *ty)
        {
            return vec![shape];
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

    /// `orders_pb2.Order(id=1, total=2)`: a message of a module that protoc generated for Python. What is not
    /// passed is not sent (<https://protobuf.dev/reference/python/python-generated/>).
    fn generated(&mut self, site: Site, call: &Call, callee: &Value) -> Option<Shape> {
        let module = &self.ev.program.unit(site.unit).module;
        if module.language != Language::Python || call.args.iter().any(|a| a.name.is_none() && !a.spread) {
            return None;
        }
        let name = match (&module.expr(call.callee).kind, callee) {
            (_, Value::External(symbol)) => symbol.clone(),
            (ExprKind::Attr { object, name, .. }, _) => match &module.expr(*object).kind {
                ExprKind::Name(from) => smol_str::format_smolstr!("{from}.{name}"),
                _ => return None,
            },
            _ => return None,
        };
        let (from, _) = name.rsplit_once('.')?;
        if !from.split('.').any(|part| part.ends_with("_pb2")) {
            return None;
        }
        let mut shape = Shape { types: vec![name], ..Shape::default() };
        for arg in &call.args {
            match &arg.name {
                Some(name) if !arg.spread => {
                    let key = self.key(name.clone(), Site { unit: site.unit, expr: arg.value });
                    shape.keys.push(key);
                }
                _ => shape.open = true,
            }
        }
        Some(shape)
    }

    /// `dict(base, key=value)`
    pub(super) fn with_keywords(
        &mut self,
        unit: UnitId,
        call: &Call,
        symbol: &str,
        mut shapes: Vec<Shape>,
    ) -> Vec<Shape> {
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

    /// What a function of ours returns for a call; of several results of Go the one of a number.
    pub(super) fn returned(&mut self, unit: UnitId, func: FuncId, call: Site, n: usize) -> Vec<Shape> {
        let module = &self.ev.program.unit(unit).module;
        if self.calls.len() > 8 || self.calls.iter().any(|(u, f, _)| (*u, *f) == (unit, func)) {
            return vec![Shape::open()];
        }
        self.calls.push((unit, func, call));
        let mut out = Vec::new();
        for expr in crate::program::eval::returns(module, func) {
            let result = match &module.expr(expr).kind {
                ExprKind::List(results) if module.language == Language::Go => results.get(n).copied(),
                _ => Some(expr),
            };
            out.extend(result.into_iter().flat_map(|expr| self.read(Site { unit, expr })));
        }
        self.calls.pop();
        let declared = module.func(func).returns.and_then(|ty| self.of_type(unit, ty));
        match declared {
            Some(declared) if out.is_empty() || out.iter().all(|s| s.open) => vec![declared],
            _ if out.is_empty() => vec![Shape::open()],
            _ => out,
        }
    }
}
