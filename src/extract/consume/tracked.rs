//! What EF Core does with objects: it keeps track of what is loaded and added, and writes all of it at once.

use super::effect::{Effect, made};
use super::reach::{Func, Reach};
use crate::facts::module::{BinaryOp, Call, Expr, ExprId, ExprKind, Module, StmtKind};
use crate::program::{Evaluator, Site, Value};

/// `context.Orders.Add(new Order { … })`: a new row each time, unless the object may bring a key, or the
/// repository names a unique index of its class.
pub(super) fn inserted(reach: &Reach<'_, '_>, site: Site, call: &Call) -> Effect {
    let ev = reach.ev;
    let Some(arg) = call.args.first() else { return Effect::Unclear };
    let values = made(reach, Site { unit: site.unit, expr: arg.value }, 0);
    let is_new = |value: &Value| match value {
        Value::Object { unit, class, call: Some(made) } => {
            let class = ev.program.unit(*unit).module.class(*class);
            let source = &ev.program.unit(made.unit).module;
            let Some(made) = source.call(made.expr) else { return false };
            let own_key = format!("{}id", class.name.to_lowercase());
            // A constructor may take the key.
            let keyed = made.args.iter().any(|a| {
                a.name
                    .as_ref()
                    .is_none_or(|n| matches!(n.to_lowercase().as_str(), "id" | "key") || n.to_lowercase() == own_key)
            });
            !keyed && class.bases.is_empty() && class.decorators.is_empty() && !has_unique_index(ev, &class.name)
        }
        _ => false,
    };
    match !values.is_empty() && values.iter().all(is_new) {
        true => Effect::Repeats("stores a new row".into()),
        false => Effect::Unclear,
    }
}

/// True when `HasIndex(…).IsUnique()` stands in a module that names a class.
fn has_unique_index(ev: &Evaluator<'_>, class: &str) -> bool {
    ev.program.calls_named("IsUnique").iter().any(|site| {
        let exprs = ev.program.unit(site.unit).module.exprs.iter();
        exprs.into_iter().any(|e| matches!(&e.kind, ExprKind::Name(n) if n == class))
    })
}

/// `context.SaveChanges()` after `stock.Quantity -= n`, or after a method of a loaded object that does this.
pub(super) fn committed(reach: &Reach<'_, '_>, site: Site) -> Effect {
    let unit = reach.ev.program.unit(site.unit);
    let Some(func) = unit.index.func_of(site.expr) else { return Effect::Unclear };
    let of_object = |module: &Module, target: ExprId| {
        matches!(&module.expr(target).kind, ExprKind::Attr { object, .. }
            if matches!(module.expr(*object).kind, ExprKind::Name(_)))
    };
    let counts = |of: Func| {
        if asks_state(reach, of) { Vec::new() } else { counting(reach, of) }
    };
    let here = counts((site.unit, func)).iter().any(|target| of_object(&unit.module, *target));
    let calls = unit.index.calls.iter().filter(|c| c.func == Some(func)).take(40);
    let method = || {
        calls.flat_map(|c| reach.called(Site { unit: site.unit, expr: c.expr })).any(|of| {
            let module = &reach.ev.program.unit(of.0).module;
            let Some(class) = module.func(of.1).class.map(|c| module.class(c)) else { return false };
            counts(of).iter().any(|target| match &module.expr(*target).kind {
                ExprKind::Name(name) => class.fields.iter().any(|f| f.name == *name),
                ExprKind::Attr { object, .. } => matches!(module.expr(*object).kind, ExprKind::This),
                _ => false,
            })
        })
    };
    if here || method() { Effect::Repeats("adds to a stored number".into()) } else { Effect::Unclear }
}

/// True for a function that asks for a state which it leaves: `if (order.Status != Held) …; order.Status = Taken`.
fn asks_state(reach: &Reach<'_, '_>, (unit, func): Func) -> bool {
    let unit = reach.ev.program.unit(unit);
    let module = &unit.module;
    let name = |expr: ExprId| match &module.expr(expr).kind {
        ExprKind::Attr { name, .. } | ExprKind::Name(name) => Some(name.clone()),
        _ => None,
    };
    let span = module.func(func).span;
    let targets: Vec<ExprId> = module
        .stmts
        .iter()
        .filter(|s| span.contains(s.span))
        .filter_map(|s| match &s.kind {
            StmtKind::Assign { target, op: None, .. } => Some(*target),
            _ => None,
        })
        .collect();
    let set: Vec<_> = targets.iter().filter_map(|t| name(*t)).filter(|n| n.starts_with(char::is_uppercase)).collect();
    let read = |(i, expr): (usize, &Expr)| {
        let id = ExprId(i as u32);
        span.contains(expr.span) && !targets.contains(&id) && name(id).is_some_and(|n| set.contains(&n))
    };
    module.exprs.iter().enumerate().any(read)
}

/// What a function adds to or takes from.
fn counting(reach: &Reach<'_, '_>, (unit, func): Func) -> Vec<ExprId> {
    let unit = reach.ev.program.unit(unit);
    let statements = unit.module.stmts.iter().filter_map(|s| match &s.kind {
        StmtKind::Assign { target, op: Some(BinaryOp::Add | BinaryOp::Sub), .. } => Some(*target),
        _ => None,
    });
    statements.filter(|target| unit.index.func_of(*target) == Some(func)).collect()
}
