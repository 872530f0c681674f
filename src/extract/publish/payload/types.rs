//! Types: the fields of classes and interfaces.

use super::{MAX_DEPTH, Reader};
use crate::extract::publish::shape::is_versioned;
use crate::extract::publish::shape::{Key, Shape, is_envelope};
use crate::facts::module::{ClassId, ClassKind, ExprId, ExprKind, Field, Language};
use crate::program::types::simple_name;
use crate::program::{Site, UnitId, Value};

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
        let shape = self.fields(unit, class, call);
        self.depth -= 1;
        shape
    }

    pub(super) fn fields(&mut self, unit_id: UnitId, class_id: ClassId, call: Option<Site>) -> Shape {
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
            let assigned = || unit.index.member(class_id, &field.name).first().map(|(e, _)| *e).filter(|_| is_jvm);
            let value = field.value.or_else(assigned).map(|expr| Site { unit: unit_id, expr });
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
            if is_jvm || shape.keys.iter().any(|k| k.name == *name) {
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
                    Value::External(symbol) => {
                        shape.open |= !is_plain_base(symbol) && !self.is_event_base(module.language, symbol);
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
