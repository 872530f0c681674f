//! Rows that are published as they are: what an object-relational mapper or a serializer of rows gives.

use smol_str::SmolStr;

use super::Reader;
use crate::extract::publish::shape::{Key, Shape};
use crate::facts::module::{Call, Class, ClassId, ExprId, ExprKind, Language, Module};
use crate::program::index::Binding;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, UnitId, Value};

/// Methods of TypeORM's repositories that give an entity, or several.
/// <https://typeorm.io/docs/working-with-entity-manager/repository-api>
const ENTITY: [&str; 14] = [
    "create",
    "save",
    "find",
    "findBy",
    "findOne",
    "findOneBy",
    "findOneOrFail",
    "findOneByOrFail",
    "preload",
    "remove",
    "softRemove",
    "recover",
    "merge",
    "findByIds",
];

impl Reader<'_, '_> {
    /// `this.orders.save(order)`, where `orders` is a `Repository<Order>`: an `Order`, with what was passed.
    pub(super) fn row(&mut self, site: Site, call: &Call, symbol: &str) -> Option<Vec<Shape>> {
        let module = &self.ev.program.unit(site.unit).module;
        if !matches!(module.language, Language::JavaScript | Language::TypeScript) {
            return None;
        }
        let method = symbol.strip_prefix("typeorm.Repository.").filter(|m| ENTITY.contains(m))?;
        let ExprKind::Attr { object, .. } = module.expr(call.callee).kind else { return None };
        let entity = self.entity(Site { unit: site.unit, expr: object }, 0)?;
        let mut shape = self.object(entity.0, entity.1, None);
        // What is saved comes back, also what is no column.
        if matches!(method, "create" | "save" | "merge" | "preload")
            && let Some(argument) = call.args.first()
        {
            let mut given = self.read(Site { unit: site.unit, expr: argument.value });
            given.retain(|s| !s.keys.is_empty());
            given.into_iter().for_each(|s| shape.keys.extend(s.keys));
        }
        Some(vec![shape])
    }

    /// The entity of a repository: the argument of its declared type, or of the call that made it.
    fn entity(&self, repository: Site, depth: u32) -> Option<(UnitId, ClassId)> {
        let ev = self.ev;
        let unit = ev.program.unit(repository.unit);
        let at = |expr: ExprId| Site { unit: repository.unit, expr };
        if depth > 4 {
            return None;
        }
        match &unit.module.expr(repository.expr).kind {
            ExprKind::Attr { object, name, .. } if matches!(unit.module.expr(*object).kind, ExprKind::This) => {
                let class = *unit.index.classes_around(&unit.module, repository.expr).first()?;
                let declared = declared_type(&unit.module, class, name);
                declared.and_then(|ty| self.of_repository(at(ty))).or_else(|| {
                    let (value, _) = *unit.index.member(class, name).first()?;
                    self.entity(at(value), depth + 1)
                })
            }
            ExprKind::Name(name) => {
                match unit.index.lookup(&unit.module, unit.index.func_of(repository.expr), name)?.1 {
                    [Binding::Value(value)] => self.entity(at(*value), depth + 1),
                    [Binding::Param(func, index)] => {
                        let ty = unit.module.func(*func).params.get(*index)?.ty?;
                        self.of_repository(at(ty))
                    }
                    _ => None,
                }
            }
            // `dataSource.getRepository(Order)`
            ExprKind::Call(call) if unit.module.callee_name(repository.expr).is_some_and(|n| n == "getRepository") => {
                class_of(ev, at(call.args.first()?.value))
            }
            _ => None,
        }
    }

    /// `Order` of `Repository<Order>`.
    fn of_repository(&self, ty: Site) -> Option<(UnitId, ClassId)> {
        let module = &self.ev.program.unit(ty.unit).module;
        let ExprKind::Index { index, .. } = module.expr(ty.expr).kind else { return None };
        simple_name(module, ty.expr).filter(|name| name.ends_with("Repository"))?;
        match self.ev.declared(ty.unit, index)? {
            Value::Object { unit, class, .. } => Some((unit, class)),
            _ => None,
        }
    }

