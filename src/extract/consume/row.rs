//! Rows of Python: what an object of a mapped class brings for the columns in which a value can stand once.
//!
//! Sources: <https://docs.sqlalchemy.org/en/20/core/constraints.html#unique-constraint>,
//! <https://docs.djangoproject.com/en/stable/ref/models/fields/#unique>,
//! <https://docs.djangoproject.com/en/stable/ref/models/options/#unique-together>,
//! <https://docs.peewee-orm.com/en/latest/peewee/models.html#field-initialization-arguments>

use smol_str::SmolStr;

use crate::facts::module::{Call, ExprId, ExprKind, Module, StmtKind};
use crate::program::hierarchy::ClassRef;
use crate::program::{Evaluator, Site, Value};

use super::unique::is_fresh;

/// True when a row that a call makes brings a key: a second one with the same values is refused.
pub(super) fn is_refused(ev: &Evaluator<'_>, class: ClassRef, made: Site) -> bool {
    let module = &ev.program.unit(made.unit).module;
    let Some(call) = module.call(made.expr) else { return false };
    let mut given = call.args.iter().filter_map(|a| Some((a.name.as_deref()?, a.value))).collect::<Vec<_>>();
    given.extend(assigned(ev, made));
    let spread = || call.args.iter().filter(|a| a.spread).map(|a| Site { unit: made.unit, expr: a.value });
    let brings = |column: &str| {
        spread().any(|given| dumped(ev, given).is_none_or(|fields| fields.iter().any(|field| field == column)))
    };
    keys(ev, class).iter().any(|columns| {
        columns.iter().all(|column| match given.iter().rev().find(|(name, _)| name == column) {
            Some((_, value)) => !is_fresh(module, *value),
            None => brings(column),
        })
    })
}

/// The fields that `**message.model_dump()` brings, where the model is one of ours
/// (<https://docs.pydantic.dev/latest/concepts/serialization/>).
fn dumped(ev: &Evaluator<'_>, given: Site) -> Option<Vec<SmolStr>> {
    let module = &ev.program.unit(given.unit).module;
    let call = module.call(given.expr)?;
    let model = match &module.expr(call.callee).kind {
        ExprKind::Attr { object, name, .. } if matches!(name.as_str(), "model_dump" | "dict") => *object,
        _ => return None,
    };
    let mut fields = Vec::new();
    let values = ev.settle_at(Site { unit: given.unit, expr: model });
    for value in &values {
        let Value::Object { unit, class, .. } = value else { return None };
        for (unit, class) in std::iter::once((*unit, *class)).chain(ev.above((*unit, *class))) {
            fields.extend(ev.program.unit(unit).module.class(class).fields.iter().map(|field| field.name.clone()));
        }
    }
    (!fields.is_empty()).then_some(fields)
}

/// The class in front of a call: `Payment` of `Payment.objects.create(…)` and of `Payment.create(…)`.
pub(super) fn class_before(ev: &Evaluator<'_>, site: Site) -> Option<ClassRef> {
    let module = &ev.program.unit(site.unit).module;
    let mut at = module.call(site.expr)?.callee;
    while let ExprKind::Attr { object, .. } = &module.expr(at).kind {
        at = *object;
    }
    match ev.at(site.unit, at) {
        Value::Class { unit, class } => Some((unit, class)),
        _ => None,
    }
}

/// What the function around says of a new row afterwards: `row = Payment()`, `row.order = message["order"]`.
pub(super) fn assigned<'a>(ev: &Evaluator<'a>, made: Site) -> Vec<(&'a str, ExprId)> {
    let unit = ev.program.unit(made.unit);
    let module = &unit.module;
    let func = unit.index.func_of(made.expr);
    let assignments = || {
        module.stmts.iter().filter_map(|s| match &s.kind {
            StmtKind::Assign { target, value: Some(value), op: None, .. } => Some((*target, *value)),
            _ => None,
        })
    };
    let named = assignments().find_map(|(target, value)| match &module.expr(target).kind {
        ExprKind::Name(name) if value == made.expr => Some(name),
        _ => None,
    });
    let Some(row) = named else { return Vec::new() };
    let of_row = |(target, value): (ExprId, ExprId)| match &module.expr(target).kind {
        ExprKind::Attr { object, name, .. }
            if matches!(&module.expr(*object).kind, ExprKind::Name(n) if n == row)
                && unit.index.func_of(target) == func =>
        {
            Some((name.as_str(), value))
        }
        _ => None,
    };
    assignments().filter_map(of_row).collect()
}

/// The columns of a class and of those above it in which a value, or the values together, can stand once.
fn keys<'a>(ev: &Evaluator<'a>, class: ClassRef) -> Vec<Vec<&'a str>> {
    let mut out = Vec::new();
    for (unit, class) in std::iter::once(class).chain(ev.above(class)) {
        let module = &ev.program.unit(unit).module;
        for field in &module.class(class).fields {
            let calls = [field.value, field.ty].into_iter().flatten().filter_map(|e| column(module, e));
            if calls.into_iter().any(|call| stands_once(module, call)) {
                out.push(vec![field.name.as_str()]);
            }
            if field.name == "__table_args__" {
                out.extend(field.value.map(|args| constraints(module, args)).unwrap_or_default());
            }
        }
    }
    out
}

/// `mapped_column(…)`, also in `Annotated[str, mapped_column(…)]`.
fn column(module: &Module, expr: ExprId) -> Option<&Call> {
    match &module.expr(expr).kind {
        ExprKind::Call(call) => Some(call),
        ExprKind::Index { index, .. } => column(module, *index),
        ExprKind::List(items) => items.iter().find_map(|item| column(module, *item)),
        _ => None,
    }
}

/// `unique=True`; a primary key that the row brings.
fn stands_once(module: &Module, call: &Call) -> bool {
    call.args.iter().any(|a| {
        matches!(a.name.as_deref(), Some("unique" | "primary_key" | "pk"))
            && matches!(module.expr(a.value).kind, ExprKind::Bool(true))
    })
}

/// `(UniqueConstraint("order_id", "sku"), Index("name", "order_id", unique=True))`.
fn constraints<'a>(module: &'a Module, args: ExprId) -> Vec<Vec<&'a str>> {
    let items = match &module.expr(args).kind {
        ExprKind::List(items) => items.clone(),
        _ => vec![args],
    };
    let texts = |call: &'a Call, from: usize| {
        let words = call.args.iter().filter(|a| a.name.is_none()).skip(from);
        let text = |expr: ExprId| match &module.expr(expr).kind {
            ExprKind::Str(text) => Some(text.as_str()),
            _ => None,
        };
        words.map(|a| text(a.value)).collect::<Option<Vec<&str>>>()
    };
    let key = |item: ExprId| {
        let call = module.call(item)?;
        match module.callee_name(item).map(|name| name.as_str()) {
            Some("UniqueConstraint") => texts(call, 0),
            Some("Index") if stands_once(module, call) => texts(call, 1),
            _ => None,
        }
    };
    items.into_iter().filter_map(key).filter(|columns| !columns.is_empty()).collect()
}
