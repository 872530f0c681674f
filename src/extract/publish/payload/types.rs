//! Types: the fields of classes and interfaces.

use super::{MAX_DEPTH, MAX_STEPS, Reader};
use crate::extract::publish::shape::is_versioned;
use crate::extract::publish::shape::{Declared, Key, Shape, is_envelope};
use smol_str::SmolStr;

use crate::facts::module::{ClassId, ClassKind, ExprId, ExprKind, Field, FuncId, Language, Module, StmtKind};
use crate::program::hierarchy::ClassRef;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Place;

/// How deep interfaces stand in each other.
const MAX_INTERFACES: u32 = 3;

/// Annotations of a class that say which version of its schema it is.
const VERSIONS: [&str; 3] = ["Revision", "SchemaVersion", "EventVersion"];

impl Reader<'_, '_> {
    /// The shape of a declared type: a class, an interface, an object type, or a list of them.
    pub(super) fn of_type(&mut self, unit: UnitId, ty: ExprId) -> Option<Shape> {
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

    pub(super) fn declared(&mut self, unit: UnitId, ty: ExprId) -> Option<Shape> {
        match self.ev.declared(unit, ty)? {
            Value::Object { unit, class, .. } => {
                if self.ev.program.language(unit).is_jvm() {
                    return self.of_family((unit, class));
                }
                let shape = self.object(unit, class, None);
                (!shape.open || !shape.keys.is_empty()).then_some(shape)
            }
            _ => None,
        }
    }

    /// An object of a class of ours: its fields and those of its bases.
    pub(super) fn object(&mut self, unit: UnitId, class: ClassId, call: Option<Site>) -> Shape {
        self.depth += 1;
        self.steps += 1;
        let shape = self.fields(unit, class, call);
        self.depth -= 1;
        shape
    }

    /// A Go interface: what the types that satisfy it have in common is not enough to say that something
    /// is missing, unless all of them lack it.
    fn implementations(&mut self, interface: (UnitId, ClassId)) -> Shape {
        let below = self.ev.below(interface);
        // One that holds another is read once more for each type that satisfies it.
        if below.is_empty() || below.len() > 12 || self.depth > MAX_INTERFACES {
            return Shape::open();
        }
        let mut shape = Shape::default();
        for (unit, class) in below {
            let one = self.object(unit, class, None);
            shape.merge(one);
        }
        shape
    }

    pub(super) fn fields(&mut self, unit_id: UnitId, class_id: ClassId, call: Option<Site>) -> Shape {
        let unit = self.ev.program.unit(unit_id);
        let module = &unit.module;
        let class = module.class(class_id);
        let mut shape = Shape { types: vec![class.name.clone()], ..Shape::default() };
        if self.depth >= MAX_DEPTH || self.steps > MAX_STEPS {
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
        if module.language == Language::Go && class.kind == ClassKind::Interface {
            return self.implementations((unit_id, class_id));
        }
        let is_jvm = module.language.is_jvm();
        if is_jvm {
            shape.types.extend(module.package.clone().filter(|p| is_versioned(p)));
            let named = |d: &ExprId| simple_name(module, *d).is_some_and(|n| VERSIONS.contains(&n.as_str()));
            shape.registered |= class.decorators.iter().any(named);
        }
        // What a class of the JVM has in common, and the count of changes to a row, are not sent as data.
        let is_left_out = |field: &&Field| {
            is_jvm
                && (field.is_static
                    || field
                        .decorators
                        .iter()
                        .any(|d| simple_name(module, *d).is_some_and(|n| n == "Version" || n == "JsonIgnore")))
        };
        for field in class.fields.iter().filter(|f| !is_left_out(f)) {
            let Some(name) = sent_name(module, field) else { continue };
            let assigned = || unit.index.member(class_id, &field.name).first().map(|(e, _)| *e).filter(|_| is_jvm);
            let value = field.value.or_else(assigned).or_else(|| set_in_constructor(module, class_id, &field.name));
            let value = value.map(|expr| Site { unit: unit_id, expr });
            let nested = field.ty.filter(|_| is_envelope(&field.name)).and_then(|ty| self.of_type(unit_id, ty));
            let declared = Declared {
                place: Place::new(unit.file, field.span),
                class: Place::new(unit.file, class.name_span),
                ty: field.ty.map(|expr| Site { unit: unit_id, expr }),
                given: call.and_then(|call| given(self.ev, call, (unit_id, class_id), &field.name)),
            };
            shape.keys.push(Key { name, value, nested: nested.map(Box::new), field: Some(declared) });
        }
        for &method in &class.methods {
            for param in module.func(method).params.iter().filter(|p| p.is_field) {
                let nested = param.ty.filter(|_| is_envelope(&param.name)).and_then(|ty| self.of_type(unit_id, ty));
                let declared = Declared {
                    place: Place::new(unit.file, param.span),
                    class: Place::new(unit.file, class.name_span),
                    ty: param.ty.map(|expr| Site { unit: unit_id, expr }),
                    given: call.and_then(|call| given(self.ev, call, (unit_id, class_id), &param.name)),
                };
                let (name, nested) = (param.name.clone(), nested.map(Box::new));
                shape.keys.push(Key { name, value: None, nested, field: Some(declared) });
            }
        }
        for name in unit.index.member_names(class_id) {
            if is_jvm || shape.keys.iter().any(|k| k.name == *name) {
                continue;
            }
            let value = unit.index.member(class_id, name).first().map(|(e, _)| Site { unit: unit_id, expr: *e });
            let key = match value {
                Some(value) => self.key(name.clone(), value),
                None => Key { name: name.clone(), value: None, nested: None, field: None },
            };
            shape.keys.push(key);
        }
        for &base in &class.bases {
            let is_interface = module.language == Language::CSharp
                && simple_name(module, base).is_some_and(|name| is_interface_name(&name));
            for value in self.ev.at(unit_id, base).alternatives() {
                match value {
                    Value::Class { unit, class } => {
                        let base = self.object(*unit, *class, call);
                        shape.merge(base);
                    }
                    // What an interface asks for is declared by the class.
                    _ if is_interface => {}
                    Value::External(symbol) => {
                        // What Avro has generated is written with a schema that a registry knows.
                        let is_avro = symbol.starts_with("org.apache.avro.specific.");
                        shape.registered |= is_avro;
                        shape.open |=
                            !is_plain_base(symbol) && !is_avro && !self.is_event_base(module.language, symbol);
                    }
                    _ => shape.open = true,
                }
            }
        }
        // `constructor(init) { Object.assign(this, init) }` with nothing declared.
        if !is_jvm && shape.keys.is_empty() && class.kind == ClassKind::Class && !class.methods.is_empty() {
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

/// What a construction passes for a field: by its name, by the parameter of that name, else (Python's
/// dataclasses have no constructor of their own) by its position among the fields.
fn given(ev: &Evaluator<'_>, call: Site, (unit, class_id): ClassRef, name: &str) -> Option<Site> {
    let caller = &ev.program.unit(call.unit).module;
    let made = caller.call(call.expr)?;
    let at = |expr: ExprId| Site { unit: call.unit, expr };
    if let Some(arg) = made.args.iter().find(|a| a.name.as_deref() == Some(name)) {
        return Some(at(arg.value));
    }
    // The order is that of the class that is made, not of those that it extends.
    let callee = ev.at(call.unit, made.callee);
    if !callee
        .alternatives()
        .iter()
        .any(|v| matches!(v, Value::Class { unit: u, class: c } if (*u, *c) == (unit, class_id)))
    {
        return None;
    }
    let module = &ev.program.unit(unit).module;
    let class = module.class(class_id);
    let position_in = |func: &FuncId| module.func(*func).params.iter().position(|p| p.name == name);
    let position = match ev.constructors((unit, class_id), made, call.unit).as_slice() {
        [first, others @ ..] => {
            position_in(first).filter(|at| others.iter().all(|other| position_in(other) == Some(*at)))?
        }
        [] if module.language == Language::Python && class.bases.is_empty() => {
            class.fields.iter().position(|f| f.name == name)?
        }
        [] => return None,
    };
    if made.args.iter().any(|a| a.spread) {
        return None;
    }
    made.args.iter().filter(|a| a.name.is_none()).nth(position).map(|a| at(a.value))
}

/// What the constructor of a C# class assigns to a property: `Id = Guid.NewGuid();`.
fn set_in_constructor(module: &Module, class: ClassId, name: &str) -> Option<ExprId> {
    if module.language != Language::CSharp {
        return None;
    }
    let span = module.class(class).span;
    module.stmts.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::Assign { target, value: Some(value), op: None, .. }
            if span.contains(stmt.span) && matches!(&module.expr(*target).kind, ExprKind::Name(n) if n == name) =>
        {
            Some(*value)
        }
        _ => None,
    })
}

/// The name under which a field is sent: in Go that of its `json` tag, none for a field that is not sent.
fn sent_name(module: &Module, field: &Field) -> Option<SmolStr> {
    if module.language != Language::Go {
        return Some(field.name.clone());
    }
    let tag = field.decorators.iter().find_map(|d| match &module.expr(*d).kind {
        ExprKind::Str(tag) => tag.split_once("json:\"").and_then(|(_, rest)| rest.split(['"', ',']).next()),
        _ => None,
    });
    match tag {
        Some("-") => None,
        Some(name) if !name.is_empty() => Some(name.into()),
        _ => field.name.starts_with(char::is_uppercase).then(|| field.name.clone()),
    }
}

/// `INotification`: interfaces of .NET begin so
/// (<https://learn.microsoft.com/en-us/dotnet/standard/design-guidelines/names-of-classes-structs-and-interfaces>).
fn is_interface_name(name: &str) -> bool {
    // One of MassTransit's that is called differently: <https://masstransit.io/documentation/concepts/messages>.
    name == "CorrelatedBy" || name.strip_prefix('I').is_some_and(|rest| rest.starts_with(char::is_uppercase))
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
        "java.io.",
        "java.lang.",
        "java.util.",
        "jakarta.persistence.",
        "javax.persistence.",
        "kotlin.",
        "lombok.",
    ]
    .iter()
    .any(|p| symbol.starts_with(p))
}