    /// `serializer.data` of Django REST framework: the fields of the serializer, and those of its model.
    /// <https://www.django-rest-framework.org/api-guide/serializers/>
    pub(super) fn serialized(&mut self, site: Site) -> Option<Shape> {
        let module = &self.ev.program.unit(site.unit).module;
        let ExprKind::Attr { object, name, .. } = &module.expr(site.expr).kind else { return None };
        if module.language != Language::Python || name != "data" {
            return None;
        }
        let value = self.ev.at(site.unit, *object);
        let serializer = value.alternatives().iter().find_map(|value| match value {
            Value::Object { unit, class, .. } => Some((*unit, *class)),
            _ => None,
        });
        let (unit, class) = serializer.or_else(|| self.of_generic_view(Site { unit: site.unit, expr: *object }))?;
        self.of_serializer(unit, class)
    }

    /// The serializer of `response = self.create(request)` in a generic view.
    /// <https://www.django-rest-framework.org/api-guide/generic-views/#mixins>
    fn of_generic_view(&self, response: Site) -> Option<(UnitId, ClassId)> {
        let unit = self.ev.program.unit(response.unit);
        let module = &unit.module;
        let ExprKind::Name(name) = &module.expr(response.expr).kind else { return None };
        let [Binding::Value(made)] = unit.index.lookup(module, unit.index.func_of(response.expr), name)?.1 else {
            return None;
        };
        let ExprKind::Attr { object, name: method, .. } = &module.expr(module.call(*made)?.callee).kind else {
            return None;
        };
        let on_view = match &module.expr(*object).kind {
            ExprKind::This => true,
            ExprKind::Name(name) => name == "self",
            _ => module.callee_name(*object).is_some_and(|name| name == "super"),
        };
        let class = module.class(*unit.index.classes_around(module, *made).first()?);
        let of_mixin = matches!(method.as_str(), "create" | "update" | "partial_update" | "retrieve");
        let is_own = class.methods.iter().any(|m| module.func(*m).name == *method);
        if !on_view || !of_mixin || (is_own && matches!(module.expr(*object).kind, ExprKind::Name(_) | ExprKind::This))
        {
            return None;
        }
        let serializer = class.fields.iter().find(|f| f.name == "serializer_class")?.value?;
        class_of(self.ev, Site { unit: response.unit, expr: serializer })
    }

    /// `model_to_dict(order)` of Django: the columns of the model.
    /// <https://github.com/django/django/blob/main/django/forms/models.py>
    pub(super) fn model_as_dict(&self, argument: Site) -> Option<Shape> {
        let mut shape = Shape::default();
        self.columns(self.model_of(argument, 0)?, &mut shape)?;
        Some(shape)
    }

