//! Rows that MapStruct makes: `orders.save(mapper.toEntity(event))`. The method has no body; what it gives is a
//! new object, whose key is that of the source where it has one.
//! <https://mapstruct.org/documentation/stable/reference/html/#basic-mappings>

use smol_str::SmolStr;

use super::effect::{self, Effect};
use super::entity;
use super::reach::Reach;
use crate::extract::publish::flow::single_assignment;
use crate::facts::module::{ExprId, ExprKind, FuncId, Module};
use crate::program::hierarchy::ClassRef;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, UnitId, Value};

/// What saving such a row does; none for anything else, and where the key is not known.
pub(super) fn saved(reach: &Reach<'_, '_>, row: Site) -> Option<Effect> {
    let ev = reach.ev;
    let site = made_by(ev, row);
    let call = ev.program.unit(site.unit).module.call(site.expr)?;
    let (unit, func) = ev.at(site.unit, call.callee).alternatives().iter().find_map(|value| match value {
        Value::Function { unit, func, .. } => mapper(ev, *unit, *func).then_some((*unit, *func)),
        _ => None,
    })?;
    let module = &ev.program.unit(unit).module;
    let (target_unit, target) = class_of(ev, unit, module.func(func).returns?)?;
    let id = entity::generated_key(ev, (target_unit, target))?;
    let is_new = match told(module, &module.func(func).decorators, &id) {
        Some(ignored) => ignored,
        None => {
            let source = class_of(ev, unit, module.func(func).params.first()?.ty?)?;
            !has_field(ev, source, &id) || {
                let given = Site { unit: site.unit, expr: call.args.first()?.value };
                let made = effect::made(reach, given, 0);
                !made.is_empty() && made.iter().all(|value| is_without(ev, value, &id))
            }
        }
    };
    is_new.then(|| Effect::Repeats(entity::NEW_ROW.into()))
}

/// The call that gives a row: what a variable is assigned, without what is set on it afterwards.
fn made_by(ev: &Evaluator<'_>, row: Site) -> Site {
    let module = &ev.program.unit(row.unit).module;
    let mut expr = row.expr;
    for _ in 0..4 {
        match &module.expr(expr).kind {
            ExprKind::Name(name) => match single_assignment(ev, row.unit, expr, name) {
                Some(value) => expr = value,
                None => break,
            },
            // `mapper.toEntity(event).apply { status = PLACED }`
            ExprKind::Call(call) => match &module.expr(call.callee).kind {
                ExprKind::Attr { object, name, .. } if matches!(name.as_str(), "apply" | "also") => expr = *object,
                _ => break,
            },
            _ => break,
        }
    }
    Site { unit: row.unit, expr }
}

/// True for a method without a body of a `@Mapper`.
fn mapper(ev: &Evaluator<'_>, unit: UnitId, func: FuncId) -> bool {
    let module = &ev.program.unit(unit).module;
    let function = module.func(func);
    let Some(class) = function.class.map(|class| module.class(class)) else { return false };
    function.body.is_empty()
        && module.imports.iter().any(|import| import.module.starts_with("org.mapstruct"))
        && class.decorators.iter().any(|d| simple_name(module, *d).is_some_and(|name| name == "Mapper"))
}

fn class_of(ev: &Evaluator<'_>, unit: UnitId, ty: ExprId) -> Option<ClassRef> {
    match ev.declared(unit, ty)? {
        Value::Object { unit, class, .. } | Value::Class { unit, class } => Some((unit, class)),
        _ => None,
    }
}

/// Whether `@Mapping(target = "id", ignore = true)` leaves the key out; none when no annotation speaks of it.
fn told(module: &Module, decorators: &[ExprId], id: &str) -> Option<bool> {
    let mut calls: Vec<_> = decorators.iter().filter_map(|d| module.call(*d)).collect();
    // `@Mappings({@Mapping(…), …})`
    let listed = calls.iter().flat_map(|call| &call.args).flat_map(|arg| module.children(arg.value));
    let listed: Vec<_> = listed.filter_map(|expr| module.call(expr)).collect();
    calls.extend(listed);
    calls.into_iter().find_map(|call| {
        let named = |name: &str| call.args.iter().find(|arg| arg.name.as_deref() == Some(name)).map(|arg| arg.value);
        let target = named("target").is_some_and(|t| matches!(&module.expr(t).kind, ExprKind::Str(text) if text == id));
        let ignored = || named("ignore").is_some_and(|i| matches!(module.expr(i).kind, ExprKind::Bool(true)));
        target.then(ignored)
    })
}

fn has_field(ev: &Evaluator<'_>, source: ClassRef, id: &str) -> bool {
    std::iter::once(source).chain(ev.above(source)).any(|(unit, class)| {
        let module = &ev.program.unit(unit).module;
        let class = module.class(class);
        let getter: SmolStr = format!("get{id}").to_lowercase().into();
        class.fields.iter().any(|field| field.name == id)
            || class.methods.iter().map(|method| module.func(*method)).any(|method| {
                method.params.iter().any(|param| param.is_field && param.name == id)
                    || method.name.to_lowercase() == getter
            })
    })
}

/// True for an object that is made without a key: `OrderDto(id = null, …)`.
fn is_without(ev: &Evaluator<'_>, value: &Value, id: &str) -> bool {
    let Value::Object { unit, class, call: Some(made) } = value else { return false };
    entity::assigned(ev, *made, (*unit, *class), id).is_none()
}