    /// Where the class stands of which `Order.objects.filter(id=1).first()` or `Order()` gives an object.
    fn model_of(&self, site: Site, depth: u32) -> Option<Site> {
        let unit = self.ev.program.unit(site.unit);
        let next = |expr: ExprId| self.model_of(Site { unit: site.unit, expr }, depth + 1);
        if depth > 8 {
            return None;
        }
        match &unit.module.expr(site.expr).kind {
            ExprKind::Call(call) => next(call.callee),
            ExprKind::Attr { object, .. } => next(*object),
            ExprKind::Name(_) if class_of(self.ev, site).is_some() => Some(site),
            ExprKind::Name(name) => match unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name)?.1 {
                [Binding::Value(value)] => next(*value),
                _ => None,
            },
            _ => None,
        }
    }

    fn of_serializer(&mut self, unit_id: UnitId, class_id: ClassId) -> Option<Shape> {
        let unit = self.ev.program.unit(unit_id);
        let class = unit.module.class(class_id);
        let base = class.bases.iter().find_map(|base| match self.ev.at(unit_id, *base) {
            Value::External(symbol) if symbol.starts_with("rest_framework.") => Some(symbol),
            _ => None,
        })?;
        // Another form is another thing to read.
        if class.methods.iter().any(|m| unit.module.func(*m).name == "to_representation") {
            return None;
        }
        let mut shape = Shape { types: vec![class.name.clone()], ..Shape::default() };
        shape
            .keys
            .extend(class.fields.iter().filter(|f| f.value.is_some() && f.name != "Meta").map(|f| plain_key(&f.name)));
        if !base.ends_with("ModelSerializer") {
            return (base.ends_with(".Serializer") && !shape.keys.is_empty()).then_some(shape);
        }
        let meta = unit.module.classes.iter().find(|c| c.name == "Meta" && class.span.contains(c.span))?;
        let field = |name: &str| meta.fields.iter().find(|f| f.name == name).and_then(|f| f.value);
        match field("fields").map(|fields| (self.ev.at(unit_id, fields), fields)) {
            Some((Value::List(items), _)) => {
                for item in items.iter() {
                    shape.keys.push(plain_key(&self.ev.eval(*item).as_str()?));
                }
            }
            Some((Value::Str(text), _)) if text.as_literal().as_deref() == Some("__all__") => {
                self.columns(Site { unit: unit_id, expr: field("model")? }, &mut shape)?;
            }
            None if field("exclude").is_some() => {
                self.columns(Site { unit: unit_id, expr: field("model")? }, &mut shape)?;
            }
            _ => return None,
        }
        Some(shape)
    }

    /// The columns of a model of Django.
    fn columns(&self, model: Site, shape: &mut Shape) -> Option<()> {
        let (unit_id, class) = class_of(self.ev, model)?;
        let module = &self.ev.program.unit(unit_id).module;
        let class: &Class = module.class(class);
        let is_django = |base: &ExprId| matches!(self.ev.at(unit_id, *base), Value::External(symbol) if symbol.starts_with("django."));
        if class.bases.is_empty() || !class.bases.iter().all(is_django) {
            return None;
        }
        shape.keys.push(plain_key("id"));
        shape.keys.extend(class.fields.iter().map(|f| plain_key(&f.name)));
        Some(())
    }
}

/// True for the name of a key of a row: a value, and nothing that has fields of its own.
pub(super) fn names_key(name: &str) -> bool {
    matches!(name, "id" | "pk" | "uuid" | "ID")
        || name.ends_with("_id")
        || name.ends_with("Id")
        || name.ends_with("_pk")
        || name.ends_with("_uuid")
}

/// True for a declared type of plain values. A text may hold JSON, so it is none of them.
pub(super) fn is_plain_type(module: &Module, ty: ExprId) -> bool {
    let wanted = ["number", "bigint", "boolean", "int", "float", "bool", "Decimal", "UUID", "ObjectId", "Date"];
    simple_name(module, ty).is_some_and(|name| wanted.contains(&name.as_str()))
}

fn plain_key(name: &str) -> Key {
    Key { name: SmolStr::new(name), value: None, nested: None, field: None }
}

fn class_of(ev: &Evaluator<'_>, site: Site) -> Option<(UnitId, ClassId)> {
    match ev.eval(site) {
        Value::Class { unit, class } => Some((unit, class)),
        _ => None,
    }
}

/// The declared type of a member: of a field, or of a parameter of the constructor that is one.
fn declared_type(module: &Module, class: ClassId, name: &str) -> Option<ExprId> {
    let class = module.class(class);
    let of_field = class.fields.iter().find(|f| f.name == name).and_then(|f| f.ty);
    of_field.or_else(|| {
        let params = class.methods.iter().flat_map(|m| &module.func(*m).params);
        params.filter(|p| p.is_field).find(|p| p.name == name).and_then(|p| p.ty)
    })
}
